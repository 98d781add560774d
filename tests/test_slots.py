"""An integer is that many; "auto" climbs while it helps, makes way in trouble, and never exceeds its top."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from typing import Any

import pytest

from tests.virtual import clock, run
from workbench.errors import APITimeoutError, BadRequestError, OverloadedError, RateLimitError, UsageError
from workbench.reply import Reply, Timing
from workbench.runner.slots import TOP, TOP_UNKNOWN, Slots
from workbench.wire import Message, Request

REQUEST = Request.model_validate({"model": "claude-haiku-4-5", "max_tokens": 9, "messages": ["Hi"]})
MESSAGE = Message.model_validate(
    {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-4-5",
        "content": [],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 3, "output_tokens": 2},
    }
)
GOOD = Reply(REQUEST, MESSAGE)
RETRIED = Reply(REQUEST, MESSAGE, Timing(attempts=2))
STORED = Reply(REQUEST, MESSAGE, source="store")
BUSY = OverloadedError("busy", status=529)


@dataclass
class Paced:
    known: bool = True
    held: int = 0
    note: str = ""


async def work(slots: Slots, calls: int, serve: Any, seen: list[int] | None = None) -> None:
    """Answer so many calls through *slots*, each by *serve*."""
    left = iter(range(calls))

    async def worker() -> None:
        for _ in left:
            await slots.take()
            if seen is not None:
                seen.append(slots.in_flight)
            await serve()
            slots.give(GOOD)

    await asyncio.gather(*(worker() for _ in range(min(calls, slots.most))))


@pytest.mark.parametrize("number", [1, 3, 50])
def test_an_integer_is_an_integer(number):
    """All of them are used, never one more, whatever happens."""
    slots, seen = Slots(number, clock=clock), list[int]()

    async def serve() -> None:
        await asyncio.sleep(0.1)

    run(work(slots, 200, serve, seen))

    assert (max(seen), slots.limit, slots.most, slots.in_flight) == (number, number, number, 0)


@pytest.mark.parametrize("bad", [0, -1, True, 2.5, "many", None])
def test_what_is_no_number_is_refused(bad):
    """With its cure."""
    with pytest.raises(UsageError, match="auto"):
        Slots(bad)


@pytest.mark.parametrize(
    ("paced", "top"), [(Paced(), TOP), (Paced(known=False), TOP_UNKNOWN), (None, TOP_UNKNOWN)]
)
def test_it_climbs_to_the_top_of_what_is_known(paced, top):
    """A service of any width: 256, or 64 as long as its limits are not known."""
    slots, seen = Slots("auto", pacing=lambda: paced, clock=clock), list[int]()

    async def serve() -> None:
        await asyncio.sleep(1.0)

    run(work(slots, 4000, serve, seen))

    assert seen[:8] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert max(seen) == top


def test_a_narrow_server_is_not_flooded():
    """One slot, every call a second: in the long run hardly more than one is asked for at once."""
    slots, seen, slot = Slots("auto", clock=clock), list[int](), asyncio.Lock()

    async def serve() -> None:
        async with slot:
            await asyncio.sleep(1.0)

    run(work(slots, 600, serve, seen))

    assert max(seen) <= 16
    assert sum(seen[200:]) / len(seen[200:]) < 3


def test_it_finds_the_width_of_a_server():
    """Twenty at a time: the server is kept busy."""
    slots, places = Slots("auto", clock=clock), asyncio.Semaphore(20)

    async def go() -> float:
        began = clock()

        async def serve() -> None:
            async with places:
                await asyncio.sleep(0.2)

        await work(slots, 3000, serve)
        return clock() - began

    assert run(go()) < 3000 / 20 * 0.2 * 1.25


def test_it_stays_where_the_pace_holds_calls_back():
    """More of them would only wait."""
    paced = Paced()
    slots, seen = Slots("auto", pacing=lambda: paced, clock=clock), list[int]()

    async def serve() -> None:
        paced.held += 1
        await asyncio.sleep(0.5)

    run(work(slots, 1000, serve, seen))

    assert max(seen) == 8


@pytest.mark.parametrize(
    ("reply", "error", "after"),
    [
        (None, BUSY, 4),
        (None, RateLimitError("slow", status=429), 4),
        (None, APITimeoutError("late"), 4),
        (RETRIED, None, 4),
        (None, BadRequestError("bad", status=400), 8),
        (STORED, None, 8),
        (None, None, 8),
    ],
    ids=["529", "429", "timeout", "retried", "400", "stored", "nothing"],
)
def test_trouble_halves(reply, error, after):
    """Only trouble of the service: a bad request says nothing about its width."""
    slots = Slots("auto", clock=lambda: 0.0)
    slots.in_flight = 1

    slots.give(reply, error)

    assert slots.limit == after


def test_it_is_halved_once_a_second_and_never_to_nothing():
    """Eight calls that fail at one moment are one trouble."""
    now = [0.0]
    slots = Slots("auto", clock=lambda: now[0])
    limits = []
    for second in range(6):
        now[0] = float(second)
        for _ in range(8):
            slots.in_flight += 1
            slots.give(error=BUSY)
        limits.append(slots.limit)

    assert limits == [4, 2, 1, 1, 1, 1]


def test_a_rare_fault_does_not_halve():
    """One in a hundred is no sign of too much."""
    slots, seen, chance = Slots("auto", clock=clock), list[int](), random.Random(4)

    async def go() -> None:
        left = iter(range(4000))

        async def worker() -> None:
            for _ in left:
                await slots.take()
                seen.append(slots.in_flight)
                await asyncio.sleep(0.5)
                slots.give(*((None, BUSY) if chance.random() < 0.01 else (GOOD, None)))

        await asyncio.gather(*(worker() for _ in range(slots.most)))

    run(go())

    assert sum(seen[2000:]) / len(seen[2000:]) > 24


def test_a_cancelled_task_leaves_no_hole():
    """Whoever gives up its place in the queue, or just got one, blocks nobody."""

    async def go() -> tuple[int, bool]:
        slots = Slots(1)
        await slots.take()
        waiting = [asyncio.create_task(slots.take()) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        slots.give()
        waiting[1].cancel()  # its place was just given to it
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return slots.in_flight, waiting[2].done()

    assert asyncio.run(go()) == (1, True)


@pytest.mark.parametrize("seed", range(20))
def test_the_limit_keeps_its_bounds(seed):
    """Whatever comes back in whatever order: between 1 and 256, and no more in flight than was allowed."""
    chance, now = random.Random(seed), [0.0]
    slots = Slots("auto", pacing=lambda: Paced(held=chance.randrange(2)), clock=lambda: now[0])

    async def go() -> None:
        for _ in range(3000):
            now[0] += chance.expovariate(20)
            if slots.in_flight < slots.limit and chance.random() < 0.6:
                await slots.take()
                assert slots.in_flight <= slots.limit
            elif slots.in_flight:
                slots.give(
                    *chance.choice([(GOOD, None), (GOOD, None), (STORED, None), (None, BUSY), (None, None)])
                )
            assert 1 <= slots.limit <= TOP

    asyncio.run(go())
