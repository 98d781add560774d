"""What differs between two texts, sentence by sentence, and between two JSON values, field by field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

Kind = Literal["same", "changed", "gone", "new"]


@dataclass(frozen=True, slots=True)
class Change:
    """A stretch of two texts.

    Attributes:
        kind: ``same`` in both, ``changed`` from *a* to *b*, ``gone`` (only in *a*), ``new`` (only in *b*).
        a: The stretch of the first text, empty where it is new.
        b: The stretch of the second text, empty where it is gone.
    """

    kind: Kind
    a: str
    b: str


class Absent:
    """Stands for a field that is not there, which is not the same as null."""

    def __repr__(self) -> str:
        return "absent"


ABSENT: Final = Absent()


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field of two JSON values that differs.

    Attributes:
        path: ``input.city``, ``messages[0].content``; empty for the whole value.
        before: Its value in the first, `ABSENT` where it is not there.
        after: Its value in the second.
    """

    path: str
    before: Any
    after: Any


def sentences(a: str, b: str) -> tuple[Change, ...]:
    """Return *a* and *b* as aligned sentences."""
    if a == b:
        return (Change("same", a, b),) if a else ()
    return (Change("changed", a, b),)


def structure(a: Any, b: Any) -> tuple[FieldChange, ...]:
    """Return the fields that differ; the order of keys does not count, that of lists does."""
    return () if a == b else (FieldChange("", a, b),)
