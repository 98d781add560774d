"""Limits are used to nearly all they allow, hardly ever run into, and shared fairly."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.service import Limit, Service, drive, request, transport
from tests.virtual import clock, run
from workbench.errors import RateLimitError
from workbench.transport import Limits
from workbench.transport.bucket import Bucket
from workbench.transport.guess import Guess
from workbench.transport.told import Told, read
from workbench.wire import Request
from workbench.wire.message import Usage

FAMILY = {
    "rpm": {"requests": Limit(600, 15)},
    "itpm": {"requests": Limit(5000, 15), "input-tokens": Limit(60_000, 15)},
    "otpm": {"requests": Limit(5000, 15), "output-tokens": Limit(30_000, 15)},
}


def fresh(kind: str, burst_s: float = 15) -> dict[str, Limit]:
    """Return full buckets."""
    return {name: Limit(limit.per_minute, burst_s) for name, limit in FAMILY[kind].items()}


# --- what it is for ----------------------------------------------------------------------------------


@pytest.mark.parametrize("late", [False, True], ids=["charged-first", "charged-last"])
@pytest.mark.parametrize("rounded", [False, True], ids=["exact", "thousands"])
@pytest.mark.parametrize("kind", list(FAMILY))
def test_a_limit_is_used_and_not_run_into(kind, rounded, late):
    """Whatever binds, however it is told and whenever output is charged."""
    service = Service(fresh(kind), rounded=rounded, late=late)

    async def go() -> float:
        assert await drive(transport(service)) == []
        return max(limit.share for limit in service.limits.values())

    assert run(go()) >= 0.97
    assert service.statuses[429] <= 0.01 * service.statuses[200]


@pytest.mark.parametrize("kind", list(FAMILY))
def test_two_processes_share_a_limit(kind, tmp_path):
    """Through a file: together they use what one would, and neither starves."""
    service = Service(fresh(kind), rounded=True)

    async def go() -> tuple[float, list[int]]:
        outs = [transport(service, shared=tmp_path / "pace") for _ in range(2)]
        assert await asyncio.gather(*map(drive, outs)) == [[], []]
        return max(limit.share for limit in service.limits.values()), [out.tally.sent for out in outs]

    share, sent = run(go())

    assert share >= 0.97
    assert service.statuses[429] <= 0.01 * service.statuses[200]
    assert min(sent) > 0.35 * sum(sent)


def test_the_burst_is_smaller_than_a_minute():
    """A bucket that holds five seconds is not taken for one that holds sixty."""
    service = Service({"requests": Limit(600, 5)})

    async def go() -> float:
        out = transport(service)
        await drive(out, seconds=10)
        await asyncio.sleep(60)
        await drive(out, seconds=clock() + 10)
        return service.limits["requests"].share

    run(go())

    assert service.statuses[429] <= 2


def test_nothing_is_held_or_counted_before_a_limit_is_told(monkeypatch):
    """A server without such headers is asked as fast as it answers, and no token is counted."""
    monkeypatch.setattr("workbench.transport.guess.count", None)
    service = Service(told=False, latency_s=1)

    async def go() -> float:
        out = transport(service)
        await asyncio.gather(*(out.send(request(i)) for i in range(100)))
        assert (out.pace.known, out.pace.held, out.pace.note) == (False, 0, "")
        return clock()

    assert run(go()) < 1.5


def test_the_note_says_what_binds():
    """In the words of the service's own limits; nothing when nobody waits."""
    service = Service(fresh("otpm"))
    notes = set()

    async def go() -> str:
        out = transport(service)
        work = asyncio.create_task(drive(out, seconds=20))
        while not work.done():
            notes.add(out.pace.note)
            await asyncio.sleep(1)
        return out.pace.note

    assert run(go()) == ""
    assert notes == {"", "limited by output tokens per minute"}


def test_first_come_first_served():
    """Calls leave in the order they asked, so that no variant is left behind."""
    service = Service({"requests": Limit(60, 4)})

    async def go() -> None:
        out = transport(service)
        await out.send(request(0))
        await asyncio.gather(*(out.send(request(number)) for number in range(1, 12)))

    run(go())

    assert service.asked == list(range(12))
    assert service.statuses == {200: 12}


def test_the_queue_is_not_latency_and_not_the_deadline():
    """A call that waits a minute for its turn has its ten seconds still, and says where the time went."""
    service = Service({"requests": Limit(30, 2)}, latency_s=0.5)

    async def go() -> list[Any]:
        out = transport(service, limits=Limits(total_s=10))
        await out.send(request(0))
        return await asyncio.gather(*(out.send(request(number)) for number in range(1, 20)))

    timings = [reply.timing for reply in run(go())]

    assert timings[-1].queue_s > 30
    assert all(timing.total_s < 1 for timing in timings)


def test_all_calls_of_a_group_wait_when_one_is_told_to():
    """A 429 holds the others back too; another group goes on."""
    refusals = iter([429])
    service = Service(told=False, fault=lambda _now: next(refusals, None))

    async def go() -> tuple[float, float]:
        out = transport(service)
        first = asyncio.create_task(out.send(request(0)))
        await asyncio.sleep(0.06)
        out.pace.gate.hold("haiku-4.5", 5.0)
        other = await out.send(request(1, model="claude-opus-5-5"))
        same = await out.send(request(2))
        await first
        return same.timing.queue_s, other.timing.queue_s

    same, other = run(go())

    assert 5 - 0.5 < same < 6
    assert other == 0


def test_a_refusal_is_believed():
    """After a 429 nobody takes what the service says is not there."""
    service = Service({"requests": Limit(60, 10)})

    async def go() -> None:
        out = transport(service)
        await out.send(request(0))
        service.limits["requests"].level = 0.0  # somebody else took it
        await asyncio.gather(*(out.send(request(number)) for number in range(1, 6)))

    run(go())

    assert service.statuses[429] <= 3


def test_no_retries_no_waiting_for_others_but_for_the_pace():
    """max_retries=0: a refusal is raised at once."""
    service = Service({"requests": Limit(60, 2)})
    service.limits["requests"].level = 0.0

    async def go() -> None:
        await transport(service, attempts=1).send(request(0))

    with pytest.raises(RateLimitError):
        run(go())
    assert service.statuses == {429: 1}


# --- its parts ---------------------------------------------------------------------------------------


def test_one_correction_is_made_once():
    """Ten answers in flight that all saw the same thing missing are one piece of news."""
    bucket = Bucket(Told(6000, 6000), None, 0.0)
    marks = [bucket.charge(1, number) for number in range(1, 11)]

    for number, mark in enumerate(marks):
        bucket.hear(Told(6000, 4999 - number), mark, under_way=0, sent=10)

    assert bucket.level == pytest.approx(4990, abs=3)


def test_too_much_is_believed_after_a_round():
    """One answer may be old; a call sent later has to say it too."""
    bucket = Bucket(Told(6000, 3000), 30.0, 0.0)
    early, late = bucket.charge(1, 1), bucket.charge(1, 2)

    bucket.hear(Told(6000, 4001), early, under_way=0, sent=1)
    before = bucket.level
    bucket.hear(Told(6000, 4001), late, under_way=0, sent=2)

    assert before == 2998
    assert bucket.level == pytest.approx(3998, abs=2)


def test_what_rounding_explains_is_no_news():
    """Tokens are told in thousands."""
    bucket = Bucket(Told(50_000, 31_000), None, 0.0)
    mark = bucket.charge(400, 1)

    bucket.hear(Told(50_000, 31_000), mark, under_way=0, sent=1)

    assert bucket.level == 30_600


def test_a_call_larger_than_the_bucket_goes_out_when_it_is_full():
    """It cannot wait for more than there can be."""
    bucket = Bucket(Told(60, 10), 0.0, 0.0)

    assert bucket.wait_s(1000) == 0.0
    bucket.charge(1000, 1)
    bucket.refill(1.0)
    assert bucket.wait_s(1) > 900


def test_fast_mode_has_limits_of_its_own():
    """The ordinary ones are left alone by it, and those of a commitment by both."""
    told = {
        f"anthropic-{family}-{kind}-{what}": value
        for family, value in (("ratelimit", "5"), ("fast", "7"), ("priority", "9"))
        for kind in ("input-tokens", "output-tokens")
        for what in ("limit", "remaining")
    }

    assert [one.limit for one in read(told) if one] == [5, 5]
    assert [one.limit for one in read(told, fast=True) if one] == [7, 7]


@pytest.mark.parametrize("bad", ["", "nan", "-5", "1e9", "٣", "9" * 40, "soon"])
def test_a_header_that_is_no_number_is_none(bad):
    """Neither held for ever nor a crash."""
    good = {f"anthropic-ratelimit-requests-{what}": "5" for what in ("limit", "remaining")}

    for what in ("limit", "remaining"):
        assert read({**good, f"anthropic-ratelimit-requests-{what}": bad})[0] is None


@pytest.mark.parametrize("told", ["0", "1"])
def test_tiny_limits_hold_nobody_for_ever(told):
    """A limit of nothing is no limit; one a minute is one a minute."""
    service = Service({"requests": Limit(60, 10)})
    headers = {f"anthropic-ratelimit-requests-{what}": told for what in ("limit", "remaining")}
    service._headers = lambda: headers  # type: ignore[method-assign]

    async def go() -> float:
        out = transport(service)
        for number in range(3):
            await out.send(request(number))
        return clock()

    assert run(go()) < 130


def test_a_free_prefix_is_not_charged():
    """Twenty thousand tokens that are read from the cache leave the input limit alone."""
    guess = Guess()
    system = [{"type": "text", "text": "x" * 80_000, "cache_control": {"type": "ephemeral"}}]
    body = {"model": "claude-haiku-4-5", "max_tokens": 9, "system": system, "messages": ["Hi"]}
    asked = Request.model_validate(body)
    read_it = Usage(input_tokens=12, cache_read_input_tokens=20_000, output_tokens=5)

    first = guess.of(asked, 80_200).need[1]
    for _ in range(20):
        guess.learn(guess.of(asked, 80_200), read_it, asked.model)

    assert first > 10_000
    assert guess.of(asked, 80_200).need[1] < 40


def test_cache_reads_count_where_the_service_counts_them():
    """One old model of them all, as the catalog says."""
    usage = Usage(input_tokens=10, cache_read_input_tokens=500, output_tokens=5)
    guess = Guess()

    def real(model: str) -> float:
        asked = Request.model_validate({"model": model, "max_tokens": 9, "messages": ["Hi"]})
        return guess.learn(guess.of(asked, 80), usage, model)[0]

    assert real("claude-haiku-4-5") == 10
    assert real("claude-3-5-haiku-20241022") == 510


def test_output_is_guessed_from_what_came():
    """And never above what the request allows."""
    guess = Guess()
    asked = request(1, max_tokens=300)

    assert guess.of(asked, 200).need[2] == 300
    for _ in range(50):
        guess.learn(guess.of(asked, 200), Usage(input_tokens=50, output_tokens=40), asked.model)
    assert guess.of(asked, 200).need[2] == pytest.approx(40, abs=1)


@pytest.mark.parametrize("kind", list(FAMILY))
def test_strangers_that_share_a_key_get_along(kind):
    """Two machines that know nothing of each other: what is left alone tells them."""
    service = Service(fresh(kind), rounded=True)

    async def go() -> tuple[list[Any], float]:
        outs = [transport(service), transport(service)]
        failed = await asyncio.gather(*map(drive, outs))
        return failed, max(limit.share for limit in service.limits.values())

    failed, share = run(go())

    assert failed == [[], []]
    assert share >= 0.95
    assert service.statuses[429] <= 0.05 * service.statuses[200]


def test_many_refusals_at_one_moment_fail_nobody():
    """Fifty calls meet a limit of five a minute before it is known: they wait, and all are answered."""
    service = Service({"requests": Limit(60, 5)})

    async def go() -> list[Any]:
        out = transport(service, limits=Limits(total_s=100))
        return await asyncio.gather(*(out.send(request(number)) for number in range(50)))

    assert len(run(go())) == 50
    assert service.statuses[429] <= 60
