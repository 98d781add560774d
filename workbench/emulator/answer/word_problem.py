"""Word problems, tried step by step by the words around each number.

This is a handful of rules, not reasoning: many answers are wrong, and that is the point. A study against
the emulator has errors to show without any model being better than another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from workbench.emulator.answer.arithmetic import shown
from workbench.emulator.answer.text import sentences
from workbench.emulator.answer.words import NUMBERS

_QUANTITY = re.compile(
    r"\$?(?P<digits>\d[\d,]*(?:\.\d+)?)(?P<percent>\s*%|\s+percent)?"
    r"|\b(?P<word>" + "|".join(sorted(NUMBERS, key=len, reverse=True)) + r")\b"
    r"|\b(?P<share>half|twice|double|triple|third|quarter)\b",
    re.IGNORECASE,
)
_SHARES = {
    "half": Fraction(1, 2),
    "third": Fraction(1, 3),
    "quarter": Fraction(1, 4),
    "twice": Fraction(2),
    "double": Fraction(2),
    "triple": Fraction(3),
}
_ASKED = re.compile(
    r"how (?:many|much|old|far|long|tall|fast)|what (?:is|was|are|percent|fraction)|find|calculate",
    re.IGNORECASE,
)
_TIMES = re.compile(
    r"\b(?:times|each|every|per|apiece|rows?|boxes of|packs? of|a day|a week|a month|an hour)\b",
    re.IGNORECASE,
)
_AWAY = re.compile(
    r"\b(?:gives?|gave|lost|loses?|eats?|ate|sold|sells|spends?|spent|used?|uses|removes?d?|breaks?|broke|died|"
    r"fewer|less|left with|took|takes away|pays?|paid|donate[sd]?|drops?|minus|off|borrow(?:s|ed)|"
    r"return(?:s|ed))\b",
    re.IGNORECASE,
)
_SPLIT = re.compile(
    r"\b(?:split|shared?|divided?|equally|evenly|among|into groups|per person|each get)\b", re.IGNORECASE
)
_TOTAL = re.compile(r"\b(?:total|altogether|in all|combined|sum|both)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Solution:
    """The steps taken and the number they led to."""

    steps: tuple[str, ...]
    value: str


def solved(problem: str) -> Solution | None:
    """Try a word problem; None where the text is not one.

    >>> solved("Tom has 3 apples. He buys 4 more. How many apples does Tom have?")
    Solution(steps=('3 + 4 = 7',), value='7')
    >>> solved("Why is the sky blue?") is None
    True
    """
    if _ASKED.search(problem) is None:
        return None
    quantities = [(found, clause) for clause in _clauses(problem) for found in _QUANTITY.finditer(clause)]
    if len(quantities) < 2:
        return None
    value, steps = Fraction(0), []
    for index, (found, clause) in enumerate(quantities[:12]):
        number = _value(found)
        if index == 0:
            value = number
            continue
        sign, other = _step(found, clause, number, value, total=_TOTAL.search(problem) is not None)
        result = _apply(value, sign, other)
        steps.append(f"{shown(value)} {sign} {shown(other)} = {shown(result)}")
        value = result
    return Solution(tuple(steps), shown(value))


def _clauses(problem: str) -> list[str]:
    return [
        part
        for span in sentences(problem)
        for part in re.split(r",\s+(?!\d)|;|\band then\b|\bthen\b|\bbut\b", span.text)
    ]


def _value(found: re.Match[str]) -> Fraction:
    if found["digits"]:
        number = Fraction(found["digits"].replace(",", "").rstrip("."))
        return number / 100 if found["percent"] else number
    if found["share"]:
        return _SHARES[found["share"].lower()]
    return Fraction(NUMBERS[found["word"].lower()])


def _step(
    found: re.Match[str], clause: str, number: Fraction, value: Fraction, *, total: bool
) -> tuple[str, Fraction]:
    if found["share"] or found["percent"]:
        part = value * number
        if re.match(r"\s*(?:as (?:many|much)|the (?:number|amount))", clause[found.end() :], re.IGNORECASE):
            return ("+", part) if total else ("*", number)
        if _AWAY.search(clause):
            return "-", part
        return ("+", part) if total or "more" in clause.lower() else ("*", number)
    if _SPLIT.search(clause) and number:
        return "/", number
    if _AWAY.search(clause):
        return "-", number
    return ("*", number) if _TIMES.search(clause) else ("+", number)


def _apply(value: Fraction, sign: str, other: Fraction) -> Fraction:
    if sign == "+":
        return value + other
    if sign == "-":
        return value - other
    return value * other if sign == "*" else value / other
