"""`Sample` and `Dataset`: what is asked, and what should come back."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import orjson

from workbench import files
from workbench.dataset import cells
from workbench.dataset.files import Row, kind_of, read_rows
from workbench.display import Shown
from workbench.errors import DatasetError, UsageError, did_you_mean
from workbench.wire.codec import canonical, digest, dumps

if TYPE_CHECKING:
    import pandas as pd

ALIASES: Mapping[str, tuple[str, ...]] = {
    "id": (),
    "input": ("question", "prompt"),
    "target": ("answer", "label", "expected"),
}
"""Columns that play a role where no column has its name and the caller names none; the first there is."""


_LOAD = (
    "wb.Dataset(name, samples) takes a name and wb.Sample objects; for rows as dictionaries or texts, a file "
    "or a DataFrame use wb.Dataset.load(rows, name=…)"
)


@dataclass(frozen=True, slots=True)
class Sample:
    """One case.

    Attributes:
        id: Unique in its dataset; results are joined by it.
        input: What ``{{input}}`` stands for.
        target: What the scorers compare with; None where there is nothing to compare with. A list holds
            several right answers.
        values: Every column by name, and ``input``: what a prompt may use.
        metadata: What no prompt and no scorer needs.
    """

    id: str
    input: Any
    target: Any = None
    values: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Let ``{{input}}`` work for samples made by hand."""
        if "input" not in self.values:
            object.__setattr__(self, "values", {**self.values, "input": self.input})


def _told(made: type[Dataset]) -> type[Dataset]:
    """Have a dataset that is given other arguments than its own name the call that takes them."""
    init = made.__init__

    @wraps(init)
    def checked(self: Dataset, *given: Any, **named: Any) -> None:
        try:
            init(self, *given, **named)
        except TypeError as error:
            raise UsageError(_LOAD) from error

    setattr(made, "__init__", checked)  # noqa: B010 - a plain assignment is none that types allow
    return made


@_told
@dataclass(frozen=True)
class Dataset(Shown):
    """Samples in order, with unique ids.

    Attributes:
        name: What tables call it.
        samples: The cases.
        roles: Which column is the id, the input and the target.
        places: Where each sample was read (``datasets/qa.jsonl:17``), for messages; empty for samples made
            by hand.
    """

    name: str
    samples: tuple[Sample, ...]
    roles: Mapping[str, str] = field(default_factory=dict, compare=False)
    places: tuple[str, ...] = field(default=(), compare=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse what are no samples, and two samples of one id."""
        given: Any = self.samples
        if not isinstance(self.name, str) or not isinstance(given, list | tuple):
            raise UsageError(_LOAD)
        if not all(isinstance(one, Sample) for one in given):
            raise UsageError(_LOAD)
        object.__setattr__(self, "samples", tuple(given))
        seen: dict[str, int] = {}
        for place, sample in enumerate(self.samples):
            if (first := seen.setdefault(sample.id, place)) != place:
                raise DatasetError(
                    f'{self._place(place)}: id "{sample.id}" is already used at {self._place(first)}; '
                    "ids must be unique"
                )

    def _place(self, index: int) -> str:
        return self.places[index] if self.places else f"{self.name}: row {index + 1}"

    @classmethod
    def load(
        cls,
        source: Any,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - the column's own name
        input: str | None = None,  # noqa: A002 - the column's own name
        target: str | None = None,
    ) -> Dataset:
        """Read a dataset.

        Args:
            source: A path (.jsonl, .json, .csv, .tsv, .parquet), a DataFrame, or a list of objects,
                samples or texts.
            name: What tables call it; the file's name by default.
            id: The column of the ids; rows without ids are numbered from 1.
            input: The column of the inputs, if it is not ``input``, ``question`` or ``prompt``.
            target: The column of the targets, if it is not ``target``, ``answer``, ``label`` or ``expected``.

        Raises:
            DatasetError: The message names file, line and cure.

        >>> data = Dataset.load([{"question": "2 + 2", "answer": "4"}], name="sums")
        >>> data[0].input, data[0].target, data[0].id
        ('2 + 2', '4', '1')
        """
        if isinstance(source, Dataset):
            return replace(source, name=name or source.name)
        label = name or (Path(source).stem if isinstance(source, str | os.PathLike) else "dataset")
        rows = _rows(source, label)
        if rows and all(isinstance(row, Sample) for _, row in rows):
            return cls(label, tuple(row for _, row in rows))
        return _build(label, rows, {"id": id, "input": input, "target": target})

    def __len__(self) -> int:
        return len(self.samples)

    def __iter__(self) -> Iterator[Sample]:
        return iter(self.samples)

    @overload
    def __getitem__(self, key: int | str) -> Sample: ...
    @overload
    def __getitem__(self, key: slice) -> Dataset: ...
    def __getitem__(self, key: int | str | slice) -> Sample | Dataset:
        """Return a sample by position or id, or a part of the dataset by slice."""
        if isinstance(key, slice):
            return self._at(range(len(self))[key])
        if isinstance(key, int):
            return self.samples[key]
        try:
            return self._by_id[key]
        except KeyError:
            raise DatasetError(f"{self.name} has no sample {key!r}{did_you_mean(key, self._by_id)}") from None

    @cached_property
    def _by_id(self) -> dict[str, Sample]:
        return {sample.id: sample for sample in self.samples}

    def _at(self, places: Iterable[int]) -> Dataset:
        chosen = tuple(places)
        return replace(
            self,
            samples=tuple(self.samples[place] for place in chosen),
            places=tuple(self.places[place] for place in chosen) if self.places else (),
        )

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The names a prompt may use: those that every sample has."""
        if not self.samples:
            return ()
        first, *rest = [sample.values for sample in self.samples]  # noqa: PD011 - not pandas
        common = set(first).intersection(*rest)
        return tuple(name for name in first if name in common)

    @cached_property
    def sha256(self) -> str:
        """Hash of the content: the same for the same samples, whatever file they came from."""
        return _digest(self.samples) or digest([_record(sample) for sample in self.samples])

    def head(self, n: int = 5) -> Dataset:
        """Return the first *n* samples."""
        return self._at(range(min(n, len(self))))

    def filter(self, keep: Callable[[Sample], bool]) -> Dataset:
        """Return the samples that *keep* says yes to."""
        return self._at(place for place, sample in enumerate(self.samples) if keep(sample))

    def sample(self, n: int, *, seed: int = 0) -> Dataset:
        """Return *n* samples drawn without replacement, in the dataset's order; same *seed*, same draw."""
        draw = random.Random(seed)  # noqa: S311 - a reproducible draw, not a secret
        return self._at(sorted(draw.sample(range(len(self)), min(n, len(self)))))

    def require_targets(self) -> None:
        """Make sure that every sample has a target.

        Raises:
            DatasetError: It names the first that has none.
        """
        for place, sample in enumerate(self.samples):
            if sample.target is None:
                raise DatasetError(
                    f'{self._place(place)}: "target" is missing, and a scorer compares with it; '
                    'name its column: Dataset.load(path, target="…")'
                )

    def frame(self) -> pd.DataFrame:
        """Return a DataFrame: id, input, target, then the other columns."""
        import pandas as pd

        return pd.DataFrame([_record(sample) for sample in self.samples])

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the samples, to a temporary name first.

        Args:
            path: ``.jsonl`` keeps everything; ``.csv`` holds text only, guarded so that no spreadsheet
                computes it (`Dataset.load` takes the guard off again).

        Raises:
            DatasetError: Another kind of file, or it cannot be written.
        """
        place = Path(path)
        records = [_record(sample) for sample in self.samples]
        if place.suffix not in {".jsonl", ".csv"}:
            raise DatasetError(f"{place}: datasets are saved as .jsonl or .csv")
        _write(
            place, _csv(records) if place.suffix == ".csv" else b"".join(dumps(r) + b"\n" for r in records)
        )
        return place

    def __str__(self) -> str:
        roles = [f"{role} ← {column}" for role, column in self.roles.items() if role != column]
        without = sum(sample.target is None for sample in self.samples)
        head = [
            self.name,
            f"{len(self)} sample{'s' * (len(self) != 1)}",
            f"columns: {', '.join(self.columns)}",
            *roles,
            *([f"{without} without target"] if without else []),
            f"sha256 {self.sha256[:12]}",
        ]
        shown = [_line(sample) for sample in self.samples[:5]]
        rest = [f"  … {len(self) - 5} more"] if len(self) > 5 else []
        return "\n".join([" · ".join(head), *shown, *rest])


def _digest(samples: Iterable[Sample]) -> str | None:
    """Return `digest` of the samples' records, made one after the other.

    None where one of them needs the slower writer: that writes every record another way.
    """
    found = hashlib.sha256(b"[")
    between = b""
    for sample in samples:
        record = _record(sample)
        try:
            raw = orjson.dumps(record, option=orjson.OPT_SORT_KEYS)
        except TypeError:
            return None
        if raw != canonical(record):
            return None
        found.update(between)
        found.update(raw)
        between = b","
    found.update(b"]")
    return found.hexdigest()


def _line(sample: Sample) -> str:
    target = "" if sample.target is None else f" → {_cut(sample.target, 40)}"
    return f"  {sample.id}  {_cut(sample.input, 80)}{target}"


def _cut(value: Any, width: int) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _record(sample: Sample) -> dict[str, Any]:
    """Return a sample as one row; a loaded row that used other names gains the three roles."""
    record = {"id": sample.id, "input": sample.input, "target": sample.target}
    values = sample.values  # noqa: PD011 - not pandas
    record |= {name: value for name, value in values.items() if name not in record}
    return {**record, "metadata": dict(sample.metadata)} if sample.metadata else record


def _rows(source: Any, label: str) -> list[Row]:
    if isinstance(source, str | os.PathLike):
        return read_rows(Path(source))
    if hasattr(source, "to_dict") and hasattr(source, "columns"):
        source = source.to_dict("records")
    if isinstance(source, Mapping) or not isinstance(source, Iterable):
        raise DatasetError(
            f"cannot make a dataset of {kind_of(source)}; "
            "give a path, a DataFrame, or a list of objects, samples or texts"
        )
    rows = [(f"{label}: row {number}", row) for number, row in enumerate(source, 1)]
    if not rows:
        raise DatasetError(f"{label} is empty; a dataset needs at least one row")
    return rows


def _build(label: str, rows: list[Row], asked: Mapping[str, str | None]) -> Dataset:
    rows = [(place, {"input": row} if isinstance(row, str) else row) for place, row in rows]
    for place, row in rows:
        if not isinstance(row, Mapping):
            raise DatasetError(
                f"{place}: expected an object, found {kind_of(row)}; every row needs {_needs({})}"
            )
    rows = [(place, cells.plain_row(place, row)) for place, row in rows]
    columns = dict.fromkeys(name for _, row in rows for name in row)
    roles = _roles(rows[0][0], list(columns), asked)
    samples = tuple(_sample(place, row, number, roles) for number, (place, row) in enumerate(rows, 1))
    return Dataset(label, samples, roles, tuple(place for place, _ in rows))


def _roles(place: str, columns: list[str], asked: Mapping[str, str | None]) -> dict[str, str]:
    """Return the column of each role that has one."""
    roles = {}
    for role, wanted in asked.items():
        if wanted is not None and wanted not in columns:
            raise DatasetError(
                f'{place}: there is no column "{wanted}" for the {role}{did_you_mean(wanted, columns)} '
                f"(there is: {', '.join(columns)})"
            )
        names = (wanted,) if wanted is not None else (role, *ALIASES[role])
        if found := next((name for name in names if name in columns), None):
            roles[role] = found
    if "input" not in roles:
        raise DatasetError(
            f'{place}: "input" is missing; name the column that holds it: Dataset.load(path, input="…") '
            f"(there is: {', '.join(columns)})"
        )
    return roles


def _sample(place: str, row: Mapping[str, Any], number: int, roles: Mapping[str, str]) -> Sample:
    for column in roles.values():
        if column not in row:
            raise DatasetError(f'{place}: "{column}" is missing; every line needs {_needs(roles)}')
    values = {str(name): value for name, value in row.items() if name != "metadata"}
    wanted = row[roles["input"]]
    metadata = row.get("metadata") or {}
    if not isinstance(metadata, Mapping):
        raise DatasetError(f'{place}: "metadata" must be an object, found {kind_of(metadata)}')
    return Sample(
        id=_id(place, row[roles["id"]]) if "id" in roles else str(number),
        input=wanted,
        target=_target(row[roles["target"]]) if "target" in roles else None,
        values={**values, "input": wanted},
        metadata=metadata,
    )


def _needs(roles: Mapping[str, str]) -> str:
    names = [f'"{roles.get(role, role)}"' for role in ALIASES if not roles or role in roles]
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]


def _id(place: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise DatasetError(f"{place}: the id must be a text or a whole number, found {value!r}")
    return str(value)


def _target(value: Any) -> Any:
    return None if value == "" else value


def _csv(records: list[dict[str, Any]]) -> bytes:
    columns = list(dict.fromkeys(name for record in records for name in record))
    page = io.StringIO(newline="")
    writer = csv.writer(page, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(map(cells.safe_cell, columns))
    writer.writerows([_cell(record.get(name)) for name in columns] for record in records)
    return page.getvalue().encode("utf-8", "surrogatepass")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return cells.safe_cell(value if isinstance(value, str) else dumps(value).decode())


def _write(path: Path, data: bytes) -> None:
    try:
        files.write(path, data)
    except OSError as error:
        raise DatasetError(f"cannot write {path}: {(error.strerror or str(error)).lower()}") from error
