"""Result tables: the verdict first, intervals beside means, the method below."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from workbench.report.words import EMULATED
from workbench.show.h import join, tag
from workbench.show.parts import Column, table, whisker
from workbench.show.safe import Html, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbench.report.table import Cell, Table

_WIDE: Final = 8


def result_table(noun: Table) -> Html:
    """Return title, verdict, figures and notes of a table."""
    return join([tag("h3", text(noun.title)), verdict(noun.verdict), figures(noun), notes(noun.notes)])


def figures(noun: Table) -> Html:
    """Return the rows; a wide table is split where its text view would be: quality, then cost."""
    kinds = list(dict.fromkeys(column.block for column in noun.columns[1:]))
    if len(noun.columns) <= _WIDE or len(kinds) < 2:
        return _part(noun, range(len(noun.columns)))
    groups = [[0, *(i for i, c in enumerate(noun.columns) if i and c.block == kind)] for kind in kinds]
    return join([_part(noun, group) for group in groups])


def verdict(sentences: Iterable[str]) -> Html | None:
    """Return what the numbers allow to say."""
    said = [tag("p", text(sentence)) for sentence in sentences]
    return tag("div", *said, cls="wb-verdict") if said else None


def notes(sentences: Iterable[str]) -> Html | None:
    """Return how it was computed; the emulator's warning is not left in small print."""
    said = [origin(s) if s == EMULATED else tag("p", tag("small", text(s))) for s in sentences]
    return join(said) if said else None


def origin(sentence: str) -> Html:
    """Return a sentence on where the numbers come from, framed."""
    return tag("p", tag("strong", text(sentence)), cls="wb-origin")


def _part(noun: Table, indices: Iterable[int]) -> Html:
    picked = list(indices)
    columns = [Column(noun.columns[i].title, number=noun.columns[i].align == "right") for i in picked]
    return table(columns, [[_cell(row[i]) for i in picked] for row in noun.rows])


def _cell(cell: Cell) -> Html:
    """Return the words, with a drawing where there is an interval between 0 and 1."""
    found = {name: value for name, value in cell.data if isinstance(value, int | float)}
    bounds = [found.get(name) for name in ("low", "mean", "high")]
    low, mean, high = (math.nan if value is None else float(value) for value in bounds)
    if 0 <= low <= mean <= high <= 1:
        return join([text(cell.text), whisker(low, mean, high)])
    return text(cell.text)
