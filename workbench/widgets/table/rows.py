"""The rows behind a table: their numbers and words as arrays, got once and kept up while a run goes on."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from workbench.report.receipt import bill, total
from workbench.widgets.table.columns import WORDS, value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy as np
    import numpy.typing as npt

    from workbench.report import Bills
    from workbench.report.receipt import Tallies
    from workbench.run import Result, RunInfo

    Floats = npt.NDArray[np.float64]
    Places = npt.NDArray[np.intp]
    Mask = npt.NDArray[np.bool_]

_DIGITS = re.compile(r"(\d{1,18})")


class Rows:
    """Results in the order in which they came; the position of one never changes.

    Not locked: whoever shares it between threads does that (`engine.Engine`).

    Attributes:
        info: Of the run.
        all: The results, those that only the other run has at the end.
        own: How many of them are this run's.
        version: Changes whenever a row does.
        prices: What each row costs.
    """

    def __init__(self, info: RunInfo, results: Iterable[Result]) -> None:
        self.info = info
        self.all: list[Result] = list(results)
        self.own = len(self.all)
        self.version = 0
        self._numbers: dict[str, Numbers] = {}
        self._words: dict[str, Words] = {}
        self._ranks: dict[str, tuple[int, Floats]] = {}
        self.prices = Prices()
        self._at: dict[int, int] | None = None  # made with the first row that comes later

    def __len__(self) -> int:
        return len(self.all)

    def take(self, results: Iterable[Result]) -> tuple[int, list[int]]:
        """Add what a running study found; an answer replaces an error.

        Returns:
            How many rows are new, and the positions of those replaced.
        """
        before, replaced = len(self.all), []
        if self._at is None:
            self._at = {row.index: place for place, row in enumerate(self.all)}
        for row in results:
            place = self._at.get(row.index)
            if place is None:
                self._at[row.index] = len(self.all)
                self.all.append(row)
            elif self.all[place].error is not None:
                self.all[place] = row
                replaced.append(place)
                for numbers in self._numbers.values():
                    numbers.renew(self.all, place)
                for words in self._words.values():
                    words.renew(self.all, place)
        self.own = len(self.all)
        self.version += len(self.all) > before or bool(replaced)
        return self.own - before, replaced

    def drop_others(self) -> None:
        """Take out the rows that only the other run has: this run goes on."""
        del self.all[self.own :]
        for numbers in self._numbers.values():
            numbers.cut(self.own)
        for words in self._words.values():
            words.cut(self.own)
        self.version += 1

    def append_others(self, results: Iterable[Result]) -> None:
        """Put rows that only the other run has behind this run's; `drop_others` before more is taken."""
        self.all.extend(results)
        self.version += 1

    def numbers(self, key: str) -> Floats:
        """Return one number per row; NaN where a row has none."""
        kept = self.kept(key)
        kept.fill(self.all, len(self.all))
        return kept.values[: len(self.all)]

    def kept(self, key: str) -> Numbers:
        """Return the numbers of a key as far as they are known."""
        if key not in self._numbers:
            self._numbers[key] = self.prices if key == "cost" else Numbers(value_of(key))
        return self._numbers[key]

    def words(self, key: str) -> tuple[Places, list[str]]:
        """Return a code per row, and the word of each code in order of first appearance."""
        if key not in self._words:
            self._words[key] = Words(WORDS[key])
        kept = self._words[key]
        kept.fill(self.all, len(self.all))
        return kept.codes(len(self.all)), kept.labels

    def ranks(self, key: str) -> Floats:
        """Return where the word of each row stands in reading order: ``s2`` before ``s10``."""
        import numpy as np

        known = self._ranks.get(key)
        if known is None or known[0] != self.version:
            codes, labels = self.words(key)
            order = list(self.info.variant_names) if key == "variant" else []
            place = {label: n for n, label in enumerate(order)}
            ranked = sorted(
                range(len(labels)), key=lambda c: (place.get(labels[c], len(order)), natural(labels[c]))
            )
            rank = np.empty(len(labels) or 1)
            rank[ranked] = range(len(labels))
            known = self._ranks[key] = (self.version, rank[codes])
        return known[1]


class Numbers:
    """One number per row, filled from the front.

    Attributes:
        values: The numbers; those from `filled` on are not known yet.
        filled: How many are.
    """

    def __init__(self, value: Callable[[Result], float]) -> None:
        import numpy as np

        self._value = value
        self.values = np.empty(0)
        self.filled = 0

    def fill(self, rows: Sequence[Result], stop: int) -> None:
        """Get the numbers of the rows before *stop*."""
        import numpy as np

        if stop <= self.filled:
            return
        if len(self.values) < len(rows):
            grown = np.empty(len(rows))
            grown[: self.filled] = self.values[: self.filled]
            self.values = grown
        value = self._value
        self.values[self.filled : stop] = [value(row) for row in rows[self.filled : stop]]
        self.filled = stop

    def cut(self, count: int) -> None:
        """Forget the rows from *count* on."""
        self.filled = min(self.filled, count)

    def renew(self, rows: Sequence[Result], place: int) -> None:
        """Get the number of a row that was replaced."""
        if place < self.filled:
            self.values[place] = self._value(rows[place])


class Prices(Numbers):
    """The list price of each row in dollars, and the bill of all: each answer is priced once for both."""

    def __init__(self) -> None:
        super().__init__(self._priced)
        self._sums: Tallies = {}

    @property
    def bills(self) -> Bills:
        """What `report.bills` makes of the rows that are filled."""
        return total(self._sums)

    def cut(self, count: int) -> None:
        """Forget all: what the rows from *count* on cost is in the bill."""
        if self.filled > count:
            self.filled = 0
            self._sums = {}

    def _priced(self, row: Result) -> float:
        if row.error is not None:
            return math.nan
        cost = row.cost
        bill(self._sums, row, cost)
        price = cost.total
        return math.nan if price is None else float(price)


class Words:
    """One code per row for its word, filled from the front.

    Attributes:
        labels: The words, by code.
    """

    def __init__(self, word: Callable[[Result], str]) -> None:
        self._word = word
        self._code: dict[str, int] = {}
        self._codes: list[int] = []
        self._made: tuple[int, Any] = (-1, None)
        self.labels: list[str] = []

    def fill(self, rows: Sequence[Result], stop: int) -> None:
        """Get the codes of the rows before *stop*."""
        for row in rows[len(self._codes) : stop]:
            self._codes.append(self._coded(row))

    def codes(self, count: int) -> Places:
        """Return the codes as an array."""
        import numpy as np

        if self._made[0] != count:
            self._made = (count, np.array(self._codes, dtype=np.intp))
        found: Places = self._made[1]
        return found

    def cut(self, count: int) -> None:
        """Forget the rows from *count* on."""
        del self._codes[count:]
        self._made = (-1, None)

    def renew(self, rows: Sequence[Result], place: int) -> None:
        """Get the code of a row that was replaced."""
        if place < len(self._codes):
            self._codes[place] = self._coded(rows[place])
            self._made = (-1, None)

    def _coded(self, row: Result) -> int:
        word = self._word(row)
        code = self._code.get(word)
        if code is None:
            code = self._code[word] = len(self.labels)
            self.labels.append(word)
        return code


def natural(word: str) -> list[tuple[int, int, str]]:
    """Return a key that sorts numbers within words as numbers.

    >>> sorted(["s10", "s2", "a"], key=natural)
    ['a', 's2', 's10']
    """
    parts = _DIGITS.split(word[:200].casefold())
    return [(0, int(part), "") if at % 2 else (1, 0, part) for at, part in enumerate(parts) if part]
