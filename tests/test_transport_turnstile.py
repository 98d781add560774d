"""The turnstile: a few answers in each round of the loop, all of them in the end, in order."""

from __future__ import annotations

import asyncio

from workbench.transport.turnstile import Turnstile


async def rounds(tasks: int, at_once: int) -> list[list[int]]:
    """Let so many tasks enter at one moment; return who passed in which round of the loop."""
    turnstile, passed = Turnstile(at_once), list[list[int]]()

    async def enter(number: int) -> None:
        await turnstile.enter()
        passed[-1].append(number)

    waiting = [asyncio.ensure_future(enter(number)) for number in range(tasks)]
    while not all(task.done() for task in waiting):
        passed.append([])
        await asyncio.sleep(0)
    return [each for each in passed if each]


def test_a_few_pass_in_a_round_and_all_in_order():
    """Ten answers, four at once."""
    assert asyncio.run(rounds(10, 4)) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_one_alone_waits_for_nobody():
    """No round is lost."""
    assert asyncio.run(rounds(1, 4)) == [[0]]


def test_one_that_is_cancelled_holds_nobody_up():
    """Its turn goes to the next."""

    async def go() -> bool:
        turnstile = Turnstile(1)
        await turnstile.enter()
        given_up = asyncio.ensure_future(turnstile.enter())
        last = asyncio.ensure_future(turnstile.enter())
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.wait_for(last, 1)
        return last.done()

    assert asyncio.run(go())
