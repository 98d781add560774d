"""What part of a message is graded. Only the answer, unless a scorer is told otherwise."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Literal

from workbench.errors import UsageError, WireError, did_you_mean
from workbench.wire.base import plain
from workbench.wire.codec import canonical, dumps, loads

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.wire import Message

View = Literal["answer", "thinking", "json", "tool_calls", "citations", "raw"]
"""What is graded.

``answer``: text blocks joined exactly as sent. ``thinking``: the visible thinking. ``json``: the answer read
as JSON and written in one form. ``tool_calls``, ``citations``: their JSON. ``raw``: the JSON of all content.
"""

_FENCED = re.compile(r"```[\w-]*[ \t]*\r?\n(.*)\n[ \t]*```", re.DOTALL)


class UnreadableError(ValueError):
    """The view asked for cannot be made of this message; the answer is wrong, the scorer is not."""


def look(message: Message, view: View = "answer") -> str:
    """Return one view of *message* as text.

    Raises:
        UnreadableError: The ``json`` view of an answer that is not JSON.
    """
    return message.text if view == "answer" else _VIEWS[view](message)


def known_view(view: str) -> None:
    """Refuse a view that does not exist.

    Raises:
        UsageError: It names the nearest one.
    """
    if view not in _VIEWS:
        raise UsageError(f"unknown view {view!r}{did_you_mean(view, _VIEWS)} (there is: {', '.join(_VIEWS)})")


def parse_json(text: str, *, fenced: bool = False) -> Any:
    """Read *text* as JSON, strictly: no NaN, nothing before or after.

    Args:
        text: What the model wrote.
        fenced: Whether one code fence around the whole may be taken off.

    Raises:
        UnreadableError: Not JSON; the message says why and where.
    """
    text = text.strip()
    if fenced and text.startswith("```") and (inside := _FENCED.fullmatch(text)):
        text = inside[1].strip()
    try:
        value = loads(text)
        if "NaN" in text or "Infinity" in text:
            json.loads(text, parse_constant=_refuse)
    except WireError as error:
        raise UnreadableError(f"not JSON: {_reason(text, error)}") from error
    return value


def _refuse(name: str) -> None:
    raise UnreadableError(f"not JSON: {name} is no JSON number")


def _reason(text: str, error: WireError) -> str:
    try:
        json.loads(text)
    except json.JSONDecodeError as again:
        return f"{again.msg[:1].lower()}{again.msg[1:]} at line {again.lineno}, column {again.colno}"
    except (RecursionError, ValueError):  # too deep, or a number of more digits than Python reads
        pass
    return str(error).removeprefix("not JSON: ")


def _json(message: Message) -> str:
    return canonical(parse_json(message.text, fenced=True)).decode()


def _tool_calls(message: Message) -> str:
    return dumps([{"name": call.name, "input": call.input} for call in message.tool_calls]).decode()


_VIEWS: dict[str, Callable[[Message], str]] = {
    "answer": lambda message: message.text,
    "thinking": lambda message: message.thinking,
    "json": _json,
    "tool_calls": _tool_calls,
    "citations": lambda message: dumps(plain(message.citations)).decode(),
    "raw": lambda message: dumps(plain(message.content)).decode(),
}
