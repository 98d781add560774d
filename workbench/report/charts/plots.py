"""``run.plot``: the six charts of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.report.charts.cache import cache
from workbench.report.charts.latency import latency
from workbench.report.charts.paired import paired
from workbench.report.charts.pareto import pareto
from workbench.report.charts.power import power
from workbench.report.charts.scores import scores
from workbench.report.charts.view import View, named
from workbench.report.outcome import by_variant
from workbench.report.study import Study

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from workbench.report.cache import CacheReport
    from workbench.report.charts.chart import Chart
    from workbench.report.outcome import Outcome
    from workbench.report.receipt import Bills


@dataclass(frozen=True, eq=False, repr=False)
class Plots:
    """The charts of a run; each shows itself, draws its intervals, and reads as text.

    Every method takes ``variants=``: names to show, in this order; where variants are compared, with the
    first of them. A name that the run does not have is a `UsageError`.

    Attributes:
        study: The run's results.
        report: Makes the report on the prompt cache.
    """

    study: Study
    report: Callable[[], CacheReport]

    @classmethod
    def of(
        cls,
        outcomes: Iterable[Outcome],
        *,
        name: str,
        variants: Sequence[str],
        scorers: Sequence[tuple[str, str]],
        samples: int,
        epochs: int,
        summed: Bills,
        report: Callable[[], CacheReport],
    ) -> Plots:
        """Make the charts of the results that `workbench.report.summary` makes the table of."""
        groups = by_variant(outcomes, variants)
        return cls(Study(name, tuple(variants), tuple(scorers), samples, epochs, groups, summed), report)

    def pareto(self, *, scorer: str | None = None, variants: Sequence[str] | None = None) -> Chart:
        """Draw cost per 1,000 calls against quality, and the frontier of what is worth its price.

        Args:
            scorer: Whose numbers; the first that judges by default.
            variants: Only these.
        """
        return pareto(View.of(self.study, variants), scorer=scorer)

    def latency(self, *, metric: str = "total", variants: Sequence[str] | None = None) -> Chart:
        """Draw the share of answers that are there after so many seconds, with median and 95th percentile.

        Args:
            metric: ``total``, or ``first_token`` of streamed answers.
            variants: Only these.
        """
        return latency(View.of(self.study, variants), metric=metric)

    def scores(self, *, scorer: str | None = None, variants: Sequence[str] | None = None) -> Chart:
        """Draw the score of every variant with its interval; errors are counted apart.

        Args:
            scorer: Only this one; all by default.
            variants: Only these.
        """
        return scores(View.of(self.study, variants), scorer=scorer)

    def paired(self, *, scorer: str | None = None, variants: Sequence[str] | None = None) -> Chart:
        """Draw the differences from the first variant on the same samples.

        Args:
            scorer: Whose numbers; the first that judges by default.
            variants: Only these; the others are compared with the first of them.
        """
        return paired(View.of(self.study, variants), scorer=scorer)

    def cache(self, *, variants: Sequence[str] | None = None) -> Chart:
        """Draw input tokens by where they came from, as expected and as billed.

        Args:
            variants: Only these.
        """
        return cache(View.of(self.study, variants), self.report())

    def power(self, *, scorer: str | None = None, variants: Sequence[str] | None = None) -> Chart:
        """Draw which difference how many samples would show, judging by the answers of this run.

        Args:
            scorer: Whose numbers; the first that judges by default.
            variants: Only these; the others are compared with the first of them.
        """
        return power(View.of(self.study, variants), scorer=scorer)

    def __repr__(self) -> str:
        return f"charts of {named(self.study.name)!r}: pareto() latency() scores() paired() cache() power()"
