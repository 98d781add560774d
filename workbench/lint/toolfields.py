"""The entries of ``tools``, field by field: the caller's own, and the families that Anthropic defines.

Source: https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from workbench.catalog import catalog
from workbench.lint.closed import (
    anything,
    array,
    boolean,
    closed,
    free_object,
    mapping,
    nullable,
    number,
    one_of,
    schema_object,
    string,
    tagged,
    text,
)

if TYPE_CHECKING:
    from workbench.lint.closed import Shape

CACHE = nullable(closed({"type": one_of("ephemeral"), "ttl": nullable(one_of("5m", "1h"))}, ("type",)))
count = number(above=0, whole=True)

_CALLERS = one_of("direct", "code_execution_20250825", "code_execution_20260120", "code_execution_20260521")
_COMMON = {
    "type": anything,
    "cache_control": CACHE,
    "defer_loading": nullable(boolean),
    "allowed_callers": nullable(array(_CALLERS)),
    "strict": nullable(boolean),
}
_EXAMPLES = {"input_examples": nullable(array(anything))}
_MAX_USES = {"max_uses": nullable(count)}
_DOMAINS = {"allowed_domains": nullable(array(string)), "blocked_domains": nullable(array(string))}
_PLACE = nullable(text(least=1, most=255))
_SEARCH = {
    **_MAX_USES,
    **_DOMAINS,
    "user_location": nullable(
        closed(
            {
                "type": one_of("approximate"),
                "city": _PLACE,
                "region": _PLACE,
                "timezone": _PLACE,
                "country": nullable(text(least=2, most=2)),
            },
            ("type",),
        )
    ),
}
_FETCH = {
    **_MAX_USES,
    **_DOMAINS,
    "citations": nullable(closed({"enabled": boolean})),
    "max_content_tokens": nullable(count),
    "url_sources": anything,
}
_INCLUSION = {"response_inclusion": one_of("full", "excluded")}
_SCREEN = {
    **_EXAMPLES,
    "display_width_px": number(least=1, whole=True),
    "display_height_px": number(least=1, whole=True),
    "display_number": nullable(number(least=0, whole=True)),
}
_MCP_CONFIG = closed({"enabled": nullable(boolean), "defer_loading": nullable(boolean)})


def _named(name: str, fields: dict[str, Shape] | None = None, required: tuple[str, ...] = ()) -> Shape:
    """Return the shape of a tool whose name is fixed."""
    return closed({**_COMMON, "name": one_of(name), **(fields or {})}, ("name", *required))


def _toolset() -> Shape:
    return closed({"type": anything, "cache_control": CACHE, "configs": nullable(free_object)})


TOOLS: dict[str, Shape] = {
    "custom": closed(
        {
            **_COMMON,
            **_EXAMPLES,
            "name": text(least=1, pattern="^[a-zA-Z0-9_-]{1,128}$"),
            "description": string,
            "input_schema": schema_object,
            "eager_input_streaming": nullable(boolean),
        },
        ("input_schema", "name"),
    ),
    "web_search_20260318": _named("web_search", {**_SEARCH, **_INCLUSION}),
    "web_search_20260209": _named("web_search", _SEARCH),
    "web_search_20250305": _named("web_search", _SEARCH),
    "web_fetch_20260318": _named("web_fetch", {**_FETCH, **_INCLUSION, "use_cache": boolean}),
    "web_fetch_20260309": _named("web_fetch", {**_FETCH, "use_cache": boolean}),
    "web_fetch_20260209": _named("web_fetch", _FETCH),
    "web_fetch_20250910": _named("web_fetch", _FETCH),
    "code_execution_20260521": _named("code_execution"),
    "code_execution_20260120": _named("code_execution"),
    "code_execution_20250825": _named("code_execution"),
    "code_execution_20250522": _named("code_execution"),
    "tool_search_tool_regex_20251119": _named("tool_search_tool_regex"),
    "tool_search_tool_regex": _named("tool_search_tool_regex"),
    "tool_search_tool_bm25_20251119": _named("tool_search_tool_bm25"),
    "tool_search_tool_bm25": _named("tool_search_tool_bm25"),
    "advisor_20260301": _named(
        "advisor",
        {**_MAX_USES, "model": string, "max_tokens": nullable(count), "caching": CACHE},
        ("model",),
    ),
    "memory_20250818": _named("memory", _EXAMPLES),
    "bash_20250124": _named("bash", _EXAMPLES),
    "bash_20241022": _named("bash", _EXAMPLES),
    "text_editor_20250728": _named(
        "str_replace_based_edit_tool", {**_EXAMPLES, "max_characters": nullable(count)}
    ),
    "text_editor_20250429": _named("str_replace_based_edit_tool", _EXAMPLES),
    "text_editor_20250124": _named("str_replace_editor", _EXAMPLES),
    "text_editor_20241022": _named("str_replace_editor", _EXAMPLES),
    "computer_20251124": _named(
        "computer", {**_SCREEN, "enable_zoom": boolean}, ("display_height_px", "display_width_px")
    ),
    "computer_20250124": _named("computer", _SCREEN, ("display_height_px", "display_width_px")),
    "computer_20241022": _named("computer", _SCREEN, ("display_height_px", "display_width_px")),
    "computer_toolset_20260801": _toolset(),
    "browser_toolset_20260801": _toolset(),
    "mcp_toolset": closed(
        {
            "type": anything,
            "cache_control": CACHE,
            "mcp_server_name": text(least=1, most=255),
            "default_config": _MCP_CONFIG,
            "configs": nullable(mapping(_MCP_CONFIG)),
            "tools": nullable(array(anything)),
        },
        ("mcp_server_name",),
    ),
}
"""Shape by ``type``."""

_DATED = re.compile(r"_(\d{4})(\d{2})(\d{2})$")


def newer_tool(kind: str) -> bool:
    """Tell whether a tool's type is dated later than the catalog: the service may know it."""
    found = _DATED.search(kind)
    return kind not in TOOLS and found is not None and "-".join(found.groups()) > catalog().as_of


TOOL = tagged(TOOLS, default="custom", newer=newer_tool)
