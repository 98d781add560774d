"""Why a request is not recorded: the nearest recording, and where it first differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.display import Shown
from workbench.record.form import API_VERSION
from workbench.wire.codec import dumps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_FIRST_COMPARED = ("model", "system", "tools", "messages")


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything that decides whether a recording fits, as JSON."""

    body: dict[str, Any]
    draw: int = 0
    api_version: str = API_VERSION
    betas: tuple[str, ...] = ()
    origin: str | None = None

    def fields(self) -> dict[str, Any]:
        """Return one tree to compare: the body, then what stands beside it."""
        tree = _normal(self.body)
        tree["anthropic-version"] = self.api_version
        tree["anthropic-beta"] = sorted(self.betas)
        tree["draw"] = self.draw
        return tree


@dataclass(frozen=True, slots=True)
class Explanation(Shown):
    """Why a request is, or is not, answered from what was recorded.

    Attributes:
        hit: Whether it is recorded.
        where: The store or cassette that was searched.
        recorded_at: When the recording, or the nearest one, was made.
        path: First field that differs, e.g. ``system[0].text``; None for a hit or an empty store.
        recorded: What the nearest recording has there.
        asked: What the request has there.
        searched: Recordings compared.
    """

    hit: bool
    where: str
    recorded_at: str | None = None
    path: str | None = None
    recorded: Any = None
    asked: Any = None
    searched: int = 0
    fields_differing: int = 0

    @property
    def difference(self) -> str:
        """The first difference in one sentence."""
        if self.path is None:
            return "Nothing comparable is recorded."
        old, new = _shown(self.recorded, self.asked)
        return f"Nearest recording differs at {self.path}: {old} → {new}."

    def __str__(self) -> str:
        when = f" on {self.recorded_at}" if self.recorded_at else ""
        if self.hit:
            return f"Recorded{when} in {self.where}."
        more = self.fields_differing - 1
        rest = f" {more} more field{'s differ' if more > 1 else ' differs'}." if more > 0 else ""
        return f"Not recorded in {self.where}. {self.difference}{rest}"


def nearest(asked: Asked, recorded: Iterable[tuple[Asked, str | None]], where: str) -> Explanation:
    """Explain a miss by the recording with the fewest fields that differ.

    Args:
        asked: What was looked for.
        recorded: Recordings with the time each was made; the earlier of two equally near ones wins.
        where: Name of what was searched.
    """
    wanted = asked.fields()
    best: tuple[int, int, list[tuple[str, Any, Any]], str | None] | None = None
    searched = 0
    for searched, (candidate, made) in enumerate(recorded, 1):  # noqa: B007 - counts
        found = list(differences(candidate.fields(), wanted))
        if asked.origin is not None and candidate.origin != asked.origin:
            found.append(("origin", candidate.origin, asked.origin))
        distance = (len(found), sum(_apart(old, new) for _, old, new in found))
        if found and (best is None or distance < best[:2]):
            best = (*distance, found, made)
    if best is None:
        return Explanation(hit=False, where=where, searched=searched)
    _, _, found, made = best
    path, old, new = found[0]
    return Explanation(
        hit=False,
        where=where,
        recorded_at=made,
        path=path,
        recorded=old,
        asked=new,
        searched=searched,
        fields_differing=len(found),
    )


def differences(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield path, old and new value wherever two JSON trees differ; an absent value is ``...``.

    >>> list(differences({"a": [1, 2]}, {"a": [1, 3], "b": 4}))
    [('a[1]', 2, 3), ('b', Ellipsis, 4)]
    """
    if isinstance(old, dict) and isinstance(new, dict):
        for name in _names(old, new):
            inner = f"{path}.{name}" if path else str(name)
            yield from differences(old.get(name, ...), new.get(name, ...), inner)
    elif isinstance(old, list) and isinstance(new, list):
        for at in range(max(len(old), len(new))):
            left, right = (values[at] if at < len(values) else ... for values in (old, new))
            yield from differences(left, right, f"{path}[{at}]")
    elif old != new or type(old) is not type(new):
        yield path, old, new


def _names(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    names = list(dict.fromkeys((*new, *old)))
    return sorted(names, key=lambda n: _FIRST_COMPARED.index(n) if n in _FIRST_COMPARED else len(names) + 9)


def _normal(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body with strings written as the blocks they stand for, and without ``stream``."""
    tree = {name: value for name, value in body.items() if name != "stream"}
    if isinstance(tree.get("system"), str):
        tree["system"] = _blocks(tree["system"])
    turns = tree.get("messages")
    if isinstance(turns, list):
        tree["messages"] = [
            {**turn, "content": _blocks(turn["content"])}
            if isinstance(turn, dict) and isinstance(turn.get("content"), str)
            else turn
            for turn in turns
        ]
    return tree


def _blocks(text: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": text}]


def _apart(old: Any, new: Any) -> int:
    """Return roughly how many characters two values differ in."""
    if not (isinstance(old, str) and isinstance(new, str)):
        return len(str(old)) + len(str(new))
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    return max(len(old), len(new)) - start - end


def _common(old: str, new: str) -> int:
    """Return the length of the common prefix, by halving: texts can be long."""
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if old[:middle] == new[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _shown(old: Any, new: Any) -> tuple[str, str]:
    if isinstance(old, str) and isinstance(new, str) and max(len(old), len(new)) > 60:
        start = max(0, _common(old, new) - 20)
        return _quoted(old, start), _quoted(new, start)
    return _quoted(old), _quoted(new)


def _quoted(value: Any, start: int = 0) -> str:
    if value is ...:
        return "nothing"
    text = value if isinstance(value, str) else dumps(value).decode()
    cut = text[start : start + 60]
    cut = "".join(
        c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in cut
    )
    cut = f"{'…' if start else ''}{cut}{'…' if start + 60 < len(text) else ''}"
    return f'"{cut}"' if isinstance(value, str) else cut
