"""What the header says of the other run: its mean beside this one's, and the paired difference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import fmean
from typing import TYPE_CHECKING, Final

from workbench.report.estimate import difference
from workbench.report.outcome import by_variant, sample_means, shares
from workbench.report.sentences import Contrast
from workbench.report.table import Cell, Column
from workbench.report.words import EMULATED, NOTHING, number, plural
from workbench.show.safe import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from workbench.report import Table
    from workbench.run import Result, Run
    from workbench.widgets.table.changes import Changes

_NAME: Final = 28
"""Characters of the other run's name in a heading."""


@dataclass(frozen=True, slots=True)
class Beside:
    """One variant's numbers by one scorer, set beside those of the other run.

    Attributes:
        now: The mean of this run, over the samples both have a number for.
        was: Of the other run, over the same.
        contrast: ``now - was``, with its interval.
        alone: Samples that only one of the runs has a number for.
    """

    now: float
    was: float
    contrast: Contrast
    alone: int

    @property
    def cell(self) -> Cell:
        """As in ``0.91 was 0.88``, ``+3 points``, ``+1 … +5``."""
        c, i = self.contrast, self.contrast.interval
        words = f"{number(self.now)} was {number(self.was)}  {c.amount(i.estimate)}{c.unit}  {c.span}"
        bounds = (("low", i.low), ("high", i.high)) if i.bounded else (("low", None), ("high", None))
        data = (("now", self.now), ("was", self.was), ("difference", i.estimate), *bounds)
        return Cell(words, (*data, ("n", i.n), ("method", i.method)))


def beside(table: Table, run: Run, changes: Changes) -> Table:
    """Return *table*, a line per variant, with what the other run had beside each score.

    Measures are neither better nor worse: they have no such column.
    """
    here, there = _groups(run), _groups(changes.run)
    variants = run.info.variant_names
    found: dict[str, list[Beside | None]] = {}
    for name in (s["name"] for s in run.info.scorers if s["kind"] != "measure"):
        pairs = [(here[v], there.get(changes.variant(v) or "", [])) for v in variants]
        found[name] = [_compared(rows, others, name) for rows, others in pairs]
    columns, rows = list(table.columns), [list(row) for row in table.rows]
    for name, every in found.items():
        at = next(n for n, column in enumerate(columns) if column.key == name) + 1
        columns.insert(at, Column(f"{name}_against", f"against {_short(changes.name)}", align="left"))
        for row, one in zip(rows, every, strict=True):
            row.insert(at, Cell(NOTHING) if one is None else one.cell)
    notes = [note for note in _notes(found, changes) if note not in table.notes]
    return replace(
        table,
        columns=tuple(columns),
        rows=tuple(tuple(row) for row in rows),
        notes=(*table.notes, *notes),
    )


def _groups(run: Run) -> dict[str, list[Result]]:
    return by_variant(run.rows, run.info.variant_names)  # type: ignore[return-value]  # what went in


def _compared(rows: list[Result], others: list[Result], scorer: str) -> Beside | None:
    """Return one variant's numbers beside what they were, None where no sample has one from both."""
    now, was = sample_means(rows, scorer), sample_means(others, scorer)
    both = [sample for sample in now if sample in was]
    if not both:
        return None
    found = difference(was, now)
    values = [each[sample] for each in (was, now) for sample in both]
    contrast = Contrast("was", "now", found, 1.0 if found.p is None else found.p, points=shares(values))
    mean_now, mean_was = (fmean(each[sample] for sample in both) for each in (now, was))
    return Beside(mean_now, mean_was, contrast, len(now.keys() ^ was.keys()))


def _notes(found: Mapping[str, list[Beside | None]], changes: Changes) -> Iterator[str]:
    made = [one for every in found.values() for one in every if one is not None]
    methods = dict.fromkeys(one.contrast.interval.method for one in made)
    name = visible(changes.name)
    if made:
        yield (
            f"Against {name}: paired by sample, over those both runs have a number for; "
            f"95 % intervals by {' and '.join(methods)}, each for itself."
        )
    alone = max((one.alone for one in made), default=0)
    if alone:
        left = plural(alone, "sample")
        yield f"Left out: up to {left} a variant that only one of the runs has a number for."
    if any(row.origin == "emulator" for row in changes.run.rows if row.error is None):
        yield EMULATED


def _short(name: str) -> str:
    shown = visible(name)
    return shown if len(shown) <= _NAME else f"{shown[: _NAME - 1]}…"
