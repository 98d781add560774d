"""Receipts and estimates: published prices, dates, tiers, modifiers, and nothing unknown priced at zero."""

import random
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.catalog import PRICES, catalog
from workbench.cost import Receipt, cost
from workbench.cost.rates import library_prices, list_prices
from workbench.estimate import estimate
from workbench.wire import Request, Usage

DAY = date(2026, 11, 22)
M = 1_000_000


def usage(
    plain: int = 0, out: int = 0, *, write: int = 0, hour: int = 0, read: int = 0, **more: Any
) -> Usage:
    split = {"ephemeral_5m_input_tokens": write, "ephemeral_1h_input_tokens": hour}
    return Usage.model_validate(
        {
            "input_tokens": plain,
            "output_tokens": out,
            "cache_creation_input_tokens": write + hour,
            "cache_read_input_tokens": read,
            "cache_creation": split,
            **more,
        }
    )


def amounts(receipt: Receipt) -> dict[str, Decimal | None]:
    return {line.label: line.amount for line in receipt.lines}


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


# --- modifiers -------------------------------------------------------------------------------------


def test_batch_halves_every_token():
    """The seed's batch table: Opus 4.7 at $2.50 and $12.50."""
    receipt = cost(usage(M, M), model="claude-opus-4-7", at=DAY, batch=True)

    assert amounts(receipt) == {"input, uncached": Decimal("2.50"), "output": Decimal("12.50")}
    assert {line.modifiers for line in receipt.lines} == {"batch ×0.5"}


def test_the_service_tier_tells_of_a_batch():
    """`usage.service_tier: batch` is the service's own word."""
    assert cost(usage(M, service_tier="batch"), model="claude-opus-4-7", at=DAY).total == Decimal("2.50")


def test_modifiers_stack():
    """Batch, US and cache multiply: 5 × 0.5 × 1.1 and 0.5 × 0.5 × 1.1."""
    receipt = cost(usage(M, read=M, inference_geo="us"), model="claude-opus-5", at=DAY, batch=True)

    assert amounts(receipt) == {"input, uncached": Decimal("2.75"), "cache read": Decimal("0.275")}
    assert receipt.lines[0].modifiers == "batch ×0.5 · us ×1.1"


def test_us_inference_costs_no_more_on_older_models():
    """Before the 4.6 generation prices do not depend on geography."""
    assert cost(usage(M), model="claude-haiku-4-5", at=DAY, inference_geo="us").total == Decimal(1)


def test_us_inference_is_not_sold_by_bedrock():
    """`inference_geo` belongs to the Claude API and the Claude Platform on AWS."""
    receipt = cost(usage(M), model="claude-opus-5", at=DAY, inference_geo="us", platform="bedrock")

    assert receipt.total == Decimal(5)


@pytest.mark.parametrize(("name", "dollars"), [("claude-haiku-4-5", "1.1"), ("claude-opus-4-1", "15")])
def test_regional_endpoints_cost_ten_percent_from_the_4_5_generation(name, dollars):
    """Older models cost the same everywhere."""
    receipt = cost(usage(M), model=name, at=DAY, platform="bedrock", regional=True)

    assert receipt.total == Decimal(dollars)


@pytest.mark.parametrize(
    ("name", "plain", "out"),
    [
        ("claude-opus-5-5", "8", "40"),
        ("claude-opus-5", "10", "50"),
        ("claude-opus-4-8", "10", "50"),
        ("claude-fable-5-2", "16", "80"),
    ],
)
def test_fast_mode_is_twice_the_price(name, plain, out):
    """https://platform.claude.com/docs/en/build-with-claude/fast-mode; the 5.2 models by genai-prices."""
    receipt = cost(usage(M, M, speed="fast"), model=name, at=DAY)

    assert amounts(receipt) == {"input, uncached": Decimal(plain), "output": Decimal(out)}


def test_fast_mode_multiplies_cache_prices():
    """Cache multipliers stack on the fast rate: Opus 5.5 reads at 2 × $0.20."""
    assert cost(usage(read=M, speed="fast"), model="claude-opus-5-5", at=DAY).total == Decimal("0.4")


def test_a_fast_request_served_at_standard_speed_costs_the_standard_price():
    """Opus 4.6 takes `speed: fast` and answers `usage.speed: standard`."""
    assert cost(usage(M, speed="standard"), model="claude-opus-4-6", at=DAY).total == Decimal(5)
    assert cost(usage(M), model="claude-opus-4-6", at=DAY, speed="fast").total == Decimal(5)


def test_fast_mode_cost_six_times_in_may_2026():
    """The seed's rate for Opus 4.6, $30, holds for replies of its time."""
    assert cost(usage(M, speed="fast"), model="claude-opus-4-6", at=date(2026, 5, 8)).total == Decimal(30)


@pytest.mark.parametrize(
    "more", [{"speed": "fast", "model": "claude-haiku-4-5"}, {"batch": True, "speed": "fast"}]
)
def test_fast_mode_where_there_is_none_is_unpriced(more):
    """A price nobody published is not guessed."""
    receipt = cost(usage(M), at=DAY, **{"model": "claude-opus-5", **more})

    assert receipt.total is None
    assert "fast mode" in receipt.reasons[0]


# --- what is not tokens ----------------------------------------------------------------------------


def test_web_searches_cost_a_cent_and_no_discount():
    """$10 a thousand, in batches too; fetches are free."""
    tools = {"web_search_requests": 3, "web_fetch_requests": 2}
    receipt = cost(usage(M, server_tool_use=tools), model="claude-haiku-4-5", at=DAY, batch=True)

    assert amounts(receipt) == {
        "input, uncached": Decimal("0.5"),
        "web searches": Decimal("0.03"),
        "web fetches": Decimal(0),
    }


def test_code_execution_is_said_not_to_be_included():
    """Container hours are not in the usage, and most are free."""
    receipt = cost(usage(M, server_tool_use={"code_execution_requests": 2}), model="claude-haiku-4-5", at=DAY)

    assert receipt.total == Decimal(1)
    assert "not included" in str(receipt)


def test_thinking_is_shown_but_paid_once():
    """Thinking tokens are part of the output."""
    receipt = cost(
        usage(0, M, output_tokens_details={"thinking_tokens": 900}), model="claude-haiku-4-5", at=DAY
    )

    assert receipt.total == Decimal(5)
    assert amounts(receipt) == {"output": Decimal(5), "of which thinking": None}


def test_compaction_and_advisors_are_paid_on_top():
    """Their tokens are in no top-level count; an advisor has its own model's price."""
    rows = [
        {"type": "message", "input_tokens": M, "output_tokens": 0},
        {"type": "compaction", "input_tokens": M, "output_tokens": 0},
        {"type": "advisor_message", "model": "claude-opus-5", "input_tokens": M, "output_tokens": 0},
    ]

    receipt = cost(usage(M, iterations=rows), model="claude-haiku-4-5", at=DAY)

    assert [(line.quantity, line.amount) for line in receipt.lines] == [(2 * M, Decimal(2)), (M, Decimal(5))]
    assert receipt.model == "claude-haiku-4-5"


def test_writes_of_no_stated_lifetime_are_five_minute_ones():
    """That is the default lifetime."""
    plain = Usage(input_tokens=0, output_tokens=0, cache_creation_input_tokens=M)

    assert amounts(cost(plain, model="claude-haiku-4-5", at=DAY)) == {"cache write 5m": Decimal("1.25")}


# --- unknown ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tokens", "name"),
    [
        (None, "claude-haiku-4-5"),
        (Usage(), "claude-haiku-4-5"),
        (Usage(input_tokens=1), "claude-haiku-4-5"),
        (Usage(input_tokens=-1, output_tokens=1), "claude-haiku-4-5"),
        (Usage(input_tokens=1.5, output_tokens=1), "claude-haiku-4-5"),
        (Usage(input_tokens=1, output_tokens=1), "qwen2.5-0.5b"),
        (Usage(input_tokens=1, output_tokens=1), "claude-haiku-4-5-not-quite"),
        (Usage(input_tokens=1, output_tokens=1), "gpt-4o"),
        (Usage(input_tokens=1, output_tokens=1), "claude-mythos-preview"),
        (Usage(input_tokens=0, output_tokens=0), "unknown"),
    ],
    ids=str,
)
def test_the_unknown_is_unpriced_never_free(tokens, name):
    """No usage, broken counts, a model without a price."""
    receipt = cost(tokens, model=name, at=DAY)

    assert receipt.total is None
    assert not receipt.priced
    assert "unpriced" in str(receipt)
    assert receipt.reasons


def test_one_unpriced_reply_makes_the_sum_unpriced():
    """What is known is still shown, and how many are not."""
    both = cost(usage(M), model="claude-haiku-4-5", at=DAY) + cost(None, model="x", at=DAY)

    assert (both.total, both.known, both.unpriced) == (None, Decimal(1), 1)
    assert "$1.0000 + unpriced" in str(both)


def test_retired_models_keep_their_price():
    """A recorded run of an old model can still be priced."""
    assert cost(usage(M), model="claude-3-5-sonnet-20241022", at=date(2025, 1, 1)).total == Decimal(3)


# --- adding up -------------------------------------------------------------------------------------

COUNTS = st.integers(0, 90_000)
USAGES = st.builds(
    lambda a, b, c, d, e, s: usage(a, b, write=c, hour=d, read=e, server_tool_use={"web_search_requests": s}),
    *[COUNTS] * 5,
    st.integers(0, 5),
)


@given(
    USAGES,
    USAGES,
    st.sampled_from(["claude-haiku-4-5", "claude-opus-5-5", "claude-mythos-5-1"]),
    st.booleans(),
)
def test_the_cost_of_a_sum_is_the_sum_of_the_costs(a, b, name, batch):
    """Where tier and modifiers agree."""
    apart = cost(a, model=name, at=DAY, batch=batch) + cost(b, model=name, at=DAY, batch=batch)

    together = cost(a + b, model=name, at=DAY, batch=batch)

    assert together == apart
    assert together.total == apart.total
    assert together.lines == apart.lines


def test_lines_of_one_rate_become_one_in_any_order():
    """Receipts add up like numbers."""
    names = ["claude-haiku-4-5", "claude-sonnet-4-6", "claude-opus-5"]
    receipts = [cost(usage(i, 10 * i), model=names[i % 3], at=DAY) for i in range(1, 40)]
    shuffled = random.Random(7).sample(receipts, len(receipts))

    total, other = sum(receipts), sum(shuffled)

    assert isinstance(total, Receipt)
    assert total == other
    assert len(total.lines) == 6
    assert total.model is None


def test_lines_say_their_source():
    """genai-prices where it has the price, the catalog where it has not."""
    theirs, ours = (
        cost(usage(M), model=name, at=DAY).lines[0].source for name in ("claude-opus-5", "claude-mythos-5")
    )

    assert theirs.startswith("genai-prices ")
    assert ours == "catalog: https://platform.claude.com/docs/en/about-claude/pricing"


def test_what_the_cache_saved():
    """The same tokens without the cache: writes and reads at the input price."""
    receipt = cost(usage(0, 0, write=M, read=M), model="claude-haiku-4-5", at=DAY)

    assert (receipt.total, receipt.without_cache) == (Decimal("1.35"), Decimal(2))


def test_a_receipt_reads_like_a_bill():
    """Aligned, each line its rate, a rule, the total."""
    receipt = cost(usage(210_400, 118_020, write=26_900, read=1_690_300), model="claude-sonnet-4-6", at=DAY)

    assert str(receipt).splitlines() == [
        "input, uncached     210,400    $3.00/M   $0.6312",
        "cache write 5m       26,900    $3.75/M   $0.1009",
        "cache read        1,690,300    $0.30/M   $0.5071",
        "output              118,020   $15.00/M   $1.7703",
        "                                         -------",
        "                                         $3.0095",
    ]


# --- estimates -------------------------------------------------------------------------------------

LONG = "Answer with one label, and nothing else. " * 500


def few_shot(i: int, **more: Any) -> Request:
    system = [{"type": "text", "text": LONG, "cache_control": {"type": "ephemeral"}}]
    fields = {"model": "claude-sonnet-4-6", "max_tokens": 100, "system": system, "messages": [f"Sample {i}"]}
    return Request.model_validate(fields | more)


def test_one_request_writes_the_prefix_and_the_others_read_it():
    """60 requests: 59 read, and the quote says what it would cost without."""
    shared = estimate([few_shot(i) for i in range(60)], at=DAY)
    alone = estimate([few_shot(0)], at=DAY)

    assert alone.from_cache == 0
    assert shared.from_cache > 0.95 * shared.input_likely
    assert shared.cost_high is not None
    assert shared.cost_without_cache is not None
    assert shared.cost_high < shared.cost_without_cache / 3
    assert "with cache leaders" in str(shared)


def test_without_the_cache_nothing_is_read():
    """`cache=False` prices every token as plain input."""
    quote = estimate([few_shot(i) for i in range(3)], cache=False, at=DAY)

    assert quote.from_cache == 0
    assert quote.cost_high == quote.cost_without_cache


def test_a_prefix_below_the_minimum_is_not_cached():
    """4,096 tokens on Haiku 4.5: a mark on less costs nothing and saves nothing."""
    short = [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]

    quote = estimate([few_shot(i, model="claude-haiku-4-5", system=short) for i in range(5)], at=DAY)

    assert quote.from_cache == 0
    assert quote.cost_high == quote.cost_without_cache


def test_models_do_not_share_a_cache():
    """Each model writes its own prefix."""
    names = ["claude-sonnet-4-6", "claude-opus-4-6"]

    assert estimate([few_shot(0, model=name) for name in names], at=DAY).from_cache == 0


def test_output_ends_at_max_tokens():
    """High is the limit itself, low a tenth of it, or what the caller expects."""
    requests = [few_shot(i) for i in range(10)]

    assert estimate(requests, at=DAY).output_tokens == (100, 1000)
    assert estimate(requests, at=DAY, output_tokens=(20, 500)).output_tokens == (200, 1000)


def test_an_estimate_of_unknown_models_has_no_price():
    """It says how many, and why."""
    quote = estimate([few_shot(0), few_shot(1, model="my-model")], at=DAY)

    assert (quote.cost_low, quote.cost_high, quote.unpriced) == (None, None, 1)
    assert "no price is known for 'my-model'" in str(quote)


def test_batches_are_quoted_at_half():
    """The quote knows the batch price."""
    whole, half = (estimate(few_shot(0), at=DAY, batch=batch).cost_high for batch in (False, True))

    assert whole is not None
    assert half == whole / 2


def test_no_requests_cost_nothing():
    """An empty study is free."""
    assert str(estimate([], at=DAY)) == "0 requests · 0 tokens in, 0 out · $0.00"


# --- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("category", "day", "total"),
    [
        ("cyber", date(2026, 11, 22), "0"),
        ("", date(2026, 11, 22), "0"),
        ("bio", date(2026, 9, 23), "0"),
        ("bio", date(2026, 9, 24), "0.001"),
        (None, date(2026, 11, 22), "0.001"),
    ],
)
def test_a_refusal_before_output_is_free_but_for_some_categories(category, day, total):
    """Since 2026-09-24 three categories are billed; a refusal in mid-stream always is."""
    found = cost(
        Usage(input_tokens=1000, output_tokens=0), model="claude-haiku-4-5", at=day, refused=category
    )

    assert found.total == Decimal(total)
