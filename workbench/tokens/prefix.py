"""Where the prompt cache may end, what makes two prefixes the same, and how a prompt is billed in parts.

Source: https://platform.claude.com/docs/en/build-with-claude/prompt-caching
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.catalog import Model, catalog
from workbench.tokens.blocks import unmarked
from workbench.wire import ImageBlock, ToolResultBlock
from workbench.wire.blocks import SERVER_TOOL_RESULTS
from workbench.wire.codec import dumps
from workbench.wire.tools import family

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from workbench.wire import ContentBlock, Request, Wire

LOOKBACK = 20
"""Positions tested at each breakpoint for an earlier write, the breakpoint itself included."""


class Position(NamedTuple):
    """One place where the prompt cache may end: tools, then system, then messages, block by block."""

    path: str
    """Where it is in the request, e.g. ``messages[1].content[0]``."""
    tokens: int
    """Tokens of the prompt up to and including this block, likely value."""
    block: Wire
    marked: bool
    """Whether it carries ``cache_control``: its own, one inside a tool result, or the automatic one."""
    ttl: str | None
    """``5m`` or ``1h`` where marked."""
    section: str
    """``tools``, ``system`` or ``messages``."""
    role: str | None
    """The turn's role; None outside messages."""


class Mark(NamedTuple):
    """A breakpoint: its position and lifetime."""

    at: int
    ttl: str


class Split(NamedTuple):
    """A prompt's tokens by price: uncached, 5m writes, 1h writes, reads."""

    plain: int
    short: int
    long: int
    read: int


def breakpoints(positions: Sequence[Position]) -> list[Mark]:
    """Return the breakpoints in force, in order: those asked for, and with them each server-tool result."""
    if not any(place.marked for place in positions):
        return []
    ttls = ((index, _ttl(place)) for index, place in enumerate(positions))
    return [Mark(index, ttl) for index, ttl in ttls if ttl is not None]


def _ttl(place: Position) -> str | None:
    if place.marked:
        return "1h" if place.ttl == "1h" else "5m"
    return "5m" if getattr(place.block, "type", None) in SERVER_TOOL_RESULTS else None


def longest_hit(keys: Sequence[str], marks: Sequence[Mark], is_cached: Callable[[str], bool]) -> int | None:
    """Return the position of the longest prefix found, or None.

    Each breakpoint, the last one first, looks back over `LOOKBACK` positions for what was written before.
    """
    for mark in reversed(marks):
        for index in range(mark.at, max(-1, mark.at - LOOKBACK), -1):
            if is_cached(keys[index]):
                return index
    return None


def billed(positions: Sequence[Position], marks: Sequence[Mark], hit: int | None) -> Split:
    """Bill a prompt: read to the hit A, 1h writes to the mark B, 5m writes to the mark C, then uncached."""
    total = positions[-1].tokens if positions else 0
    a = positions[hit].tokens if hit is not None else 0
    after = [mark for mark in marks if hit is None or mark.at > hit]
    b = max([a, *(positions[mark.at].tokens for mark in after if mark.ttl == "1h")])
    c = max([b, *(positions[mark.at].tokens for mark in after)])
    return Split(total - c, c - b, b - a, a)


def keys_of(request: Request, positions: Sequence[Position]) -> list[str]:
    """Return one key per position: equal keys, equal prompt up to and with that block.

    Breakpoints themselves do not count. What is no part of the prompt but invalidates it is mixed in where it
    starts to matter: the model at the tools; speed, web search and citations at the system prompt; the rest
    at the messages. The page says both that the cache is per speed and that speed leaves the tools valid;
    the second, from its table of what invalidates what, is followed.
    """
    model = catalog().get(request.model)
    seeds = {
        "tools": [model.id if model else request.model],
        "system": _system_seed(request, model),
        "messages": _message_seed(request, model),
    }
    waiting = list(seeds)
    chain, keys = hashlib.sha256(), []
    for place in positions:
        while place.section in waiting:
            chain.update(dumps(seeds[waiting.pop(0)]))
        if not _is_web_search(place.block):
            chain.update(dumps([place.section, place.role, _bare(place.block)]))
        keys.append(chain.hexdigest())
    return keys


def _bare(block: Wire) -> dict[str, Any]:
    """Return a block's JSON without breakpoints, those inside a tool result too."""
    body = unmarked(block)
    if isinstance(block, ToolResultBlock) and isinstance(block.content, tuple):
        body["content"] = [unmarked(inner) for inner in block.content]
    return body


def _is_web_search(block: Any) -> bool:
    return family(getattr(block, "type", None)) == "web_search"


def running_speed(asked: str | None, model: Model | None) -> str:
    """Return the speed a request runs at: some models take ``fast`` and run at standard speed."""
    return "fast" if asked == "fast" and (model is None or model.fast_mode is True) else "standard"


def _system_seed(request: Request, model: Model | None) -> list[Any]:
    searches = [unmarked(tool) for tool in request.tools or () if _is_web_search(tool)]
    cited = any(getattr(getattr(b, "citations", None), "enabled", None) is True for b in _all_blocks(request))
    return [running_speed(request.speed, model), searches, cited]


def _message_seed(request: Request, model: Model | None) -> list[Any]:
    """Return what invalidates the messages; asking for a default is no change."""
    choice, thinking = request.tool_choice, request.thinking
    on = model is not None and model.thinking_default in {"on", "always_on"}
    kind = thinking.type if thinking else "adaptive" if on else "disabled"
    effort = request.effort
    return [
        [choice.type, choice.name, bool(choice.disable_parallel_tool_use)]
        if choice
        else ["auto", None, False],
        [kind, getattr(thinking, "budget_tokens", None)],
        None if model is not None and effort == model.effort_default else effort,
        any(isinstance(block, ImageBlock) for block in _all_blocks(request)),
    ]


def _all_blocks(request: Request) -> Iterator[ContentBlock]:
    """Yield the blocks of all messages, those inside tool results too."""
    for message in request.messages:
        if isinstance(message.content, str):
            continue
        for block in message.content:
            yield block
            if isinstance(block, ToolResultBlock) and isinstance(block.content, tuple):
                yield from block.content
