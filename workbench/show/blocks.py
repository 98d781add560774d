"""Content blocks, of requests and of answers."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from workbench.show.h import join, tag
from workbench.show.parts import badge, code, fold, one_line, pre, short, whole
from workbench.show.safe import Html, escape, text
from workbench.wire.blocks import (
    DocumentBlock,
    ImageBlock,
    RedactedThinkingBlock,
    SearchResultBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from workbench.wire import ContentBlock, Wire

_NAME = re.compile(r"(\{\{[^{}\n]{1,100}\}\})")
_LONG: Final = 400


def block(item: ContentBlock, *, names: bool = False) -> Html:
    """Return one content block; *names* marks ``{{name}}`` in its text."""
    for kind, view in _VIEWS.items():
        if isinstance(item, kind):
            return view(item, names)
    return _other(item)


def template(value: str, *, names: bool) -> Html:
    """Return text; where it is a template, its ``{{name}}`` are marked."""
    if not names:
        return pre(value)
    parts = [
        tag("mark", part, cls="wb-name") if _NAME.fullmatch(part) else escape(part)
        for part in _NAME.split(value)
    ]
    return tag("pre", *parts, cls="wb-text", dir="auto")


def elided(value: Any, limit: int = _LONG) -> Any:
    """Return JSON with strings cut after *limit* characters: base64 is not for reading.

    >>> elided({"data": "A" * 500})["data"][-23:]
    '… (100 characters more)'
    """
    if isinstance(value, str) and len(value) > limit:
        return short(value, limit)
    if isinstance(value, dict):
        return {str(key): elided(item, limit) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [elided(item, limit) for item in value]
    return value


def answer(items: Iterable[ContentBlock]) -> Html:
    """Return the blocks of an answer: text first, citations numbered, the rest folded, thinking last."""
    made: list[Html] = []
    thought: list[Html] = []
    line: list[Html] = []
    passages: list[Any] = []
    for item in items:
        if isinstance(item, TextBlock):
            line.append(text(item.text))
            for citation in item.citations or ():
                passages.append(citation)
                line.append(tag("sup", f"[{len(passages)}]"))
            continue
        if isinstance(item, ThinkingBlock | RedactedThinkingBlock):
            thought.append(block(item))
            continue
        made += [_line(line), block(item)]
        line = []
    return join([*made, _line(line), _passages(passages), *thought])


def _line(parts: list[Html]) -> Html:
    return tag("pre", *parts, cls="wb-text", dir="auto") if parts else Html()


def _passages(citations: list[Any]) -> Html:
    if not citations:
        return Html()
    rows = [
        tag("li", tag("blockquote", pre(_cited(c), limit=2000)), tag("small", _where(c))) for c in citations
    ]
    return fold(f"{len(rows)} citation{'s' * (len(rows) != 1)}", tag("ol", *rows))


def _cited(citation: Any) -> str:
    return str(getattr(citation, "cited_text", "") or f"(a citation of type {citation.type})")


def _where(citation: Any) -> Html:
    """Name the document and the place in it, as the citation states them."""
    body = citation.wire()
    index = body.get("document_index", body.get("search_result_index"))
    title = body.get("document_title") or body.get("title") or body.get("url") or body.get("source")
    named = title or ("document" if index is None else f"document {index}")
    unit = next(
        (n for n in ("char", "page_number", "block") if f"start_{n}_index" in body or f"start_{n}" in body),
        None,
    )
    if unit is None:
        return text(one_line(named))
    suffix = "" if unit == "page_number" else "_index"
    start, end = body.get(f"start_{unit}{suffix}"), body.get(f"end_{unit}{suffix}")
    return text(one_line(f"{named} · {unit.removesuffix('_number')} {start} to {end}"))


def _text(item: TextBlock, names: bool) -> Html:  # noqa: FBT001 - one signature for all views
    return template(item.text, names=names)


def _thinking(item: ThinkingBlock, _: bool) -> Html:  # noqa: FBT001
    if not item.thinking:
        return tag("p", "thinking, its text not shown by the service", cls="wb-dim")
    return fold("thinking", pre(item.thinking))


def _redacted(_item: RedactedThinkingBlock, _: bool) -> Html:  # noqa: FBT001
    return tag("p", "thinking, withheld by the service", cls="wb-dim")


def _image(item: ImageBlock, _: bool) -> Html:  # noqa: FBT001
    return tag("p", tag("strong", "image"), " · ", text(_source(item.source.wire())))


def _document(item: DocumentBlock, names: bool) -> Html:  # noqa: FBT001
    source = item.source.wire()
    cited = " · may be cited" if item.citations and item.citations.enabled else ""
    head = join(
        [tag("strong", "document"), " · ", text(item.title or "untitled"), f" · {_source(source)}{cited}"]
    )
    inner = source.get("data") if source.get("type") == "text" else None
    if isinstance(inner, str):
        return fold(head, template(inner, names=names))
    content = getattr(item.source, "content", None)
    if isinstance(content, str):
        return fold(head, template(content, names=names))
    return fold(head, *(block(part, names=names) for part in content)) if content else tag("p", head)


def _search_result(item: SearchResultBlock, names: bool) -> Html:  # noqa: FBT001
    head = join([tag("strong", "search result"), " · ", text(item.title), " · ", text(item.source)])
    return fold(head, *(block(part, names=names) for part in item.content))


def _tool_result(item: ToolResultBlock, names: bool) -> Html:  # noqa: FBT001
    failed = join([" · ", badge("error", "bad")]) if item.is_error else None
    head = join([tag("strong", "tool result"), " · ", tag("code", item.tool_use_id), failed])
    if isinstance(item.content, str):
        return fold(head, template(item.content, names=names))
    return fold(head, *(block(part, names=names) for part in item.content or ()))


def _other(item: Wire) -> Html:
    """Tool calls, results of server tools, and whatever is newer than this code."""
    body = item.wire()
    kind, name = str(body.get("type", "block")), body.get("name")
    calls = kind in {"tool_use", "server_tool_use", "mcp_tool_use"}
    words = {"tool_use": "tool call", "server_tool_use": "server tool call", "mcp_tool_use": "MCP tool call"}
    head = join([tag("strong", words.get(kind, kind)), *([" · ", tag("code", str(name))] if name else [])])
    shown = body.get("input") if calls else {key: value for key, value in body.items() if key != "type"}
    return fold(head, code(elided(shown)))


def _source(source: dict[str, Any]) -> str:
    kind = source.get("type")
    if kind == "base64":
        return f"{source.get('media_type')} · {whole(len(str(source.get('data', ''))) * 3 // 4)} bytes"
    if kind == "text":
        return f"{whole(len(str(source.get('data', ''))))} characters"
    return one_line(source.get("url") or source.get("file_id") or kind or "?")


_VIEWS: dict[type, Callable[[Any, bool], Html]] = {
    TextBlock: _text,
    ThinkingBlock: _thinking,
    RedactedThinkingBlock: _redacted,
    ImageBlock: _image,
    DocumentBlock: _document,
    SearchResultBlock: _search_result,
    ToolResultBlock: _tool_result,
}


def compact(value: Any) -> str:
    """Return JSON on one line, long strings cut."""
    return one_line(json.dumps(elided(value), ensure_ascii=False, default=str), 200)
