"""The emulator's doors over a real socket: who may call, what is refused, in which shape."""

from __future__ import annotations

import gzip
import socket
import time
from datetime import date

import httpx
import pytest

from workbench.emulator import models_api

KEY = {"x-api-key": "sk-ant-test"}
VERSION = {"anthropic-version": "2026-10-21"}
BODY = {"model": "claude-haiku-4-5", "max_tokens": 50, "messages": [{"role": "user", "content": "Hello"}]}
TOOL = {"name": "t", "description": "Adds.", "input_schema": {"type": "object"}}
ROUTES = [
    ("POST", "/v1/messages"),
    ("POST", "/v1/messages/count_tokens"),
    ("GET", "/v1/models"),
    ("GET", "/v1/models/claude-haiku-4-5"),
    ("GET", "/_emulator/ledger"),
    ("GET", "/nowhere"),
    ("OPTIONS", "/v1/messages"),
]


@pytest.fixture
def http(emulator):
    with httpx.Client(base_url=emulator.url, headers=KEY | VERSION) as client:
        yield client


def error_of(response):
    """Status and error type, after checking the shape."""
    body = response.json()
    assert body["type"] == "error"
    assert body["request_id"] == response.headers["request-id"]
    return response.status_code, body["error"]["type"], body["error"]["message"]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_foreign_host_is_refused_on_every_route(http, method, path):
    """DNS rebinding: a name that merely resolves here gets nothing."""
    response = http.request(method, path, headers={"host": "evil.example"})

    assert error_of(response)[:2] == (403, "permission_error")


@pytest.mark.parametrize("headers", [{"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}])
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_web_pages_are_refused_on_every_route(http, method, path, headers):
    """A page in the user's browser gets nothing, and no CORS header."""
    response = http.request(method, path, headers=headers)

    assert error_of(response)[:2] == (403, "permission_error")
    assert not [name for name in response.headers if name.startswith("access-control")]


def test_options_allows_nothing(http):
    """A preflight finds no permission."""
    response = http.request("OPTIONS", "/v1/messages")

    assert response.status_code == 405
    assert "allow" not in response.headers


@pytest.mark.parametrize(
    ("headers", "status", "kind", "message"),
    [
        (VERSION, 401, "authentication_error", "x-api-key header is required"),
        (KEY | VERSION | {"x-api-key": "sk-ant-invalid-1"}, 401, "authentication_error", "invalid x-api-key"),
        (
            VERSION | {"authorization": "Bearer sk-ant-invalid"},
            401,
            "authentication_error",
            "Invalid bearer token",
        ),
        (
            KEY | VERSION | {"authorization": "Bearer other"},
            401,
            "authentication_error",
            "x-api-key and Authorization carry different credentials; send exactly one",
        ),
        (KEY, 400, "invalid_request_error", "anthropic-version: header is required"),
        (
            KEY | {"anthropic-version": "2024-01-01"},
            400,
            "invalid_request_error",
            'anthropic-version: "2024-01-01" is not a valid version',
        ),
        (
            KEY | {"anthropic-version": "2023-01-01"},
            400,
            "invalid_request_error",
            "anthropic-version: this emulator knows 2026-10-21 and 2023-06-01 only",
        ),
    ],
    ids=["no key", "bad key", "bad token", "two keys", "no version", "unknown version", "first version"],
)
def test_credentials_and_version_are_required(emulator, headers, status, kind, message):
    """The API's own statuses for missing and wrong headers."""
    response = httpx.post(f"{emulator.url}/v1/messages", json=BODY, headers=headers)

    assert error_of(response) == (status, kind, message)


@pytest.mark.parametrize(
    "headers",
    [KEY, {"authorization": "Bearer sk-ant-test"}, KEY | {"authorization": "Bearer sk-ant-test"}],
    ids=["x-api-key", "bearer", "the same twice"],
)
def test_either_way_of_sending_the_key_works(emulator, headers):
    """One credential, in one header or the same in both."""
    response = httpx.post(f"{emulator.url}/v1/messages", json=BODY, headers=headers | VERSION)

    assert response.status_code == 200


@pytest.mark.parametrize("version", ["2026-10-21", "2023-06-01"])
def test_sampling_parameters_depend_on_the_version(http, version):
    """Temperature is gone from the current version and lives on in the old one."""
    response = http.post(
        "/v1/messages", json=BODY | {"temperature": 0}, headers={"anthropic-version": version}
    )

    assert response.status_code == (400 if version == "2026-10-21" else 200)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "The request body is not valid JSON"),
        (b"[]", "Input should be a valid dictionary"),
        (b'{"model": 1, "max_tokens": 1, "messages": []}', "model: Input should be a valid string"),
        (
            b'{"model": "m", "max_tokens": 1, "messages": [{"content": "x"}]}',
            "messages.0.role: Field required",
        ),
        (
            b'{"model": "m", "max_tokens": 1, "messages": ["x"]}',
            "messages.0: Input should be a valid dictionary",
        ),
        (b'{"model": "m", "max_tokens": 1, "messages": "x"}', "messages: Input should be a valid list"),
        (b"\xff\xfe", "The request body is not valid JSON"),
        (b"[" * 100_000, "The request body is not valid JSON"),
    ],
    ids=["cut", "list", "types", "role", "string turn", "one string", "not UTF-8", "deep"],
)
def test_a_malformed_body_is_a_400(http, content, message):
    """The message names the first path that is wrong."""
    response = http.post("/v1/messages", content=content, headers={"content-type": "application/json"})

    status, kind, said = error_of(response)
    assert (status, kind) == (400, "invalid_request_error")
    assert said.startswith(message)


def test_a_post_that_is_not_json_by_its_header_is_refused(http):
    """A form of a web page cannot send application/json without asking first."""
    response = http.post("/v1/messages", content=b"{}", headers={"content-type": "text/plain"})

    assert error_of(response)[0] == 400


def test_compressed_bodies_are_read(http):
    """Content-Encoding gzip is undone."""
    import json

    response = http.post(
        "/v1/messages",
        content=gzip.compress(json.dumps(BODY).encode()),
        headers={"content-type": "application/json", "content-encoding": "gzip"},
    )

    assert response.status_code == 200


@pytest.mark.parametrize(
    ("encoding", "content", "status", "code"),
    [
        ("gzip", b"not gzip", 400, "request_body_encoding_invalid"),
        ("br", b"x", 400, "request_body_encoding_unsupported"),
        ("gzip", gzip.compress(b"0" * 40_000_000), 413, "request_body_too_large_after_decoding"),
    ],
    ids=["broken", "unknown", "bomb"],
)
def test_bad_encodings_carry_the_apis_codes(http, encoding, content, status, code):
    """error.details.error_code names what is wrong with the encoding."""
    headers = {"content-type": "application/json", "content-encoding": encoding}
    response = http.post("/v1/messages", content=content, headers=headers)

    assert response.status_code == status
    assert response.json()["error"]["details"] == {"error_code": code}


def test_a_body_over_32_mb_is_a_413(http):
    """Refused by its length alone, and the client still reads the answer."""
    response = http.post(
        "/v1/messages", content=b"x" * 33_600_000, headers={"content-type": "application/json"}
    )

    assert error_of(response)[:2] == (413, "request_too_large")


def test_a_body_that_hides_its_length_is_a_413_too(http):
    """Chunked bodies are counted as they come."""
    chunks = (b"x" * 1_000_000 for _ in range(36))
    response = http.post("/v1/messages", content=chunks, headers={"content-type": "application/json"})

    assert error_of(response)[:2] == (413, "request_too_large")


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/v1/nowhere", 404), ("GET", "/v1/messages", 405)]
)
def test_unknown_paths_and_methods(http, method, path, status):
    """JSON errors, as everywhere."""
    response = http.request(method, path)

    assert error_of(response)[0] == status


def test_every_reply_says_that_it_is_the_emulator(http):
    """x-workbench-emulator stands on good and bad replies, beside the API's own headers."""
    for response in (http.post("/v1/messages", json=BODY), http.get("/v1/nowhere")):
        assert response.headers["x-workbench-emulator"] == "1"
        assert response.headers["request-id"].startswith("req_")
        assert response.headers["anthropic-organization-id"]


def test_the_same_request_gets_the_same_answer(http):
    """Answers, ids and usage are a pure function of the request."""
    first, second = (http.post("/v1/messages", json=BODY).content for _ in range(2))

    assert first == second


def test_garbage_instead_of_http_gets_a_json_error(emulator):
    """Even what is no HTTP is answered in the API's shape."""
    host, port = emulator.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as line:
        line.sendall(b"\x16\x03\x01 this is not http\r\n\r\n")
        reply = line.recv(4096)

    assert b"400" in reply
    assert b'"invalid_request_error"' in reply


def test_silent_connections_do_not_hinder_others(emulator):
    """200 sockets that send half a request: an honest one is still answered."""
    host, port = emulator.url.removeprefix("http://").split(":")
    lines = [socket.create_connection((host, int(port))) for _ in range(200)]
    try:
        for line in lines:
            line.sendall(b"POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\nx-")
        begun = time.monotonic()
        response = httpx.post(f"{emulator.url}/v1/messages", json=BODY, headers=KEY | VERSION)

        assert response.status_code == 200
        assert time.monotonic() - begun < 10
    finally:
        for line in lines:
            line.close()


def test_the_ledger_counts_what_was_billed(start_emulator):
    """Requests, statuses and tokens, as the service would charge them."""
    running = start_emulator()
    with httpx.Client(base_url=running.url, headers=KEY | VERSION) as client:
        usage = client.post("/v1/messages", json=BODY).json()["usage"]
        client.post("/v1/messages", json={})
        ledger = client.get("/_emulator/ledger").json()

    assert (ledger["requests"], ledger["billed"], ledger["answered_in_full"]) == (3, 1, 1)
    assert ledger["by_status"] == {"200": 1, "400": 1}
    assert ledger["tokens"]["input_tokens"] == usage["input_tokens"]


def test_models_are_listed_in_pages(http):
    """limit, after_id and has_more walk through all models once."""
    seen, after = [], None
    while True:
        query = {"limit": 7} | ({"after_id": after} if after else {})
        page = http.get("/v1/models", params=query).json()
        seen += [model["id"] for model in page["data"]]
        after = page["last_id"]
        if not page["has_more"]:
            break

    assert len(seen) == len(set(seen)) > 14
    assert "claude-3-opus-20240229" not in seen


def test_before_id_pages_backwards(http):
    """The page before the third model ends with the second."""
    ids = [model["id"] for model in http.get("/v1/models").json()["data"]]

    page = http.get("/v1/models", params={"before_id": ids[2], "limit": 1}).json()

    assert [model["id"] for model in page["data"]] == [ids[1]]
    assert page["has_more"] is True


def test_retired_models_are_listed_where_asked_for(http):
    """lifecycle[] chooses the stages."""
    page = http.get("/v1/models", params={"lifecycle[]": "retired", "limit": 1000}).json()

    assert {model["lifecycle"] for model in page["data"]} == {"retired"}
    assert "claude-3-opus-20240229" in [model["id"] for model in page["data"]]


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "after_id=no", "lifecycle[]=old"])
def test_bad_queries_are_a_400(http, query):
    """A page that makes no sense is refused with the parameter's name."""
    status, _, message = error_of(http.get(f"/v1/models?{query}"))

    assert status == 400
    assert message.startswith(query.partition("=")[0].removesuffix("[]"))


def test_a_model_says_what_it_takes(http):
    """The Models API's shape, from the catalog."""
    model = http.get("/v1/models/claude-opus-4-8").json()

    assert model["capabilities"]["effort"]["xhigh"] == {"supported": True}
    assert model["capabilities"]["thinking"]["types"]["enabled"] == {"supported": False}


def test_count_tokens_equals_usage(http):
    """What is counted before is what is billed after."""
    counted = {name: value for name, value in BODY.items() if name != "max_tokens"}
    tokens = http.post("/v1/messages/count_tokens", json=counted).json()["input_tokens"]

    assert http.post("/v1/messages", json=BODY).json()["usage"]["input_tokens"] == tokens


def test_latency_is_kept_and_streams_are_paced(start_emulator):
    """Time to first token, then time per token."""
    running = start_emulator(latency="0.1,0.02")
    begun = time.monotonic()
    with httpx.stream(
        "POST", f"{running.url}/v1/messages", json=BODY | {"stream": True}, headers=KEY | VERSION
    ) as response:
        first = 0.0
        for line in response.iter_lines():
            first = first or (time.monotonic() - begun if line else 0.0)
    total = time.monotonic() - begun

    assert first >= 0.1
    assert total >= first + 0.2


def test_a_client_that_leaves_is_not_answered_in_full(start_emulator):
    """The ledger tells billed from answered: a cut answer was paid."""
    running = start_emulator(latency="0,0.05")
    with httpx.stream(
        "POST", f"{running.url}/v1/messages", json=BODY | {"stream": True}, headers=KEY | VERSION
    ) as response:
        next(response.iter_lines())
    deadline = time.monotonic() + 5
    while running.app.service.ledger.billed == 0 and time.monotonic() < deadline:
        pass

    assert (running.ledger()["billed"], running.ledger()["answered_in_full"]) == (1, 0)


def test_lenient_answers_what_the_api_would_refuse(start_emulator):
    """--lenient is for other tools' requests: unknown models, removed parameters."""
    running = start_emulator(lenient=True)
    body = BODY | {"model": "my-model", "temperature": 0}

    response = httpx.post(f"{running.url}/v1/messages", json=body, headers=KEY | VERSION)

    assert (response.status_code, response.json()["model"]) == (200, "my-model")


@pytest.mark.parametrize(
    ("today", "lifecycle"),
    [("2026-09-29", "active"), ("2026-09-30", "deprecated"), ("2026-11-30", "retired")],
    ids=["before", "announced", "gone"],
)
def test_a_lifecycle_is_told_by_the_day(today, lifecycle):
    """The Models API agrees with what the rulebook refuses on that day."""
    assert models_api.one("claude-sonnet-4-5", today=date.fromisoformat(today))["lifecycle"] == lifecycle


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"tools": [TOOL, TOOL]}, "tool_name_conflict"),
        (
            {
                "tools": [TOOL],
                "messages": [
                    {"role": "user", "content": "Hi"},
                    {
                        "role": "assistant",
                        "content": [{"type": "tool_use", "id": "a", "name": "t", "input": {}}],
                    },
                    {
                        "role": "user",
                        "content": [
                            {
                                "type": "tool_result",
                                "tool_use_id": "a",
                                "content": [{"type": "tool_reference", "tool_name": "other"}],
                            }
                        ],
                    },
                ],
            },
            "tool_reference_unresolved",
        ),
    ],
    ids=["names", "reference"],
)
def test_refusals_carry_the_apis_error_codes(http, fields, code):
    """Clients branch on details.error_code, not on words."""
    response = http.post("/v1/messages", json=BODY | fields)

    assert response.json()["error"]["details"] == {"error_code": code}


def thinking_turns(http, model, **changes):
    """Ask for a tool, and send its result back with the thinking block changed."""
    fields = {
        "model": model,
        "max_tokens": 4000,
        "tools": [TOOL],
        "thinking": {"type": "adaptive", "display": "summarized"},
        "messages": [{"role": "user", "content": "Call t."}],
    }
    answer = http.post("/v1/messages", json=fields).json()["content"]
    call = next(block for block in answer if block["type"] == "tool_use")
    answer[0] |= changes
    result = {"type": "tool_result", "tool_use_id": call["id"], "content": "4"}
    turns = [{"role": "assistant", "content": answer}, {"role": "user", "content": [result]}]
    return fields | {"messages": [*fields["messages"], *turns]}


def test_changed_thinking_in_the_latest_turn_is_refused(http):
    """The block must come back as it was."""
    response = http.post("/v1/messages", json=thinking_turns(http, "claude-opus-5", thinking="Other."))

    assert error_of(response) == (
        400,
        "invalid_request_error",
        (
            "messages.1.content.0: `thinking` or `redacted_thinking` blocks in the latest assistant message"
            " cannot be modified. These blocks must remain as they were in the original response."
        ),
    )


@pytest.mark.parametrize(
    "changes",
    [{}, {"thinking": ""}, {"signature": "c29tZW9uZSBlbHNl"}, {"signature": "?"}],
    ids=["as it was", "omitted", "another service's", "none"],
)
def test_thinking_that_cannot_be_judged_is_accepted(http, changes):
    """Only the signer can tell whether a block was changed; an omitted text is ignored."""
    assert http.post("/v1/messages", json=thinking_turns(http, "claude-opus-5", **changes)).status_code == 200


@pytest.mark.parametrize(
    ("name", "searches"),
    [("claude-haiku-4-5", True), ("claude-3-opus-20240229", False)],
    ids=["served", "gone"],
)
def test_every_served_model_searches_the_web(name, searches):
    """Older models too: they only lack calls from inside code."""
    tools = models_api.one(name)["capabilities"]["server_tools"]

    assert tools["web_search"] == {"supported": searches}
