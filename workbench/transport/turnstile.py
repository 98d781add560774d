"""A few answers at a time: what they lead to goes out before the next ones are worked on."""

from __future__ import annotations

import asyncio
from collections import deque

AT_ONCE = 6


class Turnstile:
    """Lets a few tasks pass in each round of the event loop.

    Answers that come together would be worked on together, and only then would the first of the next
    requests be written: aiohttp hands its writing to the loop (before Python 3.12). All calls would go out in
    step, and the connection would be idle while the processor works, and the other way round.

    Args:
        at_once: Tasks that pass in one round.
    """

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._passed = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> None:
        """Pass, or wait for a later round."""
        loop = asyncio.get_running_loop()
        if not self._passed:
            loop.call_soon(self._next, loop)
        if self._passed < self._at_once and not self._waiting:
            self._passed += 1
            return
        turn = loop.create_future()
        self._waiting.append(turn)
        await turn

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        self._passed = 0
        while self._waiting and self._passed < self._at_once:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                self._passed += 1
        if self._passed:
            loop.call_soon(self._next, loop)
