"""Why the prompt cache could not reuse the prefix of the request before.

Source: https://platform.claude.com/docs/en/build-with-claude/cache-diagnostics
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workbench.tokens import running_speed
from workbench.wire.codec import digest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.catalog import Model

JSON = dict[str, Any]
MOST_FINGERPRINTS = 10_000
_NOT_PROMPT = frozenset({"model", "speed", "messages", "system", "tools", "max_tokens", "stream"}) | {
    "stop_sequences",
    "metadata",
    "diagnostics",
    "service_tier",
    "cache_control",
}


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What is kept of a request to compare the next one with."""

    model: tuple[str, str]
    tools: str
    system: str
    messages: tuple[str, ...]
    others: str
    tokens: int


def fingerprint(body: JSON, model: Model, tokens: int) -> Fingerprint:
    """Return the fingerprint of a request of *tokens* input tokens."""
    return Fingerprint(
        model=(model.id, running_speed(body.get("speed"), model)),
        tools=digest(body.get("tools") or []),
        system=digest(body.get("system")),
        messages=tuple(digest(_unmarked(turn)) for turn in body["messages"]),
        others=digest({name: value for name, value in body.items() if name not in _NOT_PROMPT}),
        tokens=tokens,
    )


def _unmarked(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _unmarked(inner) for name, inner in value.items() if name != "cache_control"}
    return [_unmarked(inner) for inner in value] if isinstance(value, list) else value


@dataclass
class Diagnostics:
    """Fingerprints of the requests that asked for diagnostics, by workspace and message id."""

    kept: OrderedDict[tuple[str, str], Fingerprint] = field(default_factory=OrderedDict)

    def judge(self, body: JSON, current: Fingerprint, workspace: str, shared: Sequence[int]) -> JSON | None:
        """Return the response's ``diagnostics``.

        Args:
            body: The request as JSON.
            current: Its fingerprint.
            workspace: Whose request it is.
            shared: Tokens up to the start of tools' end, system's end, and each message's end.
        """
        previous = (body.get("diagnostics") or {}).get("previous_message_id")
        if previous is None:
            return None
        before = self.kept.get((workspace, str(previous)))
        if before is None:
            return {"cache_miss_reason": {"type": "previous_message_not_found"}}
        reason = _reason(before, current, shared)
        return None if reason is None else {"cache_miss_reason": reason}

    def keep(self, workspace: str, message_id: str, current: Fingerprint) -> None:
        """Remember a request that asked for diagnostics."""
        self.kept[workspace, message_id] = current
        while len(self.kept) > MOST_FINGERPRINTS:
            self.kept.popitem(last=False)


def _reason(before: Fingerprint, now: Fingerprint, shared: Sequence[int]) -> JSON | None:
    if before.model != now.model:
        return _missed("model_changed", before.tokens)
    if before.tools != now.tools:
        return _missed("tools_changed", before.tokens)
    if before.system != now.system:
        return _missed("system_changed", before.tokens - shared[0])
    if before.others != now.others:
        return {"type": "unavailable"}
    same = _common(before.messages, now.messages)
    if same < len(before.messages):
        return _missed("messages_changed", before.tokens - shared[1 + same])
    return None


def _missed(kind: str, tokens: int) -> JSON:
    return {"type": kind, "cache_missed_input_tokens": max(0, tokens)}


def _common(before: Sequence[str], now: Sequence[str]) -> int:
    for index, (left, right) in enumerate(zip(before, now, strict=False)):
        if left != right:
            return index
    return min(len(before), len(now))
