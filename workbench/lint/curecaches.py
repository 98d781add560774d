"""Mechanical cures of cache breakpoints."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from workbench.lint.edit import carriers, find, mark, marks, take
from workbench.lint.limits import limit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.lint.finding import Finding

Body = dict[str, Any]

AUTOMATIC = "cache_control"
EVERY = 15
"""Blocks between breakpoints that are sure to find each other."""


def _set(body: Body, path: str, ttl: str | None) -> None:
    """Mark a place as `marks` names it."""
    mark(body, "" if path == AUTOMATIC else path, ttl)


def _places(body: Body) -> Iterator[str]:
    """Yield what may carry a breakpoint in prefix order; a text that stands for a block counts."""
    for at, tool in enumerate(body.get("tools") or ()):
        if isinstance(tool, dict) and not tool.get("defer_loading"):
            yield f"tools[{at}]"
    turns = [(f"messages[{n}].content", one) for n, one in enumerate(body.get("messages") or ())]
    contents = [(path, one.get("content")) for path, one in turns if isinstance(one, dict)]
    for path, content in [("system", body.get("system")), *contents]:
        if isinstance(content, list):
            yield from (f"{path}[{at}]" for at in range(len(content)))
        elif content:
            yield path


def _deferred(path: str, item: Body) -> bool:
    return path.startswith("tools") and bool(item.get("defer_loading"))


def _can_carry(body: Body, path: str) -> bool:
    item = find(body, path)
    if isinstance(item, dict):
        kind = item.get("type")
        return kind not in {"thinking", "redacted_thinking"} and not (kind == "text" and not item.get("text"))
    return bool(item)


# --- too many, too late ----------------------------------------------------------------------------


def _keep_four(body: Body, _: Finding) -> str:
    """Drop the breakpoints that are closest before another one: they cover the least of their own."""
    most, dropped = limit("cache_breakpoints"), 0
    order = {path: at for at, (path, _) in enumerate(carriers(body))}
    while len(found := [path for path, _ in marks(body)]) > most:
        places = [order.get(path, len(order)) for path in found]
        gaps = [after - at for at, after in pairwise(places)]
        _set(body, found[gaps.index(min(gaps))], None)
        dropped += 1
    return f"drop {dropped} breakpoint{'s' * (dropped != 1)}"


def _sort_lifetimes(body: Body, _: Finding) -> str:
    found = [(path, ttl) for path, ttl in marks(body) if not _deferred(path, find(body, path) or {})]
    for (path, _ttl), ttl in zip(found, sorted(ttl for _, ttl in found), strict=True):
        _set(body, path, ttl)
    return "put 1h before 5m"


def _same_lifetime(body: Body, finding: Finding) -> str | None:
    own = re.search(r"ttl='(5m|1h)'", finding.message or "")
    if own is None:
        return None
    _set(body, AUTOMATIC, own[1])
    return f"use {own[1]} for both"


def _unmark(body: Body, finding: Finding) -> str:
    mark(body, finding.path, None)
    return "drop the breakpoint"


def _mark_last(body: Body, _: Finding) -> str | None:
    """Put the automatic breakpoint where it would have stood."""
    ttl = dict(marks(body)).get(AUTOMATIC)
    last = next((path for path in reversed([*_places(body)]) if _can_carry(body, path)), None)
    if ttl is None or last is None:
        return None
    take(body, AUTOMATIC)
    if not any(path.startswith(last) for path, _ in marks(body)):
        mark(body, last, ttl)
    return "mark the last block"


def _unmark_all(body: Body, _: Finding) -> str:
    found = marks(body)
    for path, _ttl in found:
        _set(body, path, None)
    return "drop the breakpoint" if len(found) == 1 else f"drop {len(found)} breakpoints"


# --- missing, or in the wrong place ----------------------------------------------------------------


def _add(body: Body, finding: Finding) -> str | None:
    """Mark the end of what is stable; where all four are used, the nearest one before moves there."""
    if not _can_carry(body, finding.path):
        return None
    found = marks(body)
    label = "add breakpoint"
    if len(found) >= limit("cache_breakpoints"):
        _set(body, found[-1][0], None)
        label = "move the last breakpoint here"
    mark(body, finding.path, "5m")
    return label


def _move(body: Body, finding: Finding) -> str | None:
    """Move a breakpoint to where the cure says, or leave it out."""
    to = re.fullmatch(r"move it to (\S+)", finding.cure)
    ttl = next(
        (ttl for path, ttl in marks(body) if _same(path, finding.path)), dict(marks(body)).get(AUTOMATIC)
    )
    if ttl is None:
        return None
    if any(_same(path, finding.path) for path, _ in marks(body)):
        mark(body, finding.path, None)
    else:
        take(body, AUTOMATIC)
    if to is None:
        return "drop the breakpoint"
    mark(body, to[1], ttl)
    return "move the breakpoint"


def _same(path: str, other: str) -> bool:
    return path in {other, f"{other}[0]"}


def _between(body: Body, finding: Finding) -> str | None:
    """Set one more breakpoint within reach of the last one."""
    places, found = [*_places(body)], marks(body)
    last = next((at for at, path in enumerate(places) if _same(path, finding.path)), None)
    if last is None or not found or len(found) >= limit("cache_breakpoints"):
        return None
    at = next((n for n in range(last - EVERY, -1, -1) if _can_carry(body, places[n])), None)
    if at is None:
        return None
    mark(body, places[at], found[-1][1])
    return "add breakpoint"


def _warm_prefix(body: Body, finding: Finding) -> str | None:
    """Mark the last block of the system prompt, or else the last tool, instead of the placeholder."""
    shared = [path for path in _places(body) if not path.startswith("messages") and _can_carry(body, path)]
    ttl = next((ttl for _, ttl in reversed(marks(body))), None)
    if not shared or ttl is None:
        return None
    for path, _ in marks(body):
        if path == AUTOMATIC or _same(path, finding.path):
            _set(body, path, None)
    mark(body, shared[-1], ttl)
    return "mark the shared prefix"


# --- lifetimes -------------------------------------------------------------------------------------


def _cheaper(body: Body, finding: Finding) -> str | None:
    """Write for five minutes what is written for an hour; drop what does not pay even so."""
    return _shorten(body, finding) or _unmark(body, finding)


def _shorten(body: Body, finding: Finding) -> str | None:
    found = marks(body)
    at = next((n for n, (path, _) in enumerate(found) if _same(path, finding.path)), None)
    at = len(found) - 1 if at is None and found and found[-1][0] == AUTOMATIC else at
    if at is None or found[at][1] != "1h":
        return None
    for path, _ in found[at:]:
        _set(body, path, "5m")
    return "use 5m"


def _lengthen(body: Body, finding: Finding) -> str | None:
    """Write for an hour, and with it all breakpoints before: 1h stands before 5m."""
    found = marks(body)
    at = next((n for n, (path, _) in enumerate(found) if _same(path, finding.path)), len(found) - 1)
    for path, _ in found[: at + 1]:
        _set(body, path, "1h")
    return "use 1h"


CURES = {
    "E030": _keep_four,
    "E031": _sort_lifetimes,
    "E032": _same_lifetime,
    "E033": _unmark,
    "E034": _mark_last,
    "W030": _unmark_all,
    "W031": _add,
    "W032": _move,
    "W033": _between,
    "W035": _cheaper,
    "W036": _shorten,
    "W037": _lengthen,
    "W038": _warm_prefix,
}
