"""`ResultTable`: the widget. It hears what the page asks for and tells what it shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import traitlets

from workbench.errors import UsageError
from workbench.grades import Grades
from workbench.run import Result, Run
from workbench.widgets.given import run_or_folder
from workbench.widgets.table import export as exports
from workbench.widgets.table.background import Background
from workbench.widgets.table.changes import KINDS
from workbench.widgets.table.engine import Engine
from workbench.widgets.table.follow import Followed
from workbench.widgets.table.lines import WINDOW, Lines
from workbench.widgets.table.opened import Opened
from workbench.widgets.table.query import Arranged, Query
from workbench.widgets.table.snapshot import snapshot
from workbench.widgets.table.static import static
from workbench.widgets.table.work import Work
from workbench.widgets.view import View

if TYPE_CHECKING:
    import os

    import pandas as pd

    from workbench.show.safe import Html

TALLEST = 15_000_000
"""Pixels of a scrolled element that every browser takes; longer tables map the scroll bar to rows."""


class ResultTable(View, front=("answer", "table_head", "table_grid", "table_open", "table")):
    """The rows of a run, to be sorted, searched, grouped, opened and graded; 100,000 of them and more.

    Rows stay in the kernel, the page gets a hundred at a time. `selected` and `filtered` are DataFrames for
    the next cell; `export` writes what is shown.

    Args:
        run: A run, or the folder of one. A folder is read from its journal; while the run goes on, so does
            the table.
        against: Another run, or its folder, to be compared with: every row is then fixed, broken, the same,
            or only in one of the two; the header has its means, and the paired differences with intervals.
        who: Who grades; the login name by default.

    Raises:
        UsageError: No run in a folder.
        JournalError: A journal is damaged before its tail.
    """

    _tallest = traitlets.Int(TALLEST).tag(sync=True)

    def __init__(
        self,
        run: Run | str | os.PathLike[str],
        *,
        against: Run | str | os.PathLike[str] | None = None,
        who: str | None = None,
    ) -> None:
        run = run_or_folder(run, "ResultTable")
        beside = against if against is None else run_or_folder(against, "ResultTable(against=…)")
        other = beside if isinstance(beside, Run) or beside is None else Run.load(Path(beside))
        self._follow = None if isinstance(run, Run) else Followed(run)
        self._given: tuple[int, Run] | None = None
        self._fixed = run if isinstance(run, Run) else None
        rows: list[Result] = list(run.rows) if isinstance(run, Run) else []
        if self._follow is not None:
            rows = self._follow.read()
        info = run.info if isinstance(run, Run) else self._follow.info  # type: ignore[union-attr]  # one of the two
        self.folder: Path | None = run.folder if isinstance(run, Run) else Path(run)
        whole = self._follow is None or info.status != "running"
        self._engine = Engine(info, rows, against=other, folder=self.folder, whole=whole)
        self._grades = Grades.open(self.folder if self.folder is not None and self.folder.is_dir() else None)
        self._lines = Lines(self._engine)
        self._opened = Opened(self._engine, self._grades, who)
        self._arranged = self._engine.arrange(Query())
        self._selected: dict[int, None] = {}
        self._mark = 0
        self._held: int | None = None
        self._work = Work(self._engine, self._follow, self)
        self._background = Background(self._work.turn)
        super().__init__()

    # --- for the next cell ---------------------------------------------------------------------------

    @property
    def run(self) -> Run:
        """The run shown; of one that goes on, what is there of it now."""
        if self._follow is None:
            assert self._fixed is not None
            return self._fixed
        with self._engine.lock:
            now = hash((self._engine.rows.version, self._follow.info.status))
            if self._given is None or self._given[0] != now:
                self._given = now, self._follow.run(self._engine.rows.all[: self._engine.rows.own])
            return self._given[1]

    @property
    def grades(self) -> Grades:
        """What people said of the answers."""
        return self._grades

    @property
    def filtered(self) -> pd.DataFrame:
        """The rows that are shown, in their order, with the columns of ``run.frame()``."""
        return self._frame(self._arranged.rows.tolist())

    @property
    def selected(self) -> pd.DataFrame:
        """The rows that were selected, in the order in which they were; the columns as of `filtered`."""
        return self._frame(list(self._selected))

    def show(
        self,
        *,
        sort: str = "",
        descending: bool = False,
        only: str = "all",
        search: str = "",
        group: str = "",
    ) -> None:
        """Show other rows, or the same in another order, as the controls of the view do.

        Args:
            sort: Key of a column, such as ``cost``, ``latency``, ``score:NAME``; "" for the study's order.
            descending: From the highest.
            only: A filter: ``all``, ``failed``, ``errors``, ``differ``, ``ungraded``; of two runs also
                ``changed``, ``fixed``, ``broken``, ``same``, ``here``, ``there``.
            search: Words that a row must hold.
            group: ``variant``, ``sample``, ``answer``, …

        Raises:
            UsageError: The table has no such column, filter or grouping.
        """
        query = Query(sort, descending, only, search, group)
        self._held = None
        self.put(self._engine.arrange(query), None)

    def export(self, path: str | os.PathLike[str], what: str = "filtered", *, replace: bool = True) -> Path:
        """Write rows to a file, by its ending CSV (safe against formulas), Parquet or HTML.

        Args:
            path: ``.csv``, ``.parquet`` or ``.html`` (its first 20,000 rows); its folder must be there.
            what: ``filtered``: what is shown, in its order; or ``all``.
            replace: Whether a file that lies there may be replaced.

        Raises:
            UsageError: Neither of the two, a path that cannot be, or pyarrow is missing.
            DiskFullError: No space.
        """
        if what not in ("filtered", "all"):
            raise UsageError(f"what={what!r}: export takes 'filtered' or 'all'")
        target = exports.target(path)
        if target.exists() and not replace:
            raise UsageError(f"{target} exists; press write again to replace it")
        data = self.filtered if what == "filtered" else self._frame(self._engine.order("").tolist())
        exports.write(target, data, self._work.quick_header())
        return target

    def _frame(self, places: list[int]) -> pd.DataFrame:
        engine = self._engine
        found = exports.framed_rows(self.run, [engine.rows.all[at] for at in places])
        if engine.changes is not None:
            words = [engine.changes.kind(engine.rows.all[at], own=at < engine.rows.own) for at in places]
            found.insert(len(found.columns), "change", words)
        return found

    # --- what the page asks ---------------------------------------------------------------------------

    def _hear_ready(self) -> None:
        self._opened.read_grades()
        self.tell("table", **snapshot(self._engine, self._arranged, self._opened.who))
        self._tell_view(None)
        if self._opened.position is not None:
            self.tell("opened", **self._opened.again(self._arranged))
        self._work.figures_wanted()
        self._work.tell_state()
        self._background.wake()

    def _hear_query(self, n: Any = None, at: Any = None, **asked: Any) -> None:
        """Show other rows; *at* is the position of the row that the reader went to, where there is one."""
        query = self._engine.check(Query.of(asked))
        self._held = at if isinstance(at, int) else None
        if self._engine.missing(query):
            self._work.waiting = (n, query)
            self._work.tell_state()
            self._background.wake()
            self._meanwhile(query)
            return
        self._work.waiting = None
        self.put(self._engine.arrange(query), n)

    def _meanwhile(self, query: Query) -> None:
        """Show what can be shown of a question while something is read for the rest of it."""
        now = self._arranged.query
        query = replace(query, search=now.search)
        if not self._engine.missing(query) and query != now:
            self.put(self._engine.arrange(query), None)

    def _hear_soon(self) -> None:
        """Somebody is about to search: begin to read."""
        self._work.soon = True
        self._background.wake()

    def put(self, arranged: Arranged, n: Any) -> None:
        """Show other rows; *n* is the number of the question they answer."""
        self._arranged = arranged
        self._tell_view(n)

    def grew(self) -> None:
        """Show what was asked for last once more: a running study wrote more rows."""
        before = self._arranged
        after = self._engine.arrange(before.query)
        if before.codes is not None and after.codes is not None:
            opened = {int(before.codes[group]) for group in before.opened}
            after.opened = {group for group, code in enumerate(after.codes.tolist()) if code in opened}
        self.put(after, None)

    def forget(self, count: int) -> None:
        """Keep nothing of the positions from *count* on: other rows will stand there."""
        self._selected = {at: None for at in self._selected if at < count}
        if (self._opened.position or 0) >= count:
            self._opened.position = None

    def _tell_view(self, n: Any) -> None:
        arranged = self._arranged
        self._mark += 1
        q = arranged.query
        rows = self._lines.window(arranged, 0, WINDOW, set(self._selected))
        asked = {
            "sort": q.sort,
            "descending": q.descending,
            "only": q.only,
            "search": q.search,
            "group": q.group,
        }
        self.tell(
            "view",
            n=n,
            mark=self._mark,
            lines=len(arranged),
            count=len(arranged.rows),
            groups=arranged.groups,
            total=len(self._engine.rows),
            held=-1 if self._held is None else arranged.line(self._held),
            rows=rows,
            query=asked,
        )
        self._say_trouble()

    def _hear_window(self, n: Any = None, mark: Any = None, start: Any = 0) -> None:
        at = start if isinstance(start, int) and start >= 0 else 0
        if mark != self._mark:
            self.tell("rows", n=n, mark=mark, start=at, rows=[], stale=True)
            return
        rows = self._lines.window(self._arranged, at, at + WINDOW, set(self._selected))
        self.tell("rows", n=n, mark=mark, start=at, rows=rows)
        self._say_trouble()

    def _hear_fold(self, n: Any = None, group: Any = None, opened: Any = None) -> None:
        arranged = self._arranged
        if group is None:
            arranged.fold_all(opened=opened is True)
        elif isinstance(group, int) and 0 <= group < arranged.groups:
            arranged.fold(group, opened=opened is True)
        self._tell_view(n)

    def _hear_open(self, n: Any = None, position: Any = None) -> None:
        self.tell("opened", n=n, **self._opened.open(position, self._arranged))

    def _hear_close(self) -> None:
        self._opened.position = None

    def _hear_source(self, n: Any = None, cite: Any = None) -> None:
        self.tell("source", n=n, **self._opened.source(cite))

    def _hear_grade(self, n: Any = None, position: Any = None, what: Any = None, value: Any = None) -> None:
        done = self._opened.grade(position, what, value)
        self.tell("graded", n=n, **done)
        self._work.tell_chips()

    def _hear_select(self, n: Any = None, on: Any = None, **rows: Any) -> None:
        """Select rows by ``positions``, or the lines ``first`` to ``last``; ``on`` False takes them out."""
        for at in self._named(**rows):
            if on is True:
                self._selected[at] = None
            else:
                self._selected.pop(at, None)
        self.tell("selected", n=n, count=len(self._selected))

    def _named(self, positions: Any = (), first: Any = None, last: Any = None) -> list[int]:
        places = [at for at in positions if isinstance(at, int)] if isinstance(positions, list) else []
        if isinstance(first, int) and isinstance(last, int):
            low, high = sorted((max(first, 0), max(last, 0)))
            places += self._arranged.items[low : high + 1].tolist()
        return [at for at in places if 0 <= at < len(self._engine.rows)]

    def _hear_clear(self, n: Any = None) -> None:
        self._selected.clear()
        self.tell("selected", n=n, count=0)

    def _hear_export(self, n: Any = None, path: Any = "", what: Any = "", replace: Any = None) -> None:
        given = path if isinstance(path, str) else ""
        done = self.export(given, what if isinstance(what, str) else "", replace=replace is True)
        count = len(self._arranged.rows) if what == "filtered" else len(self._engine.rows)
        count = min(count, exports.PAGE_ROWS) if done.suffix.lower() == ".html" else count
        self.tell("exported", n=n, text=f"{count:,} rows written to {done}")

    def _say_trouble(self) -> None:
        if self._lines.trouble:
            trouble, self._lines.trouble = self._lines.trouble, ""
            self.tell("problem", text=trouble)

    def _static(self) -> tuple[Html, str]:
        return static(self._engine, self._work.quick_header(), self._compared(), self._work.how)

    def _compared(self) -> str:
        changes = self._engine.changes
        if changes is None:
            return ""
        codes = self._engine.rows_changed()
        counted = {kind: int((codes == code).sum()) for code, kind in enumerate(KINDS)}
        parts = [f"{changes.words[kind]} {count:,}" for kind, count in counted.items() if count]
        return f"Against {changes.name}: {' · '.join(parts)}."

    def close(self) -> None:
        """Close the view; its thread ends."""
        background = getattr(self, "_background", None)
        if background is not None:
            background.end()
        super().close()
