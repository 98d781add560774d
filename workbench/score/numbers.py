"""The scorer of numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

from workbench.score.base import Grader, Score, clip, targets, wanted

if TYPE_CHECKING:
    from workbench.dataset import Sample
    from workbench.score.views import View

_DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?!\d|,\d)|\d{1,40})(?:\.\d{1,40})?|\.\d{1,40}"
_NUMBER = re.compile(
    r"(?<![\w.^])"
    r"(?P<sign>(?<![\w)\]%])[-\u2212+])?(?:[$\u20ac\u00a3\u00a5](?P<minus>[-\u2212])?)?"
    rf"(?:(?P<whole>\d{{1,9}})[ ](?=\d{{1,9}}/\d))?(?P<digits>{_DIGITS})"
    r"(?:(?P<power>[eE][+-]?\d{1,3})(?!\w)|[ ]?/[ ]?(?P<under>\d{1,40})(?![\d/]))?"
    r"(?!\d)(?!(?:st|nd|rd|th)\b)"
)
_LATEX_FRACTION = re.compile(r"\\[dt]?frac\{(-?\d{1,40})\}\{(\d{1,40})\}")
_BOXED = re.compile(r"\\boxed\{([^{}]{1,200})\}")
_TAIL = 120
"""Characters from the end that are searched first: the last number is mostly there."""
_CUT = 60


@dataclass(frozen=True, kw_only=True)
class Number(Grader):
    """See `number`."""

    tolerance: float = 0.0

    def grade(self, text: str, sample: Sample) -> Score:
        """Compare the last number with the target's."""
        options = targets(sample)
        expected = _expected(options)
        if not expected:
            return Score(None, f"the target {wanted(options)} holds no number")
        got = last_number(text)
        if got is None:
            return Score(0.0, "there is no number in the answer", clip(text))
        shown = write(got)
        if got in expected or self._near(got, expected):
            return Score(1.0, "", shown)
        return Score(0.0, f"expected {' or '.join(map(write, expected))}, got {shown}", shown)

    def _near(self, got: Fraction, expected: tuple[Fraction, ...]) -> bool:
        if not self.tolerance:
            return False
        reach = Fraction(str(self.tolerance))
        return any(abs(got - value) <= reach for value in expected)


def last_number(text: str) -> Fraction | None:
    r"""Return the number that *text* ends in: after ``####``, else in ``\boxed{}``, else the last there is.

    Reads thousands commas, currency and percent signs (``50%`` is 50), exponents, fractions (``3/4``,
    ``2 1/2``) and the typographic minus. Ordinals (``3rd``) and digits inside words (``H2O``) are no numbers.

    >>> [str(last_number(t)) for t in ("It costs $1,234.50.", "-3/4", "3 + 4 = 7 apples", "#### 18")]
    ['2469/2', '-3/4', '7', '18']
    """
    if (mark := text.rfind("####")) >= 0 and (value := _value(_NUMBER.search(text, mark + 4))) is not None:
        return value
    if "\\" in text:
        text = _LATEX_FRACTION.sub(r"\1/\2", text.replace("{,}", ",").replace("\\$", "$").replace("\\!", ""))
        if boxed := _BOXED.findall(text):
            text = boxed[-1]
    if len(text) > _TAIL:
        # A number at the very start of the tail may have been cut in two: then the whole text is read.
        found = _last(text[-_TAIL:])
        if found and found.start() > _CUT:
            return _value(found)
    return _value(_last(text))


def write(value: Fraction) -> str:
    """Return a number as people write it.

    >>> write(Fraction(2469, 2)), write(Fraction(1, 3)), write(Fraction(7))
    ('1234.5', '1/3', '7')
    """
    if value.denominator == 1:
        return str(value.numerator)
    short = f"{float(value):.12g}"
    return short if Fraction(short) == value else f"{value.numerator}/{value.denominator}"


def _last(text: str) -> re.Match[str] | None:
    found = None
    for found in _NUMBER.finditer(text):  # noqa: B007 - the last one is what is wanted
        pass
    return found


@lru_cache(maxsize=2048)
def _expected(options: tuple[str, ...]) -> tuple[Fraction, ...]:
    return tuple(value for value in map(last_number, options) if value is not None)


def _value(found: re.Match[str] | None) -> Fraction | None:
    if found is None:
        return None
    digits, under = found["digits"].replace(",", ""), found["under"]
    value = (
        Fraction(digits + (found["power"] or ""))
        if "." in digits or found["power"]
        else Fraction(int(digits))
    )
    if under:
        if not int(under):
            return None
        value /= int(under)
    if found["whole"]:
        value += int(found["whole"])
    negative = (found["sign"] or "").startswith(("-", "\u2212")) or found["minus"]
    return -value if negative else value


def number(*, tolerance: float = 0.0, view: View = "answer", name: str = "number") -> Number:
    """Score 1 where the number the answer ends in is the target's.

    Both are read in the same way (see `last_number`), so a target may be 18, ``"$1,200"``, or a worked
    solution that ends in ``#### 18``. Values are compared exactly, as fractions.

    Args:
        tolerance: How far off still counts, as an absolute difference.
        view: What is graded.
        name: The column it fills.
    """
    return Number(name=name, view=view, tolerance=tolerance)
