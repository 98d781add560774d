"""Whatever comes in, an answer of the API's shape goes out: never a 500, never a traceback."""

from __future__ import annotations

import asyncio
import copy
import json
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.emulator import Emulator

HEAD = [
    (b"host", b"127.0.0.1"),
    (b"x-api-key", b"k"),
    (b"anthropic-version", b"2026-10-21"),
    (b"content-type", b"application/json"),
]
MARK = {"cache_control": {"type": "ephemeral"}}
SEEDS = [
    {
        "model": "claude-sonnet-4-6",
        "max_tokens": 60,
        "system": [{"type": "text", "text": "Answer with positive or negative.", **MARK}],
        "messages": [
            {"role": "user", "content": "I love it"},
            {"role": "assistant", "content": "positive"},
            {"role": "user", "content": [{"type": "text", "text": "What is (3 + 4) * 2? It broke.", **MARK}]},
        ],
        "stop_sequences": ["x"],
        "diagnostics": {"previous_message_id": None},
    },
    {
        "model": "claude-haiku-4-5",
        "max_tokens": 2000,
        "thinking": {"type": "enabled", "budget_tokens": 1024},
        "messages": [
            {
                "role": "user",
                "content": [
                    {
                        "type": "document",
                        "source": {"type": "text", "media_type": "text/plain", "data": "One. Two is here."},
                        "citations": {"enabled": True},
                    },
                    {"type": "text", "text": "Where is two?"},
                ],
            }
        ],
        "stream": True,
    },
    {
        "model": "claude-opus-4-8",
        "max_tokens": 300,
        "tools": [
            {
                "name": "get_weather",
                "description": "Weather",
                "input_schema": {
                    "type": "object",
                    "properties": {"city": {"type": "string", "pattern": "^[A-Z]"}, "n": {"type": "integer"}},
                    "required": ["city"],
                },
            }
        ],
        "tool_choice": {"type": "any"},
        "messages": [
            {"role": "user", "content": "Weather in Rome?"},
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "t1", "name": "get_weather", "input": {}}],
            },
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "Sun"}]},
        ],
    },
    {
        "model": "claude-sonnet-4-6",
        "max_tokens": 100,
        "output_config": {
            "effort": "low",
            "format": {
                "type": "json_schema",
                "schema": {
                    "type": "object",
                    "properties": {
                        "a": {"type": "array", "items": {"type": "number"}},
                        "b": {"enum": ["x", "y"]},
                    },
                    "required": ["a", "b"],
                    "additionalProperties": False,
                },
            },
        },
        "messages": [{"role": "user", "content": "Give 1, 2 and y"}],
    },
]
JUNK: list[object] = [
    None,
    True,
    False,
    0,
    -1,
    1.5,
    1e308,
    10**30,
    "",
    " ",
    "\u0000",
    "\ud800",
    "🎈" * 50,
    "a" * 5000,
    [],
    {},
    [[]],
    [None],
    {"type": "text"},
    {"type": "nope"},
    {"$ref": "#"},
    "$ref",
    "5 / 0 =",
    "(((((",
    "{{x}}",
    "0" * 400,
]


@pytest.fixture(scope="module")
def app():
    return Emulator()


@pytest.fixture(scope="module")
def loop():
    made = asyncio.new_event_loop()
    yield made
    made.close()


def ask(loop, app, raw, *, path="/v1/messages", head=HEAD, method="POST", query=b""):
    """Send one request straight into the application; returns status and body."""
    sent = []
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode("utf-8", "replace"), "query_string": query, "root_path": "",
        "headers": head, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 1),
    }  # fmt: skip

    async def receive():
        return {"type": "http.request", "body": raw, "more_body": False}

    async def send(message):
        sent.append(message)

    loop.run_until_complete(app(scope, receive, send))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def check(status, body):
    assert status < 500, body[:300]
    assert b"Traceback" not in body
    if status != 200:
        error = json.loads(body)
        assert error["type"] == "error"
        assert error["error"]["message"]


def places(value, path=()):
    """Every place in a JSON value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def mutated(dice):
    """A valid body with one to three things replaced, removed or added."""
    body = copy.deepcopy(dice.choice(SEEDS))
    for _ in range(dice.choice([1, 1, 1, 2, 3])):
        path = dice.choice([path for path in places(body) if path] or [("model",)])
        parent = body
        for key in path[:-1]:
            parent = parent[key]
        kind = dice.random()
        if kind < 0.25 and isinstance(parent, dict):
            parent.pop(path[-1], None)
        elif kind < 0.4 and isinstance(parent, dict):
            parent[dice.choice(["extra", "type", "text", "content", "cache_control", "id"])] = dice.choice(
                JUNK
            )
        else:
            parent[path[-1]] = copy.deepcopy(dice.choice(JUNK))
    return body


@pytest.mark.parametrize("seed", range(4))
def test_mutated_requests_never_break_it(app, loop, seed):
    """Valid requests with junk in random places, on both endpoints."""
    dice = random.Random(seed)
    for _ in range(250):
        raw = json.dumps(mutated(dice)).encode()
        check(*ask(loop, app, raw, path=dice.choice(["/v1/messages", "/v1/messages/count_tokens"])))


def test_the_seeds_themselves_are_answered(app, loop):
    """The mutations start from requests that work."""
    statuses = [ask(loop, app, json.dumps(seed).encode())[0] for seed in SEEDS]

    assert statuses == [200, 200, 200, 200]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=300))
def test_random_bytes_never_break_it(app, loop, raw):
    """Bodies that are not even JSON."""
    check(*ask(loop, app, raw))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.text(max_size=40).map(lambda text: "/v1/" + text),
    name=st.sampled_from(
        ["anthropic-beta", "anthropic-version", "x-api-key", "authorization", "content-encoding"]
    ),
    value=st.binary(max_size=40),
    query=st.binary(max_size=40),
)
def test_random_paths_and_headers_never_break_it(app, loop, path, name, value, query):  # noqa: PLR0917
    """Headers, queries and paths of any bytes."""
    head = [pair for pair in HEAD if pair[0] != name.encode()] + [(name.encode(), value)]
    check(*ask(loop, app, json.dumps(SEEDS[0]).encode(), head=head))
    check(*ask(loop, app, b"", path=path, head=head, method="GET"))
    check(*ask(loop, app, b"", path="/v1/models", head=head, method="GET", query=query))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=200))
def test_any_text_is_answered(app, loop, text):
    """Every text a user may write gets an answer, if it is more than whitespace."""
    body = {
        "model": "claude-haiku-4-5",
        "max_tokens": 50,
        "messages": [{"role": "user", "content": "? " + text}],
    }

    status, _ = ask(loop, app, json.dumps(body).encode())

    assert status == 200
