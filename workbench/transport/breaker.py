"""What keeps an outage small: after some failures in a row one call tries for all, and the others wait."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.transport.failures import Failure

_FAILURES = 5
_FIRST_S = 0.5
_LONGEST_S = 8.0
_OPEN_AGAIN = 512
"""Calls side by side after which nobody is counted any more."""


class Pass(NamedTuple):
    """Leave to try while the others wait."""

    breaker: Breaker
    era: int


class Breaker:
    """Closed as long as all is well; open in an outage; then half open: one call, then two, then four.

    Args:
        clock: Seconds that only go forward.
        jitter: Returns random numbers in [0, 1).

    Attributes:
        last: The failure of the last call.
        since: When the outage began.
    """

    def __init__(self, clock: Callable[[], float], jitter: Callable[[], float]) -> None:
        self.last: Failure | None = None
        self.since = 0.0
        self._clock = clock
        self._jitter = jitter
        self._state: Literal["closed", "open", "probing", "recovering"] = "closed"
        self._failures = 0
        self._cool_s = _FIRST_S
        self._until = 0.0
        self._era = 0
        self._window = self._flying = 0
        self._changed: set[asyncio.Future[None]] = set()

    @property
    def closed(self) -> bool:
        """Whether everybody may pass."""
        return self._state == "closed"

    @property
    def all_well(self) -> bool:
        """Whether nothing has failed lately."""
        return not self._failures and self._state == "closed"

    @property
    def away(self) -> bool:
        """Whether there is an outage, as far as is known."""
        return self._state in {"open", "probing"}

    # --- before a call -------------------------------------------------------------------------------

    def wait_s(self) -> float | None:
        """Return the seconds until one may pass, 0 for now, None for: when something changes."""
        if self._state == "open":
            return max(0.0, self._until - self._clock())
        free = self._state == "closed" or (self._state == "recovering" and self._flying < self._window)
        return 0.0 if free else None

    def enter(self) -> Pass | None:
        """Pass, where `wait_s` is 0; a call that passes while others wait has to say how it ended."""
        if self._state == "closed":
            return None
        if self._state == "open":
            self._state = "probing"
        self._flying += 1
        return Pass(self, self._era)

    async def changed(self) -> None:
        """Wait until something changes."""
        future = asyncio.get_running_loop().create_future()
        self._changed.add(future)
        try:
            await future
        finally:
            self._changed.discard(future)

    # --- after it ------------------------------------------------------------------------------------

    def succeeded(self, own: Pass | None) -> None:
        """Note that a call was answered, in whatever words."""
        if self._state == "closed":
            self._failures = 0
        elif own is not None and own.era == self._era:
            if self._state == "probing":
                self._state, self._window = "recovering", 1
            self._flying -= 1
            self._window += 1
            if self._window > _OPEN_AGAIN:
                self._close()
            self._tell()

    def failed(self, own: Pass | None, failure: Failure, *, alone: bool) -> bool:
        """Note a failure of the service.

        Args:
            own: The pass the call had.
            failure: What happened.
            alone: Whether no other call is under way: then nobody is to be kept waiting.

        Returns:
            Whether it belongs to an outage that is known already: the call is not to blame for it.
        """
        self.last = failure
        if self._state == "closed":
            self._failures += 1
            if self._failures >= _FAILURES and not alone:
                self.trip(failure)
            return False
        if own is not None and own.era == self._era:
            self._cool_s = min(_LONGEST_S, self._cool_s * 2)
            self._open()
        return True

    def trip(self, failure: Failure) -> None:
        """Open, where it is not open yet."""
        if self._state == "closed":
            self.last, self.since = failure, self._clock()
            self._open()

    def ended(self, own: Pass) -> None:
        """Note that a call that had a pass ended in a way that says nothing."""
        if own.era != self._era or self._state == "closed":
            return
        self._flying -= 1
        if self._state == "probing":
            self._state, self._until = "open", self._clock()
        self._tell()

    def nobody_waits(self) -> None:
        """Close where the service answers again and everybody has passed."""
        if self._state == "recovering":
            self._close()

    def _open(self) -> None:
        self._state = "open"
        self._era += 1
        self._flying = 0
        self._until = self._clock() + self._jitter() * self._cool_s
        self._tell()

    def _close(self) -> None:
        self._state, self._failures, self._cool_s = "closed", 0, _FIRST_S
        self._era += 1
        self._flying = 0
        self._tell()

    def _tell(self) -> None:
        for future in self._changed:
            if not future.done():
                with suppress(RuntimeError):  # its loop is gone
                    future.set_result(None)
