from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from workbench import score
from workbench.dataset import Sample
from workbench.errors import UsageError
from workbench.score import Score
from workbench.wire import Message


def judge(scorer: Any, answer: str = "", **more: Any) -> Score:
    message = Message.model_validate({"model": "m", "content": [{"type": "text", "text": answer}]})
    return score.apply(scorer, Sample("1", "?"), SimpleNamespace(message=message, **more))


@pytest.mark.parametrize(
    ("scorer", "value", "explanation"),
    [
        (score.length(max=3), 1, ""),
        (score.length(max=2), 0, "3 words, more than 2"),
        (score.length(min=4), 0, "3 words, less than 4"),
        (score.length(min=3, max=3), 1, ""),
        (score.length(max=0), 0, "3 words, more than 0"),
        (score.length(max=12, unit="chars"), 0, "13 chars, more than 12"),
        (score.length(), 3, ""),
    ],
)
def test_length(scorer, value, explanation):
    """Bounds belong to what passes; without bounds it is a measure."""
    got = judge(scorer, "one two three")

    assert (got.value, got.explanation) == (value, explanation)


def test_an_unknown_unit_is_refused():
    """With the nearest name."""
    with pytest.raises(UsageError, match="unknown unit 'word'; did you mean 'words'"):
        score.length(unit="word")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("scorer", "seconds", "value", "explanation"),
    [
        (score.latency(max_s=2), 2.0, 1, ""),
        (score.latency(max_s=2), 2.5, 0, "2.50 s, more than 2 s"),
        (score.latency(), 2.5, 2.5, ""),
    ],
)
def test_latency_is_the_recorded_time(scorer, seconds, value, explanation):
    """A replay judges what was measured when the reply was made."""
    got = judge(scorer, timing=SimpleNamespace(total_s=seconds))

    assert (got.value, got.explanation) == (value, explanation)


def test_a_batch_has_no_latency():
    """It waited in a queue; that says nothing of the model."""
    assert judge(score.latency(), timing=SimpleNamespace(total_s=900), batch=True).value is None


@pytest.mark.parametrize(
    ("scorer", "dollars", "expected"),
    [
        (score.cost(max_usd="0.01"), "0.01", Score(1.0, "", "$0.010000")),
        (score.cost(max_usd=0.01), "0.02", Score(0.0, "$0.020000, more than $0.01", "$0.020000")),
        (score.cost(), "0.02", Score(0.02, "", "$0.020000")),
    ],
)
def test_cost_is_the_list_price(scorer, dollars, expected):
    """Compared as Decimal, so that a bound of 0.01 is one cent."""
    assert judge(scorer, cost=SimpleNamespace(total=Decimal(dollars))) == expected


def test_an_unpriced_reply_is_unscored():
    """Unknown is not free."""
    assert judge(score.cost(max_usd=1), cost=SimpleNamespace(total=None)) == Score(None, "unpriced")


@pytest.mark.parametrize("make", [score.length, score.latency, score.cost])
def test_without_a_bound_it_is_a_measure(make):
    """A measure has no pass and no fail."""
    assert make().kind == "measure"
