"""The trials that are still to come, a little way ahead: who else will read a prefix."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING

from workbench.runner.prefixes import readable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from workbench.evaluation import Trial
    from workbench.wire import Request

LOOK = 128
"""How many trials are looked ahead: who comes later than these comes too late to pay for keeping warm."""


class Ahead:
    """Hands out trials, and knows what those that are not sent yet will read.

    Nothing is reckoned before it is asked for: a run whose prefixes never grow old pays nothing for it.

    Args:
        as_sent: Makes of a trial's request what is sent: it may add breakpoints.
    """

    def __init__(self, as_sent: Callable[[Request], Request] | None = None) -> None:
        self._source: Iterator[Trial] = iter(())
        self._as_sent = as_sent or (lambda request: request)
        self._next: deque[Trial] = deque()
        self._open: dict[int, Trial] = {}
        self._keys: dict[int, frozenset[str]] = {}
        self._count = Counter[str]()

    def fill(self, trials: Iterable[Trial]) -> None:
        """Take the trials, in the order in which they are asked; before that nobody is to come."""
        self._source = iter(trials)

    def __iter__(self) -> Iterator[Trial]:
        return self

    def __next__(self) -> Trial:
        """Hand out the next trial; until it is `gone` it counts as still to come."""
        trial = self._next.popleft() if self._next else next(self._source)
        self._open[trial.index] = trial
        return trial

    def gone(self, index: int) -> None:
        """Note that a trial is on its way, or needs no call."""
        self._open.pop(index, None)
        for key in self._keys.pop(index, ()):
            self._count[key] -= 1
            if not self._count[key]:
                del self._count[key]

    def readers(self, key: str) -> int:
        """Return how many of the next trials can read a prefix."""
        self._look()
        return self._count[key]

    def reader(self, key: str) -> tuple[Trial, Request] | None:
        """Return the first of the next trials that can read a prefix, and its request, or None."""
        if not self.readers(key):
            return None
        trial = next(self._open[index] for index, keys in self._keys.items() if key in keys)
        return trial, self._as_sent(trial.request)

    def _look(self) -> None:
        while len(self._next) < LOOK and (trial := next(self._source, None)) is not None:
            self._next.append(trial)
            self._open[trial.index] = trial
        if len(self._keys) < len(self._open):
            for index in self._open.keys() - self._keys.keys():
                keys = readable(self._as_sent(self._open[index].request))
                self._keys[index] = keys
                self._count.update(keys)
