"""What the service answers, word for word, and the order in which it looks."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.lint import refusal
from workbench.wire import Request

MARK = {"type": "ephemeral"}
USER = {"role": "user", "content": "Hi"}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "add", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "4"}
TOOL = {"name": "add", "description": "Add.", "input_schema": {"type": "object"}}
SEARCH = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}


def answer(*, around: dict[str, Any] | None = None, **fields: Any) -> str | None:
    """Return the message the service answers with, or None where it accepts."""
    body = {"model": "claude-sonnet-4-6", "max_tokens": 4000, "messages": [USER], **fields}
    found = refusal(Request.model_validate(body), **(around or {}))
    return found.message if found else None


def assistant(*blocks: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


def user(*blocks: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(blocks)}


def text(words: str, **fields: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **fields}


WITHOUT = (
    "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1."
    " Each `tool_use` block must have a corresponding `tool_result` block in the next message."
)
UNEXPECTED = (
    "messages.0.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_1."
    " Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
)
NO_PREFILL = (
    "This model does not support assistant message prefill. The conversation must end with a user message."
)
NO_SYSTEM = (
    'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter,'
    ' not "system" as an input message role.'
)
LATE_HOUR = (
    "messages.0.content.1.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m'"
    " cache_control block. Note that blocks are processed in the following order:"
    " `tools`, `system`, `messages`."
)
OBJECT = "For 'object' type, 'additionalProperties' must be explicitly set to false"
WORDS: dict[str, tuple[dict[str, Any], str]] = {
    "unknown top-level field": ({"bestOf": 3}, "bestOf: Extra inputs are not permitted"),
    "unknown field of a block": (
        {"messages": [user(text("Hi", bold=True))]},
        "messages.0.content.0.text.bold: Extra inputs are not permitted",
    ),
    "cache_control on thinking": (
        {
            "messages": [
                USER,
                assistant({"type": "thinking", "thinking": "", "signature": "s", "cache_control": MARK}),
                USER,
            ]
        },
        "messages.1.content.0.thinking.cache_control: Extra inputs are not permitted",
    ),
    "unknown field of a tool": (
        {"tools": [{**TOOL, "timeout": 3}]},
        "tools.0.custom.timeout: Extra inputs are not permitted",
    ),
    "tool name": (
        {"tools": [{**TOOL, "name": "add two"}]},
        "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'",
    ),
    "fixed tool name": (
        {"tools": [{"type": "web_search_20250305", "name": "search"}]},
        "tools.0.web_search_20250305.name: Input should be 'web_search'",
    ),
    "effort": (
        {"output_config": {"effort": "adaptive"}},
        "output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'",
    ),
    "ttl": (
        {"messages": [user(text("Hi", cache_control={**MARK, "ttl": "2h"}))]},
        "messages.0.content.0.text.cache_control.ttl: Input should be '5m' or '1h'",
    ),
    "role": (
        {"messages": [{"role": "tool", "content": "4"}]},
        "messages.0.role: Input should be 'user', 'assistant' or 'system'",
    ),
    "image type": (
        {
            "messages": [
                user({"type": "image", "source": {"type": "base64", "media_type": "image/tiff", "data": ""}})
            ]
        },
        (
            "messages.0.content.0.image.source.base64.media_type:"
            " Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'"
        ),
    ),
    "document title": (
        {
            "messages": [
                user({"type": "document", "title": "", "source": {"type": "url", "url": "https://a.example"}})
            ]
        },
        "messages.0.content.0.document.title: String should have at least 1 character",
    ),
    "null": ({"stop_sequences": None}, "stop_sequences: Input should be a valid list"),
    "no messages": ({"messages": []}, "messages: at least one message is required"),
    "empty text": ({"messages": [user(text(""))]}, "messages: text content blocks must be non-empty"),
    "empty system text": ({"system": [text("")]}, "system: text content blocks must be non-empty"),
    "marked empty text": (
        {"messages": [user(text("", cache_control=MARK), text("Hi"))]},
        "messages: text content blocks must be non-empty",
    ),
    "blank text": (
        {"messages": [user(text(" "))]},
        "messages: text content blocks must contain non-whitespace text",
    ),
    "empty message": (
        {"messages": [{"role": "user", "content": []}, USER]},
        (
            "messages.0: all messages must have non-empty content"
            " except for the optional final assistant message"
        ),
    ),
    "no result": ({"messages": [USER, assistant(CALL), USER], "tools": [TOOL]}, WITHOUT),
    "text before results": (
        {"messages": [USER, assistant(CALL), user(text("Here:"), RESULT)], "tools": [TOOL]},
        WITHOUT,
    ),
    "call at the end": ({"messages": [USER, assistant(CALL)], "tools": [TOOL]}, WITHOUT),
    "no call": ({"messages": [user(RESULT)], "tools": [TOOL]}, UNEXPECTED),
    "call of a user": (
        {"messages": [user(CALL)]},
        "messages.0.content.0: `tool_use` blocks can only be in `assistant` messages",
    ),
    "prefill": ({"messages": [USER, assistant(text("{"))]}, NO_PREFILL),
    "system role": ({"messages": [USER, {"role": "system", "content": "Brief."}]}, NO_SYSTEM),
    "five marks": (
        {"messages": [user(*[text(str(n), cache_control=MARK) for n in range(5)])]},
        "A maximum of 4 blocks with cache_control may be provided. Found 5.",
    ),
    "four marks and the automatic one": (
        {
            "messages": [user(*[text(str(n), cache_control=MARK) for n in range(4)], text("Hi"))],
            "cache_control": MARK,
        },
        "A maximum of 4 blocks with cache_control may be provided. Found 5.",
    ),
    "1h after 5m": (
        {"messages": [user(text("a", cache_control=MARK), text("b", cache_control={**MARK, "ttl": "1h"}))]},
        LATE_HOUR,
    ),
    "duplicate tools": ({"tools": [TOOL, TOOL]}, "tools: Tool names must be unique."),
    "choice without tools": (
        {"tool_choice": {"type": "any"}},
        "tool_choice may only be specified while providing tools",
    ),
    "choice of no tool": (
        {"tools": [TOOL], "tool_choice": {"type": "tool", "name": "sub"}},
        "Tool 'sub' not found in provided tools",
    ),
    "open schema": (
        {
            "output_config": {
                "format": {"type": "json_schema", "schema": {"type": "object", "properties": {}}}
            }
        },
        f"output_config.format.schema: {OBJECT}",
    ),
    "open strict tool": ({"tools": [{**TOOL, "strict": True}]}, f"tools.0.custom.input_schema: {OBJECT}"),
    "too much output": (
        {"max_tokens": 128_001},
        (
            "max_tokens: 128001 > 128000, which is the maximum allowed number of output tokens"
            " for claude-sonnet-4-6"
        ),
    ),
    "field of a beta": (
        {"mcp_servers": [{"type": "url", "name": "wiki", "url": "https://wiki.example"}]},
        "mcp_servers: Extra inputs are not permitted",
    ),
    "unknown model": ({"model": "claude-haiku-45"}, "model: claude-haiku-45"),
    "retired model": ({"model": "claude-3-opus-20240229"}, "model: claude-3-opus-20240229"),
}


@pytest.mark.parametrize(("fields", "message"), WORDS.values(), ids=WORDS.keys())
def test_the_words_are_the_services_own(fields, message):
    assert answer(**fields) == message


ACCEPTED: dict[str, dict[str, Any]] = {
    "four marks": {"messages": [user(*[text(str(n), cache_control=MARK) for n in range(4)])]},
    "automatic mark on a marked block": {
        "messages": [user(*[text(str(n), cache_control=MARK) for n in range(4)])],
        "cache_control": MARK,
    },
    "1h before 5m": {
        "system": [text("a", cache_control={**MARK, "ttl": "1h"})],
        "messages": [user(text("b", cache_control=MARK))],
    },
    "consecutive turns of one role": {"messages": [USER, USER]},
    "calls in two messages of one turn": {
        "messages": [
            USER,
            assistant(CALL),
            assistant({**CALL, "id": "toolu_2"}),
            user({**RESULT, "tool_use_id": "toolu_2"}, RESULT),
        ],
        "tools": [TOOL],
    },
    "text after results": {
        "messages": [USER, assistant(CALL), user(RESULT, text("Go on."))],
        "tools": [TOOL],
    },
    "empty last assistant message": {
        "model": "claude-haiku-4-5",
        "messages": [USER, {"role": "assistant", "content": ""}],
    },
    "prefill of an older model": {"model": "claude-haiku-4-5", "messages": [USER, assistant(text("{"))]},
    "paused turn sent back": {"messages": [USER, assistant(text("Searching."), SEARCH)]},
    "empty system": {"system": ""},
    "blank text before a call": {
        "messages": [USER, assistant(text(" "), CALL), user(RESULT)],
        "tools": [TOOL],
    },
    "unpriced model on a foundry": {"model": "my-deployment", "around": {"platform": "foundry"}},
    "old name of the format": {
        "output_format": {
            "type": "json_schema",
            "schema": {"type": "object", "properties": {}, "additionalProperties": False},
        }
    },
    "pre-warm": {"max_tokens": 0, "system": [text("Long.", cache_control=MARK)]},
    "system message after a user turn": {
        "model": "claude-opus-4-8",
        "messages": [USER, {"role": "system", "content": "Brief."}],
    },
    "retired model where a partner serves it": {
        "model": "claude-opus-4-1-20250805",
        "around": {"platform": "bedrock_invoke", "api_version": "2023-06-01"},
    },
}


@pytest.mark.parametrize("fields", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_what_the_service_takes_is_not_refused(fields):
    assert answer(**fields) is None


def test_counting_needs_no_max_tokens():
    request = Request.model_validate({"model": "claude-opus-5", "messages": [USER]})

    assert refusal(request, endpoint="count_tokens") is None


def test_counting_takes_no_fields_of_generation():
    request = Request.model_validate({"model": "claude-opus-5", "messages": [USER], "max_tokens": 9})

    found = refusal(request, endpoint="count_tokens")

    assert found is not None
    assert found.message == "max_tokens: Extra inputs are not permitted"


@pytest.mark.parametrize(
    ("model", "status", "kind"),
    [("claude-nova", 404, "not_found_error"), ("claude-2.1", 404, "not_found_error")],
    ids=["unknown", "retired"],
)
def test_a_model_that_is_not_there_is_not_found(model, status, kind):
    found = refusal(Request(model=model, max_tokens=9, messages=["Hi"]))

    assert found is not None
    assert (found.status, found.error_type) == (status, kind)


def test_the_nearest_model_is_named():
    found = refusal(Request(model="claude-haiku-45", max_tokens=9, messages=["Hi"]))

    assert found is not None
    assert found.what == "unknown model 'claude-haiku-45'; did you mean 'claude-haiku-4-5'?"


def test_the_successor_of_a_retired_model_is_named():
    found = refusal(Request(model="claude-opus-4-1", max_tokens=9, messages=["Hi"]))

    assert found is not None
    assert str(found) == "E071  model: claude-opus-4-1 was retired on 2026-08-05   [use claude-opus-4-8]"


def test_the_shape_is_looked_at_before_the_model():
    assert (
        answer(model="claude-nova", max_tokens=-1) == "max_tokens: Input should be greater than or equal to 0"
    )


def test_an_unknown_beta_is_named():
    says = answer(around={"betas": ["time-travel-2026-01-01"]})

    assert says is not None
    assert says.startswith("Unexpected value(s) `time-travel-2026-01-01` for the `anthropic-beta` header")


def test_a_larger_body_is_refused_by_google_than_by_bedrock():
    fields: dict[str, Any] = {"messages": ["x" * (25 * 1024 * 1024)], "model": "claude-opus-5"}

    bedrock = refusal(Request.model_validate({"max_tokens": 9, **fields}), platform="bedrock_messages")

    assert bedrock is not None
    assert (bedrock.status, bedrock.error_type) == (413, "request_too_large")
