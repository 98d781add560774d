"""Messages and replies: the text first, figures in one line, the rest folded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from workbench.show.blocks import answer, compact
from workbench.show.h import join, tag
from workbench.show.parts import badge, whole
from workbench.show.safe import Html, text

if TYPE_CHECKING:
    from workbench.reply import Reply
    from workbench.wire import Message, Usage

_ENDED_WELL: Final = frozenset({"end_turn", "tool_use", "stop_sequence", None})


def message(noun: Message) -> Html:
    """Return a message with the tokens it used."""
    return join([_said(noun), _foot(noun.model, _tokens(noun.usage))])


def reply(noun: Reply) -> Html:
    """Return a reply with tokens, dollars, seconds and where it came from."""
    return join([_said(noun.message), _foot(noun.message.model, *noun.footer.split(" · "))])


def _said(noun: Message) -> Html:
    body = answer(noun.content) if noun.content else tag("p", "(an empty answer)", cls="wb-dim")
    if noun.stop_reason in _ENDED_WELL:
        return body
    details = f" · {compact(noun.stop_details)}" if noun.stop_details else ""
    return join([body, tag("p", badge(f"stopped: {noun.stop_reason}", "warn"), text(details))])


def _foot(*parts: str) -> Html:
    return tag("div", text(" · ".join(parts)), cls="wb-foot")


def _tokens(usage: Usage | None) -> str:
    if usage is None:
        return "tokens unknown"
    kinds = {
        "in": usage.input_tokens,
        "cache write": usage.cache_creation_input_tokens or None,
        "cache read": usage.cache_read_input_tokens or None,
        "out": usage.output_tokens,
    }
    return " · ".join(f"{name} {whole(count)}" for name, count in kinds.items() if count is not None)
