"""Two graders, or two variants before one: the verdict first, then the table it stands on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from workbench.report.words import number, plural, spread
from workbench.show.h import join, tag
from workbench.show.parts import MAX_ROWS, Column, fold, more, table, whisker
from workbench.show.safe import Html, text
from workbench.show.tables import estimate_parts, notes, title, verdict

if TYPE_CHECKING:
    from workbench.report.agreement import Agreement, Preference
    from workbench.stats import Interval


def agreement(noun: Agreement) -> Html:
    """Return verdict, both figures, the table of labels, and on which trials the two differ."""
    head = title(f"{noun.a} and {noun.b}", f"{noun.size} that both graded")
    if not noun.n:
        return join([head, verdict([noun.verdict]), notes(noun.details)])
    figures = [["agreement", *_estimate(noun.agreed)], ["kappa", *_estimate(noun.kappa)]]
    return join(
        [
            head,
            verdict([noun.verdict]),
            table([Column(""), Column("estimate (95 %)", parts=estimate_parts(3))], figures),
            labels(noun),
            differing(noun),
            notes(noun.details),
        ]
    )


def labels(noun: Agreement) -> Html:
    """Return the table of labels: the first grader in rows, the second in columns; agreement is bold."""
    columns = [Column(""), *(Column(f"{noun.b}: {label}", number=True) for label in noun.labels)]
    rows = [
        [text(f"{noun.a}: {label}"), *(_count(count, same=i == j) for j, count in enumerate(row))]
        for i, (label, row) in enumerate(zip(noun.labels, noun.table, strict=True))
    ]
    return table(columns, rows)


def differing(noun: Agreement) -> Html | None:
    """Return the trials on which they differ, folded."""
    if not noun.differ:
        return None
    named = join((tag("code", name) for name in noun.differ[:MAX_ROWS]), " ")
    rest = more(len(noun.differ) - MAX_ROWS, f"{noun.unit}s")
    return fold(f"they differ on {plural(len(noun.differ), noun.unit)}", tag("p", named), rest)


def _count(count: int, *, same: bool) -> Html | str:
    return tag("strong", f"{count:,}") if same else f"{count:,}"


def preference(noun: Preference) -> Html:
    """Return verdict, counts, and whether the side on which an answer stood mattered."""
    counts: list[list[Html | str]] = [
        [text(f"{noun.a} is better"), f"{noun.wins:,}"],
        [text(f"{noun.b} is better"), f"{noun.losses:,}"],
        ["tie", f"{noun.ties:,}"],
    ]
    if noun.identical:
        counts.append(["identical, not asked", f"{noun.identical:,}"])
    rates: list[list[Html | str]] = [
        [text(f"{noun.a} won, of decided pairs"), *_estimate(noun.rate)],
        ["shown first won, of decided pairs", *_estimate(noun.first)],
    ]
    return join(
        [
            title(f"{noun.a} or {noun.b}", f"{plural(noun.n, 'pair')} graded"),
            verdict([noun.verdict]),
            table([Column(""), Column("pairs", number=True)], counts),
            table([Column(""), Column("share (95 %)", parts=estimate_parts(3))], rates),
            notes(noun.details),
        ]
    )


def _estimate(found: Interval) -> list[Html | str]:
    if math.isnan(found.estimate):
        return ["undefined", "", ""]
    drawn = 0 <= found.low <= found.estimate <= found.high <= 1
    drawing = whisker(found.low, found.estimate, found.high) if drawn else ""
    return [number(found.estimate), spread(found), drawing]
