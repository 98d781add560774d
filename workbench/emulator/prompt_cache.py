"""The prompt cache: what is written, what is read, what is billed.

Source: https://platform.claude.com/docs/en/build-with-claude/prompt-caching
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workbench.tokens import billed, breakpoints, longest_hit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.tokens import Position

JSON = dict[str, Any]

TTL_S = {"5m": 300.0, "1h": 3600.0}
UNKNOWN_MINIMUM = 1024
"""Used where the catalog has no figure for a model: the commonest of the known ones."""
MOST_ENTRIES = 100_000


@dataclass(slots=True)
class Entry:
    """One cached prefix; times are seconds of the caller's clock."""

    readable_at: float
    expires_at: float
    ttl_s: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What one request reads and writes, in tokens; the four counts add up to the whole prompt."""

    uncached: int
    read: int = 0
    written_5m: int = 0
    written_1h: int = 0
    started_at: float = 0.0
    writes: tuple[tuple[str, str], ...] = ()
    reads: tuple[str, ...] = ()

    @property
    def written(self) -> int:
        """Tokens written, of either lifetime."""
        return self.written_5m + self.written_1h

    def usage(self) -> JSON:
        """Return the input side of a ``usage`` object."""
        return {
            "input_tokens": self.uncached,
            "cache_creation_input_tokens": self.written,
            "cache_read_input_tokens": self.read,
            "cache_creation": {
                "ephemeral_5m_input_tokens": self.written_5m,
                "ephemeral_1h_input_tokens": self.written_1h,
            },
        }


@dataclass
class PromptCache:
    """Entries by the key of their whole prefix."""

    entries: dict[str, Entry] = field(default_factory=dict)

    def plan(
        self, keys: Sequence[str], positions: Sequence[Position], *, minimum: int | None, now: float
    ) -> Plan:
        """Return what a request that starts *now* reads and is to write.

        Args:
            keys: The key of the prefix at each position.
            positions: Where the prefix may end, with tokens and marks.
            minimum: The model's shortest cacheable prompt, in tokens.
            now: When the request started.
        """
        total = positions[-1].tokens if positions else 0
        least = UNKNOWN_MINIMUM if minimum is None else minimum
        marks = [mark for mark in breakpoints(positions) if positions[mark.at].tokens >= least]
        if not marks:
            return Plan(uncached=total, started_at=now)
        hit = longest_hit(keys, marks, lambda key: self._is_readable(key, now))
        parts = billed(positions, marks, hit)
        touched = [mark.at for mark in marks if hit is not None and mark.at < hit]
        return Plan(
            uncached=parts.plain,
            read=parts.read,
            written_5m=parts.short,
            written_1h=parts.long,
            started_at=now,
            writes=tuple((keys[mark.at], mark.ttl) for mark in marks if hit is None or mark.at > hit),
            reads=tuple(keys[index] for index in (*touched, *([hit] if hit is not None else []))),
        )

    def begin(self, plan: Plan, *, now: float) -> None:
        """Take note that the response to a planned request begins *now*: its entries become readable."""
        for key in plan.reads:
            if (entry := self.entries.get(key)) is not None:
                entry.expires_at = max(entry.expires_at, plan.started_at + entry.ttl_s)
        for key, ttl in plan.writes:
            self._write(key, TTL_S[ttl], plan.started_at, now)
        if len(self.entries) > MOST_ENTRIES:
            self._prune(now)

    def _write(self, key: str, ttl_s: float, started_at: float, now: float) -> None:
        old = self.entries.get(key)
        if old is None or old.expires_at <= now:
            self.entries[key] = Entry(now, started_at + ttl_s, ttl_s)
            return
        old.ttl_s = max(old.ttl_s, ttl_s)
        old.expires_at = max(old.expires_at, started_at + ttl_s)

    def _is_readable(self, key: str, now: float) -> bool:
        entry = self.entries.get(key)
        return entry is not None and entry.readable_at <= now < entry.expires_at

    def _prune(self, now: float) -> None:
        alive = {key: entry for key, entry in self.entries.items() if entry.expires_at > now}
        self.entries = dict(list(alive.items())[-MOST_ENTRIES // 2 :])
