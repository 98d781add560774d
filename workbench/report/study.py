"""A run's results, sorted and reduced once for all the cells of its table."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from workbench.cost import Receipt
from workbench.report.estimate import difference
from workbench.report.outcome import sample_means, shares
from workbench.report.sentences import Contrast
from workbench.report.words import visible
from workbench.stats import holm

if TYPE_CHECKING:
    from workbench.report.outcome import Outcome
    from workbench.report.receipt import Bills


COUNTS = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")
"""Counts of a usage that a table shows."""


@dataclass(frozen=True)
class Study:
    """Everything the cells are computed from."""

    name: str
    variants: tuple[str, ...]
    scorers: tuple[tuple[str, str], ...]
    samples: int
    epochs: int
    groups: dict[str, list[Outcome]]
    bills: Bills

    @cached_property
    def means(self) -> dict[tuple[str, str], dict[str, float]]:
        """One number per sample, for each variant and scorer."""
        return {(v, s): sample_means(self.groups[v], s) for v in self.variants for s, _ in self.scorers}

    @cached_property
    def contrasts(self) -> dict[tuple[str, str], Contrast]:
        """Every variant against the first, for each scorer that can be better or worse; Holm over all."""
        first = self.variants[0]
        pairs = [(v, s) for s, kind in self.scorers if kind != "measure" for v in self.variants[1:]]
        found = [difference(self.means[first, s], self.means[v, s]) for v, s in pairs]
        adjusted = holm([1.0 if i.p is None else i.p for i in found])
        return {
            (v, s): Contrast(
                visible(first),
                visible(v),
                interval,
                p,
                len(pairs),
                points=shares([*self.means[first, s].values(), *self.means[v, s].values()]),
            )
            for (v, s), interval, p in zip(pairs, found, adjusted, strict=True)
        }

    @cached_property
    def costs(self) -> dict[str, Receipt]:
        """What the answers of each variant cost at list price."""
        none = Receipt()
        return {v: self.bills.get((v, True), none) + self.bills.get((v, False), none) for v in self.variants}

    @cached_property
    def tokens(self) -> dict[str, dict[str, int]]:
        """Tokens of each variant's answers by kind; a kind that no answer counted is not there."""
        return {v: self._tokens(v) for v in self.variants}

    def _tokens(self, variant: str) -> dict[str, int]:
        sums: dict[str, int] = {}
        for usage in (o.usage for o in self.answers(variant)):
            for name in COUNTS if usage is not None else ():
                n = getattr(usage, name)
                if isinstance(n, int) and n >= 0:
                    sums[name] = sums.get(name, 0) + n
        return sums

    def answers(self, variant: str) -> list[Outcome]:
        """Results that are no errors."""
        return self._answers[variant]

    @cached_property
    def _answers(self) -> dict[str, list[Outcome]]:
        return {v: [o for o in self.groups[v] if o.error is None] for v in self.variants}

    def errors(self, variant: str) -> int:
        """Results that are errors."""
        return len(self.groups[variant]) - len(self.answers(variant))

    def not_run(self, variant: str) -> int:
        """Trials without any result."""
        return max(0, self.samples * self.epochs - len(self.groups[variant]))

    @cached_property
    def origins(self) -> Counter[str]:
        """Who made the answers."""
        return Counter(o.origin for v in self.variants for o in self.answers(v))
