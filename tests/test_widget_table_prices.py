"""Prices of many rows, added up as they come: to the last digit what their receipts come to."""

from __future__ import annotations

import math
import random
from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.tables import info, saved
from workbench import report
from workbench.catalog import catalog
from workbench.cost import Receipt, Tally, cost
from workbench.reply import Timing
from workbench.run import Result, Run
from workbench.widgets.table.engine import Engine

MODELS = (*(model.id for model in catalog()), "my-own-model")
DAYS = ("2025-11-30", "2026-05-20", "2026-10-01", "2026-11-22")


def counts(rnd: random.Random) -> dict[str, Any]:
    """Return a usage: some of all there is to be paid, on both sides of every tier."""
    short, long = rnd.randint(0, 90_000), rnd.randint(0, 60_000)
    some: dict[str, Any] = {
        "cache_creation_input_tokens": short + long,
        "cache_creation": {"ephemeral_5m_input_tokens": short, "ephemeral_1h_input_tokens": long},
        "cache_read_input_tokens": rnd.randint(0, 150_000),
        "server_tool_use": {
            "web_search_requests": rnd.randint(0, 9),
            "web_fetch_requests": rnd.randint(0, 9),
        },
        "output_tokens_details": {"thinking_tokens": rnd.randint(0, 99)},
        "service_tier": rnd.choice(["standard", "batch"]),
        "speed": rnd.choice(["standard", "fast"]),
        "inference_geo": rnd.choice(["us", "global"]),
        "iterations": [
            {"type": "compaction", "input_tokens": rnd.randint(1, 999), "output_tokens": 1},
            {"type": "message", "input_tokens": 5, "output_tokens": 5},
        ],
    }
    used = {name: value for name, value in some.items() if rnd.random() < 0.4}
    if rnd.random() < 0.03:
        used["cache_read_input_tokens"] = -1
    return {"input_tokens": rnd.randint(0, 250_000), "output_tokens": rnd.randint(0, 64_000), **used}


def row(index: int, rnd: random.Random) -> Result:
    """Return an answer, sometimes a refusal that is free, or an error."""
    model, kind = rnd.choice(MODELS), rnd.random()
    body: dict[str, Any] = {
        "model": model, "content": [{"type": "text", "text": "x"}], "usage": counts(rnd)
    }  # fmt: skip
    if kind < 0.05:
        body |= {"content": [], "stop_reason": "refusal", "stop_details": {"category": "bio"}}
    if kind > 0.98:
        del body["usage"]
    error = {"type": "overloaded_error", "message": "busy"} if 0.05 < kind < 0.1 else None
    return Result(
        rnd.choice(["haiku-4-5", "sonnet-4-6"]), f"s{index}", 0, index, "k", model,
        None if error else body, error,
        timing=Timing(recorded_at=f"{rnd.choice(DAYS)}T10:00:00+00:00"),
        source=rnd.choice(["live", "store"]), batch=rnd.random() < 0.3,
    )  # fmt: skip


@pytest.fixture(scope="module")
def rows() -> list[Result]:
    """Three thousand answers, of which no two need be priced alike."""
    rnd = random.Random(20)
    return [row(index, rnd) for index in range(3000)]


def one_by_one(receipts: list[Receipt]) -> tuple[Decimal, Counter[Any], int, tuple[str, ...]]:
    """Return what receipts come to, each for itself: dollars, how much at which rate, unpriced, why."""
    used: Counter[Any] = Counter()
    for receipt in receipts:
        for line in receipt.lines:
            used[line.label, line.unit, line.rate, line.source, line.modifiers] += line.quantity
    reasons = dict.fromkeys(reason for receipt in receipts for reason in receipt.reasons)
    dollars = sum((receipt.known for receipt in receipts), Decimal(0))
    return dollars, used, sum(receipt.unpriced for receipt in receipts), tuple(reasons)


def test_what_is_added_up_is_what_the_receipts_come_to(rows):
    """Writes of both lifetimes, reads, batches, tools, tiers, fast mode, geography: not a digit is lost."""
    receipts = [row.cost for row in rows if row.error is None]

    tally = Tally()
    for receipt in receipts:
        tally.add(receipt)

    assert one_by_one([tally.receipt]) == one_by_one(receipts)
    assert tally.receipt.unpriced > 100
    labels = {line.label for line in tally.receipt.lines}
    words = {part.split()[0] for line in tally.receipt.lines for part in line.modifiers.split(" · ") if part}
    assert {"cache write 5m", "cache write 1h", "cache read", "web searches", "of which thinking"} <= labels
    assert words == {"batch", "fast", "us", "prompt"}


def test_savings_add_up_too(rows):
    """Of the prompt cache and of batches."""
    receipts = [row.cost for row in rows if row.error is None]
    total = sum(receipts, Receipt())

    assert total.saved_by_cache == sum((each.saved_by_cache for each in receipts), Decimal(0))
    assert total.saved_by_batch == sum((each.saved_by_batch for each in receipts), Decimal(0)) > 0


def test_rates_that_are_equal_are_one_whichever_object_they_are():
    """A journal read in two processes, or longer than what is remembered of rates, has one line a rate."""
    from workbench.cost import rates

    usage = {"input_tokens": 10, "output_tokens": 1}
    first = cost(usage, model="claude-haiku-4-5", at=date(2026, 11, 22))
    rates.cards.cache_clear()
    second = cost(usage, model="claude-haiku-4-5", at=date(2026, 11, 22))

    assert first.parts[0][0] is not second.parts[0][0]
    assert [(line.label, line.quantity) for line in (first + second).lines] == [
        ("input, uncached", 20),
        ("output", 2),
    ]


@pytest.mark.parametrize(
    ("a", "b", "model", "at"),
    [
        ("claude-haiku-4-5", "claude-haiku-4-5", "claude-haiku-4-5", date(2026, 11, 22)),
        ("claude-haiku-4-5", "claude-sonnet-4-6", None, date(2026, 11, 22)),
    ],
)
def test_a_sum_has_a_model_where_there_is_one(a, b, model, at):
    """And the day likewise; a sum of sums of several has none."""
    usage = {"input_tokens": 10, "output_tokens": 1}
    one, other = (cost(usage, model=name, at=at) for name in (a, b))

    assert ((one + other).model, (one + other).at) == (model, at)
    assert ((one + other + one).model, (one + cost(usage, model=a, at=date(2026, 11, 21))).at) == (
        model,
        None,
    )


def test_the_table_s_prices_are_those_of_its_rows(rows, tmp_path):
    """Read from a journal, in steps; the bills are those that a report makes."""
    run = Run.load(saved(Run(info(1500), tuple(rows)), tmp_path / "run"))
    engine = Engine(run.info, run.rows)
    while not engine.has("cost"):
        engine.step("cost", 700)

    totals = [row.cost.total for row in rows]
    prices = engine.rows.numbers("cost").tolist()

    assert [None if math.isnan(price) else price for price in prices] == [
        None if total is None or row.error is not None else float(total)
        for row, total in zip(rows, totals, strict=True)
    ]
    assert engine.bills == report.bills(rows) == run._bills
    for (variant, live), bill in engine.bills.items():
        of = [r.cost for r in rows if r.error is None and (r.variant, r.source == "live") == (variant, live)]
        assert one_by_one([bill]) == one_by_one(of)
