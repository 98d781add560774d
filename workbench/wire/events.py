"""The events of a streamed answer, and the deltas inside them.

Source: https://platform.claude.com/docs/en/build-with-claude/streaming
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, StrictInt, Tag

from workbench.errors import StreamProtocolError, WireError
from workbench.wire.base import Tagged, Wire, parse, tag_of
from workbench.wire.blocks import ContentBlock
from workbench.wire.citations import Citation
from workbench.wire.codec import loads
from workbench.wire.message import Message, Usage

# --- deltas ----------------------------------------------------------------------------------------


class TextDelta(Tagged):
    """More text of a text block."""

    type: Literal["text_delta"] = "text_delta"
    text: str


class CitationsDelta(Tagged):
    """One more citation of a text block."""

    type: Literal["citations_delta"] = "citations_delta"
    citation: Citation


class InputJsonDelta(Tagged):
    """More of a tool's input, as a fragment of JSON text."""

    type: Literal["input_json_delta"] = "input_json_delta"
    partial_json: str


class ThinkingDelta(Tagged):
    """More thinking."""

    type: Literal["thinking_delta"] = "thinking_delta"
    thinking: str


class SignatureDelta(Tagged):
    """The signature of a thinking block."""

    type: Literal["signature_delta"] = "signature_delta"
    signature: str


class CompactionDelta(Tagged):
    """The content of a compaction block, in one piece."""

    type: Literal["compaction_delta"] = "compaction_delta"
    content: Any = None
    encrypted_content: str | None = None


class UnknownDelta(Wire):
    """A delta newer than this code."""

    type: str


Delta = Annotated[
    Annotated[TextDelta, Tag("text_delta")]
    | Annotated[CitationsDelta, Tag("citations_delta")]
    | Annotated[InputJsonDelta, Tag("input_json_delta")]
    | Annotated[ThinkingDelta, Tag("thinking_delta")]
    | Annotated[SignatureDelta, Tag("signature_delta")]
    | Annotated[CompactionDelta, Tag("compaction_delta")]
    | Annotated[UnknownDelta, Tag("unknown")],
    Discriminator(
        tag_of(
            [
                "text_delta",
                "citations_delta",
                "input_json_delta",
                "thinking_delta",
                "signature_delta",
                "compaction_delta",
            ]
        )
    ),
]


# --- events ----------------------------------------------------------------------------------------


class MessageStart(Tagged):
    """The answer begins: a message without content, with the usage so far."""

    type: Literal["message_start"] = "message_start"
    message: Message


class ContentBlockStart(Tagged):
    """A block begins; what has no deltas comes whole."""

    type: Literal["content_block_start"] = "content_block_start"
    index: StrictInt
    content_block: ContentBlock


class ContentBlockDelta(Tagged):
    """More of an open block."""

    type: Literal["content_block_delta"] = "content_block_delta"
    index: StrictInt
    delta: Delta


class ContentBlockStop(Tagged):
    """A block is complete."""

    type: Literal["content_block_stop"] = "content_block_stop"
    index: StrictInt


class StopDelta(Wire):
    """Fields of the message that are known only near its end."""

    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: dict[str, Any] | None = None
    container: dict[str, Any] | None = None


class MessageDelta(Tagged):
    """Why the answer stopped, and the usage up to here; other fields belong to the message itself."""

    type: Literal["message_delta"] = "message_delta"
    delta: StopDelta
    usage: Usage | None = None


class MessageStop(Tagged):
    """The answer is complete; only after this event may it be used."""

    type: Literal["message_stop"] = "message_stop"


class Ping(Tagged):
    """A sign of life; no progress."""

    type: Literal["ping"] = "ping"


class ErrorDetail(Wire):
    """What went wrong, in the words of the service."""

    type: str | None = None
    message: str | None = None
    details: dict[str, Any] | None = None


class ErrorEvent(Tagged):
    """The stream failed after its HTTP 200; nothing follows."""

    type: Literal["error"] = "error"
    error: ErrorDetail
    request_id: str | None = None


class UnknownEvent(Wire):
    """An event newer than this code."""

    type: str


StreamEvent = (
    MessageStart
    | ContentBlockStart
    | ContentBlockDelta
    | ContentBlockStop
    | MessageDelta
    | MessageStop
    | Ping
    | ErrorEvent
    | UnknownEvent
)

_EVENTS: dict[str, type[StreamEvent]] = {
    "message_start": MessageStart,
    "content_block_start": ContentBlockStart,
    "content_block_delta": ContentBlockDelta,
    "content_block_stop": ContentBlockStop,
    "message_delta": MessageDelta,
    "message_stop": MessageStop,
    "ping": Ping,
    "error": ErrorEvent,
}


def parse_event(event: str | None, data: str | bytes) -> StreamEvent:
    """Return the event in the data of one frame.

    Args:
        event: The frame's own name; used only where the JSON has no ``type``.
        data: The JSON.

    Raises:
        StreamProtocolError: Not a JSON object, without a type, or not of that type's shape.

    >>> parse_event(None, '{"type": "content_block_stop", "index": 0}').index
    0
    """
    try:
        body = loads(data)
    except WireError as error:
        raise StreamProtocolError(f"the data of a stream event is {error}") from error
    return event_of(body, event)


def event_of(body: Any, event: str | None = None) -> StreamEvent:
    """Return the event in *body*, JSON already parsed; raises as `parse_event`."""
    if not isinstance(body, dict):
        raise StreamProtocolError(f"a stream event is not a JSON object but {type(body).__name__}")
    kind = body.get("type")
    if kind is None and event is not None:
        kind = event
        body = {"type": event, **body}
    if not isinstance(kind, str):
        raise StreamProtocolError("a stream event has no type")
    try:
        return parse(_EVENTS.get(kind, UnknownEvent), body)
    except WireError as error:
        raise StreamProtocolError(f"a stream event has the wrong shape: {error}") from error
