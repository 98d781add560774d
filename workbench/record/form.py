"""A reply as it is kept: in the store as bytes with a checksum, in a cassette as one line of JSON."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.errors import WireError
from workbench.reply import Reply, Source, Timing
from workbench.wire import Message, Request
from workbench.wire.base import parse
from workbench.wire.codec import digest, dumps, loads

if TYPE_CHECKING:
    from collections.abc import Iterable

API_VERSION = "2026-10-21"

_MAGIC = b"wb1\n"
_HEAD = struct.Struct(">4sII")


def key_of(request_key: str, *, draw: int, api_version: str, betas: Iterable[str], origin: str) -> str:
    """Return what a reply is kept under; the origin comes last, so that all of them stand together.

    >>> key_of("ab", draw=0, api_version="2026-10-21", betas=("z", "a"), origin="emulator")
    'ab|0|2026-10-21|a,z|emulator'
    """
    return f"{request_key}|{draw}|{api_version}|{','.join(sorted(betas)) if betas else ''}|{origin}"


def preferred(origins: Iterable[str]) -> list[str]:
    """Order origins where the caller named none: the real API, the emulator, any other server.

    >>> preferred(["url:http://b", "emulator", "claude_api"])
    ['claude_api', 'emulator', 'url:http://b']
    """
    rank = {"claude_api": 0, "emulator": 1}
    return sorted(set(origins), key=lambda origin: (rank.get(origin, 2), origin))


def keepable(reply: Reply) -> bool:
    """Return whether a reply may be kept: whole, and with a reason why it stopped."""
    return reply.message.stop_reason is not None


@dataclass(frozen=True, slots=True)
class Record:
    """A reply and what else its key is made from."""

    reply: Reply
    betas: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What it is kept under."""
        reply = self.reply
        return key_of(
            reply.request.key,
            draw=reply.draw,
            api_version=reply.api_version,
            betas=self.betas,
            origin=reply.origin,
        )


def _answer(record: Record) -> dict[str, Any]:
    reply, timing = record.reply, record.reply.timing
    return {
        "origin": reply.origin,
        "api_version": reply.api_version,
        "betas": sorted(record.betas),
        "draw": reply.draw,
        **({"batch": True} if reply.batch else {}),
        "request_id": reply.request_id,
        "timing": {
            "ttft_s": timing.ttft_s,
            "total_s": timing.total_s,
            "attempts": timing.attempts,
            "recorded_at": timing.recorded_at,
        },
        "message": reply.message.wire(),
    }


def to_bytes(record: Record) -> bytes:
    """Return the record for the store: checksum, answer, request.

    The answer comes first and alone, so that a hit need not parse the request it already has.
    """
    answer, request = dumps(_answer(record)), dumps(record.reply.request.wire())
    body = answer + request
    return _HEAD.pack(_MAGIC, zlib.crc32(body), len(answer)) + body


def split(value: bytes) -> tuple[memoryview, memoryview] | None:
    """Return the answer and the request inside *value*; None where the checksum does not fit."""
    if len(value) < _HEAD.size:
        return None
    magic, checksum, length = _HEAD.unpack_from(value)
    body = memoryview(value)[_HEAD.size :]
    if magic != _MAGIC or zlib.crc32(body) != checksum or length > len(body):
        return None
    return body[:length], body[length:]


def from_bytes(value: bytes, request: Request | None = None, source: Source = "store") -> Record | None:
    """Return the record in *value*; None where it is damaged.

    Args:
        value: What `to_bytes` made.
        request: The request, where it is known; saves reading it.
        source: What the reply shall say it came from.
    """
    parts = split(value)
    if parts is None:
        return None
    try:
        answer = loads(bytes(parts[0]))
        asked = request if request is not None else parse(Request, loads(bytes(parts[1])))
        return from_json(answer, asked, source)
    except (WireError, KeyError, TypeError, AttributeError):
        return None


def from_json(answer: dict[str, Any], request: Request, source: Source) -> Record:
    """Return the record of an answer already parsed.

    Raises:
        WireError: The message has the wrong shape.
        KeyError: A field is missing.
    """
    timing = answer.get("timing") or {}
    reply = Reply(
        request=request,
        message=parse(Message, answer["message"]),
        timing=Timing(
            ttft_s=timing.get("ttft_s"),
            total_s=timing.get("total_s") or 0.0,
            attempts=timing.get("attempts") or 1,
            recorded_at=timing.get("recorded_at"),
        ),
        source=source,
        origin=answer["origin"],
        request_id=answer.get("request_id"),
        draw=answer["draw"],
        api_version=answer["api_version"],
        batch=answer.get("batch", False),
    )
    return Record(reply, tuple(answer.get("betas") or ()))


def to_json(record: Record, *, stable: bool = False) -> dict[str, Any]:
    """Return the record as one line of a cassette.

    Args:
        record: What to write.
        stable: Leave out what differs from one recording to the next: times and ids.
    """
    answer = _answer(record)
    if stable:
        del answer["request_id"], answer["timing"]
        answer["message"] = {name: value for name, value in answer["message"].items() if name != "id"}
    message = answer.pop("message")
    return {**answer, "request": record.reply.request.wire(), "message": message}


def body_key(body: dict[str, Any]) -> str:
    """Return the key of a request body without making a `Request` of it."""
    return digest({name: value for name, value in body.items() if name != "stream"})
