"""What a model costs: published tables, the day a price is of, and tiers."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.usages import DAY, M, amounts, usage
from workbench.catalog import PRICES, catalog
from workbench.cost import cost
from workbench.cost.rates import library_prices, list_prices

# --- published tables ------------------------------------------------------------------------------

# Price tables of the user's document (May 2026): input, 5m write, 1h write, cache hit, output.
SEED = {
    "claude-opus-4-7": ("5.00", "6.25", "10.00", "0.50", "25.00"),
    "claude-sonnet-4-6": ("3.00", "3.75", "6.00", "0.30", "15.00"),
    "claude-haiku-4-5": ("1.00", "1.25", "2.00", "0.10", "5.00"),
    "claude-opus-4-6": ("5.00", "6.25", "10.00", "0.50", "25.00"),
    "claude-opus-4-5": ("5.00", "6.25", "10.00", "0.50", "25.00"),
    "claude-opus-4-1": ("15.00", "18.75", "30.00", "1.50", "75.00"),
    "claude-opus-4-0": ("15.00", "18.75", "30.00", "1.50", "75.00"),
    "claude-sonnet-4-5": ("3.00", "3.75", "6.00", "0.30", "15.00"),
    "claude-sonnet-4-0": ("3.00", "3.75", "6.00", "0.30", "15.00"),
    "claude-3-7-sonnet-20250219": ("3.00", "3.75", "6.00", "0.30", "15.00"),
    "claude-3-5-haiku-20241022": ("0.80", "1.00", "1.60", "0.08", "4.00"),
    "claude-3-haiku-20240307": ("0.25", "0.30", "0.50", "0.03", "1.25"),
    "claude-3-opus-20240229": ("15.00", "18.75", "30.00", "1.50", "75.00"),
}
# https://platform.claude.com/docs/en/about-claude/pricing, October and November 2026.
TODAY = {
    "claude-fable-5-2": ("8", "10", "16", "0.20", "40"),
    "claude-mythos-5-2": ("8", "10", "16", "0.20", "40"),
    "claude-fable-5-1": ("10", "12.50", "20", "0.25", "50"),
    "claude-mythos-5-1": ("10", "12.50", "20", "0.25", "50"),
    "claude-fable-5": ("10", "12.50", "20", "1.00", "50"),
    "claude-mythos-5": ("10", "12.50", "20", "1.00", "50"),
    "claude-opus-5-5": ("4", "5", "8", "0.20", "20"),
    "claude-opus-5": ("5", "6.25", "10", "0.50", "25"),
    "claude-opus-4-8": ("5", "6.25", "10", "0.50", "25"),
    "claude-sonnet-5-5": ("2", "2.50", "4", "0.10", "10"),
    "claude-sonnet-5": ("2", "2.50", "4", "0.20", "10"),
    "claude-haiku-5-5": ("0.10", "0.125", "0.20", "0.01", "0.50"),
}


@pytest.mark.parametrize(("name", "prices"), [*SEED.items(), *TODAY.items()])
def test_published_prices(name, prices):
    """Ten thousand tokens of each class cost a hundredth of the published price per million."""
    n = M // 100
    receipt = cost(usage(n, n, write=n, hour=n, read=n), model=name, at=DAY)

    labels = ("input, uncached", "cache write 5m", "cache write 1h", "cache read", "output")
    assert amounts(receipt) == {label: Decimal(p) / 100 for label, p in zip(labels, prices, strict=True)}


def test_long_prompts_of_sonnet_4_5():
    """Above 200,000 prompt tokens its former 1M beta cost double input, 1.5 times output (genai-prices)."""
    short, long = (cost(usage(n, 1000), model="claude-sonnet-4-5", at=DAY) for n in (200_000, 200_001))

    assert short.total == Decimal("0.615")
    assert long.total == Decimal("1.200006") + Decimal("0.0225")


def test_differences_between_genai_prices_and_the_catalog():
    """Every difference between the two on this day, so that a change on either side shows here."""
    found: set[tuple[Any, ...]] = set()
    for model in catalog():
        theirs = library_prices(model.id, DAY)
        for name in PRICES:
            ours, price = getattr(model.prices, name), theirs.get(name)
            tiers = tuple((tier.over, getattr(tier.prices, name)) for tier in model.price_tiers)
            if (price.base if price else None) != ours:
                found.add((model.id, name, ours, price.base if price else None))
            elif price and price.over != tiers:
                found.add((model.id, name, f"tiers {tiers}", f"tiers {price.over}"))
        fast = library_prices(model.id, DAY, speed="fast").get("input")
        if (fast.base if fast else None) != model.prices.fast_input:
            found.add((model.id, "fast_input", model.prices.fast_input, fast.base if fast else None))

    d = Decimal
    mythos = {"input": "10", "output": "50", "cache_write_5m": "12.5", "cache_write_1h": "20"}
    reads = {"claude-mythos-5": "1.0", "claude-mythos-5-1": "0.25"}
    assert found == {
        # genai-prices lacks the two older Mythos models.
        *(
            (m, name, d(p), None)
            for m, read in reads.items()
            for name, p in {**mythos, "cache_read": read}.items()
        ),
        # The docs page on fast mode was read before the 5.2 models came out.
        ("claude-fable-5-2", "fast_input", None, d(16)),
        ("claude-mythos-5-2", "fast_input", None, d(16)),
        ("claude-mythos-5-2", "cache_read", None, d("0.2")),
        # Prices of a beta that ended on 2026-04-30; genai-prices keeps them without an end.
        *(
            ("claude-sonnet-4-5-20250929", name, "tiers ()", f"tiers ((200000, Decimal('{price}')),)")
            for name, price in [
                ("input", 6),
                ("output", 22.5),
                ("cache_write_5m", 7.5),
                ("cache_write_1h", 12),
                ("cache_read", 0.6),
            ]
        ),
    }


def test_prices_genai_prices_does_not_date():
    """Where it knows only today's price, the catalog's earlier one holds on earlier days."""
    before = date(2026, 10, 6)

    assert library_prices("claude-sonnet-5-5", before)["cache_read"].base == Decimal("0.1")
    assert list_prices("claude-sonnet-5-5", before)["cache_read"].base == Decimal("0.2")


# --- dates and tiers -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "dollars"),
    [
        (date(2026, 10, 6), "0.20"),
        (date(2026, 10, 7), "0.10"),
        (datetime(2026, 10, 6, 23, 59, tzinfo=UTC), "0.20"),
        (datetime.fromisoformat("2026-10-06T20:00:00-05:00"), "0.10"),
        (DAY, "0.10"),
    ],
    ids=str,
)
def test_the_rate_in_force_when_it_was_made(at, dollars):
    """Sonnet 5.5 cache reads fell from $0.20 to $0.10 on 2026-10-07 (UTC)."""
    assert cost(usage(read=M), model="claude-sonnet-5-5", at=at).total == Decimal(dollars)


def test_long_context_price_of_the_first_month():
    """Opus 4.6 charged more above 200,000 tokens until 2026-03-13; an old run keeps its price."""
    old, new = (cost(usage(M), model="claude-opus-4-6", at=at).total for at in (date(2026, 2, 20), DAY))

    assert (old, new) == (Decimal(10), Decimal(5))


@pytest.mark.parametrize(
    ("plain", "read", "dollars"),
    [
        (100_000, 0, "0.010005"),
        (100_001, 0, "0.0500255"),
        (1, 100_000, "0.0050255"),
        (0, 100_000, "0.001005"),
    ],
)
def test_haiku_5_5_prices_the_whole_request_by_its_prompt(plain, read, dollars):
    """Above 100,000 prompt tokens, cache reads included, every token costs five times, output too.

    0.1 and 0.5 dollars a million input, 0.5 and 2.5 output, 0.01 and 0.05 cache read; 10 output tokens here.
    """
    assert cost(usage(plain, 10, read=read), model="claude-haiku-5-5", at=DAY).total == Decimal(dollars)
