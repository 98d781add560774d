"""Events to a message, and a message to events.

Source: https://platform.claude.com/docs/en/build-with-claude/streaming
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from workbench.errors import (
    APIStatusError,
    StreamInterruptedError,
    StreamProtocolError,
    WireError,
    status_error,
)
from workbench.wire.base import parse
from workbench.wire.blocks import KNOWN_BLOCKS, TOOL_USES
from workbench.wire.codec import dumps, loads
from workbench.wire.events import (
    CitationsDelta,
    CompactionDelta,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    ErrorEvent,
    InputJsonDelta,
    MessageDelta,
    MessageStart,
    MessageStop,
    Ping,
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
)
from workbench.wire.message import Message

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.wire.events import Delta, StreamEvent

ERROR_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "conflict_error": 409,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""The status that an ``error.type`` would have had, had it come before the HTTP 200."""

_TAKES: dict[type, frozenset[str]] = {
    TextDelta: frozenset({"text"}),
    CitationsDelta: frozenset({"text"}),
    InputJsonDelta: frozenset(TOOL_USES),
    ThinkingDelta: frozenset({"thinking"}),
    SignatureDelta: frozenset({"thinking", "compaction"}),
    CompactionDelta: frozenset({"compaction"}),
}


class Accumulator:
    """Adds up the events of one stream to the message that a plain request would have got.

    Attributes:
        done: Whether ``message_stop`` came. Only then is there a message.
        unknown: Events and deltas newer than this code; kept, but no part of the message.
    """

    def __init__(self) -> None:
        self.done = False
        self.unknown: list[StreamEvent] = []
        self._start: dict[str, Any] | None = None
        self._blocks: list[_Block] = []
        self._message: Message | None = None

    def add(self, event: StreamEvent) -> None:
        """Take the next event; whatever follows ``message_stop`` is ignored.

        Raises:
            StreamProtocolError: The event cannot come here.
            APIStatusError: An ``error`` event, as the class its type would have had as an answer.
        """
        if self.done:
            return
        if isinstance(event, ContentBlockDelta):
            self._add_delta(event)
        elif isinstance(event, ErrorEvent):
            raise error_of(event)
        elif isinstance(event, MessageStart):
            self._add_start(event)
        elif isinstance(event, ContentBlockStart):
            self._add_block(event)
        elif isinstance(event, ContentBlockStop):
            self._open_block(event.index).stop()
        elif isinstance(event, MessageDelta):
            _merge_delta(self._started(event), event)
        elif isinstance(event, MessageStop):
            self._started(event)
            self.done = True
        elif not isinstance(event, Ping):
            self.unknown.append(event)

    @property
    def message(self) -> Message:
        """The complete message.

        Raises:
            StreamInterruptedError: The stream ended before ``message_stop``; carries the partial message.
        """
        if not self.done:
            raise StreamInterruptedError(
                f"the stream ended before message_stop, after {len(self._blocks)} content blocks; "
                "the answer is incomplete and is not used",
                partial=self.partial,
            )
        if self._message is None:
            self._message = self._built()
        return self._message

    @property
    def partial(self) -> Message | None:
        """The message as far as it came; None before ``message_start``."""
        return None if self._start is None else self._built()

    def _built(self) -> Message:
        content = [block.body() for block in self._blocks]
        try:
            return parse(Message, {**(self._start or {}), "content": content})
        except WireError as error:
            raise StreamProtocolError(f"the stream does not make a message: {error}") from error

    def _started(self, event: StreamEvent) -> dict[str, Any]:
        if self._start is None:
            raise StreamProtocolError(f"{event.type} came before message_start")
        return self._start

    def _add_start(self, event: MessageStart) -> None:
        if self._start is not None:
            raise StreamProtocolError("message_start came twice")
        self._start = event.message.wire()
        self._blocks = [_Block(body, is_open=False) for body in self._start["content"]]

    def _add_block(self, event: ContentBlockStart) -> None:
        self._started(event)
        if event.index != len(self._blocks):
            raise StreamProtocolError(
                f"content block {event.index} began where block {len(self._blocks)} was due"
            )
        self._blocks.append(_Block(event.content_block.wire(), is_open=True))

    def _add_delta(self, event: ContentBlockDelta) -> None:
        if not self._open_block(event.index).add(event.delta):
            self.unknown.append(event)

    def _open_block(self, index: int) -> _Block:
        if not 0 <= index < len(self._blocks) or not self._blocks[index].is_open:
            raise StreamProtocolError(f"an event for content block {index}, which is not open")
        return self._blocks[index]


class _Block:
    """A content block while it grows: parts are collected, and joined once."""

    __slots__ = ("_citations", "_json", "_start", "_text", "is_open", "kind")

    def __init__(self, start: dict[str, Any], *, is_open: bool) -> None:
        self.kind: str = start["type"]
        self.is_open = is_open
        self._start = start
        self._text: list[str] = []
        self._json: list[str] = []
        self._citations: list[dict[str, Any]] = []

    def add(self, delta: Delta) -> bool:
        """Take a delta; return False for one newer than this code."""
        takes = _TAKES.get(type(delta))
        if takes is None or (self.kind not in takes and self.kind not in KNOWN_BLOCKS):
            return False
        if self.kind not in takes:
            raise StreamProtocolError(f"{delta.type} came for a {self.kind} block")
        if isinstance(delta, TextDelta):
            self._text.append(delta.text)
        elif isinstance(delta, ThinkingDelta):
            self._text.append(delta.thinking)
        elif isinstance(delta, InputJsonDelta):
            self._json.append(delta.partial_json)
        elif isinstance(delta, CitationsDelta):
            self._citations.append(delta.citation.wire())
        else:
            self._start.update({name: value for name, value in delta.wire().items() if name != "type"})
        return True

    def stop(self) -> None:
        """Close the block: nothing more is added."""
        self._start = self._tool_use() if self.kind in TOOL_USES else self._grown()
        self.is_open = False

    def body(self) -> dict[str, Any]:
        """Return the block's JSON as far as it came."""
        if not self.is_open:
            return self._start
        return self._cut_tool_use() if self.kind in TOOL_USES else self._grown()

    def _grown(self) -> dict[str, Any]:
        grown = dict(self._start)
        if self._text:  # text blocks grow their "text", thinking blocks their "thinking"
            grown[self.kind] = "".join([grown.get(self.kind) or "", *self._text])
        if self._citations:
            grown["citations"] = [*(grown.get("citations") or ()), *self._citations]
        return grown

    def _tool_use(self) -> dict[str, Any]:
        written = "".join(self._json)
        if not written.strip():
            return self._start
        try:
            value = loads(written)
        except WireError:
            return self._cut_tool_use()
        if self.kind == "tool_use" and not isinstance(value, dict):
            return self._cut_tool_use()
        return {**self._start, "input": value}

    def _cut_tool_use(self) -> dict[str, Any]:
        kept = {name: value for name, value in self._start.items() if name != "input"}
        return {**kept, "partial_json": "".join(self._json)}


def _merge_delta(message: dict[str, Any], event: MessageDelta) -> None:
    body = event.wire()
    usage = body.pop("usage", None)
    if usage:
        message["usage"] = _merged(message.get("usage") or {}, usage)
    late = {name: value for name, value in body.items() if name not in {"type", "delta"}}
    for name, value in {**late, **body["delta"]}.items():
        if value is not None or name not in message:
            message[name] = value


def _merged(so_far: dict[str, Any], later: dict[str, Any]) -> dict[str, Any]:
    """Counts are cumulative: a later one replaces, an absent or null one leaves the earlier."""
    merged = dict(so_far)
    for name, value in later.items():
        if isinstance(value, dict) and isinstance(merged.get(name), dict):
            merged[name] = _merged(merged[name], value)
        elif value is not None or name not in merged:
            merged[name] = value
    return merged


def error_of(event: ErrorEvent) -> APIStatusError:
    """Return the exception for an ``error`` event.

    An unknown type keeps the status that was really sent, 200, and is not retried.
    """
    detail = event.error
    status = ERROR_STATUS.get(detail.type or "")
    kind = APIStatusError if status is None else status_error(status)
    code = (detail.details or {}).get("error_code")
    return kind(
        detail.message or "the stream failed without a message",
        status=status or 200,
        type=detail.type,
        error_code=code if isinstance(code, str) else None,
        request_id=event.request_id,
    )


# --- the other way round -----------------------------------------------------------------------------

_PIECES = re.compile(r"\s*\S{1,16}|\s+")
_LATE = ("stop_reason", "stop_sequence", "stop_details", "container")
_LATE_COUNTS = ("output_tokens", "output_tokens_details", "server_tool_use", "iterations")


def events_of(message: Message) -> Iterator[dict[str, Any]]:
    """Yield the events a server sends for *message*, as JSON.

    >>> message = Message(model="m", content=[{"type": "text", "text": "Hello you"}], stop_reason="end_turn")
    >>> [event["type"] for event in events_of(message)]  # doctest: +NORMALIZE_WHITESPACE
    ['message_start', 'content_block_start', 'content_block_delta', 'content_block_delta',
     'content_block_stop', 'message_delta', 'message_stop']
    """
    body = message.wire()
    yield {"type": "message_start", "message": _opening(body)}
    for index, block in enumerate(body["content"]):
        yield from _block_events(index, block)
    yield _closing(body)
    yield {"type": "message_stop"}


def _opening(body: dict[str, Any]) -> dict[str, Any]:
    late = {*_LATE, "context_management"}
    opening: dict[str, Any] = {name: None if name in late else value for name, value in body.items()}
    opening["content"] = []
    usage = body.get("usage")
    if isinstance(usage, dict):
        opening["usage"] = {name: count for name, count in usage.items() if name not in _LATE_COUNTS}
        if usage.get("output_tokens") is not None:
            opening["usage"]["output_tokens"] = 1
    return opening


def _closing(body: dict[str, Any]) -> dict[str, Any]:
    closing: dict[str, Any] = {
        "type": "message_delta",
        "delta": {name: body[name] for name in _LATE if name in body},
    }
    if isinstance(body.get("usage"), dict):
        closing["usage"] = body["usage"]
    if "context_management" in body:
        closing["context_management"] = body["context_management"]
    return closing


def _block_events(index: int, block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    start, deltas = _taken_apart(block)
    yield {"type": "content_block_start", "index": index, "content_block": start}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    if "partial_json" not in block:
        yield {"type": "content_block_stop", "index": index}


def _taken_apart(block: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return a block as it starts, and the deltas that complete it."""
    kind = block["type"]
    if kind == "text":
        return _text_apart(block)
    if kind == "thinking":
        return _thinking_apart(block)
    if kind in TOOL_USES:
        return _tool_use_apart(block)
    if kind == "compaction":
        return _compaction_apart(block)
    return block, []


def _text_apart(block: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    start = {**block, "text": ""}
    deltas = [{"type": "text_delta", "text": piece} for piece in _PIECES.findall(block["text"])]
    if block.get("citations"):
        start["citations"] = []
        deltas += [{"type": "citations_delta", "citation": citation} for citation in block["citations"]]
    return start, deltas


def _thinking_apart(block: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    start = {**block, "thinking": ""}
    deltas = [{"type": "thinking_delta", "thinking": piece} for piece in _PIECES.findall(block["thinking"])]
    if "signature" in block:
        start["signature"] = ""
        deltas.append({"type": "signature_delta", "signature": block["signature"]})
    return start, deltas


def _tool_use_apart(block: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    start = {name: value for name, value in block.items() if name != "partial_json"} | {"input": {}}
    written = block.get("partial_json")
    if written is None:
        written = "" if block["input"] == {} else dumps(block["input"]).decode()
    fragments = ["", *_PIECES.findall(written)]
    return start, [{"type": "input_json_delta", "partial_json": fragment} for fragment in fragments]


def _compaction_apart(block: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    late = [name for name in ("content", "encrypted_content") if block.get(name) is not None]
    start = {name: None if name in late else value for name, value in block.items()}
    return start, [{"type": "compaction_delta", **{name: block[name] for name in late}}] if late else []
