"""What a request says, read once: texts, documents, tools, results."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from workbench.emulator.answer.pdf import pages
from workbench.emulator.answer.text import Span, sentences

JSON = dict[str, Any]

_INLINE = re.compile(
    r"<(document|documents|context|passage|article|text|source)\b[^>]*>(?P<tagged>.+?)</\1>"
    r"|^[ \t]*(?:context|passage|document|article|abstract|excerpt)[ \t]*:[ \t]*(?P<named>.+?)"
    r"(?=\n[ \t]*(?:question|q|query|task|answer)[ \t]*:|\Z)",
    re.IGNORECASE | re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Unit:
    """The smallest piece that can be quoted, with its place in its source."""

    text: str
    place: JSON


@dataclass(frozen=True, slots=True)
class Source:
    """A document or search result: its pieces, and how a citation names it.

    Attributes:
        kind: The ``type`` of its citations.
        name: The fields of a citation that tell which source it is.
        cited: Whether the caller asked for citations.
        units: Its quotable pieces, in order.
    """

    kind: str
    name: JSON
    cited: bool
    units: tuple[Unit, ...]


@dataclass(frozen=True)
class Reading:
    """One request as the answerer sees it. Only what is asked for is worked out."""

    body: JSON
    _memo: dict[str, Any] = field(default_factory=dict, compare=False)

    @cached_property
    def system(self) -> str:
        """The system prompt, and system turns among the messages."""
        parts = [texts(self.body.get("system"))]
        parts += [texts(turn.get("content")) for turn in self.turns if turn["role"] == "system"]
        return "\n".join(part for part in parts if part)

    @cached_property
    def turns(self) -> list[JSON]:
        """The messages; neighbours of one role merged, as the service does."""
        merged: list[JSON] = []
        for turn in self.body.get("messages") or ():
            if merged and merged[-1]["role"] == turn["role"]:
                merged[-1]["content"] = blocks(merged[-1]["content"]) + blocks(turn.get("content"))
            else:
                merged.append({"role": turn["role"], "content": turn.get("content")})
        return merged

    @cached_property
    def asked(self) -> str:
        """What the user wrote last; an earlier turn where the last one holds no text."""
        for turn in reversed(self.turns):
            if turn["role"] == "user" and (text := texts(turn["content"]).strip()):
                return text
        return ""

    @cached_property
    def prefill(self) -> str:
        """The beginning of the answer, where the last turn is the assistant's."""
        last = self.turns[-1] if self.turns else None
        return texts(last["content"]) if last and last["role"] == "assistant" else ""

    @cached_property
    def examples(self) -> list[tuple[str, str]]:
        """Earlier exchanges: what the user wrote, what the assistant said."""
        pairs = []
        for before, after in zip(self.turns, self.turns[1:], strict=False):
            if before["role"] == "user" and after["role"] == "assistant" and after is not self.turns[-1]:
                pairs.append((texts(before["content"]), texts(after["content"]).strip()))
        return pairs

    @cached_property
    def results(self) -> list[str]:
        """Texts of the tool results in the last turn; empty where it holds none."""
        last = self.turns[-1] if self.turns else {"role": "", "content": ""}
        if last["role"] != "user":
            return []
        found = [block for block in blocks(last["content"]) if block.get("type") == "tool_result"]
        return [_result(block) for block in found]

    @cached_property
    def tools(self) -> list[JSON]:
        """The tools on offer that the caller runs, deferred ones left out."""
        if (self.body.get("tool_choice") or {}).get("type") == "none":
            return []
        offered = self.body.get("tools") or ()
        return [tool for tool in offered if isinstance(tool, dict) and not tool.get("defer_loading")]

    @cached_property
    def sources(self) -> list[Source]:
        """Every document and search result of the request, in order."""
        found: list[Source] = []
        documents = results = 0
        for block in _walk(self.body.get("messages") or ()):
            if block.get("type") == "document":
                found.append(_document(block, documents))
                documents += 1
            elif block.get("type") == "search_result":
                found.append(_search_result(block, results))
                results += 1
        return found

    @cached_property
    def inline(self) -> list[str]:
        """Sentences of passages that stand in the prompt itself, in tags or after "Context:"."""
        found = _INLINE.finditer(f"{self.system}\n{self.asked}")
        return [span.text for match in found for span in sentences(match["tagged"] or match["named"] or "")]

    @cached_property
    def question(self) -> str:
        """What is asked, without the passages it is asked about."""
        return _INLINE.sub(" ", self.asked).strip() or self.asked


def blocks(content: Any) -> list[JSON]:
    """Return content as blocks; a string is one text block."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [block for block in content or () if isinstance(block, dict)]


def texts(content: Any) -> str:
    """Return the text of string or block content, a line per block."""
    if isinstance(content, str):
        return content
    found = (block.get("text") for block in content or () if isinstance(block, dict))
    return "\n".join(text for text in found if isinstance(text, str))


def _result(block: JSON) -> str:
    """Return the text of a tool result; what is not text by its kind, in brackets."""
    content = blocks(block.get("content"))
    said = texts(content).strip()
    kinds = [f"[{inner.get('type')}]" for inner in content if inner.get("type") != "text"]
    line = " ".join(part for part in (said, *kinds) if part) or "(nothing)"
    return f"(error) {line}" if block.get("is_error") else line


def _walk(turns: Any) -> list[JSON]:
    found = []
    for turn in turns:
        for block in blocks(turn.get("content")):
            found.append(block)
            if block.get("type") == "tool_result":
                found.extend(blocks(block.get("content")))
    return found


def _enabled(block: JSON) -> bool:
    return bool((block.get("citations") or {}).get("enabled"))


def _document(block: JSON, index: int) -> Source:
    source = block.get("source") or {}
    name = {"document_index": index, "document_title": block.get("title"), "file_id": None}
    kind, units = _UNITS.get(str(source.get("type")), _nothing)(source)
    return Source(kind, name, _enabled(block), tuple(units))


def _search_result(block: JSON, index: int) -> Source:
    name = {"search_result_index": index, "source": block.get("source"), "title": block.get("title")}
    return Source("search_result_location", name, _enabled(block), tuple(_blockwise(block.get("content"))))


def _characters(source: JSON) -> tuple[str, list[Unit]]:
    spans: list[Span] = sentences(str(source.get("data") or ""))
    return "char_location", [
        Unit(span.text, {"start_char_index": span.start, "end_char_index": span.end}) for span in spans
    ]


def _paged(source: JSON) -> tuple[str, list[Unit]]:
    units = []
    for number, page in enumerate(pages(str(source.get("data") or "")), start=1):
        place = {"start_page_number": number, "end_page_number": number + 1}
        units += [Unit(span.text, place) for span in sentences(page)]
    return "page_location", units


def _content(source: JSON) -> tuple[str, list[Unit]]:
    return "content_block_location", _blockwise(source.get("content"))


def _blockwise(content: Any) -> list[Unit]:
    return [
        Unit(block["text"], {"start_block_index": index, "end_block_index": index + 1})
        for index, block in enumerate(blocks(content))
        if isinstance(block.get("text"), str) and block["text"].strip()
    ]


def _nothing(source: JSON) -> tuple[str, list[Unit]]:  # noqa: ARG001 - a URL or file the emulator does not open
    return "page_location", []


_UNITS = {"text": _characters, "base64": _paged, "content": _content}
