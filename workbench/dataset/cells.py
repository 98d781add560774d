"""Single cells: as plain data, and as CSV that no spreadsheet takes for a formula.

Source: https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from workbench.errors import DatasetError
from workbench.wire import Wire

_JSON = (str, bool, int, float, type(None))
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_FORMULA = re.compile(r"[\s']*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_ESCAPED = re.compile(r"'[\s']*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def safe_cell(text: str) -> str:
    """Return *text* for a CSV cell: an apostrophe before what a spreadsheet might compute.

    Numbers stay numbers. `plain_cell` gives the exact text back.

    >>> safe_cell("=1+1"), safe_cell("-5"), safe_cell("fine"), safe_cell("'=1")
    ("'=1+1", '-5', 'fine', "''=1")
    """
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def plain_cell(cell: str) -> str:
    """Return the text that `safe_cell` was given; other cells pass as they are.

    >>> plain_cell("'=1+1"), plain_cell("'tis"), plain_cell("-5")
    ('=1+1', "'tis", '-5')
    """
    return cell[1:] if _ESCAPED.match(cell) else cell


def plain_row(place: str, row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return *row* as JSON can hold it.

    Raises:
        DatasetError: A cell that JSON cannot hold, with its column.
    """
    if all(type(value) in _JSON and value == value for value in row.values()):  # noqa: PLR0124 - NaN is not itself
        return {str(name): value for name, value in row.items()}
    return {str(name): _plain(value, f'{place}: column "{name}"') for name, value in row.items()}


def _plain(value: Any, where: str) -> Any:
    """Undo what DataFrames and Parquet make of cells: numpy's types, dates, decimals, and NaN for nothing."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if type(value).__name__ in {"NAType", "NaTType"} or (isinstance(value, float) and value != value):  # noqa: PLR0124
        return None
    if isinstance(value, Wire):
        return value.wire()
    if isinstance(value, Mapping):
        return {str(name): _plain(inside, where) for name, inside in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inside, where) for inside in value]
    if isinstance(value, _JSON):
        return value
    if isinstance(value, Decimal) or hasattr(value, "isoformat"):
        return value.isoformat() if hasattr(value, "isoformat") else str(value)
    raise DatasetError(f"{where} holds {type(value).__name__}, which JSON cannot; make it text first")
