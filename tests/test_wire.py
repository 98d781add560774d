"""The wire models: frozen, tolerant of what is newer, told apart by their problem."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.same import unordered
from workbench.errors import UsageError, WireError
from workbench.prompt import Prompt
from workbench.wire import (
    CacheControl,
    CustomTool,
    ImageBlock,
    Message,
    MessageParam,
    OutputFormat,
    Request,
    TextBlock,
    ToolUseBlock,
    UnknownBlock,
    Usage,
    modern,
    parse,
)
from workbench.wire.request import as_request, as_requests

# --- requests ---


def test_strings_are_user_turns():
    """A request is one line for one question."""
    request = Request(model="m", max_tokens=5, messages=["Why?", {"role": "assistant", "content": "So."}])

    assert request.wire()["messages"] == [
        {"role": "user", "content": "Why?"},
        {"role": "assistant", "content": "So."},
    ]


def test_a_block_made_in_code_sends_its_type():
    """A tag left at its default still reaches the wire, and nothing else that was not set."""
    block = TextBlock(text="Hi", cache_control=CacheControl(type="ephemeral"))

    assert block.wire() == {"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}


def test_nothing_can_be_changed_in_place():
    """A request is data: changing it is an error."""
    request = Request(model="m", max_tokens=5, messages=["Hi"])

    with pytest.raises(ValidationError, match="frozen"):
        setattr(request, "model", "n")  # noqa: B010 - the type checker refuses the plain form
    assert isinstance(request.messages, tuple)


def test_with_returns_a_changed_copy():
    """The original stays; wire models, dicts and aliased fields are all accepted."""
    request = Request(model="m", max_tokens=5, messages=["Hi"])
    turn = MessageParam(role="user", content=(TextBlock(text="Ho"),))
    changed = request.with_(max_tokens=6, messages=[turn], output_config={"effort": "low"})

    assert (request.max_tokens, changed.max_tokens, changed.effort) == (5, 6, "low")
    assert changed.messages == (turn,)
    assert OutputFormat(json_schema={"a": 1}).with_(json_schema={"b": 2}).wire()["schema"] == {"b": 2}


def test_with_refuses_an_unknown_name_and_tells_the_nearest():
    """A typo is not a new field."""
    request = Request(model="m", max_tokens=5, messages=["Hi"])

    with pytest.raises(UsageError, match="Request has no field 'max_token'; did you mean 'max_tokens'"):
        request.with_(max_token=6)


def test_with_refuses_a_wrong_shape():
    """The copy is checked like any other body."""
    with pytest.raises(WireError, match=r"Request: max_tokens"):
        Request(model="m", max_tokens=5, messages=["Hi"]).with_(max_tokens="many")


def test_the_key_depends_on_the_json_only():
    """Key order and streaming do not matter; 1 and 1.0 do."""
    body = {"model": "m", "max_tokens": 5, "temperature": 1, "messages": [{"role": "user", "content": "Hi"}]}
    key = parse(Request, body).key

    assert parse(Request, dict(reversed(body.items()))).key == key
    assert parse(Request, {**body, "stream": True}).key == key
    assert parse(Request, {**body, "temperature": 1.0}).key != key
    assert parse(Request, {**body, "new": None}).key != key
    assert len(key) == 64


def test_spellings_of_earlier_documents_are_moved():
    """What the seed document writes is sent as the service takes it, and said."""
    request = Request(
        model="m",
        max_tokens=5,
        messages=["Hi"],
        thinking={"type": "adaptive", "effort": "high"},
        output_format={"type": "json_schema", "schema": {"type": "object"}},
    )

    moved, notes = modern(request)

    assert moved.wire()["thinking"] == {"type": "adaptive"}
    assert moved.wire()["output_config"] == {
        "effort": "high",
        "format": {"type": "json_schema", "schema": {"type": "object"}},
    }
    assert "output_format" not in moved.wire()
    assert notes == (
        "thinking.effort moved to output_config.effort",
        "output_format moved to output_config.format",
    )


def test_a_modern_request_stays_as_it_is():
    """Nothing to move, nothing changed."""
    request = Request(model="m", max_tokens=5, messages=["Hi"], output_config={"effort": "low"})

    assert modern(request) == (request, ())


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"max_tokens": 5, "messages": []}, id="no model"),
        pytest.param({"model": "m", "messages": None}, id="no messages"),
        pytest.param({"model": "m", "messages": [{"role": "user"}]}, id="no content"),
        pytest.param(
            {"model": "m", "messages": [{"role": "user", "content": [{}]}]}, id="block without type"
        ),
        pytest.param({"model": "m", "messages": [{"role": "user", "content": ["x"]}]}, id="block is text"),
        pytest.param({"model": "m", "messages": [], "tools": [{"type": 5}]}, id="tool type is a number"),
        pytest.param({"model": "m", "messages": [], "tools": ["x"]}, id="tool is text"),
        pytest.param({"model": "m", "messages": [], "max_tokens": True}, id="max_tokens is true"),
        pytest.param({"model": "m", "messages": [], "stream": 1}, id="stream is 1"),
        pytest.param([], id="list"),
        pytest.param(None, id="null"),
    ],
)
def test_a_wrong_shape_is_a_wire_error(body):
    """A body that is not the wire's shape is refused in one typed line."""
    with pytest.raises(WireError, match="Request: "):
        parse(Request, body)


def test_the_problem_names_its_path():
    """The message says where in the body the problem is."""
    content = [{"type": "text", "text": "x"}, {"type": "image", "source": {"type": "url"}}]

    with pytest.raises(
        WireError, match=r"^Request: messages\.0\.content\.1\.image\.source\.url\.url: Field required"
    ):
        parse(Request, {"model": "m", "messages": [{"role": "user", "content": content}]})


def test_blocks_within_blocks_up_to_the_depth_limit():
    """What the codec lets in, the models take, or refuse in a typed error."""
    block: dict[str, Any] = {"type": "text", "text": "x"}
    for _ in range(95):
        block = {"type": "tool_result", "tool_use_id": "t", "content": [block]}
    body = {"model": "m", "messages": [{"role": "user", "content": [block]}]}

    assert parse(Request, body).wire() == body


def test_known_types_are_their_own_classes():
    """A caller can tell blocks and tools apart by class."""
    body = {
        "model": "m",
        "messages": [
            {"role": "user", "content": [{"type": "image", "source": {"type": "x"}}, {"type": "y"}]}
        ],
        "tools": [{"name": "f", "input_schema": {}}],
    }
    request = parse(Request, body)

    assert [type(block) for block in request.messages[0].blocks] == [ImageBlock, UnknownBlock]
    assert [type(tool) for tool in request.tools or ()] == [CustomTool]


@pytest.mark.parametrize("value", ["hi", 5, None, Prompt("{{x}}")], ids=["text", "number", "none", "prompt"])
def test_what_is_no_request_is_refused_with_the_cure(value):
    """Whoever passes a prompt is told to fill it."""
    with pytest.raises(UsageError, match=r"is no request; (give|fill)"):
        as_request(value)


def test_a_body_is_a_request():
    """A dictionary as the API takes it, alone or among others."""
    body = {"model": "claude-haiku-4-5", "max_tokens": 5, "messages": [{"role": "user", "content": "Hi"}]}

    assert as_requests(body) == as_requests([Request.model_validate(body)])


# --- messages ---

ANSWER: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [
        {"type": "thinking", "thinking": "Hm.", "signature": "s"},
        {"type": "text", "text": "A", "citations": [{"type": "hologram_location", "x": 1}]},
        {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1.0}},
        {"type": "text", "text": "B "},
        {"type": "hologram", "data": 7},
    ],
    "stop_reason": "brand_new",
    "stop_sequence": None,
    "usage": {"input_tokens": 1, "output_tokens": 10**30, "new": {"a": 1}},
    "new_field": [1, 1.0],
}


def test_a_message_has_views():
    """Text is joined exactly as sent; thinking, calls and citations are apart."""
    message = parse(Message, ANSWER)

    assert message.text == "AB "
    assert message.thinking == "Hm."
    assert [call.input for call in message.tool_calls] == [{"a": 1.0}]
    assert isinstance(message.tool_calls[0], ToolUseBlock)
    assert [citation.type for citation in message.citations] == ["hologram_location"]


def test_a_message_round_trips():
    """Unknown blocks, stop reasons and fields, and integers of any length, pass through."""
    assert unordered(parse(Message, ANSWER).wire()) == unordered(ANSWER)


@pytest.mark.parametrize(
    "body",
    [None, [], "x", {}, {"model": "m"}, {"model": "m", "content": None}, {"type": "error", "error": {}}],
    ids=["null", "list", "text", "empty", "no content", "content null", "error"],
)
def test_what_is_no_message_is_refused(body):
    """A 200 that is not an answer never becomes one."""
    with pytest.raises(WireError):
        parse(Message, body)


# --- usage ---


def test_total_input_is_the_sum_of_its_kinds():
    """``input_tokens`` is only what follows the last breakpoint."""
    usage = Usage(
        input_tokens=1, cache_creation_input_tokens=20, cache_read_input_tokens=300, output_tokens=0
    )

    assert usage.total_input == 321


@pytest.mark.parametrize(
    ("usage", "known"),
    [
        ({"input_tokens": 0, "output_tokens": 0}, True),
        ({"input_tokens": 1, "output_tokens": 2, "cache_creation": {"ephemeral_1h_input_tokens": 3}}, True),
        ({}, False),
        ({"input_tokens": 1}, False),
        ({"input_tokens": -5, "output_tokens": 2}, False),
        ({"input_tokens": float("nan"), "output_tokens": 2}, False),
        ({"input_tokens": 1.0, "output_tokens": 2}, False),
        ({"input_tokens": 1, "output_tokens": 2, "cache_read_input_tokens": -1}, False),
        ({"input_tokens": 1, "output_tokens": 2, "cache_creation": {"ephemeral_5m_input_tokens": -1}}, False),
    ],
)
def test_usage_is_known_when_every_count_is_one(usage, known):
    """Anything but non-negative integers makes the cost unknown, never 0."""
    assert parse(Usage, usage).known is known


def test_usage_adds_up():
    """Counts add, also nested ones; what both share stays, what differs is nothing."""
    a = parse(
        Usage,
        {
            "input_tokens": 1,
            "output_tokens": 2,
            "cache_creation": {"ephemeral_5m_input_tokens": 3},
            "service_tier": "standard",
            "speed": "fast",
            "new": 1,
        },
    )
    b = parse(
        Usage,
        {
            "input_tokens": 10,
            "output_tokens": 20,
            "cache_read_input_tokens": 5,
            "cache_creation": {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 4},
            "service_tier": "standard",
            "speed": "standard",
        },
    )

    assert (a + b).wire() == {
        "input_tokens": 11,
        "output_tokens": 22,
        "cache_creation": {"ephemeral_5m_input_tokens": 33, "ephemeral_1h_input_tokens": 4},
        "service_tier": "standard",
        "speed": None,
        "new": 1,
        "cache_read_input_tokens": 5,
    }


@pytest.mark.parametrize(
    "unknown",
    [
        {},
        {"input_tokens": 1},
        {"input_tokens": -5, "output_tokens": 1},
        {"input_tokens": float("nan"), "output_tokens": 1},
    ],
    ids=["nothing", "no output", "negative", "nan"],
)
def test_a_sum_with_an_unknown_part_is_unknown(unknown):
    """A total never hides what it does not know."""
    known = Usage(input_tokens=10, output_tokens=20)

    assert not (known + parse(Usage, unknown)).known
    assert not (parse(Usage, unknown) + known).known
