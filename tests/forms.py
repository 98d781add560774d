"""Hands for the builder's form: what a test presses and types, as a browser would."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import ipywidgets
from ipywidgets.widgets.widget import _instances as _shown

from workbench.prompt import Prompt
from workbench.widgets.builder import PromptBuilder

HI = Prompt("Hi", model="claude-sonnet-4-6", max_tokens=500)
SCHEMA = '{"type": "object", "properties": {"city": {"type": "string"}}}'


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


def pdf(pages: int = 1) -> bytes:
    """Return a PDF with a sentence on each page, as a printer would make it."""
    kids = " ".join(f"{4 + 2 * at} 0 R" for at in range(pages))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for at in range(pages):
        said = f"BT /F1 12 Tf 72 720 Td (Refunds within 30 days. Page {at + 1}.) Tj ET"
        look = "/MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >>"
        objects.append(f"<< /Type /Page /Parent 2 0 R {look} /Contents {5 + 2 * at} 0 R >>")
        objects.append(f"<< /Length {len(said)} >>\nstream\n{said}\nendstream")
    made, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(made))
        made += f"{number} 0 obj\n{one}\nendobj\n".encode()
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size, start = len(objects) + 1, len(made)
    return (
        made
        + f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer << /Size {size} /Root 1 0 R >>\n".encode()
        + f"startxref\n{start}\n%%EOF".encode()
    )


def base64_of(content: bytes) -> str:
    """Return bytes as the wire has them."""
    return base64.b64encode(content).decode()
