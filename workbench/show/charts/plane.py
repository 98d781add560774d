"""Dots and curves over two axes, with their names beside them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from workbench.show.charts.labels import Box, Wanted, place, spread
from workbench.show.charts.look import EDGE, INK, SMALL, WIDTH, colour, dashes, names, shape
from workbench.show.charts.sheet import measured, scaled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from workbench.report.charts import Axis, Dot, Plane
    from workbench.show.charts.sheet import Sheet

NAMED: Final = 12
"""Dots that have their names beside them; more get numbers, and a key."""

_LEFT: Final = 64.0
_ABOVE: Final = 26.0
_BELOW: Final = 44.0
_LINE: Final = 15.0
_BODY: Final = 300.0
_LOW: Final = 190.0


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the axes of a plane lie, and from values to pixels."""

    plane: Plane
    left: float
    top: float
    width: float
    height: float

    def x(self, value: float) -> float:
        """Return the pixel of a value, of the end of the axis for what lies beyond."""
        return self.left + self.width * _share(self.plane.x, value)

    def y(self, value: float) -> float:
        """Likewise, from the top."""
        return self.top + self.height * (1 - _share(self.plane.y, value))


def _share(axis: Axis, value: float) -> float:
    low, high, at = axis.low, axis.high, axis.inside(value)
    if axis.log:
        low, high, at = math.log(low), math.log(high), math.log(at)
    return (at - low) / (high - low)


def height(plane: Plane) -> float:
    """Return the pixels that the plane takes."""
    return _ABOVE + _body(plane, keyed=_keyed(plane)) + _BELOW


def draw(sheet: Sheet, plane: Plane, top: float, span: tuple[float, float] | None = None) -> None:
    """Draw the plane below *top*.

    Args:
        sheet: What to draw on.
        plane: What to draw.
        top: In pixels.
        span: Where the horizontal axis begins and how wide it is; default as wide as there is room.
    """
    keyed = _keyed(plane)
    frame = _frame(plane, top, keyed=keyed, span=span)
    axes = sheet.axes(frame.left, frame.top, frame.width, frame.height)
    scaled(axes, plane.x, plane.y)
    _grid(sheet, frame)
    _curves(axes, plane)
    _dots(axes, plane)
    if plane.marker is not None:
        _marker(sheet, frame, *plane.marker)
    _ends(sheet, frame)
    _labels(sheet, frame, keyed=keyed)


def _labelled(plane: Plane) -> list[Dot]:
    return [dot for dot in plane.dots if dot.labelled]


def _frame(plane: Plane, top: float, *, keyed: bool, span: tuple[float, float] | None = None) -> Frame:
    left, width = span or (_LEFT, WIDTH - _LEFT - EDGE - _beside(plane, keyed=keyed))
    return Frame(plane, left, top + _ABOVE, width, _body(plane, keyed=keyed))


def _body(plane: Plane, *, keyed: bool) -> float:
    dots, curves = len(_labelled(plane)), sum(curve.labelled for curve in plane.curves)
    return max(_BODY if dots or curves else _LOW, max(dots if keyed else 0, curves) * _LINE + 10)


def _keyed(plane: Plane) -> bool:
    """Whether the dots have numbers and a key: they are many, or their names do not fit beside them."""
    dots = _labelled(plane)
    if len(dots) > NAMED:
        return True
    written = names([dot.name for dot in dots])
    return None in _places(_frame(plane, 0.0, keyed=False), dots, written)


def _beside(plane: Plane, *, keyed: bool) -> float:
    """Return what is kept free on the right: for the names of curves, or the key."""
    curves = names([curve.name for curve in plane.curves if curve.labelled])
    if curves:
        return max(measured(name, SMALL) for name in curves) + 22
    return _key_width(_labelled(plane)) if keyed else 0.0


def _grid(sheet: Sheet, frame: Frame) -> None:
    """Draw the ticks of both axes, a light line at each of *y*, and the titles."""
    plane, bottom, right = frame.plane, frame.top + frame.height, frame.left + frame.width
    sheet.text(EDGE, frame.top - 11, plane.y.title, size=SMALL)
    for value, text in plane.y.ticks():
        y = frame.y(value)
        sheet.line(frame.left, y, right, y, linewidth=0.8, alpha=0.25)
        sheet.text(frame.left - 8, y + 4, text, size=SMALL, align="right")
    sheet.line(frame.left, bottom, right, bottom, linewidth=0.8)
    ticks(sheet, plane.x, frame.left, frame.width, bottom)


def ticks(sheet: Sheet, axis: Axis, left: float, width: float, y: float, *, top: float | None = None) -> None:
    """Draw the ticks and the title of a horizontal axis, with light lines up to *top*."""
    for value, text in axis.ticks():
        x = left + width * _share(axis, value)
        sheet.line(x, y, x, y + 4, linewidth=0.8)
        if top is not None:
            sheet.line(x, top, x, y, linewidth=0.8, alpha=0.25)
        sheet.text(x, y + 16, text, size=SMALL, align="center")
    sheet.text(left + width / 2, y + 33, axis.title, size=SMALL, align="center")


def _curves(axes: Axes, plane: Plane) -> None:
    for curve in plane.curves:
        xs, ys = zip(*curve.points, strict=True)
        own = curve.series is not None
        axes.plot(
            xs,
            ys,
            color=colour(curve.series or 0) if own else INK,
            linestyle=dashes(curve.series or 0) if own else (0, (4, 3)),
            linewidth=1.8 if own else 1.2,
            drawstyle="steps-post" if curve.step else "default",
            clip_on=False,
        )


def _dots(axes: Axes, plane: Plane) -> None:
    for dot in plane.dots:
        if dot.span is not None:
            low, high = (plane.y.inside(value) for value in dot.span)
            closed = all(math.isfinite(value) for value in dot.span)
            axes.plot(
                (dot.x, dot.x), (low, high), color=colour(dot.series), linewidth=1.6,
                linestyle="-" if closed else ":", clip_on=False,
            )  # fmt: skip
    for dot in plane.dots:
        axes.plot(
            (dot.x,), (dot.y,), color=colour(dot.series), marker=shape(dot.series), markersize=8.0,
            markeredgewidth=0.0, linestyle="none", clip_on=False,
        )  # fmt: skip


def _marker(sheet: Sheet, frame: Frame, value: float, words: str) -> None:
    x = frame.x(value)
    sheet.line(x, frame.top - 4, x, frame.top + frame.height, linestyle=(0, (2, 2)))
    sheet.text(x + 6, frame.top + 8, words, size=SMALL, bold=True)


def _ends(sheet: Sheet, frame: Frame) -> None:
    """Name curves at their right ends, one below the other."""
    curves = [curve for curve in frame.plane.curves if curve.labelled]
    ends = [frame.y(curve.points[-1][1]) for curve in curves]
    places = spread(ends, _LINE, frame.top + 6, frame.top + frame.height - 4)
    right = frame.left + frame.width
    for curve, name, end, at in zip(curves, names([c.name for c in curves]), ends, places, strict=True):
        sheet.line(right + 2, end, right + 15, at, colour=colour(curve.series or 0), linewidth=0.9)
        sheet.text(right + 19, at + 4, name, size=SMALL)


def _labels(sheet: Sheet, frame: Frame, *, keyed: bool) -> None:
    """Put names, or the numbers of the key, beside the dots."""
    dots = _labelled(frame.plane)
    written = [str(n) for n in range(1, len(dots) + 1)] if keyed else names([dot.name for dot in dots])
    if keyed:
        _key(sheet, frame, dots)
    for dot, text, box in zip(dots, written, _places(frame, dots, written), strict=True):
        if box is not None:
            _lead(sheet, frame, dot, box)
            sheet.text(box.left, box.bottom - 4, text)


def _places(frame: Frame, dots: list[Dot], written: list[str]) -> list[Box | None]:
    wanted = [
        Wanted(frame.x(dot.x), frame.y(dot.y), measured(text), 15.0)
        for dot, text in zip(dots, written, strict=True)
    ]
    inside = Box(frame.left, frame.top - 6, frame.left + frame.width, frame.top + frame.height)
    return place(wanted, _taken(frame, dots), inside)


def _taken(frame: Frame, dots: list[Dot]) -> list[tuple[Box, float]]:
    """Return what labels keep clear of: dots before intervals, intervals before the frontier."""
    found = []
    for dot in dots:
        x, y = frame.x(dot.x), frame.y(dot.y)
        found.append((Box(x - 6, y - 6, x + 6, y + 6), 120.0))
        if dot.span is not None:
            low, high = (frame.y(value) for value in dot.span)
            found.append((Box(x - 2, high, x + 2, low), 45.0))
    for curve in frame.plane.curves:
        for (x, y), (to_x, to_y) in pairwise(curve.points):
            left, right, at, to = frame.x(x), frame.x(to_x), frame.y(y), frame.y(to_y)
            found.append((Box(left, at - 2, right, at + 2), 45.0))
            found.append((Box(right - 2, min(at, to), right + 2, max(at, to)), 45.0))
    return found


def _lead(sheet: Sheet, frame: Frame, dot: Dot, box: Box) -> None:
    """Draw a line to a label that does not stand right beside its dot."""
    x, y = frame.x(dot.x), frame.y(dot.y)
    near_x, near_y = min(max(x, box.left), box.right), min(max(y, box.top), box.bottom)
    if math.hypot(near_x - x, near_y - y) > 16:
        sheet.line(x, y, near_x, near_y, colour=colour(dot.series), linewidth=0.7)


def _key_width(dots: list[Dot]) -> float:
    return max(measured(line, SMALL) for line in names([dot.name for dot in dots])) + 50


def _key(sheet: Sheet, frame: Frame, dots: list[Dot]) -> None:
    """List the names of numbered dots on the right."""
    left = WIDTH - EDGE - _key_width(dots) + 16
    axes = sheet.axes(left, frame.top, 10, frame.height)
    axes.set_xlim(0, 10)
    axes.set_ylim(frame.height, 0)
    for n, (dot, name) in enumerate(zip(dots, names([dot.name for dot in dots]), strict=True)):
        y = n * _LINE + 4
        axes.plot((5,), (y,), color=colour(dot.series), marker=shape(dot.series), markersize=7.0,
                  markeredgewidth=0.0, clip_on=False)  # fmt: skip
        sheet.text(left + 30, frame.top + y + 4, str(n + 1), size=SMALL, align="right")
        sheet.text(left + 36, frame.top + y + 4, name, size=SMALL)
