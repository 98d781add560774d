"""How many samples would show which difference, judging by how much this run's answers differ."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import stdev
from typing import TYPE_CHECKING

from workbench.report.charts.axis import Axis
from workbench.report.charts.chart import Chart, nothing, text_table
from workbench.report.charts.paired import ONE
from workbench.report.charts.parts import Curve, Dot, Plane
from workbench.report.charts.view import SHORT, listed, named
from workbench.report.outcome import shares, yes_no
from workbench.report.words import number, plural
from workbench.stats import detectable_difference, samples_needed

if TYPE_CHECKING:
    from workbench.report.charts.view import View

HEADS = (
    ("variant", False),
    ("n", True),
    ("differs on", True),
    ("sd", True),
    ("detectable", True),
    ("for half of that, n", True),
)

HOW = (
    "Two-sided at 95 %, one comparison, judging by how much the answers of this run differ; "
    "repeats averaged per sample."
)

CURVES = 8
"""Pairs whose curves can be told apart; of more, the lowest, the middle and the highest are drawn."""

POINTS = 25
STRETCH = (8, 32)
"""How far the curves reach: from an eighth of the samples to 32 times as many."""


@dataclass(frozen=True, slots=True)
class Pair:
    """What two variants' answers to the same samples say of a study's power.

    Attributes:
        name: The variant that is compared with the first.
        n: Samples both have a number for.
        flips: Those on which the numbers differ.
        sd: Standard deviation of the per-sample difference; 0 where none differs.
        points: Whether differences read as points of a hundred.
    """

    name: str
    n: int
    flips: int
    sd: float
    points: bool

    @property
    def detectable(self) -> float:
        """The smallest true difference that as many samples show four times in five."""
        return detectable_difference(self.n, self.sd)

    def amount(self, value: float) -> str:
        """Return a difference in words."""
        if not self.points:
            return f"{value:.3g}"
        return f"{number(100 * value, 0 if value >= 0.1 else 1)} points"

    @property
    def half(self) -> int:
        """Samples needed for half of `detectable`."""
        return 4 * self.n  # what shows shrinks with the square root of how many there are


def power(view: View, *, scorer: str | None = None) -> Chart:
    """Make the chart.

    Args:
        view: The variants; the others are compared with the first.
        scorer: Whose numbers; default the first that judges.

    Raises:
        UsageError: No such scorer, or one that only measures.
    """
    judge = view.judged(scorer)
    title = view.title("power" if judge is None else f"{named(judge)}, power")
    if judge is None:
        return nothing("power", title, "No scorer of this run judges: there is no difference to show.")
    if len(view.shown) < 2:
        return nothing("power", title, ONE, warning=view.warning)
    pairs = [_pair(view, v, judge) for v in view.shown[1:]]
    usable = [p for p in pairs if p.n > 1 and p.sd > 0]
    if not usable:
        return nothing("power", title, _silent(pairs), warning=view.warning)
    return Chart(
        "power",
        title,
        _alt(view, usable),
        text_table(title, HEADS, [_cells(p) for p in pairs]),
        tuple(_record(p) for p in pairs),
        (_plane(view, _drawn(usable)),),
        tuple(_notes(view, pairs)),
        view.warning,
    )


def _pair(view: View, variant: str, scorer: str) -> Pair:
    a, b = (view.study.means[v, scorer] for v in (view.shown[0], variant))
    differences = [b[i] - a[i] for i in a if i in b]
    values = [value for means in (a, b) for value in means.values()]
    flips = sum(d != 0 for d in differences)
    return Pair(variant, len(differences), flips, spread(differences, binary=yes_no(values)), shares(values))


def spread(differences: list[float], *, binary: bool) -> float:
    """Return the standard deviation of per-sample differences.

    Of yes/no results it comes from the discordant share, as `workbench.stats.detectable_difference` says.
    """
    n = len(differences)
    if n < 2:
        return 0.0
    if binary:
        share, mean = sum(d != 0 for d in differences) / n, math.fsum(differences) / n
        return math.sqrt(max(0.0, share - mean**2))
    return stdev(differences)


def _silent(pairs: list[Pair]) -> str:
    n = max(p.n for p in pairs)
    if n < 2:
        return "Fewer than two samples were answered by two variants: nothing is known of how they differ."
    alike = (
        "no answer differs" if not any(p.flips for p in pairs) else "all answers differ by the same amount"
    )
    return f"On {n:,} samples {alike}: there is no spread to plan a larger study from."


def _drawn(usable: list[Pair]) -> list[Pair]:
    """Return the pairs to draw, in their order."""
    if len(usable) <= CURVES:
        return usable
    by_size = sorted(usable, key=lambda p: p.detectable)
    kept = (by_size[0], by_size[len(by_size) // 2], by_size[-1])
    return [p for p in usable if p in kept]


def _plane(view: View, pairs: list[Pair]) -> Plane:
    down, up = STRETCH
    low, high = max(2, min(p.n for p in pairs) // down), max(p.n for p in pairs) * up
    curves, points = [], all(p.points for p in pairs)
    for pair in pairs:
        # no difference of shares is larger than one
        start = max(low, math.ceil(samples_needed(1.0, pair.sd))) if points else low
        at = [start * (high / start) ** (i / (POINTS - 1)) for i in range(POINTS)]
        line = tuple((n, detectable_difference(n, pair.sd)) for n in at)
        curves.append(Curve(pair.name, view.series[pair.name], line, labelled=True))
    dots = tuple(
        Dot(
            p.name,
            view.series[p.name],
            p.n,
            p.detectable,
            words=f"n {p.n:,}: {p.amount(p.detectable)}",
            labelled=False,
        )
        for p in pairs
    )
    heights = [y for curve in curves for _, y in curve.points]
    x = Axis("samples", "count", low, high, log=True)
    title = "smallest difference shown four times in five" + (", points" if points else "")
    y = Axis.around(title, "size" if points else "number", heights, log=True)
    sizes = {p.n for p in pairs}
    now = max(sizes)
    return Plane(
        x, y, dots, tuple(curves), (now, f"now: {now:,}") if len(sizes) == 1 else (now, f"now: up to {now:,}")
    )


def _record(pair: Pair) -> dict[str, float | str | None]:
    known = pair.n > 1 and pair.sd > 0
    return {
        "variant": pair.name,
        "n": pair.n,
        "differs_on": pair.flips,
        "sd": pair.sd,
        "detectable": pair.detectable if known else None,
        "n_for_half": pair.half if known else None,
    }


def _cells(pair: Pair) -> list[str]:
    known = pair.n > 1 and pair.sd > 0
    found = [pair.amount(pair.detectable), f"{pair.half:,}"] if known else ["–", "–"]
    return [pair.name, f"{pair.n:,}", f"{pair.flips:,}", number(pair.sd), *found]


def _alt(view: View, usable: list[Pair]) -> str:
    first = named(view.shown[0])
    each = [f"{named(p.name)} {_sentence(p)}" for p in usable]
    return (
        f"The more samples, the smaller the difference from {first} that shows, four times in five: "
        f"{listed(each)}."
    )


def _sentence(pair: Pair) -> str:
    return f"{pair.amount(pair.detectable)} shows with {pair.n:,} samples, half of that with {pair.half:,}"


def _notes(view: View, pairs: list[Pair]) -> list[str]:
    first = named(view.shown[0], SHORT)
    usable = [p for p in pairs if p.n > 1 and p.sd > 0]
    drawn = _drawn(usable)
    shown = [f"{named(p.name, SHORT)} against {first}: a difference of {_sentence(p)}." for p in drawn[:3]]
    said = [*shown, HOW]
    if len(drawn) < len(usable):
        said.append(f"Of {len(usable):,} pairs the lowest, the middle and the highest curve are drawn.")
    alike = [named(p.name) for p in pairs if p.n > 1 and p.sd == 0]
    apart = [named(p.name) for p in pairs if p.n < 2]
    said += [f"Not drawn, without a spread against {first}: {listed(alike)}."] if alike else []
    said += (
        [f"Not drawn, {plural(2, 'sample')} in common with {first} are needed: {listed(apart)}."]
        if apart
        else []
    )
    return said + view.origin_notes
