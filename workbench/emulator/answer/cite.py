"""Real quotes: the sentences nearest to the question, cited where they stand or merely repeated."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from workbench.emulator.answer.text import best

if TYPE_CHECKING:
    from workbench.emulator.answer.reading import Reading, Source, Unit

MOST_QUOTES = 3
NEAR_ENOUGH = 0.75
"""A further quote must be this near to the question, measured by the best one."""
_SOUGHT = (
    (
        re.compile(r"\bhow (?:many|much|long|old|far|often|tall|big)\b", re.IGNORECASE),
        re.compile(r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten)\b"),
    ),
    (
        re.compile(r"\b(?:when|what year|which year|what date|what time)\b", re.IGNORECASE),
        re.compile(
            r"\d{1,4}|\b(?:January|February|March|April|May|June|July|August|September|October|November|December|[A-Z]\w+day)\b"
        ),
    ),
    (re.compile(r"\b(?:who|whose|whom)\b", re.IGNORECASE), re.compile(r"(?<=\w )[A-Z][a-z]+")),
    (re.compile(r"\bwhere\b", re.IGNORECASE), re.compile(r"\b(?:in|at|near|from|on) (?:the )?[A-Z][a-z]+")),
)
"""What kind of thing a question asks for, and what such a thing looks like in a sentence."""


def cited(reading: Reading) -> list[dict[str, Any]] | None:
    """Answer with cited quotes, or None where no source asks for citations or holds text."""
    pool = [(source, unit) for source in reading.sources if source.cited for unit in source.units]
    if not pool:
        return None
    answer: list[dict[str, Any]] = []
    for index in nearest(reading.question, [unit.text for _, unit in pool]):
        answer.append({"type": "text", "text": " " if answer else "The source says: "})
        answer.append(_quote(*pool[index]))
    return answer


def quoted(reading: Reading) -> str | None:
    """Answer with the best sentence of the documents or passages, or None where there are none."""
    pool = [unit.text for source in reading.sources for unit in source.units] + reading.inline
    return pool[nearest(reading.question, pool)[0]] if pool else None


def nearest(question: str, passages: list[str]) -> list[int]:
    """Return the indices of the passages worth quoting, in reading order; at least one.

    >>> nearest("Who built the mill?", ["It is old.", "Ann built the mill.", "It is big."])
    [1]
    """
    looks = next((shape for asks, shape in _SOUGHT if asks.search(question)), None)
    scored = best(question, passages)[:50]
    if looks is not None:
        scored = [(score * (1.5 if looks.search(passages[index]) else 1), index) for score, index in scored]
    ranked = sorted(scored, key=lambda pair: (-pair[0], pair[1]))[:MOST_QUOTES]
    top = ranked[0][0]
    if top == 0:
        return [0]
    return sorted(index for score, index in ranked if score >= NEAR_ENOUGH * top)


def _quote(source: Source, unit: Unit) -> dict[str, Any]:
    citation = {"type": source.kind, "cited_text": unit.text, **source.name, **unit.place}
    return {"type": "text", "text": unit.text, "citations": [citation]}
