"""Result tables: the verdict first, intervals beside means, the method below."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from workbench.report.words import EMULATED, number, p_value, plural, spread
from workbench.show.h import join, tag
from workbench.show.parts import MAX_ROWS, Column, fold, more, table, whisker
from workbench.show.safe import Html, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbench.report.comparison import Comparison
    from workbench.report.table import Cell, Table
    from workbench.stats import Interval

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
    """Return the words, the estimate before its interval, with a drawing where all lies between 0 and 1."""
    found = {name: value for name, value in cell.data if isinstance(value, int | float)}
    bounds = [found.get(name) for name in ("low", "mean", "high")]
    low, mean, high = (math.nan if value is None else float(value) for value in bounds)
    drawing = whisker(low, mean, high) if 0 <= low <= mean <= high <= 1 else None
    estimate, *rest = cell.text.split("  ")
    if not rest and drawing is None:
        return text(cell.text)
    dim = [join(["\N{EN SPACE}", tag("span", part, cls="wb-dim")]) for part in rest]
    return tag("span", text(estimate), *dim, drawing, cls="wb-figure")


def comparison(noun: Comparison) -> Html:
    """Return two variants side by side: verdict, means, the 2x2 table, who won where."""
    found = noun.contrast
    said = f"{found.amount(found.interval.estimate)}{found.unit}, 95 % {found.span}, {p_value(noun.p)}"
    return join(
        [
            tag("h3", text(f"{noun.scorer} · {plural(noun.n, 'sample')} that both answered")),
            verdict([noun.verdict]),
            _means(noun),
            tag("p", "difference: ", tag("strong", said)),
            _square(noun),
            _ids(f"{noun.b} is higher", noun.won),
            _ids(f"{noun.b} is lower", noun.lost),
            notes(noun.notes),
        ]
    )


def _means(noun: Comparison) -> Html:
    columns = [Column("variant"), Column("mean", number=True), Column("95 % interval", number=True)]
    pairs = ((noun.a, noun.mean_a), (noun.b, noun.mean_b))
    return table(columns, [[text(name), number(mean.estimate), _interval(mean)] for name, mean in pairs])


def _interval(found: Interval) -> Html:
    words = text(spread(found))
    if not (found.bounded and 0 <= found.low <= found.estimate <= found.high <= 1):
        return words
    return join([words, whisker(found.low, found.estimate, found.high)])


def _square(noun: Comparison) -> Html | None:
    if noun.counts is None:
        return None
    both, only_a, only_b, neither = (f"{count:,}" for count in noun.counts)
    columns = [Column(""), Column(f"{noun.b} right", number=True), Column(f"{noun.b} wrong", number=True)]
    rows = [[text(f"{noun.a} right"), both, only_a], [text(f"{noun.a} wrong"), only_b, neither]]
    return table(columns, rows)


def _ids(title: str, ids: tuple[str, ...]) -> Html | None:
    if not ids:
        return None
    named = join((tag("code", name) for name in ids[:MAX_ROWS]), " ")
    return fold(
        text(f"{title} on {plural(len(ids), 'sample')}"),
        tag("p", named),
        more(len(ids) - MAX_ROWS, "samples"),
    )
