"""The closed objects of a request, field by field.

Source: https://platform.claude.com/docs/en/api/messages and the OpenAPI description of 2026-05-06; newer
fields from the official Python SDK 2.12.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.catalog import EFFORT_LEVELS
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
from workbench.lint.toolfields import CACHE, TOOL, count

if TYPE_CHECKING:
    from workbench.lint.closed import Problem, Shape
    from workbench.lint.place import Loc

_ID = text(pattern="^[a-zA-Z0-9_-]+$")
_SERVER_ID = text(pattern="^srvtoolu_[a-zA-Z0-9_]+$")
_TYPE = {"type": anything}
_MARKED = {**_TYPE, "cache_control": CACHE}
_INDEX = number(least=0, whole=True)

# --- citations -------------------------------------------------------------------------------------

_IN_DOCUMENT = {
    **_TYPE,
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
            {**_TYPE, "cited_text": string, "encrypted_index": string, "title": anything, "url": string},
            ("cited_text", "encrypted_index", "url"),
        ),
        "search_result_location": closed(
            {
                **_TYPE,
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

_URL = closed({**_TYPE, "url": string}, ("url",))
_FILE = closed({**_TYPE, "file_id": string}, ("file_id",))


def _bytes(*media_types: str) -> Shape:
    return closed({**_TYPE, "media_type": one_of(*media_types), "data": string}, ("data", "media_type"))


_IMAGE_SOURCE = tagged(
    {"base64": _bytes("image/jpeg", "image/png", "image/gif", "image/webp"), "url": _URL, "file": _FILE}
)


def _blocks(*names: str) -> Shape:
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
        "content": closed({**_TYPE, "content": string_or(_blocks("text", "image"))}, ("content",)),
        "url": _URL,
        "file": _FILE,
    }
)

# --- blocks ----------------------------------------------------------------------------------------

_CALLER = tagged(
    {
        "direct": closed(_TYPE),
        "code_execution_20250825": closed({**_TYPE, "tool_id": string}, ("tool_id",)),
        "code_execution_20260120": closed({**_TYPE, "tool_id": string}, ("tool_id",)),
        "code_execution_20260521": closed({**_TYPE, "tool_id": string}, ("tool_id",)),
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
        {**_MARKED, "source": string, "title": string, "content": _blocks("text"), "citations": _CITATIONS},
        ("content", "source", "title"),
    ),
    "thinking": closed({**_TYPE, "thinking": string, "signature": string}, ("signature", "thinking")),
    "redacted_thinking": closed({**_TYPE, "data": string}, ("data",)),
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
                _blocks("text", "image", "document", "search_result", "tool_reference", "browser_state")
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
        {**_MARKED, "tool_use_id": _ID, "is_error": boolean, "content": string_or(_blocks("text"))},
        ("tool_use_id",),
    ),
    "mcp_tool_listing": closed(
        {**_TYPE, "mcp_server_name": string, "tools": array(anything)}, ("mcp_server_name", "tools")
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
    "fallback": closed(
        {**_TYPE, "from": free_object, "to": free_object, "trigger": anything}, ("from", "to")
    ),
    "tool_addition": _TOOL_CHANGE,
    "tool_removal": _TOOL_CHANGE,
    "tool_reference": closed({**_MARKED, "tool_name": string}, ("tool_name",)),
    # Toolset results only; the members of a browser state are not documented field by field.
    "browser_state": anything,
}

_IN_MESSAGES = tuple(name for name in BLOCKS if name not in {"tool_reference", "browser_state"})

# --- the request -----------------------------------------------------------------------------------

_EFFORT = one_of(*EFFORT_LEVELS)
_DISPLAY = nullable(one_of("summarized", "omitted", "updates"))
_BINDING = nullable(closed({"prefix_mismatch_behavior": one_of("error", "drop_block")}))
THINKING = tagged(
    {
        "adaptive": closed({**_TYPE, "display": _DISPLAY, "block_binding": _BINDING}),
        "disabled": closed(_TYPE),
        "enabled": closed(
            {
                **_TYPE,
                "budget_tokens": number(least=1024, whole=True),
                "display": _DISPLAY,
                "block_binding": _BINDING,
            },
            ("budget_tokens",),
        ),
        "between_tools": closed(_TYPE),
    }
)
_FORMAT = closed({"type": one_of("json_schema"), "schema": free_object}, ("schema", "type"))
_TASK_BUDGET = closed(
    {"type": one_of("tokens"), "total": count, "remaining": nullable(number(least=0, whole=True))},
    ("total", "type"),
)
OUTPUT_CONFIG = closed(
    {"effort": nullable(_EFFORT), "format": nullable(_FORMAT), "task_budget": nullable(_TASK_BUDGET)}
)
_MESSAGE = closed(
    {
        "role": one_of("user", "assistant", "system"),
        "content": string_or(_blocks(*_IN_MESSAGES)),
        "clear_at": nullable(one_of("next_user_message", "never")),
        "output_config": nullable(closed({"effort": nullable(_EFFORT)})),
    },
    ("content", "role"),
)
_PARALLEL = {**_TYPE, "disable_parallel_tool_use": boolean}
_TOOL_CHOICE = tagged(
    {
        "auto": closed(_PARALLEL),
        "any": closed(_PARALLEL),
        "tool": closed({**_PARALLEL, "name": string}, ("name",)),
        "none": closed(_TYPE),
    }
)
_SKILL = closed(
    {
        "type": one_of("anthropic", "custom"),
        "skill_id": text(least=1, most=64),
        "version": text(least=1, most=64),
    },
    ("skill_id", "type"),
)
_TOKENS = closed({"type": one_of("input_tokens"), "value": count}, ("type", "value"))
_USES = closed({"type": one_of("tool_uses"), "value": number(least=0, whole=True)}, ("type", "value"))
_TRIGGER = tagged({"input_tokens": _TOKENS, "tool_uses": _USES})
_EDIT = tagged(
    {
        "clear_tool_uses_20250919": closed(
            {
                **_TYPE,
                "trigger": _TRIGGER,
                "keep": _USES,
                "clear_at_least": nullable(_TOKENS),
                "exclude_tools": nullable(array(string)),
                "clear_tool_inputs": anything,
            }
        ),
        "clear_thinking_20251015": closed(
            {
                **_TYPE,
                "keep": string_or(
                    tagged(
                        {
                            "thinking_turns": closed(
                                {**_TYPE, "value": number(above=0, whole=True)}, ("value",)
                            ),
                            "all": closed(_TYPE),
                        }
                    )
                ),
            }
        ),
        "compact_20260112": closed(
            {
                **_TYPE,
                "trigger": nullable(_TOKENS),
                "pause_after_compaction": boolean,
                "instructions": nullable(string),
            }
        ),
    }
)
_MCP_SERVER = closed(
    {
        "type": one_of("url"),
        "name": string,
        "url": string,
        "authorization_token": nullable(string),
        "tool_configuration": nullable(
            closed({"allowed_tools": nullable(array(string)), "enabled": nullable(boolean)})
        ),
    },
    ("name", "url"),
)
_THREAD = tagged(
    {
        "create": closed(_TYPE),
        "continue": closed({**_TYPE, "previous_message_id": string}, ("previous_message_id",)),
    }
)
_SPEED = nullable(one_of("standard", "fast"))
_FALLBACK = closed(
    {
        "model": string,
        "max_tokens": nullable(count),
        "thinking": nullable(THINKING),
        "output_config": nullable(OUTPUT_CONFIG),
        "speed": _SPEED,
    },
    ("model",),
)

COUNTED: dict[str, Shape] = {
    "model": text(least=1, most=256),
    "messages": array(_MESSAGE),
    "system": string_or(_blocks("text")),
    "tools": array(TOOL),
    "tool_choice": _TOOL_CHOICE,
    "thinking": THINKING,
    "output_config": OUTPUT_CONFIG,
    "output_format": nullable(_FORMAT),
    "cache_control": CACHE,
    "speed": _SPEED,
    "mcp_servers": array(_MCP_SERVER, most=20),
    "context_management": nullable(closed({"edits": array(_EDIT)})),
    "compaction": nullable(
        closed({"type": one_of("summarize"), "instructions": nullable(string)}, ("type",))
    ),
}
"""The fields of ``/v1/messages/count_tokens``."""

FIELDS: dict[str, Shape] = {
    **COUNTED,
    "max_tokens": number(least=0, whole=True),
    "stop_sequences": array(string),
    "stream": boolean,
    "metadata": closed({"user_id": nullable(text(most=512))}),
    "diagnostics": nullable(closed({"previous_message_id": nullable(string)})),
    "service_tier": one_of("auto", "standard_only"),
    "inference_geo": nullable(one_of("global", "us")),
    "container": nullable(
        string_or(closed({"id": nullable(string), "skills": nullable(array(_SKILL, most=20))}))
    ),
    "fallbacks": nullable(string_or(array(_FALLBACK, most=3))),
    "fallback_credit_token": anything,
    "thread": nullable(_THREAD),
    "billing_policy": anything,
    "temperature": number(least=0, most=1),
    "top_p": number(least=0, most=1),
    "top_k": number(least=0, whole=True),
}
"""The fields of ``/v1/messages``; a rule says where the sampling parameters are no longer among them."""

MESSAGES = closed(FIELDS, ("max_tokens", "messages", "model"))
COUNT_TOKENS = closed(COUNTED, ("messages", "model"))
