"""Amounts end to end, expected above actual."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from workbench.show.charts.look import AMOUNTS, EDGE, SMALL, WIDTH, names
from workbench.show.charts.plane import ticks
from workbench.show.charts.sheet import measured, scaled

if TYPE_CHECKING:
    from workbench.report.charts import Bars
    from workbench.show.charts.sheet import Sheet

_LEGEND: Final = 26.0
_BAR: Final = 19.0
_BETWEEN: Final = 8.0
_BELOW: Final = 48.0
_GAP: Final = 14.0


def height(bars: Bars) -> float:
    """Return the pixels that the bars take."""
    return _LEGEND + _offsets(bars)[-1] + _BELOW


def _offsets(bars: Bars) -> list[float]:
    """Return where each bar begins, and where the last one ends: those of one variant stand together."""
    found, at = [], 0.0
    for bar in bars.bars:
        at += _BETWEEN if bar.name else 0.0
        found.append(at)
        at += _BAR
    return [*found, at + _BETWEEN]


def draw(sheet: Sheet, bars: Bars, top: float) -> None:
    """Draw the bars below *top*."""
    written = names([bar.name for bar in bars.bars])
    kind = max(measured(bar.kind, SMALL) for bar in bars.bars)
    left = EDGE + max(measured(name) for name in written) + kind + 3 * _GAP
    words = max(measured(text, SMALL) for text in (*(bar.words for bar in bars.bars), " · ".join(bars.kinds)))
    width = WIDTH - EDGE - words - _GAP - left
    _legend(sheet, bars, left, top, left + width + _GAP)
    top += _LEGEND
    offsets = _offsets(bars)
    bottom = top + offsets[-1]
    axes = sheet.axes(left, top, width, bottom - top)
    scaled(axes, bars.x)
    axes.set_ylim(offsets[-1], 0)
    ticks(sheet, bars.x, left, width, bottom, top=top)
    for bar, name, at in zip(bars.bars, written, offsets, strict=False):
        middle, start = at + _BAR / 2, 0.0
        if bar.name:
            sheet.text(left - kind - 2 * _GAP, top + middle + 4, name, align="right")
        sheet.text(left - _GAP, top + middle + 4, bar.kind, size=SMALL, align="right")
        sheet.text(left + width + _GAP, top + middle + 4, bar.words, size=SMALL)
        for amount, ink in zip(bar.amounts, AMOUNTS, strict=True):
            thick = 7.0 if bar.kind == "expected" else 13.0
            axes.barh(middle, amount, height=thick, left=start, color=ink, linewidth=0, clip_on=False)
            start += amount


def _legend(sheet: Sheet, bars: Bars, left: float, top: float, right: float) -> None:
    axes = sheet.axes(left, top, WIDTH - left, _LEGEND)
    axes.set_xlim(0, WIDTH - left)
    axes.set_ylim(_LEGEND, 0)
    x = 0.0
    for kind, ink in zip(bars.kinds, AMOUNTS, strict=True):
        axes.barh(8, 10, height=10, left=x, color=ink, linewidth=0, clip_on=False)
        sheet.text(left + x + 15, top + 12, kind, size=SMALL)
        x += 15 + measured(kind, SMALL) + 18
    sheet.text(right, top + 12, " · ".join(bars.kinds), size=SMALL)
