"""Tokens of a text, per tokenizer generation."""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import lru_cache
from typing import NamedTuple

NEWEST_TOKENIZER = "claude-4.7"
"""Assumed for a model the catalog does not know."""

TOKENIZER_FACTOR = {"claude-pre-4.7": 1.0, "claude-4.7": 1.3}
"""Tokens of the same text, against the tokenizer before Claude 4.7 (docs: about 1.3; seed: up to 1.35)."""

BAND, FOREIGN_BAND = 0.20, 0.40
"""Half width of the estimate, as a share: Latin text and code; other scripts and opaque data."""


class Span(NamedTuple):
    """Tokens of one piece: lowest, likely and highest."""

    low: float
    likely: float
    high: float

    def plus(self, other: Span) -> Span:
        """Add two spans end by end."""
        return Span(self.low + other.low, self.likely + other.likely, self.high + other.high)


NOTHING = Span(0, 0, 0)

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_DIGITS = re.compile(r"\d+")
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]+")
_SPACES = re.compile(r"\n+[ \t]*|[ \t]{2,}|\r")
_FOREIGN = re.compile(r"[^\x00-\x7f]")
_LATIN = re.compile(r"[\u00a0-\u024f\u2010-\u2026]")
_IDEOGRAPH = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_ASTRAL = re.compile(r"[\U00010000-\U0010ffff]")


def _word_cost(length: int) -> float:
    return 1.0 if length <= 5 else 1.0 + (length - 5) * 0.16


_WORD_COSTS = [_word_cost(n) for n in range(64)]


@lru_cache(maxsize=2048)
def _units(text: str) -> tuple[float, float]:
    """Return tokens of the pre-4.7 tokenizer: of Latin text and code, and of other scripts."""
    words = Counter(map(len, _WORD.findall(text)))
    latin = sum(n * (_WORD_COSTS[size] if size < 64 else size / 4) for size, n in words.items())
    latin += sum(n * math.ceil(size / 3) for size, n in Counter(map(len, _DIGITS.findall(text))).items())
    latin += sum(
        n * (0.9 + 0.35 * (size - 1)) for size, n in Counter(map(len, _PUNCTUATION.findall(text))).items()
    )
    latin += 0.9 * len(_SPACES.findall(text))
    if text.isascii():
        return latin, 0.0
    foreign, close = len(_FOREIGN.findall(text)), len(_LATIN.findall(text))
    ideographs, astral = len(_IDEOGRAPH.findall(text)), len(_ASTRAL.findall(text))
    rest = foreign - close - ideographs - astral
    return latin + 0.8 * close, 1.15 * ideographs + 2.5 * astral + 0.75 * rest


def text_tokens(text: str, tokenizer: str | None = NEWEST_TOKENIZER) -> int:
    """Estimate the tokens of a text.

    Args:
        text: Any text.
        tokenizer: ``claude-4.7`` or ``claude-pre-4.7``; anything else counts as the newest.

    Returns:
        The likely number; ±20 % for Latin text and code, ±40 % for other scripts.

    >>> text_tokens("Why is the sky blue?", "claude-pre-4.7")
    6
    """
    return round(text_span(text, factor_of(tokenizer)).likely)


def factor_of(tokenizer: str | None) -> float:
    """Return how many times the pre-4.7 tokenizer's tokens a tokenizer makes."""
    return TOKENIZER_FACTOR.get(tokenizer or NEWEST_TOKENIZER, TOKENIZER_FACTOR[NEWEST_TOKENIZER])


def text_span(text: str, factor: float) -> Span:
    """Estimate a text, *factor* times the tokens of the pre-4.7 tokenizer."""
    latin, foreign = _units(text)
    wide = BAND * latin + FOREIGN_BAND * foreign
    likely = latin + foreign
    return Span((likely - wide) * factor, likely * factor, (likely + wide) * factor)


def opaque(data: str) -> Span:
    """Encrypted text: base64 of about as many bytes as the text it hides, at four bytes a token."""
    likely = len(data) * 0.75 / 4
    return Span(likely * (1 - FOREIGN_BAND), likely, likely * (1 + FOREIGN_BAND))
