"""Who writes a shared prefix to the prompt cache, and who waits to read it.

An entry can be read once the answer that wrote it has begun, not before: fifty requests sent at once write
one prefix fifty times. So one goes first, and the others follow at its first event.

Source: https://platform.claude.com/docs/en/build-with-claude/prompt-caching
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workbench.catalog import catalog
from workbench.tokens import LOOKBACK, billed, breakpoints, longest_hit, prefix_keys, prefix_tokens
from workbench.wire import ToolResultBlock, cache_control_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from workbench.tokens import Mark, Position
    from workbench.wire import Request, Wire

TTL_S = {"5m": 300.0, "1h": 3600.0}
MARGIN_S = 5.0
"""An entry so near its end is taken for gone: the request would come too late for it."""
DOUBT = 1.25
"""A prefix may have so many times the tokens estimated: one that is perhaps long enough is led too."""
MOST_ENTRIES = 20_000


def marked(request: Request) -> bool:
    """Return whether a request has a breakpoint anywhere, its own or the automatic one."""
    return request.cache_control is not None or any(_holds_mark(block) for block in _blocks(request))


def _blocks(request: Request) -> Iterable[Wire]:
    yield from request.tools or ()
    if not isinstance(request.system, str):
        yield from request.system or ()
    for message in request.messages:
        if not isinstance(message.content, str):
            yield from message.content


def _holds_mark(block: Wire) -> bool:
    if cache_control_of(block) is not None:
        return True
    inner = block.content if isinstance(block, ToolResultBlock) else None
    return isinstance(inner, tuple) and any(cache_control_of(one) is not None for one in inner)


@dataclass(slots=True)
class _Entry:
    """One prefix: being written while `expires_at` is None.

    Attributes:
        kept: How often it was kept warm since a call read it.
    """

    ttl_s: float
    tokens: int
    expires_at: float | None = None
    kept: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class Prefixes:
    """The prompt cache as this run knows it: what is written, what is being written, and until when it lives.

    Args:
        clock: Seconds; what the lifetimes are measured with.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: dict[str, _Entry] = {}

    async def turn(self, request: Request) -> Turn | None:
        """Wait while another request writes a prefix that this one can read; None where nothing is cached."""
        if not marked(request):
            return None
        positions = prefix_tokens(request)
        marks = _long_enough(request, positions)
        if not marks:
            return None
        keys = prefix_keys(request, positions)
        while True:
            now = self._clock()
            hit = longest_hit(keys, marks, lambda key: self._is_warm(key, now))  # noqa: B023 - used at once
            best = longest_hit(keys, marks, lambda key: self._is_known(key, now))  # noqa: B023
            if best is None or best == hit:
                return self._go(keys, positions, marks, hit)
            await self._entries[keys[best]].changed.wait()

    def _go(
        self, keys: Sequence[str], positions: Sequence[Position], marks: Sequence[Mark], hit: int | None
    ) -> Turn:
        """Take the prefixes behind the hit as one's own to write, and refresh what is read."""
        writes = {}
        for mark in marks:
            if hit is None or mark.at > hit:
                writes[keys[mark.at]] = self._entries[keys[mark.at]] = _Entry(
                    TTL_S[mark.ttl], positions[mark.at].tokens
                )
        reads = [keys[mark.at] for mark in marks if hit is not None and mark.at < hit]
        reads += [keys[hit]] if hit is not None else []
        split = billed(positions, marks, hit)
        expected = {
            "read": split.read,
            "write": split.short + split.long,
            "total": positions[-1].tokens,
        }
        if len(self._entries) > MOST_ENTRIES:
            self._prune(self._clock())
        return Turn(self, writes, reads, expected)

    # --- keeping them warm ---------------------------------------------------------------------------

    def now(self) -> float:
        """Return the time that lifetimes are measured with."""
        return self._clock()

    def due(self, within_s: float) -> list[str]:
        """Return the prefixes that will be gone in so many seconds, the longest first."""
        now = self._clock()
        found = [
            (entry.tokens, key)
            for key, entry in self._entries.items()
            if entry.expires_at is not None and MARGIN_S < entry.expires_at - now <= within_s
        ]
        return [key for _, key in sorted(found, reverse=True)]

    def times_kept(self, key: str) -> int:
        """Return how often a prefix was kept warm since a call read it."""
        entry = self._entries.get(key)
        return 0 if entry is None else entry.kept

    def kept(self, keys: Iterable[str], started: float) -> None:
        """Note that a call that answers nothing has read these prefixes, or written them anew."""
        for key in keys:
            entry = self._entries.get(key)
            if entry is not None and entry.expires_at is not None:
                entry.expires_at = max(entry.expires_at, started + entry.ttl_s)
                entry.kept += 1

    def _is_warm(self, key: str, now: float) -> bool:
        entry = self._entries.get(key)
        return entry is not None and entry.expires_at is not None and now < entry.expires_at - MARGIN_S

    def _is_known(self, key: str, now: float) -> bool:
        entry = self._entries.get(key)
        return entry is not None and (entry.expires_at is None or now < entry.expires_at - MARGIN_S)

    def _refresh(self, keys: Iterable[str], started: float) -> None:
        for key in keys:
            entry = self._entries.get(key)
            if entry is not None and entry.expires_at is not None:
                entry.expires_at = max(entry.expires_at, started + entry.ttl_s)
                entry.kept = 0

    def _written(self, writes: Iterable[_Entry], started: float) -> None:
        for entry in writes:
            entry.expires_at = started + entry.ttl_s
            entry.changed.set()

    def _given_up(self, writes: dict[str, _Entry]) -> None:
        for key, entry in writes.items():
            if self._entries.get(key) is entry:
                del self._entries[key]
            entry.changed.set()

    def _prune(self, now: float) -> None:
        """Forget what is gone, and of the rest what was written first; what is being written stays."""
        alive = {key: entry for key, entry in self._entries.items() if self._is_known(key, now)}
        oldest = sorted(alive, key=lambda key: alive[key].expires_at or float("inf"))
        for key in oldest[: max(0, len(alive) - MOST_ENTRIES // 2)]:
            if alive[key].expires_at is not None:
                del alive[key]
        self._entries = alive


class Turn:
    """One request's part: what it reads, and what it writes for the others.

    Attributes:
        expected: Tokens as estimated: ``read`` and ``write`` of the cache, ``total`` of the prompt.
    """

    def __init__(
        self,
        prefixes: Prefixes,
        writes: dict[str, _Entry],
        reads: Sequence[str],
        expected: dict[str, int],
    ) -> None:
        self.expected = expected
        self._prefixes = prefixes
        self._writes = writes
        self._reads = reads
        self._started = prefixes.now()
        self._began = False

    @property
    def leads(self) -> bool:
        """Whether others may be waiting for it."""
        return bool(self._writes)

    @property
    def writes(self) -> tuple[str, ...]:
        """The prefixes it is to write, the shortest first."""
        return tuple(self._writes)

    def sent(self) -> None:
        """The request goes out now: lifetimes begin, also those of what it reads."""
        self._started = self._prefixes.now()
        self._prefixes._refresh(self._reads, self._started)  # noqa: SLF001 - two halves of one thing

    def began(self) -> None:
        """The answer has begun: what it wrote can be read."""
        if not self._began:
            self._began = True
            self._prefixes._refresh(self._reads, self._started)  # noqa: SLF001
            self._prefixes._written(self._writes.values(), self._started)  # noqa: SLF001

    def warmed(self, keys: Iterable[str], started: float) -> None:
        """Another request wrote some of the prefixes: they can be read, and who takes the next turn does."""
        done = [self._writes.pop(key) for key in keys if key in self._writes]
        self._prefixes._written(done, started)  # noqa: SLF001

    def over(self) -> None:
        """The call ended; where no answer ever began, another request must write."""
        if not self._began:
            self._prefixes._given_up(self._writes)  # noqa: SLF001


def readable(request: Request) -> frozenset[str]:
    """Return the prefixes that a request reads where they are cached: those within reach of a breakpoint."""
    if not marked(request):
        return frozenset()
    positions = prefix_tokens(request)
    marks = _long_enough(request, positions)
    keys = prefix_keys(request, positions) if marks else []
    reach = (range(mark.at, max(-1, mark.at - LOOKBACK), -1) for mark in marks)
    return frozenset(keys[at] for each in reach for at in each)


def _long_enough(request: Request, positions: Sequence[Position]) -> list[Mark]:
    """Return the breakpoints whose prefix the service may cache; where the minimum is unknown, all."""
    model = catalog().get(request.model)
    least = (model.min_cacheable_tokens if model is not None else None) or 0
    return [mark for mark in breakpoints(positions) if positions[mark.at].tokens * DOUBT >= least]
