"""Sorting, filtering, searching and grouping of a run's rows, with no notebook around.

Everything is got once per key and kept as arrays. What takes long (prices, the texts in the journal) is got
in steps, so that a thread beside the kernel's own can do it and say how far it is.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from workbench.widgets.table.changes import KINDS, Changes
from workbench.widgets.table.columns import SLOW, VERDICTS, columns
from workbench.widgets.table.query import FILTERS, GROUPS, Arranged, Query
from workbench.widgets.table.rows import Rows
from workbench.widgets.table.samples import Samples
from workbench.widgets.table.texts import Texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from workbench.report import Bills
    from workbench.run import Result, Run, RunInfo
    from workbench.widgets.table.columns import Column
    from workbench.widgets.table.rows import Floats, Mask, Places

STEP: Final = 1000
"""Rows of which something slow is got at once."""

_TEXTS: Final = ("answer", "input")
_SEARCH: Final = "search:"
_VERDICTS: Final = {"failed": "failed", "errors": "error"}


class Engine:
    """The rows of a table and all that can be asked of them; may be used from any thread.

    Attributes:
        lock: Held where several things must fit together.
        grades: What people said of rows, by position; `grade` adds to it.

    Args:
        info: Of the run.
        results: Its results.
        against: Another run, to be compared with.
        folder: Where the run lies, with its samples.
        whole: Whether no more results will come.
    """

    def __init__(
        self,
        info: RunInfo,
        results: Iterable[Result],
        *,
        against: Run | None = None,
        folder: Path | None = None,
        whole: bool = True,
    ) -> None:
        self.lock = threading.RLock()
        self.rows = Rows(info, results)
        self.texts = Texts()
        self.samples = Samples(folder)
        self.changes = None if against is None else Changes(self.rows, against)
        self.grades: dict[int, str] = {}
        self._graded = 0
        self.columns: tuple[Column, ...] = columns(info, compared=against is not None)
        self._masks: dict[str, tuple[int, Mask]] = {}
        self._orders: dict[str, tuple[int, Places]] = {}
        self._value_codes: dict[str, tuple[int, Places, list[str]]] = {}
        if whole:
            self.end()

    def end(self) -> None:
        """Say that no more results will come: now the rows that only the other run has can be told."""
        if self.changes is not None and self.rows.own == len(self.rows):
            with self.lock:
                self.rows.append_others(self.changes.only_there(self.rows.all))

    def go_on(self) -> bool:
        """Say that more results may come after all: a run that had ended was resumed.

        Returns:
            Whether rows were taken out for that: those that only the other run has.
        """
        with self.lock:
            if self.rows.own == len(self.rows):
                return False
            self.rows.drop_others()
            self.texts.cut(self.rows.own)
            return True

    def take(self, results: Iterable[Result], info: RunInfo) -> int:
        """Add what a running study found; return how many rows are new or other than before."""
        with self.lock:
            self.rows.info = info
            added, replaced = self.rows.take(results)
            for place in replaced:
                self.texts.renew(self.rows.all, place)
            return added + len(replaced)

    def grade(self, words: Mapping[int, str]) -> None:
        """Put what people said to rows, by position."""
        with self.lock:
            self.grades |= words
            self._graded += 1

    # --- what can be asked ---------------------------------------------------------------------------

    @property
    def filters(self) -> tuple[str, ...]:
        """Keys of the filters this table has."""
        names = ["all", "failed", "errors"]
        names += ["changed"] if self.changes is not None else []
        names += ["differ"] if len(self.rows.info.variants) > 1 else []
        names += ["ungraded"]
        if self.changes is not None:
            kinds = self.rows_changed()
            always = ("fixed", "broken", "same")
            names += always
            names += [k for code, k in enumerate(KINDS) if k not in always and (kinds == code).any()]
        return tuple(names)

    @property
    def groups(self) -> dict[str, str]:
        """Keys and words of what the rows can be grouped by."""
        more = {f"value:{name}": name for name in self.samples.columns}
        known = {k: v for k, v in GROUPS.items() if k != "epoch" or self.rows.info.epochs > 1}
        return {**known, **more}

    def check(self, query: Query) -> Query:
        """Return the query, or refuse what this table does not have.

        Raises:
            UsageError: With the nearest name.
        """
        sorts = [column.key for column in self.columns]
        return query.check(sorts=sorts, groups=self.groups, filters=[f for f in FILTERS if f in self.filters])

    # --- what takes long -----------------------------------------------------------------------------

    def missing(self, query: Query) -> tuple[str, ...]:
        """Return what must be got before a query can be answered."""
        wanted = [query.sort] if query.sort in SLOW else []
        judges = self.rows.info.judges
        reads = query.sort in _TEXTS or query.group == "answer" or (query.only == "differ" and not judges)
        wanted += ["texts"] if reads else []
        wanted += [f"{_SEARCH}{query.search}"] if query.search.strip() else []
        wanted += ["samples"] if query.group.startswith("value:") else []
        return tuple(what for what in wanted if not self.has(what))

    def has(self, what: str) -> bool:
        """Tell whether something slow is known of all rows."""
        return self.progress(what) >= 1

    def progress(self, what: str) -> float:
        """Return how much of something slow is known, from 0 to 1."""
        if what == "samples":
            return float(self.samples.read)
        if what.startswith(_SEARCH):
            done = self.texts.looked(what.removeprefix(_SEARCH))
        else:
            done = self.texts.filled if what == "texts" else self.rows.kept(what).filled
        return done / len(self.rows) if len(self.rows) else 1.0

    def step(self, what: str, count: int = STEP) -> None:
        """Get the next rows of something slow."""
        if what == "samples":
            self.samples.index()
            return
        with self.lock:
            if what.startswith(_SEARCH):
                self._look(what.removeprefix(_SEARCH), count)
                return
            kept = self.texts if what == "texts" else self.rows.kept(what)
            kept.fill(self.rows.all, min(kept.filled + count, len(self.rows)))

    def _look(self, words: str, count: int) -> None:
        stop = max(self.texts.looked(words) + count, self.texts.filled)
        self.texts.look(self.rows.all, words, min(stop, len(self.rows)))

    def prepare(self, query: Query) -> None:
        """Get all a query needs, here and now."""
        for what in self.missing(query):
            while not self.has(what):
                self.step(what)

    @property
    def bills(self) -> Bills | None:
        """What this run's answers cost together; None while that is not known of all."""
        if not self.has("cost") or self.rows.own < len(self.rows):
            return None
        return self.rows.prices.bills

    # --- answers -------------------------------------------------------------------------------------

    def arrange(self, query: Query) -> Arranged:
        """Return the rows a query asks for; what it needs and is `missing` is got first.

        Raises:
            UsageError: As `check`.
        """
        import numpy as np

        self.check(query)
        with self.lock:
            self.prepare(query)
            order = self.order(query.sort, descending=query.descending)
            keep = self.mask(query.only)
            if query.search.strip():
                keep = keep & self.texts.search(self.rows.all, query.search)
            rows = order[keep[order]]
            if not query.group:
                return Arranged(query, rows)
            codes = self.codes(query.group)[rows]
            # Groups in the order of their first row; of equal answers the largest group first.
            named, first, counts = np.unique(codes, return_index=True, return_counts=True)
            by = np.lexsort((first, -counts)) if query.group == "answer" else np.argsort(first)
            rank = np.empty(int(named.max()) + 1 if len(named) else 1, dtype=np.intp)
            rank[named[by]] = np.arange(len(named))
            grouped = rows[np.argsort(rank[codes], kind="stable")]
            starts = np.concatenate([[0], np.cumsum(counts[by])]).astype(np.intp)
            return Arranged(query, grouped, starts, named[by])

    def order(self, key: str, *, descending: bool = False) -> Places:
        """Return all positions in order; rows without a value come last either way."""
        import numpy as np

        name = f"{'-' if descending else ''}{key}"
        state = self._state(key)
        known = self._orders.get(name)
        if known is None or known[0] != state:
            base = np.argsort(self.rows.numbers("index"), kind="stable")
            values = self._sorted_by(key)[base] if key else None
            if values is not None:
                base = base[np.argsort(-values if descending else values, kind="stable")]
            known = self._orders[name] = (state, base)
        return known[1]

    def _state(self, key: str) -> int:
        return hash((self.rows.version, self._graded)) if key == "grade" else self.rows.version

    def _sorted_by(self, key: str) -> Floats:
        import numpy as np

        if key in _TEXTS:
            starts = self.texts.starts(key)
            ranks = {text: n for n, text in enumerate(sorted(set(starts)))}
            return np.array([ranks[text] for text in starts], dtype=float)
        if key in ("variant", "sample", "source", "model", "stop_reason"):
            return self.rows.ranks(key)
        if key == "change":
            return self.rows_changed().astype(float)
        if key == "grade":
            words = sorted(set(self.grades.values()))
            found = np.full(len(self.rows), np.nan)
            for at, word in self.grades.items():
                found[at] = words.index(word)
            return found
        return self.rows.numbers(key)

    def mask(self, only: str) -> Mask:
        """Return which rows a filter lets through."""
        import numpy as np

        state = self._state("grade") if only == "ungraded" else self.rows.version
        known = self._masks.get(only)
        if known is None or known[0] != state:
            known = self._masks[only] = (state, np.asarray(self._filtered(only), dtype=bool))
        return known[1]

    def _filtered(self, only: str) -> Mask:
        import numpy as np

        if only in KINDS:
            found: Mask = self.rows_changed() == KINDS.index(only)
            return found
        if only in _VERDICTS:
            return np.equal(self.rows.numbers("verdict"), VERDICTS.index(_VERDICTS[only]))
        if only == "changed":
            return np.isin(self.rows_changed(), [KINDS.index("fixed"), KINDS.index("broken")])
        if only == "differ":
            return self._differing()
        keep = np.ones(len(self.rows), dtype=bool)
        if only == "ungraded":
            keep[list(self.grades)] = False
            keep[self.rows.own :] = False
        return keep

    def rows_changed(self) -> Floats:
        """Return what each row is against the other run, as places in `KINDS`."""
        import numpy as np

        if self.changes is None:
            return np.zeros(len(self.rows))
        known = self._orders.get("changes")
        if known is None or known[0] != self.rows.version:
            known = self._orders["changes"] = (
                self.rows.version,
                self.changes.codes(self.rows).astype(np.intp),
            )
        found: Floats = known[1]  # type: ignore[assignment]  # whole numbers
        return found

    def _differing(self) -> Mask:
        """Return the rows of samples on which variants disagree: in score, else in text."""
        import numpy as np

        samples, _ = self.rows.words("sample")
        variants, names = self.rows.words("variant")
        values = self.rows.numbers("judged")
        if not self.rows.info.judges:
            values = self.texts.codes().astype(float)
        counted = ~np.isnan(values)
        counted[self.rows.own :] = False
        shape = (int(samples.max()) + 1 if len(samples) else 1, len(names) or 1)
        cells = (samples * shape[1] + variants)[counted]
        size = shape[0] * shape[1]
        totals = np.bincount(cells, weights=values[counted], minlength=size)
        counts = np.bincount(cells, minlength=size)
        with np.errstate(invalid="ignore"):
            means = np.where(counts > 0, totals / np.maximum(counts, 1), np.nan).reshape(shape)
        low = np.where(np.isnan(means), np.inf, means).min(axis=1)
        high = np.where(np.isnan(means), -np.inf, means).max(axis=1)
        found: Mask = (high > low)[samples]
        return found

    def codes(self, group: str) -> Places:
        """Return the group of each row as a code."""
        if group == "answer":
            return self.texts.codes()
        if group.startswith("value:"):
            return self._value_groups(group.removeprefix("value:"))[0]
        return self.rows.words(group)[0]

    def label(self, group: str, code: int) -> str:
        """Return the words of a group other than ``answer``."""
        if group.startswith("value:"):
            return self._value_groups(group.removeprefix("value:"))[1][code]
        return self.rows.words(group)[1][code]

    def _value_groups(self, name: str) -> tuple[Places, list[str]]:
        import numpy as np

        known = self._value_codes.get(name)
        if known is None or known[0] != self.rows.version:
            samples, ids = self.rows.words("sample")
            found: dict[str, int] = {}
            coded = [found.setdefault(self.samples.value(sample, name), len(found)) for sample in ids]
            codes = np.array(coded or [0], dtype=np.intp)[samples]
            known = self._value_codes[name] = (self.rows.version, codes, list(found))
        return known[1], known[2]

    def count(self, only: str) -> int | None:
        """Return how many rows a filter lets through, None while that is not known."""
        if self.missing(Query(only=only)):
            return None
        with self.lock:
            return int(self.mask(only).sum())
