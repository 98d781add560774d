"""What the page asks for, and the rows that answer it, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from workbench.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    import numpy.typing as npt

    Places = npt.NDArray[np.intp]

FILTERS: Final = {
    "all": "all",
    "failed": "failed",
    "errors": "errored",
    "changed": "changed",
    "differ": "only differences",
    "ungraded": "ungraded",
    "fixed": "fixed",
    "broken": "broken",
    "same": "same",
    "unclear": "no verdict",
    "here": "only here",
    "there": "only there",
}
"""Key of a filter → its words."""

GROUPS: Final = {
    "variant": "variant",
    "sample": "sample",
    "epoch": "epoch",
    "model": "model",
    "source": "source",
    "stop_reason": "stop reason",
    "error_type": "error type",
    "answer": "answer (identical texts)",
}
"""Key of a grouping → its words; ``value:NAME`` is a column of the dataset."""

MAX_SEARCH: Final = 1000


@dataclass(frozen=True, slots=True)
class Query:
    """What is to be shown.

    Attributes:
        sort: Key of a column; "" for the study's order.
        descending: From the highest.
        only: Key of a filter.
        search: Words that a row must hold, one after the other as they stand.
        group: Key of a grouping; "" for none.
    """

    sort: str = ""
    descending: bool = False
    only: str = "all"
    search: str = ""
    group: str = ""

    @classmethod
    def of(cls, asked: Mapping[str, Any]) -> Query:
        """Read what a page sent; `check` refuses what it should not have."""
        known = {name: asked[name] for name in ("sort", "only", "search", "group") if asked.get(name)}
        return cls(descending=asked.get("descending") is True, **known)

    def check(self, *, sorts: Iterable[str], groups: Iterable[str], filters: Iterable[str]) -> Query:
        """Return the query, or refuse what no row could answer.

        Raises:
            UsageError: A column, filter or grouping that the table does not have.
        """
        _known("column", self.sort, ["", *sorts])
        _known("filter", self.only, list(filters))
        _known("grouping", self.group, ["", *groups])
        if not isinstance(self.search, str) or len(self.search) > MAX_SEARCH:
            raise UsageError(f"a search takes up to {MAX_SEARCH:,} characters of text")
        return self


def _known(noun: str, given: object, names: list[str]) -> None:
    if not isinstance(given, str) or given not in names:
        shown = str(given)[:80]
        raise UsageError(f"this table has no {noun} {shown!r}{did_you_mean(shown, [n for n in names if n])}")


class Arranged:
    """The rows that answer a query, in order; with groups, where each begins and which are open.

    Attributes:
        query: What was asked.
        rows: Positions of the rows, group after group.
        starts: Where each group begins in `rows`, and their end; empty without groups.
        codes: The code of each group.
    """

    def __init__(
        self, query: Query, rows: Places, starts: Places | None = None, codes: Places | None = None
    ) -> None:
        self.query = query
        self.rows = rows
        self.starts = starts
        self.codes = codes
        self.opened: set[int] = set()
        self._inverse: Places | None = None
        self._items: Places | None = None

    def __len__(self) -> int:
        return len(self.items)

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return 0 if self.codes is None else len(self.codes)

    @property
    def items(self) -> Places:
        """What stands in each line: the position of a row, or ``-1 - n`` for the heading of group *n*."""
        if self._items is None:
            self._items = self._laid_out()
        return self._items

    def fold(self, group: int, *, opened: bool) -> None:
        """Open or close a group."""
        (self.opened.add if opened else self.opened.discard)(group)
        self._items = None

    def fold_all(self, *, opened: bool) -> None:
        """Open or close all groups."""
        self.opened = set(range(self.groups)) if opened else set()
        self._items = None

    def members(self, group: int) -> Places:
        """Return the rows of a group."""
        assert self.starts is not None
        return self.rows[self.starts[group] : self.starts[group + 1]]

    def place(self, row: int) -> int:
        """Return where a row stands among `rows`, -1 where it does not."""
        import numpy as np

        if self._inverse is None:
            top = int(self.rows.max()) + 1 if len(self.rows) else 0
            self._inverse = np.full(top, -1, dtype=np.intp)
            self._inverse[self.rows] = np.arange(len(self.rows))
        return int(self._inverse[row]) if 0 <= row < len(self._inverse) else -1

    def line(self, row: int) -> int:
        """Return the line a row stands in, -1 where none: it is not asked for, or its group is closed."""
        place = self.place(row)
        if place < 0 or self.starts is None:
            return place
        import numpy as np

        group = int(np.searchsorted(self.starts, place, side="right")) - 1
        if group not in self.opened:
            return -1
        before = sum(int(self.starts[g + 1] - self.starts[g]) for g in self.opened if g < group)
        return group + 1 + before + place - int(self.starts[group])

    def _laid_out(self) -> Places:
        import numpy as np

        if self.starts is None:
            return self.rows
        headings = -1 - np.arange(self.groups, dtype=np.intp)
        if not self.opened:
            return headings
        parts, done = [], 0
        for group in sorted(self.opened):
            parts += [headings[done : group + 1], self.members(group)]
            done = group + 1
        return np.concatenate([*parts, headings[done:]])
