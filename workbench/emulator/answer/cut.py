"""Where an answer ends early: a stop sequence, the output limit, the context window."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.wire.blocks import TOOL_USES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

JSON = dict[str, Any]
_PIECE = re.compile(r"\s*\S+\s*|\s+")


@dataclass(frozen=True, slots=True)
class Cut:
    """What is left of an answer, and why it ended."""

    content: list[JSON]
    stop_reason: str | None
    stop_sequence: str | None = None


def at_stop_sequence(content: list[JSON], sequences: Sequence[str]) -> Cut:
    """End the text before the first stop sequence in it; tool calls and thinking are never searched.

    >>> at_stop_sequence([{"type": "text", "text": "one END two"}], ["END"])
    Cut(content=[{'type': 'text', 'text': 'one '}], stop_reason='stop_sequence', stop_sequence='END')
    """
    for index, block in enumerate(content):
        if block.get("type") != "text":
            continue
        found = [(block["text"].find(sequence), sequence) for sequence in sequences if sequence]
        found = [(at, sequence) for at, sequence in found if at >= 0]
        if found:
            at, sequence = min(found)
            return Cut(_upto(content, index, block["text"][:at]), "stop_sequence", sequence)
    return Cut(content, None)


def at_limit(content: list[JSON], room: int, tokens: Callable[[str], int], reason: str) -> Cut:
    """End the content where it would take more than *room* tokens.

    Text is cut between words; a tool call that does not fit is left out.
    """
    for index, block in enumerate(content):
        size = block_size(block, tokens)
        if size > room:
            kept = _fitting(block["text"], room, tokens) if block.get("type") == "text" else ""
            return Cut(_upto(content, index, kept), reason)
        room -= size
    return Cut(content, None)


def block_size(block: JSON, tokens: Callable[[str], int]) -> int:
    """Return the output tokens of a block. The text of a citation is free.

    Source: https://platform.claude.com/docs/en/build-with-claude/citations
    """
    if block.get("type") == "text":
        return tokens(block["text"])
    if block.get("type") in TOOL_USES:
        return tokens(f"{block['name']}{block['input']}") + 12
    return 0


def _upto(content: list[JSON], index: int, text: str) -> list[JSON]:
    if not text:
        return content[:index]
    last = {**content[index], "text": text}
    last.pop("citations", None)
    return [*content[:index], last]


def _fitting(text: str, room: int, tokens: Callable[[str], int]) -> str:
    if room <= 0:
        return ""
    ends = [found.end() for found in _PIECE.finditer(text)]
    low, high = 0, len(ends)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if tokens(text[: ends[middle - 1]]) <= room else (low, middle - 1)
    if low:
        return text[: ends[low - 1]].rstrip() or text[: ends[low - 1]]
    return text[: 2 * room] if tokens(text[: 2 * room]) <= room else text[:room]
