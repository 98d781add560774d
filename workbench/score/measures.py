"""Scorers of length, time and money: with a bound they pass or fail, without one they measure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from workbench.errors import UsageError, did_you_mean
from workbench.score.base import Answered, Grader, Kind, Score

if TYPE_CHECKING:
    from workbench.dataset import Sample
    from workbench.score.views import View

UNITS = ("words", "chars")


@dataclass(frozen=True, kw_only=True)
class Length(Grader):
    """See `length`."""

    max: int | None = None
    min: int | None = None
    unit: str = "words"

    def grade(self, text: str, sample: Sample) -> Score:  # noqa: ARG002 - every grader is given the sample
        """Count, and compare with the bounds."""
        n = len(text.split()) if self.unit == "words" else len(text)
        shown = f"{n} {self.unit}"
        if self.kind == "measure":
            return Score(float(n), "", shown)
        if self.max is not None and n > self.max:
            return Score(0.0, f"{shown}, more than {self.max}", shown)
        if self.min is not None and n < self.min:
            return Score(0.0, f"{shown}, less than {self.min}", shown)
        return Score(1.0, "", shown)


@dataclass(frozen=True, kw_only=True)
class Latency:
    """See `latency`."""

    name: str
    kind: Kind
    max_s: float | None

    def __call__(self, sample: Sample, reply: Answered, /) -> Score:  # noqa: ARG002 - every scorer is given it
        """Read the time it took."""
        if getattr(reply, "batch", False):
            return Score(None, "a batch has no latency")
        seconds = float(reply.timing.total_s)
        shown = f"{seconds:.2f} s"
        if self.max_s is None:
            return Score(seconds, "", shown)
        late = seconds > self.max_s
        return Score(float(not late), f"{shown}, more than {self.max_s:g} s" if late else "", shown)


@dataclass(frozen=True, kw_only=True)
class Cost:
    """See `cost`."""

    name: str
    kind: Kind
    max_usd: Decimal | None

    def __call__(self, sample: Sample, reply: Answered, /) -> Score:  # noqa: ARG002 - every scorer is given it
        """Read the receipt."""
        total = reply.cost.total
        if total is None:
            return Score(None, "unpriced")
        shown = f"${total:.6f}"
        if self.max_usd is None:
            return Score(float(total), "", shown)
        over = total > self.max_usd
        return Score(float(not over), f"{shown}, more than ${self.max_usd}" if over else "", shown)


def _kind(*bounds: Any) -> Kind:
    return "measure" if all(bound is None for bound in bounds) else "binary"


def length(
    *,
    max: int | None = None,  # noqa: A002 - the bound's plain name
    min: int | None = None,  # noqa: A002 - the bound's plain name
    unit: Literal["words", "chars"] = "words",
    view: View = "answer",
    name: str = "length",
) -> Length:
    """Score 1 where the answer is within the bounds; without bounds, measure it.

    Args:
        max: The most that passes.
        min: The least that passes.
        unit: ``words`` (between white space) or ``chars`` (Unicode code points).
        view: What is graded.
        name: The column it fills.

    Raises:
        UsageError: Another unit.
    """
    if unit not in UNITS:
        raise UsageError(f"unknown unit {unit!r}{did_you_mean(unit, UNITS)}; use words or chars")
    kind = _kind(max, min)
    return Length(name=name, view=view, kind=kind, needs_target=False, max=max, min=min, unit=unit)


def latency(*, max_s: float | None = None, name: str = "latency") -> Latency:
    """Score 1 where the reply took at most *max_s* seconds; without a bound, measure it.

    Time is from sending to the last byte of the attempt that succeeded, as measured when the reply was made:
    a replay judges the recorded time. Replies of a batch are unscored.
    """
    return Latency(name=name, kind=_kind(max_s), max_s=max_s)


def cost(*, max_usd: Decimal | str | float | None = None, name: str = "cost") -> Cost:
    """Score 1 where the reply cost at most *max_usd* dollars at list price; without a bound, measure it.

    A reply whose price is not known is unscored.
    """
    bound = None if max_usd is None else Decimal(str(max_usd))
    return Cost(name=name, kind=_kind(bound), max_usd=bound)
