"""The lines of a table as the page gets them: at most a hundred at a time, no text longer than a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from workbench.errors import JournalError
from workbench.report.estimate import estimate
from workbench.report.outcome import sample_means
from workbench.report.words import NOTHING, dollars, number, plural, seconds, spread
from workbench.show.safe import visible
from workbench.stats import quantile
from workbench.widgets.table.columns import brief, cell, said, verdict

if TYPE_CHECKING:
    from workbench.run import Result
    from workbench.widgets.table.engine import Engine
    from workbench.widgets.table.query import Arranged

WINDOW: Final = 100
"""Lines of one answer."""

_SCORES: Final = 3
"""Scorers whose mean stands in the heading of a group."""

COLOURS: Final = {"failed": "bad", "error": "warn", "passed": "good", "broken": "bad", "fixed": "good"}


class Lines:
    """Makes lines of rows and of groups; what was got of a group is kept as long as its rows stay."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._headings: dict[tuple[int, int], dict[str, Any]] = {}
        self._of: Arranged | None = None
        self.trouble = ""

    def window(self, arranged: Arranged, start: int, stop: int, selected: set[int]) -> list[dict[str, Any]]:
        """Return the lines from *start* to before *stop*, no more than `WINDOW`."""
        engine = self._engine
        with engine.lock:
            items = arranged.items[start : min(stop, start + WINDOW)].tolist()
            known = len(engine.rows)  # fewer than there were where a run with rows of another one goes on
            return [
                self.row(at, selected) if at >= 0 else self.heading(arranged, -1 - at)
                for at in items
                if at < known
            ]

    def row(self, at: int, selected: set[int]) -> dict[str, Any]:
        """Return a row: its position, its cells by column, what its stripe says."""
        engine = self._engine
        row = engine.rows.all[at]
        word = verdict(row)
        try:
            cells = [self._cell(column.key, row, at) for column in engine.columns]
        except JournalError as error:
            self.trouble = str(error)
            cells = [self._bare(column.key, row, at) for column in engine.columns]
        made: dict[str, Any] = {"p": at, "c": cells, "k": COLOURS.get(word, "")}
        if engine.changes is not None:
            made["d"] = COLOURS.get(engine.changes.kind(row, own=at < engine.rows.own), "")
        return {**made, "s": 1} if at in selected else made

    def _cell(self, key: str, row: Result, at: int) -> str:
        engine = self._engine
        if key == "grade":
            return engine.grades.get(at, "")
        if key == "change" and engine.changes is not None:
            return engine.changes.words[engine.changes.kind(row, own=at < engine.rows.own)]
        return cell(key, row)

    def _bare(self, key: str, row: Result, at: int) -> str:
        """Return a cell of a row whose record cannot be read: a dash where it would be needed."""
        try:
            return self._cell(key, row, at)
        except JournalError:
            return NOTHING

    def heading(self, arranged: Arranged, group: int) -> dict[str, Any]:
        """Return the heading of a group: its name, how many rows, means with intervals."""
        if self._of is not arranged:
            self._headings.clear()
            self._of = arranged
        engine = self._engine
        known = self._headings.get((group, engine.rows.version))
        if known is None:
            known = self._headings[group, engine.rows.version] = self._heading(arranged, group)
        return {**known, "o": group in arranged.opened}

    def _heading(self, arranged: Arranged, group: int) -> dict[str, Any]:
        engine = self._engine
        places = arranged.members(group)
        rows = [engine.rows.all[at] for at in places]
        total = len(arranged.rows)
        parts = [f"{plural(len(rows), 'row')}, {_percent(len(rows), total)}"]
        parts += [f"{visible(name)} {words}" for name, words in _means(engine, rows)]
        errors = sum(row.error is not None for row in rows)
        parts += [plural(errors, "error")] if errors else []
        parts += _spent(engine, places) + _took(rows)
        return {"g": group, "name": self._name(arranged, group), "words": parts}

    def _name(self, arranged: Arranged, group: int) -> str:
        engine, by = self._engine, arranged.query.group
        assert arranged.codes is not None
        if by == "answer":
            first = engine.rows.all[int(arranged.members(group)[0])]
            try:
                return brief(said(first)) or "(empty)"
            except JournalError as error:
                self.trouble = str(error)
                return NOTHING
        return brief(engine.label(by, int(arranged.codes[group]))) or "(none)"


def _percent(part: int, whole: int) -> str:
    if 0 < part < whole / 100:
        return "< 1 %"
    return f"{100 * part / whole:.0f} %" if whole else NOTHING


def _means(engine: Engine, rows: list[Result]) -> list[tuple[str, str]]:
    """Return the mean of each scorer with its interval, one number per sample as in the run's own table."""
    found = []
    for scorer in engine.rows.info.scorers[:_SCORES]:
        values = list(sample_means(rows, scorer["name"]).values())
        mean = estimate(values, kind=scorer["kind"])
        found.append((scorer["name"], f"{number(mean.estimate)} ({spread(mean)})" if mean.n else NOTHING))
    return found


def _spent(engine: Engine, places: Any) -> list[str]:
    """Return the mean price, where prices are known already."""
    import numpy as np

    if not engine.has("cost"):
        return []
    prices = engine.rows.numbers("cost")[places]
    known = prices[~np.isnan(prices)]
    if not len(known):
        return []
    from decimal import Decimal

    return [f"{dollars(Decimal(float(known.mean()) * 1000))} / 1,000"]


def _took(rows: list[Result]) -> list[str]:
    times = [row.timing.total_s for row in rows if row.error is None]
    return [f"p50 {seconds(quantile(times, 0.5).estimate)}"] if times else []
