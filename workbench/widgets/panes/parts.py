"""An answer while it grows: its parts as the page shows them, and what of its Markdown is complete."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from workbench.show.blocks import block
from workbench.show.safe import MAX_BYTES, Html, visible
from workbench.wire.blocks import TOOL_USES, TextBlock, ThinkingBlock
from workbench.wire.events import (
    CitationsDelta,
    ContentBlockDelta,
    ContentBlockStart,
    InputJsonDelta,
    TextDelta,
    ThinkingDelta,
)

if TYPE_CHECKING:
    from workbench.wire import ContentBlock, StreamEvent

Kind = Literal["text", "thinking", "tool", "html"]
Delta = list[Any]
"""``[kind, value]``: ``part`` begins a part, ``text`` adds to the last one, ``settle`` makes Markdown of a
beginning, ``set`` changes what stands around them."""

TITLES: Final = {
    "tool_use": "tool call",
    "server_tool_use": "server tool call",
    "mcp_tool_use": "MCP tool call",
}
_NONE: Final = Html()
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_BREAK = re.compile(r"\n[ \t]*\n(?=\S)")


@dataclass(slots=True)
class Part:
    """A piece of an answer that is shown as one: text, a thought, a tool call, the result of a server tool.

    Attributes:
        kind: How it is shown.
        title: Of what is folded.
        html: Markdown that is complete, or the whole of what came in one piece.
        tail: What has come since, as plain text.
        count: Characters so far; past `MAX_BYTES` nothing more is sent until the end.
    """

    kind: Kind
    title: str = ""
    html: Html = _NONE
    tail: str = ""
    count: int = 0

    def shown(self) -> dict[str, Any]:
        """Return it for the page."""
        return {"kind": self.kind, "title": self.title, "html": self.html, "tail": self.tail}


class Growing:
    """The parts of one answer, and what the page has not been told of them."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.pending: list[Delta] = []
        self.cited = 0

    def take(self, event: StreamEvent) -> Kind | None:
        """Take the next event; return the kind of part it made longer, or None."""
        if isinstance(event, ContentBlockStart):
            return self._begin(event.content_block)
        if not isinstance(event, ContentBlockDelta):
            return None
        delta = event.delta
        if isinstance(delta, TextDelta):
            return self._add("text", delta.text)
        if isinstance(delta, ThinkingDelta):
            return self._add("thinking", delta.thinking)
        if isinstance(delta, InputJsonDelta):
            return self._add("tool", delta.partial_json)
        if isinstance(delta, CitationsDelta):
            self.cited += 1
            self._add("text", f" [{self.cited}]")
        return None

    def _begin(self, item: ContentBlock) -> Kind | None:
        if isinstance(item, TextBlock):
            if not self.parts or self.parts[-1].kind != "text":
                self._open(Part("text"))
            return self._add("text", item.text)
        if isinstance(item, ThinkingBlock):
            self._open(Part("thinking", "thinking"))
            return self._add("thinking", item.thinking)
        if item.type in TOOL_USES:
            self._open(Part("tool", f"{TITLES[item.type]} {visible(str(getattr(item, 'name', '')))}"))
            return "tool"
        self._open(Part("html", html=block(item)))
        return "html"

    def _open(self, part: Part) -> None:
        self.parts.append(part)
        self.pending.append(["part", part.shown()])

    def _add(self, kind: Kind, more: str) -> Kind | None:
        if not more:
            return None
        part = self.parts[-1] if self.parts else None
        if part is None or part.kind != kind:
            self._open(part := Part(kind))
        part.count += len(more)
        if part.count > MAX_BYTES:
            return kind
        plain = visible(more)
        part.tail += plain
        if self.pending and self.pending[-1][0] == "text":
            self.pending[-1][1] += plain
        else:
            self.pending.append(["text", plain])
        return kind

    def ripe(self) -> tuple[int, str] | None:
        """Return a part and the beginning of its tail that is complete Markdown, or None."""
        for index, part in enumerate(self.parts):
            if part.kind != "text" or not part.tail:
                continue
            closed = index < len(self.parts) - 1
            end = len(part.tail) if closed else complete(part.tail)
            if end:
                return index, part.tail[:end]
        return None

    def settle(self, index: int, length: int, html: Html) -> None:
        """Put Markdown in the place of the first *length* characters of a tail."""
        part = self.parts[index]
        part.tail = part.tail[length:]
        part.html += html
        self.pending.append(["settle", {"part": index, "length": length, "html": html}])


def complete(text: str) -> int:
    r"""Return how many characters of *text* are whole paragraphs, lists and code blocks.

    >>> complete("One.\n\nTwo"), complete("One.\nTwo"), complete("One.\n\n```\ncode\n\nmore")
    (6, 0, 6)
    """
    fence, start, end = "", 0, 0
    while start < len(text):
        stop = text.find("\n", start)
        line = text[start:] if stop < 0 else text[start:stop]
        found = _FENCE.match(line)
        if found and not fence:
            fence = found[1]
        elif found and found[1].startswith(fence) and not line[found.end() :].strip():
            fence = ""
        if stop < 0:
            break
        if not fence and (gap := _BREAK.match(text, stop)):
            end = gap.end()
        start = stop + 1
    return end
