"""The prompt cache: what is written, what is read, what is billed.

Source: https://platform.claude.com/docs/en/build-with-claude/prompt-caching
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workbench.wire.codec import dumps

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from workbench.catalog import Model
    from workbench.tokens import Position

JSON = dict[str, Any]

LOOKBACK = 20
"""Positions tested at each breakpoint, the breakpoint itself included."""
TTL_S = {"5m": 300.0, "1h": 3600.0}
UNKNOWN_MINIMUM = 1024
"""Used where the catalog has no figure for a model: the commonest of the known ones."""
MOST_ENTRIES = 100_000
_SERVER_RESULTS = ("web_search_tool_result", "web_fetch_tool_result", "code_execution_tool_result")


@dataclass(slots=True)
class Entry:
    """One cached prefix; times are seconds of the caller's clock."""

    readable_at: float
    expires_at: float
    ttl_s: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A breakpoint: its position and lifetime."""

    index: int
    ttl: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What one request reads and writes, in tokens; the four counts add up to the whole prompt."""

    uncached: int
    read: int = 0
    written_5m: int = 0
    written_1h: int = 0
    started_at: float = 0.0
    writes: tuple[tuple[bytes, str], ...] = ()
    reads: tuple[bytes, ...] = ()

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
    """Entries by the hash of their whole prefix."""

    entries: dict[bytes, Entry] = field(default_factory=dict)

    def plan(
        self, hashes: Sequence[bytes], positions: Sequence[Position], *, minimum: int | None, now: float
    ) -> Plan:
        """Return what a request that starts *now* reads and is to write.

        Args:
            hashes: The prefix hash at each position.
            positions: Where the prefix may end, with tokens and marks.
            minimum: The model's shortest cacheable prompt, in tokens.
            now: When the request started.
        """
        total = positions[-1].tokens if positions else 0
        least = UNKNOWN_MINIMUM if minimum is None else minimum
        marks = [mark for mark in marks_of(positions) if positions[mark.index].tokens >= least]
        if not marks:
            return Plan(uncached=total, started_at=now)
        hit = self._hit(hashes, marks, now)
        read = positions[hit].tokens if hit is not None else 0
        after = [mark for mark in marks if hit is None or mark.index > hit]
        hours = [mark for mark in after if mark.ttl == "1h"]
        until_1h = positions[hours[-1].index].tokens if hours else read
        last = positions[after[-1].index].tokens if after else read
        touched = [mark.index for mark in marks if hit is not None and mark.index < hit]
        return Plan(
            uncached=total - last,
            read=read,
            written_5m=last - until_1h,
            written_1h=until_1h - read,
            started_at=now,
            writes=tuple((hashes[mark.index], mark.ttl) for mark in after),
            reads=tuple(hashes[index] for index in (*touched, *([hit] if hit is not None else []))),
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

    def _write(self, key: bytes, ttl_s: float, started_at: float, now: float) -> None:
        old = self.entries.get(key)
        if old is None or old.expires_at <= now:
            self.entries[key] = Entry(now, started_at + ttl_s, ttl_s)
            return
        old.ttl_s = max(old.ttl_s, ttl_s)
        old.expires_at = max(old.expires_at, started_at + ttl_s)

    def _hit(self, hashes: Sequence[bytes], marks: Sequence[Mark], now: float) -> int | None:
        """Return the position of the longest prefix found, or None.

        Each breakpoint, the last one first, looks back over `LOOKBACK` positions for what was written before.
        """
        for mark in reversed(marks):
            for index in range(mark.index, max(-1, mark.index - LOOKBACK), -1):
                entry = self.entries.get(hashes[index])
                if entry is not None and entry.readable_at <= now < entry.expires_at:
                    return index
        return None

    def _prune(self, now: float) -> None:
        alive = {key: entry for key, entry in self.entries.items() if entry.expires_at > now}
        self.entries = dict(list(alive.items())[-MOST_ENTRIES // 2 :])


def marks_of(positions: Sequence[Position]) -> list[Mark]:
    """Return the breakpoints in force, in order: those asked for, and with them each server-tool result."""
    marks = [Mark(index, ttl) for index, place in enumerate(positions) if (ttl := _ttl(place)) is not None]
    if not marks:
        return []
    marked = {mark.index for mark in marks}
    marks += [
        Mark(index, "5m")
        for index, place in enumerate(positions)
        if index not in marked and getattr(place.block, "type", None) in _SERVER_RESULTS
    ]
    return sorted(marks, key=lambda mark: mark.index)


def _ttl(place: Position) -> str | None:
    if place.marked:
        return "1h" if place.ttl == "1h" else "5m"
    inner = getattr(place.block, "content", None)
    if getattr(place.block, "type", None) == "tool_result" and isinstance(inner, tuple):
        controls = [control for block in inner if (control := getattr(block, "cache_control", None))]
        return (getattr(controls[-1], "ttl", None) or "5m") if controls else None
    return None


def prefix_hashes(body: JSON, sections: Sequence[str], *, model: Model, workspace: str) -> list[bytes]:
    """Return the hash of the prefix at each position.

    What else decides whether a prefix can be reused is mixed in where it starts to matter: the model at the
    tools; speed, web search and citations at the system prompt; the rest at the messages.

    Args:
        body: The request as JSON.
        sections: The section of each position, as `tokens.prefix_tokens` lists them.
        model: Gives defaults, so that asking for the default is no change.
        workspace: Caches are not shared between workspaces.
    """
    seeds = {
        "tools": [model.id, workspace],
        "system": _system_seed(body, model),
        "messages": _message_seed(body, model),
    }
    waiting = ["tools", "system", "messages"]
    state, out = b"", []
    for (role, block), section in zip(_raw(body), sections, strict=True):
        while section in waiting:
            state = _mixed(state, dumps(seeds[waiting.pop(0)]))
        if not _is_web_search(block, section):
            state = _mixed(state, role.encode() + dumps(_bare(block)))
        out.append(state)
    return out


def _mixed(state: bytes, more: bytes) -> bytes:
    return hashlib.blake2b(state + more, digest_size=20).digest()


def _raw(body: JSON) -> Iterator[tuple[str, JSON]]:
    """Yield role and JSON of every position: tools, system blocks, message blocks."""
    for tool in body.get("tools") or ():
        if not tool.get("defer_loading"):
            yield "", tool
    for block in _blocks(body.get("system")):
        yield "system", block
    for turn in body["messages"]:
        for block in _blocks(turn["content"]):
            yield turn["role"], block


def _blocks(content: Any) -> list[JSON]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content or ())


def _bare(block: JSON) -> JSON:
    """Return a block without breakpoints, its fields in one order; free objects inside keep theirs."""
    kept = {name: block[name] for name in sorted(block) if name != "cache_control"}
    if block.get("type") == "tool_result" and isinstance(block.get("content"), list):
        kept["content"] = [_bare(inner) for inner in block["content"]]
    return kept


def _is_web_search(block: JSON, section: str) -> bool:
    return section == "tools" and str(block.get("type") or "").startswith("web_search")


def speed_of(body: JSON, model: Model) -> str:
    """Return the speed a request runs at: some models take ``fast`` and run at standard speed."""
    return "fast" if body.get("speed") == "fast" and model.fast_mode is True else "standard"


def _system_seed(body: JSON, model: Model) -> list[Any]:
    searches = [_bare(tool) for tool in body.get("tools") or () if _is_web_search(tool, "tools")]
    return [
        speed_of(body, model),
        searches,
        any((block.get("citations") or {}).get("enabled") for block in _media(body)),
    ]


def _message_seed(body: JSON, model: Model) -> list[Any]:
    thinking = body.get("thinking") or {}
    kind = thinking.get("type") or (
        "adaptive" if model.thinking_default in {"on", "always_on"} else "disabled"
    )
    effort = (body.get("output_config") or {}).get("effort")
    choice = body.get("tool_choice") or {}
    return [
        [choice.get("type") or "auto", choice.get("name"), bool(choice.get("disable_parallel_tool_use"))],
        [kind, thinking.get("budget_tokens")],
        None if effort == model.effort_default else effort,
        any(block.get("type") == "image" for block in _media(body)),
    ]


def _media(body: JSON) -> Iterator[JSON]:
    """Yield documents, search results and images, those inside tool results too."""
    for turn in body["messages"]:
        for block in _blocks(turn["content"]):
            inner = block.get("content") if block.get("type") == "tool_result" else None
            for one in (block, *(inner if isinstance(inner, list) else ())):
                if one.get("type") in {"document", "search_result", "image"}:
                    yield one
