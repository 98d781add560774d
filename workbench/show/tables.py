"""Result tables: the verdict first, intervals beside means, the method below."""

from __future__ import annotations

import math
from dataclasses import replace
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
_MADE_UP: Final = "Emulated: "


def result_table(noun: Table) -> Html:
    """Return title, verdict, figures and notes of a table."""
    return join([title(noun.title), verdict(noun.verdict), figures(noun), notes(noun.notes)])


def title(words: str, rest: str | None = None) -> Html:
    """Return a heading: the name in front, the rest smaller; without *rest*, what follows the first dot."""
    if rest is None:
        words, _, rest = words.partition(" · ")
    return tag("h3", text(words), tag("small", text(f" · {rest}")) if rest else None)


def figures(noun: Table) -> Html:
    """Return the rows; a wide table is split where its text view would be: quality, then cost."""
    kinds = list(dict.fromkeys(column.block for column in noun.columns[1:]))
    if len(noun.columns) <= _WIDE or len(kinds) < 2:
        return _part(noun, range(len(noun.columns)))
    groups = [[0, *(i for i, c in enumerate(noun.columns) if i and c.block == kind)] for kind in kinds]
    return join([_part(noun, group) for group in groups])


def verdict(sentences: Iterable[str]) -> Html | None:
    """Return what the numbers allow to say."""
    said = [tag("p", _sentence(sentence)) for sentence in sentences]
    return tag("div", *said, cls="wb-verdict") if said else None


def _sentence(words: str) -> Html:
    if not words.startswith(_MADE_UP):
        return text(words)
    return join([tag("span", _MADE_UP.strip(), cls="wb-mark"), " ", text(words.removeprefix(_MADE_UP))])


def notes(sentences: Iterable[str]) -> Html | None:
    """Return how it was computed; the emulator's warning is not left in small print."""
    every = list(sentences)
    small = [tag("p", tag("small", text(s))) for s in every if s != EMULATED]
    loud = origin(EMULATED) if EMULATED in every else None
    return join([loud, tag("div", *small, cls="wb-notes") if small else None]) if every else None


def origin(sentence: str) -> Html:
    """Return a sentence on where the numbers come from, framed."""
    return tag("p", tag("strong", text(sentence)), cls="wb-origin")


def _part(noun: Table, indices: Iterable[int]) -> Html:
    picked = list(indices)
    made = {i: [_cells(row[i]) for row in noun.rows] for i in picked}
    columns = [
        replace(_column(made[i]), title=noun.columns[i].title, number=noun.columns[i].align == "right")
        for i in picked
    ]
    widths = [len(column.cells) for column in columns]
    rows = [
        [cell for i, width in zip(picked, widths, strict=True) for cell in _padded(made[i][n], width)]
        for n in range(len(noun.rows))
    ]
    return table(columns, rows)


def _column(cells: list[list[Html]]) -> Column:
    """Return the column that the longest of *cells* needs."""
    longest: list[Html] = max(cells, key=len, default=[])
    return Column("", parts=estimate_parts(len(longest)) if len(longest) > 1 else ())


def estimate_parts(count: int) -> tuple[str, ...]:
    """Return the classes of an estimate and of what qualifies it."""
    return ("wb-n wb-e", *["wb-i"] * (count - 2), "wb-i wb-last")


def _padded(cells: list[Html], width: int) -> list[Html]:
    return [*cells, *[Html()] * (width - len(cells))]


def _cells(cell: Cell) -> list[Html]:
    """Return the estimate, its interval and what follows, with a drawing where all lies between 0 and 1."""
    found = {name: value for name, value in cell.data if isinstance(value, int | float)}
    bounds = [found.get(name) for name in ("low", "mean", "high")]
    low, mean, high = (math.nan if value is None else float(value) for value in bounds)
    drawing = [whisker(low, mean, high)] if 0 <= low <= mean <= high <= 1 else []
    return [*(text(part) for part in cell.text.split("  ")), *drawing]


def comparison(noun: Comparison) -> Html:
    """Return two variants side by side: verdict, means, the 2x2 table, who won where."""
    return join(
        [
            title(f"{noun.scorer} · {plural(noun.n, 'sample')} that both answered"),
            verdict([noun.verdict]),
            _means(noun),
            square(noun.counts, noun.a, noun.b),
            ids(f"{noun.b} is higher", noun.won),
            ids(f"{noun.b} is lower", noun.lost),
            notes(noun.notes),
        ]
    )


def _means(noun: Comparison) -> Html:
    found = noun.contrast
    columns = [Column("variant"), Column("mean (95 %)", parts=estimate_parts(3))]
    pairs = ((noun.a, noun.mean_a), (noun.b, noun.mean_b))
    rows = [[text(name), number(mean.estimate), *_interval(mean)] for name, mean in pairs]
    change = f"{found.amount(found.interval.estimate)}{found.unit}"
    return table(columns, rows, total=["difference", change, found.span, p_value(noun.p)])


def _interval(found: Interval) -> tuple[Html, Html]:
    drawn = found.bounded and 0 <= found.low <= found.estimate <= found.high <= 1
    drawing = whisker(found.low, found.estimate, found.high) if drawn else Html()
    return text(spread(found)), drawing


def square(counts: tuple[int, int, int, int] | None, a: str, b: str) -> Html | None:
    """Return the 2x2 table of *a* (rows) and *b* (columns): both right, only *a*, only *b*, neither."""
    if counts is None:
        return None
    both, only_a, only_b, neither = (f"{count:,}" for count in counts)
    columns = [Column(""), Column(f"{b} right", number=True), Column(f"{b} wrong", number=True)]
    rows = [[text(f"{a} right"), both, only_a], [text(f"{a} wrong"), only_b, neither]]
    return table(columns, rows)


def ids(what: str, found: tuple[str, ...]) -> Html | None:
    """Return the ids of samples, folded."""
    if not found:
        return None
    named = join((tag("code", name) for name in found[:MAX_ROWS]), " ")
    return fold(
        text(f"{what} on {plural(len(found), 'sample')}"),
        tag("p", named),
        more(len(found) - MAX_ROWS, "samples"),
    )
