"""Scorers that compare text: `exact`, `includes`, `regex`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from workbench.errors import UsageError
from workbench.score.base import Grader, Score, clip, targets, wanted

if TYPE_CHECKING:
    from workbench.dataset import Sample
    from workbench.score.views import View

REGEX_TIMEOUT_S = 1.0
"""A pattern that needs longer than this for one answer is stopped."""


@dataclass(frozen=True, kw_only=True)
class Exact(Grader):
    """See `exact`."""

    ignore_case: bool = False
    strip: bool = True

    def grade(self, text: str, sample: Sample) -> Score:
        """Compare the whole text."""
        options = targets(sample)
        if any(self._form(text) == self._form(option) for option in options):
            return Score(1.0, "", clip(text))
        return Score(0.0, f'expected {wanted(options)}, got "{clip(text)}"', clip(text))

    def _form(self, text: str) -> str:
        text = text.strip() if self.strip else text
        return text.casefold() if self.ignore_case else text


@dataclass(frozen=True, kw_only=True)
class Includes(Grader):
    """See `includes`."""

    ignore_case: bool = False

    def grade(self, text: str, sample: Sample) -> Score:
        """Look for a target in the text."""
        options = [option for option in targets(sample) if option]
        if not options:
            return Score(None, "the target is empty, so every answer would include it")
        where = text.casefold() if self.ignore_case else text
        for option in options:
            if (option.casefold() if self.ignore_case else option) in where:
                return Score(1.0, "", option)
        return Score(0.0, f"the answer does not include {wanted(options)}", clip(text))


@dataclass(frozen=True, kw_only=True)
class Regex(Grader):
    """See `regex`."""

    pattern: str
    group: int | str | None = None

    def grade(self, text: str, sample: Sample) -> Score:
        """Search the text, within the time limit."""
        try:
            found = _compiled(self.pattern).search(text, timeout=REGEX_TIMEOUT_S)
        except TimeoutError:
            return Score(
                None, f"the pattern was stopped after {REGEX_TIMEOUT_S:g} s; make it simpler", clip(text)
            )
        if found is None:
            return Score(0.0, f"nothing matches {self.pattern}", clip(text))
        if self.group is None:
            return Score(1.0, "", found.group())
        got, options = (found.group(self.group) or "").strip(), targets(sample)
        if got in {option.strip() for option in options}:
            return Score(1.0, "", got)
        return Score(0.0, f'expected {wanted(options)}, got "{clip(got)}"', got)


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> Any:
    # The standard library's re cannot be stopped; this one takes a timeout and reads the same syntax.
    import regex as engine

    try:
        return engine.compile(pattern)
    except engine.error as error:
        raise UsageError(f"the pattern {pattern!r} is not a regular expression: {error}") from error


def exact(
    *, ignore_case: bool = False, strip: bool = True, view: View = "answer", name: str = "exact"
) -> Exact:
    """Score 1 where the answer is the target, and nothing else.

    A target that is a list holds several right answers. Characters are compared as they are: no Unicode
    normalisation, so that two texts that only look alike stay apart.

    Args:
        ignore_case: Whether "Yes" is "yes".
        strip: Whether white space around the answer and the target is left out.
        view: What is graded; see `workbench.score.View`.
        name: The column it fills.
    """
    return Exact(name=name, view=view, ignore_case=ignore_case, strip=strip)


def includes(*, ignore_case: bool = False, view: View = "answer", name: str = "includes") -> Includes:
    """Score 1 where the answer holds the target, or one of them.

    Args:
        ignore_case: Whether "Yes" is "yes".
        view: What is graded.
        name: The column it fills.
    """
    return Includes(name=name, view=view, ignore_case=ignore_case)


def regex(
    pattern: str, *, group: int | str | None = None, view: View = "answer", name: str = "regex"
) -> Regex:
    r"""Score 1 where *pattern* matches somewhere; with *group*, where that group is the target.

    A pattern that takes longer than a second on one answer is stopped and leaves it unscored.

    Args:
        pattern: A regular expression; flags go inside, e.g. ``(?i)``.
        group: Number or name of the group to compare with the target.
        view: What is graded.
        name: The column it fills.

    Raises:
        UsageError: Not a regular expression, or it has no such group.

    >>> regex(r"Answer: (\w+)", group=1).needs_target
    True
    """
    compiled = _compiled(pattern)
    if group is not None and group not in {*range(compiled.groups + 1), *compiled.groupindex}:
        raise UsageError(f"the pattern {pattern!r} has no group {group!r}")
    return Regex(name=name, view=view, pattern=pattern, group=group, needs_target=group is not None)
