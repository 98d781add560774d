"""Whether a request thinks, and the short thinking that the emulator shows for it."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.catalog import Model


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
    digest = hashlib.sha256(f"{model}\0{text}".encode("utf-8", "surrogatepass")).digest()
    signature = base64.b64encode(b"workbench-emulator:" + digest).decode()
    return {"type": "thinking", "thinking": text if visible else "", "signature": signature}
