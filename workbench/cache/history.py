"""How long recorded answers were: what an estimate of the next ones rests on."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from workbench.record import split
from workbench.wire.codec import digest, loads

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbench.wire import Request

SCANNED = 5_000
"""Recordings of one model looked at, the newest first."""

FEW = 5
"""Fewer answers than these say nothing about the next one."""

LONG = 200_000
"""Bytes of a request beyond which it is not read only to be compared."""

_NOT_SHAPE = ("messages", "max_tokens", "stream", "metadata", "diagnostics", "service_tier", "cache_control")


class History:
    """Output tokens of recorded answers: of the same request, else of requests of one shape.

    Requests of one shape differ in messages and limits only: model, system prompt, tools, thinking, effort
    and format are the same. A variant of a study is one shape.

    Args:
        rows: Keys and values of a store.
        origin: Whose answers count: the emulator's say nothing about Claude's.
    """

    def __init__(self, rows: Iterable[tuple[str, bytes]], origin: str) -> None:
        same: dict[str, list[int]] = defaultdict(list)
        alike: dict[str, list[int]] = defaultdict(list)
        for key, value in rows:
            if not key.endswith(f"|{origin}"):
                continue
            read = _read(value)
            if read is not None:
                tokens, shape = read
                same[key.partition("|")[0]].append(tokens)
                alike[shape].append(tokens)
        self._same = _quantiles(same)
        self._alike = _quantiles(alike)

    def outputs(self, request: Request) -> tuple[int, int] | None:
        """Return the 10 % and 90 % quantiles of output tokens of such requests; None: too few known."""
        if self._same and (found := self._same.get(request.key)) is not None:
            return found
        if not self._alike:
            return None
        return self._alike.get(_shape(request.model_dump(exclude_unset=True, exclude=set(_NOT_SHAPE))))


def _read(value: bytes) -> tuple[int, str] | None:
    """Return the output tokens and the shape in a store's value; None where it tells neither."""
    parts = split(value) if isinstance(value, bytes) else None
    if parts is None or len(parts[1]) > LONG:
        return None
    answer, request = loads(bytes(parts[0])), loads(bytes(parts[1]))
    usage = answer.get("message", {}).get("usage") or {}
    tokens = usage.get("output_tokens")
    return (tokens, _shape(request)) if isinstance(tokens, int) and tokens >= 0 else None


def _shape(body: dict[str, Any]) -> str:
    shape = {name: value for name, value in body.items() if name not in _NOT_SHAPE}
    if isinstance(shape.get("system"), str):
        shape["system"] = [{"type": "text", "text": shape["system"]}]
    for name in ("system", "tools"):
        if name in shape:
            shape[name] = [_unmarked(block) for block in shape[name]]
    return digest(shape)


def _unmarked(block: dict[str, Any]) -> dict[str, Any]:
    """Return a block without its cache breakpoint: marked or not, the answer is as long."""
    return {name: value for name, value in block.items() if name != "cache_control"}


def _quantiles(groups: dict[str, list[int]]) -> dict[str, tuple[int, int]]:
    """Return the 10 % and 90 % quantiles, by nearest rank, of groups that are large enough."""
    found = {}
    for name, each in groups.items():
        if len(each) >= FEW:
            ordered, last = sorted(each), len(each) - 1
            found[name] = ordered[round(last * 0.1)], ordered[round(last * 0.9)]
    return found
