"""How many calls may be in flight: a number as given, or as many as help.

``"auto"`` climbs: it doubles from 8 as long as a round of answers comes faster for it, and goes back where it
does not (a local server with one slot gets no faster by being asked more at once). Trouble halves it. Where
the pace holds calls back, more of them would only wait, and it stays.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Literal, Protocol

from workbench.errors import APIConnectionError, InternalServerError, RateLimitError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.errors import APIError
    from workbench.reply import Reply

FIRST = 8
TOP = 256
TOP_UNKNOWN = 64
"""The most while the service has not told its limits: it may be a small server of one's own."""

_ROUND_S = 0.1
_ROUND_ANSWERS = 16
_REST_ROUNDS = 10
_TROUBLED = 0.1
_CALM_S = 1.0


class Pacing(Protocol):
    """What a pace tells about itself; `Transport.pace` is one."""

    @property
    def known(self) -> bool:
        """Whether the service has told its limits."""

    @property
    def held(self) -> int:
        """Calls held back so far."""

    @property
    def note(self) -> str:
        """What holds calls back now, in a few words; empty where nothing does."""


class Climb:
    """Looks for the fewest calls in flight at which the most answers come; no clock, no tasks.

    >>> climb = Climb()
    >>> [climb.measured(rate, top=64) for rate in (8, 16, 32)]  # twice the calls, twice the answers
    [16, 32, 64]
    >>> one_slot = Climb()
    >>> [one_slot.measured(1.0, top=64) for _ in range(5)]  # never any faster
    [16, 4, 2, 1, 1]
    """

    def __init__(self, limit: int = FIRST) -> None:
        self.limit = limit
        self._before: tuple[int, float] | None = None
        self._going: Literal["up", "down", "rest"] = "up"
        self._rest = 0
        self._gently = False

    def measured(self, rate: float, *, top: int) -> int:
        """Take the answers a second of a round with all slots used; return the limit of the next."""
        if self._going == "rest":
            self._rest -= 1
            if self._rest > 0:
                return self.limit
            self._going, self._before = "up", None
        if self._going == "up":
            self._climb(rate, top)
        else:
            self._descend(rate)
        return self.limit

    def halve(self) -> None:
        """Make way for a service in trouble, and come back with more care."""
        self.limit = max(1, self.limit // 2)
        self._going, self._before, self._gently = "up", None, True

    def _climb(self, rate: float, top: int) -> None:
        if self._before is not None:
            before, slower = self._before
            if rate < slower * (1 + 0.25 * (self.limit / before - 1)):
                self.limit = max(1, before // 2)
                self._going = "down" if before > 1 else "rest"
                self._rest = _REST_ROUNDS
                return
        self._before = (self.limit, rate)
        step = max(1, self.limit // 4) if self._gently else self.limit
        grown = min(top, self.limit + step)
        if grown <= self.limit:
            self._settle(self.limit)
        self.limit = max(grown, self.limit)

    def _descend(self, rate: float) -> None:
        before, faster = self._before or (self.limit, rate)
        if rate < 0.9 * faster:
            self._settle(before)
        elif self.limit == 1:
            self._settle(1)
        else:
            self._before = (self.limit, max(rate, faster))
            self.limit //= 2

    def _settle(self, limit: int) -> None:
        self.limit = limit
        self._going, self._rest = "rest", _REST_ROUNDS


class Slots:
    """Places for calls in flight.

    Args:
        concurrency: Exactly so many, or ``"auto"``.
        pacing: Returns what is known of the pace of the service, or None.
        clock: Seconds that only go forward.

    Attributes:
        most: Tasks worth starting.
        in_flight: Places taken.
    """

    def __init__(
        self,
        concurrency: int | Literal["auto"],
        *,
        pacing: Callable[[], Pacing | None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if concurrency != "auto" and (
            not isinstance(concurrency, int) or isinstance(concurrency, bool) or concurrency < 1
        ):
            raise UsageError(f'concurrency is a number from 1, or "auto", not {concurrency!r}')
        self.most = TOP if concurrency == "auto" else concurrency
        self.in_flight = 0
        self._fixed = None if concurrency == "auto" else concurrency
        self._climb = Climb()
        self._pacing = pacing
        self._clock = clock
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._halved_at = -_CALM_S
        self._begin_round()

    @property
    def limit(self) -> int:
        """Calls in flight allowed now."""
        return self._climb.limit if self._fixed is None else self._fixed

    async def take(self) -> None:
        """Wait for a place; whoever came first gets it first."""
        if self.in_flight < self.limit and not self._waiting:
            self.in_flight += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._wanted = True
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it had got its place just before
                self.in_flight -= 1
                self._admit()
            raise

    def give(self, reply: Reply | None = None, error: APIError | None = None) -> None:
        """Give a place back, and learn from what came of the call; with neither there is nothing to learn."""
        self.in_flight -= 1
        if self._fixed is None:
            live = reply is not None and not reply.cached
            if error is not None or live:
                again = reply is not None and reply.timing.attempts > 1
                self._learn(troubled=again or _trouble(error))
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self.in_flight < self.limit:
            turn = self._waiting.popleft()
            if not turn.done():
                self.in_flight += 1
                turn.set_result(None)

    # --- learning ------------------------------------------------------------------------------------

    def _learn(self, *, troubled: bool) -> None:
        now = self._clock()
        self._seen += 1
        self._troubled += troubled
        if troubled and self._troubled >= _TROUBLED * self._seen:
            if now - self._halved_at >= _CALM_S:
                self._halved_at = now
                self._climb.halve()
                self._begin_round()
            return
        if self._seen <= self._skip:  # asked before the round began
            self._since = now
            return
        answers = self._seen - self._skip
        spent = now - self._since
        if answers >= max(self.limit, _ROUND_ANSWERS // 2) and (spent >= _ROUND_S or answers >= TOP):
            self._end_round(answers / max(spent, 1e-6))

    def _end_round(self, rate: float) -> None:
        pacing = self._pacing()
        held = pacing is not None and pacing.held != self._held
        if self._wanted and not held:
            self._climb.measured(rate, top=TOP if pacing is not None and pacing.known else TOP_UNKNOWN)
        self._begin_round()

    def _begin_round(self) -> None:
        pacing = self._pacing()
        self._held = pacing.held if pacing is not None else 0
        self._seen = self._troubled = 0
        self._skip = self.in_flight
        self._since = self._clock()
        self._wanted = bool(self._waiting)


def _trouble(error: APIError | None) -> bool:
    """Tell whether an error means that the service has too much to do."""
    return isinstance(error, RateLimitError | InternalServerError | APIConnectionError)
