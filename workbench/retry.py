"""After this failure, wait how long? No clock, no sleep, no randomness of its own.

Full jitter, as AWS recommends it: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
Which statuses are worth a retry follows the official SDK.

>>> for attempt in (1, 2, 3, 4, 5, 6):
...     print(attempt, delay(attempt, status=529, jitter=0.0), delay(attempt, status=529, jitter=1.0))
1 0.0 0.5
2 0.0 1.0
3 0.0 2.0
4 0.0 4.0
5 0.0 8.0
6 0.0 8.0

What the service asks for comes first, spread by up to a second; garbage is not an answer:

>>> for asked in ("1", "0.5", "30", "61", "nan", "-5", "soon", "1e999", ""):
...     print(f"{asked:>5}", delay(1, status=429, retry_after=asked, jitter=0.5))
    1 1.5
  0.5 0.75
   30 30.5
   61 None
  nan 0.25
   -5 0.25
 soon 0.25
1e999 0.25
      0.25

>>> delay(1, status=429, retry_after_ms="1500", retry_after="9", jitter=0.0)
1.5
>>> delay(1, status=429, retry_after="Sun, 22 Nov 2026 10:00:05 GMT", jitter=0.0, now=1795341600.0)
5.0

Some statuses are worth a retry, some are not; the service may say otherwise of most:

>>> [status for status in (400, 401, 403, 404, 408, 409, 413, 429, 500, 503, 504, 529)
...  if delay(1, status=status, jitter=0.5) is not None]
[408, 409, 429, 500, 503, 504, 529]
>>> delay(1, status=400, should_retry="true", jitter=0.5)
0.25
>>> delay(1, status=500, should_retry="false", jitter=0.5)
>>> delay(1, status=401, should_retry="true", jitter=0.5)
>>> delay(1, status=429, error_code="enforced_spend_limit_reached", jitter=0.5)
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Literal

CAP_S = 60.0
"""The longest wait the service may ask for."""

_FIRST_S = 0.5
_LONGEST_BACKOFF_S = 8.0
_NEVER = frozenset({401, 402, 403})
_SPENT = frozenset(
    {
        "contract_spend_limit_reached",
        "enforced_spend_limit_reached",
        "linked_organization_spend_limit_reached",
        "organization_on_hold",
    }
)
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")

Reason = Literal["retry", "not retryable", "asked to wait too long"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do after a failure.

    Attributes:
        wait_s: Seconds to wait before the next attempt; None where there shall be none.
        reason: Why.
        asked_s: Seconds the service asked for, where it did.
    """

    wait_s: float | None
    reason: Reason
    asked_s: float | None = None


def judge(
    attempt: int,
    *,
    status: int | None = None,
    error_code: str | None = None,
    retry_after: str | None = None,
    retry_after_ms: str | None = None,
    should_retry: str | None = None,
    jitter: float,
    cap_s: float = CAP_S,
    now: float | None = None,
) -> Verdict:
    """Decide whether to try again, and after how long.

    Args:
        attempt: Which attempt failed, from 1.
        status: HTTP status; None for a connection that failed or broke.
        error_code: ``error.details.error_code`` of the body; a spend limit is never worth a retry.
        retry_after: The header of that name, as it came: seconds or an HTTP date.
        retry_after_ms: The header of that name, as it came; it goes before ``retry-after``.
        should_retry: The header ``x-should-retry``, as it came.
        jitter: A random number in [0, 1).
        cap_s: Longest wait in seconds; when more is asked for, there is no retry.
        now: Seconds since the epoch, best taken from the answer's own ``date`` header, so that a wrong
            clock here does not stretch a ``retry-after`` date; without it such dates are ignored.
    """
    if not _retryable(status, error_code, should_retry):
        return Verdict(None, "not retryable")
    asked = asked_wait(retry_after, retry_after_ms, now)
    if asked is None:
        ceiling = min(cap_s, _LONGEST_BACKOFF_S, _FIRST_S * 2.0 ** min(attempt - 1, 10))
        return Verdict(jitter * ceiling, "retry")
    if asked > cap_s:
        return Verdict(None, "asked to wait too long", asked)
    return Verdict(asked + jitter * min(asked, 1.0), "retry", asked)


def delay(
    attempt: int,
    *,
    status: int | None = None,
    error_code: str | None = None,
    retry_after: str | None = None,
    retry_after_ms: str | None = None,
    should_retry: str | None = None,
    jitter: float,
    cap_s: float = CAP_S,
    now: float | None = None,
) -> float | None:
    """Return the seconds to wait before the next attempt, or None for no further attempt.

    The arguments are those of `judge`, which also says why.
    """
    return judge(
        attempt,
        status=status,
        error_code=error_code,
        retry_after=retry_after,
        retry_after_ms=retry_after_ms,
        should_retry=should_retry,
        jitter=jitter,
        cap_s=cap_s,
        now=now,
    ).wait_s


def asked_wait(retry_after: str | None, retry_after_ms: str | None, now: float | None = None) -> float | None:
    """Return the seconds that headers ask for; None where they ask for nothing that can be understood.

    >>> asked_wait("2", None), asked_wait(None, "250"), asked_wait("0", None), asked_wait("garbage", None)
    (2.0, 0.25, None, None)
    """
    millis = _number(retry_after_ms)
    if millis is not None:
        return millis / 1000.0
    seconds = _number(retry_after)
    return seconds if seconds is not None else _until(retry_after, now)


def _retryable(status: int | None, error_code: str | None, should_retry: str | None) -> bool:
    if error_code in _SPENT or status in _NEVER:
        return False
    if should_retry in {"true", "false"}:
        return should_retry == "true"
    return status is None or status in {408, 409, 429} or status >= 500


def _number(text: str | None) -> float | None:
    """Parse a plain positive decimal: no sign, no exponent, no nan."""
    if text is None or not _NUMBER.fullmatch(text.strip()):
        return None
    return float(text) or None


def _until(text: str | None, now: float | None) -> float | None:
    if text is None or now is None:
        return None
    seconds = (timestamp(text) or 0.0) - now
    return seconds if seconds > 0 and math.isfinite(seconds) else None


def timestamp(http_date: str) -> float | None:
    """Return the seconds since the epoch of an HTTP date, or None where it is none.

    >>> timestamp("Sun, 22 Nov 2026 10:00:00 GMT"), timestamp("tomorrow")
    (1795341600.0, None)
    """
    try:
        return parsedate_to_datetime(http_date).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


class Budget:
    """Retries that all tasks of a client share: a bucket that each retry drains and each success refills.

    It keeps a storm small: when nearly everything fails, only a fraction is sent again.

    >>> budget = Budget(capacity=10, cost=5)
    >>> budget.take(), budget.take(), budget.take()
    (True, True, False)
    >>> for _ in range(5):
    ...     budget.refund()
    >>> budget.take(), budget.left
    (True, 0)
    """

    def __init__(self, capacity: int = 100, *, cost: int = 5, refund: int = 1) -> None:
        self.capacity = capacity
        self.left = capacity
        self._cost = cost
        self._refund = refund

    def take(self) -> bool:
        """Pay for one retry; False where the bucket holds too little."""
        if self.left < self._cost:
            return False
        self.left -= self._cost
        return True

    def refund(self) -> None:
        """Note a success."""
        self.left = min(self.capacity, self.left + self._refund)
