"""The request, field by field.

Source: https://platform.claude.com/docs/en/api/messages and the OpenAPI description of 2026-05-06; newer
fields from the official Python SDK 2.12.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.catalog import EFFORT_LEVELS
from workbench.lint.blockfields import IN_MESSAGES, TYPE, blocks_of
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

_EFFORT = one_of(*EFFORT_LEVELS)
_DISPLAY = nullable(one_of("summarized", "omitted", "updates"))
_BINDING = nullable(closed({"prefix_mismatch_behavior": one_of("error", "drop_block")}))
THINKING = tagged(
    {
        "adaptive": closed({**TYPE, "display": _DISPLAY, "block_binding": _BINDING}),
        "disabled": closed(TYPE),
        "enabled": closed(
            {
                **TYPE,
                "budget_tokens": number(least=1024, whole=True),
                "display": _DISPLAY,
                "block_binding": _BINDING,
            },
            ("budget_tokens",),
        ),
        "between_tools": closed(TYPE),
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
        "content": string_or(blocks_of(*IN_MESSAGES)),
        "clear_at": nullable(one_of("next_user_message", "never")),
        "output_config": nullable(closed({"effort": nullable(_EFFORT)})),
    },
    ("content", "role"),
)
_PARALLEL = {**TYPE, "disable_parallel_tool_use": boolean}
_TOOL_CHOICE = tagged(
    {
        "auto": closed(_PARALLEL),
        "any": closed(_PARALLEL),
        "tool": closed({**_PARALLEL, "name": string}, ("name",)),
        "none": closed(TYPE),
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
_KEEP = tagged(
    {
        "thinking_turns": closed({**TYPE, "value": number(above=0, whole=True)}, ("value",)),
        "all": closed(TYPE),
    }
)
_EDIT = tagged(
    {
        "clear_tool_uses_20250919": closed(
            {
                **TYPE,
                "trigger": _TRIGGER,
                "keep": _USES,
                "clear_at_least": nullable(_TOKENS),
                "exclude_tools": nullable(array(string)),
                "clear_tool_inputs": anything,
            }
        ),
        "clear_thinking_20251015": closed(
            {
                **TYPE,
                "keep": string_or(_KEEP, word="all"),
            }
        ),
        "compact_20260112": closed(
            {
                **TYPE,
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
        "create": closed(TYPE),
        "continue": closed({**TYPE, "previous_message_id": string}, ("previous_message_id",)),
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
    "system": string_or(blocks_of("text")),
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
    "fallbacks": nullable(string_or(array(_FALLBACK, most=3), word="default")),
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


def problems_of(body: Any, endpoint: str) -> tuple[Problem, ...]:
    """Return everything wrong with the shape of a body, in the words of the service's validator."""
    out: list[Problem] = []
    (COUNT_TOKENS if endpoint == "count_tokens" else MESSAGES)(body, (), out)
    return tuple(out)
