"""Whether a request thinks, and the short thinking that the emulator shows for it."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from workbench.wire import ThinkingBlock

if TYPE_CHECKING:
    from workbench.catalog import Model
    from workbench.wire import Request


_SIGNER = b"workbench-emulator:"


def mode(body: dict[str, Any], model: Model) -> str:
    """Return the thinking mode in force: what was asked for, else the model's default."""
    asked = body.get("thinking")
    kind = asked.get("type") if isinstance(asked, dict) else None
    if isinstance(kind, str):
        return kind
    return "adaptive" if model.thinking_default in {"always_on", "on"} else "disabled"


def shows(body: dict[str, Any], model: Model) -> bool:
    """Return whether the thinking's text is sent; else it is empty, and billed all the same."""
    asked = body.get("thinking")
    display = asked.get("display") if isinstance(asked, dict) else None
    return (display or model.thinking_display_default or "omitted") != "omitted"


def thought(asked: str, *, uses_tool: bool) -> str:
    """Return thinking made from the question.

    >>> thought("Why is the sky blue?", uses_tool=False)
    'The user writes: "Why is the sky blue?" I answer by the rule that fits it.'
    """
    line = " ".join(asked.split())
    line = line if len(line) <= 160 else line[:159].rstrip() + "\u2026"
    plan = "A tool fits this, so I call it." if uses_tool else "I answer by the rule that fits it."
    return f'The user writes: "{line}" {plan}'


def block(text: str, *, visible: bool, model: str) -> dict[str, Any]:
    """Return a thinking block; its signature stands for the hidden text."""
    signature = base64.b64encode(_signed(text, model)).decode()
    return {"type": "thinking", "thinking": text if visible else "", "signature": signature}


def _signed(text: str, model: str) -> bytes:
    return _SIGNER + _digest(model)[:8] + _digest(text)[:24]


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def changed_thinking(request: Request) -> str | None:
    """Return the API's words where the latest assistant message holds thinking that was changed.

    Only who signed can tell: another service's signature, and one for another model, whose blocks the API
    drops in silence, is no matter. Nor is an empty text: it was omitted.

    Source: https://platform.claude.com/docs/en/build-with-claude/thinking
    """
    last = max((at for at, turn in enumerate(request.messages) if turn.role == "assistant"), default=-1)
    for index, one in enumerate(request.messages[last].blocks if last >= 0 else ()):
        if isinstance(one, ThinkingBlock) and one.thinking and _is_changed(one):
            return (
                f"messages.{last}.content.{index}: `thinking` or `redacted_thinking` blocks in the latest"
                " assistant message cannot be modified. These blocks must remain as they were in the"
                " original response."
            )
    return None


def _is_changed(one: ThinkingBlock) -> bool:
    try:
        signed = base64.b64decode(one.signature)
    except ValueError:
        return False
    return signed.startswith(_SIGNER) and signed[-24:] != _digest(one.thinking)[:24]
