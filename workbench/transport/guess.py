"""What a call will use, guessed from what calls like it have used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.catalog import catalog
from workbench.tokens import count

if TYPE_CHECKING:
    from collections.abc import Hashable

    from workbench.wire import Request, Usage

_BYTES_A_TOKEN = 4
_OUTPUT = 400.0
"""Output tokens of a call when nothing is known."""
_KEPT = 256
_COUNTED = 16
"""Kinds of requests that are counted token by token at their first call; counting a long prompt takes
milliseconds, and what is alike has been counted."""


class _Seen:
    """Running means of calls that are alike: ``ratio`` of tokens charged to the rough count, and output."""

    __slots__ = ("calls", "output", "ratio")

    def __init__(self, ratio: float, output: float) -> None:
        self.ratio = ratio
        self.output = output
        self.calls = 0

    def add(self, ratio: float, output: float) -> None:
        self.calls += 1
        self.ratio += (ratio - self.ratio) * max(1 / self.calls, 0.2)
        self.output += (output - self.output) * max(1 / self.calls, 0.05)


class Guess:
    """Guesses input and output tokens that count toward the limits; a cached prefix that is free does not."""

    def __init__(self) -> None:
        self._kinds: dict[Hashable, _Seen] = {}
        self._models: dict[str, _Seen] = {}
        self._counted = 0

    def of(self, request: Request, size: int) -> tuple[float, float]:
        """Return input and output tokens.

        Args:
            request: What is sent.
            size: Bytes of its body.
        """
        seen = self._seen(request, size)
        output = min(seen.output, request.max_tokens) if request.max_tokens is not None else seen.output
        return max(1.0, seen.ratio * _rough(request, size)), output

    def learn(self, request: Request, size: int, usage: Usage) -> tuple[float, float]:
        """Take what it was; returned as by `of`."""
        real = limited_input(usage, request.model), float(usage.output_tokens or 0)
        ratio = real[0] / _rough(request, size)
        self._seen(request, size).add(ratio, real[1])
        self._models.setdefault(request.model, _Seen(ratio, real[1])).add(ratio, real[1])
        return real

    def _seen(self, request: Request, size: int) -> _Seen:
        alike = _alike(request)
        found = self._kinds.get(alike)
        if found is None:
            if len(self._kinds) >= _KEPT:
                del self._kinds[next(iter(self._kinds))]
            found = self._kinds[alike] = self._first(request, size)
        return found

    def _first(self, request: Request, size: int) -> _Seen:
        known = self._models.get(request.model)
        output = known.output if known else _OUTPUT
        if known is not None and self._counted >= _COUNTED:
            return _Seen(known.ratio, output)
        self._counted += 1
        return _Seen(count(request).likely / _rough(request, size), output)


def limited_input(usage: Usage, model: str) -> float:
    """Return the input tokens that count toward the limit: cache reads are free, but for one old model.

    Source: https://platform.claude.com/docs/en/api/rate-limits#cache-aware-itpm
    """
    tokens = (usage.input_tokens or 0) + (usage.cache_creation_input_tokens or 0)
    read = usage.cache_read_input_tokens or 0
    return float(tokens + read if read and _counts_reads(model) else tokens)


def _counts_reads(model: str) -> bool:
    found = catalog().get(model)
    return found is not None and any("count toward ITPM" in note for note in found.notes)


def _rough(request: Request, size: int) -> float:
    """Return the tokens of a body by its size; of pictures and papers the size says nothing."""
    media = any(
        not isinstance(turn.content, str) and any(b.type in {"image", "document"} for b in turn.content)
        for turn in request.messages
    )
    return float(max(1, count(request).likely if media else size // _BYTES_A_TOKEN))


def _alike(request: Request) -> Hashable:
    """Return a key that the calls of one variant share, as a rule: a cheap one."""
    system = request.system
    if system is not None and not isinstance(system, str):
        system = "".join(getattr(block, "text", "") for block in system)
    head = "" if system is None else system[:64]
    return (
        request.model,
        request.max_tokens,
        request.effort,
        len(request.tools or ()),
        len(system or ""),
        head,
        _marked_start(request),
    )


def _marked_start(request: Request) -> str:
    """Return how the first turn begins where it may be cached: few-shot examples stand there."""
    content = request.messages[0].content if request.messages else ""
    if isinstance(content, str):
        return content[:64] if request.cache_control is not None else ""
    first = content[0] if content else None
    if getattr(first, "cache_control", None) is None:
        return ""
    return getattr(first, "text", "")[:64]
