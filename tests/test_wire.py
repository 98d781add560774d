"""The wire models: the same JSON out as in, frozen, tolerant of what is newer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.shared import BODIES
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
from workbench.wire.codec import loads
from workbench.wire.request import as_request, as_requests

OWN = Path(__file__).parent / "data" / "requests.jsonl"


def bodies(path: Path) -> list[Any]:
    if not path.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"{path.name} is not here"))]
    rows = [loads(line) for line in path.read_bytes().splitlines()]
    return [pytest.param(row["body"], id=row["id"]) for row in rows]


def exact(value: Any) -> Any:
    """*value* with its types and the order of its keys told apart by ``==``."""
    if isinstance(value, dict):
        return [(name, exact(item)) for name, item in value.items()]
    if isinstance(value, list):
        return ["list", *map(exact, value)]
    return type(value).__name__, repr(value)


def unordered(value: Any) -> Any:
    """*value* with its types told apart, keys in any order."""
    if isinstance(value, dict):
        return {name: unordered(item) for name, item in value.items()}
    if isinstance(value, list):
        return ["list", *map(unordered, value)]
    return type(value).__name__, repr(value)


def free_objects(body: Any) -> list[Any]:
    """The objects whose key order belongs to the caller: schemas, inputs, what is unknown."""
    if isinstance(body, list):
        return [found for item in body for found in free_objects(item)]
    if not isinstance(body, dict):
        return []
    free = [
        exact(body[name]) for name in ("input_schema", "schema", "input", "dream", "voxels") if name in body
    ]
    return free + [found for name in sorted(body) for found in free_objects(body[name])]


@pytest.mark.parametrize("body", [*bodies(OWN), *bodies(BODIES)])
def test_a_real_body_comes_out_as_it_went_in(body):
    """Nothing added, nothing lost, 1 and 1.0 apart, key order kept inside free objects."""
    again = Request.model_validate(body).wire()

    assert unordered(again) == unordered(body)
    assert free_objects(again) == free_objects(body)
    assert Request.model_validate(again) == Request.model_validate(body)


def test_the_shipped_set_covers_the_wire():
    """The bodies of this repository hold every block, source, citation and tool family there is."""
    text = OWN.read_text()
    kinds = (
        "text image document search_result thinking redacted_thinking tool_use tool_result tool_reference "
        "server_tool_use web_search_tool_result web_fetch_tool_result code_execution_tool_result "
        "bash_code_execution_tool_result text_editor_code_execution_tool_result tool_search_tool_result "
        "advisor_tool_result mcp_tool_use mcp_tool_result mcp_tool_listing container_upload compaction "
        "fallback base64 url file content char_location page_location content_block_location "
        "search_result_location web_search_result_location adaptive enabled disabled between_tools "
        "mcp_toolset memory_20250818 bash_20250124 text_editor_20250728 computer_20251124 "
        "computer_toolset_20260801 browser_toolset_20260801"
    )

    assert [kind for kind in kinds.split() if f'"type": "{kind}"' not in text] == []
    assert len(text.splitlines()) >= 30


# --- generated bodies ---

TEXTS = st.text(max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(TEXTS, JSON, max_size=3)
EXTRA = {"new_field": JSON, "x-y": JSON}
CACHE = st.none() | st.fixed_dictionaries({"type": st.just("ephemeral")}, optional={"ttl": TEXTS, **EXTRA})


def typed(
    kind: str, optional: dict[str, Any] | None = None, /, **fields: Any
) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"type": st.just(kind), **fields}, optional={**EXTRA, **(optional or {})})


SOURCES = st.one_of(
    typed("base64", media_type=TEXTS, data=TEXTS),
    typed("url", url=TEXTS),
    typed("file", file_id=TEXTS),
    typed("text", media_type=TEXTS, data=TEXTS),
    typed("content", content=TEXTS | st.lists(typed("text", text=TEXTS), max_size=2)),
    typed("hologram", beam=JSON),
)
BLOCKS = st.recursive(
    st.one_of(
        typed("text", {"cache_control": CACHE}, text=TEXTS),
        typed("image", {"transformations": OBJECTS}, source=SOURCES),
        typed(
            "document", {"title": st.none() | TEXTS, "context": TEXTS, "cache_control": CACHE}, source=SOURCES
        ),
        typed("thinking", thinking=TEXTS, signature=TEXTS),
        typed("tool_use", {"caller": OBJECTS}, id=TEXTS, name=TEXTS, input=OBJECTS),
        typed("server_tool_use", id=TEXTS, name=TEXTS, input=JSON),
        typed("web_search_tool_result", tool_use_id=TEXTS, content=JSON),
        typed("hologram", voxels=JSON),
    ),
    lambda inner: typed(
        "tool_result",
        {"is_error": st.booleans(), "content": TEXTS | st.lists(inner, max_size=2)},
        tool_use_id=TEXTS,
    ),
    max_leaves=3,
)
CONTENT = TEXTS | st.lists(BLOCKS, max_size=3)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
GENERATED = st.fixed_dictionaries(
    {
        "model": TEXTS,
        "max_tokens": st.integers(),
        "messages": st.lists(
            st.fixed_dictionaries({"role": TEXTS, "content": CONTENT}, optional=EXTRA), max_size=3
        ),
    },
    optional={
        "system": TEXTS | st.lists(typed("text", {"cache_control": CACHE}, text=TEXTS), max_size=2),
        "temperature": NUMBERS,
        "top_p": NUMBERS,
        "top_k": st.integers(),
        "stream": st.booleans(),
        "thinking": typed("adaptive", {"display": TEXTS}) | typed("enabled", budget_tokens=st.integers()),
        "output_config": st.fixed_dictionaries(
            {}, optional={"effort": TEXTS, "format": typed("json_schema", schema=OBJECTS), **EXTRA}
        ),
        "tools": st.lists(
            st.fixed_dictionaries(
                {"name": TEXTS, "input_schema": OBJECTS}, optional={"strict": st.booleans()}
            )
            | typed("web_search_20260318", {"max_uses": st.integers()}, name=TEXTS)
            | typed("teleport_20300101", range=JSON),
            max_size=2,
        ),
        "metadata": st.fixed_dictionaries({}, optional={"user_id": st.none() | TEXTS, **EXTRA}),
        "container": TEXTS | OBJECTS,
        **EXTRA,
    },
)


@given(GENERATED)
def test_a_generated_body_comes_out_as_it_went_in(body):
    """The same for bodies nobody wrote."""
    request = parse(Request, body)

    assert unordered(request.wire()) == unordered(body)
    assert free_objects(request.wire()) == free_objects(body)
    assert parse(Request, request.wire()) == request


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


@pytest.mark.parametrize(
    "changes",
    [
        {"tools": [{"name": "t", "input_schema": {"type": "object", "\ud800": 1}}]},
        {
            "messages": [
                {
                    "role": "assistant",
                    "content": [{"type": "tool_use", "id": "a", "name": "t", "input": {"\ud800": 1}}],
                }
            ]
        },
        {"container": {"\ud800": 1}},
    ],
    ids=["schema", "tool input", "container"],
)
def test_a_lone_surrogate_in_a_key_of_a_free_object_is_kept(changes):
    """Keys inside free objects are the caller's own, whatever their characters."""
    body = {"model": "m", "max_tokens": 1, "messages": [], **changes}

    assert parse(Request, body).wire() == body


@pytest.mark.parametrize("value", ["hi", 5, None, Prompt("{{x}}")], ids=["text", "number", "none", "prompt"])
def test_what_is_no_request_is_refused_with_the_cure(value):
    """Whoever passes a prompt is told to fill it."""
    with pytest.raises(UsageError, match=r"is no request; (give|fill)"):
        as_request(value)


def test_a_body_is_a_request():
    """A dictionary as the API takes it, alone or among others."""
    body = {"model": "claude-haiku-4-5", "max_tokens": 5, "messages": [{"role": "user", "content": "Hi"}]}

    assert as_requests(body) == as_requests([Request.model_validate(body)])
