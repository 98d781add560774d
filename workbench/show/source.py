"""The source of a citation with the cited passage marked, or why there is no text to show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from workbench.errors import UsageError
from workbench.show.h import join, tag
from workbench.show.parts import pre
from workbench.show.passages import cited
from workbench.show.safe import Html, escape, host, link, text, visible
from workbench.wire.blocks import ContentSource, DocumentBlock, SearchResultBlock, TextBlock, TextSource
from workbench.wire.citations import CharLocation, ContentBlockLocation, SearchResultLocation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.show.passages import Passage
    from workbench.wire import Message, Request

WHOLE: Final = 20_000
"""Characters of a source that are shown whole; of a longer one, what stands round the passage."""

ROUND: Final = 4_000
"""Characters shown before and after the passage of a longer source."""

_WITHHELD: Final = {
    "base64": "this is a PDF: its text is not in the request, so there is none to show",
    "url": "the service fetched this document itself: its text is not in the request",
    "file": "this is an uploaded file: its text is with the service, not in the request",
}


def source_view(request: Request | None, message: Message, n: int) -> dict[str, Any]:
    """Return the source of reference *n*, the cited passage in ``<mark>``.

    Args:
        request: What was asked, which holds the sources.
        message: What the model answered.
        n: The number of a reference of `answer_view`.

    Returns:
        ``title``: plain text, nothing invisible in it. ``html``: safe HTML: the verdict, then the source; of
        a long one what stands round the passage. Where its text is not at hand (a PDF, a web page), the
        place, the quote and the reason.

    Raises:
        UsageError: The answer has no reference *n*.
    """
    found = cited(message.content, request).passages
    if not isinstance(n, int) or not 1 <= n <= len(found):
        raise UsageError(f"there is no reference {n!r}; the answer has {len(found)}")
    passage = found[n - 1]
    return {"title": visible(passage.title), "html": join([_head(passage), _body(passage)])}


def verdict(passage: Passage) -> Html:
    """Return what was found of a quote, in words and in the colour of its meaning."""
    colour = {True: "wb-good", False: "wb-bad", None: "wb-dim"}[passage.verified]
    why = [": ", text(passage.problem)] if passage.problem else []
    return join([tag("span", passage.word, cls=colour), *why])


def _head(passage: Passage) -> Html:
    return tag("p", *([text(passage.place), " · "] if passage.place else []), verdict(passage))


def _body(passage: Passage) -> Html:
    source = passage.source
    if isinstance(source, SearchResultBlock):
        texts = [block.text for block in source.content if isinstance(block, TextBlock)]
        return join([_address(source.source), _quoted(passage), _blocks(passage, texts)])
    if isinstance(source, DocumentBlock) and isinstance(source.source, TextSource):
        return join([_quoted(passage), _characters(passage, source.source.data)])
    if isinstance(source, DocumentBlock) and isinstance(source.source, ContentSource):
        content = source.source.content
        texts = [content] if isinstance(content, str) else [_text(block) for block in content]
        return join([_quoted(passage), _blocks(passage, texts)])
    if isinstance(source, DocumentBlock):
        return _unseen(passage, _WITHHELD.get(source.source.type, "its text is not in the request"))
    return _unseen(passage, "")


def _text(block: Any) -> str:
    return str(getattr(block, "text", f"({block.type})"))


def _quoted(passage: Passage) -> Html | None:
    """Return the quote by itself where it is not what stands at its place."""
    if passage.verified or not passage.quote:
        return None
    return tag("p", "quoted: ", tag("em", text(f"“{passage.quote}”")))


def _unseen(passage: Passage, reason: str) -> Html:
    url = passage.citation.wire().get("url")
    return join(
        [
            _address(url) if isinstance(url, str) else None,
            tag("blockquote", pre(passage.quote)) if passage.quote else None,
            tag("p", reason, cls="wb-dim") if reason else None,
        ]
    )


def _address(url: str) -> Html:
    """Return where a source is from; a link only where it leads to the web, with its true host."""
    target = link(url)
    if target is None:
        return tag("p", "from ", tag("code", url))
    leads = tag("a", text(url), href=target, target="_blank", rel="noopener noreferrer nofollow")
    return tag("p", leads, " ", tag("small", f"({host(target)})"))


def _characters(passage: Passage, whole: str) -> Html:
    """Return *whole*, or what stands round the passage; nothing is marked where its range is none."""
    start = end = 0
    if isinstance(passage.citation, CharLocation):
        start, end = passage.citation.start_char_index, passage.citation.end_char_index
    if not 0 <= start < end <= len(whole):
        start = end = 0
    first, last = 0, len(whole)
    if last > WHOLE:
        first, last = max(0, start - ROUND), min(last, max(end, ROUND) + ROUND)
    shown = [
        escape(whole[first:start]),
        tag("mark", whole[start:end], cls="wb-cited") if start < end else None,
        escape(whole[end:last]),
    ]
    return join(
        [
            _left_out(first, "characters before this"),
            tag("pre", *shown, cls="wb-text", dir="auto"),
            _left_out(len(whole) - last, "characters after this"),
        ]
    )


def _blocks(passage: Passage, texts: Sequence[str]) -> Html:
    """Return the blocks of a source, the cited ones marked whole: that is how they are cited."""
    start = end = 0
    if isinstance(passage.citation, ContentBlockLocation | SearchResultLocation):
        start, end = passage.citation.start_block_index, passage.citation.end_block_index
    if not 0 <= start < end <= len(texts):
        start = end = 0
    first, last = _window([len(each) for each in texts], start, end)
    shown = []
    for n in range(first, last):
        inner = tag("mark", texts[n], cls="wb-cited") if start <= n < end else escape(texts[n])
        number = tag("small", f"block {n}")
        shown.append(tag("div", number, tag("pre", inner, cls="wb-text", dir="auto"), cls="wb-block"))
    return join(
        [
            _left_out(first, "blocks before these"),
            *shown,
            _left_out(len(texts) - last, "blocks after these"),
        ]
    )


def _window(sizes: Sequence[int], start: int, end: int) -> tuple[int, int]:
    """Return which blocks are shown: all of a short source, else those round the cited ones.

    >>> _window([10, 10, 10], 1, 2), _window([3000] * 20, 10, 11)
    ((0, 3), (9, 12))
    """
    if sum(sizes) <= WHOLE:
        return 0, len(sizes)
    first, room = start, ROUND
    while first > 0 and room >= sizes[first - 1]:
        first -= 1
        room -= sizes[first]
    last, room = end, ROUND
    while last < len(sizes) and room >= sizes[last]:
        room -= sizes[last]
        last += 1
    return first, max(last, min(len(sizes), first + 1))


def _left_out(count: int, what: str) -> Html | None:
    if count <= 0:
        return None
    return tag("p", f"… {count:,} {what} {'is' if count == 1 else 'are'} left out", cls="wb-dim")
