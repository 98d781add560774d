"""Plain sentences: what the numbers allow to say, and nothing more."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.report.words import NOTHING, p_value, signed

if TYPE_CHECKING:
    from workbench.stats import Interval

ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Contrast:
    """The difference between two variants, and how to say it.

    Attributes:
        a: Name of the one compared with.
        b: Name of the other.
        interval: ``b - a``, with the uncorrected p-value.
        p: The p-value, corrected for all comparisons made together.
        family: How many those are.
        points: Whether differences read as points of a hundred.
    """

    a: str
    b: str
    interval: Interval
    p: float
    family: int = 1
    points: bool = True

    @property
    def differs(self) -> bool:
        """Whether interval and corrected test both say that there is a difference."""
        i = self.interval
        return i.bounded and (i.low > 0 or i.high < 0) and self.p <= ALPHA

    def amount(self, value: float) -> str:
        """Return a difference with its sign.

        >>> from workbench.stats import tango
        >>> Contrast("a", "b", tango(7, 1, 21), 0.07).amount(0.2857)
        '+29'
        """
        if math.isinf(value) or math.isnan(value):
            return "?"
        width = self.interval.high - self.interval.low
        if self.points:
            return signed(100 * value, 0 if width >= 0.1 else 1)
        # two figures of the width are enough to read a bound
        digits = 2 if not width or math.isinf(width) else max(0, 1 - math.floor(math.log10(width)))
        return signed(value, min(digits, 8))

    @property
    def unit(self) -> str:
        """`` points`` or nothing."""
        return " points" if self.points else ""

    @property
    def span(self) -> str:
        """The interval in words."""
        i = self.interval
        return f"{self.amount(i.low)} … {self.amount(i.high)}" if i.bounded else NOTHING


def verdict(c: Contrast) -> str:
    """Return the sentence for one comparison.

    >>> from workbench.stats import tango
    >>> verdict(Contrast("haiku", "sonnet", tango(9, 0, 60), 0.004))
    'sonnet is better than haiku here: +15 points, 95 % +8 … +26, p 0.004.'
    """
    i, n = c.interval, f"{c.interval.n:,} sample{'s' * (c.interval.n != 1)}"
    if i.n == 0:
        return f"{c.b} and {c.a} have no sample in common: nothing can be said."
    corrected = f" after Holm's correction for {c.family} comparisons" if c.family > 1 else ""
    if c.differs:
        word = "better" if i.estimate > 0 else "worse"
        found = f"{c.amount(i.estimate)}{c.unit}, 95 % {c.span}, {p_value(c.p)}{corrected}"
        return f"{c.b} is {word} than {c.a} here: {found}."
    if not i.bounded:
        return f"{n} cannot tell {c.b} from {c.a}."
    if i.low > 0 or i.high < 0:
        found = f"{c.amount(i.estimate)}{c.unit} (95 % {c.span}) is no proof at {p_value(c.p)}{corrected}"
        return f"{n} cannot tell {c.b} from {c.a}: {found}."
    # As they are read: in the last bit the ends may differ.
    if i.estimate == 0 and c.amount(-i.low) == c.amount(i.high):
        bound = c.amount(i.high).lstrip("+")
        return f"{n} cannot tell {c.b} from {c.a}: a difference beyond ±{bound}{c.unit} is excluded."
    bounds = f"beyond {c.amount(i.high)}{c.unit} and losses beyond {c.amount(i.low)}{c.unit} are excluded"
    return f"{n} cannot tell {c.b} from {c.a}: gains {bounds}."
