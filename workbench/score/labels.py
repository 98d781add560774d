"""The scorer of labels."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from workbench.score.base import Grader, Score, clip, targets, wanted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.dataset import Dataset, Sample
    from workbench.score.views import View

_TRIM = " \t\r\"'`*_.,;:!()[]{}<>#-"


@dataclass(frozen=True, kw_only=True)
class Choice(Grader):
    """See `choice`."""

    labels: tuple[str, ...] | None = None

    def prepared(self, dataset: Dataset) -> Choice:
        """Return the scorer that knows the labels of *dataset*: its targets, in order of appearance."""
        if self.labels is not None:
            return self
        return replace(self, labels=tuple(dict.fromkeys(label for s in dataset for label in targets(s))))

    def grade(self, text: str, sample: Sample) -> Score:
        """Find the label, compare it with the target."""
        options = targets(sample)
        labels = self.labels if self.labels is not None else options
        if not set(options) <= set(labels):
            return Score(None, f"the target {wanted(options)} is not among the labels {wanted(labels)}")
        found = find_labels(text, labels, mentions=self.labels is not None)
        if len(found) != 1:
            return Score(0.0, _why(found), clip(text))
        if found[0] in options:
            return Score(1.0, "", found[0])
        return Score(0.0, f'expected {wanted(options)}, got "{found[0]}"', found[0])


def _why(found: Sequence[str]) -> str:
    return f"ambiguous: the answer names {' and '.join(found)}" if found else "the answer names no label"


def find_labels(text: str, labels: tuple[str, ...], *, mentions: bool = True) -> tuple[str, ...]:
    """Return the labels that *text* chooses: one where it is clear, several where it is not.

    A line that holds nothing but a label decides; else every label named as a whole word counts.

    Args:
        text: The answer.
        labels: All labels there are. Case does not count, except for those of one letter.
        mentions: Whether a label inside a sentence counts.

    >>> find_labels("The mood is **Positive**.", ("positive", "negative"))
    ('positive',)
    >>> find_labels("Neither positive nor negative", ("positive", "negative"))
    ('positive', 'negative')
    """
    known, pattern = _compiled(labels)
    lines = [known[key] for line in text.split("\n") if (key := _key(line.strip(_TRIM))) in known]
    if lines or not mentions:
        return tuple(dict.fromkeys(lines))
    return tuple(dict.fromkeys(known[_key(found.group())] for found in pattern.finditer(text)))


def _key(label: str) -> str:
    return label if len(label) == 1 else label.casefold()


@lru_cache(maxsize=256)
def _compiled(labels: tuple[str, ...]) -> tuple[dict[str, str], re.Pattern[str]]:
    # The longest first, so that "not spam" is not read as "spam".
    ordered = sorted(labels, key=len, reverse=True)
    pattern = "|".join(_mention(label) for label in ordered if label)
    return {_key(label): label for label in ordered}, re.compile(
        rf"(?<!\w)(?:{pattern})(?!\w)" if pattern else "(?!)"
    )


def _mention(label: str) -> str:
    # A capital A that goes on in small letters is an article, not a choice.
    return rf"{re.escape(label)}(?![ ][a-z])" if len(label) == 1 else rf"(?i:{re.escape(label)})"


def choice(labels: Sequence[str] | None = None, *, view: View = "answer", name: str = "choice") -> Choice:
    """Score 1 where the answer chooses the target's label, and no other.

    A line of its own decides ("billing", "**Billing**."); without one, the labels named as whole words count.
    Two labels are ambiguous and score 0, with both in the explanation.

    Args:
        labels: All labels there are; by default the targets of the dataset. A scorer used without a dataset
            takes only an answer that is the target and nothing else.
        view: What is graded.
        name: The column it fills.
    """
    return Choice(name=name, view=view, labels=tuple(labels) if labels is not None else None)
