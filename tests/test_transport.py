"""A plain answer and a plain refusal, and what of a call is kept, logged and hidden."""

from __future__ import annotations

import asyncio
import json
import logging
import resource
import time

import pytest

from tests import faults
from tests.faults import KEY, FaultServer, error, http, message, say
from tests.sending import REQUEST, caught, send, transport
from workbench import sync
from workbench.errors import (
    APIConnectionError,
    AuthenticationError,
    BadRequestError,
    PermissionDeniedError,
    RedirectError,
)
from workbench.transport import Limits

server = faults.server


# --- plain answers -----------------------------------------------------------------------------------


def test_an_answer_becomes_a_reply(server):
    """Message, request id, timing and origin are all there."""
    reply = send(server, http(faults.MESSAGE))

    assert (reply.text, reply.request_id, reply.timing.attempts) == ("Hello.", "req_test", 1)
    assert reply.origin == f"url:{server.url}"
    assert reply.timing.total_s > 0
    assert reply.timing.ttft_s is None


def test_the_request_carries_key_version_and_agent(server):
    """The key is in its header only; the body is the request's JSON."""
    send(server, http(faults.MESSAGE))

    head, body = server.requests[0]
    assert f"x-api-key: {KEY}" in head
    assert "anthropic-version: 2026-10-21" in head
    assert "user-agent: claude-workbench/" in head.lower()
    assert "authorization" not in head.lower()
    assert json.loads(body) == REQUEST.wire()


def test_401_says_what_to_check(server):
    """The cure stands in the message."""
    assert "ANTHROPIC_API_KEY" in str(caught(AuthenticationError, server, error(401, "authentication_error")))
    caught(PermissionDeniedError, server, error(403, "permission_error"))


def test_early_hints_are_read_over(server):
    """103 before 200."""
    hints = b"HTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n"

    assert send(server, hints + message()).text == "Hello."


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_never_followed(server, status):
    """The sink gets nothing; the error names its host."""
    with FaultServer() as sink:
        place = {"location": f"{sink.url}/v1/messages"}

        failed = caught(RedirectError, server, http(b"", status, place))

        assert "127.0.0.1" in str(failed)
        assert (sink.hits, server.hits) == (0, 1)


def test_a_dead_server_is_named_with_its_cure():
    """Connection refused: where, how often, what to do."""
    with FaultServer() as gone:
        url = gone.url
    gone.url = url

    failed = caught(APIConnectionError, gone)

    assert str(failed).startswith(f"cannot reach {url} (connection refused after 4 tries in 0 s)")
    assert "workbench serve" in str(failed)


def test_a_header_bomb_is_refused(server):
    """20,000 header lines: a typed error, and little memory."""
    lines = b"".join(b"x-%d: y\r\n" % i for i in range(20_000))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    caught(APIConnectionError, server, *[say(b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n", then="close")] * 4)

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024


# --- what is kept, what is hidden --------------------------------------------------------------------


def test_rate_limit_headers_are_kept_by_pattern(server):
    """Also those of priority and fast mode; nothing else."""
    headers = {
        "anthropic-ratelimit-requests-remaining": "7",
        "anthropic-fast-input-tokens-limit": "9",
        "x-y": "z",
    }
    server.script(http(faults.MESSAGE, headers=headers))

    async def go() -> dict[str, dict[str, str]]:
        out = transport(server)
        await out.send(REQUEST)
        await out.aclose()
        return out.rate_limits

    assert sync.run(go()) == {
        "claude-haiku-4-5": {
            "anthropic-ratelimit-requests-remaining": "7",
            "anthropic-fast-input-tokens-limit": "9",
        }
    }


def test_an_emulator_is_known_by_its_header(server):
    """Its replies are kept under one origin, whatever its port."""
    assert send(server, http(faults.MESSAGE, headers={"x-workbench-emulator": "1"})).origin == "emulator"


def test_one_line_is_logged_and_no_body_or_key(server, caplog):
    """Model, status, tokens, seconds, request id."""
    caplog.set_level(logging.DEBUG)

    send(server, error(529), http(faults.MESSAGE))

    lines = [record.getMessage() for record in caplog.records if record.name == "workbench"]
    assert "claude-haiku-4-5 · 200 · in 3 out 2" in lines[-1]
    assert "attempt 1 failed" in lines[0]
    everything = "\n".join(record.getMessage() for record in caplog.records)
    assert KEY not in everything
    assert "Hello." not in everything


def test_an_error_that_echoes_the_key_does_not_show_it(server):
    """Scrubbed where it enters, escapes made visible."""
    body = {"type": "error", "error": {"type": "invalid_request_error", "message": f"bad \x1b[31m {KEY}"}}

    failed = caught(BadRequestError, server, http(body, 400))

    assert KEY not in str(failed) + repr(failed)
    assert "\x1b" not in str(failed)


def test_no_frame_of_an_error_holds_the_key():
    """Tracebacks with locals are shown in notebooks: ours hold no header."""
    with FaultServer() as gone:
        pass
    gone.otherwise = b""

    with pytest.raises(APIConnectionError) as info:
        send(gone)

    shown: list[str] = []
    seen: BaseException | None = info.value
    while seen is not None:
        trace = seen.__traceback__
        while trace is not None:
            frame = trace.tb_frame
            if "/tests/" not in frame.f_code.co_filename:
                shown += [repr(value) for value in frame.f_locals.values()]
            trace = trace.tb_next
        seen = seen.__cause__ or seen.__context__
    assert KEY not in "\n".join(shown)


def test_cancelling_stops_at_once(server):
    """A notebook's Stop works while the server is silent."""
    server.script(say(b"", then="hang"))

    async def go() -> float:
        out = transport(server, limits=Limits())
        task = asyncio.create_task(out.send(REQUEST))
        await asyncio.sleep(0.1)
        began = time.monotonic()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await out.aclose()
        return time.monotonic() - began

    assert sync.run(go()) < 1


def test_a_call_that_was_stopped_is_perhaps_paid(server):
    """The request had left; nobody knows what became of it."""
    server.script(say(b"", then="hang"))

    async def go() -> int:
        out = transport(server, limits=Limits())
        task = asyncio.create_task(out.send(REQUEST))
        while not server.hits:  # noqa: ASYNC110 - the server knows no events
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await out.aclose()
        return out.tally.perhaps_paid

    assert sync.run(go()) == 1


def test_many_at_once_share_connections(server):
    """50 in flight, all answered."""
    server.script()

    async def go() -> int:
        out = transport(server)
        replies = await asyncio.gather(*(out.send(REQUEST) for _ in range(50)))
        await out.aclose()
        return len(replies)

    assert sync.run(go()) == 50
