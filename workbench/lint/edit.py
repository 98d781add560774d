"""Changing a request body at the places that findings name: ``messages[0].content[1].text``.

Everything here changes the body it is given; whoever wants to keep the old one copies it first. A text that
stands where blocks may stand counts as one text block, so ``messages[0].content[0].text`` is there for both.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from workbench.errors import PromptError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

Step = str | int
Body = dict[str, Any]

_STEP = re.compile(r"\[(\d+)\]|\.?([^.\[\]]+)")
HOLDS_BLOCKS = frozenset({"content", "system"})
"""Fields that are text or a list of blocks."""


def steps(body: Any, path: str) -> tuple[Step, ...]:
    """Split a path into keys and indices; keys that hold dots or brackets are known by the body itself.

    Raises:
        PromptError: No path.

    >>> steps({}, "messages[0].content[1].text")
    ('messages', 0, 'content', 1, 'text')
    >>> steps({"a.b": {"c": 1}}, "a.b.c")
    ('a.b', 'c')
    """
    found: list[Step] = []
    here, rest = body, path
    while rest:
        step, rest = _first(here, rest.removeprefix("."), path)
        found.append(step)
        here = child(here, step)
    return tuple(found)


def _first(here: Any, rest: str, path: str) -> tuple[Step, str]:
    if isinstance(here, dict):
        keys = (
            key for key in here if rest.startswith(key) and rest[len(key) : len(key) + 1] in {"", ".", "["}
        )
        if key := max(keys, key=len, default=""):
            return key, rest[len(key) :]
    match = _STEP.match(rest)
    if match is None:
        raise PromptError(f"{path!r} is no path; write it as messages[0].content[1].text")
    return (int(match[1]) if match[1] is not None else match[2]), rest[match.end() :]


def child(here: Any, step: Step) -> Any:
    """Return what stands at one step, None where nothing does."""
    if isinstance(step, str):
        return here.get(step) if isinstance(here, dict) else None
    if isinstance(here, str) and step == 0:
        return {"type": "text", "text": here}
    return here[step] if isinstance(here, list) and step < len(here) else None


def find(body: Any, path: str, default: Any = None) -> Any:
    """Return what stands at *path*, *default* where nothing does.

    >>> find({"system": "Be brief."}, "system[0].text")
    'Be brief.'
    """
    here = body
    for step in steps(body, path):
        here = child(here, step)
        if here is None:
            return default
    return here


def put(body: Body, path: str, value: Any) -> None:
    """Set the value at *path*; objects on the way are made, an index one past the end appends.

    Raises:
        PromptError: Nothing stands where the path leads.

    >>> body = {"model": "claude-haiku-4-5"}
    >>> put(body, "output_config.effort", "high")
    >>> body
    {'model': 'claude-haiku-4-5', 'output_config': {'effort': 'high'}}
    """
    way = _to_text(body, steps(body, path))
    if not way:
        raise PromptError("a path is needed, e.g. messages[0].content")
    parent, last = _walk(body, way, path, make=True), way[-1]
    if isinstance(parent, dict) and isinstance(last, str):
        parent[last] = value
    elif isinstance(parent, list) and isinstance(last, int) and last <= len(parent):
        parent[last : last + 1] = [value]
    else:
        raise nothing(path)


def _to_text(body: Body, way: tuple[Step, ...]) -> tuple[Step, ...]:
    """Lead a path to the text of an only block to the text that stands for it, where one does or none is."""
    if way[-2:] != (0, "text") or len(way) < 3 or way[-3] not in HOLDS_BLOCKS:
        return way
    holder: Any = body
    for step in way[:-3]:
        holder = child(holder, step)
    held = child(holder, way[-3])
    return way[:-2] if isinstance(holder, dict) and (held is None or isinstance(held, str)) else way


def take(body: Body, path: str) -> Any:
    """Remove what stands at *path* and return it; a setting's object left empty goes too.

    Raises:
        PromptError: Nothing stands there.
    """
    way = steps(body, path)
    parent: Any = _walk(body, way, path) if way else None
    last = way[-1] if way else ""
    known = range(len(parent)) if isinstance(parent, list) else parent if isinstance(parent, dict) else ()
    if last not in known:
        raise nothing(path)
    taken = parent.pop(last)
    if len(way) == 2 and parent == {}:
        del body[str(way[0])]
    return taken


def nothing(path: str) -> PromptError:
    """Return the error for a place that is not there."""
    return PromptError(f"nothing stands at {path or 'the empty path'}")


def _walk(body: Body, way: tuple[Step, ...], path: str, *, make: bool = False) -> Any:
    """Return what holds the last step; with *make* texts become blocks and what is missing is made."""
    here: Any = body
    for step, after in pairwise(way):
        child = _item_or_key(here, step)
        if make and isinstance(child, str) and step in HOLDS_BLOCKS:
            child = here[step] = [{"type": "text", "text": child}]
        if child is None and make:
            child = _made(here, step, [] if isinstance(after, int) else {})
        if child is None:
            raise nothing(path)
        here = child
    return here


def _made(here: Any, step: Step, fresh: Any) -> Any:
    if isinstance(here, dict) and isinstance(step, str):
        here[step] = fresh
    elif isinstance(here, list) and step == len(here):
        here.append(fresh)
    else:
        return None
    return fresh


def _item(here: Any, step: Step) -> Any:
    return here[step] if isinstance(here, list) and isinstance(step, int) and step < len(here) else None


# --- blocks ----------------------------------------------------------------------------------------


def blocks_at(body: Body, path: str) -> list[Any]:
    """Return the list of blocks at *path*, changed in place; text becomes one block, nothing an empty list.

    Raises:
        PromptError: What stands there holds no blocks.
    """
    held = find(body, path)
    if held is None or isinstance(held, str):
        put(body, path, [] if held is None else [{"type": "text", "text": held}])
        held = find(body, path)
    if not isinstance(held, list):
        raise PromptError(f"{path} holds no blocks")
    return held


def mark(body: Body, path: str, ttl: str | None) -> None:
    """Set, change or (None) drop the cache breakpoint of a block or tool; ``""`` is the automatic one.

    A text becomes a block that can carry it; of a turn or a list of blocks the last block carries it.

    Raises:
        PromptError: Nothing there can carry one.
    """
    if ttl not in {None, "5m", "1h"}:
        raise PromptError(f"{path}: a cache breakpoint lives 5m or 1h, not {ttl!r}")
    path = path.removesuffix("cache_control").removesuffix(".")
    if path and isinstance(turn := find(body, path), dict) and "role" in turn:
        path = f"{path}.content"
    if ttl is not None:
        hour = {"ttl": ttl} if ttl == "1h" else {}
        _carrier(body, path)["cache_control"] = {"type": "ephemeral", **hour}
        return
    item = find(body, path) if path else body
    if item is None:
        raise nothing(path)
    item = item[-1] if isinstance(item, list) and item else item
    if isinstance(item, dict):
        item.pop("cache_control", None)


def _carrier(body: Body, path: str) -> Body:
    if not path:
        return body
    way = steps(body, path)
    here = _item_or_key(_walk(body, way, path, make=True), way[-1]) if find(body, path) is not None else None
    if isinstance(here, str) and way[-1] in HOLDS_BLOCKS:
        here = blocks_at(body, path)
    if isinstance(here, list) and here:
        here = here[-1]
    if not isinstance(here, dict):
        raise PromptError(f"{path}: there is no block to mark")
    return here


def _item_or_key(here: Any, step: Step) -> Any:
    return here.get(step) if isinstance(here, dict) else _item(here, step)


def marks(body: Body) -> list[tuple[str, str]]:
    """List the cache breakpoints with their lifetimes, in the order of the prefix; the automatic one last."""
    found = [(path, ttl) for path, item in carriers(body) if (ttl := _ttl(item)) is not None]
    automatic = _ttl(body)
    return found if automatic is None else [*found, ("cache_control", automatic)]


def carriers(body: Body) -> Iterator[tuple[str, Any]]:
    """Yield what may carry a breakpoint: tools, system blocks, blocks of turns and of tool results."""
    yield from _each(body.get("tools"), "tools")
    yield from _each(body.get("system"), "system")
    for turn, message in enumerate(_list(body.get("messages"))):
        content = message.get("content") if isinstance(message, dict) else None
        for path, block in _each(content, f"messages[{turn}].content"):
            if block.get("type") == "tool_result":
                yield from _each(block.get("content"), f"{path}.content")
            yield path, block


def _each(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    return ((f"{path}[{n}]", item) for n, item in enumerate(_list(value)) if isinstance(item, dict))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _ttl(item: Body) -> str | None:
    control = item.get("cache_control")
    if not isinstance(control, dict):
        return None
    return "1h" if control.get("ttl") == "1h" else "5m"


def unknown(name: str, known: list[str], what: str) -> PromptError:
    """Return the error for a word that is none of those known."""
    return PromptError(f"there is no {what} {name!r}{did_you_mean(name, known)}; one of {', '.join(known)}")
