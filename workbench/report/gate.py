"""Is the new run no worse than its baseline? Three verdicts, from bounds of the paired difference."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from workbench import stats
from workbench.display import Shown
from workbench.report.outcome import yes_no
from workbench.report.table import wrapped
from workbench.report.words import EMULATED, number, plural, signed, visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.stats import Interval

Word = Literal["PASS", "REGRESSION", "INCONCLUSIVE"]

SHOWN_IDS = 20


@dataclass(frozen=True)
class Verdict(Shown):
    """What a gate says of a new run.

    Attributes:
        word: ``PASS`` (a loss beyond the margin is excluded), ``REGRESSION`` (a loss is proved, and one
            beyond the margin is not excluded) or ``INCONCLUSIVE``.
        name: The study.
        scorer: Whose numbers.
        old: Mean of the baseline, in the score's own unit.
        new: Mean of the new run.
        difference: ``new - old`` over paired samples; its bounds are one-sided at *alpha* each.
        margin: Loss that is tolerated.
        alpha: Chance of a wrong claim, one-sided.
        replies: Answers behind the new numbers, repeats included.
        square: ``(both right, lost, gained, both wrong)``; None where the numbers are not yes/no.
        lost: Ids of samples that got worse.
        gained: Ids of samples that got better.
        emulated: Whether the emulator made any of the answers.
    """

    word: Word
    name: str
    scorer: str
    old: float
    new: float
    difference: Interval
    margin: float
    alpha: float
    replies: int
    square: tuple[int, int, int, int] | None
    lost: tuple[str, ...]
    gained: tuple[str, ...]
    emulated: bool = False

    @property
    def flip_rate(self) -> float:
        """Share of samples whose number changed."""
        return (len(self.lost) + len(self.gained)) / self.difference.n

    @property
    def detectable(self) -> float:
        """The true loss that this gate would call a regression four times in five; inf where none."""
        n, flips = self.difference.n, self.flip_rate
        sd = math.sqrt(max(flips - self.difference.estimate**2, 0.0))
        return stats.detectable_difference(n, sd, level=1 - 2 * self.alpha) if sd else 3.0 / n

    def __str__(self) -> str:
        d, level = self.difference, round(100 * (1 - self.alpha))
        head = (
            f"{self.word}   {self.name}: {visible(self.scorer)} {number(self.old)} → {number(self.new)}   "
            f"{points(d.estimate)} points, {level} % one-sided bounds {points(d.low)} and "
            f"{points(d.high)}   "
            f"margin {points(self.margin).lstrip('+')}   n {d.n}, {plural(self.replies, 'reply')}, "
            f"flip rate {self.flip_rate:.2f}"
        )
        ids = [f"{w}: {_ids(i)}" for w, i in (("Lost", self.lost), ("Gained", self.gained)) if i]
        notes = [self.meaning, self.power, *([EMULATED] if self.emulated else [])]
        return "\n".join(p for p in (head, self._table(), wrapped(ids), wrapped(notes)) if p)

    def _table(self) -> str:
        if self.square is None:
            return ""
        both, lost, gained, neither = self.square
        return (
            f"{'':14}baseline right  wrong\n{'new right':14}{both:14,}  {gained:5,}\n"
            f"{'new wrong':14}{lost:14,}  {neither:5,}"
        )

    @property
    def meaning(self) -> str:
        """What the word says, in a sentence."""
        worse = " It is worse, but inside the margin." if self.difference.high < 0 else ""
        return {
            "PASS": f"A loss of more than the margin is excluded.{worse}",
            "REGRESSION": "The new run is worse than its baseline.",
            "INCONCLUSIVE": "Neither a loss beyond the margin nor its absence is shown; "
            "more samples or repeats would settle it.",
        }[self.word]

    @property
    def power(self) -> str:
        """What loss this gate would find, in a sentence."""
        n, loss = plural(self.difference.n, "sample"), points(self.detectable).lstrip("+")
        return f"With {n} this gate catches a true drop of about {loss} points four times in five."


def verdict(
    new: Mapping[str, float],
    old: Mapping[str, float],
    *,
    name: str,
    scorer: str,
    margin: float = 0.05,
    alpha: float = 0.05,
    replies: int | None = None,
    emulated: bool = False,
) -> Verdict:
    """Judge *new* against *old*, paired by sample.

    Args:
        new: One number per sample (repeats averaged), in 0 … 1.
        old: The baseline's, for the same samples.
        name: The study, for the words.
        scorer: Whose numbers, for the words.
        margin: Loss that is tolerated, in the score's unit: 0.05 is five points.
        alpha: Chance of a wrong claim, one-sided, in (0, 0.5).
        replies: Answers behind *new*; default one a sample.
        emulated: Whether the emulator made any of the answers.

    Raises:
        ValueError: The two do not have the same samples, or fewer than two.

    Source: Tango 1998 (`workbench.stats.tango`) for yes/no, Student's t otherwise.
    """
    if new.keys() != old.keys() or len(new) < 2:
        raise ValueError("a gate needs the same samples on both sides, at least two")
    ids = sorted(new)
    found = _difference([old[i] for i in ids], [new[i] for i in ids], alpha)
    binary = yes_no([*new.values(), *old.values()])
    pairs = [(old[i], new[i]) for i in ids]
    counts = (pairs.count((1, 1)), pairs.count((1, 0)), pairs.count((0, 1)), pairs.count((0, 0)))
    return Verdict(
        word=_word(found, margin),
        name=name,
        scorer=scorer,
        old=math.fsum(old.values()) / len(ids),
        new=math.fsum(new.values()) / len(ids),
        difference=found,
        margin=margin,
        alpha=alpha,
        replies=len(ids) if replies is None else replies,
        square=counts if binary else None,
        lost=tuple(i for i in ids if new[i] < old[i]),
        gained=tuple(i for i in ids if new[i] > old[i]),
        emulated=emulated,
    )


def _word(found: Interval, margin: float) -> Word:
    if found.low > -margin:
        return "PASS"
    return "REGRESSION" if found.high < 0 else "INCONCLUSIVE"


def _difference(old: list[float], new: list[float], alpha: float) -> Interval:
    level = 1 - 2 * alpha
    if yes_no([*old, *new]):
        gained = sum(n > o for o, n in zip(old, new, strict=True))
        lost = sum(n < o for o, n in zip(old, new, strict=True))
        return stats.tango(gained, lost, len(old), level=level)
    return stats.paired_difference(old, new, level=level)


def points(value: float) -> str:
    """Return a difference in points of a hundred, a question mark where it has no bound.

    >>> points(0.034), points(0.12), points(float("inf"))
    ('+3.4', '+12', '?')
    """
    return "?" if not math.isfinite(value) else signed(100 * value, 0 if abs(value) >= 0.1 else 1)


def _ids(ids: tuple[str, ...]) -> str:
    more = f" and {len(ids) - SHOWN_IDS:,} more" if len(ids) > SHOWN_IDS else ""
    return " ".join(visible(i) for i in ids[:SHOWN_IDS]) + more
