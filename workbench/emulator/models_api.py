"""The Models API: what each model is and takes, from the catalog.

Source: https://platform.claude.com/docs/en/api/models
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from workbench.catalog import EFFORT_LEVELS, Model, catalog
from workbench.emulator.pages import bad, page
from workbench.errors import NotFoundError
from workbench.lint.lifecycle import stage
from workbench.lint.subject import today_utc

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

JSON = dict[str, Any]
_STAGES = ("active", "deprecated", "retired")
_THINKING = ("adaptive", "enabled", "disabled", "between_tools")
_EPOCH = "1970-01-01T00:00:00Z"


def one(name: str, *, today: date | None = None) -> JSON:
    """Return the object of a model by id or alias.

    Args:
        name: Id or alias.
        today: The day to tell lifecycles by; the current one where not said.

    Raises:
        NotFoundError: No such model.
    """
    model = catalog().get(name)
    if model is None:
        raise NotFoundError(f"model: {name}", status=404, type="not_found_error")
    return entry(model, today or today_utc())


def listing(
    *,
    limit: str | None,
    after_id: str | None,
    before_id: str | None,
    lifecycle: Sequence[str] = (),
    today: date | None = None,
) -> JSON:
    """Return a page of models, newest first; retired ones only where asked for.

    Raises:
        BadRequestError: A query parameter that makes no sense.
    """
    stages = set(lifecycle) or {"active", "deprecated"}
    if unknown := stages.difference(_STAGES):
        raise bad(
            f"lifecycle: Input should be 'active', 'deprecated' or 'retired', not {min(unknown)[:40]!r}"
        )
    day = today or today_utc()
    rows = [model for model in _newest_first() if stage(model, day) in stages]
    asked = {"limit": limit, "after_id": after_id, "before_id": before_id}
    found, more = page(rows, {name: x for name, x in asked.items() if x is not None}, kind="model")
    data = [entry(model, day) for model in found]
    return {
        "data": data,
        "has_more": more,
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
    }


@cache
def _newest_first() -> tuple[Model, ...]:
    known = catalog()
    return tuple(sorted((*known, *known.retired), key=lambda model: model.released or "", reverse=True))


def entry(model: Model, today: date) -> JSON:
    """Return one model as the API shows it; what nobody could read counts as not supported."""
    lifecycle = stage(model, today)
    return {
        "type": "model",
        "id": model.id,
        "display_name": model.name,
        "created_at": _moment(model.released) or _EPOCH,
        "line": model.line,
        "lifecycle": lifecycle,
        "deprecated_at": _moment(model.deprecated),
        "retires_at": _moment(model.retires),
        "max_input_tokens": model.context_window,
        "max_tokens": model.max_output_tokens,
        "capabilities": _capabilities(model, served=lifecycle != "retired"),
    }


def _capabilities(model: Model, *, served: bool) -> JSON:
    effort, thinking = model.effort_levels or (), model.thinking_types or ()
    modern = bool(effort)
    edits = ("clear_tool_uses_20250919", "clear_thinking_20251015", "compact_20260112")
    return {
        "batch": _supported(served),
        "citations": _supported(model.citations),
        "code_execution": _supported(modern),
        "context_management": {**_supported(modern), **{name: _supported(modern) for name in edits}},
        "effort": {**_supported(effort), **{level: _supported(level in effort) for level in EFFORT_LEVELS}},
        "image_input": _supported(model.vision),
        "pdf_input": _supported(model.pdf),
        "server_tools": {
            # Older models search too, only not from inside code.
            **_supported(served),
            "web_search": _supported(served),
            "code_execution": _supported(modern),
        },
        "structured_outputs": _supported(model.structured_outputs),
        "thinking": {
            **_supported(thinking),
            "types": {kind: _supported(kind in thinking) for kind in _THINKING},
        },
    }


def _supported(value: object) -> JSON:
    return {"supported": bool(value)}


def _moment(day: str | None) -> str | None:
    return f"{day}T00:00:00Z" if day else None
