"""When to try again, and after how long."""

from __future__ import annotations

import random

import pytest

from workbench.retry import Budget, asked_wait, delay, judge


@pytest.mark.parametrize("attempt", [1, 2, 3, 4, 5, 9])
def test_the_backoff_is_fully_jittered_and_bounded(attempt):
    """Anywhere from 0 to the ceiling, which doubles up to 8 s."""
    draw = random.Random(attempt)

    waits = [delay(attempt, status=529, jitter=draw.random()) for _ in range(500)]

    ceiling = min(8.0, 0.5 * 2 ** (attempt - 1))
    assert all(wait is not None and 0 <= wait <= ceiling for wait in waits)
    assert max(w for w in waits if w is not None) > 0.9 * ceiling
    assert min(w for w in waits if w is not None) < 0.1 * ceiling


@pytest.mark.parametrize("text", ["nan", "-5", "soon", "1e999", "", "inf", "0", "0x10", "9" * 400, "１"])
def test_garbage_asks_for_nothing(text):
    """Neither header is believed when it is no plain positive number."""
    assert asked_wait(text, None, 0.0) is None
    assert asked_wait(None, text) is None


def test_milliseconds_go_before_seconds():
    """As the SDK reads them."""
    assert asked_wait("9", "250") == 0.25


def test_what_is_asked_for_is_never_shortened():
    """The spread only adds, at most a second."""
    assert delay(1, status=429, retry_after="30", jitter=0.0) == 30.0
    assert delay(1, status=429, retry_after="30", jitter=0.99) == pytest.approx(30.99)
    assert delay(1, status=429, retry_after="0.5", jitter=0.5) == 0.75


def test_over_the_cap_there_is_a_reason_and_no_wait():
    """The caller names the wait that was asked for."""
    verdict = judge(1, status=429, retry_after="86400", jitter=0.5)

    assert (verdict.wait_s, verdict.reason, verdict.asked_s) == (None, "asked to wait too long", 86400.0)


def test_a_date_without_a_clock_is_ignored():
    """A wrong clock here must not become a wait of an hour."""
    assert delay(1, status=429, retry_after="Sun, 22 Nov 2026 11:00:00 GMT", jitter=0.5) == 0.25


def test_a_date_in_the_past_asks_for_nothing():
    """The own backoff then."""
    assert asked_wait("Sun, 22 Nov 2026 10:00:00 GMT", None, now=1795341600.0 + 5) is None


@pytest.mark.parametrize(
    "code",
    [
        "enforced_spend_limit_reached",
        "contract_spend_limit_reached",
        "linked_organization_spend_limit_reached",
    ],
)
def test_a_spend_limit_is_final(code):
    """Whatever the headers say."""
    assert delay(1, status=429, error_code=code, retry_after="1", should_retry="true", jitter=0.5) is None


@pytest.mark.parametrize("status", [401, 402, 403])
def test_a_wrong_key_is_final(status):
    """Also when the server asks for another try."""
    assert delay(1, status=status, should_retry="true", jitter=0.5) is None


def test_a_broken_connection_is_tried_again():
    """No status at all."""
    assert delay(1, jitter=1.0) == 0.5


def test_the_budget_lets_a_storm_starve():
    """20 retries from a full bucket; then one for every five successes."""
    budget = Budget()

    assert sum(budget.take() for _ in range(100)) == 20
    for _ in range(4):
        budget.refund()
    assert not budget.take()
    budget.refund()
    assert budget.take()


def test_the_budget_does_not_overflow():
    """Successes in good times do not pay for a storm without end."""
    budget = Budget(capacity=10)

    for _ in range(1000):
        budget.refund()

    assert budget.left == 10
