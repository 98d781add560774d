"""A 200 whose body is not what it should be: the emulator's own answer, spoilt."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from workbench.emulator.faults.fault import Asked, Fault, Sent
from workbench.emulator.guard import error_body
from workbench.emulator.pace import Frame
from workbench.errors import InternalServerError
from workbench.wire.codec import dumps

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.emulator.limits import Headers

JSON = dict[str, Any]

MIB = 2**20
HUGE = 16 * MIB
BOMB = 256 * MIB
DEPTH = 100_000
_HTML = b"<!doctype html><title>Guest network</title><p>Accept the terms to go online.</p>"


def body_of(raw: bytes, *, kind: bytes = b"application/json", headers: Headers | None = None) -> Sent:
    """Return a body that is sent as it should be."""
    return Sent([Frame(raw)], kind=kind, headers=headers or [], length=len(raw))


def _raw(name: str, says: str, spoil: Callable[[bytes], bytes], *, answers: bool = False) -> Fault:
    """A fault of the answer's bytes."""
    return Fault(name, says, lambda asked: body_of(spoil(dumps(asked.message))), "plain", answers=answers)


def _json(name: str, says: str, spoil: Callable[[JSON], JSON], *, answers: bool = False) -> Fault:
    """A fault of the answer's JSON."""
    return Fault(name, says, lambda asked: body_of(dumps(spoil(asked.message))), "plain", answers=answers)


def _usage(value: float, message: JSON) -> JSON:
    return {**message, "usage": {**message["usage"], "input_tokens": value}}


def with_text(message: JSON, text: str) -> JSON:
    """Return *message* with *text* at the end of its first text block; without one, in a block of its own."""
    content = [dict(block) for block in message["content"]]
    for block in content:
        if block["type"] == "text":
            block["text"] += text
            break
    else:
        content.append({"type": "text", "text": text})
    return {**message, "content": content}


def _without(name: str, message: JSON) -> JSON:
    return {key: value for key, value in message.items() if key != name}


def _unknown_block(message: JSON) -> JSON:
    return {**message, "content": [*message["content"], {"type": "hologram", "depth": 3}]}


def _deep(asked: Asked) -> Sent:
    raw = dumps({**asked.message, "content": "\0"})
    return body_of(raw.replace(rb'"\u0000"', b"[" * DEPTH + b"]" * DEPTH))


def _cut(asked: Asked) -> Sent:
    raw = dumps(asked.message)
    return Sent([Frame(raw[: len(raw) // 2])], length=len(raw), end="close")


def _bad_gzip(asked: Asked) -> Sent:
    raw = gzip.compress(dumps(asked.message))
    spoilt = raw[:10] + b"\xff" * 16 + raw[26:]  # past the header, so that it looks like gzip
    return body_of(spoilt, headers=[(b"content-encoding", b"gzip")])


def _bad_chunk(asked: Asked) -> Sent:
    raw = dumps(asked.message)
    return Sent([Frame(raw[: len(raw) // 2])], tail=b"zz\r\n{}\r\n", end="close")


def _error_in_200(asked: Asked) -> Sent:
    error = InternalServerError("injected: an error in a 200", status=500)
    return body_of(error_body(error, asked.request_id))


@cache
def _bomb() -> bytes:
    """Return the bomb: one block packed once and repeated; packing all of it would hold up the server."""
    block, check = b" " * MIB, 0
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    packed = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    for _ in range(BOMB // MIB):
        check = zlib.crc32(block, check)
    head, end = gzip.compress(b"")[:10], b"\x03\0"
    return b"".join([head, packed * (BOMB // MIB), end, struct.pack("<II", check, BOMB)])


FAULTS = (
    Fault("truncated_json", "Half of the body, then the connection is closed.", _cut, "plain"),
    _raw("truncated_json_clean", "Half of the JSON as a whole body.", lambda raw: raw[: len(raw) // 2]),
    _raw("empty_200", "A 200 with an empty body.", lambda _: b""),
    Fault(
        "html_200",
        "A 200 with the page of some network's gate.",
        lambda _: body_of(_HTML, kind=b"text/html; charset=utf-8"),
        "plain",
    ),
    _raw("json_null", "A 200 with null.", lambda _: b"null"),
    _raw("json_list", "A 200 with a list around the answer.", lambda raw: b"[%b]" % raw),
    Fault("json_error_200", "An error object with status 200.", _error_in_200, "plain"),
    _json("missing_content", "The answer without content.", partial(_without, "content")),
    _json("content_null", "The answer with content null.", lambda message: {**message, "content": None}),
    _json("missing_usage", "The answer without usage.", partial(_without, "usage"), answers=True),
    _json("negative_usage", "The answer with input_tokens of -5.", partial(_usage, -5), answers=True),
    _json("nan_number", "The answer with input_tokens of NaN.", partial(_usage, math.nan), answers=True),
    _raw(
        "bad_utf8", "Bytes in the answer that are not UTF-8.", lambda raw: raw.replace(b'"', b'"\xff\xfe', 1)
    ),
    Fault("deep_json", "Content nested in 100,000 lists.", _deep, "plain"),
    Fault("bad_gzip", "A gzip body that cannot be unpacked.", _bad_gzip, "plain"),
    Fault("bad_chunk", "A chunk whose length is no number, in mid-answer.", _bad_chunk, "plain"),
    _json(
        "huge_body",
        "The answer with 16 MiB of text.",
        lambda message: with_text(message, "x" * HUGE),
        answers=True,
    ),
    Fault(
        "gzip_bomb",
        "256 MiB in a quarter of a MiB of gzip.",
        lambda _: body_of(_bomb(), headers=[(b"content-encoding", b"gzip")]),
        "plain",
    ),
    _json("unknown_block", "The answer with a block of a type nobody knows.", _unknown_block, answers=True),
    _json(
        "unknown_stop_reason",
        "The answer with a stop_reason nobody knows.",
        lambda message: {**message, "stop_reason": "bored"},
        answers=True,
    ),
    _json(
        "extra_fields",
        "The answer with a field nobody knows.",
        lambda message: {**message, "mood": {"good": True}},
        answers=True,
    ),
    _json(
        "huge_int",
        "The answer with a number of 101 bits.",
        lambda message: {**message, "serial": 2**100},
        answers=True,
    ),
    _json(
        "lone_surrogate",
        "The answer with half of a surrogate pair.",
        lambda message: with_text(message, "\ud800"),
        answers=True,
    ),
    _json(
        "nul_chars",
        "The answer with NUL and other control characters.",
        lambda message: with_text(message, "\0\1"),
        answers=True,
    ),
    _raw(
        "dup_keys",
        "The answer with a key that comes twice.",
        lambda raw: raw[:-1] + b',"role":"assistant"}',
        answers=True,
    ),
    _raw("bom", "A byte order mark before the answer.", lambda raw: b"\xef\xbb\xbf" + raw, answers=True),
)
