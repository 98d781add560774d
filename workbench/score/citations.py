"""The scorer of citations: every quote is looked up where it says it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.score.base import Answered, Kind, Score, clip
from workbench.wire import (
    CharLocation,
    ContentBlockLocation,
    DocumentBlock,
    PageLocation,
    SearchResultBlock,
    SearchResultLocation,
    TextBlock,
    ToolResultBlock,
)
from workbench.wire.blocks import Base64Source, ContentSource, TextSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from workbench.dataset import Sample
    from workbench.wire import Citation, Request


class Sources(NamedTuple):
    """What a request gives to be cited, in the order that indices count."""

    documents: list[DocumentBlock]
    search_results: list[SearchResultBlock]

    @property
    def enabled(self) -> bool:
        """Whether any of it may be cited."""
        blocks: list[DocumentBlock | SearchResultBlock] = [*self.documents, *self.search_results]
        return any(block.citations is not None and block.citations.enabled for block in blocks)


class Verdict(NamedTuple):
    """What was found of one citation."""

    problem: str | None
    checked: bool
    """Whether the characters could be compared; those of a PDF or of the web are not in the request."""


@dataclass(frozen=True, kw_only=True)
class CitationsValid:
    """See `citations_valid`."""

    name: str
    kind: Kind = "binary"

    def __call__(self, sample: Sample, reply: Answered, /) -> Score:  # noqa: ARG002 - every scorer is given it
        """Check every citation of the message."""
        sources, citations = sources_of(reply.request), reply.message.citations
        if not citations:
            return (
                Score(0.0, "no citation") if sources.enabled else Score(None, "citations are not switched on")
            )
        verdicts = [check(citation, sources) for citation in citations]
        bad = [f"citation {n}: {v.problem}" for n, v in enumerate(verdicts, 1) if v.problem]
        count = f"{len(verdicts) - len(bad)} of {len(verdicts)}"
        if bad:
            return Score(0.0, "; ".join(bad), count)
        unseen = sum(not v.checked for v in verdicts)
        return Score(1.0, f"{unseen} not compared: the text is not in the request" if unseen else "", count)


def sources_of(request: Request) -> Sources:
    """Return the documents and search results of *request*, over all messages, tool results included."""
    sources = Sources([], [])
    for turn in request.messages:
        if not isinstance(turn.content, str):
            _collect(turn.content, sources)
    return sources


def _collect(blocks: Sequence[Any], sources: Sources) -> None:
    for block in blocks:
        if isinstance(block, DocumentBlock):
            sources.documents.append(block)
        elif isinstance(block, SearchResultBlock):
            sources.search_results.append(block)
        elif isinstance(block, ToolResultBlock) and isinstance(block.content, tuple):
            _collect(block.content, sources)


def check(citation: Citation, sources: Sources) -> Verdict:
    """Look up one citation; the quote must stand there character for character.

    Indices count from 0, pages from 1; ends are exclusive.
    Source: https://platform.claude.com/docs/en/build-with-claude/citations
    """
    if isinstance(citation, SearchResultLocation):
        return _search_result(citation, sources.search_results)
    if not isinstance(citation, CharLocation | PageLocation | ContentBlockLocation):
        return Verdict(None, checked=False)
    index = citation.document_index
    if not 0 <= index < len(sources.documents):
        return _wrong(f"there is no document {index}, the request has {len(sources.documents)}")
    document = sources.documents[index]
    if citation.document_title is not None and citation.document_title != document.title:
        return _wrong(f"document {index} is not called {clip(citation.document_title, 60)!r}")
    if isinstance(citation, CharLocation):
        return _characters(citation, document)
    return (
        _pages(citation, document) if isinstance(citation, PageLocation) else _blocks_of(citation, document)
    )


def _wrong(problem: str) -> Verdict:
    return Verdict(problem, checked=True)


def _quote(text: str) -> str:
    return f'"{clip(text, 60)}"'


def _characters(citation: CharLocation, document: DocumentBlock) -> Verdict:
    start, end, quote = citation.start_char_index, citation.end_char_index, citation.cited_text
    if not isinstance(document.source, TextSource):
        return _wrong(
            f"document {citation.document_index} is not plain text, so it has no characters to cite"
        )
    text = document.source.data
    if not 0 <= start < end <= len(text):
        return _wrong(f"characters {start} to {end} are not in document {citation.document_index}")
    if text[start:end] == quote:
        return Verdict(None, checked=True)
    found = text.find(quote)
    where = f"it stands at {found}" if found >= 0 else "it is not in the document"
    return _wrong(
        f"{_quote(quote)} is not at {start} to {end} of document {citation.document_index}; {where}"
    )


def _pages(citation: PageLocation, document: DocumentBlock) -> Verdict:
    if isinstance(document.source, TextSource | ContentSource):
        return _wrong(f"document {citation.document_index} has no pages")
    if not 1 <= citation.start_page_number < citation.end_page_number:
        return _wrong(f"pages {citation.start_page_number} to {citation.end_page_number} are no range")
    if isinstance(document.source, Base64Source) and not citation.cited_text:
        return _wrong("the quote is empty")
    return Verdict(None, checked=False)


def _blocks_of(citation: ContentBlockLocation, document: DocumentBlock) -> Verdict:
    if not isinstance(document.source, ContentSource):
        return _wrong(f"document {citation.document_index} is not made of blocks")
    content = document.source.content
    texts = [content] if isinstance(content, str) else [getattr(block, "text", "") for block in content]
    return _joined(citation, texts, f"document {citation.document_index}")


def _search_result(citation: SearchResultLocation, results: Sequence[SearchResultBlock]) -> Verdict:
    index = citation.search_result_index
    if not 0 <= index < len(results):
        return _wrong(f"there is no search result {index}, the request has {len(results)}")
    if citation.source != results[index].source:
        return _wrong(f"search result {index} does not come from {_quote(citation.source)}")
    texts = [block.text for block in results[index].content if isinstance(block, TextBlock)]
    return _joined(citation, texts, f"search result {index}")


def _joined(citation: ContentBlockLocation | SearchResultLocation, texts: list[str], where: str) -> Verdict:
    start, end = citation.start_block_index, citation.end_block_index
    if not 0 <= start < end <= len(texts):
        return _wrong(f"blocks {start} to {end} are not in {where}")
    if citation.cited_text in _joins(texts[start:end]):
        return Verdict(None, checked=True)
    return _wrong(f"{_quote(citation.cited_text)} is not blocks {start} to {end} of {where}")


def _joins(texts: list[str]) -> Iterator[str]:
    # The documents say "joined" and not with what.
    return (between.join(texts) for between in ("", "\n", "\n\n", " "))


def citations_valid(*, name: str = "citations_valid") -> CitationsValid:
    """Score 1 where the message cites, and every quote stands where it says, character for character.

    Where citations are switched on and none is made, the score is 0; where they are not switched on, there is
    none. Text of a PDF, an uploaded file or the web is not in the request: its ranges are checked, its
    characters are not, and the explanation counts them. The explanation lists what is wrong.

    Args:
        name: The column it fills.
    """
    return CitationsValid(name=name)
