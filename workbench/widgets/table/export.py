"""The rows that are shown, as a file: CSV that no spreadsheet computes, Parquet, or a page."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from workbench import files
from workbench.dataset.cells import safe_cell
from workbench.errors import DiskFullError, UsageError
from workbench.report.words import NOTHING, plural
from workbench.run.frame import frame
from workbench.show.h import join, tag
from workbench.show.page import fill
from workbench.show.parts import style
from workbench.show.safe import escape, text
from workbench.show.tables import figures, notes
from workbench.wire.codec import dumps

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from workbench.report import Table
    from workbench.run import Result, Run

SUFFIXES: Final = (".csv", ".parquet", ".html")

LARGE: Final = 5_000
"""Rows from which the frame of the whole run pays: it is kept beside the journal."""

PAGE_ROWS: Final = 20_000
"""Rows of a page: more would take no browser's patience; the page says how many are missing."""

_PAGE_TEXT: Final = 2_000
_ROWS: Final = "the rows"


def framed_rows(run: Run, rows: Sequence[Result]) -> pd.DataFrame:
    """Return some rows of a run with the columns of ``run.frame()``, in the order given."""
    names = [s["name"] for s in run.info.scorers]
    if len(rows) < LARGE:
        return frame(rows, names)
    places = {id(row): at for at, row in enumerate(run.rows)}
    picked = [places.get(id(row), -1) for row in rows]
    if min(picked) < 0:
        return frame(rows, names)
    return run.frame().iloc[picked].reset_index(drop=True)


def target(path: str | os.PathLike[str]) -> Path:
    """Return where to write.

    Raises:
        UsageError: No such folder, or an ending that says nothing.
    """
    found = Path(path).expanduser()
    if not str(path).strip():
        raise UsageError("name a file: results.csv, results.parquet or results.html")
    if found.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{path}: a file ends in .csv, .parquet or .html; its ending says what it becomes")
    if not found.parent.is_dir():
        raise UsageError(f"{found.parent}: no such folder; make it first, or name another one")
    if found.is_dir():
        raise UsageError(f"{path} is a folder; name a file in it")
    return found


def write(path: Path, data: pd.DataFrame, head: Table) -> None:
    """Write *data* to *path* in one step; its ending says as what.

    Raises:
        DiskFullError, UsageError: It cannot be written, or pyarrow is missing.
    """
    kind = path.suffix.lower()
    made: bytes | Iterator[bytes] = _html(data, head) if kind == ".html" else _csv(data)
    if kind == ".parquet":
        made = _parquet(data)
    try:
        files.write(path, made)
    except OSError as error:
        if files.no_space(error):
            raise DiskFullError(f"{path}: no space left; free some and export again") from error
        raise UsageError(f"{path}: cannot be written ({error.strerror or error})") from error


def _csv(data: pd.DataFrame) -> Iterator[bytes]:
    """Yield the lines; every text is quoted, and none is a formula."""
    for values in _records(data):
        out = io.StringIO()
        writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
        writer.writerow([safe_cell(value) if isinstance(value, str) else value for value in values])
        yield out.getvalue().encode("utf-8", "backslashreplace")


def _records(data: pd.DataFrame) -> Iterator[list[Any]]:
    """Yield heading and rows as plain values; what is missing is empty."""
    yield [str(name) for name in data.columns]
    for values in data.itertuples(index=False, name=None):
        yield [_plain(value) for value in values]


def _plain(value: Any) -> Any:
    if hasattr(value, "item"):
        value = value.item()
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, bool | int | float | str):
        return value
    return dumps(value).decode("utf-8", "backslashreplace")


def _parquet(data: pd.DataFrame) -> bytes:
    try:
        import pyarrow as pa  # type: ignore[import-untyped]  # noqa: F401 - asked whether it is there
    except ImportError as error:
        raise UsageError(
            "Parquet needs pyarrow: pip install 'claude-workbench[parquet]', or export .csv"
        ) from error
    made = data.copy()
    for name in made.columns:
        if made[name].dtype == object or str(made[name].dtype) == "str":
            made[name] = [_storable(value) for value in made[name]]
    out = io.BytesIO()
    made.to_parquet(out, engine="pyarrow", index=False)
    return out.getvalue()


def _storable(value: Any) -> Any:
    """Return a text that Parquet takes, without lone halves of characters; other values as JSON."""
    plain = _plain(value)
    if plain is None or isinstance(plain, bool):
        return plain
    return str(plain).encode("utf-8", "backslashreplace").decode()


def _html(data: pd.DataFrame, head: Table) -> Iterator[bytes]:
    """Yield a page: the header, then the rows; what is cut says so."""
    name = head.title.partition(" · ")[0]
    above = [tag("h1", text(name)), tag("p", text(head.title)), figures(head), notes(head.notes)]
    body = join([*above, tag("h2", text(plural(len(data), "row"))), tag("p", _ROWS)])
    page = fill("page.html", {"TITLE": escape(name), "STYLE": style(), "BODY": body})
    before, after = page.rsplit(tag("p", _ROWS), 1)
    yield before.encode("utf-8", "backslashreplace")
    yield b'<div class="wb-scroll"><table class="wb-t">'
    for at, values in enumerate(_records(data.head(PAGE_ROWS))):
        row = tag("tr", *(tag("td" if at else "th", _shown(value)) for value in values))
        yield f"{row}\n".encode("utf-8", "backslashreplace")
    yield b"</table></div>"
    if len(data) > PAGE_ROWS:
        rest = f"… {len(data) - PAGE_ROWS:,} more rows: a page holds {PAGE_ROWS:,}, CSV and Parquet hold all."
        yield tag("p", rest).encode()
    yield after.encode("utf-8", "backslashreplace")


def _shown(value: Any) -> str:
    if value is None or isinstance(value, float):
        return NOTHING if value is None else f"{value:.6g}"
    said = str(value)
    more = len(said) - _PAGE_TEXT
    return f"{said[:_PAGE_TEXT]}… ({more:,} characters more)" if more > 0 else said
