"""A run as a DataFrame: built row by row, and for large runs kept as Parquet beside the journal."""

from __future__ import annotations

import contextlib
import os
import secrets
import zlib
from array import array
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from workbench.run.kept import Kept
from workbench.wire.codec import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pandas as pd

    from workbench.run.result import Result

PARQUET = "results.parquet"
LARGE = 5_000
"""Rows from which a Parquet file pays: fewer are read from the journal before pyarrow is loaded."""
BATCH = 5_000
"""Rows held at once while the file is written."""

_COUNTS = ("epoch", "input_tokens", "cache_write_tokens", "cache_read_tokens", "output_tokens")
_AMOUNTS = ("cost_usd", "latency_s", "ttft_s")


def frame(rows: Sequence[Result], scorers: Sequence[str], journal: Path | None = None) -> pd.DataFrame:
    """Return one row per result: answer, scores, error, tokens, dollars, seconds, where it came from.

    Args:
        rows: The results.
        scorers: Names of the scorers; each is a column.
        journal: Where the results lie. Beside it a large run leaves ``results.parquet``, good for as long as
            journal and rows are the same; without pyarrow, or where it cannot be written, there is none.
    """
    import pandas as pd

    places = _places(rows, journal) if len(rows) >= LARGE else None
    if journal is not None and places is not None:
        found = _from_parquet(rows, scorers, journal, places)
        if found is not None:
            return found
    columns: dict[str, list[Any]] = {}
    for row in rows:
        for name, value in _row(row, scorers).items():
            columns.setdefault(name, []).append(value)
    return pd.DataFrame({name: _column(name, columns.pop(name), scorers) for name in list(columns)})


def _row(row: Result, scorers: Sequence[str]) -> dict[str, Any]:
    usage, error = row.usage, row.error or {}
    total = row.cost.total if row.error is None else None
    return {
        "variant": row.variant,
        "sample": row.sample_id,
        "epoch": row.epoch,
        "model": row.model,
        "input": row.input,
        "target": row.target,
        "answer": row.text if row.error is None else None,
        **{name: row.value(name) for name in scorers},
        "passed": row.passed,
        "error_type": error.get("type"),
        "error": error.get("message"),
        "stop_reason": row.stop_reason,
        "input_tokens": usage.input_tokens if usage else None,
        "cache_write_tokens": usage.cache_creation_input_tokens if usage else None,
        "cache_read_tokens": usage.cache_read_input_tokens if usage else None,
        "output_tokens": usage.output_tokens if usage else None,
        "cost_usd": None if total is None else float(total),
        "latency_s": row.timing.total_s if row.error is None else None,
        "ttft_s": row.timing.ttft_s,
        "source": row.source,
        "origin": row.origin,
        "request_id": row.request_id,
    }


def _column(name: str, values: Any, scorers: Sequence[str]) -> pd.Series:
    """Return a column of one type, the same whether its values come from rows or from Parquet."""
    import pandas as pd

    if name in scorers or name in _AMOUNTS:
        return pd.Series(values, dtype="float64")
    if name in _COUNTS:
        return _counts(values)
    if name == "passed":
        return pd.Series(values, dtype=object if any(value is None for value in values) else bool)
    if name == "target" and not all(value is None or isinstance(value, str) for value in values):
        return pd.Series(values, dtype=object)
    try:
        return pd.Series(values, dtype="str")
    except UnicodeEncodeError:  # half a character, as models sometimes send, is kept exact
        return pd.Series(values, dtype=object)


def _counts(values: Any) -> pd.Series:
    """Return whole numbers as such, where none is missing."""
    import pandas as pd

    try:
        found = pd.Series(values, dtype="float64")
    except OverflowError:  # a number of more digits than any count has
        return pd.Series(values, dtype=object)
    whole = not found.isna().any() and (found % 1 == 0).all() and (found.abs() < 2**53).all()
    return found.astype("int64") if whole else found


# --- Parquet ---------------------------------------------------------------------------------------


def _places(rows: Sequence[Result], journal: Path | None) -> int | None:
    """Return a checksum over where the rows lie; None where one of them is not in *journal*."""
    if journal is None:
        return None
    known = journal.absolute()
    places = array("Q")
    for row in rows:
        if not isinstance(row, Kept) or row.journal != known:
            return None
        places.append(row.place)
    return zlib.crc32(places.tobytes())


def _from_parquet(
    rows: Sequence[Result], scorers: Sequence[str], journal: Path, places: int
) -> pd.DataFrame | None:
    """Read the rows from Parquet, written first where it is not that of these rows; None: it cannot be."""
    try:
        import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
        from pyarrow import parquet as pq
    except ImportError:
        return None
    path = journal.with_name(PARQUET)
    try:
        mark = _mark(journal, places, rows, scorers)
        if not _is_of(path, mark):
            _write(path, mark, rows, scorers)
        return _read(pq.ParquetFile(path), scorers)
    except (OSError, UnicodeEncodeError, pa.ArrowException):
        return None


def _mark(journal: Path, places: int, rows: Sequence[Result], scorers: Sequence[str]) -> bytes:
    """Return what a file of these rows says of itself: another journal, judge or price makes another one."""
    crc, size = 0, 0
    with journal.open("rb") as file:
        while part := file.read(1 << 20):
            crc, size = zlib.crc32(part, crc), size + len(part)
    judges = sorted(rows[0].judges) if rows else []
    prices = [_version("claude-workbench"), _version("genai-prices")]
    return dumps(
        {"format": 1, "journal": [size, crc], "rows": [len(rows), places], "scorers": [*scorers],
         "judges": judges, "versions": prices}
    )  # fmt: skip


def _version(package: str) -> str:
    try:
        return version(package)
    except ImportError:  # PackageNotFoundError: run from a clone
        return ""


def _is_of(path: Path, mark: bytes) -> bool:
    from pyarrow import parquet as pq

    if not path.exists():
        return False
    return bool((pq.read_schema(path).metadata or {}).get(b"workbench") == mark)


def _write(path: Path, mark: bytes, rows: Sequence[Result], scorers: Sequence[str]) -> None:
    """Write the file batch by batch, to a temporary name first; like the journal it is nobody else's."""
    import pyarrow as pa
    from pyarrow import parquet as pq

    schema = _schema(scorers).with_metadata({"workbench": mark})
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with (
            os.fdopen(descriptor, "wb") as file,
            pq.ParquetWriter(file, schema, compression="zstd") as writer,
        ):
            for batch in _batches(rows, scorers):
                writer.write_table(pa.Table.from_pydict(batch, schema=schema))
        beside.replace(path)
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


def _schema(scorers: Sequence[str]) -> Any:
    import pyarrow as pa

    kinds = dict.fromkeys(_COUNTS, pa.float64()) | dict.fromkeys((*_AMOUNTS, *scorers), pa.float64())
    kinds |= {"passed": pa.bool_(), "epoch": pa.int64()}
    names = _row_names(scorers)
    return pa.schema([(name, kinds.get(name, pa.large_string())) for name in names])


def _row_names(scorers: Sequence[str]) -> list[str]:
    head = ["variant", "sample", "epoch", "model", "input", "target", "answer"]
    return list(dict.fromkeys([*head, *scorers, "passed", "error_type", "error", "stop_reason", *_COUNTS[1:],
        *_AMOUNTS, "source", "origin", "request_id"]))  # fmt: skip


def _batches(rows: Sequence[Result], scorers: Sequence[str]) -> Iterator[dict[str, list[Any]]]:
    for start in range(0, len(rows), BATCH):
        each = [_row(row, scorers) for row in rows[start : start + BATCH]]
        columns = {name: [row[name] for row in each] for name in each[0]}
        columns["target"] = [dumps(value).decode() for value in columns["target"]]
        yield columns


def _read(file: Any, scorers: Sequence[str]) -> pd.DataFrame:
    """Read a column at a time, so that no more than one is there twice."""
    import pandas as pd

    columns: dict[str, pd.Series] = {}
    for name in file.schema_arrow.names:
        values = file.read(columns=[name])[name]
        if name == "target":
            columns[name] = _column(name, [loads(value) for value in values.to_pylist()], scorers)
        elif name == "passed":
            columns[name] = _column(name, values.to_pylist(), scorers)
        else:
            columns[name] = _column(name, values.to_pandas(), scorers)
    return pd.DataFrame(columns)
