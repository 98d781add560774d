"""Breakpoints for prompts that have none: where many requests begin alike, the service reads, not counts.

A breakpoint changes what a request costs, never what is answered, so requests can be given them unasked.

Source: https://platform.claude.com/docs/en/build-with-claude/prompt-caching
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.catalog import catalog
from workbench.runner.prefixes import marked
from workbench.tokens import Position, cacheable, prefix_keys, prefix_tokens
from workbench.wire import Request, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.evaluation import Eval

SLOWEST = 128_000 / 3600
"""Output tokens a second that a call may be as slow as; the official SDK reckons with it too."""
SHORT_S = 300.0
"""A 5m entry is gone after so many seconds without a read."""
LEAST = {"5m": 2, "1h": 3}
"""Calls from which a breakpoint pays: one write at 1.25 or 2 times the input price, then reads at a tenth."""
_STEP = re.compile(r"(\w+)|\[(\d+)\]")


class Place(NamedTuple):
    """One breakpoint: behind which block, and how many tokens it covers."""

    path: str
    tokens: int


class AutoMarks:
    """Gives requests of a study the breakpoints that pay.

    A prefix is marked where at least two calls share it and it is as long as the model wants it: what all
    calls of a variant share, and behind it what some of them share (a document asked about more than once).
    Prompts that have breakpoints of their own are left alone.

    Attributes:
        added: What was added, a sentence for each variant.
        ttl: ``5m``, or ``1h`` where reads may lie more than five minutes apart.
    """

    def __init__(self, evaluation: Eval, *, concurrency: int = 16, batch: bool = False) -> None:
        self._epochs = evaluation.epochs
        self._calls = Counter[int]()
        self._minimum: dict[str, int] = {}
        for _, request in _each(evaluation):
            if not marked(request):
                self._calls.update({hash(key): self._epochs for key in prefix_keys(request)})
        most = max((v.prompt.wire().get("max_tokens") or 0 for v in evaluation.variants), default=0)
        self.ttl = "1h" if batch or most / SLOWEST / concurrency > SHORT_S else "5m"
        self.added = tuple(self._said(evaluation))

    def places(self, request: Request) -> list[Place]:
        """Return where *request* gets breakpoints; none where nothing would be read."""
        if marked(request):
            return []
        positions = prefix_tokens(request)
        calls = [self._calls[hash(key)] for key in prefix_keys(request, positions)]
        least = LEAST[self.ttl]
        shared = [i for i, n in enumerate(calls) if n >= least and self._may_end(request, positions[i])]
        if not shared:
            return []
        deepest, everyone = shared[-1], [i for i in shared if calls[i] > calls[shared[-1]]]
        ends = [*everyone[-1:], deepest]
        return [Place(positions[i].path, positions[i].tokens) for i in ends]

    def _may_end(self, request: Request, place: Position) -> bool:
        return place.tokens >= self._least(request.model) and cacheable(place.block)

    def _least(self, name: str) -> int:
        """Return the shortest prefix that *name* caches; the longest known one where it is unknown."""
        if name not in self._minimum:
            model = catalog().get(name)
            known = model.min_cacheable_tokens if model is not None else None
            self._minimum[name] = known or max(m.min_cacheable_tokens or 0 for m in catalog())
        return self._minimum[name]

    def __call__(self, request: Request) -> Request:
        """Return *request* with its breakpoints, or as it is."""
        places = self.places(request)
        if not places:
            return request
        body = request.wire()
        for place in places:
            _mark(body, place.path, self.ttl)
        return parse(Request, body)

    def _said(self, evaluation: Eval) -> Iterator[str]:
        """Yield a sentence for each variant that gets breakpoints."""
        seen: dict[str, Counter[str]] = {}
        tokens: dict[tuple[str, str], int] = {}
        for variant, request in _each(evaluation):
            for place in self.places(request):
                where = re.sub(r"^messages", "turn", place.path)
                seen.setdefault(variant, Counter())[where] += self._epochs
                tokens[variant, where] = max(tokens.get((variant, where), 0), place.tokens)
        for variant, places in seen.items():
            told = [
                f"{path} (up to {tokens[variant, path]:,} tokens, {n:,} calls)" for path, n in places.items()
            ]
            yield f"{variant}: {self.ttl} breakpoint{'s' * (len(told) != 1)} added behind {', '.join(told)}"


def _each(evaluation: Eval) -> Iterator[tuple[str, Request]]:
    """Yield each variant's request for each sample, once."""
    for sample in evaluation.dataset:
        for variant in evaluation.variants:
            yield variant.name, variant.prompt.render(sample.values)


def _mark(body: dict[str, Any], path: str, ttl: str) -> None:
    """Put a breakpoint on the block at *path*; a plain text becomes a block."""
    steps = _steps(path)
    parent: Any = body
    for step in steps[:-1]:
        parent = parent[step]
    block = parent[steps[-1]]
    if isinstance(block, str):
        block = {"type": "text", "text": block}
        parent[steps[-1]] = [block]
    block["cache_control"] = {"type": "ephemeral"} if ttl == "5m" else {"type": "ephemeral", "ttl": ttl}


def _steps(path: str) -> list[str | int]:
    """Return the steps of a path.

    >>> _steps("messages[0].content[1]")
    ['messages', 0, 'content', 1]
    """
    return [word or int(number) for word, number in _STEP.findall(path)]
