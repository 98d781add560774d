"""The part of a run that a chart shows."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from workbench.errors import UsageError, did_you_mean
from workbench.report.charts.chart import DRAWN, SAID
from workbench.report.words import EMULATED, number, plural, visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workbench.report.sentences import Contrast
    from workbench.report.study import Study
    from workbench.stats import Interval

NAME: Final = 60
"""Letters of a name in a sentence."""

SHORT: Final = 30
"""Letters of a name in a picture."""

MIXED: Final = "The answers come from different places: compare variants with care."


@dataclass(frozen=True)
class View:
    """Variants of a study, and how to name them.

    Attributes:
        whole: The study with all its variants.
        shown: Those of the chart, in the order asked for.
    """

    whole: Study
    shown: tuple[str, ...]

    @classmethod
    def of(cls, study: Study, variants: Sequence[str] | None) -> View:
        """Return the view of some variants, or of all.

        Raises:
            UsageError: No such variant, or none.
        """
        asked = [variants] if isinstance(variants, str) else variants
        names = tuple(dict.fromkeys(study.variants if asked is None else asked))
        for name in names:
            if name not in study.variants:
                raise UsageError(f"no variant {name!r} in this run{did_you_mean(str(name), study.variants)}")
        if not names and asked is not None:
            raise UsageError("variants= names none; leave it out for all of them")
        return cls(study, names)

    @cached_property
    def study(self) -> Study:
        """The study with the shown variants only."""
        return self.whole if self.shown == self.whole.variants else replace(self.whole, variants=self.shown)

    @property
    def contrasts(self) -> Mapping[tuple[str, str], Contrast]:
        """Each variant against the first; as in the run's table where it is the same first."""
        same = self.shown[:1] == self.whole.variants[:1]
        return (self.whole if same else self.study).contrasts

    @cached_property
    def series(self) -> dict[str, int]:
        """Place of each variant in the run."""
        return {name: i for i, name in enumerate(self.whole.variants)}

    @property
    def drawn(self) -> tuple[str, ...]:
        """Variants that fit into a picture."""
        return self.shown[:DRAWN]

    @property
    def samples(self) -> int:
        """The largest number of samples that a shown variant answered."""
        return max((len({o.sample_id for o in self.study.answers(v)}) for v in self.shown), default=0)

    @property
    def warning(self) -> str:
        """The emulator's warning, or nothing."""
        return EMULATED if "emulator" in self.study.origins else ""

    @property
    def origin_notes(self) -> list[str]:
        """What to say of answers from several places, and of variants left out of the picture."""
        left = len(self.shown) - DRAWN
        said = [MIXED] * (len(self.study.origins) > 1)
        return said + [f"{plural(left, 'variant')} more in the table only."] * (left > 0)

    def title(self, what: str) -> str:
        """Return a chart's title: the study's name and what is shown."""
        return f"{named(self.whole.name)} · {what}"

    def errors(self) -> str:
        """Say how many calls ended in an error, or nothing."""
        count = sum(self.study.errors(v) for v in self.shown)
        return f" {plural(count, 'error')} counted apart." if count else ""

    def judged(self, scorer: str | None) -> str | None:
        """Return the scorer whose numbers can be better or worse: the first, or the one asked for.

        Raises:
            UsageError: No such scorer, or one that only measures.
        """
        kinds = dict(self.whole.scorers)
        if scorer is None:
            return next((name for name, kind in kinds.items() if kind != "measure"), None)
        self.known(scorer)
        if kinds[scorer] == "measure":
            raise UsageError(
                f"{scorer!r} is a measure: no number of it is better or worse; see plot.scores()"
            )
        return scorer

    def known(self, scorer: str) -> None:
        """Refuse a scorer that the run does not have."""
        names = [name for name, _ in self.whole.scorers]
        if scorer not in names:
            raise UsageError(f"no scorer {scorer!r} in this run{did_you_mean(str(scorer), names)}")


def named(name: str, limit: int = NAME) -> str:
    """Return a name for a sentence, the middle of a long one cut out: what tells names apart may stand last.

    >>> named("claude-sonnet-4-6 · effort high · prompt v2", 30), named("haiku", 30)
    ('claude-sonnet-4-6…· prompt v2', 'haiku')
    """
    kept = name if len(name) <= 8 * limit else f"{name[: 4 * limit]}{name[-4 * limit :]}"
    shown = visible(kept)
    if len(shown) <= limit:
        return shown
    tail = limit // 2 - 3
    return f"{shown[: limit - tail - 1].rstrip(' ·')}…{shown[-tail:].lstrip()}"


def listed(parts: Sequence[str], what: str = "variant") -> str:
    """Return the first few of *parts* and how many more there are.

    >>> listed(["a 1", "b 2"]), listed([str(n) for n in range(6)])
    ('a 1; b 2', '0; 1; 2; 3; and 2 variants more')
    """
    more = len(parts) - SAID
    return "; ".join([*parts[:SAID], f"and {plural(more, what)} more"] if more > 0 else parts)


def valued(interval: Interval) -> str:
    """Return an estimate and its bounds, infinite ones too.

    >>> from workbench.stats import wilson
    >>> valued(wilson(5, 5)), valued(wilson(0, 0))
    ('1.00 (0.57 … 1.00)', 'no number')
    """
    if not interval.n:
        return "no number"
    return f"{number(interval.estimate)} ({number(interval.low)} … {number(interval.high)})"


def finite(value: float) -> float | None:
    """Return *value* for a table of data: None where nothing is excluded."""
    return value if math.isfinite(value) else None
