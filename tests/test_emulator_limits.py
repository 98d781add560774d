"""Rate limits: buckets, headers, 429s."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from workbench.emulator.limits import Bucket, tier, tiers
from workbench.errors import RateLimitError, UsageError

HAIKU, SONNET = "claude-haiku-4-5-20251001", "claude-sonnet-4-6"


def test_every_published_tier_is_known():
    """Current names and the older ones; tiers without figures are not."""
    assert list(tiers()) == ["start", "build", "scale", "tier_1", "tier_2", "tier_3", "tier_4"]


@pytest.mark.parametrize("name", ["tier_9", "custom", "1,2", ""])
def test_an_unknown_tier_names_the_known_ones(name):
    """The cure is in the message."""
    with pytest.raises(UsageError, match="known: start, build, scale, tier_1"):
        tier(name)


def test_the_request_after_the_limit_waits():
    """50 requests at once, then a 429 that says when the next is there."""
    limits = tier("tier_1")
    for _ in range(50):
        limits.admit("w", HAIKU, 1, now=0.0)

    with pytest.raises(RateLimitError) as caught:
        limits.admit("w", HAIKU, 1, now=0.0)

    assert caught.value.retry_after_s == 2
    limits.admit("w", HAIKU, 1, now=1.3)


def test_input_tokens_are_counted():
    """30,000 input tokens a minute for Sonnet in tier 1."""
    limits = tier("tier_1")
    limits.admit("w", SONNET, 29_000, now=0.0)

    with pytest.raises(RateLimitError, match="30,000 input tokens per minute"):
        limits.admit("w", SONNET, 2_000, now=0.0)


def test_output_goes_into_debt_and_is_paid_off():
    """Output is charged when made; until it is paid off nothing starts."""
    limits = tier("60000,1000000,600")
    limits.admit("w", HAIKU, 1, now=0.0)
    limits.spend("w", HAIKU, 1200)

    with pytest.raises(RateLimitError, match="output tokens"):
        limits.admit("w", HAIKU, 1, now=59.0)
    limits.admit("w", HAIKU, 1, now=61.0)


def test_pools_and_workspaces_are_apart():
    """One pool used up leaves the others full."""
    limits = tier("tier_1")
    for _ in range(50):
        limits.admit("w", HAIKU, 1, now=0.0)

    limits.admit("w", SONNET, 1, now=0.0)
    limits.admit("other", HAIKU, 1, now=0.0)


def test_the_bucket_never_overflows():
    """A minute's worth fits in, however long nobody asked."""
    bucket = Bucket(60)
    bucket.refill(0.0)
    bucket.refill(10_000.0)

    assert bucket.level == 60


def test_headers_tell_limit_remaining_and_reset():
    """Names and forms of the API; tokens in thousands; plain tokens is the tightest."""
    limits = tier("tier_1")
    limits.wall = lambda: datetime(2026, 11, 22, tzinfo=UTC)
    limits.admit("w", HAIKU, 25_400, now=0.0)

    headers = dict(limits.headers("w", HAIKU))

    assert headers[b"anthropic-ratelimit-requests-remaining"] == b"49"
    assert headers[b"anthropic-ratelimit-input-tokens-limit"] == b"50000"
    assert headers[b"anthropic-ratelimit-input-tokens-remaining"] == b"25000"
    assert headers[b"anthropic-ratelimit-tokens-limit"] == b"50000"
    assert headers[b"anthropic-ratelimit-input-tokens-reset"] == b"2026-11-22T00:00:30Z"


def test_over_http_a_429_has_retry_after(start_emulator):
    """The client is told how long to wait."""
    running = start_emulator(limits="1,100000,100000")
    body = {"model": "claude-haiku-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    headers = {"x-api-key": "k", "anthropic-version": "2026-10-21"}

    first, second = (httpx.post(f"{running.url}/v1/messages", json=body, headers=headers) for _ in range(2))

    assert first.headers["anthropic-ratelimit-requests-remaining"] == "0"
    assert second.status_code == 429
    assert second.json()["error"]["type"] == "rate_limit_error"
    assert 55 <= int(second.headers["retry-after"]) <= 60
    assert second.headers["anthropic-ratelimit-requests-limit"] == "1"
    assert second.headers["anthropic-ratelimit-requests-remaining"] == "0"


def test_cache_reads_do_not_count(start_emulator):
    """What is read from the prompt cache takes nothing from the input limit."""
    running = start_emulator(limits="100,12000,100000")
    system = [{"type": "text", "text": "word " * 7000, "cache_control": {"type": "ephemeral"}}]
    body = {
        "model": "claude-haiku-4-5",
        "max_tokens": 9,
        "system": system,
        "messages": [{"role": "user", "content": "Hi"}],
    }
    headers = {"x-api-key": "k", "anthropic-version": "2026-10-21"}

    statuses = [
        httpx.post(f"{running.url}/v1/messages", json=body, headers=headers).status_code for _ in range(4)
    ]

    assert statuses == [200, 200, 200, 200]
