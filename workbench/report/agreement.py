"""Two graders of the same answers: how far they agree, and how far that is more than chance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.display import Shown
from workbench.report.estimate import estimate
from workbench.report.table import pad, width, wrapped
from workbench.report.words import EMULATED, number, p_value, plural, spread, visible
from workbench.stats import Interval, clopper_pearson, kappa, mcnemar, wilson

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SKEWED = 0.8
"""Chance agreement from which a few disagreements move kappa a lot."""
FEW = 30
"""Cases below which the interval of kappa is too narrow."""
SHOWN_IDS = 20


@dataclass(frozen=True)
class Agreement(Shown):
    """How far two graders agree on the same answers.

    Attributes:
        a: The first grader: rows of the table.
        b: The second: columns.
        labels: What both could say, in order.
        table: How often *a* said the one (row) and *b* the other (column).
        agreed: Share of answers given the same label, with Wilson's interval.
        kappa: Cohen's kappa with its interval; NaN where it is undefined.
        weighted: Whether a disagreement counts by its distance squared.
        differ: Trials on which they do not agree, those furthest apart first.
        left_out: Sentences on what could not be compared.
        notes: Sentences on how the labels were made.
        samples: How many samples the answers belong to.
        emulated: Whether the emulator made any of the answers.
        unit: What was graded: ``answer`` or ``pair``.
    """

    a: str
    b: str
    labels: tuple[str, ...]
    table: tuple[tuple[int, ...], ...]
    agreed: Interval
    kappa: Interval
    weighted: bool = False
    differ: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    samples: int = 0
    emulated: bool = False
    unit: str = "answer"

    @property
    def n(self) -> int:
        """Answers, or pairs, that both gave a label."""
        return self.agreed.n

    @property
    def size(self) -> str:
        """How many that are, in words."""
        return plural(self.n, self.unit)

    @property
    def verdict(self) -> str:
        """What percent agreement and kappa say, in a sentence or two."""
        a, b = visible(self.a), visible(self.b)
        if not self.n:
            return f"{a} and {b} have no {self.unit} in common: nothing can be said."
        share = number(100 * self.agreed.estimate, 0)
        said = f"{a} and {b} agree on {share} % of {self.size}."
        return f"{said} {self._beyond_chance()}"

    def _beyond_chance(self) -> str:
        k = self.kappa
        if math.isnan(k.estimate):
            only = visible(self._used()[0][0])
            return (
                f"Both said “{only}” every time: kappa is undefined. "
                f"Whether they would agree on anything else, these {self.unit}s cannot show."
            )
        said = f"Kappa {number(k.estimate)} (95 % {spread(k)})"
        constant = [name for name, used in zip((self.a, self.b), self._used(), strict=True) if len(used) == 1]
        if constant:
            return (
                f"{said}: {visible(constant[0])} gave every {self.unit} the same label, which makes kappa 0 "
                "whatever the other says; it is no sign of disagreement."
            )
        if k.estimate <= 0:
            return f"{said}: they agree no more than two would who label at random, as often as these did."
        part = number(100 * k.estimate, 0)
        near = ", near misses counted in part" if self.weighted else ""
        unsure = " Mere chance is not excluded." if k.low <= 0 else ""
        return f"{said}: of the way from chance to full agreement they went {part} %{near}.{unsure}"

    def _used(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the labels each of them used."""
        rows = tuple(label for label, row in zip(self.labels, self.table, strict=True) if any(row))
        columns = tuple(label for i, label in enumerate(self.labels) if any(row[i] for row in self.table))
        return rows, columns

    @property
    def chance(self) -> float:
        """The plain agreement of two who label at random, as often as these did; NaN for no answer."""
        n = self.n
        columns = [sum(row[i] for row in self.table) for i in range(len(self.labels))]
        return (
            math.fsum(sum(row) * c for row, c in zip(self.table, columns, strict=True)) / n**2
            if n
            else math.nan
        )

    @property
    def details(self) -> tuple[str, ...]:
        """How it was computed, what was left out, who made the answers."""
        made = [*self.notes]
        if self.n:
            which = "weighted by the distance squared, " if self.weighted else ""
            how = f"Cohen's kappa, {which}with the interval of Fleiss, Cohen and Everitt"
            made.append(f"Agreement with Wilson's interval; {how}.")
            made += self._cautions()
        made += self.left_out
        return (*made, EMULATED) if self.emulated else tuple(made)

    def _cautions(self) -> Iterable[str]:
        if math.isnan(self.kappa.estimate):
            return
        if self.chance >= SKEWED:
            yield (
                f"Chance alone would give {number(100 * self.chance, 0)} % here, because nearly all got one "
                "label: a few disagreements then move kappa a lot, and it can be low where agreement is "
                "high. Read the table, and grade more of the rare kind."
            )
        if self.n < FEW and self.kappa.high - self.kappa.low < 2:
            yield f"{self.size}: fewer than {FEW}, so the interval of kappa is too narrow."
        if self.samples < self.n:
            yield (
                f"{self.size} to {plural(self.samples, 'sample')}: answers to one sample are "
                "alike, so the intervals are too narrow."
            )

    def __str__(self) -> str:
        head = f"{visible(self.a)} and {visible(self.b)} · {self.size} that both graded"
        figures = (
            f"agreement {number(self.agreed.estimate)} (95 % {spread(self.agreed)})   "
            f"kappa {_or_undefined(self.kappa)}"
        )
        ids = [f"differ on: {_ids(self.differ)}"] if self.differ else []
        parts = [head, *([figures, self._counts()] if self.n else []), wrapped(ids), wrapped([self.verdict])]
        return "\n\n".join(part for part in (*parts, wrapped(self.details)) if part)

    def _counts(self) -> str:
        """Return the table: *a* in rows, *b* in columns."""
        b = visible(self.b)
        labels = [visible(label) for label in self.labels]
        first = max(width(f"{visible(self.a)}: {label}") for label in labels)
        heads = [f"{b}: {labels[0]}", *labels[1:]]
        lines = ["  ".join([" " * first, *heads])]
        for label, row in zip(labels, self.table, strict=True):
            cells = [pad(f"{count:,}", width(head), "right") for head, count in zip(heads, row, strict=True)]
            lines.append("  ".join([pad(f"{visible(self.a)}: {label}", first), *cells]))
        return "\n".join(lines)


def agreement(
    said: Mapping[str, tuple[str, str]],
    labels: Sequence[str],
    *,
    a: str,
    b: str,
    weighted: bool = False,
    left_out: Iterable[str] = (),
    notes: Iterable[str] = (),
    samples: int | None = None,
    emulated: bool = False,
    unit: str = "answer",
) -> Agreement:
    """Compare what two graders said.

    Args:
        said: The labels of both by trial (of pairs: ``sample/epoch``), only where both gave one.
        labels: All that could be said, in order.
        a: Name of the first grader.
        b: Name of the second.
        weighted: Whether the labels are steps of one scale, so that near misses count less.
        left_out: Sentences on what could not be compared.
        notes: Sentences on how the labels were made.
        samples: To how many samples the trials belong; as many as there are trials by default.
        emulated: Whether the emulator made any of the answers.
        unit: What was graded: ``answer`` or ``pair``.
    """
    at = {label: i for i, label in enumerate(labels)}
    counts = [[0] * len(labels) for _ in labels]
    for first, second in said.values():
        counts[at[first]][at[second]] += 1
    apart = {trial: abs(at[x] - at[y]) for trial, (x, y) in said.items() if x != y}
    return Agreement(
        a=a,
        b=b,
        labels=tuple(labels),
        table=tuple(map(tuple, counts)),
        agreed=wilson(len(said) - len(apart), len(said)),
        kappa=kappa(counts, weights="quadratic" if weighted else "none"),
        weighted=weighted,
        differ=tuple(sorted(apart, key=lambda trial: -apart[trial])),
        left_out=tuple(left_out),
        notes=tuple(notes),
        samples=len(said) if samples is None else samples,
        emulated=emulated,
        unit=unit,
    )


@dataclass(frozen=True)
class Preference(Shown):
    """Which of two variants a person prefers, from pairs of answers to the same samples.

    Attributes:
        a: The first variant.
        b: The second.
        wins: Pairs in which *a* was better.
        losses: Pairs in which *b* was.
        ties: Pairs in which neither was: in no rate, counted apart.
        rate: How often *a* is better where one is, with its interval; n counts samples.
        p: Exact two-sided p-value of "neither is better"; None where a sample was asked more than once.
        first: How often the answer shown first (left, A) won where one did, with the exact interval.
        first_p: Exact two-sided p-value of "the side did not matter".
        identical: Pairs whose two answers are the same: not asked, in no rate.
        left_out: Sentences on what could not be graded.
        emulated: Whether the emulator made any of the answers.
    """

    a: str
    b: str
    wins: int
    losses: int
    ties: int
    rate: Interval
    p: float | None
    first: Interval
    first_p: float
    identical: int = 0
    left_out: tuple[str, ...] = ()
    emulated: bool = False

    @property
    def n(self) -> int:
        """Pairs graded, ties included."""
        return self.wins + self.losses + self.ties

    @property
    def verdict(self) -> str:
        """What the numbers allow to say."""
        a, b, r = visible(self.a), visible(self.b), self.rate
        if not self.wins + self.losses:
            return f"No pair was decided: nothing can be said of {a} and {b}."
        found = f"{number(100 * r.estimate, 0)} % of the decided pairs, 95 % {_percent(r)}"
        if self.p is not None:
            found = f"{found}, {p_value(self.p)}"
        sure = (r.low > 0.5 or r.high < 0.5) and (self.p is None or self.p <= 0.05)
        if sure:
            better, worse = (a, b) if r.estimate > 0.5 else (b, a)
            return f"{better} is preferred to {worse}: {a} won {found}."
        return f"{plural(self.wins + self.losses, 'decided pair')} cannot tell {a} from {b}: {a} won {found}."

    @property
    def details(self) -> tuple[str, ...]:
        """How it was computed, whether the side mattered, what was left out, who made the answers."""
        side = f", for the side the {self.first.method} one" if self.first.n else ""
        made = [f"Ties are in no rate; {self.rate.method} interval{side}."]
        if self.p is None and self.wins + self.losses:
            made.append("Samples were asked more than once: averaged per sample first, n counts samples.")
        if self.first.n:
            made.append(self._side())
        if self.identical:
            made.append(
                f"{plural(self.identical, 'pair')} of identical answers: not asked, neither tie nor win."
            )
        return (*made, *self.left_out, *([EMULATED] if self.emulated else []))

    def _side(self) -> str:
        f = self.first
        won = round(f.estimate * f.n)
        found = f"the answer shown first won {won:,} of {f.n:,} (95 % {_percent(f)}, {p_value(self.first_p)})"
        if self.first_p <= 0.05:
            return f"The side mattered: {found}. Sides were random, so the rate is fair, if noisy."
        return f"No sign that the side mattered: {found}."

    def __str__(self) -> str:
        a, b = visible(self.a), visible(self.b)
        head = f"{a} or {b} · {plural(self.n, 'pair')} graded"
        counts = [(f"{a} is better", self.wins), (f"{b} is better", self.losses), ("tie", self.ties)]
        counts += [("identical, not asked", self.identical)] if self.identical else []
        most = max(width(name) for name, _ in counts)
        lines = "\n".join(f"{pad(name, most)}  {count:>6,}" for name, count in counts)
        return "\n\n".join([head, lines, wrapped([self.verdict]), wrapped(self.details)])


def preference(
    pairs: Iterable[tuple[str, float, bool | None]],
    *,
    a: str,
    b: str,
    identical: int = 0,
    left_out: Iterable[str] = (),
    emulated: bool = False,
) -> Preference:
    """Count who won.

    Args:
        pairs: For each graded pair its sample, 1 where *a* was better, 0 where *b* was, 0.5 a tie, and
            whether *a* was shown first (None: unknown).
        a: The first variant.
        b: The second.
        identical: Pairs that were not asked because both answers are the same.
        left_out: Sentences on what could not be graded.
        emulated: Whether the emulator made any of the answers.
    """
    each = list(pairs)
    decided = [pair for pair in each if pair[1] != 0.5]
    by_sample: dict[str, list[float]] = {}
    for sample, value, _ in decided:
        by_sample.setdefault(sample, []).append(value)
    once = len(by_sample) == len(decided)
    wins = sum(value == 1 for _, value, _ in decided)
    sides = [(value == 1) == shown_first for _, value, shown_first in decided if shown_first is not None]
    return Preference(
        a=a,
        b=b,
        wins=wins,
        losses=len(decided) - wins,
        ties=len(each) - len(decided),
        rate=estimate([math.fsum(values) / len(values) for values in by_sample.values()]),
        p=mcnemar(wins, len(decided) - wins) if once else None,
        first=clopper_pearson(sum(sides), len(sides)),
        first_p=mcnemar(sum(sides), len(sides) - sum(sides)),
        identical=identical,
        left_out=tuple(left_out),
        emulated=emulated,
    )


def _or_undefined(found: Interval) -> str:
    known = not math.isnan(found.estimate)
    return f"{number(found.estimate)} (95 % {spread(found)})" if known else "undefined"


def _percent(found: Interval) -> str:
    return f"{number(100 * found.low, 0)} … {number(100 * found.high, 0)} %"


def _ids(ids: Sequence[str]) -> str:
    shown = " ".join(visible(i) for i in ids[:SHOWN_IDS])
    return f"{shown} and {len(ids) - SHOWN_IDS:,} more" if len(ids) > SHOWN_IDS else shown
