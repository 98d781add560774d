"""A limit a minute as a bucket that refills continuously: our own estimate of the service's."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from workbench.transport.told import Told

_RESERVE = 0.02
"""Of the capacity, what is left alone: it tells whether somebody else draws from the same bucket."""
_MOST_RESERVE = 0.25
_SIZED = 8
"""Answers from which the capacity is worked out."""


class Mark(NamedTuple):
    """Where a bucket stood when a call was sent, its own charge taken.

    Attributes:
        level: What was left.
        shift: All corrections made so far; later ones are known by the difference.
        sent: How many calls had been sent.
    """

    level: float
    shift: float
    sent: int


class State(NamedTuple):
    """All that several processes need to know to share a bucket; times of the same clock."""

    rate: float
    cap: float
    level: float
    shift: float
    at: float


class Bucket:
    """Amounts left of one limit. Levels may be below zero: what was used and not foreseen is owed.

    Args:
        told: What the service says first.
        full_in_s: Seconds until it is full, where the service says so.
        now: Seconds of the clock used throughout.
    """

    __slots__ = ("_answers", "_least", "_reserve", "_since", "at", "cap", "level", "rate", "shift")

    def __init__(self, told: Told, full_in_s: float | None, now: float) -> None:
        self.rate = told.limit / 60.0
        self.cap = told.limit
        self.level = min(told.remaining, told.limit)
        self.shift = 0.0
        self.at = now
        self._answers = 0
        self._reserve = _RESERVE
        self._least: float | None = None
        self._since = 0
        self.size(told, full_in_s)

    @property
    def sized(self) -> bool:
        """Whether enough answers have told how much fits in."""
        return self._answers >= _SIZED

    def size(self, told: Told, full_in_s: float | None) -> None:
        """Take the limit, and work out how much fits in: less than a minute's worth, maybe."""
        rate = told.limit / 60.0
        if rate != self.rate:
            self.rate, self.cap, self._answers = rate, told.limit, 0
        if self._answers < _SIZED and full_in_s is not None:
            seen = told.remaining + max(0.0, full_in_s) * rate
            self._answers += 1
            mean = seen if self._answers == 1 else self.cap + (seen - self.cap) / self._answers
            self.cap = min(told.limit, max(mean, 1.0))
        self.cap = max(self.cap, min(told.remaining, told.limit))
        self.level = min(self.level, self.cap)

    def refill(self, now: float) -> None:
        """Add what came in since the last look."""
        if now > self.at:
            self.level = min(self.cap, self.level + (now - self.at) * self.rate)
            self.at = now

    def wait_s(self, need: float) -> float:
        """Return the seconds until *need* is there; what is larger than the bucket needs a full one."""
        reserve = self._reserve * self.cap
        return max(0.0, (min(need + reserve, self.cap) - self.level) / self.rate)

    def charge(self, amount: float, sent: int) -> Mark:
        """Take an amount for a call that goes out now."""
        self.level -= amount
        return Mark(self.level, self.shift, sent)

    def correct(self, amount: float) -> None:
        """Give back what was charged too much, or take what was charged too little."""
        self.level = min(self.cap, self.level + amount)
        self.shift += amount

    def hear(self, told: Told, mark: Mark, *, under_way: float, sent: int) -> None:
        """Compare with what the service says is left.

        It may have looked at any moment between sending and now, and may charge for an output before or
        after it is made: only what no moment and no order explains is corrected. Too little left is believed
        at once; too much only when a whole round of answers says so.

        Args:
            told: What it says.
            mark: Where the bucket stood when the call was sent.
            under_way: Charged for answers that are still being made.
            sent: Calls sent so far.
        """
        self._reserve = max(_RESERVE, self._reserve * 0.998)
        then = mark.level + self.shift - mark.shift
        low, high = min(self.level, then), max(self.level, then) + under_way
        missing = told.remaining + told.slack - low
        if missing < 0:
            self.correct(missing)
            self._least = None
            return
        extra = max(0.0, told.remaining - told.slack - high)
        if self._least is None:
            self._least, self._since = extra, sent
        self._least = min(self._least, extra)
        if mark.sent > self._since:
            if self._least > 0:
                self.correct(self._least)
            self._least = None

    def empty(self, told: Told) -> None:
        """Take a refusal for what it is: no more is left than it says, and somebody else may draw too."""
        over = self.level - told.remaining
        if over > 0:
            self.correct(-over)
            self._reserve = min(_MOST_RESERVE, self._reserve * 1.5)
        self._least = None

    # --- shared with other processes -------------------------------------------------------------------

    @property
    def state(self) -> State:
        """What others need to know."""
        return State(self.rate, self.cap, self.level, self.shift, self.at)

    @state.setter
    def state(self, state: State) -> None:
        self.rate, self.cap, self.level, self.shift, self.at = state
