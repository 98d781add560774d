"""What lint says about the prompt cache, with the arithmetic checked by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from workbench.lint import lint
from workbench.lint.money import Rates
from workbench.tokens import prefix_tokens
from workbench.wire import Request

if TYPE_CHECKING:
    from workbench.lint import Finding

TODAY = date(2026, 11, 22)
LONG = "Refunds are paid within thirty days of purchase, if the item is unused. " * 450
MARK = {"type": "ephemeral"}
HOUR = {"type": "ephemeral", "ttl": "1h"}


def ask(number: int, *, system: dict[str, Any] | None = None, last: Any = None, **fields: Any) -> Request:
    """Return one of many questions over the same long system prompt."""
    return Request.model_validate(
        {
            "model": "claude-haiku-4-5",
            "max_tokens": 4000,
            "system": [{"type": "text", "text": LONG, **(system or {})}],
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "text", "text": f"Question {number:03}", **(last or {})}],
                }
            ],
            **fields,
        }
    )


def only(code: str, requests: Any, **around: Any) -> Finding:
    """Return the one finding with this code."""
    (found,) = [finding for finding in lint(requests, today=TODAY, **around) if finding.code == code]
    return found


def prefix(request: Request) -> int:
    return prefix_tokens(request)[0].tokens


def test_stable_tokens_of_many_requests_are_priced_with_and_without_a_breakpoint():
    requests = [ask(number) for number in range(60)]
    stable, whole = (prefix_tokens(requests[0])[at].tokens for at in (0, -1))

    finding = only("W031", requests)

    rest = 60 * (whole - stable)
    now = Decimal(60 * whole) / 1_000_000
    cached = (Decimal(rest) + stable * (Decimal("1.25") + 59 * Decimal("0.1"))) / 1_000_000
    assert finding.path == "system[0]"
    assert finding.cure == "add breakpoint"
    assert finding.dollars == now - cached
    assert finding.what.endswith(
        f"60 requests to claude-haiku-4-5 would cost ${now:.2f} instead of ${cached:.2f}"
    )


def test_one_request_says_what_each_further_use_would_save():
    request = ask(1)

    finding = only("W031", request)

    assert finding.dollars == prefix(request) * Decimal("0.9") / 1_000_000


def test_variants_with_the_same_prefix_are_counted_together():
    requests = [
        ask(number, model="claude-sonnet-4-6", output_config={"effort": level})
        for level in ("low", "high")
        for number in range(10)
    ]

    finding = only("W031", requests)

    assert "20 requests to claude-sonnet-4-6" in finding.what


def test_a_breakpoint_on_the_stable_prefix_is_enough():
    requests = [ask(number, system={"cache_control": MARK}) for number in range(60)]

    assert lint(requests, today=TODAY).warnings == ()


def test_a_breakpoint_after_what_varies_is_moved_to_the_last_stable_block():
    requests = [ask(number, last={"cache_control": MARK}) for number in range(10)]

    finding = only("W032", requests)

    assert finding.path == "messages[0].content[0]"
    assert finding.cure == "move it to system[0]"
    assert finding.dollars == 10 * prefix_tokens(requests[0])[-1].tokens * Decimal("0.25") / 1_000_000


def test_automatic_caching_marks_what_varies_too():
    requests = [ask(number, cache_control=MARK) for number in range(10)]

    assert only("W032", requests).path == "messages[0].content[0]"


def test_a_growing_conversation_reads_what_it_wrote():
    turns = [{"role": "user", "content": LONG}]
    requests = []
    for number in range(3):
        requests.append(ask(0, messages=turns, cache_control=MARK, system=None))
        turns = [
            *turns,
            {"role": "assistant", "content": "Yes."},
            {"role": "user", "content": f"And {number}?"},
        ]

    codes = lint(requests, today=TODAY).codes

    assert "W032" not in codes


@pytest.mark.parametrize(
    ("uses", "control", "pays"),
    [(2, MARK, True), (2, HOUR, False), (3, HOUR, True)],
    ids=["5m twice", "1h twice", "1h three times"],
)
def test_break_even_is_one_read_for_5m_and_two_for_1h(uses, control, pays):
    requests = [ask(number, system={"cache_control": control}) for number in range(uses)]

    codes = lint(requests, today=TODAY).codes

    assert ("W035" in codes) == (not pays)


def test_an_hour_costs_the_difference_of_the_writes():
    requests = [ask(number, system={"cache_control": HOUR}) for number in range(10)]

    finding = only("W036", requests)

    assert finding.dollars == prefix(requests[0]) * Decimal("0.75") / 1_000_000


def test_one_marked_request_says_when_it_pays():
    finding = only("I037", ask(1, system={"cache_control": HOUR}))

    assert finding.what.endswith("pays from use 3")


def test_batches_are_told_to_keep_their_prefix_for_an_hour():
    requests = [ask(number, system={"cache_control": MARK}) for number in range(5)]

    finding = only("W037", requests, endpoint="batch")

    assert finding.cure == 'use ttl "1h"'


VARIANTS: list[tuple[dict[str, Any], dict[str, Any], str, str]] = [
    ({}, {"speed": "fast"}, "claude-opus-5", "2 values of speed"),
    ({}, {"output_config": {"effort": "low"}}, "claude-opus-5", "2 values of effort"),
    ({}, {"thinking": {"type": "disabled"}}, "claude-opus-5", "2 values of thinking"),
]


@pytest.mark.parametrize(("first", "second", "model", "what"), VARIANTS, ids=["speed", "effort", "thinking"])
def test_variants_that_cannot_share_the_cache_are_named(first, second, model, what):
    requests = [
        ask(number, model=model, system={"cache_control": MARK}, **fields)
        for fields in (first, second)
        for number in range(3)
    ]

    assert only("W034", requests).what.startswith(what)


SAME: list[dict[str, Any]] = [
    {"output_config": {"effort": "high"}},
    {"tools": [], "tool_choice": {"type": "auto"}},
]


@pytest.mark.parametrize("second", SAME, ids=["default effort", "tool_choice and a mark on system"])
def test_variants_that_can_share_the_cache_are_left_alone(second):
    both: list[dict[str, Any]] = [{}, second]
    requests = [
        ask(number, model="claude-opus-5", system={"cache_control": MARK}, **fields)
        for fields in both
        for number in range(3)
    ]

    assert "W034" not in lint(requests, today=TODAY).codes


def test_below_the_minimum_nothing_is_cached():
    short = [{"type": "text", "text": "Be brief.", "cache_control": MARK}]

    request = Request.model_validate(
        {"model": "claude-haiku-4-5", "max_tokens": 9, "system": short, "messages": ["Hi"]}
    )

    finding = only("W030", request)

    assert finding.what.endswith("claude-haiku-4-5 caches from 4,096")


def test_a_read_at_a_twentieth_pays_as_soon():
    cheap = Rates(Decimal(1), Decimal("1.25"), Decimal(2), Decimal("0.025"))

    assert (cheap.pays_from("5m"), cheap.pays_from("1h")) == (2, 3)
