"""What is asked again and what is not, how long is waited, and where patience ends."""

from __future__ import annotations

import asyncio
import time
from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest

from tests import faults
from tests.faults import KEY, drip, error, http, message, say
from tests.sending import REQUEST, caught, send, transport
from workbench import sync
from workbench.errors import APIStatusError, APITimeoutError, OverloadedError, RateLimitError
from workbench.platforms import resolve
from workbench.retry import Budget
from workbench.transport import Limits, Transport
from workbench.transport.limits import Gate

if TYPE_CHECKING:
    from workbench.reply import Reply

server = faults.server


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_a_passing_trouble_is_retried(server, status):
    """The SDK's list of statuses, tried again until it works."""
    assert send(server, error(status), error(status)).timing.attempts == 3


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422])
def test_a_refusal_is_not_retried(server, status):
    """What is wrong stays wrong: one request, one error."""
    with pytest.raises(APIStatusError) as info:
        send(server, error(status, "invalid_request_error"))

    assert (info.value.status, info.value.request_id, server.hits) == (status, "req_test", 1)
    assert info.value.type == "invalid_request_error"


def test_four_attempts_and_no_more(server):
    """The error says how often it was tried."""
    failed = caught(OverloadedError, server, *[error(529, "overloaded_error")] * 9)

    assert server.hits == 4
    assert "after 4 tries" in str(failed)


@pytest.mark.parametrize(
    ("status", "word", "hits"),
    [(400, "true", 2), (500, "false", 1), (401, "true", 1), (403, "true", 1)],
    ids=["400-yes", "500-no", "401-never", "403-never"],
)
def test_x_should_retry_goes_before_the_status(server, status, word, hits):
    """Except where a key is wrong: that is never tried again."""
    server.script(error(status, x_should_retry=word))
    if hits == 2:
        send(server, error(status, x_should_retry=word))
    else:
        with pytest.raises(APIStatusError):
            send(server, error(status, x_should_retry=word))

    assert server.hits == hits


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"retry_after": "1"}, 1.0, 2.0),
        ({"retry_after_ms": "200"}, 0.2, 0.4),
        (
            {"retry_after": formatdate(1795341602, usegmt=True), "date": formatdate(1795341600, usegmt=True)},
            2,
            3,
        ),
        ({"retry_after": "nan"}, 0.0, 0.5),
        ({"retry_after": "-5"}, 0.0, 0.5),
        ({"retry_after": "soon"}, 0.0, 0.5),
        ({"retry_after": "1e999"}, 0.0, 0.5),
        ({"retry_after": ""}, 0.0, 0.5),
    ],
    ids=["seconds", "ms", "date", "nan", "negative", "text", "1e999", "empty"],
)
def test_the_wait_asked_for_is_the_wait(server, headers, least, most):
    """Garbage is no answer; a date counts from the server's own clock."""
    waits: list[float] = []

    send(server, error(429, **headers), waits=waits)

    assert least <= waits[0] <= most


def test_too_long_a_wait_is_an_error_that_names_it(server):
    """86,400 seconds are not slept."""
    failed = caught(RateLimitError, server, error(429, "rate_limit_error", retry_after="86400"))

    assert "86,400 s" in str(failed)
    assert failed.retry_after_s == 86400
    assert server.hits == 1


def test_a_spend_limit_is_not_retried(server):
    """The tier's cap lifts next month, not in eight seconds."""
    body = {"type": "error", "error": {"type": "rate_limit_error", "message": "cap"}}
    body["error"]["details"] = {"error_code": "enforced_spend_limit_reached"}  # type: ignore[index]

    failed = caught(RateLimitError, server, http(body, 429))

    assert (failed.error_code, server.hits) == ("enforced_spend_limit_reached", 1)


def test_retries_share_a_budget(server):
    """When it is used up, the next failure is final."""
    failed = caught(OverloadedError, server, *[error(529)] * 9, budget=Budget(capacity=5))

    assert server.hits == 2
    assert "too many calls have failed of late: wait a moment or lower the concurrency" in str(failed)


def test_a_wait_holds_back_every_task(server):
    """A 429 with retry-after stops the others of that model too, each for its own jittered time."""
    clock, waits = [100.0], list[float]()

    async def pause(seconds: float) -> None:
        waits.append(seconds)
        clock[0] += seconds

    gate = Gate(pause, lambda: clock[0])
    gate.hold("claude-haiku-4-5", 2.0)

    waited = sync.run(gate.enter("claude-haiku-4-5", lambda: 0.25))

    assert waits == [2.25]
    assert waited == 2.25
    assert sync.run(gate.enter("claude-opus-5", lambda: 0.25)) == 0


@pytest.mark.parametrize(
    "act",
    [say(b"", then="reset"), say(b"", then="close")],
    ids=["reset_before_response", "close_no_response"],
)
def test_a_broken_connection_is_retried(server, act):
    """And the attempt is counted as perhaps paid."""

    async def go() -> tuple[Reply, int]:
        out = transport(server)
        try:
            return await out.send(REQUEST), out.tally.perhaps_paid
        finally:
            await out.aclose()

    server.script(act)
    reply, perhaps_paid = sync.run(go())

    assert (reply.timing.attempts, perhaps_paid) == (2, 1)


def test_silence_is_a_timeout(server):
    """hang_no_response: the idle timeout, tried again, then typed."""
    failed = caught(APITimeoutError, server, *[say(b"", then="hang")] * 4)

    assert "0.3 s" in str(failed)
    assert server.hits == 4


def test_a_drip_meets_the_deadline(server):
    """drip_forever: bytes come, the answer does not; the total deadline fires."""
    limits = Limits(idle_s=5, total_s=0.6)
    began = time.monotonic()

    failed = caught(APITimeoutError, server, drip(http(b" " * 9999)), limits=limits)

    assert 0.5 < time.monotonic() - began < 4
    assert "within 0.6 s" in str(failed)


def test_a_slow_answer_is_an_answer(server):
    """slow_first_byte and drip, as long as bytes keep coming."""
    assert send(server, drip(message(), every_s=0.001, size=4)).text == "Hello."


def test_time_that_runs_out_between_two_attempts_makes_nothing_perhaps_paid(server):
    """Only a request on its way may be charged for."""
    server.script(error(529, "overloaded_error"))

    async def pause(seconds: float) -> None:
        await asyncio.Event().wait()

    async def go() -> int:
        endpoint = resolve(base_url=server.url, api_key=KEY, environ={})
        out = Transport(endpoint, limits=Limits(total_s=0.2), pause=pause)
        with pytest.raises(APITimeoutError, match="overloaded"):
            await out.send(REQUEST)
        await out.aclose()
        return out.tally.perhaps_paid

    assert sync.run(go()) == 0
