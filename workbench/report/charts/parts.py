"""What a picture is made of: dots, curves, rows and bars, in the units of their axes; not drawn here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.report.charts.axis import Axis

Bounds = tuple[float, float]
"""Of an interval; infinite where nothing is excluded."""


@dataclass(frozen=True, slots=True)
class Dot:
    """An estimate in a plane.

    Attributes:
        name: Whose, as it was named.
        series: Place of the variant in its run: the same colour and shape in every picture.
        span: Bounds of *y*.
        words: The figures behind it.
        labelled: Whether its name stands beside it.
    """

    name: str
    series: int
    x: float
    y: float
    span: Bounds | None = None
    words: str = ""
    labelled: bool = True


@dataclass(frozen=True, slots=True)
class Curve:
    """A line in a plane.

    Attributes:
        name: Whose; empty for a line that belongs to nobody.
        series: As of a `Dot`; None for a line that belongs to nobody.
        points: From left to right.
        step: Whether it keeps its height up to the next point.
        labelled: Whether its name stands at its right end.
    """

    name: str
    series: int | None
    points: tuple[tuple[float, float], ...]
    step: bool = False
    labelled: bool = False


@dataclass(frozen=True, slots=True)
class Plane:
    """Dots and curves over two axes.

    Attributes:
        marker: A value of *x* that is marked, with what stands at the mark; None for none.
    """

    x: Axis
    y: Axis
    dots: tuple[Dot, ...] = ()
    curves: tuple[Curve, ...] = ()
    marker: tuple[float, str] | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimate on a row.

    Attributes:
        span: Its bounds.
        hollow: Whether it is the second kind of estimate on its row.
    """

    value: float
    span: Bounds
    hollow: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A name, its estimates, and the same in words."""

    name: str
    series: int
    estimates: tuple[Estimate, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Rows:
    """Estimates one below the other over one axis.

    Attributes:
        title: Stands above them.
        zero: A value of *x* with a line through all rows; None for none.
    """

    x: Axis
    rows: tuple[Row, ...]
    title: str = ""
    zero: float | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """Amounts end to end.

    Attributes:
        name: Whose; empty where it stands below another of the same.
        kind: What these amounts are: ``expected`` or ``actual``.
        amounts: One for each of the bars' *kinds*.
        words: The figures.
    """

    name: str
    kind: str
    amounts: tuple[float, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars one below the other over one axis that begins at 0; *kinds* name the amounts."""

    x: Axis
    kinds: tuple[str, ...]
    bars: tuple[Bar, ...]


Part = Plane | Rows | Bars
