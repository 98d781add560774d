"""Events to messages and back."""

from __future__ import annotations

import math
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import (
    APIStatusError,
    InternalServerError,
    OverloadedError,
    RateLimitError,
    StreamInterruptedError,
    StreamProtocolError,
)
from workbench.wire import IncompleteToolUseBlock, Message, parse
from workbench.wire.codec import dumps, loads
from workbench.wire.events import ContentBlockDelta, UnknownDelta, UnknownEvent, event_of, parse_event
from workbench.wire.sse import Decoder
from workbench.wire.stream import Accumulator, events_of

START: dict[str, Any] = {
    "type": "message_start",
    "message": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-4-5",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 9, "output_tokens": 1, "cache_read_input_tokens": 4},
    },
}
END: dict[str, Any] = {
    "type": "message_delta",
    "delta": {"stop_reason": "end_turn", "stop_sequence": None},
    "usage": {"output_tokens": 7},
}
STOP = {"type": "message_stop"}


def start(index: int, **block: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int, kind: str, **payload: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **payload}}


def stop(index: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


TEXT = [start(0, type="text", text=""), delta(0, "text_delta", text="Hi"), stop(0)]
TOOL = start(0, type="tool_use", id="toolu_1", name="f", input={})


def accumulated(*bodies: dict[str, Any]) -> Accumulator:
    accumulator = Accumulator()
    for body in bodies:
        accumulator.add(event_of(body))
    return accumulator


# --- events ---


def test_the_type_is_read_from_the_json():
    """A frame without an event field is read all the same."""
    event = parse_event(
        None, b'{"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"x"}}'
    )

    assert isinstance(event, ContentBlockDelta)
    assert (event.index, event.delta.type) == (2, "text_delta")


def test_the_frame_names_an_event_whose_json_does_not():
    """The frame's own name is the second choice."""
    assert parse_event("ping", "{}").type == "ping"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param("{", id="cut json"),
        pytest.param("", id="nothing"),
        pytest.param("[1]", id="list"),
        pytest.param("null", id="null"),
        pytest.param('{"a": 1}', id="no type"),
        pytest.param('{"type": 5}', id="type is a number"),
        pytest.param("[" * 100_000, id="deep"),
        pytest.param(b"\xff", id="not utf-8"),
        pytest.param('{"type":"content_block_delta","index":0}', id="no delta"),
        pytest.param('{"type":"content_block_stop","index":"0"}', id="index is text"),
        pytest.param('{"type":"message_start","message":{"model":"m","content":null}}', id="no content"),
    ],
)
def test_what_is_no_event_is_a_protocol_error(data):
    """One typed error, whatever is wrong with the data of a frame."""
    with pytest.raises(StreamProtocolError):
        parse_event(None, data)


def test_unknown_events_deltas_and_fields_are_kept():
    """What is newer than this code passes through."""
    body = {"type": "content_block_delta", "index": 0, "delta": {"type": "shape_delta", "x": 1.0}, "new": [1]}

    event = event_of(body)
    assert event.wire() == body
    assert isinstance(event, ContentBlockDelta)
    assert isinstance(event.delta, UnknownDelta)
    assert isinstance(event_of({"type": "later", "a": 1}), UnknownEvent)


# --- the accumulator ---


def test_a_whole_stream_is_the_message_of_a_plain_request():
    """The message equals the JSON that the same request gets without streaming."""
    message = accumulated(START, *TEXT, END, STOP).message

    assert message.wire() == {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-4-5",
        "content": [{"type": "text", "text": "Hi"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 9, "output_tokens": 7, "cache_read_input_tokens": 4},
    }


@pytest.mark.parametrize("length", range(6))
def test_a_clean_cut_without_message_stop_is_no_answer(length):
    """However late the cut, nothing but ``message_stop`` makes a stream complete."""
    accumulator = accumulated(*[START, *TEXT, END][:length])

    assert not accumulator.done
    with pytest.raises(StreamInterruptedError, match="before message_stop") as caught:
        _ = accumulator.message
    assert caught.value.partial == accumulator.partial
    assert (accumulator.partial is None) == (length == 0)


def test_the_partial_message_has_the_text_so_far():
    """What came before a cut can be shown."""
    accumulator = accumulated(START, *TEXT[:2], delta(0, "text_delta", text=" yo"))

    assert accumulator.partial is not None
    assert accumulator.partial.text == "Hi yo"
    assert accumulator.partial.stop_reason is None


def test_what_follows_message_stop_is_ignored():
    """Late text never reaches the answer; a late error does not undo it."""
    late = [start(1, type="text", text="late"), delta(0, "text_delta", text="late"), START, STOP]
    accumulator = accumulated(
        START, *TEXT, END, STOP, *late, {"type": "error", "error": {"type": "api_error"}}
    )

    assert accumulator.message.text == "Hi"


@pytest.mark.parametrize(
    "bodies",
    [
        pytest.param([START, START], id="two starts"),
        pytest.param([START, start(1, type="text", text="")], id="index gap"),
        pytest.param([START, *TEXT, start(0, type="text", text="")], id="index again"),
        pytest.param([START, delta(0, "text_delta", text="x")], id="delta for no block"),
        pytest.param([START, *TEXT, delta(0, "text_delta", text="x")], id="delta after stop"),
        pytest.param([START, delta(-1, "text_delta", text="x")], id="negative index"),
        pytest.param([START, stop(0)], id="stop for no block"),
        pytest.param([START, *TEXT, stop(0)], id="two stops"),
        pytest.param([START, TOOL, delta(0, "text_delta", text="x")], id="text for a tool"),
        pytest.param([start(0, type="text", text="")], id="block before start"),
        pytest.param([END], id="message_delta before start"),
        pytest.param([STOP], id="stop before start"),
    ],
)
def test_a_stream_that_breaks_its_rules_is_a_protocol_error(bodies):
    """One typed error for every event that cannot come where it came."""
    with pytest.raises(StreamProtocolError):
        accumulated(*bodies)


@pytest.mark.parametrize(
    ("kind", "error", "status"),
    [
        ("overloaded_error", OverloadedError, 529),
        ("api_error", InternalServerError, 500),
        ("rate_limit_error", RateLimitError, 429),
        ("brand_new_error", APIStatusError, 200),
    ],
)
def test_an_error_event_is_the_error_of_its_type(kind, error, status):
    """A stream that fails after its 200 raises what the status would have raised."""
    body = {
        "type": "error",
        "error": {"type": kind, "message": "Oh", "details": {"error_code": "c"}},
        "request_id": "req_1",
    }

    with pytest.raises(APIStatusError, match="Oh") as caught:
        accumulated(START, body)

    found = caught.value
    assert type(found) is error
    assert (found.status, found.type, found.error_code, found.request_id) == (status, kind, "c", "req_1")
    assert found.retryable is (status != 200)


def test_tool_input_is_parsed_when_its_block_stops():
    """Fragments are joined and parsed once; the first may be empty."""
    fragments = ["", '{"a": [1, 1.', '0], "b', '": "é"}']
    message = accumulated(
        START, TOOL, *(delta(0, "input_json_delta", partial_json=f) for f in fragments), stop(0), END, STOP
    ).message

    assert dumps(message.tool_calls[0].input) == '{"a":[1,1.0],"b":"é"}'.encode()


@pytest.mark.parametrize("fragments", [[], [""]], ids=["none", "one empty"])
def test_empty_tool_input_is_no_cut(fragments):
    """No fragment, or an empty one, is the input ``{}``."""
    deltas = [delta(0, "input_json_delta", partial_json=f) for f in fragments]

    assert accumulated(START, TOOL, *deltas, stop(0), END, STOP).message.tool_calls[0].input == {}


@pytest.mark.parametrize(
    ("written", "closed"),
    [
        pytest.param('{"path": "/tm', True, id="stopped within its input"),
        pytest.param('{"path": "/tm', False, id="never stopped"),
        pytest.param('{"path": "/"}', False, id="whole but never stopped"),
        pytest.param("", False, id="nothing came"),
        pytest.param('["/"]', True, id="not an object"),
    ],
)
def test_a_tool_call_that_was_cut_has_no_input(written, closed):
    """A cut call is marked, is no tool call, and has no input that could be run."""
    fragment = delta(0, "input_json_delta", partial_json=written)
    message = accumulated(START, TOOL, fragment, *([stop(0)] if closed else []), END, STOP).message

    block = message.content[0]
    assert message.tool_calls == ()
    assert isinstance(block, IncompleteToolUseBlock)
    assert not hasattr(block, "input")
    assert block.partial_json == written
    assert Message.model_validate(message.wire()) == message


def test_an_open_tool_call_of_a_partial_message_has_no_input():
    """A cut stream shows the call as cut, not as a call without arguments."""
    partial = accumulated(START, TOOL).partial

    assert partial is not None
    assert isinstance(partial.content[0], IncompleteToolUseBlock)


def test_thinking_with_its_display_omitted_has_its_signature():
    """No thinking delta, one signature delta."""
    message = accumulated(
        START,
        start(0, type="thinking", thinking="", signature=""),
        delta(0, "signature_delta", signature="abc"),
        stop(0),
        END,
        STOP,
    ).message

    assert message.content[0].wire() == {"type": "thinking", "thinking": "", "signature": "abc"}


def test_usage_is_cumulative():
    """Later counts replace earlier ones; what a later event leaves out or nulls stays."""
    first = {**END, "usage": {"output_tokens": 3, "server_tool_use": {"web_search_requests": 1}}}
    later = {
        **END,
        "usage": {"output_tokens": 7, "input_tokens": None, "server_tool_use": {"web_fetch_requests": 2}},
    }
    usage = accumulated(START, first, later, STOP).message.usage

    assert usage is not None
    assert usage.wire() == {
        "input_tokens": 9,
        "output_tokens": 7,
        "cache_read_input_tokens": 4,
        "server_tool_use": {"web_search_requests": 1, "web_fetch_requests": 2},
    }


def test_late_fields_of_the_message_come_with_message_delta():
    """Stop details, container and fields newer than this code reach the message."""
    late = {
        "type": "message_delta",
        "delta": {"stop_reason": "refusal", "stop_details": {"type": "refusal"}, "new": 1},
        "context_management": {"applied_edits": []},
    }
    body = accumulated(START, late, STOP).message.wire()

    assert body["stop_details"] == {"type": "refusal"}
    assert body["context_management"] == {"applied_edits": []}
    assert body["new"] == 1


def test_unknown_events_and_deltas_are_kept_apart():
    """What is newer than this code changes nothing and is not lost."""
    strange = delta(0, "shape_delta", x=1)
    accumulator = accumulated(
        START, {"type": "later"}, TEXT[0], strange, {"type": "ping"}, *TEXT[1:], END, STOP
    )

    assert accumulator.message.text == "Hi"
    assert [event.type for event in accumulator.unknown] == ["later", "content_block_delta"]


def test_an_unknown_block_passes_through():
    """A block newer than this code stays as it began; its deltas are kept apart."""
    block = {"type": "hologram", "data": {"a": 1.0}}
    accumulator = accumulated(START, start(0, **block), delta(0, "text_delta", text="?"), stop(0), END, STOP)

    assert accumulator.message.content[0].wire() == block
    assert len(accumulator.unknown) == 1


def test_accumulating_is_linear():
    """50 MB in 50,000 deltas take a fraction of a second; copying at each delta would take minutes."""
    accumulator = accumulated(START, TEXT[0])
    event = event_of(delta(0, "text_delta", text="x" * 1000))
    began = time.process_time()

    for _ in range(50_000):
        accumulator.add(event)

    assert accumulator.partial is not None
    assert time.process_time() - began < 20


# --- the other way round ---

TEXTS = st.text(max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(TEXTS, JSON, max_size=3)
COUNTS = st.integers(0, 10**6)
CITATIONS = st.fixed_dictionaries(
    {
        "type": st.just("char_location"),
        "cited_text": TEXTS,
        "document_index": st.integers(0, 3),
        "document_title": st.none() | TEXTS,
        "start_char_index": st.integers(0, 9),
        "end_char_index": st.integers(0, 9),
    }
)
BLOCKS = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("text"), "text": TEXTS},
        optional={"citations": st.none() | st.lists(CITATIONS, max_size=2)},
    ),
    st.fixed_dictionaries({"type": st.just("thinking"), "thinking": TEXTS}, optional={"signature": TEXTS}),
    st.fixed_dictionaries({"type": st.just("redacted_thinking"), "data": TEXTS}),
    st.fixed_dictionaries(
        {"type": st.just("tool_use"), "id": TEXTS, "name": TEXTS, "input": OBJECTS},
        optional={"caller": OBJECTS},
    ),
    st.fixed_dictionaries({"type": st.just("server_tool_use"), "id": TEXTS, "name": TEXTS, "input": JSON}),
    st.fixed_dictionaries({"type": st.just("tool_use"), "id": TEXTS, "name": TEXTS, "partial_json": TEXTS}),
    st.fixed_dictionaries(
        {
            "type": st.just("web_search_tool_result"),
            "tool_use_id": TEXTS,
            "content": st.lists(OBJECTS, max_size=2),
        }
    ),
    st.fixed_dictionaries(
        {"type": st.just("compaction")}, optional={"content": TEXTS, "encrypted_content": st.none() | TEXTS}
    ),
    st.fixed_dictionaries({"type": st.just("hologram"), "data": JSON}),
)
USAGES = st.fixed_dictionaries(
    {"input_tokens": COUNTS, "output_tokens": COUNTS},
    optional={
        "cache_read_input_tokens": st.none() | COUNTS,
        "server_tool_use": st.none() | st.fixed_dictionaries({"web_search_requests": COUNTS}),
        "output_tokens_details": st.none() | st.fixed_dictionaries({"thinking_tokens": COUNTS}),
        "service_tier": st.just("standard"),
    },
)
MESSAGES = st.fixed_dictionaries(
    {"model": TEXTS, "content": st.lists(BLOCKS, max_size=4)},
    optional={
        "id": TEXTS,
        "type": st.just("message"),
        "role": st.just("assistant"),
        "stop_reason": st.none() | st.sampled_from(["end_turn", "tool_use", "brand_new"]),
        "stop_sequence": st.none() | TEXTS,
        "stop_details": st.none() | OBJECTS,
        "container": st.none() | OBJECTS,
        "context_management": st.none() | OBJECTS,
        "usage": st.none() | USAGES,
        "new_field": JSON,
    },
).map(lambda body: parse(Message, body))


@given(MESSAGES)
def test_events_of_a_message_add_up_to_it(message):
    """``events_of`` is the inverse of the accumulator, for every message."""
    again = accumulated(*events_of(message)).message

    assert again == message
    assert dumps_sorted(again) == dumps_sorted(message)


@given(MESSAGES, st.integers(1, 50))
def test_over_the_wire_too(message, step):
    """The same through SSE bytes in chunks of any size."""
    stream = b"".join(b"event: %s\ndata: %s\n\n" % (e["type"].encode(), dumps(e)) for e in events_of(message))
    decoder, accumulator = Decoder(), Accumulator()

    for at in range(0, len(stream), step):
        for frame in decoder.feed(stream[at : at + step]):
            accumulator.add(parse_event(*frame))

    assert accumulator.message == message


def dumps_sorted(message: Message) -> Any:
    return loads(dumps(message.wire()))


def test_text_comes_in_several_deltas_and_tool_input_begins_empty():
    """The events look like the service's own."""
    content = [
        {"type": "text", "text": "one two"},
        {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}},
    ]
    message = parse(
        Message, {"model": "m", "content": content, "usage": {"input_tokens": 2, "output_tokens": 5}}
    )
    events = list(events_of(message))

    assert [e["delta"] for e in events if e["type"] == "content_block_delta"] == [
        {"type": "text_delta", "text": "one"},
        {"type": "text_delta", "text": " two"},
        {"type": "input_json_delta", "partial_json": ""},
        {"type": "input_json_delta", "partial_json": '{"a":1}'},
    ]
    assert events[0]["message"]["usage"] == {"input_tokens": 2, "output_tokens": 1}
    assert events[-2]["usage"] == {"input_tokens": 2, "output_tokens": 5}


def test_strange_usage_survives_the_stream():
    """A count that is no count is kept, so that the cost can be called unknown."""
    message = accumulated(START, {**END, "usage": {"output_tokens": math.nan}}, STOP).message

    assert message.usage is not None
    assert not message.usage.known
