"""Requests that only warm the prompt cache, and the arithmetic of when one pays.

``max_tokens: 0`` writes and reads prefixes like any request and answers nothing. One such call keeps an entry
that nobody read for a while; another writes a prefix where the call that would write it gives no early sign.

Source: https://platform.claude.com/docs/en/build-with-claude/prompt-caching
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.catalog import catalog
from workbench.cost.rates import Refusal, Terms, cards
from workbench.cost.worst import today
from workbench.tokens import breakpoints, prefix_keys, prefix_tokens
from workbench.wire import Request, parse

if TYPE_CHECKING:
    from datetime import date

    from workbench.tokens import Mark, Position

MOST_REFRESHES = 10
"""How often an entry is kept without a call in between that reads it."""
EXTRA = Decimal("0.1")
"""What the read that a pre-warm adds may cost, as a share of the write: it buys that nobody waits."""
USUAL = 4
"""An answer is taken for one part in so many of what it may have, where its length decides."""
_NUMBER = re.compile(r"\[(\d+)\]")
_NOT_FOR_IT = ("stream", "diagnostics")


class Warming(NamedTuple):
    """A request that warms, and what it does.

    Attributes:
        request: As it is sent.
        keys: The prefixes that it reads or writes.
        tokens: Tokens up to the last breakpoint.
        rest: Tokens behind it, charged as any input.
        ttl: How long the entry of the last breakpoint lives.
    """

    request: Request
    keys: tuple[str, ...]
    tokens: int
    rest: int
    ttl: str


class Prices(NamedTuple):
    """Dollars a token."""

    plain: Decimal
    write: Decimal
    read: Decimal
    output: Decimal


def warming(request: Request, key: str) -> Warming | None:
    """Return *request* cut behind the prefix *key*, so that it warms that and answers nothing.

    None where the cut request would have another prefix, for what follows can decide how it is read, or
    where the prefix ends at no breakpoint of its own.
    """
    positions = prefix_tokens(request)
    keys = prefix_keys(request, positions)
    if key not in keys:
        return None
    at = keys.index(key)
    made = parse(Request, _cut(request.wire(), positions[at], last=at == len(positions) - 1))
    positions = prefix_tokens(made)
    keys, marks = prefix_keys(made, positions), breakpoints(positions)
    if not marks or keys[marks[-1].at] != key:
        return None
    end = positions[marks[-1].at].tokens
    return Warming(
        made, tuple(keys[mark.at] for mark in marks), end, positions[-1].tokens - end, marks[-1].ttl
    )


def _cut(body: dict[str, Any], place: Position, *, last: bool) -> dict[str, Any]:
    """Return the body up to a block, with as much of a turn behind it as the service wants."""
    at = [int(number) for number in _NUMBER.findall(place.path)]
    for name in _NOT_FOR_IT:
        body.pop(name, None)
    body["max_tokens"] = 0
    if not last:
        body.pop("cache_control", None)  # it would mark the block behind the cut
    if place.section == "tools":
        body.pop("system", None)
        body["tools"] = body["tools"][: at[0] + 1]
    if place.section == "system" and at:
        body["system"] = body["system"][: at[0] + 1]
    turns = body["messages"][: at[0] + 1] if place.section == "messages" else []
    if len(at) > 1:
        turns[-1] = {**turns[-1], "content": turns[-1]["content"][: at[1] + 1]}
    if not turns or turns[-1]["role"] == "assistant":
        turns = [*turns, {"role": "user", "content": "."}]
    return {**body, "messages": turns}


def refresh_pays(found: Warming, times: int, *, at: date | None = None) -> bool:
    """Return whether to read an entry once more only to keep it.

    It pays as long as all the refreshes since the last call that read it cost no more than writing the entry
    again costs over reading it. False where a price is unknown, or whether the service caches the prefix.

    Args:
        found: What would be sent.
        times: How often the entry was kept since a call read it.
        at: The day whose rates hold; None is today.
    """
    each = _prices(found.request, found.tokens + found.rest, found.ttl, at=at)
    if each is None or times >= MOST_REFRESHES or not surely_cached(found.request.model, found.tokens):
        return False
    once = each.read * found.tokens + each.plain * found.rest
    return once * (times + 1) < (each.write - each.read) * found.tokens


def prewarm_pays(
    request: Request,
    *,
    streamed: bool,
    batch: bool,
    output_tokens: int | None = None,
    at: date | None = None,
) -> bool:
    """Return whether to write a shared prefix with a request of its own, and not with the first trial.

    A streamed answer shows with its first event that the prefix can be read: a trial may lead, and nothing
    is cheaper. An answer that is not streamed shows it at its end: the pre-warm costs one more read of the
    prefix, and nobody waits for a whole answer. In a batch the leader is asked live, at the full price: the
    pre-warm pays where half of that trial costs more than the read.

    Args:
        request: A trial's, as it will be sent; shared is what stands before its last block.
        streamed: Whether its answer would be streamed; of no matter in a batch.
        batch: Whether the others go out in a batch.
        output_tokens: How long an answer is; None takes a quarter of ``max_tokens``.
        at: The day whose rates hold; None is today.
    """
    if streamed and not batch:
        return False
    positions = prefix_tokens(request)
    mark = shared_mark(positions)
    if mark is None or not surely_cached(request.model, positions[mark.at].tokens):
        return False
    total, prefix = positions[-1].tokens, positions[mark.at].tokens
    live = _prices(request, total, mark.ttl, at=at)
    if live is None:
        return False
    if not batch:
        return live.read <= EXTRA * live.write
    half = _prices(request, total, mark.ttl, batch=True, at=at)
    if half is None:
        return False
    answer = (request.max_tokens or 0) // USUAL if output_tokens is None else output_tokens
    rest = total - prefix
    led = live.write * prefix + live.plain * rest + live.output * answer
    warmed = (live.write + half.read) * prefix + half.plain * rest + half.output * answer
    return warmed < led


def shared_mark(positions: list[Position]) -> Mark | None:
    """Return the last breakpoint before the last block, behind which is what trials do not share."""
    marks = [mark for mark in breakpoints(positions) if mark.at < len(positions) - 1]
    return marks[-1] if marks else None


def surely_cached(name: str, tokens: int) -> bool:
    """Return whether a prefix is as long as its model is known to want it."""
    model = catalog().get(name)
    least = model.min_cacheable_tokens if model is not None else None
    return least is not None and tokens >= least


def _prices(
    request: Request, total: int, ttl: str, *, batch: bool = False, at: date | None = None
) -> Prices | None:
    """Return what a token of a request costs; None where a price is unknown."""
    terms = Terms(batch, request.speed == "fast", request.inference_geo == "us")
    found = cards(request.model, at or today(), terms)
    if isinstance(found, Refusal):
        return None
    plain, short, long, read, output = next(card for card in found if total > card.over).rates
    each = (plain.each, (long if ttl == "1h" else short).each, read.each, output.each)
    known = [price for price in each if price is not None]
    return Prices(*known) if len(known) == len(each) else None
