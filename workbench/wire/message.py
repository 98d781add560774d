"""The response of ``POST /v1/messages``.

Source: https://platform.claude.com/docs/en/api/messages
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from pydantic import StrictFloat, StrictInt

from workbench.display import Shown
from workbench.wire.base import Wire
from workbench.wire.blocks import ContentBlock, TextBlock, ThinkingBlock, ToolUseBlock
from workbench.wire.told import told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.wire.citations import Citation

Count = StrictInt | StrictFloat | None
"""A count is a non-negative integer; anything else a server sent is kept, and makes the cost unknown."""

STOP_REASONS = (
    "end_turn",
    "max_tokens",
    "stop_sequence",
    "tool_use",
    "pause_turn",
    "refusal",
    "model_context_window_exceeded",
    "compaction",
)


class CacheCreation(Wire):
    """Tokens written to the prompt cache, by lifetime."""

    ephemeral_5m_input_tokens: Count = None
    ephemeral_1h_input_tokens: Count = None


class OutputTokensDetails(Wire):
    """What the output tokens were spent on."""

    thinking_tokens: Count = None


class ServerToolUse(Wire):
    """Calls of tools that the service ran."""

    web_search_requests: Count = None
    web_fetch_requests: Count = None
    code_execution_requests: Count = None


class Usage(Wire):
    """Tokens of one response. Total input = input + cache creation + cache read."""

    input_tokens: Count = None
    """Uncached input: what follows the last cache breakpoint."""
    output_tokens: Count = None
    cache_creation_input_tokens: Count = None
    cache_read_input_tokens: Count = None
    cache_creation: CacheCreation | None = None
    output_tokens_details: OutputTokensDetails | None = None
    server_tool_use: ServerToolUse | None = None
    service_tier: str | None = None
    speed: str | None = None
    inference_geo: str | None = None
    iterations: tuple[dict[str, Any], ...] | None = None

    @property
    def known(self) -> bool:
        """Whether every count is a non-negative integer; else the cost is unknown."""
        if self.input_tokens is None or self.output_tokens is None:
            return False
        return all(isinstance(n, int) and n >= 0 for n in self._counts() if n is not None)

    @property
    def total_input(self) -> int:
        """Input tokens of every kind."""
        parts = (self.input_tokens, self.cache_creation_input_tokens, self.cache_read_input_tokens)
        return sum(n for n in parts if isinstance(n, int))

    @property
    def thinking_tokens(self) -> int:
        """Output tokens spent on thinking."""
        n = self.output_tokens_details.thinking_tokens if self.output_tokens_details else None
        return n if isinstance(n, int) else 0

    def _counts(self) -> tuple[Count, ...]:
        split = self.cache_creation
        return (
            self.input_tokens,
            self.output_tokens,
            self.cache_creation_input_tokens,
            self.cache_read_input_tokens,
            split.ephemeral_5m_input_tokens if split else None,
            split.ephemeral_1h_input_tokens if split else None,
        )

    def __add__(self, other: Self) -> Usage:
        """Add what two replies used: to report tokens, not to price them.

        Counts add up, lists follow each other; tier, speed and geography survive where both agree, else they
        are null. A count that only one of the two has is taken from it. A sum with an unknown part is
        unknown: what is no count stays, and a missing input or output total stays missing. Prices differ by
        model, day and speed, so dollars are added as receipts: ``cost(a, …) + cost(b, …)``.
        """
        total = _sum(self.wire(), other.wire())
        for name in ("input_tokens", "output_tokens"):
            if None in {getattr(self, name), getattr(other, name)}:
                total[name] = None
        return Usage.model_validate(total)


def _sum(a: dict[str, Any], b: dict[str, Any]) -> dict[str, Any]:
    total: dict[str, Any] = {}
    for name in dict.fromkeys((*a, *b)):
        left, right = a.get(name), b.get(name)
        if isinstance(left, dict) or isinstance(right, dict):
            total[name] = _sum(left or {}, right or {})
        elif isinstance(left, list) or isinstance(right, list):
            total[name] = [*(left or ()), *(right or ())]
        elif isinstance(left, str) or isinstance(right, str):
            total[name] = left if left == right else None
        else:
            total[name] = _sum_counts(left, right)
    return total


def _sum_counts(left: Any, right: Any) -> Any:
    for count in (left, right):
        if count is not None and (not isinstance(count, int) or count < 0):
            return count
    return left if right is None else right if left is None else left + right


def refused_before_output(body: Mapping[str, Any]) -> str | None:
    """Return the category of a refusal that came before any output, "" where it names none, else None.

    Args:
        body: A message as JSON.

    >>> refused_before_output({"stop_reason": "refusal", "content": [], "stop_details": {"category": "bio"}})
    'bio'
    """
    if body.get("stop_reason") != "refusal" or body.get("content"):
        return None
    return (body.get("stop_details") or {}).get("category") or ""


class Message(Shown, Wire):
    """What the model answered."""

    id: str | None = None
    type: str = "message"
    role: str = "assistant"
    model: str
    content: tuple[ContentBlock, ...]
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: dict[str, Any] | None = None
    usage: Usage | None = None
    container: dict[str, Any] | None = None
    diagnostics: dict[str, Any] | None = None
    context_management: dict[str, Any] | None = None
    input_transformations: tuple[dict[str, Any], ...] | None = None

    @property
    def text(self) -> str:
        """The answer: text blocks joined exactly as sent, nothing between them."""
        return "".join([block.text for block in self.content if isinstance(block, TextBlock)])

    @property
    def thinking(self) -> str:
        """The visible thinking; empty where the model's display omits it."""
        return "\n\n".join(b.thinking for b in self.content if isinstance(b, ThinkingBlock))

    @property
    def tool_calls(self) -> tuple[ToolUseBlock, ...]:
        """Calls of the caller's tools, in order."""
        return tuple(b for b in self.content if isinstance(b, ToolUseBlock))

    @property
    def citations(self) -> tuple[Citation, ...]:
        """Citations of all text blocks, in order."""
        return tuple(c for b in self.content if isinstance(b, TextBlock) for c in b.citations or ())

    def __str__(self) -> str:
        return told(self.content) or f"(empty answer, stop_reason {self.stop_reason})"
