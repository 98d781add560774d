"""How many tokens a request has, estimated offline, with an honest band.

The tokenizers are not public, so a text is cut into the pieces any byte-pair tokenizer sees (words, numbers,
punctuation, whitespace, other scripts) and each piece counts what such pieces cost on average. Only
``POST /v1/messages/count_tokens`` counts exactly; the band is ±20 % for Latin text and code, ±40 % for the
rest. The emulator counts with `TokenEstimate.likely`, lint and `estimate` with the same numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from workbench.catalog import Model, catalog
from workbench.display import Shown
from workbench.tokens.blocks import block_span, block_tokens, tool_prompt, tool_span
from workbench.tokens.media import image_size, image_tokens, pdf_pages
from workbench.tokens.prefix import (
    LOOKBACK,
    Mark,
    Position,
    Split,
    billed,
    breakpoints,
    keys_of,
    longest_hit,
    running_speed,
)
from workbench.tokens.text import NOTHING, Span, text_tokens
from workbench.wire import (
    RedactedThinkingBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    Wire,
    cache_control_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from workbench.wire import CacheControl, Request

__all__ = [
    "LOOKBACK",
    "Mark",
    "Position",
    "Split",
    "TokenEstimate",
    "billed",
    "block_tokens",
    "breakpoints",
    "cacheable",
    "count",
    "image_size",
    "image_tokens",
    "longest_hit",
    "pdf_pages",
    "prefix_keys",
    "prefix_tokens",
    "running_speed",
    "text_tokens",
]

PER_MESSAGE, PER_REQUEST = 4, 3
"""Tokens of a turn's markers, and of the opening of the answer."""


@dataclass(frozen=True, slots=True)
class TokenEstimate(Shown):
    """Input tokens of a request.

    Attributes:
        low: Hardly less than this.
        likely: The best single guess, and what the emulator counts.
        high: Hardly more than this.
        parts: `likely` by ``system``, ``tools``, ``messages``, ``documents``, ``images``.
        notes: What had to be assumed.
        exact: Always False here; the service's own count is exact.
    """

    low: int
    likely: int
    high: int
    parts: Mapping[str, int]
    notes: tuple[str, ...] = ()
    exact: bool = False

    def __str__(self) -> str:
        parts = " · ".join(f"{name} {n:,}" for name, n in self.parts.items())
        wide = max(self.high - self.likely, self.likely - self.low)
        share = round(100 * wide / self.likely) if self.likely else 0
        return "\n".join((f"{parts}   about {self.likely:,} (±{share} %)", *self.notes))


class _Piece(NamedTuple):
    path: str
    block: Wire
    span: Span
    section: str
    part: str
    role: str | None = None


_PARTS = {"document": "documents", "search_result": "documents", "image": "images"}


def _pieces(request: Request, model: Model | None) -> Iterator[_Piece]:
    yield from _tool_pieces(request, model)
    whole = isinstance(request.system, str)
    for i, block in enumerate(request.system_blocks):
        yield _Piece(
            "system" if whole else f"system[{i}]", block, block_span(block, model), "system", "system"
        )
    yield from _message_pieces(request, model)


def _tool_pieces(request: Request, model: Model | None) -> Iterator[_Piece]:
    prompt = tool_prompt(request, model) if request.tools else NOTHING
    for i, tool in enumerate(request.tools or ()):
        if not tool.defer_loading:
            yield _Piece(f"tools[{i}]", tool, tool_span(tool, model).plus(prompt), "tools", "tools")
            prompt = NOTHING


def _message_pieces(request: Request, model: Model | None) -> Iterator[_Piece]:
    extra = PER_REQUEST
    forgotten = _forgotten(request, model)
    for i, message in enumerate(request.messages):
        extra += PER_MESSAGE
        whole = isinstance(message.content, str)
        for j, block in enumerate(message.blocks):
            gone = i < forgotten and isinstance(block, ThinkingBlock | RedactedThinkingBlock)
            span = (NOTHING if gone else block_span(block, model)).plus(Span(extra, extra, extra))
            path = f"messages[{i}].content" + ("" if whole else f"[{j}]")
            part = _PARTS.get(getattr(block, "type", ""), "messages")
            yield _Piece(path, block, span, "messages", part, message.role)
            extra = 0


def _forgotten(request: Request, model: Model | None) -> int:
    """Return the index of the last real user turn: some models drop the thinking before it."""
    if model is None or model.keeps_prior_thinking is not False:
        return 0
    for i in range(len(request.messages) - 1, -1, -1):
        turn = request.messages[i]
        if turn.role == "user" and not any(isinstance(b, ToolResultBlock) for b in turn.blocks):
            return i
    return 0


def count(request: Request) -> TokenEstimate:
    """Estimate the input tokens of a request; the band says how far off it may be.

    A model the catalog does not know is counted with the newest tokenizer, and a note says so.
    """
    model = catalog().get(request.model)
    parts = dict.fromkeys(("system", "tools", "messages", "documents", "images"), 0)
    low = high = 0.0
    for piece in _pieces(request, model):
        parts[piece.part] += round(piece.span.likely)
        low += piece.span.low
        high += piece.span.high
    notes = () if model else (f"{request.model} is not in the catalog: counted with the newest tokenizer",)
    likely = sum(parts.values())
    return TokenEstimate(min(likely, math.floor(low)), likely, max(likely, math.ceil(high)), parts, notes)


def prefix_tokens(request: Request) -> list[Position]:
    """List the positions at which the prompt cache may end, with the tokens up to each.

    Order is that of the cache: tools, system, messages. Deferred tools are outside the prefix. The last
    position's tokens equal ``count(request).likely``.

    Source: https://platform.claude.com/docs/en/build-with-claude/prompt-caching
    """
    pieces = list(_pieces(request, catalog().get(request.model)))
    automatic = _automatic(request, [piece.block for piece in pieces])
    positions, total = [], 0
    for i, piece in enumerate(pieces):
        total += round(piece.span.likely)
        control = _own_mark(piece.block) or (request.cache_control if i == automatic else None)
        ttl = (control.ttl or "5m") if control else None
        positions.append(
            Position(piece.path, total, piece.block, control is not None, ttl, piece.section, piece.role)
        )
    return positions


def _own_mark(block: Wire) -> CacheControl | None:
    """Return the breakpoint on a block; blocks inside a tool result share its position, the last one wins."""
    found = cache_control_of(block)
    if found is None and isinstance(block, ToolResultBlock) and isinstance(block.content, tuple):
        return next(filter(None, map(cache_control_of, reversed(block.content))), None)
    return found


def prefix_keys(request: Request, positions: Sequence[Position] | None = None) -> list[str]:
    """Return one key per position of `prefix_tokens`: equal keys, equal prompt up to and with that block.

    Args:
        request: Breakpoints in it do not count; what invalidates a cached prefix does (see `prefix.keys_of`).
        positions: Its positions, where they are at hand.
    """
    return keys_of(request, prefix_tokens(request) if positions is None else positions)


def cacheable(block: Wire) -> bool:
    """Tell whether a block may carry ``cache_control``: not thinking, not empty text."""
    if isinstance(block, ThinkingBlock | RedactedThinkingBlock):
        return False
    return not (isinstance(block, TextBlock) and not block.text)


def _automatic(request: Request, blocks: Sequence[Wire]) -> int | None:
    """Return the position that top-level ``cache_control`` marks: the last cacheable one."""
    if request.cache_control is None:
        return None
    return next((i for i in range(len(blocks) - 1, -1, -1) if cacheable(blocks[i])), None)
