"""Content blocks, their sources and citations, field by field.

Source: https://platform.claude.com/docs/en/api/messages and the OpenAPI description of 2026-05-06; newer
fields from the official Python SDK 2.12.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.lint.closed import (
    anything,
    array,
    boolean,
    closed,
    free_object,
    nullable,
    number,
    one_of,
    string,
    string_or,
    tagged,
    text,
)
from workbench.lint.toolfields import CACHE

if TYPE_CHECKING:
    from workbench.lint.closed import Problem, Shape
    from workbench.lint.place import Loc

_ID = text(pattern="^[a-zA-Z0-9_-]+$")
_SERVER_ID = text(pattern="^srvtoolu_[a-zA-Z0-9_]+$")
TYPE = {"type": anything}
_MARKED = {**TYPE, "cache_control": CACHE}
_INDEX = number(least=0, whole=True)

# --- citations -------------------------------------------------------------------------------------

_IN_DOCUMENT = {
    **TYPE,
    "cited_text": string,
    "document_index": _INDEX,
    "document_title": nullable(text(least=1, most=255)),
    # Response-only, and sent back by whoever echoes a response; the service lets it pass.
    "file_id": anything,
}


def _located(first: str, last: str) -> Shape:
    fields = {**_IN_DOCUMENT, first: number(least=0, whole=True), last: number(whole=True)}
    return closed(fields, ("cited_text", "document_index", first, last))


_CITATION = tagged(
    {
        "char_location": _located("start_char_index", "end_char_index"),
        "page_location": _located("start_page_number", "end_page_number"),
        "content_block_location": _located("start_block_index", "end_block_index"),
        "web_search_result_location": closed(
            {**TYPE, "cited_text": string, "encrypted_index": string, "title": anything, "url": string},
            ("cited_text", "encrypted_index", "url"),
        ),
        "search_result_location": closed(
            {
                **TYPE,
                "cited_text": string,
                "source": string,
                "title": anything,
                "search_result_index": _INDEX,
                "start_block_index": _INDEX,
                "end_block_index": number(whole=True),
            },
            ("cited_text", "source", "search_result_index", "start_block_index", "end_block_index"),
        ),
    }
)
_CITATIONS = nullable(closed({"enabled": boolean}))

# --- sources ---------------------------------------------------------------------------------------

_URL = closed({**TYPE, "url": string}, ("url",))
_FILE = closed({**TYPE, "file_id": string}, ("file_id",))


def _bytes(*media_types: str) -> Shape:
    return closed({**TYPE, "media_type": one_of(*media_types), "data": string}, ("data", "media_type"))


_IMAGE_SOURCE = tagged(
    {"base64": _bytes("image/jpeg", "image/png", "image/gif", "image/webp"), "url": _URL, "file": _FILE}
)


def blocks_of(*names: str) -> Shape:
    """Take a list of blocks of some types; looked up late, because results contain blocks."""
    shape: list[Shape] = []

    def check(value: Any, loc: Loc, out: list[Problem]) -> None:
        if not shape:
            shape.append(array(tagged({name: BLOCKS[name] for name in names})))
        shape[0](value, loc, out)

    return check


_DOCUMENT_SOURCE = tagged(
    {
        "base64": _bytes("application/pdf"),
        "text": _bytes("text/plain"),
        "content": closed({**TYPE, "content": string_or(blocks_of("text", "image"))}, ("content",)),
        "url": _URL,
        "file": _FILE,
    }
)

# --- blocks ----------------------------------------------------------------------------------------

_CALLER = tagged(
    {
        "direct": closed(TYPE),
        "code_execution_20250825": closed({**TYPE, "tool_id": string}, ("tool_id",)),
        "code_execution_20260120": closed({**TYPE, "tool_id": string}, ("tool_id",)),
        "code_execution_20260521": closed({**TYPE, "tool_id": string}, ("tool_id",)),
    }
)
_SERVER_TOOLS = (
    "advisor",
    "web_search",
    "web_fetch",
    "code_execution",
    "bash_code_execution",
    "text_editor_code_execution",
    "tool_search_tool_regex",
    "tool_search_tool_bm25",
)
_SERVER_RESULT = closed(
    {**_MARKED, "tool_use_id": _SERVER_ID, "content": anything, "caller": nullable(_CALLER)},
    ("content", "tool_use_id"),
)
_TOOL_CHANGE = closed({**_MARKED, "tool": free_object}, ("tool",))

BLOCKS: dict[str, Shape] = {
    # Empty text is judged by the rules for messages, which know the API's words for it.
    "text": closed({**_MARKED, "text": string, "citations": nullable(array(_CITATION))}, ("text",)),
    "image": closed(
        {
            **_MARKED,
            "source": _IMAGE_SOURCE,
            "transformations": nullable(closed({"oversized_image": one_of("downsize", "error")})),
        },
        ("source",),
    ),
    "document": closed(
        {
            **_MARKED,
            "source": _DOCUMENT_SOURCE,
            "title": nullable(text(least=1, most=500)),
            "context": nullable(text(least=1)),
            "citations": _CITATIONS,
        },
        ("source",),
    ),
    "search_result": closed(
        {**_MARKED, "source": string, "title": string, "content": blocks_of("text"), "citations": _CITATIONS},
        ("content", "source", "title"),
    ),
    "thinking": closed({**TYPE, "thinking": string, "signature": string}, ("signature", "thinking")),
    "redacted_thinking": closed({**TYPE, "data": string}, ("data",)),
    "tool_use": closed(
        {
            **_MARKED,
            "id": _ID,
            "name": text(least=1, most=200),
            "input": free_object,
            "caller": nullable(_CALLER),
            "toolset_name": anything,
        },
        ("id", "input", "name"),
    ),
    "tool_result": closed(
        {
            **_MARKED,
            "tool_use_id": _ID,
            "content": string_or(
                blocks_of("text", "image", "document", "search_result", "tool_reference", "browser_state")
            ),
            "is_error": boolean,
            "toolset_name": anything,
        },
        ("tool_use_id",),
    ),
    "server_tool_use": closed(
        {
            **_MARKED,
            "id": _SERVER_ID,
            "name": one_of(*_SERVER_TOOLS),
            "input": free_object,
            "caller": nullable(_CALLER),
        },
        ("id", "input", "name"),
    ),
    "web_search_tool_result": _SERVER_RESULT,
    "web_fetch_tool_result": _SERVER_RESULT,
    "code_execution_tool_result": _SERVER_RESULT,
    "bash_code_execution_tool_result": _SERVER_RESULT,
    "text_editor_code_execution_tool_result": _SERVER_RESULT,
    "tool_search_tool_result": _SERVER_RESULT,
    "advisor_tool_result": _SERVER_RESULT,
    "container_upload": closed({**_MARKED, "file_id": string}, ("file_id",)),
    "mcp_tool_use": closed(
        {**_MARKED, "id": _ID, "name": string, "server_name": string, "input": free_object},
        ("id", "input", "name", "server_name"),
    ),
    "mcp_tool_result": closed(
        {**_MARKED, "tool_use_id": _ID, "is_error": boolean, "content": string_or(blocks_of("text"))},
        ("tool_use_id",),
    ),
    "mcp_tool_listing": closed(
        {**TYPE, "mcp_server_name": string, "tools": array(anything)}, ("mcp_server_name", "tools")
    ),
    "compaction": closed(
        {
            **_MARKED,
            "content": anything,
            "encrypted_content": anything,
            "signature": anything,
            "tool_changes": anything,
        }
    ),
    "fallback": closed({**TYPE, "from": free_object, "to": free_object, "trigger": anything}, ("from", "to")),
    "tool_addition": _TOOL_CHANGE,
    "tool_removal": _TOOL_CHANGE,
    "tool_reference": closed({**_MARKED, "tool_name": string}, ("tool_name",)),
    # Toolset results only; the members of a browser state are not documented field by field.
    "browser_state": anything,
}

IN_MESSAGES = tuple(name for name in BLOCKS if name not in {"tool_reference", "browser_state"})
