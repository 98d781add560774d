"""JSON for the eye: long strings cut, deep nesting closed."""

from __future__ import annotations

import json
from typing import Any, Final

from workbench.show.parts import one_line, short

_LONG: Final = 400
_DEEP: Final = 40


def elided(value: Any, limit: int = _LONG, depth: int = _DEEP) -> Any:
    """Return JSON with strings cut after *limit* characters and what is nested deeper than *depth* left out.

    >>> elided({"data": "A" * 500})["data"][-23:]
    '… (100 characters more)'
    >>> elided([[["x"]]], depth=2)
    [['…']]
    """
    if isinstance(value, str):
        return short(value, limit) if len(value) > limit else value
    if not isinstance(value, dict | list | tuple):
        return value
    if not depth:
        return "…"
    if isinstance(value, dict):
        return {str(key): elided(item, limit, depth - 1) for key, item in value.items()}
    return [elided(item, limit, depth - 1) for item in value]


def compact(value: Any) -> str:
    """Return JSON on one line, long strings cut."""
    return one_line(json.dumps(elided(value), ensure_ascii=False, default=str), 200)
