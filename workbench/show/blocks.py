"""Content blocks, of requests and of answers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from workbench.show.h import join, tag
from workbench.show.parts import badge, code, fold, one_line, pre, whole
from workbench.show.safe import Html, escape, text
from workbench.show.served import headed, served
from workbench.show.values import elided
from workbench.wire.blocks import (
    CompactionBlock,
    ContainerUploadBlock,
    DocumentBlock,
    FallbackBlock,
    ImageBlock,
    IncompleteToolUseBlock,
    McpToolListingBlock,
    McpToolResultBlock,
    McpToolUseBlock,
    RedactedThinkingBlock,
    SearchResultBlock,
    ServerToolResultBlock,
    ServerToolUseBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.wire import ContentBlock, Wire

_NAME = re.compile(r"(\{\{[^{}\n]{1,100}\}\})")


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


def _text(item: TextBlock, names: bool) -> Html:  # noqa: FBT001 - one signature for all views
    return template(item.text, names=names)


def _thinking(item: ThinkingBlock, _: bool) -> Html:  # noqa: FBT001
    if not item.thinking:
        return tag("p", "thinking, its text not shown by the service", cls="wb-dim")
    return fold(f"thinking · {_characters(item.thinking)}", pre(item.thinking))


def _redacted(_item: RedactedThinkingBlock, _: bool) -> Html:  # noqa: FBT001
    return tag("p", "thinking, withheld by the service", cls="wb-dim")


def _characters(value: str) -> str:
    return f"{len(value):,} character{'s' * (len(value) != 1)}"


def _image(item: ImageBlock, _: bool) -> Html:  # noqa: FBT001
    return tag("p", tag("strong", "image"), " · ", text(_source(item.source.wire())))


def _document(item: DocumentBlock, names: bool) -> Html:  # noqa: FBT001
    source = item.source.wire()
    cited = " · may be cited" if item.citations and item.citations.enabled else ""
    inner = source.get("data") if source.get("type") == "text" else None
    unfilled = " of template" if names and isinstance(inner, str) and _NAME.search(inner) else ""
    head = join(
        [
            tag("strong", "document"),
            " · ",
            text(item.title or "untitled"),
            f" · {_source(source)}{unfilled}{cited}",
        ]
    )
    if isinstance(inner, str):
        return fold(head, template(inner, names=names))
    content = getattr(item.source, "content", None)
    if isinstance(content, str):
        return fold(head, template(content, names=names))
    return fold(head, *(block(part, names=names) for part in content)) if content else tag("p", head)


def _search_result(item: SearchResultBlock, names: bool) -> Html:  # noqa: FBT001
    head = join([tag("strong", "search result"), " · ", text(item.title), " · ", text(item.source)])
    return fold(head, *(block(part, names=names) for part in item.content))


def _tool_result(item: ToolResultBlock | McpToolResultBlock, names: bool) -> Html:  # noqa: FBT001
    kind = "tool result" if isinstance(item, ToolResultBlock) else "MCP tool result"
    head = headed(kind, tag("code", item.tool_use_id), badge("error", "bad") if item.is_error else None)
    if isinstance(item.content, str):
        return fold(head, template(item.content, names=names))
    return fold(head, *(block(part, names=names) for part in item.content or ()))


def _called(item: ToolUseBlock | ServerToolUseBlock | McpToolUseBlock, _: bool) -> Html:  # noqa: FBT001
    server = tag("code", item.server_name) if isinstance(item, McpToolUseBlock) else None
    return fold(headed(_CALLS[item.type], tag("code", item.name), server), code(elided(item.input)))


def _cut_off(item: IncompleteToolUseBlock, _: bool) -> Html:  # noqa: FBT001
    kind = headed(_CALLS[item.type], tag("code", item.name), badge("cut off", "warn"))
    return fold(
        kind, tag("p", "its input is not complete, so nothing runs it", cls="wb-dim"), code(item.partial_json)
    )


def _served(item: ServerToolResultBlock, _: bool) -> Html:  # noqa: FBT001
    return served(item)


def _listing(item: McpToolListingBlock, _: bool) -> Html:  # noqa: FBT001
    count = f"{len(item.tools):,} tool{'s' * (len(item.tools) != 1)}"
    return fold(headed("MCP tools", tag("code", item.mcp_server_name), count), code(elided(item.tools)))


def _upload(item: ContainerUploadBlock, _: bool) -> Html:  # noqa: FBT001
    return tag("p", headed("file for the container", tag("code", item.file_id)))


def _compaction(item: CompactionBlock, _: bool) -> Html:  # noqa: FBT001
    summary = "a summary that stands for the turns before it"
    inner = pre(item.content) if isinstance(item.content, str) else code(elided(item.content))
    return fold(headed("compaction", summary), inner)


def _fallback(item: FallbackBlock, _: bool) -> Html:  # noqa: FBT001
    body = item.wire()
    names = [_model(body.get(side)) for side in ("from", "to")]
    return tag("p", headed("fallback", join(["another model goes on: ", text(" → ".join(names))])))


def _model(value: Any) -> str:
    return one_line(value.get("model") if isinstance(value, dict) else value, 80)


def _other(item: Wire) -> Html:
    """Return whatever is newer than this code, as it came."""
    body = item.wire()
    kind, name = str(body.get("type", "block")), body.get("name")
    head = headed(one_line(kind), tag("code", one_line(name)) if name else None, "not known to this version")
    return fold(head, code(elided({key: value for key, value in body.items() if key != "type"})))


def _source(source: dict[str, Any]) -> str:
    kind = source.get("type")
    if kind == "base64":
        return f"{source.get('media_type')} · {whole(len(str(source.get('data', ''))) * 3 // 4)} bytes"
    if kind == "text":
        return f"{whole(len(str(source.get('data', ''))))} characters"
    return one_line(source.get("url") or source.get("file_id") or kind or "?")


_CALLS: Final = {
    "tool_use": "tool call",
    "server_tool_use": "server tool call",
    "mcp_tool_use": "MCP tool call",
}

_VIEWS: dict[type, Callable[[Any, bool], Html]] = {
    TextBlock: _text,
    ThinkingBlock: _thinking,
    RedactedThinkingBlock: _redacted,
    ImageBlock: _image,
    DocumentBlock: _document,
    SearchResultBlock: _search_result,
    ToolResultBlock: _tool_result,
    McpToolResultBlock: _tool_result,
    ToolUseBlock: _called,
    ServerToolUseBlock: _called,
    McpToolUseBlock: _called,
    IncompleteToolUseBlock: _cut_off,
    ServerToolResultBlock: _served,
    McpToolListingBlock: _listing,
    ContainerUploadBlock: _upload,
    CompactionBlock: _compaction,
    FallbackBlock: _fallback,
}
