"""A turn at a question, where several processes may want to ask the same one."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from workbench.cache import Flights
    from workbench.reply import Reply

FIRST_WAIT_S: Final = 0.01
LONGEST_WAIT_S: Final = 0.25
"""How long to wait before looking again, at first and in the end."""


async def in_turn(
    flights: Flights, key: str, look: Callable[[], Reply | None], ask: Callable[[], Awaitable[Reply]]
) -> Reply:
    """Ask, unless somebody else is asking the same: then wait for that answer.

    Where the one who asked failed or died, the next one asks.

    Args:
        flights: What is being asked.
        key: The question's.
        look: Returns the answer once it is kept, or None.
        ask: Asks, and keeps the answer.

    Returns:
        The answer; waiting for somebody else's is queue time.
    """
    began, wait_s = time.perf_counter(), FIRST_WAIT_S
    while not flights.take(key):
        await asyncio.sleep(wait_s)
        if (found := look()) is not None:
            return _queued(found, time.perf_counter() - began)
        wait_s = min(2 * wait_s, LONGEST_WAIT_S)
    try:
        found = look()  # it may have been answered between the caller's look and this turn
        return found if found is not None else await ask()
    finally:
        flights.release(key)


def _queued(reply: Reply, seconds: float) -> Reply:
    return replace(reply, timing=replace(reply.timing, queue_s=seconds))
