"""Estimates one below the other: name, dot and interval, the same in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from workbench.show.charts.look import EDGE, INK, SMALL, WIDTH, colour, names, shape
from workbench.show.charts.plane import ticks
from workbench.show.charts.sheet import measured, scaled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from workbench.report.charts import Estimate, Row, Rows
    from workbench.show.charts.sheet import Sheet

_TITLE: Final = 24.0
_BELOW: Final = 48.0
_LINE: Final = 14.0
_GAP: Final = 14.0


def height(rows: Rows) -> float:
    """Return the pixels that the rows take."""
    return (_TITLE if rows.title else 6.0) + len(rows.rows) * _row_height(rows) + _BELOW


def _row_height(rows: Rows) -> float:
    return max((row.words.count("\n") for row in rows.rows), default=0) * _LINE + 24.0


def span(rows: Rows) -> tuple[float, float]:
    """Return where the axis begins, and how wide it is: between the names and the words."""
    names_wide = max((measured(name) for name in names([row.name for row in rows.rows])), default=0.0)
    lines = [line for row in rows.rows for line in row.words.split("\n")]
    left = EDGE + names_wide + 2 * _GAP
    return left, WIDTH - EDGE - max((measured(line, SMALL) for line in lines), default=0.0) - _GAP - left


def draw(sheet: Sheet, rows: Rows, top: float) -> None:
    """Draw the rows below *top*."""
    if rows.title:
        sheet.text(EDGE, top + 12, rows.title, bold=True)
        top += _TITLE
    else:
        top += 6.0
    written = names([row.name for row in rows.rows])
    each, (left, width) = _row_height(rows), span(rows)
    bottom = top + each * len(rows.rows)
    axes = sheet.axes(left, top, width, bottom - top)
    scaled(axes, rows.x)
    axes.set_ylim(len(rows.rows), 0)
    ticks(sheet, rows.x, left, width, bottom, top=top)
    if rows.zero is not None:
        axes.plot((rows.zero, rows.zero), (0, len(rows.rows)), color=INK, linewidth=1.4, clip_on=False)
    for n, (row, name) in enumerate(zip(rows.rows, written, strict=True)):
        middle = top + (n + 0.5) * each
        sheet.text(left - _GAP, middle + 4, name, align="right")
        _row(axes, rows, row, n + 0.5)
        lines = row.words.split("\n")
        for k, line in enumerate(lines):
            at = middle + 4 + (k - (len(lines) - 1) / 2) * _LINE
            sheet.text(left + width + _GAP, at, line, size=SMALL)


def _row(axes: Axes, rows: Rows, row: Row, y: float) -> None:
    """Draw the estimates of a row; two lie a little apart, so that both intervals are seen."""
    shift = 0.16 if len(row.estimates) > 1 else 0.0
    for n, estimate in enumerate(row.estimates):
        _estimate(axes, rows, row, estimate, y + (shift if n else -shift))


def _estimate(axes: Axes, rows: Rows, row: Row, estimate: Estimate, y: float) -> None:
    ink = colour(row.series)
    low, high = (rows.x.inside(value) for value in estimate.span)
    for start, end, bound in (
        (low, estimate.value, estimate.span[0]),
        (estimate.value, high, estimate.span[1]),
    ):
        axes.plot(
            (start, end), (y, y), color=ink, linewidth=2.0, clip_on=False, solid_capstyle="butt",
            linestyle="-" if math.isfinite(bound) else (0, (1.5, 1.5)),
        )  # fmt: skip
    axes.plot(
        (estimate.value,), (y,), color=ink, marker=shape(row.series), markersize=8.0, clip_on=False,
        markerfacecolor="none" if estimate.hollow else ink, markeredgewidth=1.5 if estimate.hollow else 0.0,
    )  # fmt: skip
