"""Mechanical cures of tools, tool_choice, their schemas, and context editing."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

from workbench.catalog import catalog
from workbench.lint.curesettings import model_of
from workbench.lint.edit import find, put, take

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.lint.finding import Finding

Body = dict[str, Any]

_TOOLSET = "computer_toolset_20260801"
_SCREEN = frozenset({"display_width_px", "display_height_px"})
_TRIGGER = 50_000


def _tools(body: Body) -> list[Body]:
    tools = body.get("tools")
    return [one for one in tools if isinstance(one, dict)] if isinstance(tools, list) else []


def _blocks(body: Body) -> Iterator[Body]:
    for turn in body.get("messages") or ():
        content = turn.get("content") if isinstance(turn, dict) else None
        yield from (one for one in content if isinstance(one, dict)) if isinstance(content, list) else ()


# --- names -----------------------------------------------------------------------------------------


def _good_name(body: Body, finding: Finding) -> str | None:
    """Write a tool's name, or a call's id, in the letters allowed; everywhere it stands."""
    old = find(body, finding.path)
    field = finding.path.rpartition(".")[2]
    if not isinstance(old, str) or field not in {"name", "id", "tool_use_id"}:
        return None
    new = re.sub(r"[^a-zA-Z0-9_-]", "_", old)[:64]
    names = {one.get("name") for one in _tools(body)} | {one.get("id") for one in _blocks(body)}
    if not new.strip("_") or new in names - {old}:
        return None
    if field == "name":
        _rename(body, old, new)
    else:
        for block in _blocks(body):
            for name in ("id", "tool_use_id"):
                if block.get(name) == old:
                    block[name] = new
    return f"rename it {new}"


def _rename(body: Body, old: str, new: str) -> None:
    choice = body.get("tool_choice")
    calls = [one for one in _blocks(body) if one.get("type") == "tool_use"]
    for holder in [*_tools(body), *calls, *([choice] if isinstance(choice, dict) else [])]:
        if holder.get("name") == old:
            holder["name"] = new


def _own_name(body: Body, finding: Finding) -> str | None:
    """Drop a tool that is there twice; give another one of the same name a number."""
    path = finding.path.removesuffix(".name")
    twin = find(body, path)
    if not isinstance(twin, dict) or not isinstance(twin.get("name"), str):
        return None
    if _tools(body).count(twin) > 1:
        take(body, path)
        return "drop the second one"
    names, name, n = {one.get("name") for one in _tools(body)}, twin["name"], 2
    while f"{name}_{n}" in names:
        n += 1
    twin["name"] = f"{name}_{n}"
    return f"rename it {name}_{n}"


# --- which tool, and whether -----------------------------------------------------------------------


def _auto(body: Body, _: Finding) -> str | None:
    choice = body.get("tool_choice")
    if not isinstance(choice, dict):
        return None
    body["tool_choice"] = {**{k: v for k, v in choice.items() if k != "name"}, "type": "auto"}
    return "use tool_choice auto"


def _known_choice(body: Body, finding: Finding) -> str | None:
    """Drop a choice among no tools; else name the tool that is meant."""
    names = [one["name"] for one in _tools(body) if isinstance(one.get("name"), str)]
    if finding.path == "tool_choice":
        take(body, "tool_choice")
        return "drop tool_choice"
    asked = find(body, finding.path)
    near = difflib.get_close_matches(str(asked), names, n=1) or (names if len(names) == 1 else [])
    if not near:
        return None
    put(body, finding.path, near[0])
    return f"name {near[0]}"


def _this_models_computer(body: Body, finding: Finding) -> str | None:
    """Use the computer tool made for the model, where what it needs is known."""
    path, model = finding.path.removesuffix(".type"), model_of(body)
    tool = find(body, path)
    taken = model.computer_use_tools if model else None
    if not isinstance(tool, dict) or not taken:
        return None
    kept = {key: value for key, value in tool.items() if key == "cache_control"}
    if taken[0] == _TOOLSET:
        put(body, path, {"type": _TOOLSET, **kept})
    elif tool.keys() >= _SCREEN:
        tool["type"] = taken[0]
    else:
        return None
    return f"use {taken[0]}"


def _one_toolset(body: Body, _: Finding) -> str | None:
    """Keep the first of several equal entries."""
    tools, kept = body.get("tools"), []
    if not isinstance(tools, list):
        return None
    for tool in tools:
        if tool not in kept or not str(tool.get("type")).endswith(("_toolset_20260801", "mcp_toolset")):
            kept.append(tool)
    if len(kept) == len(tools):
        return None
    body["tools"] = kept
    return "keep one entry"


def _load_the_only(body: Body, _: Finding) -> str | None:
    tools = _tools(body)
    if len(tools) != 1:
        return None
    tools[0].pop("defer_loading", None)
    return "load it at once"


# --- MCP, skills, context editing ------------------------------------------------------------------


def _toolset_of(body: Body, finding: Finding) -> str | None:
    """Add the toolset of a server that has none; keep one where it has several equal ones."""
    name = find(body, f"{finding.path}.name")
    if not isinstance(name, str):
        return None
    if any(one.get("mcp_server_name") == name for one in _tools(body)):
        return _one_toolset(body, finding)
    body["tools"] = [*(body.get("tools") or []), {"type": "mcp_toolset", "mcp_server_name": name}]
    return "add its toolset"


def _https(body: Body, finding: Finding) -> str | None:
    url = find(body, finding.path)
    if not isinstance(url, str) or not url.lower().startswith("http://"):
        return None
    put(body, finding.path, f"https{url[4:]}")
    return "use https"


def _code_execution(body: Body, _: Finding) -> str:
    kind = str(catalog().server_tools["code_execution"]["types"][0])
    body["tools"] = [*(body.get("tools") or []), {"type": kind, "name": "code_execution"}]
    return "add code execution"


def _thinking_first(body: Body, _: Finding) -> str | None:
    edits = find(body, "context_management.edits")
    if not isinstance(edits, list):
        return None
    edits.sort(key=lambda one: one.get("type") != "clear_thinking_20251015")
    return "put clear_thinking first"


def _later(body: Body, finding: Finding) -> str:
    put(body, f"{finding.path}.value", _TRIGGER)
    return f"begin at {_TRIGGER:,}"


# --- schemas ---------------------------------------------------------------------------------------


def _within_the_subset(body: Body, finding: Finding) -> str | None:
    """Close objects, or drop the constraints that are not understood: checking them is left to the caller."""
    schema = find(body, finding.path)
    if "'additionalProperties'" in finding.what:
        for part in _objects(schema):
            part["additionalProperties"] = False
        return "close its objects"
    named = re.fullmatch(r"For '(\w+)' type, properties (.+) are not supported", finding.what)
    if named is None:
        return None
    names = named[2].split(", ")
    for part in _parts(schema):
        if named[1] in _types(part):
            for name in names:
                part.pop(name, None)
    return f"drop {', '.join(names)}"


def _types(part: Body) -> list[Any]:
    kind = part.get("type")
    return (
        kind
        if isinstance(kind, list)
        else [kind if kind is not None or "properties" not in part else "object"]
    )


def _objects(schema: Any) -> Iterator[Body]:
    return (part for part in _parts(schema) if "object" in _types(part))


def _parts(schema: Any) -> Iterator[Body]:
    """Yield a schema and those inside it: properties, items, alternatives, definitions."""
    if not isinstance(schema, dict):
        return
    yield schema
    for name in ("properties", "$defs", "definitions"):
        inner = schema.get(name)
        for part in inner.values() if isinstance(inner, dict) else ():
            yield from _parts(part)
    for name in ("anyOf", "allOf"):
        inner = schema.get(name)
        for part in inner if isinstance(inner, list) else ():
            yield from _parts(part)
    yield from _parts(schema.get("items"))


CURES = {
    "E005": _good_name,
    "E040": _own_name,
    "E041": _auto,
    "E042": _auto,
    "E044": _known_choice,
    "E045": _this_models_computer,
    "W046": _this_models_computer,
    "E049": _one_toolset,
    "E140": _load_the_only,
    "E142": _toolset_of,
    "E144": _https,
    "E145": _code_execution,
    "E146": _thinking_first,
    "E147": _later,
    "E061": _within_the_subset,
}
