"""Tokens and dollars: estimates and receipts, line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from workbench.cost import dollars
from workbench.report.words import plural
from workbench.show.h import join, tag
from workbench.show.parts import Column, badge, table, whole
from workbench.show.safe import Html, text
from workbench.show.tables import notes, result_table

if TYPE_CHECKING:
    from decimal import Decimal

    from workbench.cost import Line, Receipt
    from workbench.estimate import Estimate
    from workbench.report import CacheReport, RunReceipt
    from workbench.tokens import TokenEstimate

_NONE: Final = "unpriced"


def token_estimate(noun: TokenEstimate) -> Html:
    """Return the parts and the whole, with its band."""
    rows = [[name, whole(count)] for name, count in noun.parts.items()]
    band = "exact" if noun.exact else f"between {noun.low:,} and {noun.high:,}"
    columns = [Column("part"), Column("input, tokens", number=True)]
    made = table(columns, rows, total=["about" if not noun.exact else "all", whole(noun.likely)])
    return join(
        [made, tag("p", band, cls="wb-dim"), *(tag("p", text(note), cls="wb-dim") for note in noun.notes)]
    )


def receipt(noun: Receipt) -> Html:
    """Return the lines, their rates and where the rates come from."""
    columns = [
        Column("used"),
        Column("quantity", number=True),
        Column("rate", number=True),
        Column("dollars", number=True),
        Column("why this rate"),
    ]
    when = " · ".join(str(part) for part in (noun.model, noun.at and f"rates of {noun.at}") if part)
    made = table(
        columns,
        [_line(line) for line in noun.lines],
        caption=when or None,
        total=["total", "", "", total(noun.total, noun.known), ""],
    )
    return join([made, *(tag("p", badge(_NONE, "warn"), ": ", text(reason)) for reason in noun.reasons)])


def _line(line: Line) -> list[Html | str]:
    informs = line.amount is None and line.label.startswith("of which")
    rate = "" if line.rate is None else f"${line.rate:,} / {'M' if line.unit == 'tokens' else '1,000'}"
    amount: Html | str = "" if informs else _NONE if line.amount is None else dollars(line.amount)
    why = " · ".join(part for part in (line.modifiers, line.source) if part)
    return [line.label, f"{line.quantity:,} {line.unit}", rate, amount, tag("span", text(why), cls="wb-dim")]


def total(amount: Decimal | None, known: Decimal) -> Html | str:
    """Return a sum; what is unpriced is said, never counted as nothing."""
    if amount is not None:
        return dollars(amount)
    return join([f"{dollars(known)} + " if known else None, badge(_NONE, "warn")])


def estimate(noun: Estimate) -> Html:
    """Return what a run would use and cost."""
    columns = [
        Column(plural(noun.requests, "request")),
        Column("low", number=True),
        Column("high", number=True),
    ]
    rows: list[list[Html | str]] = [
        ["input, tokens", *map(whole, noun.input_tokens)],
        ["output, tokens", *map(whole, noun.output_tokens)],
        ["dollars", _or_unpriced(noun.cost_low), _or_unpriced(noun.cost_high)],
    ]
    if noun.from_cache:  # where nothing is cached, these would say the same again
        rows.insert(1, ["of which likely from the prompt cache", "", whole(noun.from_cache)])
        rows.insert(2, ["of which likely written to it", "", whole(noun.to_cache)])
        rows.append(["dollars with nothing cached", "", _or_unpriced(noun.cost_without_cache)])
    if noun.cost_batch and noun.cost_high:
        rows.append(["dollars in a batch", *map(dollars, noun.cost_batch)])
    said = [note for note in (noun.already, *noun.notes) if note]
    return join([table(columns, rows), *(tag("p", text(note), cls="wb-dim") for note in said)])


def _or_unpriced(amount: Decimal | None) -> Html | str:
    return badge(_NONE, "warn") if amount is None else dollars(amount)


def run_receipt(noun: RunReceipt) -> Html:
    """Return what a run cost: every answer at list price, and what was paid now."""
    return join([bill(noun), notes(noun.notes)])


def cache_report(noun: CacheReport) -> Html:
    """Return what the prompt cache did, or how to make use of it."""
    if noun.used:
        return result_table(noun.table)
    return join([tag("p", text(noun.empty)), *(tag("p", text(words), cls="wb-dim") for words in noun.added)])


def bill(noun: RunReceipt) -> Html:
    """Return the lines of a run's receipt and what was saved."""
    columns = [
        Column("used"),
        Column("quantity", number=True),
        Column("at list price", number=True),
        Column(noun.now, number=True),
    ]
    rows = [
        [li.label, f"{li.quantity:,} {li.unit}", dollars(li.list), dollars(li.incurred)] for li in noun.lines
    ]
    sums = [total(receipt.total, receipt.known) for receipt in (noun.listed, noun.incurred)]
    cached = "unknown" if noun.saved_by_cache is None else dollars(noun.saved_by_cache)
    replies, recorded = plural(noun.replies, "reply"), noun.replies - noun.live
    asked = f"{replies}: {noun.live:,} asked now, {recorded:,} recorded before"
    saved = f" · saved: {dollars(noun.saved_by_store)} by the store, {cached} by the prompt cache"
    saved += f", {dollars(noun.saved_by_batch)} by the batch" if noun.saved_by_batch else ""
    nothing = noun.saved_by_store == 0 and noun.saved_by_cache == 0 and not noun.saved_by_batch
    said = tag("p", asked, None if nothing else saved)
    return join([table(columns, rows, total=["total", "", *sums]), said])
