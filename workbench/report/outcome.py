"""What reports need to know of one result, and how results become one number per sample."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from workbench.cost import Receipt
    from workbench.reply import Timing
    from workbench.wire import Usage


class Scored(Protocol):
    """One trial's scores."""

    @property
    def sample_id(self) -> str: ...  # noqa: D102
    @property
    def error(self) -> Mapping[str, Any] | None: ...  # noqa: D102
    def value(self, scorer: str) -> float | None: ...  # noqa: D102


class Outcome(Scored, Protocol):
    """One trial's result, as far as tables care. `workbench.run.Result` is one."""

    @property
    def variant(self) -> str: ...  # noqa: D102
    @property
    def epoch(self) -> int: ...  # noqa: D102
    @property
    def usage(self) -> Usage | None: ...  # noqa: D102
    @property
    def cost(self) -> Receipt: ...  # noqa: D102
    @property
    def timing(self) -> Timing: ...  # noqa: D102
    @property
    def origin(self) -> str: ...  # noqa: D102
    @property
    def source(self) -> str: ...  # noqa: D102


def by_variant(outcomes: Iterable[Outcome], variants: Sequence[str]) -> dict[str, list[Outcome]]:
    """Sort outcomes into variants, in the order of *variants*."""
    groups: dict[str, list[Outcome]] = {name: [] for name in variants}
    for outcome in outcomes:
        groups.setdefault(outcome.variant, []).append(outcome)
    return groups


def sample_means(outcomes: Iterable[Scored], scorer: str) -> dict[str, float]:
    """Return one number per sample: the mean over its scored repeats.

    Errors and unscored repeats are left out; a sample with nothing else is not in the answer.
    """
    means: dict[str, float] = {}
    repeats: dict[str, list[float]] = {}  # most samples have one value: a list for each takes as long again
    for outcome in outcomes:
        value = outcome.value(scorer)
        if outcome.error is None and value is not None:
            sample = outcome.sample_id
            if sample in means:
                repeats.setdefault(sample, [means[sample]]).append(value)
            else:
                means[sample] = value
    return means | {sample: fmean(each) for sample, each in repeats.items()}


def unscored(outcomes: Iterable[Scored], scorer: str) -> int:
    """Count answers that *scorer* gave no number."""
    return sum(outcome.error is None and outcome.value(scorer) is None for outcome in outcomes)


def yes_no(values: Iterable[float]) -> bool:
    """Whether all numbers are 0 or 1."""
    return all(value in (0.0, 1.0) for value in values)


def shares(values: Iterable[float]) -> bool:
    """Whether all numbers lie in 0 … 1, so that differences read as points of a hundred."""
    return all(0.0 <= value <= 1.0 for value in values)
