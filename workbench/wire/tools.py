"""Tool definitions: the caller's own, and the families that Anthropic defines.

Source: https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Discriminator, StrictBool, StrictInt, Tag

from workbench.wire.base import Wire
from workbench.wire.blocks import CacheControl, CitationsConfig


class Tool(Wire):
    """What every entry of ``tools`` may carry."""

    type: str | None = None
    cache_control: CacheControl | None = None
    defer_loading: StrictBool | None = None
    allowed_callers: tuple[str, ...] | None = None
    strict: StrictBool | None = None


class CustomTool(Tool):
    """A tool of the caller's own; ``type`` is absent or ``"custom"``."""

    name: str
    description: str | None = None
    input_schema: dict[str, Any]
    input_examples: tuple[Any, ...] | None = None
    eager_input_streaming: StrictBool | None = None


class WebSearchTool(Tool):
    """``web_search_…``: the service searches."""

    type: str
    name: str = "web_search"
    max_uses: StrictInt | None = None
    allowed_domains: tuple[str, ...] | None = None
    blocked_domains: tuple[str, ...] | None = None
    user_location: dict[str, Any] | None = None
    response_inclusion: str | None = None


class WebFetchTool(Tool):
    """``web_fetch_…``: the service reads a URL that is already in context."""

    type: str
    name: str = "web_fetch"
    max_uses: StrictInt | None = None
    allowed_domains: tuple[str, ...] | None = None
    blocked_domains: tuple[str, ...] | None = None
    citations: CitationsConfig | None = None
    max_content_tokens: StrictInt | None = None
    url_sources: Any = None
    use_cache: StrictBool | None = None
    response_inclusion: str | None = None


class CodeExecutionTool(Tool):
    """``code_execution_…``: the service runs code in a container."""

    type: str
    name: str = "code_execution"


class ToolSearchTool(Tool):
    """``tool_search_tool_regex…`` or ``…_bm25…``: finds deferred tools."""

    type: str
    name: str


class AdvisorTool(Tool):
    """``advisor_…``: another model is asked."""

    type: str
    name: str = "advisor"
    model: str | None = None
    max_uses: StrictInt | None = None
    max_tokens: StrictInt | None = None
    caching: Any = None


class MemoryTool(Tool):
    """``memory_…``: a memory folder on the caller's side."""

    type: str
    name: str = "memory"


class BashTool(Tool):
    """``bash_…``: a shell on the caller's side."""

    type: str
    name: str = "bash"


class TextEditorTool(Tool):
    """``text_editor_…``: an editor on the caller's side."""

    type: str
    name: str
    max_characters: StrictInt | None = None


class ComputerTool(Tool):
    """``computer_…``: screen, mouse and keyboard on the caller's side."""

    type: str
    name: str = "computer"
    display_width_px: StrictInt
    display_height_px: StrictInt
    display_number: StrictInt | None = None
    enable_zoom: StrictBool | None = None


class Toolset(Tool):
    """``computer_toolset_…`` or ``browser_toolset_…``: several tools in one entry, without a name."""

    type: str
    configs: dict[str, Any] | None = None


class McpToolset(Tool):
    """``mcp_toolset``: the tools of one MCP server."""

    type: str
    mcp_server_name: str
    default_config: dict[str, Any] | None = None
    configs: dict[str, Any] | None = None
    tools: tuple[Any, ...] | None = None


class UnknownTool(Tool):
    """A tool newer than this code."""

    type: str


_DATE = re.compile(r"_\d{8}$")
_FAMILIES = frozenset(
    {
        "web_search",
        "web_fetch",
        "code_execution",
        "tool_search_tool_regex",
        "tool_search_tool_bm25",
        "advisor",
        "memory",
        "bash",
        "text_editor",
        "computer",
        "computer_toolset",
        "browser_toolset",
        "mcp_toolset",
    }
)


def family(kind: str | None) -> str:
    """Return the family of a tool's ``type``.

    >>> family("web_search_20260318"), family(None), family("custom"), family("teleport_20300101")
    ('web_search', 'custom', 'custom', 'unknown')
    """
    if kind is None or kind == "custom":
        return "custom"
    name = _DATE.sub("", kind)
    return name if name in _FAMILIES else "unknown"


def _tag(value: Any) -> str:
    kind = value.get("type") if isinstance(value, Mapping) else getattr(value, "type", None)
    name = family(kind) if kind is None or isinstance(kind, str) else "unknown"
    if name.startswith("tool_search_tool"):
        return "tool_search"
    return "toolset" if name in {"computer_toolset", "browser_toolset"} else name


AnyTool = Annotated[
    Annotated[CustomTool, Tag("custom")]
    | Annotated[WebSearchTool, Tag("web_search")]
    | Annotated[WebFetchTool, Tag("web_fetch")]
    | Annotated[CodeExecutionTool, Tag("code_execution")]
    | Annotated[ToolSearchTool, Tag("tool_search")]
    | Annotated[AdvisorTool, Tag("advisor")]
    | Annotated[MemoryTool, Tag("memory")]
    | Annotated[BashTool, Tag("bash")]
    | Annotated[TextEditorTool, Tag("text_editor")]
    | Annotated[ComputerTool, Tag("computer")]
    | Annotated[Toolset, Tag("toolset")]
    | Annotated[McpToolset, Tag("mcp_toolset")]
    | Annotated[UnknownTool, Tag("unknown")],
    Discriminator(_tag),
]


class ToolChoice(Wire):
    """``auto``, ``any``, ``tool`` (with a name) or ``none``."""

    type: str
    name: str | None = None
    disable_parallel_tool_use: StrictBool | None = None


class McpServer(Wire):
    """A remote MCP server the service connects to."""

    type: str = "url"
    url: str
    name: str
    authorization_token: str | None = None
    tool_configuration: dict[str, Any] | None = None
