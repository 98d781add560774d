"""The answer as everybody shows it: Markdown with references, all else folded; and the sources it cites."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from workbench.show.blocks import block
from workbench.show.cited import cited_markdown
from workbench.show.ending import ending
from workbench.show.h import join, tag
from workbench.show.parts import fold, more, pre
from workbench.show.passages import QUOTE, Cited, cited
from workbench.show.safe import Html, text, visible
from workbench.show.source import source_view, verdict
from workbench.wire import TextBlock

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from workbench.show.passages import Passage
    from workbench.wire import ContentBlock, Message, Request


__all__ = ["answer", "answer_view", "passages", "source_view", "turn_view"]

TURNS: Final = 100
"""Turns of one conversation that are shown."""


def answer_view(message: Message, request: Request | None = None) -> dict[str, Any]:
    """Return an answer for a live view, whose `wb.answer` (front/answer.js) shows it.

    Args:
        message: What the model answered.
        request: What was asked; only with it quotes can be compared with their sources.

    Returns:
        ``html``: safe HTML with ``<sup class="wb-ref">[n]</sup>``. ``cites``: per number ``n``, ``quote``,
        ``where``, ``title``, ``place``, ``verified`` (True, False, or None where it could not be compared),
        ``problem`` and ``source``, an index into ``sources``, the titles of what is cited. ``words``: how
        many quotes hold, empty where nothing is cited. What is not HTML is text with nothing invisible in it.
    """
    found = cited(message.content, request)
    sources = {passage.identity: passage.title for passage in found.passages}
    order = list(sources)
    return {
        "html": join([_content(message.content, found), ending(message)]),
        "cites": [{**_cite(passage), "source": order.index(passage.identity)} for passage in found.passages],
        "sources": [visible(title) for title in sources.values()],
        "words": found.words,
    }


def turn_view(request: Request) -> Html:
    """Return the conversation that was sent, turn by turn; the system prompt folded above it.

    Of a long one the last `TURNS` turns are shown, the earlier ones are counted.
    """
    earlier = len(request.messages) - TURNS
    turns = [
        tag("section", tag("h4", text(turn.role)), _turn(turn.role, turn.blocks, request))
        for turn in request.messages[-TURNS:]
    ]
    system = fold("system", *(block(item) for item in request.system_blocks)) if request.system else None
    return join([system, more(earlier, "turns before these"), *turns])


def answer(message: Message, request: Request | None = None) -> Html:
    """Return an answer for a page without a kernel: as `answer_view`, its passages listed below it."""
    found = cited(message.content, request)
    return join([_content(message.content, found), ending(message), passages(found)])


def passages(found: Cited) -> Html | None:
    """Return what the numbers stand for, folded: the quote, its place, and whether it holds."""
    if not found.passages:
        return None
    return fold(found.words, tag("ol", *map(_listed, found.passages)))


def _cite(passage: Passage) -> dict[str, Any]:
    words = {
        "quote": passage.quote[:QUOTE],
        "where": passage.where,
        "title": passage.title,
        "place": passage.place,
        "problem": passage.problem,
    }
    shown = {name: visible(value) for name, value in words.items()}
    return {"n": passage.n, "verified": passage.verified, **shown}


def _content(content: Sequence[ContentBlock], found: Cited) -> Html:
    """Return the blocks in the order they came; neighbouring text blocks are one text."""
    if not content:
        return tag("p", "(an empty answer)", cls="wb-dim")
    made: list[Html] = []
    line: list[str | int] = []
    for item, numbers in zip(content, found.numbers, strict=True):
        if isinstance(item, TextBlock):
            line += [item.text, *numbers]
            continue
        made += [*_said(line), block(item)]
        line = []
    return join([*made, *_said(line)])


def _said(line: list[str | int]) -> Iterable[Html]:
    return [cited_markdown(line)] if line else []


def _turn(role: str, blocks: Sequence[ContentBlock], request: Request) -> Html:
    """Return one turn: what a model wrote is Markdown, what was sent to it stands as it was sent."""
    if role != "assistant":
        return join(map(block, blocks))
    found = cited(blocks, request)
    return join([_content(blocks, found), passages(found)])


def _listed(passage: Passage) -> Html:
    quote = tag("blockquote", pre(passage.quote, limit=2000)) if passage.quote else None
    return tag("li", quote, tag("small", text(passage.where), " · ", verdict(passage)))
