"""Two texts, JSON values, answers or requests, and what differs: in words beside every colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.report.differ import sentences, structure
from workbench.show.h import join, tag
from workbench.show.parts import code
from workbench.show.safe import Html, text

if TYPE_CHECKING:
    from workbench.wire import Message


def text_difference(a: str, b: str) -> Html:
    """Return two texts as one, sentence by sentence."""
    if a == b:
        return tag("p", "both are the same", cls="wb-dim")
    return join(tag("p", tag("del", text(c.a)), " ", tag("ins", text(c.b))) for c in sentences(a, b))


def json_difference(a: Any, b: Any) -> Html:
    """Return two JSON values, field by field."""
    return join(tag("p", tag("code", c.path), code(c.before), code(c.after)) for c in structure(a, b))


def message_difference(a: Message, b: Message) -> Html:
    """Return two answers: their text by sentences, the arguments of their tool calls by fields."""
    return text_difference(a.text, b.text)


def prompt_difference(a: dict[str, Any], b: dict[str, Any]) -> Html:
    """Return two bodies of requests: what was changed from *a* to *b*."""
    return json_difference(a, b)
