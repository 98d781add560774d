"""Where the input came from: read from the prompt cache, written to it, or neither; expected and billed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.report.charts.axis import Axis
from workbench.report.charts.chart import Chart, nothing, text_table
from workbench.report.charts.parts import Bar, Bars
from workbench.report.charts.view import listed, named
from workbench.report.words import EMULATED, dollars

if TYPE_CHECKING:
    from workbench.report.cache import CacheReport, CacheRow
    from workbench.report.charts.view import View

KINDS = ("read", "written", "uncached")

HEADS = (
    ("variant", False),
    ("", False),
    ("read", True),
    ("written", True),
    ("uncached", True),
    ("of the input", True),
    ("$ saved", True),
    ("$ lost", True),
)


def cache(view: View, report: CacheReport) -> Chart:
    """Make the chart.

    Args:
        view: The variants.
        report: What the prompt cache did in the whole run.
    """
    title = view.title("prompt cache")
    warning = EMULATED if report.emulated else ""
    by_name = {row.variant: row for row in report.rows}
    known = [by_name[v] for v in view.shown if v in by_name]
    if not report.used or not any(row.prompt for row in known):
        return nothing("cache", title, report.empty, warning=warning)
    return Chart(
        "cache",
        title,
        _alt(known),
        text_table(title, HEADS, [cells for row in known for cells in _cells(row)]),
        tuple(record for row in known for record in _records(row)),
        (_bars([row for row in known if row.variant in view.drawn]),),
        (*_notes(known, report), *view.origin_notes),
        warning,
    )


def actual(row: CacheRow) -> tuple[int, int, int]:
    """Return tokens read, written, and neither."""
    return row.read, row.write, max(0, row.prompt - row.read - row.write)


def expected(row: CacheRow) -> tuple[int, int, int] | None:
    """Return the same as planned; None where nothing was planned."""
    if not row.planned:
        return None
    rest = max(0, row.prompt - row.expected_read - row.expected_write)
    return row.expected_read, row.expected_write, rest


def _bars(rows: list[CacheRow]) -> Bars:
    bars = []
    for row in rows:
        planned = expected(row)
        if planned is not None:
            bars.append(Bar(row.variant, "expected", planned, _words(planned)))
        bars.append(Bar("" if planned else row.variant, "actual", actual(row), _words(actual(row))))
    most = max(sum(bar.amounts) for bar in bars)
    return Bars(Axis("input, tokens", "tokens", 0.0, most * 1.02), KINDS, tuple(bars))


def _words(amounts: tuple[int, int, int]) -> str:
    return " · ".join(f"{amount:,}" for amount in amounts)


def _records(row: CacheRow) -> list[dict[str, float | str | None]]:
    sides = (("expected", expected(row)), ("actual", actual(row)))
    return [
        {
            "variant": row.variant,
            "kind": kind,
            **dict(zip(KINDS, amounts, strict=True)),
            "hit_share": row.expected_share if kind == "expected" else row.hit_share,
            "replies": row.replies,
            "saved_usd": None if kind == "expected" else float(row.saved),
            "lost_usd": None if kind == "expected" else float(row.lost),
        }
        for kind, amounts in sides
        if amounts is not None
    ]


def _cells(row: CacheRow) -> list[list[str]]:
    planned, made = expected(row), []
    if planned is not None:
        figures = [f"{amount:,}" for amount in planned]
        made.append([row.variant, "expected", *figures, f"{row.expected_share:.0%}", "", ""])
    figures = [f"{amount:,}" for amount in actual(row)]
    money = [dollars(row.saved), dollars(row.lost)]
    return [*made, [row.variant, "actual", *figures, f"{row.hit_share:.0%}", *money]]


def _alt(known: list[CacheRow]) -> str:
    each = []
    for row in known:
        planned = f", {row.expected_share:.0%} expected" if row.planned else ""
        each.append(
            f"{named(row.variant)} {row.hit_share:.0%} of {row.prompt:,} read from the cache{planned}"
        )
    return f"Input tokens by where they came from, expected above actual: {listed(each)}."


def _notes(known: list[CacheRow], report: CacheReport) -> list[str]:
    said = []
    if partly := [row for row in known if 0 < row.planned < row.replies]:
        each = [f"{named(row.variant)} {row.planned:,} of {row.replies:,}" for row in partly]
        said.append(
            f"Planned before they were sent, replies: {listed(each)}; of the others nothing was expected."
        )
    return said + [note for note in report.table.notes if note != EMULATED]
