"""Messages and replies: the text first, figures in one line, the rest folded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.show.h import join, tag
from workbench.show.parts import whole
from workbench.show.safe import Html, text
from workbench.show.transcript import answer

if TYPE_CHECKING:
    from workbench.reply import Reply
    from workbench.wire import Message, Usage


def message(noun: Message) -> Html:
    """Return a message with the tokens it used."""
    return join([answer(noun), _foot(noun.model, _tokens(noun.usage))])


def reply(noun: Reply) -> Html:
    """Return a reply with tokens, dollars, seconds and where it came from."""
    said = answer(noun.message, noun.request)
    return join([said, _foot(noun.message.model, *noun.footer.split(" · "))])


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
