"""Axes: what they measure, from where to where, and the figures written along them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, Self

from workbench.report.words import number, signed

if TYPE_CHECKING:
    from collections.abc import Iterable

Unit = Literal["number", "points", "size", "change", "dollars", "seconds", "tokens", "count"]

ROOM = 0.06
"""Share of the range that is left free at each end."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis.

    Attributes:
        title: What it measures, with the unit.
        unit: How a figure on it is written; ``points`` are shares of one times a hundred, with
            sign; ``size`` are such without.
        low: Its first value.
        high: Its last value; above *low*.
        log: Whether equal steps are equal ratios; both ends are above 0 then.
    """

    title: str
    unit: Unit
    low: float
    high: float
    log: bool = False

    @classmethod
    def around(
        cls,
        title: str,
        unit: Unit,
        values: Iterable[float],
        *,
        log: bool = False,
        within: tuple[float, float] = (-math.inf, math.inf),
    ) -> Self:
        """Return an axis with room for *values*, infinite ones and those a log axis cannot hold left out.

        Args:
            title: What it measures.
            unit: How it is written.
            values: What must be seen.
            log: Whether it is logarithmic.
            within: Where the values can lie at all: there is no share above 1.
        """
        seen = [v for v in values if math.isfinite(v) and (v > 0 or not log)]
        low, high = (min(seen), max(seen)) if seen else (1.0, 1.0)
        if log:
            room = max((high / low) ** ROOM, 1.25)
            return cls(title, unit, low / room, high * room, log=True)
        room = (high - low) * ROOM or abs(high) * 0.2 or 0.5
        return cls(title, unit, max(within[0], low - room), min(within[1], high + room))

    def inside(self, value: float) -> float:
        """Return *value*, or the end of the axis that it lies beyond."""
        return min(max(value, self.low), self.high)

    def ticks(self, most: int = 7) -> tuple[tuple[float, str], ...]:
        """Return values to mark, at most *most*, each with its figure."""
        values = _decades(self.low, self.high, most) if self.log else _steps(self.low, self.high, most)
        gap = min((b - a for a, b in pairwise(values)), default=abs(self.high) or 1.0)
        return tuple((value, self.figure(value, gap)) for value in values)

    def figure(self, value: float, gap: float) -> str:
        """Return *value* as written beside a tick, with the digits that tell it from one *gap* away.

        >>> Axis("", "dollars", 0, 1).figure(0.5, 0.5), Axis("", "tokens", 0, 1).figure(25_000, 5_000)
        ('$0.50', '25 k')
        """
        if self.log:
            gap = abs(value) or 1.0
        digits = _digits(100 * gap if self.unit in {"points", "size"} else gap)
        match self.unit:
            case "points":
                text = signed(100 * value, digits)
            case "size":
                text = number(100 * value, digits)
            case "change":
                text = signed(value, digits)
            case "tokens":
                text = _tokens(value, gap)
            case "count":
                text = f"{value:,.0f}"
            case "dollars":
                text = f"${value:,.{2 if digits in {1, 2} else digits}f}"
            case "seconds":
                text = f"{number(value, digits)} s"
            case _:
                text = number(value, digits)
        return text


def _digits(gap: float) -> int:
    return min(8, max(0, -math.floor(math.log10(gap) + 1e-9)))


def _tokens(value: float, gap: float) -> str:
    for size, letter in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(value) >= size:
            return f"{value / size:.{_digits(gap / size)}f}{letter}"
    return f"{value:,.0f}"


def _steps(low: float, high: float, most: int) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten.

    >>> _steps(0.72, 1.0, 6)
    [0.75, 0.8, 0.85, 0.9, 0.95, 1.0]
    """
    rough = (high - low) / most
    size = 10.0 ** math.floor(math.log10(rough))
    for step in (size, 2 * size, 5 * size, 10 * size, 20 * size):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            return [float(f"{i * step:.12g}") for i in range(first, last + 1)]
    return [low, high]  # not reached: twenty times the size is more than the range


def _decades(low: float, high: float, most: int) -> list[float]:
    """Powers of ten and what lies well between them; within one decade, plain steps.

    >>> _decades(0.8, 30, 7)
    [1.0, 2.0, 5.0, 10.0, 20.0]
    """
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for parts in ((1, 2, 5), (1, 3), (1,)):
        found = [
            float(f"{part * 10.0**power:.12g}")
            for power in range(first, last + 1)
            for part in parts
            if low <= part * 10.0**power <= high
        ]
        if len(found) <= most:
            return found if len(found) > 2 else _steps(low, high, most)
    return found[:: -(-len(found) // most)]
