"""A chart as plotly's JSON: the same dots, intervals and colours, with the figures at the pointer.

Plotly takes a few tags in its texts for markup: every text is escaped first.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from workbench.report.charts import Bars, Plane, Rows
from workbench.show.charts.look import AMOUNTS, INK, colour, names, shown
from workbench.show.safe import escape

if TYPE_CHECKING:
    from workbench.report.charts import Axis, Bar, Chart, Dot, Estimate, Part, Row

_SYMBOLS: Final = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "x", "pentagon")
_DASHES: Final = ("solid", "dash", "dashdot", "dot")
_GRID: Final = "rgba(128,128,128,0.25)"
_CLEAR: Final = "rgba(0,0,0,0)"


def figure(chart: Chart) -> dict[str, Any]:
    """Return ``data`` and ``layout`` of a plotly figure; a part of the chart is a subplot."""
    data: list[dict[str, Any]] = []
    layout: dict[str, Any] = {
        "title": {"text": _title(chart), "font": {"size": 15}},
        "paper_bgcolor": _CLEAR,
        "plot_bgcolor": _CLEAR,
        "font": {"color": INK, "size": 12},
        "barmode": "stack",
        "showlegend": any(isinstance(part, Plane | Bars) for part in chart.parts),
        "height": 120 + 380 * max(1, len(chart.parts)),
        "margin": {"t": 90},
    }
    count = len(chart.parts)
    for n, part in enumerate(chart.parts):
        key = "" if n == 0 else str(n + 1)
        data += [{**trace, "xaxis": f"x{key}", "yaxis": f"y{key}"} for trace in _traces(part)]
        layout[f"xaxis{key}"] = {**_axis(part.x), "anchor": f"y{key}"}
        room = 0.12 if count > 1 else 0.0
        layout[f"yaxis{key}"] = {
            **_vertical(part),
            "anchor": f"x{key}",
            "domain": [1 - (n + 1) / count + room * (n + 1 < count), 1 - n / count],
        }
    if not chart.parts:
        layout |= {"xaxis": {"visible": False}, "yaxis": {"visible": False}}
        layout["annotations"] = [
            {"text": _safe(chart.alt), "showarrow": False, "xref": "paper", "yref": "paper"}
        ]
    return {"data": data, "layout": layout}


def _safe(text: str) -> str:
    return str(escape(shown(text)))


def _title(chart: Chart) -> str:
    return "<br>".join(_safe(line) for line in (chart.title, chart.warning) if line)


def _axis(axis: Axis) -> dict[str, Any]:
    ends = [math.log10(end) if axis.log else end for end in (axis.low, axis.high)]
    marks = axis.ticks()
    return {
        "title": {"text": _safe(axis.title)},
        "type": "log" if axis.log else "linear",
        "range": ends,
        "tickvals": [value for value, _ in marks],
        "ticktext": [_safe(text) for _, text in marks],
        "gridcolor": _GRID,
        "zeroline": False,
    }


def _vertical(part: Part) -> dict[str, Any]:
    """Return the vertical axis: values of a plane, names of rows and bars from the top."""
    if isinstance(part, Plane):
        return _axis(part.y)
    every = names([row.name for row in part.rows]) if isinstance(part, Rows) else _bar_names(part)
    return {
        "tickvals": list(range(len(every))),
        "ticktext": [_safe(name) for name in every],
        "range": [len(every) - 0.5, -0.5],
        "gridcolor": _GRID,
        "zeroline": False,
    }


def _bar_names(bars: Bars) -> list[str]:
    whole, found = "", []
    for bar, name in zip(bars.bars, names([bar.name for bar in bars.bars]), strict=True):
        whole = name if bar.name else whole
        found.append(f"{whole} · {bar.kind}")
    return found


def _traces(part: Part) -> list[dict[str, Any]]:
    match part:
        case Plane():
            return _plane(part)
        case Rows():
            return _rows(part)
        case Bars():
            return [_amounts(part, n) for n in range(len(part.kinds))]


def _plane(plane: Plane) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [x for x, _ in curve.points],
            "y": [y for _, y in curve.points],
            "name": _safe(curve.name),
            "line": {
                "color": INK if curve.series is None else colour(curve.series),
                "dash": "dash" if curve.series is None else _DASHES[curve.series // 5 % 4],
                "shape": "hv" if curve.step else "linear",
            },
            "hoverinfo": "skip" if curve.series is None else "x+y+name",
            "showlegend": curve.series is not None,
        }
        for curve in plane.curves
    ]
    if plane.marker is not None:
        now, words = plane.marker
        lines.append(
            {
                "type": "scatter", "mode": "lines", "x": [now, now], "y": [plane.y.low, plane.y.high],
                "name": _safe(words), "line": {"color": INK, "dash": "dot"},
            }
        )  # fmt: skip
    written = names([dot.name for dot in plane.dots])
    return [*lines, *(_dot(plane, dot, name) for dot, name in zip(plane.dots, written, strict=True))]


def _dot(plane: Plane, dot: Dot, name: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": "scatter",
        "mode": "markers",
        "x": [dot.x],
        "y": [dot.y],
        "name": _safe(name),
        "marker": {"color": colour(dot.series), "symbol": _SYMBOLS[dot.series % 8], "size": 10},
        "hovertext": ["<br>".join([_safe(dot.name), _safe(dot.words)])],
        "hoverinfo": "text",
        "showlegend": dot.labelled,
    }
    if dot.span is not None:
        made["error_y"] = _error(plane.y, dot.y, dot.span, dot.series)
    return made


def _rows(rows: Rows) -> list[dict[str, Any]]:
    made = [
        _estimate(rows, row, estimate, n + 0.18 * (k - (len(row.estimates) - 1) / 2))
        for n, row in enumerate(rows.rows)
        for k, estimate in enumerate(row.estimates)
    ]
    if rows.zero is not None:
        ends = [-0.5, len(rows.rows) - 0.5]
        made.append(
            {
                "type": "scatter", "mode": "lines", "x": [rows.zero, rows.zero], "y": ends,
                "line": {"color": INK}, "hoverinfo": "skip", "showlegend": False,
            }
        )  # fmt: skip
    return made


def _estimate(rows: Rows, row: Row, estimate: Estimate, y: float) -> dict[str, Any]:
    symbol = _SYMBOLS[row.series % 8] + ("-open" if estimate.hollow else "")
    words = "<br>".join(_safe(line) for line in row.words.split("\n"))
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [estimate.value],
        "y": [y],
        "name": _safe(row.name),
        "marker": {"color": colour(row.series), "symbol": symbol, "size": 10},
        "error_x": _error(rows.x, estimate.value, estimate.span, row.series),
        "hovertext": ["<br>".join([_safe(row.name), words])],
        "hoverinfo": "text",
        "showlegend": False,
    }


def _error(axis: Axis, value: float, span: tuple[float, float], series: int) -> dict[str, Any]:
    low, high = (axis.inside(bound) for bound in span)
    return {
        "type": "data",
        "symmetric": False,
        "array": [high - value],
        "arrayminus": [value - low],
        "color": colour(series),
        "thickness": 1.6,
        "width": 0,  # a cap would close an interval that is open
    }


def _amounts(bars: Bars, n: int) -> dict[str, Any]:
    return {
        "type": "bar",
        "orientation": "h",
        "x": [bar.amounts[n] for bar in bars.bars],
        "y": list(range(len(bars.bars))),
        "name": _safe(bars.kinds[n]),
        "marker": {"color": AMOUNTS[n]},
        "hovertext": [_told(bars, bar, n) for bar in bars.bars],
        "hoverinfo": "text",
        "showlegend": True,
    }


def _told(bars: Bars, bar: Bar, n: int) -> str:
    return f"{_safe(bars.kinds[n])}, {_safe(bar.kind)}: {bar.amounts[n]:,.0f}"
