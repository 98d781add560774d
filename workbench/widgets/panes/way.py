"""A column's call until its answer comes: what holds it up, and whether it may be charged."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from workbench.transport import Onlooker

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.widgets.panes.column import State

STALL_S: Final = 10.0
"""Seconds without an event after which a stream is called stalled; pings are none."""


class Way(Onlooker):
    """What the transport tells of one call; it lives on the package's loop.

    Args:
        clock: Seconds that only go forward.

    Attributes:
        attempts: Those that went out.
        on_wire: Whether one is on its way: the service may charge for it.
        perhaps: Those before it that may have been charged for nothing.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.attempts = 0
        self.on_wire = False
        self.perhaps = 0
        self._clock = clock
        self._held: str | None = None
        self._missed = ""
        self._next_at = 0.0
        self._since = 0.0
        self._begun = False

    @property
    def free(self) -> bool:
        """Whether nothing was sent that may have been charged."""
        return not self.on_wire and not self.perhaps

    # --- what the transport tells --------------------------------------------------------------------

    def sends(self) -> None:
        """Take that an attempt goes out."""
        self.attempts += 1
        self.on_wire, self._held, self._missed = True, None, ""
        self._since = self._clock()

    def waits(self) -> None:
        """Take that nothing is on its way."""
        self.on_wire = self._begun = False

    def began(self) -> None:
        """Take that the answer has begun: of a later attempt it is not told again."""
        self._begun, self._since = True, self._clock()

    def lost(self) -> bool:
        """Count what may have been charged for nothing."""
        self.perhaps += 1
        return True

    def held(self, why: str) -> None:
        """Take what holds calls of this model back."""
        self._held = why

    def missed(self, said: str, wait_s: float) -> None:
        """Take why an attempt failed, and when the next one is due."""
        self.on_wire = self._begun = False
        self._missed, self._next_at = said, self._clock() + wait_s

    # --- in words ------------------------------------------------------------------------------------

    def stands(self) -> tuple[State, str]:
        """Return how the call stands while nothing of its answer has come, and why."""
        if self.on_wire:
            return self._sent()
        if self._missed:
            why = f"attempt {self.attempts} failed: {self._missed}"
            return "retrying", f"attempt {self.attempts + 1} {self._due()}; {why}"
        if self._held:
            return "limited", self._held
        return "queued", "" if self._held is None else "waiting for its turn"

    def _sent(self) -> tuple[State, str]:
        quiet_s = self._clock() - self._since
        if self._begun and quiet_s >= STALL_S:
            return "stalled", silence(quiet_s)
        what = "the answer has begun" if self._begun else "waiting for the first token"
        nth = f"attempt {self.attempts}; " if self.attempts > 1 else ""
        return "sent", f"{nth}{what}{f'; {silence(quiet_s)}' if quiet_s >= STALL_S else ''}"

    def _due(self) -> str:
        left_s = math.ceil(self._next_at - self._clock())
        if left_s > 0:
            return f"in about {left_s} s"
        return f"follows when it may: {self._held}" if self._held else "follows now"


def silence(seconds: float) -> str:
    """Return how long nothing has come.

    >>> silence(12.7)
    'nothing has come for 12 s'
    """
    return f"nothing has come for {math.floor(seconds)} s"
