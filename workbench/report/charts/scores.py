"""How good each variant is: one row per variant and scorer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.report.charts.axis import Axis
from workbench.report.charts.chart import Chart, nothing, text_table
from workbench.report.charts.parts import Estimate, Row, Rows
from workbench.report.charts.view import finite, listed, named, valued
from workbench.report.estimate import estimate
from workbench.report.outcome import shares, unscored
from workbench.report.words import plural, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.report.charts.view import View
    from workbench.stats import Interval

ROWS = 60
"""Rows of one picture, of all its scorers."""

HEADS = (
    ("scorer", False),
    ("variant", False),
    ("value (95 %)", False),
    ("n", True),
    ("errors", True),
    ("unscored", True),
    ("method", False),
)


def scores(view: View, *, scorer: str | None = None) -> Chart:
    """Make the chart.

    Args:
        view: The variants.
        scorer: Only this one; default all.
    """
    if scorer is not None:
        view.known(scorer)
    title = view.title("scores")
    asked = [(name, kind) for name, kind in view.study.scorers if scorer in (None, name)]
    if not asked:
        return nothing("scores", title, "This run has no scorer: nothing was judged.")
    if view.samples < 2:
        few = f"{plural(view.samples, 'sample')} answered: a score with an interval needs two or more."
        return nothing("scores", title, few, warning=view.warning)
    found = {(v, s): _estimate(view, v, s, kind) for s, kind in asked for v in view.shown}
    drawn = view.drawn[: max(1, ROWS // len(asked))]
    left = len(view.drawn) - len(drawn)
    cut = [f"{plural(left, 'variant')} more in the table, or with scorer=."] if left else []
    rows = tuple(_record(view, v, s, found[v, s]) for s, _ in asked for v in view.shown)
    table = text_table(title, HEADS, [_cells(view, v, s, found[v, s]) for s, _ in asked for v in view.shown])
    return Chart(
        "scores",
        title,
        _alt(view, asked, found),
        table,
        rows,
        tuple(_rows(view, s, kind, found, drawn) for s, kind in asked[:ROWS]),
        (*_how(asked), *view.origin_notes, *cut),
        view.warning,
    )


def _estimate(view: View, variant: str, scorer: str, kind: str) -> Interval:
    return estimate(list(view.study.means[variant, scorer].values()), kind=kind)


def _record(view: View, variant: str, scorer: str, found: Interval) -> dict[str, float | str | None]:
    return {
        "scorer": scorer,
        "variant": variant,
        "value": finite(found.estimate),
        "low": finite(found.low),
        "high": finite(found.high),
        "n": found.n,
        "errors": view.study.errors(variant),
        "unscored": unscored(view.study.groups[variant], scorer),
        "method": found.method,
    }


def _cells(view: View, variant: str, scorer: str, found: Interval) -> list[str]:
    missing = unscored(view.study.groups[variant], scorer)
    counts = (found.n, view.study.errors(variant), missing)
    return [scorer, variant, valued(found), *(f"{count:,}" for count in counts), found.method]


def _rows(
    view: View, scorer: str, kind: str, found: dict[tuple[str, str], Interval], drawn: Sequence[str]
) -> Rows:
    each = [found[v, scorer] for v in drawn]
    rows = tuple(_row(view, v, scorer, found[v, scorer]) for v in drawn)
    seen = [value for i in each if i.n for value in (i.estimate, i.low, i.high)]
    within = (0.0, 1.0) if shares(v for v in seen if abs(v) < float("inf")) and kind != "measure" else None
    word = "median" if kind == "measure" else "mean"
    axis = Axis.around(
        f"{word}, 95 % interval", "number", seen, within=within or (float("-inf"), float("inf"))
    )
    return Rows(axis, rows, named(scorer))


def _row(view: View, variant: str, scorer: str, found: Interval) -> Row:
    errors, missing = view.study.errors(variant), unscored(view.study.groups[variant], scorer)
    parts = [valued(found), f"n {found.n:,}"]
    parts += [plural(errors, "error")] if errors else []
    parts += [f"{missing:,} unscored"] if missing else []
    estimates = (Estimate(found.estimate, (found.low, found.high)),) if found.n else ()
    return Row(variant, view.series[variant], estimates, ", ".join(parts))


def _alt(view: View, asked: Sequence[tuple[str, str]], found: dict[tuple[str, str], Interval]) -> str:
    said = []
    for scorer, kind in asked:
        each = [f"{named(v)} {valued(found[v, scorer])}" for v in view.shown]
        said.append(f"{named(scorer)}{' (median)' if kind == 'measure' else ''}: {listed(each)}.")
    return f"One dot a variant, with its 95 % interval. {' '.join(said[:3])}{view.errors()}"


def _how(asked: Sequence[tuple[str, str]]) -> list[str]:
    judged = [visible(s) for s, kind in asked if kind != "measure"]
    said = ["Means over samples, repeats of one averaged first; errors and unscored answers are in no mean."]
    measured = "Measures (no right or wrong): median with order-statistic interval."
    return (said if judged else []) + [measured] * (len(judged) < len(asked))
