"""What stands above the rows: the numbers of the run's own table, a line per variant; small histograms."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from workbench.report import Table
from workbench.report.columns import columns as all_columns
from workbench.report.outcome import by_variant
from workbench.report.sentences import Contrast
from workbench.report.study import Study
from workbench.report.words import number, plural
from workbench.show.safe import visible
from workbench.stats import wilson
from workbench.widgets.table.baseline import beside

if TYPE_CHECKING:
    from workbench.report import Bills
    from workbench.run import Run
    from workbench.widgets.table.changes import Changes
    from workbench.widgets.table.engine import Engine
    from workbench.widgets.table.rows import Floats

BINS: Final = 24
QUICK: Final = 20_000
"""Rows above which prices are not added up just to show a table without a kernel."""

_KEPT: Final = ("n", "errors", "unscored", "not_run", "usd", "p50_s", "first_token_s")


def header(run: Run, changes: Changes | None = None, bills: Bills | None = None) -> Table:
    """Return the run's own table with the columns that a header has room for; its numbers are the same.

    Args:
        run: The run.
        changes: Against another run: its means and the differences stand beside this one's.
        bills: What its answers cost, where that is known already: it is not added up again, now or later.
    """
    # Reasons for what has no price stand in the order of the rows, and a journal's are not in the study's.
    if bills is not None and len({why for bill in bills.values() for why in bill.reasons}) < 2:
        vars(run).setdefault("_bills", bills)
    picked = _picked(run.summary(), [s["name"] for s in run.info.scorers])
    return picked if changes is None else beside(picked, run, changes)


def priced(run: Run) -> bool:
    """Whether the header's prices are there, or quickly got."""
    return len(run) <= QUICK or "_summary" in vars(run)


def quick_header(run: Run, changes: Changes | None = None) -> Table:
    """Return the header of a large run without prices, which take seconds to add up.

    Where the run's table was made already, that is it.
    """
    if priced(run):
        return header(run, changes)
    info = run.info
    scorers = tuple((s["name"], s["kind"]) for s in info.scorers)
    groups = by_variant(run.rows, info.variant_names)
    study = _Quick(info.name, info.variant_names, scorers, info.samples, info.epochs, groups, {})
    kept = [(column, cells) for column, cells in all_columns(study) if column.key != "usd"]
    table = Table(
        title=f"{visible(info.name)} · {plural(len(run), 'result')}",
        columns=tuple(column for column, _ in kept),
        rows=tuple(zip(*(cells for _, cells in kept), strict=True)),
        notes=("What it cost is not added up here: run.summary() has it.",),
    )
    picked = _picked(table, [name for name, _ in scorers])
    return picked if changes is None else beside(picked, run, changes)


class _Quick(Study):
    """A study of which only what the header shows is computed: no tokens, no comparison of variants."""

    @property
    def contrasts(self) -> dict[tuple[str, str], Contrast]:
        """One of nothing: how many there are is asked."""
        return {("", ""): Contrast("", "", wilson(0, 0), 1.0)}

    @property
    def tokens(self) -> dict[str, dict[str, int]]:
        """Nothing, for each variant."""
        return {variant: {} for variant in self.variants}


def _picked(table: Table, scorers: list[str]) -> Table:
    wanted = ["variant", *scorers, *_KEPT]
    places = [at for at, column in enumerate(table.columns) if column.key in wanted]
    return replace(
        table,
        columns=tuple(replace(table.columns[at], block="quality") for at in places),  # in one piece
        rows=tuple(tuple(row[at] for at in places) for row in table.rows),
    )


def histograms(engine: Engine) -> dict[str, dict[str, Any]]:
    """Return small histograms of the scores and of cost and latency, where those are known, by column.

    Each has ``bars`` (counts from low to high), and ``words`` that say the same.
    """
    keys = [f"score:{s['name']}" for s in engine.rows.info.scorers] + ["latency", "first_token"]
    keys += [key for key in ("cost", "tokens_in", "tokens_out") if engine.has(key)]
    titles = {column.key: column.title for column in engine.columns}
    made = {}
    with engine.lock:
        for key in keys:
            found = _histogram(engine.rows.numbers(key)[: engine.rows.own], titles[key])
            if found is not None:
                made[key] = found
    return made


def _histogram(values: Floats, title: str) -> dict[str, Any] | None:
    import numpy as np

    known = values[np.isfinite(values)]
    if not len(known):
        return None
    low, high = float(known.min()), float(known.max())
    found = np.unique(known[:100_000])
    if len(found) <= 2:
        each = [(float(value), int((known == value).sum())) for value in found]
        words = ", ".join(f"{_short(value)}: {count:,} rows" for value, count in each)
        return {"bars": [count for _, count in each], "words": f"{title}: {words}"}
    # One slow answer would squeeze all others into the first bar.
    top = float(np.quantile(known, 0.99))
    counts, _ = np.histogram(np.minimum(known, top), bins=BINS, range=(low, top if top > low else high))
    middle = float(np.median(known))
    words = f"{title}: {_short(low)} to {_short(high)}, median {_short(middle)}"
    return {
        "bars": counts.tolist(),
        "words": words + (", the last bar holds all above" if high > top else ""),
    }


def _short(value: float) -> str:
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return number(value, 2) if abs(value) >= 0.1 else f"{value:.2g}"
