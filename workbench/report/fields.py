"""Two JSON values, field by field."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

DEEP: Final = 60
"""Levels of nesting that are looked into; what is deeper is compared whole."""

ALIGNED: Final = 2_000
"""Items of a list that are aligned; a longer one is compared place by place."""

_NAME: Final = re.compile(r"[^\W\d]\w*")


class Absent:
    """Stands for a field that is not there, which is not the same as null."""

    def __repr__(self) -> str:
        return "absent"


ABSENT: Final = Absent()


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field of two JSON values that differs.

    Attributes:
        path: ``input.city``, ``messages[0].content``; empty for the whole value. A place in a list is the
            one in the first value, but of what is only in the second.
        before: Its value in the first, `ABSENT` where it is not there.
        after: Its value in the second.
    """

    path: str
    before: Any
    after: Any


def structure(a: Any, b: Any) -> tuple[FieldChange, ...]:
    """Return the fields that differ; the order of keys does not count, that of lists does.

    ``1``, ``1.0`` and ``true`` are different JSON.

    >>> structure({"city": "Lyon", "days": 3}, {"days": 3, "city": "Nice"})
    (FieldChange(path='city', before='Lyon', after='Nice'),)
    >>> structure({}, {"unit": None})
    (FieldChange(path='unit', before=absent, after=None),)
    """
    return tuple(_changes(a, b, "", 0))


def _changes(a: Any, b: Any, path: str, depth: int) -> Iterator[FieldChange]:
    if depth >= DEEP:
        if not _same(a, b):
            yield FieldChange(path, a, b)
    elif isinstance(a, dict) and isinstance(b, dict):
        yield from _of_objects(a, b, path, depth + 1)
    elif isinstance(a, list | tuple) and isinstance(b, list | tuple):
        yield from _of_lists(list(a), list(b), path, depth + 1)
    elif not _same(a, b):
        yield FieldChange(path, a, b)


def _of_objects(a: dict[Any, Any], b: dict[Any, Any], path: str, depth: int) -> Iterator[FieldChange]:
    for key in dict.fromkeys((*a, *b)):
        inner = _inside(path, str(key))
        if key in a and key in b:
            yield from _changes(a[key], b[key], inner, depth)
        else:
            yield FieldChange(inner, a.get(key, ABSENT), b.get(key, ABSENT))


def _inside(path: str, key: str) -> str:
    """Return the path of a key; one that is no plain name stands in brackets, as JSON writes it."""
    if not _NAME.fullmatch(key):
        return f"{path}[{json.dumps(key, ensure_ascii=False)}]"
    return f"{path}.{key}" if path else key


def _of_lists(a: list[Any], b: list[Any], path: str, depth: int) -> Iterator[FieldChange]:
    for i1, i2, j1, j2 in _regions(a, b):
        for n in range(max(i2 - i1, j2 - j1)):
            i, j = i1 + n, j1 + n
            if i < i2 and j < j2:
                yield from _changes(a[i], b[j], f"{path}[{i}]", depth)
            elif i < i2:
                yield FieldChange(f"{path}[{i}]", a[i], ABSENT)
            else:
                yield FieldChange(f"{path}[{j}]", ABSENT, b[j])


def _regions(a: list[Any], b: list[Any]) -> list[tuple[int, int, int, int]]:
    """Return the stretches that differ; an item put in front does not move all that follow."""
    if max(len(a), len(b)) > ALIGNED:
        return [(0, len(a), 0, len(b))]
    matcher = SequenceMatcher(None, [_written(x) for x in a], [_written(x) for x in b], autojunk=False)
    return [(i1, i2, j1, j2) for tag, i1, i2, j1, j2 in matcher.get_opcodes() if tag != "equal"]


def _same(a: Any, b: Any) -> bool:
    return _written(a) == _written(b)


def _written(value: Any) -> str:
    """Return JSON in one form; what is nested too deep to be written is like nothing else."""
    try:
        return json.dumps(value, sort_keys=True, ensure_ascii=False, default=repr)
    except (RecursionError, TypeError, ValueError):
        return f"{type(value).__name__} {id(value)}"
