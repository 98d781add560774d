"""Rate limits as token buckets, one set per workspace and model group, and the headers that tell of them.

Source: https://platform.claude.com/docs/en/api/rate-limits
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from workbench.catalog import catalog
from workbench.errors import RateLimitError, UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Headers = list[tuple[bytes, bytes]]

_NAMES = {"rpm": "requests", "itpm": "input-tokens", "otpm": "output-tokens"}
_WORDS = {"rpm": "requests per minute", "itpm": "input tokens per minute", "otpm": "output tokens per minute"}


@dataclass(slots=True)
class Bucket:
    """A limit per minute that refills continuously; a whole minute's worth fits in."""

    limit: int
    level: float = math.nan
    seen_at: float = 0.0

    def refill(self, now: float) -> None:
        """Add what came in since the last look."""
        full = float(self.limit)
        if math.isnan(self.level):
            self.level = full
        self.level = min(full, self.level + (now - self.seen_at) * full / 60)
        self.seen_at = now

    def wait_s(self, amount: float) -> float:
        """Return the seconds until *amount* is there."""
        return max(0.0, (amount - self.level) * 60 / self.limit)


@dataclass
class Limits:
    """The limits of a tier, enforced.

    Attributes:
        tables: ``rpm``, ``itpm`` and ``otpm`` by model group; the group ``*`` stands for every other one.
        count_rpm: Requests a minute to the token counter, None for no limit.
    """

    tables: Mapping[str, Mapping[str, int]]
    count_rpm: int | None = None
    wall: Callable[[], datetime] = lambda: datetime.now(UTC)
    _buckets: dict[tuple[str, str], dict[str, Bucket]] = field(default_factory=dict)

    def admit(self, workspace: str, model_id: str, input_tokens: int, now: float) -> Headers:
        """Take one request and its input tokens (cache reads left out), or refuse.

        Raises:
            RateLimitError: A bucket is empty; carries ``retry_after_s``.
        """
        buckets = self._of(workspace, catalog().group(model_id))
        for bucket in buckets.values():
            bucket.refill(now)
        needs = {"rpm": 1.0, "itpm": float(input_tokens), "otpm": 1.0}
        waits = {name: bucket.wait_s(needs[name]) for name, bucket in buckets.items()}
        worst = max(waits, key=lambda name: waits[name], default=None)
        if worst is not None and waits[worst] > 0:
            raise _refused(worst, buckets[worst].limit, waits[worst])
        for name in buckets.keys() & {"rpm", "itpm"}:
            buckets[name].level -= needs[name]
        return self.headers(workspace, model_id)

    def spend(self, workspace: str, model_id: str, output_tokens: int) -> Headers:
        """Take the output tokens of an answer; the bucket may go into debt. Returns the headers."""
        bucket = self._of(workspace, catalog().group(model_id)).get("otpm")
        if bucket is not None:
            bucket.level -= output_tokens
        return self.headers(workspace, model_id)

    def admit_count(self, workspace: str, now: float) -> None:
        """Take one request to the token counter, which has its own limit.

        Raises:
            RateLimitError: Too many.
        """
        if self.count_rpm is None:
            return
        key = (workspace, "count_tokens")
        bucket = self._buckets.setdefault(key, {"rpm": Bucket(self.count_rpm, seen_at=now)})["rpm"]
        bucket.refill(now)
        if (wait := bucket.wait_s(1)) > 0:
            raise _refused("rpm", bucket.limit, wait)
        bucket.level -= 1

    def headers(self, workspace: str, model_id: str) -> Headers:
        """Return the ``anthropic-ratelimit-…`` headers as things stand."""
        out: Headers = []
        wall = self.wall()
        buckets = self._of(workspace, catalog().group(model_id))
        for name, bucket in buckets.items():
            out += _told(_NAMES[name], bucket, wall, thousands=name != "rpm")
        tokens = [bucket for name, bucket in buckets.items() if name != "rpm"]
        if tokens:
            out += _told("tokens", min(tokens, key=lambda b: b.level / b.limit), wall, thousands=True)
        return out

    def _of(self, workspace: str, group: str) -> dict[str, Bucket]:
        key = (workspace, group)
        if key not in self._buckets:
            table = self.tables.get(group) or self.tables.get("*") or {}
            self._buckets[key] = {name: Bucket(limit) for name, limit in table.items()}
        return self._buckets[key]


def _refused(name: str, limit: int, wait_s: float) -> RateLimitError:
    return RateLimitError(
        f"This request would exceed your organization's rate limit of {limit:,} {_WORDS[name]}. "
        "Please reduce the prompt length or try again later.",
        status=429,
        type="rate_limit_error",
        retry_after_s=max(1, math.ceil(wait_s)),
    )


def _told(name: str, bucket: Bucket, wall: datetime, *, thousands: bool) -> Headers:
    left = max(0.0, bucket.level)
    remaining = round(left / 1000) * 1000 if thousands else math.floor(left)
    full_at = wall + timedelta(seconds=bucket.wait_s(bucket.limit))
    values = {
        "limit": str(bucket.limit),
        "remaining": str(min(remaining, bucket.limit)),
        "reset": full_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return [(f"anthropic-ratelimit-{name}-{what}".encode(), value.encode()) for what, value in values.items()]


def tier(name: str) -> Limits:
    """Return the limits of a tier.

    Args:
        name: ``start``, ``build``, ``scale``; the older ``tier_1`` … ``tier_4``; or three numbers
            ``RPM,ITPM,OTPM`` for every model.

    Raises:
        UsageError: No such tier, or one whose figures are not published.

    >>> tier("tier-1").tables["haiku-4.5"]
    {'rpm': 50, 'itpm': 50000, 'otpm': 10000}
    >>> tier("50,30000,8000").tables["*"]["itpm"]
    30000
    """
    numbers = name.split(",")
    if len(numbers) == 3 and all(number.strip().isdigit() and int(number) > 0 for number in numbers):
        return Limits({"*": dict(zip(_NAMES, map(int, numbers), strict=True))})
    known = tiers()
    found = known.get(name.strip().lower().replace("-", "_").replace(" ", "_"))
    if found is None:
        raise UsageError(
            f"unknown tier {name!r}{did_you_mean(name, known)}; known: {', '.join(known)}, or RPM,ITPM,OTPM"
        )
    rows, count_rpm = found
    tables = {row["model_group"]: {limit: row[limit] for limit in _NAMES} for row in rows}
    return Limits(tables, count_rpm)


def tiers() -> dict[str, tuple[list[Any], int | None]]:
    """Return the tiers whose figures are known: rows per model group, and requests to the counter."""
    found: dict[str, tuple[list[Any], int | None]] = {}
    for generation in ("current", "seed"):
        for name, row in catalog().rate_limits[generation]["tiers"].items():
            models = row.get("models")
            rows = models.get("rows") if isinstance(models, dict) else models
            if rows:
                found[name] = (rows, (row.get("count_tokens_rpm") or {}).get("value"))
    return found
