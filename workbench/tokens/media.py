"""Tokens of images and PDFs, read from their headers without any library."""

from __future__ import annotations

import base64
import math
import re
from typing import Any

from workbench.catalog import Model, catalog
from workbench.tokens.text import Span


def image_tokens(width: int, height: int, model: Model | str | None = None) -> int:
    """Return the tokens of an image: 28-pixel patches, after downscaling to the model's limits.

    Args:
        width: Pixels, at least 1.
        height: Pixels, at least 1.
        model: Decides the limits: 1568 px and 1,568 tokens, or 2576 px and 4,784 tokens from Claude 4.7 on.

    Source: https://platform.claude.com/docs/en/build-with-claude/vision

    >>> image_tokens(1000, 1000, "claude-haiku-4-5")
    1296
    """
    edge, most = _image_limits(model_of(model))
    scale = min(1.0, edge / max(width, height))
    while True:
        tokens = math.ceil(width * scale / 28) * math.ceil(height * scale / 28)
        if tokens <= most:
            return max(1, tokens)
        scale *= min(0.999, math.sqrt(most / tokens))


def _image_limits(model: Model | None) -> tuple[int, int]:
    edge = model.image_max_long_edge_px if model else None
    most = model.image_max_tokens if model else None
    return edge or 2576, most or 4784


def model_of(model: Model | str | None) -> Model | None:
    """Return the model of a name, None where it is unknown."""
    return catalog().get(model) if isinstance(model, str) else model


def image_size(data: str) -> tuple[int, int] | None:
    """Read width and height in pixels from a base64 PNG, JPEG, GIF or WebP; None where that fails.

    >>> image_size("iVBORw0KGgoAAAANSUhEUgAAAAoAAAAUCAIAAAD/")
    (10, 20)
    """
    for characters in (512, 1 << 18, len(data)):
        found = _size(_decoded(data[: characters // 4 * 4]))
        if found or characters >= len(data):
            return found
    return None


def _decoded(data: str) -> bytes:
    try:
        return base64.b64decode(data + "=" * (-len(data) % 4))
    except ValueError:
        return b""


def _size(raw: bytes) -> tuple[int, int] | None:
    if raw.startswith(b"\x89PNG") and len(raw) >= 24:
        return int.from_bytes(raw[16:20], "big"), int.from_bytes(raw[20:24], "big")
    if raw.startswith(b"GIF8") and len(raw) >= 10:
        return int.from_bytes(raw[6:8], "little"), int.from_bytes(raw[8:10], "little")
    if raw[:4] == b"RIFF" and raw[8:12] == b"WEBP" and len(raw) >= 30:
        return _webp_size(raw)
    return _jpeg_size(raw) if raw.startswith(b"\xff\xd8") else None


def _webp_size(raw: bytes) -> tuple[int, int] | None:
    match raw[12:16]:
        case b"VP8X":
            return int.from_bytes(raw[24:27], "little") + 1, int.from_bytes(raw[27:30], "little") + 1
        case b"VP8L":
            bits = int.from_bytes(raw[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            return int.from_bytes(raw[26:28], "little") & 0x3FFF, int.from_bytes(
                raw[28:30], "little"
            ) & 0x3FFF
    return None


_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def _jpeg_size(raw: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(raw) and raw[at] == 0xFF:
        if raw[at + 1] in _FRAMES:
            return int.from_bytes(raw[at + 7 : at + 9], "big"), int.from_bytes(raw[at + 5 : at + 7], "big")
        at += 2 + int.from_bytes(raw[at + 2 : at + 4], "big")
    return None


def image(source: Any, model: Model | None) -> Span:
    """Estimate an image: exact where its size can be read, else anything up to the model's limit."""
    size = image_size(source.data) if source.type == "base64" else None
    if size and min(size) > 0:
        tokens = image_tokens(*size, model)
        return Span(tokens, tokens, tokens)
    most = _image_limits(model)[1]
    return Span(1, most // 2, most)


_PAGE = re.compile(rb"/Type\s*/Page(?![a-zA-Z])")
PDF_BYTES_PER_PAGE = 50_000
"""Assumed where the pages are inside compressed objects."""


def pdf_pages(data: str) -> int:
    """Count the pages of a base64 PDF by its page objects; by its size where they are compressed away.

    >>> pdf_pages(base64.b64encode(b"%PDF-1.4 /Type /Pages /Type /Page /Type/Page").decode())
    2
    """
    raw = _decoded(data)
    return len(_PAGE.findall(raw)) or max(1, round(len(raw) / PDF_BYTES_PER_PAGE))


def pdf(source: Any, model: Model | None) -> Span:
    """Estimate a PDF: 1,500 to 3,000 tokens of text a page, and the page as an image."""
    most = _image_limits(model)[1]
    if source.type != "base64":
        return Span(1500, 2250 + most, 20 * (3000 + most))
    pages = pdf_pages(source.data)
    return Span(pages * 1500, pages * (2250 + most), pages * (3000 + most))
