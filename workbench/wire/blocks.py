"""Content blocks, and their sources: one union for requests and responses.

Source: https://platform.claude.com/docs/en/api/messages
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, StrictBool, Tag

from workbench.wire.base import Tagged, Wire, tag_of
from workbench.wire.citations import Citation


class CacheControl(Wire):
    """A cache breakpoint: everything up to and including the marked block is written to the prompt cache."""

    type: str
    """``"ephemeral"``."""
    ttl: str | None = None
    """``"5m"`` (default) or ``"1h"``."""


class CitationsConfig(Wire):
    """Whether a document or search result may be cited."""

    enabled: StrictBool | None = None


# --- sources ---------------------------------------------------------------------------------------


class Base64Source(Tagged):
    """Bytes in the request: an image or a PDF."""

    type: Literal["base64"] = "base64"
    media_type: str
    data: str


class UrlSource(Tagged):
    """A URL the service fetches."""

    type: Literal["url"] = "url"
    url: str


class FileSource(Tagged):
    """A file uploaded before."""

    type: Literal["file"] = "file"
    file_id: str


class TextSource(Tagged):
    """Plain text; citations point at its characters."""

    type: Literal["text"] = "text"
    media_type: str
    """``"text/plain"``."""
    data: str


class ContentSource(Tagged):
    """Blocks chosen by the caller; citations point at whole blocks."""

    type: Literal["content"] = "content"
    content: str | tuple[ContentBlock, ...]


class UnknownSource(Wire):
    """A source newer than this code."""

    type: str


Source = Annotated[
    Annotated[Base64Source, Tag("base64")]
    | Annotated[UrlSource, Tag("url")]
    | Annotated[FileSource, Tag("file")]
    | Annotated[TextSource, Tag("text")]
    | Annotated[ContentSource, Tag("content")]
    | Annotated[UnknownSource, Tag("unknown")],
    Discriminator(tag_of(["base64", "url", "file", "text", "content"])),
]


# --- blocks ----------------------------------------------------------------------------------------


class Block(Tagged):
    """What every block may carry."""

    type: str
    cache_control: CacheControl | None = None


class TextBlock(Block):
    """Text, in a response perhaps with citations."""

    type: Literal["text"] = "text"
    text: str
    citations: tuple[Citation, ...] | None = None


class ImageBlock(Block):
    """An image."""

    type: Literal["image"] = "image"
    source: Source
    transformations: dict[str, Any] | None = None


class DocumentBlock(Block):
    """A document that may be cited."""

    type: Literal["document"] = "document"
    source: Source
    title: str | None = None
    context: str | None = None
    citations: CitationsConfig | None = None


class SearchResultBlock(Block):
    """A search result made by the caller."""

    type: Literal["search_result"] = "search_result"
    source: str
    title: str
    content: tuple[ContentBlock, ...]
    citations: CitationsConfig | None = None


class ThinkingBlock(Tagged):
    """Thinking; the text may be empty where its display is omitted."""

    type: Literal["thinking"] = "thinking"
    thinking: str
    signature: str = ""


class RedactedThinkingBlock(Tagged):
    """Thinking withheld."""

    type: Literal["redacted_thinking"] = "redacted_thinking"
    data: str


class ToolUseBlock(Block):
    """A call of a tool that the caller runs."""

    type: Literal["tool_use"] = "tool_use"
    id: str
    name: str
    input: dict[str, Any]
    caller: dict[str, Any] | None = None
    toolset_name: str | None = None


class IncompleteToolUseBlock(Block):
    """A tool call whose input was cut off: there is no ``input``, so nothing can run it by accident."""

    type: Literal["tool_use", "server_tool_use", "mcp_tool_use"] = "tool_use"
    id: str
    name: str
    partial_json: str
    """The input as far as it came: most often not JSON."""


class ToolResultBlock(Block):
    """What a tool answered."""

    type: Literal["tool_result"] = "tool_result"
    tool_use_id: str
    content: str | tuple[ContentBlock, ...] | None = None
    is_error: StrictBool | None = None
    toolset_name: str | None = None


class ToolReferenceBlock(Block):
    """A deferred tool found by tool search."""

    type: Literal["tool_reference"] = "tool_reference"
    tool_name: str


class ServerToolUseBlock(Block):
    """A call of a tool that the service runs."""

    type: Literal["server_tool_use"] = "server_tool_use"
    id: str
    name: str
    input: Any
    caller: dict[str, Any] | None = None


class ServerToolResultBlock(Block):
    """The result of a tool that the service ran; its content is kept as it came."""

    type: Literal[
        "web_search_tool_result",
        "web_fetch_tool_result",
        "code_execution_tool_result",
        "bash_code_execution_tool_result",
        "text_editor_code_execution_tool_result",
        "tool_search_tool_result",
        "advisor_tool_result",
    ]
    tool_use_id: str
    content: Any
    caller: dict[str, Any] | None = None


class McpToolUseBlock(Block):
    """A call of a tool on an MCP server."""

    type: Literal["mcp_tool_use"] = "mcp_tool_use"
    id: str
    name: str
    server_name: str
    input: Any


class McpToolResultBlock(Block):
    """What an MCP server answered."""

    type: Literal["mcp_tool_result"] = "mcp_tool_result"
    tool_use_id: str
    content: str | tuple[ContentBlock, ...] | None = None
    is_error: StrictBool | None = None


class McpToolListingBlock(Block):
    """The tools an MCP server offered."""

    type: Literal["mcp_tool_listing"] = "mcp_tool_listing"
    mcp_server_name: str
    tools: tuple[Any, ...]


class ContainerUploadBlock(Block):
    """A file placed into the code execution container."""

    type: Literal["container_upload"] = "container_upload"
    file_id: str


class CompactionBlock(Block):
    """A summary that stands for the turns before it."""

    type: Literal["compaction"] = "compaction"
    content: Any = None
    encrypted_content: str | None = None
    signature: str | None = None
    tool_changes: Any = None


class FallbackBlock(Tagged):
    """The point where another model went on after a refusal; ``from`` and ``to`` are kept as they came."""

    type: Literal["fallback"] = "fallback"
    to: dict[str, Any] | None = None
    trigger: Any = None


class UnknownBlock(Wire):
    """A block newer than this code; passed through untouched."""

    type: str


SERVER_TOOL_RESULTS = (
    "web_search_tool_result",
    "web_fetch_tool_result",
    "code_execution_tool_result",
    "bash_code_execution_tool_result",
    "text_editor_code_execution_tool_result",
    "tool_search_tool_result",
    "advisor_tool_result",
)

TOOL_USES = ("tool_use", "server_tool_use", "mcp_tool_use")

_TAGS = frozenset(
    {
        "text",
        "image",
        "document",
        "search_result",
        "thinking",
        "redacted_thinking",
        "tool_use",
        "tool_result",
        "tool_reference",
        "server_tool_use",
        "mcp_tool_use",
        "mcp_tool_result",
        "mcp_tool_listing",
        "container_upload",
        "compaction",
        "fallback",
    }
)

KNOWN_BLOCKS = _TAGS | frozenset(SERVER_TOOL_RESULTS)
"""Every ``type`` of a block that has a class here."""

_known = tag_of(_TAGS)


def _block_tag(value: Any) -> str:
    if isinstance(value, IncompleteToolUseBlock):
        return "incomplete_tool_use"
    if not isinstance(value, Mapping):
        return _known(value) if not isinstance(value, ServerToolResultBlock) else "server_tool_result"
    kind = value.get("type")
    if kind in SERVER_TOOL_RESULTS:
        return "server_tool_result"
    if kind in TOOL_USES and "partial_json" in value and "input" not in value:
        return "incomplete_tool_use"
    return _known(value)


ContentBlock = Annotated[
    Annotated[TextBlock, Tag("text")]
    | Annotated[ImageBlock, Tag("image")]
    | Annotated[DocumentBlock, Tag("document")]
    | Annotated[SearchResultBlock, Tag("search_result")]
    | Annotated[ThinkingBlock, Tag("thinking")]
    | Annotated[RedactedThinkingBlock, Tag("redacted_thinking")]
    | Annotated[ToolUseBlock, Tag("tool_use")]
    | Annotated[IncompleteToolUseBlock, Tag("incomplete_tool_use")]
    | Annotated[ToolResultBlock, Tag("tool_result")]
    | Annotated[ToolReferenceBlock, Tag("tool_reference")]
    | Annotated[ServerToolUseBlock, Tag("server_tool_use")]
    | Annotated[ServerToolResultBlock, Tag("server_tool_result")]
    | Annotated[McpToolUseBlock, Tag("mcp_tool_use")]
    | Annotated[McpToolResultBlock, Tag("mcp_tool_result")]
    | Annotated[McpToolListingBlock, Tag("mcp_tool_listing")]
    | Annotated[ContainerUploadBlock, Tag("container_upload")]
    | Annotated[CompactionBlock, Tag("compaction")]
    | Annotated[FallbackBlock, Tag("fallback")]
    | Annotated[UnknownBlock, Tag("unknown")],
    Discriminator(_block_tag),
]


def cache_control_of(item: Any) -> CacheControl | None:
    """Return the cache breakpoint on a block or tool, also on one this code does not know."""
    found = getattr(item, "cache_control", None)
    if isinstance(found, dict):
        ttl = found.get("ttl")
        return CacheControl(type="ephemeral", ttl=ttl if isinstance(ttl, str) else None)
    return found if isinstance(found, CacheControl) else None
