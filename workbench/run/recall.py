"""How a journal's records become results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.errors import JournalError
from workbench.journal import Reader, Records
from workbench.run.kept import keep
from workbench.run.result import Result
from workbench.run.warmed import Warmed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


class Recalled(NamedTuple):
    """What a journal's records come to.

    Attributes:
        results: One result per trial, by index.
        lost: Calls that may have been paid of which no result tells: begun without an end on record, or lost
            on the way to an error that was made good later.
        warmed: Calls that only kept the prompt cache warm.
    """

    results: dict[int, Result]
    lost: int
    warmed: tuple[Warmed, ...]


def settle(records: Iterable[Mapping[str, Any]], judges: frozenset[str] = frozenset()) -> Recalled:
    """Reduce a journal's records to one result per trial.

    An answer beats an error, and the first answer stays.
    """
    return _settle(((0, record) for record in records), judges, None)


def recall(path: str | Path, judges: frozenset[str] = frozenset()) -> Recalled:
    """Reduce the journal at *path* to one result per trial, as `settle`; what tables need not stays there.

    Raises:
        JournalError: It cannot be read, or is damaged before its tail.
    """
    return _settle(Records(path), judges, Reader(path))


def _settle(
    records: Iterable[tuple[int, Mapping[str, Any]]], judges: frozenset[str], reader: Reader | None
) -> Recalled:
    results: dict[int, Result] = {}
    begun: dict[int | None, int] = {}
    warmed: list[Warmed] = []
    replaced = 0
    for place, record in records:
        kind = record.get("type")
        if kind in _STEPS:
            index = record.get("index")
            open_calls = max(0, begun.pop(index, 0) + _STEPS[kind])
            if open_calls:  # most are over: they need no memory
                begun[index] = open_calls
        if kind == "warm":
            warmed.append(_warmed(record))
        if kind in ("answer", "error"):
            result = _result(record, judges)
            known = results.get(result.index)
            if known is None or known.error is not None:
                replaced += (known.error or {}).get("lost", 0) if known is not None else 0
                results[result.index] = result if reader is None else keep(result, reader, place)
    return Recalled(results, replaced + sum(begun.values()), tuple(warmed))


_STEPS = {"intent": 1, "unsent": -1, "answer": -1, "error": -1, "warm": -1}
"""What each type of record does to the number of calls in flight."""


def _result(record: Mapping[str, Any], judges: frozenset[str]) -> Result:
    try:
        return Result.from_record(record, judges)
    except (KeyError, TypeError, AttributeError) as error:
        where = f"{record.get('variant')}/{record.get('sample')}/{record.get('epoch')}"
        raise JournalError(f"the record of {where} is not one of this program ({error!r})") from error


def _warmed(record: Mapping[str, Any]) -> Warmed:
    try:
        return Warmed.from_record(record)
    except (KeyError, TypeError, AttributeError) as error:
        raise JournalError(f"a record of type warm is not one of this program ({error!r})") from error
