"""Who is better on the same samples: differences against the first variant."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.report.charts.axis import Axis
from workbench.report.charts.chart import Chart, nothing, text_table
from workbench.report.charts.parts import Estimate, Row, Rows
from workbench.report.charts.view import SHORT, finite, listed, named
from workbench.report.outcome import yes_no
from workbench.report.words import p_value

if TYPE_CHECKING:
    from workbench.report.charts.view import View
    from workbench.report.sentences import Contrast

HEADS = (
    ("variant", False),
    ("difference (95 %)", False),
    ("p", False),
    ("fixed", True),
    ("broken", True),
    ("n", True),
    ("method", False),
)

ONE = "One variant: a difference needs two. Run the same samples with another prompt or model."


def paired(view: View, *, scorer: str | None = None) -> Chart:
    """Make the chart.

    Args:
        view: The variants; the others are compared with the first.
        scorer: Whose numbers; default the first that judges.

    Raises:
        UsageError: No such scorer, or one that only measures.
    """
    judge = view.judged(scorer)
    title = view.title("paired differences" if judge is None else f"{named(judge)}, paired differences")
    if judge is None:
        return nothing("paired", title, "No scorer of this run judges: nothing is better or worse.")
    if len(view.shown) < 2:
        return nothing("paired", title, ONE, warning=view.warning)
    first, others = view.shown[0], view.shown[1:]
    found = {v: view.contrasts[v, judge] for v in others}
    if max(c.interval.n for c in found.values()) < 2:
        few = "Fewer than two samples were answered by two variants: no difference can be shown."
        return nothing("paired", title, few, warning=view.warning)
    flips = {v: _flips(view, v, judge) for v in others}
    rows = tuple(_record(first, v, found[v], flips[v]) for v in others)
    table = text_table(title, HEADS, [_cells(v, found[v], flips[v]) for v in others])
    return Chart(
        "paired",
        title,
        _alt(first, found, flips),
        table,
        rows,
        (_part(view, found, flips),),
        (*_how(first, found), *view.origin_notes),
        view.warning,
    )


@dataclass(frozen=True, slots=True)
class Flips:
    """On how many samples two variants differ.

    Attributes:
        higher: Samples on which the other variant is higher than the first; of yes/no results, fixed.
        lower: Those on which it is lower; of yes/no results, broken.
        binary: Whether all numbers are yes/no.
        n: Samples both have a number for.
    """

    higher: int
    lower: int
    binary: bool
    n: int

    def __str__(self) -> str:
        words = ("fixed", "broken") if self.binary else ("higher on", "lower on")
        return f"{words[0]} {self.higher:,}, {words[1]} {self.lower:,} of {self.n:,}"


def _flips(view: View, variant: str, scorer: str) -> Flips:
    a, b = (view.study.means[v, scorer] for v in (view.shown[0], variant))
    both = [i for i in a if i in b]
    higher, lower = sum(b[i] > a[i] for i in both), sum(b[i] < a[i] for i in both)
    return Flips(higher, lower, yes_no([*(a[i] for i in both), *(b[i] for i in both)]), len(both))


def change(found: Contrast) -> str:
    """Return a difference with its unit and bounds."""
    i = found.interval
    low, high = (found.amount(v) if math.isfinite(v) else "?" for v in (i.low, i.high))
    return f"{found.amount(i.estimate)}{found.unit} ({low} … {high})"


def _record(first: str, variant: str, found: Contrast, flips: Flips) -> dict[str, float | str | None]:
    i = found.interval
    return {
        "first": first,
        "variant": variant,
        "difference": finite(i.estimate),
        "low": finite(i.low),
        "high": finite(i.high),
        "p": i.p,
        "p_holm": found.p,
        "fixed" if flips.binary else "higher": flips.higher,
        "broken" if flips.binary else "lower": flips.lower,
        "n": i.n,
        "method": i.method,
    }


def _cells(variant: str, found: Contrast, flips: Flips) -> list[str]:
    i = found.interval
    counts = (f"{count:,}" for count in (flips.higher, flips.lower, i.n))
    return [variant, change(found) if i.n else "–", p_value(found.p), *counts, i.method]


def _part(view: View, found: dict[str, Contrast], flips: dict[str, Flips]) -> Rows:
    points = all(c.points for c in found.values())
    drawn = [v for v in view.drawn[1:] if found[v].interval.n]
    rows = tuple(_row(view, v, found[v], flips[v]) for v in drawn)
    seen = [
        x for v in drawn for x in (found[v].interval.low, found[v].interval.high, found[v].interval.estimate)
    ]
    unit = ", points" if points else ""
    axis = Axis.around(
        f"worse ← difference from {named(view.shown[0], SHORT)}{unit}, 95 % interval → better",
        "points" if points else "change",
        [0.0, *seen],
        within=(-1.0, 1.0) if points else (-math.inf, math.inf),
    )
    return Rows(axis, rows, zero=0.0)


def _row(view: View, variant: str, found: Contrast, flips: Flips) -> Row:
    i = found.interval
    words = f"{change(found)}, {p_value(found.p)}\n{flips}"
    return Row(variant, view.series[variant], (Estimate(i.estimate, (i.low, i.high)),), words)


def _alt(first: str, found: dict[str, Contrast], flips: dict[str, Flips]) -> str:
    each = [f"{named(v)} {change(c)}, {flips[v]}" for v, c in found.items()]
    clear = sum(c.differs for c in found.values())
    apart = f"{clear} of {len(found)} lie clear of zero" if clear else "none lies clear of zero"
    return (
        f"Differences from {named(first)} on the same samples, with 95 % intervals: {listed(each)}; {apart}."
    )


def _how(first: str, found: dict[str, Contrast]) -> list[str]:
    methods = dict.fromkeys(c.interval.method for c in found.values())
    tests = ["Tango's interval with the exact McNemar test"] * ("Tango" in methods)
    tests += ["paired t"] * any(method != "Tango" for method in methods)
    family = max(c.family for c in found.values())
    corrected = f"; p by Holm over {family} comparisons" if family > 1 else ""
    fixed = f"Fixed: wrong by {named(first, SHORT)} and right here; broken: the other way round."
    return [f"Paired by sample, {' or '.join(tests)}{corrected}.", *([fixed] * ("Tango" in methods))]
