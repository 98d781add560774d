"""How long answers take: the share that is there after so many seconds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from workbench.errors import UsageError, did_you_mean
from workbench.report.charts.axis import Axis
from workbench.report.charts.chart import Chart, nothing, text_table
from workbench.report.charts.parts import Curve, Dot, Estimate, Plane, Row, Rows
from workbench.report.charts.view import finite, listed, named
from workbench.report.words import plural, seconds
from workbench.stats import quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.report.charts.view import View
    from workbench.stats import Interval

Metric = Literal["total", "first_token"]
METRICS = {"total": "seconds to the whole answer", "first_token": "seconds to the first token"}

HEADS = (
    ("variant", False),
    ("p50 (95 %)", False),
    ("p95 (95 %)", False),
    ("replies", True),
    ("errors", True),
)

CURVES = 8
"""Variants whose curves can be told apart; of more, only the marks are drawn."""

POINTS = 60
"""Steps of a curve; no more can be seen."""

HOW = (
    "Times of the attempt that succeeded, queue left out, as measured when the reply was made; "
    "order-statistic intervals over replies."
)

QUANTILES = ((0.5, "p50"), (0.95, "p95"))


@dataclass(frozen=True, slots=True)
class Waits:
    """The seconds of one variant, in order, with median and 95th percentile."""

    name: str
    values: tuple[float, ...]
    p50: Interval
    p95: Interval


def latency(view: View, *, metric: str = "total") -> Chart:
    """Make the chart.

    Args:
        view: The variants.
        metric: ``total`` (sending to last byte) or ``first_token``.

    Raises:
        UsageError: Another metric.
    """
    if metric not in METRICS:
        raise UsageError(f"no metric {metric!r}; total or first_token{did_you_mean(str(metric), METRICS)}")
    title = view.title("latency" if metric == "total" else "first token")
    waits = [_waits(view, v, metric) for v in view.shown]
    known = [w for w in waits if w.values]
    if max((len(w.values) for w in waits), default=0) < 2:
        cure = " Only streamed answers have a first token." if metric == "first_token" else ""
        few = (
            f"{plural(sum(len(w.values) for w in waits), 'reply')} with a time: no spread can be shown.{cure}"
        )
        return nothing("latency", title, few, warning=view.warning)
    drawn = [w for w in known if w.name in view.drawn]
    return Chart(
        "latency",
        title,
        _alt(metric, known),
        text_table(title, HEADS, [_cells(view, w) for w in waits]),
        tuple(_record(view, w, metric) for w in waits),
        tuple(_parts(view, drawn, METRICS[metric])),
        tuple(_notes(view, waits)),
        view.warning,
    )


def _waits(view: View, variant: str, metric: str) -> Waits:
    answers = view.study.answers(variant)
    if metric == "total":
        values = tuple(sorted(o.timing.total_s for o in answers))
    else:
        values = tuple(sorted(o.timing.ttft_s for o in answers if o.timing.ttft_s is not None))
    return Waits(variant, values, quantile(values, 0.5), quantile(values, 0.95))


def _parts(view: View, waits: list[Waits], title: str) -> list[Plane | Rows]:
    ends = [value for w in waits for value in (w.values[0], w.values[-1])]
    log = min(ends) > 0 and max(ends) / min(ends) >= 10
    axis = Axis.around(title, "seconds", ends, log=log, within=(0.0, math.inf))
    rows = Rows(axis, tuple(_row(view, w) for w in waits), "median (filled) and 95th percentile (hollow)")
    if len(waits) > CURVES:
        return [rows]
    share = Axis("share of replies", "number", 0.0, 1.04)
    curves = tuple(Curve(w.name, view.series[w.name], _steps(w.values, axis), step=True) for w in waits)
    marks = tuple(
        Dot(
            w.name,
            view.series[w.name],
            found.estimate,
            q,
            words=f"{name} {_beside(found.estimate)}",
            labelled=False,
        )
        for w in waits
        for (q, name), found in zip(QUANTILES, (w.p50, w.p95), strict=True)
    )
    return [Plane(axis, share, marks, curves), rows]


def _steps(values: Sequence[float], axis: Axis) -> tuple[tuple[float, float], ...]:
    """Return the share of values up to each, at no more than `POINTS` of them, from axis end to axis end."""
    n = len(values)
    ranks = sorted({round(i * (n - 1) / (POINTS - 1)) for i in range(POINTS)} if n > POINTS else range(n))
    inner = [(values[rank], (rank + 1) / n) for rank in ranks]
    return ((axis.low, 0.0), *inner, (axis.high, 1.0))


def _row(view: View, waits: Waits) -> Row:
    both = (
        Estimate(waits.p50.estimate, (waits.p50.low, waits.p50.high)),
        Estimate(waits.p95.estimate, (waits.p95.low, waits.p95.high), hollow=True),
    )
    words = f"p50 {_drawn(waits.p50)}\np95 {_drawn(waits.p95)}"
    return Row(waits.name, view.series[waits.name], both, words)


def _time(value: float) -> str:
    return ("\N{INFINITY}" if value > 0 else "0") if math.isinf(value) else seconds(value)


def _beside(value: float) -> str:
    """Return seconds as finely as the axis beside them is read: below one, two figures.

    >>> _beside(0.0312), _beside(0.128), _beside(12.34)
    ('0.031 s', '0.13 s', '12.3 s')
    """
    return f"{value:#.2g} s" if 0.0005 <= value < 0.995 else seconds(value)


def _spread(found: Interval) -> str:
    return f"{seconds(found.estimate)} ({_time(found.low)} … {_time(found.high)})"


def _drawn(found: Interval) -> str:
    ends = (_time(end) if math.isinf(end) else _beside(end) for end in (found.low, found.high))
    return f"{_beside(found.estimate)} ({' … '.join(ends)})"


def _record(view: View, waits: Waits, metric: str) -> dict[str, float | str | None]:
    each = {
        f"{name}_s{end}": finite(value)
        for (_, name), i in zip(QUANTILES, (waits.p50, waits.p95), strict=True)
        for end, value in (("", i.estimate), ("_low", i.low), ("_high", i.high))
    }
    counts = {"replies": len(waits.values), "errors": view.study.errors(waits.name)}
    return {"variant": waits.name, "metric": metric, **each, **counts}


def _cells(view: View, waits: Waits) -> list[str]:
    times = [_spread(i) if i.n else "–" for i in (waits.p50, waits.p95)]
    return [waits.name, *times, f"{len(waits.values):,}", f"{view.study.errors(waits.name):,}"]


def _alt(metric: str, known: list[Waits]) -> str:
    each = [f"{named(w.name)} p50 {_spread(w.p50)}, p95 {_spread(w.p95)}" for w in known]
    return f"Share of replies against {METRICS[metric]}; median and 95th percentile: {listed(each)}."


def _notes(view: View, waits: list[Waits]) -> list[str]:
    said = [HOW]
    without = [named(w.name) for w in waits if not w.values]
    said += [f"No time known: {listed(without)}."] if without else []
    if len(view.drawn) > CURVES:
        said.append(f"Curves are drawn for up to {CURVES} variants; variants= picks some.")
    return said + view.origin_notes
