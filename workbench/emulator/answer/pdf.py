"""The text of simple PDFs, page by page: enough for what tests and notebooks make, no more."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from functools import lru_cache

_OBJECT = re.compile(rb"(\d+)\s+\d+\s+obj\b(.*?)\bendobj", re.DOTALL)
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\n?endstream", re.DOTALL)
_CONTENTS = re.compile(rb"/Contents\s*(?:\[([^\]]*)\]|(\d+)\s+\d+\s+R)")
_REFERENCE = re.compile(rb"(\d+)\s+\d+\s+R")
_SHOWN = re.compile(rb"\((?:[^()\\]|\\.)*\)|(?<![A-Za-z])(?:T\*|Td|TD|Tm|BT)(?![A-Za-z])", re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_LIMIT = 8 * 2**20
_LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"", b"f": b""}


@lru_cache(maxsize=64)
def pages(data: str) -> tuple[str, ...]:
    r"""Return the text of each page of a base64 PDF; empty where it cannot be read.

    >>> page = b"1 0 obj <</Type /Page /Contents 2 0 R>> endobj"
    >>> text = b"2 0 obj <<>> stream\nBT (Hi \\(you\\)) Tj ET\nendstream endobj"
    >>> pages(base64.b64encode(page + text).decode())
    ('Hi (you)',)
    >>> pages("not base64!")
    ()
    """
    try:
        raw = base64.b64decode(data, validate=False)
    except (binascii.Error, ValueError):
        return ()
    objects = {int(found[1]): found[2] for found in _OBJECT.finditer(raw)}
    found = [body for body in objects.values() if re.search(rb"/Type\s*/Page\b", body)]
    return tuple(_page(body, objects) for body in found)


def _page(body: bytes, objects: dict[int, bytes]) -> str:
    contents = _CONTENTS.search(body)
    if contents is None:
        return ""
    numbers = _REFERENCE.findall(contents[1]) if contents[1] is not None else [contents[2]]
    return _text(b"\n".join(_decoded(objects.get(int(number), b"")) for number in numbers))


def _decoded(body: bytes) -> bytes:
    stream = _STREAM.search(body)
    if stream is None:
        return b""
    if b"/FlateDecode" not in body[: stream.start()]:
        return stream[1]
    try:
        return zlib.decompressobj().decompress(stream[1], _LIMIT)
    except zlib.error:
        return b""


def _text(code: bytes) -> str:
    parts = []
    for found in _SHOWN.finditer(code):
        token = found.group()
        parts.append(_ESCAPE.sub(_unescape, token[1:-1]) if token.startswith(b"(") else b"\n")
    lines = b"".join(parts).decode("cp1252", "replace").splitlines()
    return "\n".join(line for line in (line.strip() for line in lines) if line)


def _unescape(found: re.Match[bytes]) -> bytes:
    code = found[1]
    return bytes([int(code, 8) & 255]) if code.isdigit() else _LETTERS.get(code, code)
