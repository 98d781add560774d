"""The row that is open: its tabs, its neighbours, its grades."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.errors import UsageError
from workbench.grades import Grade, grader, now
from workbench.report.words import plural
from workbench.show.transcript import source_view
from workbench.widgets.table.detail import asked, detail, differences, grade_lines, twin

if TYPE_CHECKING:
    from workbench.grades import Grades
    from workbench.run import Result
    from workbench.widgets.table.engine import Engine
    from workbench.widgets.table.query import Arranged

_KINDS = {"rating": (1, 2, 3, 4, 5), "pass": (0, 1)}
TWINS = 60
"""Rows of the same sample that a history lists."""


class Opened:
    """What the drill-down shows.

    Attributes:
        position: Of the row that is open, None where none is.
        who: Who grades.
    """

    def __init__(self, engine: Engine, grades: Grades, who: str | None) -> None:
        self.position: int | None = None
        self.who = grader(who)
        self._engine = engine
        self._grades = grades
        self.read_grades()

    def open(self, position: object, arranged: Arranged) -> dict[str, Any]:
        """Return all tabs of a row, and which come before and after it in what is shown.

        Raises:
            UsageError: No such row.
            JournalError: Its record cannot be read.
        """
        row = self._row(position)
        assert isinstance(position, int)
        self.position = position
        engine = self._engine
        twins = self._twins(position)
        return {
            "position": position,
            **self._neighbours(position, arranged),
            **detail(
                row, engine.rows.info if position < engine.rows.own else self._other_info(), engine.samples
            ),
            "grade": engine.grades.get(position, ""),
            "grades": grade_lines(self._grades.history(row.trial_id)),
            "history": [twin(title, other, at) for title, other, at in twins],
            "difference_html": differences(row, self._compared(row, twins)),
        }

    def again(self, arranged: Arranged) -> dict[str, Any]:
        """Return the open row once more, for a page that was reloaded."""
        return self.open(self.position, arranged)

    def source(self, cite: object) -> dict[str, Any]:
        """Return the source of a citation of the open row.

        Raises:
            UsageError: No row is open, or it has no such citation.
        """
        row = self._row(self.position)
        message = row.message
        if message is None or not isinstance(cite, int):
            raise UsageError("this row cites nothing")
        request, _ = asked(row, self._engine.rows.info, self._engine.samples)
        return source_view(request, message, cite)

    def grade(self, position: object, kind: object, value: object) -> dict[str, Any]:
        """Keep a grade and return what the row's cell says now.

        Raises:
            UsageError: No such row or grade.
            DiskFullError, JournalError: It could not be kept.
        """
        row = self._row(position)
        assert isinstance(position, int)
        if position >= self._engine.rows.own:
            raise UsageError("this row is the other run's: grade it in a table of that run")
        known = _KINDS.get(kind, ()) if isinstance(kind, str) else ()
        if not isinstance(value, int) or isinstance(value, bool) or value not in known:
            raise UsageError("a grade is 1 to 5, y for passed, or f for failed")
        made = Grade((row.trial_id,), "rating" if kind == "rating" else "pass", value, self.who, now())
        self._grades.add(made)
        self._engine.grade({position: self._words(row)})
        return {
            "position": position,
            "grade": self._engine.grades[position],
            "grades": grade_lines(self._grades.history(row.trial_id)),
        }

    def _row(self, position: object) -> Result:
        rows = self._engine.rows.all
        if not isinstance(position, int) or isinstance(position, bool) or not 0 <= position < len(rows):
            raise UsageError("no row is open; press Enter on one")
        return rows[position]

    def _other_info(self) -> Any:
        assert self._engine.changes is not None
        return self._engine.changes.run.info

    def _neighbours(self, position: int, arranged: Arranged) -> dict[str, Any]:
        place = arranged.place(position)
        count = len(arranged.rows)
        if place < 0:
            return {
                "place": "not among the rows shown now",
                "line": -1,
                "previous": None,
                "next": _at(arranged, 0),
            }
        return {
            "place": f"row {place + 1:,} of {plural(count, 'row')}",
            "line": arranged.line(position),
            "previous": _at(arranged, place - 1),
            "next": _at(arranged, place + 1),
        }

    def _twins(self, position: int) -> list[tuple[str, Result, int | None]]:
        """Return other rows of the same sample, and the same trial in the other run."""
        engine = self._engine
        row = engine.rows.all[position]
        with engine.lock:
            codes, _ = engine.rows.words("sample")
            same = (codes == codes[position]).nonzero()[0].tolist()
        found: list[tuple[str, Result, int | None]] = []
        for at in same:
            other = engine.rows.all[at]
            if at != position and at < engine.rows.own:
                found.append((self._title(other), other, at))
        if engine.changes is not None and position < engine.rows.own:
            before = engine.changes.other(row)
            if before is not None:
                found.insert(0, (f"{engine.changes.name}: {self._title(before)}", before, None))
        return found[:TWINS]

    def _title(self, row: Result) -> str:
        return f"{row.variant} · epoch {row.epoch + 1}" if self._engine.rows.info.epochs > 1 else row.variant

    def _compared(self, row: Result, twins: list[tuple[str, Result, int | None]]) -> list[tuple[str, Result]]:
        """Return whose answers are set against this one: the other run's, then other variants'."""
        return [(title, other) for title, other, at in twins if at is None or other.epoch == row.epoch]

    # --- grades --------------------------------------------------------------------------------------

    def read_grades(self) -> None:
        """Put the grades there are to their rows; others may have graded meanwhile.

        Raises:
            JournalError: Their file cannot be read.
        """
        self._grades.refresh()
        graded = {trials[0] for trials in self._grades.latest() if len(trials) == 1}
        if graded:
            own = self._engine.rows.all[: self._engine.rows.own]
            self._engine.grade({at: self._words(row) for at, row in enumerate(own) if row.trial_id in graded})

    def _words(self, row: Result) -> str:
        """Return what a row's cell says: ``4 of 5``, ``passed``, or both."""
        found = []
        for kind in ("pass", "rating"):
            last = self._grades.latest(kind).get((row.trial_id,))
            if last is not None and last.value is not None:
                found.append(f"{last.value:g} of 5" if kind == "rating" else last.words)
        return " · ".join(found)


def _at(arranged: Arranged, place: int) -> int | None:
    return int(arranged.rows[place]) if 0 <= place < len(arranged.rows) else None
