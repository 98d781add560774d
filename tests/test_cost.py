"""Receipts: modifiers, what is not tokens, refusals, sums; and nothing unknown priced at zero."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.usages import DAY, M, amounts, usage
from workbench.cost import Receipt, cost
from workbench.wire import Usage

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
