"""A table of results: typed cells, a plain text view, CSV and a DataFrame. Its HTML is made in `show/`."""

from __future__ import annotations

import csv
import io
import textwrap
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from workbench.dataset.cells import safe_cell
from workbench.display import Shown
from workbench.report.words import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

WIDTH = 100
"""Columns of text a table may take before it is split into blocks."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        key: Short name without spaces; unique within the table.
        title: Header, with the unit where the cells have one.
        block: ``quality`` or ``cost``: where it goes when the table is split.
        align: ``left`` for words, ``right`` for numbers.
    """

    key: str
    title: str
    block: Literal["quality", "cost"] = "quality"
    align: Literal["left", "right"] = "right"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: the words shown, and the numbers behind them.

    Attributes:
        text: As shown.
        data: Named numbers for CSV and DataFrame; an empty name stands for the column itself.
    """

    text: str
    data: tuple[tuple[str, float | str | None], ...] = ()


@dataclass(frozen=True)
class Table(Shown):
    """What a run found, one row per variant.

    Attributes:
        title: Size, replies, errors, origin and price in one line.
        columns: What the cells mean.
        rows: One cell per column.
        verdict: Plain sentences: what the numbers allow to say.
        notes: How it was computed and what is missing.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    verdict: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        blocks = "\n\n".join(self._block(columns) for columns in self.blocks())
        parts = (wrapped([self.title]), blocks, wrapped(self.verdict), wrapped(self.notes))
        return "\n\n".join(part for part in parts if part)

    def blocks(self, width: int = WIDTH) -> list[list[int]]:
        """Return the columns of each block of text; the first column opens every block."""
        widths = self._widths()
        if sum(widths) + 2 * (len(widths) - 1) <= width:
            return [list(range(len(widths)))]
        blocks: list[list[int]] = []
        kind, room = "", 0
        for i, column in enumerate(self.columns[1:], 1):
            if column.block != kind or widths[i] + 2 > room:
                blocks.append([0])
                kind, room = column.block, width - widths[0]
            blocks[-1].append(i)
            room -= widths[i] + 2
        return blocks

    def to_csv(self) -> str:
        """Return the numbers as CSV: a column for each number, bounds included.

        No spreadsheet takes a name for a formula; `workbench.dataset.cells.plain_cell` gives the name back.
        """
        out = io.StringIO()
        # Every text is quoted: the csv module leaves a lone carriage return bare before Python 3.13.
        writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
        writer.writerows([_inert(value) for value in row] for row in self._records())
        return out.getvalue()

    def frame(self) -> pd.DataFrame:
        """Return the numbers as a DataFrame, one row per variant."""
        import pandas as pd

        head, *rows = self._records()
        return pd.DataFrame(rows, columns=head)

    def _records(self) -> list[list[float | str | None]]:
        """Header and rows of the numbers behind the cells."""
        names: dict[str, None] = {}
        rows: list[dict[str, float | str | None]] = []
        for row in self.rows:
            record: dict[str, float | str | None] = {}
            for column, cell in zip(self.columns, row, strict=True):
                for name, value in cell.data or (("", cell.text),):
                    record[f"{column.key}_{name}" if name else column.key] = value
            rows.append(record)
            names.update(dict.fromkeys(record))
        return [list(names), *[[record.get(name) for name in names] for record in rows]]

    def _block(self, indices: Sequence[int]) -> str:
        widths = self._widths()
        head = _line((self.columns[i].title, self.columns[i].align, widths[i]) for i in indices)
        body = [_line((row[i].text, self.columns[i].align, widths[i]) for i in indices) for row in self.rows]
        return "\n".join([head, *body])

    def _widths(self) -> list[int]:
        return [
            max(width(text) for text in (column.title, *(row[i].text for row in self.rows)))
            for i, column in enumerate(self.columns)
        ]


def wrapped(sentences: Iterable[str]) -> str:
    """Return sentences one below the other, broken where they are wider than a table may be."""
    return "\n".join(line for sentence in sentences for line in textwrap.wrap(visible(sentence), WIDTH))


def width(text: str) -> int:
    """Return the terminal columns of *text*: wide letters take two, combining marks none.

    >>> width("é"), width("日本")
    (1, 4)
    """
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def pad(text: str, columns: int, align: str = "left") -> str:
    """Fill *text* with spaces to a number of terminal columns."""
    fill = " " * (columns - width(text))
    return text + fill if align == "left" else fill + text


def _line(cells: Iterable[tuple[str, str, int]]) -> str:
    return "  ".join(pad(text, columns, align) for text, align, columns in cells).rstrip()


def _inert(value: float | str | None) -> float | str | None:
    return safe_cell(value) if isinstance(value, str) else value
