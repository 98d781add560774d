"""New blocks, tools and turns: what a form begins with."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from workbench.catalog import catalog
from workbench.lint import lint
from workbench.lint.edit import unknown
from workbench.lint.toolfields import TOOLS
from workbench.wire.tools import family

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Body = dict[str, Any]

MAX_TOKENS = 4096
"""Room for an answer, and for the thinking that many models do unasked."""


def body() -> Body:
    """Return the body of an empty prompt: one user turn without words."""
    return _asking(model(), "")


def model(at: date | None = None) -> str:
    """Return what an empty prompt asks: the cheapest model of which lint has nothing to say.

    Where none of the cheaper half is so, the cheapest one all the same.

    Args:
        at: The day; None is today.
    """
    return _cheapest(at or datetime.now(UTC).date())


@lru_cache(maxsize=8)
def _cheapest(at: date) -> str:
    served = [one for one in catalog() if one.status == "active" and one.prices.output is not None]
    served.sort(key=lambda one: (one.prices.output, one.prices.input))
    names = [one.aliases[0] if one.aliases else one.id for one in served[: (len(served) + 1) // 2]]
    quiet = (name for name in names if not lint(_asking(name, "Hi"), today=at))
    return next(quiet, names[0])


def begun(given: Body) -> Body:
    """Return a body that names no model with that of an empty prompt, and a limit where it has none."""
    held = {name: value for name, value in given.items() if name != "model"}
    return {"model": model(), "max_tokens": MAX_TOKENS, **held}


def _asking(name: str, words: str) -> Body:
    return {"model": name, "max_tokens": MAX_TOKENS, "messages": [{"role": "user", "content": words}]}


def block(kind: str, request: Body) -> Body:
    """Return a new block.

    Args:
        request: The body it is for: ids are new, citations as on its other documents.
        kind: ``text``, ``image``, ``document`` (text), ``custom_document`` (blocks of the caller's own),
            ``search_result``, ``tool_use``, ``tool_result``, ``thinking``.

    Raises:
        PromptError: No such kind.
    """
    if kind not in _BLOCKS:
        raise unknown(kind, [*_BLOCKS], "kind of block")
    return _BLOCKS[kind](request)


def tool(kind: str, request: Body) -> Body:
    """Return a new tool: ``tool`` is one of the caller's own, else a ``type`` as the API has it.

    Raises:
        PromptError: No such type.
    """
    if kind in {"tool", "custom"}:
        name = free("tool_1", {str(one.get("name")) for one in _dicts(request.get("tools"))})
        return {"name": name, "description": "", "input_schema": {"type": "object", "properties": {}}}
    kin = family(kind)
    if kin == "unknown":
        raise unknown(kind, ["tool", *sorted(TOOLS)], "tool")
    named = {"type": kind, "name": _NAMES.get(kind, _NAMES.get(kin, kin))}
    more: dict[str, Body] = {
        "computer": {"display_width_px": 1280, "display_height_px": 800},
        "advisor": {"model": request.get("model") or model()},
    }
    if kin.endswith("_toolset"):
        return {"type": kind, "mcp_server_name": ""} if kin == "mcp_toolset" else {"type": kind}
    return named | more.get(kin, {})


_NAMES = {
    "text_editor": "str_replace_based_edit_tool",
    "text_editor_20250124": "str_replace_editor",
    "text_editor_20241022": "str_replace_editor",
}


def free(name: str, taken: set[str]) -> str:
    """Return *name*, counted up until it is free.

    >>> free("tool_1", {"tool_1", "tool_2"}), free("search", {"search"})
    ('tool_3', 'search_2')
    """
    stem, _, number = name.rpartition("_")
    stem, n = (stem, int(number)) if stem and number.isdigit() else (name, 1)
    while name in taken:
        n += 1
        name = f"{stem}_{n}"
    return name


def calls(request: Body) -> Iterator[Body]:
    """Yield the tool calls of all turns."""
    return (one for one in _blocks(request) if one.get("type") == "tool_use")


def cited(request: Body) -> bool | None:
    """Return whether the documents of *request* are cited: all or none; None where it has none."""
    documents = [one for one in _blocks(request) if one.get("type") == "document"]
    said = [one.get("citations") for one in documents]
    return any(isinstance(one, dict) and one.get("enabled") is True for one in said) if said else None


def _text(_: Body) -> Body:
    return {"type": "text", "text": ""}


def _document(request: Body, source: Body | None = None) -> Body:
    made = {"type": "document", "source": source or {"type": "text", "media_type": "text/plain", "data": ""}}
    return made | ({"citations": {"enabled": True}} if cited(request) else {})


def _tool_use(request: Body) -> Body:
    names = [one.get("name") for one in _dicts(request.get("tools")) if "input_schema" in one]
    fresh = free("toolu_1", {str(one.get("id")) for one in calls(request)})
    return {"type": "tool_use", "id": fresh, "name": next(iter(names), ""), "input": {}}


def _tool_result(request: Body) -> Body:
    answered = {one.get("tool_use_id") for one in _blocks(request) if one.get("type") == "tool_result"}
    waiting = [one.get("id") for one in calls(request) if one.get("id") not in answered]
    return {"type": "tool_result", "tool_use_id": next(iter(waiting), ""), "content": ""}


_BLOCKS: dict[str, Callable[[Body], Body]] = {
    "text": _text,
    "image": lambda _: {"type": "image", "source": {"type": "url", "url": ""}},
    "document": _document,
    "custom_document": lambda request: _document(request, {"type": "content", "content": [_text(request)]}),
    "search_result": lambda request: {
        "type": "search_result",
        "source": "",
        "title": "",
        "content": [_text(request)],
    },
    "tool_use": _tool_use,
    "tool_result": _tool_result,
    "thinking": lambda _: {"type": "thinking", "thinking": "", "signature": ""},
}

KINDS = tuple(_BLOCKS)
"""Kinds of blocks that turns may hold."""


def _blocks(request: Body) -> Iterator[Body]:
    for turn in _dicts(request.get("messages")):
        yield from _dicts(turn.get("content"))


def _dicts(value: Any) -> list[Body]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
