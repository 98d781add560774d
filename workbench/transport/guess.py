"""What a call will use, guessed from what calls like it have used."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

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


class Expected(NamedTuple):
    """What is known of one call: what calls like it used, its own rough size, its limit of output."""

    seen: _Seen
    rough: float
    most: int | None

    @property
    def need(self) -> tuple[float, float, float]:
        """Requests, input and output tokens, as of now."""
        output = self.seen.output
        if self.most is not None and self.most < output:
            output = float(self.most)
        return 1.0, max(1.0, self.seen.ratio * self.rough), output


class Guess:
    """Guesses input and output tokens that count toward the limits; a cached prefix that is free does not."""

    def __init__(self) -> None:
        self._kinds: dict[Hashable, _Seen] = {}
        self._models: dict[str, _Seen] = {}
        self._counted = 0

    def of(self, request: Request, size: int) -> Expected:
        """Look at a request with a body of *size* bytes."""
        rough = _rough(request, size)
        alike = _alike(request)
        seen = self._kinds.get(alike)
        if seen is None:
            if len(self._kinds) >= _KEPT:
                del self._kinds[next(iter(self._kinds))]
            seen = self._kinds[alike] = self._first(request, rough)
        return Expected(seen, rough, request.max_tokens)

    def learn(self, expected: Expected, usage: Usage, model: str) -> tuple[float, float]:
        """Take what it was; returned are input and output tokens."""
        real, output = limited_input(usage, model), float(usage.output_tokens or 0)
        ratio = real / expected.rough
        expected.seen.add(ratio, output)
        of_model = self._models.get(model)
        if of_model is None:
            of_model = self._models[model] = _Seen(ratio, output)
        of_model.add(ratio, output)
        return real, output

    def _first(self, request: Request, rough: float) -> _Seen:
        known = self._models.get(request.model)
        output = known.output if known else _OUTPUT
        if known is not None and self._counted >= _COUNTED:
            return _Seen(known.ratio, output)
        self._counted += 1
        return _Seen(count(request).likely / rough, output)


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
    for turn in request.messages:
        if not isinstance(turn.content, str) and any(b.type in {"image", "document"} for b in turn.content):
            return float(max(1, count(request).likely))
    return float(max(1, size // _BYTES_A_TOKEN))


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
