"""Hands for the builder's form: what a test presses and types, as a browser would."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import ipywidgets
from ipywidgets.widgets.widget import _instances as _shown

from workbench.widgets.builder import PromptBuilder


def form(prompt=None, client=None, **options) -> Any:
    """Return a builder that keeps its versions in memory; forms of earlier tests are closed."""
    # ipywidgets keeps every widget that is not closed: thousands of them make each further one slow.
    if len(_shown) > 2000:
        ipywidgets.Widget.close_all()
    return PromptBuilder(prompt, client, **{"versions": None, **options})


def block(builder: Any, turn: int = 0, at: int = 0) -> Any:
    """Return the row of a block of a turn."""
    return builder.messages.rows.rows[turn].rows.rows[at]


def editor(row: Any, label: str) -> Any:
    """Return the input of a row with this label."""
    return field(row, label).widget


def field(row: Any, label: str) -> Any:
    """Return the field of a row with this label."""
    return next(one for one in row.fields if one.widget.description == label)


def press(holder: Any, label: str) -> None:
    """Press the button with this description or tooltip, wherever it stands in a widget."""
    buttons = [one for one in below(holder) if type(one).__name__ == "Button"]
    next(one for one in buttons if label in {one.description, one.tooltip}).click()


def below(widget: Any):
    """Yield a widget and all that stand in it."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from below(child)


def upload(builder: Any, name: str, content: bytes, kind: str = "") -> None:
    """Upload a file, as the page does."""
    builder.take_files()
    builder.take_file(name, kind, content)


def hear(builder: Any, kind: str, **body: Any) -> None:
    """Let the builder hear a message of the page."""
    builder.aside._receive(None, {"kind": kind, **body}, [])


def png(width: int = 4, height: int = 3) -> bytes:
    """Return a PNG of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = b"".join(b"\0" + b"\x30\x80\xc0" * width for _ in range(height))
    parts = [chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def base64_of(content: bytes) -> str:
    """Return bytes as the wire has them."""
    return base64.b64encode(content).decode()
