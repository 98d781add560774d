"""Rows out of files: every problem named with file, line and cure."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.dataset.cells import plain_cell
from workbench.errors import DatasetError, WireError, did_you_mean
from workbench.wire.codec import loads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Row = tuple[str, Any]
"""Where a row stands (``datasets/qa.jsonl:17``), and the row."""

KINDS = ".jsonl, .json, .csv, .tsv or .parquet"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_BOM = b"\xef\xbb\xbf"
_CELL_LIMIT = 1 << 27


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a file, in order.

    Raises:
        DatasetError: Not there, not readable, not of a known kind, or malformed.
    """
    reader = _READERS.get(path.suffix.lower())
    _require(path)
    if reader is None:
        raise DatasetError(f"{path}: unknown kind of file; use {KINDS}")
    try:
        rows = list(reader(path))
    except OSError as error:
        raise DatasetError(f"cannot read {path}: {_reason(error)}") from error
    if not rows:
        raise DatasetError(f"{path} is empty; a dataset needs at least one row")
    return rows


def _require(path: Path) -> None:
    try:
        if path.is_dir():
            raise DatasetError(f"{path} is a folder; name one file in it{_listing(path)}")
        if path.exists():
            return
    except OSError as error:
        raise DatasetError(f"cannot read {path}: {_reason(error)}") from error
    folder = path.parent
    if not folder.is_dir():
        raise DatasetError(f"{path} does not exist: there is no folder {folder} in {Path.cwd()}")
    nearest = did_you_mean(path.name, _names(folder))
    raise DatasetError(f"{path} does not exist{nearest or _listing(folder)}")


def _names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in os.scandir(folder) if Path(entry.name).suffix.lower() in _READERS)


def _listing(folder: Path) -> str:
    names = _names(folder)
    return f" (there is: {', '.join(names[:8])}{', …' * (len(names) > 8)})" if names else ""


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _text(path: Path) -> str:
    raw = path.read_bytes()
    if raw.startswith(_UTF16):
        raise DatasetError(f"{path}: the file is UTF-16; save it as UTF-8")
    raw = raw.removeprefix(_BOM)
    try:
        return raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        raise DatasetError(
            f"{path}:{line}: byte 0x{raw[error.start]:02x} at column {column} is not UTF-8; "
            "save the file as UTF-8"
        ) from error


def _jsonl(path: Path) -> Iterator[Row]:
    # Only "\n" ends a line: str.splitlines would also cut at U+2028, which may stand inside a JSON string.
    for number, line in enumerate(_text(path).split("\n"), 1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        if number == 1 and line.strip() == "[":
            raise DatasetError(f"{where}: this is one JSON array over many lines; name the file .json")
        try:
            yield where, loads(line)
        except WireError as error:
            raise DatasetError(
                f"{where}: not JSON ({_json_reason(line, error)}); every line must be one JSON object"
            ) from error


def _json_reason(text: str, error: WireError) -> str:
    # The standard library's words, which name the place, whichever parser met the problem.
    try:
        json.loads(text)
    except (ValueError, RecursionError) as again:  # ValueError: a number of more digits than Python reads
        if isinstance(again, json.JSONDecodeError):
            line = f"line {again.lineno}, " if again.lineno > 1 else ""
            return f"{_lower(again.msg)} at {line}column {again.colno}"
    return str(error).removeprefix("not JSON: ")


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _json(path: Path) -> Iterator[Row]:
    text = _text(path)
    if not text.strip():
        return
    try:
        rows = loads(text)
    except WireError as error:
        reason = _json_reason(text, error)
        hint = "; one object a line is .jsonl" if reason.startswith("extra data") else ""
        raise DatasetError(f"{path}: not JSON ({reason}){hint}") from error
    if not isinstance(rows, list):
        raise DatasetError(f"{path}: expected an array of objects, found {kind_of(rows)}")
    yield from ((f"{path}: row {number}", row) for number, row in enumerate(rows, 1))


def _table(path: Path, delimiter: str | None) -> Iterator[Row]:
    text = _text(path)
    first = text.split("\n", 1)[0]
    sign = delimiter or (";" if ";" in first and "," not in first else ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sign, strict=True)
    limit = csv.field_size_limit(_CELL_LIMIT)
    try:
        yield from _cells(path, reader)
    except csv.Error as error:
        raise DatasetError(
            f"{path}:{reader.line_num}: {error}; "
            "a quoted cell ends with one quote, quotes inside it are doubled"
        ) from error
    finally:
        csv.field_size_limit(limit)


def _cells(path: Path, reader: Any) -> Iterator[Row]:
    header = [plain_cell(name).strip() for name in next(reader, [])]
    _check_header(path, header)
    end = reader.line_num
    for cells in reader:
        start, end = end + 1, reader.line_num
        if not cells:
            continue
        if len(cells) != len(header):
            raise DatasetError(
                f"{path}:{start}: {_count(len(cells), 'cell')}, but the header has {len(header)}; "
                "quote cells that contain the separator or a line break"
            )
        yield f"{path}:{start}", dict(zip(header, map(plain_cell, cells), strict=True))


def _check_header(path: Path, header: list[str]) -> None:
    for place, name in enumerate(header, 1):
        if not name:
            raise DatasetError(f"{path}:1: column {place} has no name; the first line must name every column")
        if header.index(name) < place - 1:
            raise DatasetError(f'{path}:1: column "{name}" stands twice; rename one of them')


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _parquet(path: Path) -> Iterator[Row]:
    try:
        from pyarrow import (  # type: ignore[import-untyped]  # it ships no types
            ArrowException,
            parquet,
        )
    except ImportError as error:
        raise DatasetError(
            f'{path}: Parquet needs pyarrow: pip install "claude-workbench[parquet]"'
        ) from error
    try:
        rows = parquet.ParquetFile(path).read().to_pylist()
    except ArrowException as error:
        reason = re.split(r"[.\n]", str(error))[0]
        raise DatasetError(f"{path}: not a readable Parquet file ({_lower(reason)})") from error
    yield from ((f"{path}: row {number}", row) for number, row in enumerate(rows, 1))


def kind_of(value: Any) -> str:
    """Return what a JSON value is, with its article.

    >>> kind_of([]), kind_of(2)
    ('a list', 'a number')
    """
    if value is None:
        return "null"
    names: dict[type, str] = {dict: "an object", list: "a list", str: "a text", bool: "a boolean"}
    return names.get(
        type(value), "a number" if isinstance(value, int | float) else f"a {type(value).__name__}"
    )


_READERS: dict[str, Callable[[Path], Iterator[Row]]] = {
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".json": _json,
    ".csv": lambda path: _table(path, None),
    ".tsv": lambda path: _table(path, "\t"),
    ".parquet": _parquet,
}
