"""Charts as pictures: SVG for pages, PNG for files, a plotly figure where somebody wants to point at dots."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

from workbench.report.charts import PLOTLY, PNG, Bars, Plane, Rows
from workbench.show.charts import bars, plane, rows
from workbench.show.charts.look import EDGE, SMALL, TITLE, WIDTH
from workbench.show.charts.sheet import Sheet, plain_settings, wrapped

if TYPE_CHECKING:
    from workbench.report.charts import Chart, Drawn, Part

_HEAD: Final = 34.0
_TITLE: Final = 18.0
_LINE: Final = 15.0
_BETWEEN: Final = 10.0
_FOOT: Final = 10.0
_ROOM: Final = WIDTH - 2 * EDGE


def svg(chart: Chart) -> str:
    """Return a chart as SVG: transparent, no script, nothing loaded; the same chart gives the same bytes."""
    with plain_settings():
        return _drawn(chart).svg(chart.title, chart.alt)


def other(noun: Drawn) -> dict[str, Any]:
    """Return a chart in the form asked for, by its MIME type; a PNG as base64."""
    if noun.form == PLOTLY:
        from workbench.show.charts.hover import figure

        return {PLOTLY: figure(noun.chart)}
    with plain_settings():
        return {PNG: base64.b64encode(_drawn(noun.chart, real=True).png()).decode()}


def _drawn(chart: Chart, *, real: bool = False) -> Sheet:
    """Draw from top to bottom: title, warning, parts, or a sentence where there are none, notes."""
    title = wrapped(chart.title, _ROOM, TITLE, bold=True)
    warning = wrapped(chart.warning, _ROOM, bold=True) if chart.warning else []
    words = [] if chart.parts else wrapped(chart.alt, _ROOM)
    notes = [line for note in chart.notes for line in wrapped(note, _ROOM, SMALL)]
    lines = len(warning) + len(words) + len(notes)
    head = _HEAD + (len(title) - 1) * _TITLE
    tall = head + _LINE * lines + sum(_height(part) + _BETWEEN for part in chart.parts) + 2 * _FOOT
    sheet = Sheet(tall, real=real)
    for n, line in enumerate(title):
        sheet.text(EDGE, 22 + n * _TITLE, line, size=TITLE, bold=True)
    at = _lines(sheet, warning, head, bold=True)
    at = _lines(sheet, words, at)
    at += _FOOT
    for n, part in enumerate(chart.parts):
        _draw(sheet, part, at, chart.parts[n + 1 :])
        at += _height(part) + _BETWEEN
    _lines(sheet, notes, at, size=SMALL)
    return sheet


def _lines(sheet: Sheet, lines: list[str], top: float, **how: Any) -> float:
    for n, line in enumerate(lines):
        sheet.text(EDGE, top + n * _LINE + 10, line, **how)
    return top + len(lines) * _LINE


def _height(part: Part) -> float:
    match part:
        case Plane():
            return plane.height(part)
        case Rows():
            return rows.height(part)
        case Bars():
            return bars.height(part)


def _draw(sheet: Sheet, part: Part, top: float, below: tuple[Part, ...]) -> None:
    """Draw a part; a plane over rows of the same axis stands right above them."""
    match part:
        case Plane():
            same = [rows.span(other) for other in below if isinstance(other, Rows) and other.x == part.x]
            plane.draw(sheet, part, top, same[0] if same else None)
        case Rows():
            rows.draw(sheet, part, top)
        case Bars():
            bars.draw(sheet, part, top)
