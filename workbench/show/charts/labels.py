"""Where labels go so that none lies over another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_AWAY: Final = (9, 13, 19, 27, 38, 52, 70, 92, 118, 150, 190, 240)
"""Pixels from a dot that are tried."""

_AROUND: Final = 16
"""Directions that are tried at each."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels, y down."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Whether the two have any point in common."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom

    def holds(self, other: Box) -> bool:
        """Whether *other* lies inside."""
        across = self.left <= other.left and other.right <= self.right
        return across and self.top <= other.top and other.bottom <= self.bottom


@dataclass(frozen=True, slots=True)
class Wanted:
    """A label and the dot it belongs to."""

    x: float
    y: float
    width: float
    height: float


def place(wanted: Sequence[Wanted], taken: Sequence[tuple[Box, float]], inside: Box) -> list[Box | None]:
    """Return a place for each label: inside, over no other label, near its dot; None where there is none.

    Args:
        wanted: The labels.
        taken: What should stay in sight, and how many pixels further a label would go rather than cover it.
        inside: Where labels may be.
    """
    found: list[Box | None] = []
    for label in wanted:
        free = [
            (cost, box)
            for cost, box in _tries(label)
            if inside.holds(box) and not any(other is not None and other.meets(box) for other in found)
        ]
        found.append(min(free, key=lambda tried: tried[0] + _covered(tried[1], taken))[1] if free else None)
    return found


def _covered(box: Box, taken: Sequence[tuple[Box, float]]) -> float:
    return sum(price for other, price in taken if other.meets(box))


def _tries(label: Wanted) -> list[tuple[float, Box]]:
    """Return places around a dot with their cost: the nearest first, to the right before elsewhere."""
    return [
        (away + 0.5 * turn, _beside(label, away, 2 * math.pi * side / _AROUND))
        for away in _AWAY
        for turn, side in enumerate(sorted(range(_AROUND), key=_liked))
    ]


def _liked(side: int) -> tuple[int, int]:
    """Sort right before left, the axes before what lies between them."""
    order = {0: 0, _AROUND // 2: 1, _AROUND // 4: 2, 3 * _AROUND // 4: 3}
    return order.get(side, 4), side


def _beside(label: Wanted, away: float, angle: float) -> Box:
    """Return the box whose nearest point lies *away* from the dot in the direction of *angle*."""
    across, up = math.cos(angle), math.sin(angle)
    x = label.x + away * across + (across - 1) / 2 * label.width
    y = label.y - away * up - (up + 1) / 2 * label.height
    return Box(x, y, x + label.width, y + label.height)


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return places near the wanted ones, *gap* apart, from *low* to *high* where they fit.

    >>> spread([10, 11, 12], 5, 0, 100), spread([98, 99], 5, 0, 100)
    ([10, 15, 20], [95, 100])
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    placed = [0.0] * len(wanted)
    at = low - gap
    for i in order:
        at = placed[i] = max(wanted[i], at + gap)
    at = high + gap
    for i in reversed(order):
        at = placed[i] = min(placed[i], at - gap)
    return placed
