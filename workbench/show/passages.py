"""The passages an answer points at: numbered, placed, and compared with their sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from workbench.score.citations import Sources, Verdict, check, sources_of
from workbench.show.parts import one_line
from workbench.wire import DocumentBlock, MessageParam, SearchResultBlock
from workbench.wire.citations import (
    CharLocation,
    ContentBlockLocation,
    DocumentCitation,
    PageLocation,
    SearchResultLocation,
)
from workbench.wire.told import named, numbered

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from workbench.wire import ContentBlock, Request
    from workbench.wire.citations import Citation

T = TypeVar("T")

QUOTE: Final = 4_000
"""Characters of one quote that are shown beside the answer; its source shows the passage whole."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One numbered reference of an answer.

    Attributes:
        n: Its number, from 1.
        citation: As the model made it.
        title: What the source is called; never empty.
        place: Where in the source: ``characters 3 to 9``, ``page 5``; empty where it is not known.
        verified: True only where the quote was compared with its source character for character and is
            the same; False where it is not; None where its text is not at hand.
        problem: What is wrong with it, or why it could not be compared.
        source: What it points at, where the request or the answer holds it.
    """

    n: int
    citation: Citation
    title: str
    place: str
    verified: bool | None
    problem: str
    source: DocumentBlock | SearchResultBlock | None = None

    @property
    def identity(self) -> str:
        """What tells its source from the others: two documents may have one title."""
        body = self.citation.wire()
        known = (name for name in ("document_index", "search_result_index", "url") if name in body)
        return next((f"{name} {body[name]}" for name in known), self.title)

    @property
    def quote(self) -> str:
        """The words quoted, empty where the citation carries none."""
        return str(getattr(self.citation, "cited_text", "") or "")

    @property
    def where(self) -> str:
        """Source and place in one line."""
        return " · ".join(part for part in (self.title, self.place) if part)

    @property
    def word(self) -> str:
        """What was found, in words: never a sign alone."""
        return {True: "verified", False: "not verified", None: "not compared"}[self.verified]


@dataclass(frozen=True, slots=True)
class Cited:
    """The content of an answer with its references numbered.

    Attributes:
        numbers: For each block of the content, the numbers of its citations in their order.
        passages: What the numbers stand for, from 1.
    """

    numbers: tuple[tuple[int, ...], ...]
    passages: tuple[Passage, ...]

    @property
    def words(self) -> str:
        """How many quotes hold, in words; empty where nothing is cited."""
        return tally([passage.verified for passage in self.passages])


def cited(content: Iterable[ContentBlock], request: Request | None) -> Cited:
    """Number the citations of *content*, as `wire.told.numbered`, and compare each with its source.

    Args:
        content: Blocks of an answer.
        request: What was asked, which holds the sources; without it nothing can be compared.
    """
    blocks = tuple(content)
    sources = every_source(blocks, request)
    numbers, citations = numbered(blocks)
    return Cited(numbers, tuple(_passage(n, one, sources) for n, one in enumerate(citations, 1)))


def tally(verdicts: list[bool | None]) -> str:
    """Return how many quotes hold, in words.

    >>> tally([True, True, True]), tally([True, None, False]), tally([])
    ('3 of 3 quotes verified', '1 of 3 quotes verified, 1 not verified, 1 not compared', '')
    """
    if not verdicts:
        return ""
    wrong, unseen = verdicts.count(False), verdicts.count(None)
    parts = [f"{verdicts.count(True)} of {len(verdicts)} quote{'s' * (len(verdicts) != 1)} verified"]
    parts += [f"{wrong} not verified"] if wrong else []
    return ", ".join([*parts, f"{unseen} not compared"] if unseen else parts)


@dataclass(frozen=True, slots=True)
class Given:
    """What may be cited: the sources of the request, and documents the service fetched for the answer."""

    sources: Sources
    fetched: tuple[DocumentBlock, ...] = ()

    @property
    def documents(self) -> list[DocumentBlock]:
        """Documents in the order in which citations count them."""
        return [*self.sources.documents, *self.fetched]


def every_source(content: Iterable[ContentBlock], request: Request | None) -> Given | None:
    """Return what *content* may cite, or None where the request is not at hand."""
    if request is None:
        return None
    turns = [block for turn in request.messages for block in _blocks(turn)]
    return Given(sources_of(request), tuple(_fetched([*turns, *content])))


def _blocks(turn: MessageParam) -> tuple[ContentBlock, ...]:
    return () if isinstance(turn.content, str) else turn.content


def _fetched(content: Iterable[ContentBlock]) -> Iterable[DocumentBlock]:
    """Yield the documents that web fetches brought."""
    for block in content:
        inner = getattr(block, "content", None)
        if block.type != "web_fetch_tool_result" or not isinstance(inner, dict):
            continue
        document = inner.get("content")
        if isinstance(document, dict) and document.get("type") == "document":
            turn = MessageParam.model_validate({"role": "user", "content": [document]})
            yield from (b for b in turn.blocks if isinstance(b, DocumentBlock))


def _passage(n: int, citation: Citation, given: Given | None) -> Passage:
    verdict, source = (Verdict(None, checked=False), None) if given is None else _looked_up(citation, given)
    verified = not verdict.problem if verdict.checked else None
    problem = verdict.problem or ("" if verified else _unseen(citation, given))
    return Passage(n, citation, _title(citation, source), _place(citation), verified, problem, source)


def _looked_up(citation: Citation, given: Given) -> tuple[Verdict, DocumentBlock | SearchResultBlock | None]:
    """Compare a quote with its source, and return the source too."""
    found = check(citation, given.sources)
    if isinstance(citation, SearchResultLocation):
        return found, _at(given.sources.search_results, citation.search_result_index)
    if not isinstance(citation, DocumentCitation):
        return found, None
    source = _at(given.documents, citation.document_index)
    if not found.problem or not given.fetched:
        return found, source
    # How documents count that the service fetched is not written down: all are tried, and none is no proof.
    every = Sources(given.documents, [])
    for index, document in enumerate(given.documents):
        again = check(citation.model_copy(update={"document_index": index}), every)
        if again.checked and not again.problem:
            return again, document
    return Verdict(None, checked=False), None


def _at(held: Sequence[T], index: int) -> T | None:
    return held[index] if 0 <= index < len(held) else None


def _unseen(citation: Citation, given: Given | None) -> str:
    """Say why a quote could not be compared."""
    if given is None:
        return "the request with its sources is not at hand"
    why = {
        "page_location": "the text of these pages is not in the request",
        "web_search_result_location": "the text of a web page is not in the request",
    }
    return why.get(citation.type, "its source is not a text that the request holds")


def _title(citation: Citation, source: DocumentBlock | SearchResultBlock | None) -> str:
    """Return what the source is called: by the citation, else by the request, else its number."""
    name = named(citation) or (source.title if source is not None else None)
    if name:
        return one_line(name)
    body = citation.wire()
    for kind in ("document", "search_result"):
        if f"{kind}_index" in body:
            return one_line(f"{kind.replace('_', ' ')} {body[f'{kind}_index']}")
    return "a source this version does not know"


def _place(citation: Citation) -> str:
    if isinstance(citation, CharLocation):
        return f"characters {citation.start_char_index:,} to {citation.end_char_index:,}"
    if isinstance(citation, PageLocation):
        return _span("page", citation.start_page_number, citation.end_page_number)
    if isinstance(citation, ContentBlockLocation | SearchResultLocation):
        return _span("block", citation.start_block_index, citation.end_block_index)
    return ""


def _span(unit: str, start: int, end: int) -> str:
    """Name a range whose end is exclusive by its first and last.

    >>> _span("page", 5, 6), _span("page", 5, 8)
    ('page 5', 'pages 5 to 7')
    """
    return f"{unit} {start}" if end - start == 1 else f"{unit}s {start} to {end - 1}"
