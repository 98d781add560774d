"""Results whose record is safe in a journal: small in memory, the rest read back when it is asked for."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from sys import intern
from typing import TYPE_CHECKING, Any

from workbench.cost import Receipt, cost
from workbench.errors import JournalError
from workbench.journal.scan import parsed
from workbench.run.result import Result
from workbench.score import Score
from workbench.wire import Usage
from workbench.wire.codec import dumps, loads
from workbench.wire.message import refused_before_output

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from workbench.journal import Reader

_put = object.__setattr__  # the one way into a frozen dataclass


class Kept(Result):
    """A `Result` that knows where its record lies.

    It holds what tables are made of: who, which scores, tokens, seconds, the error. The message, the scores'
    explanations, input, target, key and request id are read from the journal, a record at a time, so that a
    hundred thousand results need no more memory than their numbers.

    Everything a `Result` has it has too, and the two are equal. Reading may raise a `JournalError`: the
    journal was moved, deleted or changed since.
    """

    __slots__ = (
        "_answered_by",
        "_names",
        "_place",
        "_reader",
        "_refused",
        "_stop_reason",
        "_usage",
        "_values",
    )

    _answered_by: str
    _names: tuple[str, ...]
    _place: int
    _reader: Reader
    _refused: str | None
    _stop_reason: str | None
    _usage: bytes | None
    _values: tuple[float | None, ...]

    def __new__(cls, *args: Any, **fields: Any) -> Any:
        """Return a plain `Result`: what is made by hand, or a changed copy, has no record."""
        return Result(*args, **fields)

    @property
    def body(self) -> Mapping[str, Any] | None:
        """The message as JSON, or None."""
        return None if self.error is not None else self._record().get("message")

    @property
    def scores(self) -> Mapping[str, Score]:
        """What the scorers said."""
        if not self._names:
            return {}
        return {name: Score(*parts) for name, parts in self._record()["scores"].items()}

    @property
    def key(self) -> str:
        """The request's key."""
        return str(self._record()["key"])

    @property
    def request_id(self) -> str | None:
        """The service's id of the request."""
        found: str | None = self._record().get("request_id")
        return found

    @property
    def input(self) -> str:
        """What the sample asked, cut to a length."""
        return str(self._record().get("input", ""))

    @property
    def target(self) -> Any:
        """What the scorers compared with."""
        return self._record().get("target")

    @property
    def journal(self) -> Path:
        """The file it is read back from."""
        return self._reader.path

    @property
    def place(self) -> int:
        """The byte its record begins at."""
        return self._place

    @property
    def lies(self) -> tuple[Reader, int]:
        """What its record is read with, and the byte it begins at."""
        return self._reader, self._place

    @property
    def usage(self) -> Usage | None:
        """Tokens, as the service counted them; None where it did not."""
        return None if self._usage is None else _read(self._usage)

    @property
    def stop_reason(self) -> str | None:
        """Why the answer ended; None where there was an error."""
        return self._stop_reason

    @property
    def cost(self) -> Receipt:
        """List price of the model that answered, at the rates in force when it did."""
        made = self.timing.recorded_at
        terms = (self._usage, self._answered_by, self.batch, self._refused)
        return _cost(*terms, None) if made is None else _dated_cost(*terms, made[:10])

    def value(self, scorer: str) -> float | None:
        """The number *scorer* gave; None where it gave none."""
        return self._values[self._names.index(scorer)] if scorer in self._names else None

    def record(self) -> dict[str, Any]:
        """Return the journal's record of this result."""
        return dict(self._record())

    def _record(self) -> dict[str, Any]:
        return self._own(self._reader.at(self._place))

    def _own(self, record: dict[str, Any]) -> dict[str, Any]:
        """Return a record that was read, or refuse it: it is another one's."""
        who = (record.get("index"), record.get("variant"), record.get("sample"))
        if who != (self.index, self.variant, self.sample_id):
            raise JournalError(
                f"{self._reader.path}: the record at byte {self._place} is not that of {self.trial_id}; "
                "the journal was replaced: load the run again"
            )
        return record

    def parse(self, body: bytes | None) -> dict[str, Any]:
        """Return the record whose JSON `bodies` gave.

        Raises:
            JournalError: There is none, or it is another one's.
        """
        record = parsed(body)
        return self._record() if record is None else self._own(record)

    def _numbers(self) -> Mapping[str, float | None]:
        return dict(zip(self._names, self._values, strict=True))

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process whole: the journal may not be there."""
        return Result.from_record, (self.record(), self.judges)


def keep(result: Result, reader: Reader, place: int) -> Kept:
    """Return *result* without what can be read back from its record at *place*."""
    kept: Kept = object.__new__(Kept)
    body = result.body or {}
    usage = body.get("usage")
    for name in ("epoch", "index", "timing", "batch", "judges", "expected"):
        _put(kept, name, getattr(result, name))
    for name in ("variant", "sample_id", "model", "source", "origin", "api_version"):
        _put(kept, name, intern(getattr(result, name)))
    _put(kept, "error", result.error)
    _put(kept, "_reader", reader)
    _put(kept, "_place", place)
    _put(kept, "_names", _shared(tuple(result.scores)))
    _put(kept, "_values", _shared(tuple(_number(score.value) for score in result.scores.values())))
    _put(kept, "_usage", None if usage is None else _compact(usage))
    _put(kept, "_answered_by", intern(str(body.get("model") or result.model)))
    _put(kept, "_refused", refused_before_output(body))
    reason = body.get("stop_reason")
    _put(kept, "_stop_reason", intern(reason) if type(reason) is str else reason)
    return kept


def bodies(rows: Sequence[Result]) -> Iterator[tuple[int, Kept, bytes | None]]:
    """Yield the records of rows as they lie in the journal, unparsed, in the order in which they lie there.

    Yields:
        A position in *rows*, its row, and the JSON for `Kept.parse`, None where it cannot be read. Rows that
        are in no journal are left out.
    """
    lying: dict[Reader, list[tuple[int, int]]] = {}
    for at, row in enumerate(rows):
        if isinstance(row, Kept):
            reader, place = row.lies
            lying.setdefault(reader, []).append((place, at))
    for reader, places in lying.items():
        places.sort()
        found = reader.bodies([place for place, _ in places])
        for (_, at), body in zip(places, found, strict=True):
            yield at, rows[at], body  # type: ignore[misc]  # only such are in the list


def _compact(usage: Any) -> bytes:
    """Return usage as JSON, in no more bytes than it has: the writer's own result keeps a page of 4 KiB."""
    return _shared(bytes(bytearray(dumps(usage))))  # type: ignore[no-any-return]  # bytes in, the same out


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)


@lru_cache(maxsize=4096)
def _shared(value: Any) -> Any:
    """Return one object for equal values of one type: most results have the scores of many others."""
    return value


def _read(usage: bytes) -> Usage:
    try:
        return Usage.model_validate_json(usage)
    except ValueError:  # what only the standard library reads
        return Usage.model_validate(loads(usage))


def _cost(
    usage: bytes | None,
    model: str,
    batch: bool,  # noqa: FBT001 - positional, so that lru_cache knows it
    refused: str | None,
    day: str | None,
) -> Receipt:
    counted = None if usage is None else _read(usage)
    at = None if day is None else date.fromisoformat(day)
    return cost(counted, model=model, at=at, batch=batch, refused=refused)


_dated_cost = lru_cache(maxsize=4096)(_cost)
