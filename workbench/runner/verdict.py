"""Which errors concern one trial, and which concern every call of the run."""

from __future__ import annotations

from typing import Any

from workbench.errors import (
    APIError,
    APIStatusError,
    AuthenticationError,
    BillingError,
    PermissionDeniedError,
    RateLimitError,
    RedirectError,
)

LONG_WAIT_S = 60.0
"""A wait asked for beyond this is not a pause but a stop."""

_LIMITS = frozenset(
    {"enforced_spend_limit_reached", "contract_spend_limit_reached", "organization_on_hold"},
)
_LIMIT_WORDS = (
    "You have reached your specified API usage limits",
    "You have reached your specified workspace API usage limits",
    "Your credit balance is too low",
)


def stops(error: APIError) -> bool:
    """Return whether every further call would fail the same way, so that the run must stop.

    Source: https://platform.claude.com/docs/en/api/errors (401, 402, 403) and /api/rate-limits.

    >>> stops(AuthenticationError("invalid x-api-key", status=401))
    True
    >>> stops(RateLimitError("slow down", status=429, retry_after_s=2))
    False
    """
    if error.outage:
        return True
    if isinstance(error, AuthenticationError | PermissionDeniedError | BillingError | RedirectError):
        return True
    if not isinstance(error, APIStatusError):
        return False
    if error.error_code in _LIMITS or any(words in error.message for words in _LIMIT_WORDS):
        return True
    return isinstance(error, RateLimitError) and (error.retry_after_s or 0) > LONG_WAIT_S


def describe(error: APIError) -> dict[str, Any]:
    """Return an error as the journal and tables keep it.

    >>> describe(RateLimitError("slow down", status=429, type="rate_limit_error"))["type"]
    'rate_limit_error'
    """
    return {
        "type": getattr(error, "type", None) or type(error).__name__,
        "message": error.message,
        "status": getattr(error, "status", None),
        "request_id": error.request_id,
        **({"lost": error.lost, "wasted": error.wasted} if error.lost else {}),
    }
