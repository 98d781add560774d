"""An outage stays small: one call tries for all, the others wait, and come back a few at a time."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.faults import FaultServer, error, message
from tests.service import Service, drive, request, transport
from tests.virtual import clock, run
from workbench import sync
from workbench.errors import APIConnectionError, APIError, BadRequestError, OverloadedError
from workbench.platforms import resolve
from workbench.retry import Budget
from workbench.transport import Limits, Transport

if TYPE_CHECKING:
    from collections.abc import Callable


def storm(until: float, status: int = 529) -> Callable[[float], int | None]:
    """Return a fault that lasts so long."""
    return lambda now: status if now < until else None


def outcome(call: asyncio.Task[Any]) -> BaseException | None:
    return call.exception()


@pytest.mark.parametrize("status", [500, 502, 503, 504, 529])
def test_a_storm_from_the_start_fails_nobody(status):
    """Ten seconds, 200 calls, 20 at once: all are answered, and hardly anything is sent in vain."""
    service = Service(fault=storm(10, status), latency_s=0.3)

    failed = run(drive(transport(service), 200, concurrency=20))

    assert failed == []
    assert service.statuses[200] == 200
    assert sum(1 <= at < 10 for at in service.asked_at) <= 1.2 * 20
    assert len(service.asked_at) <= 1.2 * 200


@pytest.mark.parametrize("concurrency", [16, 50, "auto"])
def test_a_minute_of_storm_costs_little(concurrency):
    """1,000 calls, 60 seconds: at most 1.2 requests a call, all answered."""
    service = Service(fault=storm(60), latency_s=0.3)

    failed = run(drive(transport(service), 1000, concurrency=concurrency, seconds=1e6))

    assert failed == []
    assert len(service.asked_at) <= 1.2 * 1000


def test_a_storm_in_the_middle():
    """Calls that went well before do not change what happens."""
    service = Service(fault=lambda now: 529 if 3 < now < 33 else None, latency_s=0.3)

    failed = run(drive(transport(service), 600, concurrency=20, seconds=1e6))

    assert failed == []
    assert len(service.asked_at) <= 1.1 * 600


def test_no_herd_after_a_storm():
    """Two hundred waited; they come back as the service answers, not all at one moment."""
    service = Service(fault=storm(20), latency_s=0.3)

    run(drive(transport(service), 600, concurrency=200, seconds=1e6))

    after = sorted(at for at in service.asked_at if at >= 20)
    in_the_first = [sum(after[0] <= at < after[0] + window for at in after) for window in (0.2, 0.6, 1.2)]
    assert in_the_first[0] == 1
    assert in_the_first[1] <= 8
    assert in_the_first[2] <= 40


def test_one_call_tries_while_the_others_wait():
    """In the storm never more than one is on its way, and less and less often."""
    service = Service(fault=storm(60), latency_s=0.3)

    run(drive(transport(service), 50, concurrency=50, seconds=1e6))

    tries = [at for at in service.asked_at if 1 < at < 60]
    assert 4 < len(tries) < 30
    assert all(later - earlier >= 0.05 for earlier, later in pairwise(tries))
    assert tries[-1] - tries[-2] < 16


def test_a_call_alone_fails_after_its_attempts():
    """Who is alone keeps nobody back: four attempts, then the error, call after call."""
    service = Service(fault=storm(1e9))

    async def go() -> list[type[BaseException]]:
        out, kinds = transport(service), list[type[BaseException]]()
        for number in range(3):
            try:
                await out.send(request(number))
            except APIError as failed:
                kinds.append(type(failed))
        return kinds

    assert run(go()) == [OverloadedError] * 3
    assert len(service.asked_at) == 12


def test_an_outage_without_end_is_an_error_that_says_so():
    """After `outage_s` a call gives up, with its own last error."""
    service = Service(fault=storm(1e9))

    async def go() -> tuple[list[APIError], float]:
        out = transport(service, limits=Limits(outage_s=30))
        return await drive(out, 20, concurrency=20), clock()

    failed, ended = run(go())

    assert len(failed) == 20
    assert all(type(one) is OverloadedError for one in failed)
    assert any("the outage lasted" in str(one) for one in failed)
    assert 30 <= ended < 60


def test_a_call_that_was_never_sent_has_an_error_of_its_own():
    """Two errors, not one object raised twice."""
    service = Service(fault=storm(1e9))

    async def go() -> list[BaseException | None]:
        out = transport(service, limits=Limits(outage_s=30))
        first = [asyncio.create_task(out.send(request(number))) for number in range(8)]
        await asyncio.sleep(5)
        late = [asyncio.create_task(out.send(request(number))) for number in range(8, 10)]
        await asyncio.wait([*first, *late])
        return [outcome(call) for call in late]

    one, other = run(go())

    assert isinstance(one, OverloadedError)
    assert isinstance(other, OverloadedError)
    assert one is not other
    assert str(one).count("the outage lasted") == 1


def test_the_outage_uses_up_neither_budget_nor_attempts():
    """A budget for two retries, and a storm with twenty calls under way: all are answered."""
    service = Service(fault=storm(60), latency_s=0.3)

    failed = run(drive(transport(service, budget=Budget(capacity=25)), 20, concurrency=20))

    assert failed == []


def test_no_retries_means_no_waiting():
    """max_retries=0: every call is sent once, at once, and says what it got."""
    service = Service(fault=storm(1e9))

    async def go() -> tuple[list[APIError], float]:
        return await drive(transport(service, attempts=1), 30, concurrency=10), clock()

    failed, ended = run(go())

    assert (len(failed), len(service.asked_at)) == (30, 30)
    assert ended < 1


def test_a_model_that_is_overloaded_holds_no_other():
    """529 is one model's; the others go on."""
    service = Service(latency_s=0.1)
    plain = service._answer

    async def answer(body: dict[str, Any]) -> httpx.Response:
        if "opus" in body["model"]:
            return service._error(529, {})
        return await plain(body)

    service._answer = answer  # type: ignore[method-assign]

    async def go() -> float:
        out = transport(service)
        stuck = [
            asyncio.create_task(out.send(request(number, model="claude-opus-5-5"))) for number in range(10)
        ]
        await asyncio.sleep(3)
        reply = await out.send(request(99))
        for one in stuck:
            one.cancel()
        await asyncio.gather(*stuck, return_exceptions=True)
        return reply.timing.queue_s

    assert run(go()) == 0


def test_a_server_that_never_answered_fails_fast():
    """Connection refused from the start is no outage to be sat out."""

    class Nobody(httpx.AsyncBaseTransport):
        async def handle_async_request(self, asked: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("refused", request=asked)

    service: Any = Nobody()

    async def go() -> tuple[list[APIError], float]:
        return await drive(transport(service), 20, concurrency=20), clock()

    failed, ended = run(go())

    assert len(failed) == 20
    assert all(isinstance(one, APIConnectionError) for one in failed)
    assert ended < 15


def test_a_server_that_goes_away_is_waited_for():
    """One that has answered is: it restarts, and the run goes on."""
    service = Service(latency_s=0.1)
    plain = service._answer

    async def answer(body: dict[str, Any]) -> httpx.Response:
        if 2 < clock() < 40:
            raise httpx.ConnectError("refused")
        return await plain(body)

    service._answer = answer  # type: ignore[method-assign]

    failed = run(drive(transport(service), 800, concurrency=10, seconds=1e6))

    assert failed == []
    assert len(service.asked_at) < 880


def test_a_refusal_closes_it_too():
    """400 is an answer: the service is there."""
    statuses = iter([529] * 12)

    def fault(now: float) -> int | None:
        return next(statuses, 529 if now < 8 else 400)

    async def go() -> list[APIError]:
        return await drive(transport(Service(fault=fault)), 30, concurrency=10)

    failed = run(go())

    assert len(failed) == 30
    assert {type(one) for one in failed} == {BadRequestError}


def test_a_try_that_is_stopped_lets_the_next_one_try():
    """The call that tries for all is cancelled: nobody is left waiting for it."""
    service = Service(latency_s=0.2)
    plain = service._answer

    async def answer(body: dict[str, Any]) -> httpx.Response:
        if clock() < 2:
            return service._error(529, {})
        if clock() < 60 and service.asked[-1] != 7:
            await asyncio.sleep(1000)  # hangs: it will be stopped
        return await plain(body)

    service._answer = answer  # type: ignore[method-assign]

    async def go() -> int:
        out = transport(service, limits=Limits(total_s=2000))
        calls = [asyncio.create_task(out.send(request(number))) for number in range(8)]
        for _ in range(12):
            await asyncio.sleep(20)
            if (number := service.asked[-1]) != 7 and not calls[number].done():
                calls[number].cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        return sum(not call.cancelled() and call.exception() is None for call in calls)

    assert run(go()) >= 1


@pytest.mark.parametrize("seed", range(10))
def test_random_outages_leave_nothing_stuck(seed):
    """Whatever fails when, every call ends, and no pass is left out."""
    import random

    chance = random.Random(seed)
    spans = sorted(chance.uniform(0, 200) for _ in range(6))

    def fault(now: float) -> int | None:
        inside = sum(now > edge for edge in spans) % 2
        return chance.choice([529, 500, 503]) if inside and chance.random() < 0.9 else None

    service = Service(fault=fault, latency_s=0.5)

    async def go() -> tuple[list[APIError], Transport]:
        out = transport(service)
        return await drive(out, 1500, concurrency=30, seconds=1e6), out

    failed, out = run(go())

    assert service.statuses[200] + len(failed) == 1500
    assert len(failed) <= 15
    assert out.pace.waiting == 0


def test_a_real_storm_on_a_real_socket():
    """Half a second of 529 from the start, 40 calls, 20 at once: all done, few in vain."""
    with FaultServer() as server:
        server.script(*[error(529, "overloaded_error")] * 26, *[message()] * 200)

        async def go() -> list[BaseException | None]:
            out = Transport(resolve(base_url=server.url, api_key="k", environ={}), jitter=lambda: 0.05)
            try:
                calls = [asyncio.create_task(out.send(request(number))) for number in range(40)]
                await asyncio.wait(calls)
                return [outcome(call) for call in calls]
            finally:
                await out.aclose()

        began = time.monotonic()
        outcomes = sync.run(go())

    assert outcomes == [None] * 40
    assert server.hits == 66
    assert time.monotonic() - began < 20
