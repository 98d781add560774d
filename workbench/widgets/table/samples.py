"""The samples of a run, as they lie beside its journal: columns to group by, values to ask with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from workbench.errors import WireError
from workbench.evaluation.stored import SAMPLES
from workbench.wire.codec import loads

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PEEKED: Final = 50
_SHORT: Final = 80
_OWN: Final = frozenset({"id", "input", "target", "metadata"})


class Samples:
    """Reads ``samples.jsonl`` of a run's folder: a few lines at first, all of it when that is needed.

    Attributes:
        columns: Columns of the dataset whose values are short enough to group by.
        read: Whether all lines were read.
    """

    def __init__(self, folder: Path | None) -> None:
        self._path = None if folder is None else folder / SAMPLES
        self._places: dict[str, int] = {}
        self._values: dict[str, dict[str, str]] = {}
        self.columns = self._peek()
        self.read = self._path is None

    def index(self) -> None:
        """Read all lines: where each sample stands, and what it is grouped by."""
        for place, record in self._lines():
            sample = str(record.get("id"))
            self._places[sample] = place
            values = _columns(record)
            self._values[sample] = {name: _word(values[name]) for name in self.columns if name in values}
        self.read = True

    def value(self, sample: str, column: str) -> str:
        """Return what a sample has in a column, as text; "" where it has nothing."""
        return self._values.get(sample, {}).get(column, "")

    def values(self, sample: str) -> dict[str, Any] | None:
        """Return all values of a sample, as the prompt takes them; None where it is not found."""
        if not self.read:
            self.index()
        place = self._places.get(sample)
        if place is None or self._path is None:
            return None
        try:
            with self._path.open("rb") as file:
                file.seek(place)
                found = loads(file.readline())["values"]
        except (OSError, WireError, KeyError, TypeError):
            return None
        return dict(found) if isinstance(found, dict) else None

    def _peek(self) -> tuple[str, ...]:
        names: dict[str, bool] = {}
        for at, (_, record) in enumerate(self._lines()):
            if at >= _PEEKED:
                break
            for name, value in _columns(record).items():
                names[name] = names.get(name, True) and _is_short(value)
        return tuple(name for name, short in names.items() if short and name not in _OWN)

    def _lines(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield each sample with the byte its line begins at; what is no sample is left out."""
        if self._path is None:
            return
        place = 0
        try:
            with self._path.open("rb") as file:
                for line in file:
                    try:
                        record = loads(line)
                    except WireError:
                        record = None
                    if isinstance(record, dict):
                        yield place, record
                    place += len(line)
        except OSError:
            return


def _columns(record: dict[str, Any]) -> dict[str, Any]:
    """Return values and metadata of a sample by name."""
    found: dict[str, Any] = {}
    for part in ("values", "metadata"):
        inside = record.get(part)
        if isinstance(inside, dict):
            found.update(inside)
    return found


def _is_short(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= _SHORT
    return value is None or isinstance(value, bool | int | float)


def _word(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
