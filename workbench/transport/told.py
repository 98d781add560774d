"""What the headers of an answer tell about limits.

Source: https://platform.claude.com/docs/en/api/rate-limits#response-headers
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS = ("requests", "input-tokens", "output-tokens")
"""What is limited a minute; the plain ``tokens`` headers repeat the tighter of the last two."""

_STANDARD, _FAST = "anthropic-ratelimit", "anthropic-fast"
_LONGEST_S = 3600.0
_NAMES = {
    family: [tuple(f"{family}-{kind}-{what}" for what in ("limit", "remaining", "reset")) for kind in KINDS]
    for family in (_STANDARD, _FAST)
}


class Told(NamedTuple):
    """One limit as the service sees it.

    Attributes:
        limit: A minute.
        remaining: Left now; tokens are rounded to thousands.
        reset: When it is full again, RFC 3339, as it came.
        share: Which part of the service's figures these are, 0 … 1.
    """

    limit: float
    remaining: float
    reset: str | None = None
    share: float = 1.0

    def part(self, share: float) -> Told:
        """Return what falls to one of several who divide the limit among them."""
        return self._replace(limit=self.limit * share, remaining=self.remaining * share, share=share)

    @property
    def slack(self) -> float:
        """By how much ``remaining`` may be off.

        >>> Told(50, 49).slack, Told(50_000, 31_000).slack, Told(50_000, 31_415).slack
        (1.0, 500.0, 1.0)
        """
        limit, remaining = self.limit / self.share, round(self.remaining / self.share)
        return self.share * (500.0 if remaining % 1000 == 0 and limit >= 2000 else 1.0)


def read(headers: Mapping[str, str], *, fast: bool = False) -> tuple[Told | None, ...]:
    """Return the limits of requests, input and output tokens that apply to an answer, where they are told.

    Fast mode has limits of its own; those of a priority commitment stand beside the ordinary ones and are
    left alone.

    >>> names = ("limit", "remaining")
    >>> told = {f"anthropic-ratelimit-requests-{name}": "50" for name in names}
    >>> told |= {f"anthropic-priority-input-tokens-{name}": "9" for name in names}
    >>> read(told)
    (Told(limit=50.0, remaining=50.0, reset=None, share=1.0), None, None)
    >>> read(told, fast=True)
    (None, None, None)
    """
    found: list[Told | None] = []
    for limit_name, remaining_name, reset_name in _NAMES[_FAST if fast else _STANDARD]:
        limit, remaining = headers.get(limit_name), headers.get(remaining_name)
        told = None
        if limit and remaining and _digits(limit) and _digits(remaining) and int(limit) > 0:
            told = Told(float(limit), float(remaining), headers.get(reset_name))
        found.append(told)
    return tuple(found)


def seconds_until(reset: str | None, now: float) -> float | None:
    """Return the seconds from *now* (since the epoch) to a time as RFC 3339; None where it is none.

    >>> seconds_until("2026-11-22T10:00:07Z", 1795341600.0), seconds_until("soon", 0.0)
    (7.0, None)
    """
    try:
        moment = datetime.fromisoformat(reset or "")
    except ValueError:
        return None
    seconds = moment.timestamp() - now if moment.tzinfo else _LONGEST_S + 1
    return seconds if abs(seconds) <= _LONGEST_S else None


def _digits(text: str) -> bool:
    return text.isdecimal() and text.isascii() and len(text) < 16
