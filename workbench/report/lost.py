"""What may have been paid for answers that never arrived: how many calls, and how much at most."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from workbench.catalog import catalog
from workbench.cost.rates import Refusal, Terms
from workbench.cost.worst import at_most, dearest, today
from workbench.report.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from workbench.wire import Usage

ZERO = Decimal(0)


class SentOutcome(Outcome, Protocol):
    """A result as the receipt needs it; `workbench.run.Result` is one."""

    @property
    def model(self) -> str: ...  # noqa: D102
    @property
    def batch(self) -> bool: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Lost:
    """Calls without an answer that the service may have charged for.

    Attributes:
        attempts: Lost attempts of calls that ended, in an answer to a later attempt or in an error.
        wasted: Those of them whose answer had begun, so that they were charged.
        cut: Calls cut off before their answer was recorded: killed, or stopped.
        at_most: Dollars they can have cost together; None where that is unknown.
    """

    attempts: int = 0
    wasted: int = 0
    cut: int = 0
    at_most: Decimal | None = ZERO

    @property
    def calls(self) -> int:
        """How many in all."""
        return self.attempts + self.cut


def lost(outcomes: Sequence[SentOutcome], *, cut: int = 0, limits: Mapping[str, int | None]) -> Lost:
    """Count what was lost, and price it: each call at the dearest rates, with all the output it may have.

    A call that was answered later had that answer's input. One that never was had at most as much as the
    longest answered prompt of its variant; a call cut off, of any variant.

    Args:
        outcomes: Results; what was recorded before lost nothing now.
        cut: Calls cut off.
        limits: ``max_tokens`` of each variant; None is all that the model can write.
    """
    attempts = wasted = 0
    total: Decimal | None = ZERO
    failed: dict[str, int] = {}
    for outcome in outcomes:
        n, began = lost_of(outcome)
        attempts, wasted = attempts + n, wasted + began
        if n and outcome.error is not None:
            failed[outcome.variant] = failed.get(outcome.variant, 0) + n
        elif n:
            total = _plus(total, n, worst(outcome, limits))
    if failed or cut:
        longest = _longest(outcomes, limits)
        for variant, n in failed.items():
            total = _plus(total, n, longest.get(variant))
        total = _plus(total, cut, max(longest.values(), default=None)) if cut else total
    return Lost(attempts, wasted, cut, total)


def lost_of(outcome: Outcome) -> tuple[int, int]:
    """Return lost attempts of one call, and those of them whose answer had begun."""
    if outcome.error is not None:
        return int(outcome.error.get("lost") or 0), int(outcome.error.get("wasted") or 0)
    return (outcome.timing.lost, outcome.timing.wasted) if outcome.source == "live" else (0, 0)


def worst(outcome: SentOutcome, limits: Mapping[str, int | None]) -> Decimal | None:
    """Return the most that an attempt of an answered call can have cost; None where that is unknown."""
    usage = outcome.usage
    if usage is None or not usage.known:
        return None
    terms = Terms(outcome.batch, usage.speed == "fast", usage.inference_geo == "us")
    prices = dearest(outcome.model, _day(outcome), terms, _ttl(usage))
    if isinstance(prices, Refusal):
        return None
    most = limits.get(outcome.variant)
    if most is None:
        known = catalog().get(outcome.model)
        most = known.max_output_tokens if known else None
    return None if most is None else at_most(prices, usage.total_input, most)


def _day(outcome: Outcome) -> date:
    made = outcome.timing.recorded_at
    return datetime.fromisoformat(made).date() if made else today()


def _ttl(usage: Usage) -> str | None:
    """Return how long a lost attempt may have written its prompt for, as the answered one did or read it."""
    split = usage.cache_creation
    if split and split.ephemeral_1h_input_tokens:
        return "1h"
    return "5m" if usage.cache_creation_input_tokens or usage.cache_read_input_tokens else None


def _longest(outcomes: Sequence[SentOutcome], limits: Mapping[str, int | None]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for outcome in outcomes:
        amount = worst(outcome, limits) if outcome.error is None else None
        if amount is not None:
            found[outcome.variant] = max(amount, found.get(outcome.variant, ZERO))
    return found


def _plus(total: Decimal | None, n: int, each: Decimal | None) -> Decimal | None:
    return None if total is None or each is None else total + n * each
