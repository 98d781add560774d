"""An answer as plain text: what it says and cites, which tools it calls, and that it thought.

>>> from workbench.wire import Message
>>> place = {"type": "char_location", "cited_text": "Seven days.", "start_char_index": 4,
...          "end_char_index": 15, "document_index": 0, "document_title": "Rules"}
>>> print(Message.model_validate({"model": "m", "content": [
...     {"type": "thinking", "thinking": "It is in the rules.", "signature": "s"},
...     {"type": "text", "text": "For seven days", "citations": [place]},
...     {"type": "text", "text": ". I check. "},
...     {"type": "tool_use", "id": "toolu_1", "name": "look_up", "input": {"what": "games"}}]}))
[thinking] It is in the rules.
For seven days [1]. I check.
[tool_use] look_up {"what": "games"}
[1] Rules: “Seven days.”
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from workbench.wire.blocks import TextBlock, ThinkingBlock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.wire.blocks import ContentBlock
    from workbench.wire.citations import Citation

BRIEF = 300
"""Characters shown of thinking, of a tool's input and of a quote."""


def numbered(content: Sequence[ContentBlock]) -> tuple[tuple[tuple[int, ...], ...], tuple[Citation, ...]]:
    """Number the citations of an answer; a passage cited again right after itself keeps its number.

    Returns:
        For each block the numbers of its citations in their order; and what they stand for, from 1.
    """
    found: list[Citation] = []
    numbers: list[tuple[int, ...]] = []
    for block in content:
        own: list[int] = []
        for citation in (block.citations or ()) if isinstance(block, TextBlock) else ():
            if not found or found[-1] != citation:
                found.append(citation)
            own.append(len(found))
        numbers.append(tuple(dict.fromkeys(own)))
    return tuple(numbers), tuple(found)


def named(citation: Citation) -> str:
    """Return what a citation calls its source; empty where it has no name for it."""
    body = citation.wire()
    return str(body.get("document_title") or body.get("title") or body.get("url") or body.get("source") or "")


def told(content: Sequence[ContentBlock]) -> str:
    """Return the blocks of an answer as text; empty where there are none."""
    numbers, citations = numbered(content)
    lines: list[str] = []
    said = ""
    for block, own in zip(content, numbers, strict=True):
        if isinstance(block, TextBlock):
            said += _marked(block.text, own)
            continue
        lines += [said.rstrip()] * bool(said.strip())
        lines.append(_other(block))
        said = ""
    lines += [said] * bool(said)
    return "\n".join([*lines, *(_listed(n, citation) for n, citation in enumerate(citations, 1))])


def _marked(text: str, numbers: Sequence[int]) -> str:
    """Put the numbers behind the last word."""
    if not numbers:
        return text
    body = text.rstrip()
    return f"{body} {''.join(f'[{n}]' for n in numbers)}{text[len(body) :]}"


def _listed(n: int, citation: Citation) -> str:
    body = citation.wire()
    places = ("document_index", "search_result_index")
    number = next(
        (f"{name.removesuffix('_index')} {body[name]}" for name in places if name in body), body["type"]
    )
    quote = _brief(str(body.get("cited_text") or ""))
    return f"[{n}] {_brief(named(citation) or number)}{f': “{quote}”' if quote else ''}"


def _other(block: ContentBlock) -> str:
    return " ".join(part for part in (f"[{block.type}]", _brief(_what(block))) if part)


def _what(block: ContentBlock) -> str:
    """Return what there is to say of a block that is no text."""
    if isinstance(block, ThinkingBlock):
        return block.thinking
    body = block.wire()
    if "name" in body:
        given = body["partial_json"] if "partial_json" in body else _json(body.get("input"))
        return f"{body['name']} {given}"
    content = body.get("content")
    if isinstance(content, dict) and "error_code" in content:
        return str(content["error_code"])
    if isinstance(content, list):
        return f"{len(content):,} item{'s' * (len(content) != 1)}"
    return ""


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _brief(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= BRIEF else f"{line[: BRIEF - 1]}…"
