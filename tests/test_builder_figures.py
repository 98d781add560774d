"""Tokens and dollars of the request being built."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from workbench.estimate import estimate
from workbench.lint import lint
from workbench.tokens import count
from workbench.widgets.builder.figures import SECTIONS, figures, pays_from
from workbench.wire import Request

DAY = date(2026, 11, 22)
MARK = {"type": "ephemeral"}
HOUR = {**MARK, "ttl": "1h"}
POLICY = "Refunds are paid within thirty days of purchase, if the item is unused. " * 500
TOOL = {"name": "add", "description": "Add two numbers.", "input_schema": {"type": "object"}}
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAUCAIAAAD/"


def document(**fields: Any) -> dict[str, Any]:
    return {
        "type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": POLICY},
        **fields,
    }


def request(*blocks: Any, **fields: Any) -> Request:
    body = {
        "model": "claude-haiku-4-5",
        "max_tokens": 1000,
        "system": "You answer from the policy.",
        **fields,
    }
    content = [*blocks, {"type": "text", "text": "Who pays?"}]
    return Request.model_validate({**body, "messages": [{"role": "user", "content": content}]})


MARKED = request(document(cache_control=MARK), tools=[TOOL])


def test_sections_stand_in_the_order_of_the_prefix():
    """Their sum is what the estimate counts, part by part."""
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
    asked = request(document(), image, tools=[TOOL])

    made = figures(asked, at=DAY)

    tokens = count(asked)
    assert tuple(one.name for one in made.sections) == SECTIONS
    assert {one.name: one.tokens for one in made.sections} == dict(tokens.parts)
    assert (made.low, made.likely, made.high) == (tokens.low, tokens.likely, tokens.high)


def test_what_stands_before_the_breakpoint_is_cached():
    """Whole sections, and of the messages nothing behind it."""
    made = {one.name: one for one in figures(MARKED, at=DAY).sections}

    assert made["tools"].cached == made["tools"].tokens > 0
    assert made["documents"].cached == made["documents"].tokens > 0
    assert made["messages"].cached == 0


def test_a_prefix_below_the_minimum_is_not_cached():
    """The words say how much would be needed, as the warning does."""
    short = request({"type": "text", "text": "Hi", "cache_control": MARK})

    made = figures(short, at=DAY)

    assert not any(one.cached for one in made.sections)
    assert made.cost_at_hit is None
    assert made.pays_from is None
    assert "nothing is cached: " in made.words[1]
    assert "claude-haiku-4-5 caches from 4,096" in made.words[1]
    assert "W030" in lint(short, today=DAY).codes


def test_dollars_are_those_of_the_rates():
    """$1 a million in, $1.25 written, $0.10 read, $5 out."""
    made = figures(MARKED, at=DAY)
    cached = sum(one.cached for one in made.sections)
    rest = made.likely - cached
    million = Decimal(1_000_000)

    assert made.cost_plain == made.likely / million
    assert made.cost_now == (cached * Decimal("1.25") + rest) / million
    assert made.cost_at_hit == (cached * Decimal("0.1") + rest) / million
    assert made.cost_answer == 1000 * 5 / million
    assert made.pays_from == 2


def test_an_estimate_says_the_same():
    """The first send costs what `estimate` says of one request, the answer apart."""
    made = figures(MARKED, at=DAY)
    two = estimate([MARKED, MARKED], at=DAY, output_tokens=(0, 0))

    assert made.cost_now is not None
    assert made.cost_at_hit is not None
    assert two.cost_low is not None
    assert two.cost_high is not None
    assert two.cost_low <= made.cost_now + made.cost_at_hit <= two.cost_high


@pytest.mark.parametrize(("ttl", "uses", "within"), [(MARK, 2, "5 min"), (HOUR, 3, "1 h")])
def test_break_even_is_that_of_lint(ttl, uses, within):
    """A 5m write is earned back by one read, a 1h write by two."""
    asked = request(document(cache_control=ttl))

    made = figures(asked, at=DAY)

    said = next(one.what for one in lint(asked, today=DAY) if one.code == "I037")
    assert made.pays_from == uses
    assert f"pays from use {uses}" in said
    assert f"pays from the {'2nd' if uses == 2 else '3rd'} use within {within}" in "\n".join(made.words)


def test_break_even_with_both_lifetimes():
    """The cheaper part does not hide the dearer one; the shorter lifetime counts."""
    asked = request(document(cache_control=HOUR), document(cache_control=MARK))

    made = figures(asked, at=DAY)

    assert made.pays_from == 2
    assert "within 5 min" in "\n".join(made.words)


def test_pays_from_is_the_first_use_that_is_cheaper():
    """By summing up, use for use."""
    first, hit, plain = Decimal("2.3"), Decimal("0.4"), Decimal(1)

    uses = pays_from(first, hit, plain)

    assert uses is not None
    assert first + (uses - 1) * hit < uses * plain
    assert first + (uses - 2) * hit >= (uses - 1) * plain
    assert pays_from(first, plain, plain) is None
    assert pays_from(None, hit, plain) is None


def test_the_words():
    """As a person reads them beside the form."""
    assert "\n".join(figures(MARKED, at=DAY).words) == (
        "tokens   tools 517 · system 6 · documents 7,723 · messages 3   about 8,249 (±19 %)\n"
        "cached   the first 8,246 of 8,249 tokens: tools, system, documents"
        " (1 breakpoint; without $0.0082 each time)\n"
        "cost     $0.010 now · $0.00083 when the prefix is cached · pays from the 2nd use within 5 min\n"
        "answer   at most 1,000 tokens, $0.0050"
    )


def test_nothing_marked_in_words():
    """Each use costs the same."""
    assert figures(request(), at=DAY).words[1].endswith(" each time · nothing is cached")


def test_an_exact_count_takes_the_place_of_the_estimate():
    """The parts are stretched, so that they add up to it."""
    made = figures(MARKED, exact=10_007, at=DAY)

    assert made.exact
    assert (made.low, made.likely, made.high) == (10_007, 10_007, 10_007)
    assert sum(one.tokens for one in made.sections) == 10_007
    assert "exactly 10,007" in made.words[0]
    assert made.cost_plain == Decimal(10_007) / 1_000_000


def test_an_unknown_model_is_unpriced_not_free():
    """Tokens are there, dollars are not, and the words say so."""
    made = figures(request(document(cache_control=MARK), model="my-own"), at=DAY)

    assert made.cost_now is None
    assert made.cost_plain is None
    assert made.cost_answer is None
    assert made.pays_from is None
    assert made.likely > 8000
    assert any("unpriced" in line for line in made.words)
    assert any("not in the catalog" in line for line in made.words)


def test_fast_costs_more_and_geography_too():
    """What the request asks for is priced in."""
    plain = figures(request(model="claude-opus-4-8"), at=DAY).cost_now
    fast = figures(request(model="claude-opus-4-8", speed="fast"), at=DAY).cost_now
    us = figures(request(model="claude-opus-4-8", inference_geo="us"), at=DAY).cost_now

    assert plain is not None
    assert fast is not None
    assert us is not None
    assert fast > plain
    assert us > plain


@pytest.mark.parametrize("limit", [None, 0])
def test_no_limit_no_answer_to_price(limit):
    """Where nothing says how long the answer may be, nothing is said about it."""
    made = figures(request(max_tokens=limit), at=DAY)

    assert made.cost_answer is None
    assert not any(line.startswith("answer") for line in made.words)


def test_a_prompt_of_nothing():
    """An empty form has figures too."""
    empty = Request(model="claude-haiku-4-5", messages=[{"role": "user", "content": ""}])

    made = figures(empty, exact=0, at=DAY)

    assert made.likely >= 0
    assert made.words
