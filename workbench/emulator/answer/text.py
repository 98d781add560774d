"""Words, sentences and their overlap: all that the emulator understands of language."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from workbench.emulator.answer.words import STOP_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)?")
_BREAK = re.compile(r"(?<=[.!?\u3002])[\"'\u201d\u2019)\]]*\s+(?=[^\sa-z])|\s*\n\s*")
_ABBREVIATION = re.compile(r"(?:\b(?:Dr|Mr|Mrs|Ms|Prof|St|No|vs|e\.g|i\.e|cf|Fig|approx|[A-Z]))\.\s*$")


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """Cut the commonest English endings, so that *refunds* meets *refunded*.

    >>> stem("refunds"), stem("refunded"), stem("stories"), stem("close"), stem("closed"), stem("is")
    ('refund', 'refund', 'story', 'clos', 'clos', 'is')
    """
    word = word.lower().removesuffix("'s").removesuffix("\u2019s")
    for ending, least, instead in (
        ("ies", 3, "y"),
        ("ing", 3, ""),
        ("ed", 3, ""),
        ("es", 3, ""),
        ("s", 3, ""),
    ):
        if word.endswith(ending) and len(word) - len(ending) >= least and not word.endswith("ss"):
            return word[: -len(ending)] + instead
    return word.removesuffix("e") if len(word) > 3 else word


def words(text: str) -> list[str]:
    """Return the words of *text*, in order, as written.

    >>> words("It's 3 o'clock, isn't it?")
    ["It's", '3', "o'clock", "isn't", 'it']
    """
    return _WORD.findall(text)


def terms(text: str) -> list[str]:
    """Return the stems of the words that carry meaning.

    >>> terms("What are the refunds for?")
    ['refund']
    """
    return [stem(word) for word in words(text) if word.lower() not in STOP_WORDS]


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a longer text: ``text == whole[start:end]``."""

    text: str
    start: int
    end: int


def sentences(text: str) -> list[Span]:
    """Split *text* into sentences that know where they stand.

    >>> [(s.text, s.start, s.end) for s in sentences("One is first. Two, by Dr. Who, is next.")]
    [('One is first.', 0, 13), ('Two, by Dr. Who, is next.', 14, 39)]
    """
    spans: list[Span] = []
    start = 0
    for found in _BREAK.finditer(text):
        if "\n" not in found.group() and _ABBREVIATION.search(
            text, max(start, found.start() - 8), found.start()
        ):
            continue
        _add(spans, text, start, found.end())
        start = found.end()
    _add(spans, text, start, len(text))
    return spans


def _add(spans: list[Span], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    stripped = piece.strip()
    if stripped:
        first = start + len(piece) - len(piece.lstrip())
        spans.append(Span(stripped, first, first + len(stripped)))


def rarity(passages: Sequence[Iterable[str]]) -> dict[str, float]:
    """Return how much each term tells among *passages*: the rarer, the more (inverse document frequency)."""
    seen = Counter(term for passage in passages for term in set(passage))
    total = len(passages)
    return {term: math.log(1 + total / n) for term, n in seen.items()}


def best(question: str, passages: Sequence[str]) -> list[tuple[float, int]]:
    """Return ``(score, index)`` of every passage, the one nearest to *question* first.

    The score is the summed rarity of shared terms, a little less for long passages; equals keep their order.

    >>> best("When was the bridge opened?", ["It rained.", "The bridge opened in 1932.", "A bridge."])[0][1]
    1
    """
    bags = [set(terms(passage)) for passage in passages]
    weight = rarity(bags)
    asked = set(terms(question))
    scored = [
        (sum(weight[term] for term in asked & bag) / (1 + 0.02 * len(bag)), index)
        for index, bag in enumerate(bags)
    ]
    return sorted(scored, key=lambda pair: (-pair[0], pair[1]))


def likeness(a: str, b: str) -> float:
    """Return the share of terms that two texts have in common, 0 to 1.

    >>> likeness("red blue", "blue green"), likeness("", "x")
    (0.3333333333333333, 0.0)
    """
    left, right = set(terms(a)), set(terms(b))
    return len(left & right) / len(left | right) if left and right else 0.0
