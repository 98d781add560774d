"""Two variants on the same samples: who won where, and whether it means anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.display import Shown
from workbench.report.estimate import difference, estimate
from workbench.report.outcome import by_variant, sample_means, shares, yes_no
from workbench.report.sentences import Contrast, verdict
from workbench.report.table import wrapped
from workbench.report.words import EMULATED, number, p_value, plural, spread, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from workbench.report.outcome import Outcome
    from workbench.stats import Interval

SHOWN_IDS = 20


@dataclass(frozen=True)
class Comparison(Shown):
    """The paired comparison of two variants by one scorer.

    Attributes:
        scorer: Whose numbers these are.
        a: The variant compared with.
        b: The other one.
        mean_a: Of the samples both have, with its interval.
        mean_b: Likewise.
        contrast: The difference ``b - a``, its interval and p-value.
        counts: ``(both right, only a, only b, both wrong)``; None where the numbers are not yes/no.
        won: Ids of samples where *b* is higher.
        lost: Ids of samples where *b* is lower.
        only_a: Ids that have a number from *a* alone: left out.
        only_b: Ids that have a number from *b* alone: left out.
        emulated: Whether the emulator made any of the answers.
    """

    scorer: str
    a: str
    b: str
    mean_a: Interval
    mean_b: Interval
    contrast: Contrast
    counts: tuple[int, int, int, int] | None
    won: tuple[str, ...]
    lost: tuple[str, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    emulated: bool

    @property
    def n(self) -> int:
        """Samples both variants have a number for."""
        return self.contrast.interval.n

    @property
    def difference(self) -> Interval:
        """``b - a`` with its interval and p-value."""
        return self.contrast.interval

    @property
    def p(self) -> float:
        """Two-sided p-value of "no difference"."""
        return self.contrast.p

    @property
    def verdict(self) -> str:
        """What the numbers allow to say."""
        return verdict(self.contrast)

    @property
    def notes(self) -> tuple[str, ...]:
        """How it was computed, what was left out, and who made the answers."""
        parts = [f"Paired by sample; {self.difference.method} interval, {_test(self.difference)}."]
        for name, ids in ((self.a, self.only_a), (self.b, self.only_b)):
            if ids:
                parts.append(
                    f"Left out: {plural(len(ids), 'sample')} only {name} has a number for ({_ids(ids)})."
                )
        return (*parts, EMULATED) if self.emulated else tuple(parts)

    def __str__(self) -> str:
        c = self.contrast
        means = f"{visible(self.a)} {_mean(self.mean_a)} → {visible(self.b)} {_mean(self.mean_b)}"
        found = f"{c.amount(c.interval.estimate)}{c.unit}   95 % {c.span}   {p_value(self.p)}"
        head = f"{self.scorer} · {plural(self.n, 'sample')} that both answered\n{means}\n{found}"
        ids = [f"{word}: {_ids(each)}" for word, each in (("won", self.won), ("lost", self.lost)) if each]
        parts = [head, self._square(), wrapped(ids), wrapped([self.verdict]), wrapped(self.notes)]
        return "\n\n".join(part for part in parts if part)

    def _square(self) -> str:
        if self.counts is None:
            return ""
        both, only_a, only_b, neither = (f"{n:,}" for n in self.counts)
        a, b = visible(self.a), visible(self.b)
        left = max(len(a) + 6, 12)
        head = f"{'':{left}}  {b} right  wrong"
        first = f"{a + ' right':{left}}  {both:>{len(b) + 6}}  {only_a:>5}"
        return f"{head}\n{first}\n{a + ' wrong':{left}}  {only_b:>{len(b) + 6}}  {neither:>5}"


def compare(outcomes: Iterable[Outcome], a: str, b: str, *, scorer: str) -> Comparison:
    """Compare two variants on the samples that both have a number for.

    Repeats are averaged per sample first; errors and unscored answers are no numbers.

    Args:
        outcomes: Results of both, others are ignored.
        a: The variant compared with.
        b: The other one.
        scorer: Whose numbers.
    """
    groups = by_variant(outcomes, (a, b))
    first, second = sample_means(groups[a], scorer), sample_means(groups[b], scorer)
    ids = [sample for sample in first if sample in second]
    x, y = {i: first[i] for i in ids}, {i: second[i] for i in ids}
    found = difference(x, y)
    values = [*x.values(), *y.values()]
    return Comparison(
        scorer=scorer,
        a=a,
        b=b,
        mean_a=estimate(list(x.values())),
        mean_b=estimate(list(y.values())),
        contrast=Contrast(a, b, found, 1.0 if found.p is None else found.p, points=shares(values)),
        counts=_counts(x, y) if yes_no(values) else None,
        won=tuple(i for i in ids if y[i] > x[i]),
        lost=tuple(i for i in ids if y[i] < x[i]),
        only_a=tuple(i for i in first if i not in second),
        only_b=tuple(i for i in second if i not in first),
        emulated=any(o.origin == "emulator" for o in (*groups[a], *groups[b]) if o.error is None),
    )


def _counts(x: Mapping[str, float], y: Mapping[str, float]) -> tuple[int, int, int, int]:
    pairs = [(x[i], y[i]) for i in x]
    return pairs.count((1, 1)), pairs.count((1, 0)), pairs.count((0, 1)), pairs.count((0, 0))


def _mean(interval: Interval) -> str:
    return f"{number(interval.estimate)} ({spread(interval)})"


def _ids(ids: Sequence[str]) -> str:
    shown = " ".join(visible(i) for i in ids[:SHOWN_IDS])
    return f"{shown} and {len(ids) - SHOWN_IDS:,} more" if len(ids) > SHOWN_IDS else shown


def _test(interval: Interval) -> str:
    return "exact McNemar test" if interval.method == "Tango" else "paired t test"
