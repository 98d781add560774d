"""JSON values as Python literals, laid out for 110 columns as ruff would."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

WIDTH = 110
STEP = "    "
_LONG = 60
"""Texts of several lines that are shorter than this stay on one line."""
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ODD = re.compile(r"[^ -\[\]-~]")
_TRAILING = re.compile(r" (?=\n)")


def literal(value: Any, indent: str = "", taken: int = 0) -> str:
    r"""Return *value* as Python source; evaluated it is the same JSON.

    Args:
        value: JSON: dictionaries, lists, strings, numbers, booleans, None.
        indent: What the line it begins on is indented by.
        taken: Columns of that line taken already, and by what must follow.

    >>> print(literal({"type": "text", "text": 'Say "hi".\n'}))
    {"type": "text", "text": 'Say "hi".\n'}
    """
    if isinstance(value, str):
        return text(value)
    if isinstance(value, dict | list) and value:
        flat = _flat(value)
        if flat is not None and len(indent) + taken + _columns(flat) <= WIDTH:
            return flat
        return _exploded(value, indent)
    return _scalar(value)


def call(name: str, arguments: Iterable[tuple[str, Any]], indent: str = "") -> str:
    """Return a call with one argument a line; an argument without a name is positional."""
    inner = indent + STEP
    lines = [_line(f"{key}=" if key else "", value, inner) for key, value in arguments]
    return "\n".join([f"{name}(", *lines, f"{indent})"])


def text(value: str) -> str:
    r"""Return a string as Python source: several lines between triple quotes, all else on one line.

    >>> print(text("It's \\ fine"), text("a\u202eb"))
    "It's \\ fine" "a\u202eb"
    """
    return _block(value) if _is_block(value) else _short(value)


def _columns(line: str) -> int:
    if line.isascii():
        return len(line)
    return sum(
        0 if unicodedata.combining(one) else 1 + (unicodedata.east_asian_width(one) in "WF") for one in line
    )


def _is_block(value: str) -> bool:
    return "\n" in value and len(value) > _LONG


def _short(value: str) -> str:
    quote = "'" if value.count('"') > value.count("'") else '"'
    return quote + _escaped(value).replace(quote, "\\" + quote) + quote


def _block(value: str) -> str:
    # What an editor would strip, and what would end the string, is written as an escape.
    body = "\n".join(_escaped(line) for line in value.split("\n"))
    body = _TRAILING.sub(r"\\x20", body).replace('"""', '""\\"')
    if body.endswith('"'):
        body = body[:-1] + '\\"'
    return f'"""\\\n{body}"""'


def _escaped(value: str) -> str:
    if value.isprintable() and "\\" not in value:
        return value
    return _ODD.sub(_escape, value)


def _escape(found: re.Match[str]) -> str:
    character = found.group()
    if character.isprintable() and character != "\\":
        return character
    code = ord(character)
    wide = f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
    return _ESCAPES.get(character, wide)


def _scalar(value: Any) -> str:
    if isinstance(value, float) and value - value != 0:
        return f'float("{value}")'
    return repr(value).replace("e+", "e")


def _flat(value: Any) -> str | None:
    """Return *value* on one line; None where a text needs several."""
    if isinstance(value, str):
        return None if _is_block(value) else _short(value)
    if isinstance(value, dict):
        items = [(_short(key), _flat(item)) for key, item in value.items()]
        pairs = [f"{key}: {item}" for key, item in items if item is not None]
        return "{" + ", ".join(pairs) + "}" if len(pairs) == len(items) else None
    if isinstance(value, list):
        parts = [part for item in value if (part := _flat(item)) is not None]
        return "[" + ", ".join(parts) + "]" if len(parts) == len(value) else None
    return _scalar(value)


def _exploded(value: dict[str, Any] | list[Any], indent: str) -> str:
    inner = indent + STEP
    if isinstance(value, list):
        return "\n".join(["[", *(_line("", item, inner) for item in value), indent + "]"])
    lines = (_line(f"{_short(key)}: ", item, inner) for key, item in value.items())
    return "\n".join(["{", *lines, indent + "}"])


def _line(before: str, value: Any, indent: str) -> str:
    return f"{indent}{before}{literal(value, indent, len(before) + 1)},"
