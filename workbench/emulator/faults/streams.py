"""Streams that are cut, stall, or break the rules: the emulator's own events, spoilt."""

from __future__ import annotations

import json
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

from workbench.emulator.faults.answers import MIB, body_of, with_text
from workbench.emulator.faults.fault import SSE_KIND, Asked, Ending, Fault, Sent
from workbench.emulator.pace import PING, Frame, event_bytes
from workbench.wire.codec import dumps
from workbench.wire.message import Message
from workbench.wire.stream import events_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

JSON = dict[str, Any]

GIANT = 16 * MIB
_LATE = {
    "type": "content_block_delta",
    "index": 0,
    "delta": {"type": "text_delta", "text": " NOT THE ANSWER'S"},
}


def _events(asked: Asked) -> list[JSON]:
    return list(events_of(Message.model_validate(asked.message)))


def _middle(events: list[JSON]) -> int:
    """Return how many events are half of the answer, the first delta among them where there is one."""
    deltas = [at for at, event in enumerate(events) if event["type"] == "content_block_delta"]
    return deltas[len(deltas) // 2 - (len(deltas) > 1)] + 1 if deltas else len(events) // 2


def _sse(parts: Iterable[bytes], end: Ending = "whole") -> Sent:
    return Sent([Frame(b"".join(parts))], kind=SSE_KIND, end=end)


def _error(kind: str, message: str) -> bytes:
    return event_bytes({"type": "error", "error": {"type": kind, "message": message}})


def _cut(name: str, says: str, end: Ending, keep: Callable[[list[JSON]], int] = _middle) -> Fault:
    """A stream of which only the first events come."""

    def make(asked: Asked) -> Sent:
        events = _events(asked)
        return _sse(map(event_bytes, events[: keep(events)]), end)

    return Fault(name, says, make, "stream")


def _then(name: str, says: str, more: bytes) -> Fault:
    """A stream that goes wrong in the middle and ends there."""

    def make(asked: Asked) -> Sent:
        events = _events(asked)
        return _sse([*map(event_bytes, events[: _middle(events)]), more])

    return Fault(name, says, make, "stream")


def _events_fault(
    name: str, says: str, spoil: Callable[[list[JSON]], list[JSON]], *, answers: bool = False
) -> Fault:
    """A stream whose events are changed."""
    return Fault(
        name,
        says,
        lambda asked: _sse(map(event_bytes, spoil(_events(asked)))),
        "stream",
        answers=answers,
    )


def _written(name: str, says: str, write: Callable[[bytes], bytes]) -> Fault:
    """A stream that is right, and written in another way."""
    return Fault(
        name,
        says,
        lambda asked: _sse(write(event_bytes(event)) for event in _events(asked)),
        "stream",
        answers=True,
    )


def _ping_forever(asked: Asked) -> Sent:
    events = _events(asked)
    begun = Frame(b"".join(map(event_bytes, events[: _middle(events)])))
    return Sent(chain([begun], repeat(Frame(PING, 0.05))), kind=SSE_KIND)


def _one_byte(asked: Asked) -> Sent:
    raw = b"".join(map(event_bytes, _events(asked)))
    return Sent([Frame(raw[at : at + 1]) for at in range(len(raw))], kind=SSE_KIND)


def _lines_that_never_end(start: bytes, piece: bytes) -> Callable[[Asked], Sent]:
    def make(asked: Asked) -> Sent:
        first = event_bytes(_events(asked)[0])
        return Sent([Frame(first + start), *[Frame(piece)] * (GIANT // len(piece) + 1)], kind=SSE_KIND)

    return make


def _gap(events: list[JSON]) -> list[JSON]:
    return [{**event, "index": event["index"] + 3} if "index" in event else event for event in events]


def _unknown_delta(events: list[JSON]) -> list[JSON]:
    at = _middle(events)
    strange = {"type": "content_block_delta", "index": 0, "delta": {"type": "hologram_delta", "depth": 3}}
    known = "index" in events[at - 1]
    return [*events[:at], {**strange, "index": events[at - 1]["index"]}, *events[at:]] if known else events


def _tool_cut(asked: Asked) -> Sent:
    tools = [tool.get("name") for tool in asked.body.get("tools") or () if isinstance(tool, dict)]
    tool = {
        "type": "tool_use",
        "id": f"toolu_{asked.message['id'][4:]}",
        "name": next(filter(None, tools), "tool"),
        "partial_json": '{"city": "Par',
    }
    message = {**asked.message, "content": [*asked.message["content"], tool], "stop_reason": "tool_use"}
    events = list(events_of(Message.model_validate(message)))
    stop = {"type": "content_block_stop", "index": len(message["content"]) - 1}
    return _sse(map(event_bytes, [*events[:-2], stop, *events[-2:]]))


def _in_many_lines(event: bytes) -> bytes:
    name, data = event.split(b"\n", 1)
    lines = json.dumps(json.loads(data.removeprefix(b"data: ")), indent=0).splitlines()
    return name + b"\n" + b"".join(b"data: %b\n" % line.encode() for line in lines) + b"\n"


def _separators(asked: Asked) -> Sent:
    message = with_text(asked.message, "a\u2028b\u2029c\u0085d")
    return _sse(map(event_bytes, events_of(Message.model_validate(message))))


FAULTS = (
    _cut("stream_reset_first", "The connection is reset after the first event.", "reset", lambda _: 1),
    _cut("stream_reset_mid", "The connection is reset in mid-answer.", "reset"),
    _cut(
        "stream_reset_last",
        "The connection is reset before message_stop.",
        "reset",
        lambda events: len(events) - 1,
    ),
    _cut("stream_fin_mid", "The body ends as it should, in mid-answer.", "whole"),
    _cut("stream_fin_mid_unclean", "The connection is closed in mid-answer.", "close"),
    _cut("stream_stall", "Nothing comes any more, in mid-answer.", "hang"),
    Fault("stream_ping_forever", "Nothing but pings any more, in mid-answer.", _ping_forever, "stream"),
    Fault(
        "stream_overloaded_first",
        "An overloaded_error as the first event.",
        lambda _: _sse([_error("overloaded_error", "injected: overloaded")]),
        "stream",
        bills=False,
    ),
    _then(
        "stream_overloaded_mid",
        "An overloaded_error in mid-answer.",
        _error("overloaded_error", "injected: overloaded"),
    ),
    _then(
        "stream_error_unknown",
        "An error of a type nobody knows, in mid-answer.",
        _error("odd_error", "injected: odd"),
    ),
    _then("stream_bad_json", "An event that is not JSON.", b"event: content_block_delta\ndata: {nope\n\n"),
    _then("stream_bad_utf8", "An event that is not UTF-8.", b'event: ping\ndata: {"type":"\xff\xfe"}\n\n'),
    _events_fault("stream_index_gap", "Blocks whose numbers begin at 3.", _gap),
    _written(
        "stream_no_event_field",
        "Events without a name: the type stands in the JSON only.",
        lambda event: event.split(b"\n", 1)[1],
    ),
    Fault(
        "stream_as_json",
        "A plain answer where a stream was asked for.",
        lambda asked: body_of(dumps(asked.message)),
        "stream",
    ),
    _events_fault("stream_dup_start", "message_start comes twice.", lambda events: [events[0], *events]),
    _events_fault(
        "stream_after_stop",
        "Text that comes after message_stop.",
        lambda events: [*events, _LATE],
        answers=True,
    ),
    Fault("stream_tool_cut", "A tool call whose input breaks off.", _tool_cut, "stream", answers=True),
    Fault(
        "stream_giant_line",
        "A line of 16 MiB.",
        _lines_that_never_end(b"data: ", b"x" * 65536),
        "stream",
    ),
    Fault(
        "stream_endless_event",
        "An event of 16 MiB and more that never ends.",
        _lines_that_never_end(b"", b"data: " + b"x" * 65529 + b"\n"),
        "stream",
    ),
    _written("stream_crlf", "Lines that end in CR LF.", lambda event: event.replace(b"\n", b"\r\n")),
    _written("stream_cr", "Lines that end in CR.", lambda event: event.replace(b"\n", b"\r")),
    Fault("stream_one_byte", "The stream in chunks of one byte.", _one_byte, "stream", answers=True),
    _written("stream_multi_data", "The JSON of an event over many data lines.", _in_many_lines),
    _written(
        "stream_comments",
        "Comments, ids and retry fields among the events.",
        lambda event: b": comment\nid: 7\nretry: 10\n" + event + b":\n\n",
    ),
    _events_fault("stream_unknown_delta", "A delta of a type nobody knows.", _unknown_delta, answers=True),
    Fault(
        "stream_u2028",
        "Text with line and paragraph separators, which are no line ends here.",
        _separators,
        "stream",
        answers=True,
    ),
)
