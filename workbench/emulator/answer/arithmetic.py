"""Expressions computed exactly, and word problems tried by simple rules that are often wrong."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_NUMBER = r"\d[\d,]*(?:\.\d+)?|\.\d+"
_TOKEN = re.compile(rf"\s*(?:({_NUMBER})|(\*\*|[-+*/^()%]))")
_EXPRESSION = re.compile(rf"[-(]*\s*(?:{_NUMBER})(?:[\s()]*(?:\*\*|[-+*/^%])[\s(-]*(?:{_NUMBER})|\))+")
_NOT_SUMS = re.compile(
    r"\d{4}-\d\d-\d\d|\d{1,2}/\d{1,2}/\d{2,4}|\d+(?:-\d+){2,}|\d+-\d+(?!\s*[=?])|[a-z]-?\d+-\d+",
    re.IGNORECASE,
)
_SPOKEN = (
    (re.compile(r"\b(?:multiplied by|times)\b|[×·⋅]|(?<=\d)\s*x\s*(?=\d)", re.IGNORECASE), "*"),
    (re.compile(r"\b(?:divided by|over)\b|÷", re.IGNORECASE), "/"),
    (re.compile(r"\bplus\b", re.IGNORECASE), "+"),
    (re.compile(r"\b(?:minus|less)\b|\u2212", re.IGNORECASE), "-"),
    (re.compile(r"\b(?:to the power of)\b", re.IGNORECASE), "^"),
    (re.compile(r"\bsquared\b", re.IGNORECASE), "^2"),
    (re.compile(r"%\s+of\b|\bpercent of\b", re.IGNORECASE), "/100*"),
)
_ASKS = re.compile(
    r"\b(?:what(?:'s| is)|how much is|calculate|compute|evaluate|solve|simplify|work out|add|result)\b|=",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"\b(?:only|just) (?:with )?(?:the |a |its |one )?(?:final |numeric )?"
    r"(?:number|answer|result|digits|integer|value)\b"
    r"|\b(?:number|integer) only\b"
    r"|\b(?:answer|reply|respond) with (?:a|the|one) (?:single )?(?:number|integer)\b",
    re.IGNORECASE,
)
MOST_DEPTH = 60
MOST_DIGITS = 400


def bare(instructions: str) -> bool:
    """Return whether nothing but the number is wanted.

    >>> bare("Reply with only the number."), bare("Show your work.")
    (True, False)
    """
    return _BARE.search(instructions) is not None


def computed(question: str) -> tuple[str, str] | None:
    """Return the expression that *question* asks for and its value, or None.

    >>> computed("What is 12 * (3 + 4)?")
    ('12 * (3 + 4)', '84')
    >>> computed("What is 20% of 50?")
    ('20/100* 50', '10')
    >>> computed("He was born on 2001-02-03.") is None
    True
    """
    if not any(char.isdigit() for char in question):
        return None
    spoken = _NOT_SUMS.sub(" ", question)
    for pattern, sign in _SPOKEN:
        spoken = pattern.sub(sign, spoken)
    found = [match.group().strip() for match in _EXPRESSION.finditer(spoken)]
    if not found or not _is_a_sum(question, spoken, found):
        return None
    expression = max(found, key=len)
    value = evaluate(expression)
    return None if value is None else (expression, shown(value))


def _is_a_sum(question: str, spoken: str, found: list[str]) -> bool:
    others = re.findall(r"[A-Za-z]{2,}", spoken)
    return len(others) <= 4 or (len(others) <= 8 and len(found) == 1 and _ASKS.search(question) is not None)


def evaluate(expression: str) -> Fraction | None:
    """Compute an expression of numbers and ``+ - * / ^ % ( )`` exactly; None where it has no value.

    >>> evaluate("2 ^ 3 - (1 - 4) / 2"), evaluate("1 / 0"), evaluate("9 ^ 9 ^ 9"), evaluate("2 +")
    (Fraction(19, 2), None, None, None)
    """
    opened = expression.count("(") - expression.count(")")
    expression = expression + ")" * opened if opened > 0 else "(" * -opened + expression
    try:
        tokens = list(_tokens(expression))
        parser = _Parser(tokens)
        value = parser.sum(0)
    except (ValueError, ZeroDivisionError, IndexError):
        return None
    return value if parser.at == len(tokens) else None


def shown(value: Fraction) -> str:
    """Write a value as people do: whole where it is whole, else at most ten decimals.

    >>> shown(Fraction(84)), shown(Fraction(1, 8)), shown(Fraction(1, 3))
    ('84', '0.125', '0.3333333333')
    """
    if value.denominator == 1:
        return str(value.numerator)
    sign = "-" if value < 0 else ""
    whole = round(abs(value) * 10**10)
    return f"{sign}{whole // 10**10}.{whole % 10**10:010d}".rstrip("0").rstrip(".")


def _tokens(expression: str) -> Iterator[str]:
    at = 0
    text = expression.strip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueError(text)
        yield (found[1] or found[2]).replace(",", "")
        at = found.end()


class _Parser:
    """Recursive descent; depth and size are bounded."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.at = 0

    def _next(self) -> str | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _take(self, *signs: str) -> str | None:
        if (token := self._next()) in signs:
            self.at += 1
            return token
        return None

    def sum(self, depth: int) -> Fraction:
        value = self._product(depth)
        while sign := self._take("+", "-"):
            other = self._product(depth)
            value = value + other if sign == "+" else value - other
        return _bounded(value)

    def _product(self, depth: int) -> Fraction:
        value = self._signed(depth)
        while sign := self._take("*", "/", "%"):
            other = self._signed(depth)
            value = value * other if sign == "*" else value / other if sign == "/" else value % other
        return _bounded(value)

    def _signed(self, depth: int) -> Fraction:
        if depth > MOST_DEPTH:
            raise ValueError(depth)
        if self._take("-"):
            return -self._signed(depth + 1)
        return self._power(depth)

    def _power(self, depth: int) -> Fraction:
        value = self._atom(depth)
        if self._take("^", "**"):
            exponent = self._signed(depth + 1)
            if (
                exponent.denominator != 1
                or abs(exponent) * max(1, value.numerator.bit_length()) > 3 * MOST_DIGITS
            ):
                raise ValueError(exponent)
            return Fraction(value**exponent.numerator)
        return value

    def _atom(self, depth: int) -> Fraction:
        if self._take("("):
            value = self.sum(depth + 1)
            if not self._take(")"):
                raise ValueError(self.at)
            return value
        token = self.tokens[self.at]
        self.at += 1
        return _bounded(Fraction(token))


def _bounded(value: Fraction) -> Fraction:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > 4 * MOST_DIGITS:
        raise ValueError("too large")
    return value
