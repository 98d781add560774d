"""The most that a call can cost, before its usage is known."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.cost.rates import Card, Refusal, Terms, cards
from workbench.wire import cache_control_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from workbench.wire import Request


class Dearest(NamedTuple):
    """Dollars a token, the dearest way each can be billed, for prompts over so many tokens."""

    over: int
    input: Decimal
    output: Decimal


def today() -> date:
    """Return the day whose rates hold now, in UTC."""
    return datetime.now(UTC).date()


@lru_cache(maxsize=4096)
def dearest(model: str, day: date, terms: Terms, ttl: str | None = None) -> tuple[Dearest, ...] | Refusal:
    """Return the dearest price of a model's tokens, longest prompts first, or why there is none.

    Args:
        model: Any name of the model.
        day: The day (UTC) of the request.
        terms: What list prices are multiplied for.
        ttl: The longest lifetime of a cache breakpoint in the request: all input may be written for so long.

    >>> haiku = dearest("claude-haiku-4-5", date(2026, 11, 22), Terms(), "1h")
    >>> [(float(row.input * 1_000_000), float(row.output * 1_000_000)) for row in haiku]
    [(2.0, 5.0)]
    """
    found = cards(model, day, terms)
    if isinstance(found, Refusal):
        return found
    rows = [_row(card, ttl) for card in found]
    if not rows or any(row is None for row in rows):
        return Refusal(f"no price is known for {model!r}")
    return tuple(row for row in rows if row is not None)


def _row(card: Card, ttl: str | None) -> Dearest | None:
    """Return the dearest prices of a card; None where one that may be billed is unknown."""
    writes = {None: (), "5m": (1,), "1h": (1, 2)}[ttl]
    each = [card.rates[n].each for n in (0, *writes)]
    known = [price for price in each if price is not None]
    output = card.rates[4].each
    if output is None or len(known) < len(each):
        return None
    return Dearest(card.over, max(known), output)


def at_most(rows: tuple[Dearest, ...], input_tokens: int, output_tokens: int) -> Decimal:
    """Return dollars for so many tokens, every one billed the dearest way."""
    row = next((row for row in rows if input_tokens > row.over), rows[-1])
    return row.input * input_tokens + row.output * output_tokens


def longest_ttl(request: Request) -> str | None:
    """Return the longest lifetime of the cache breakpoints in a request: ``1h``, ``5m``, or None for none."""
    found = None
    for control in _controls(request):
        if control is not None:
            if control.ttl == "1h":
                return "1h"
            found = "5m"
    return found


def _controls(request: Request) -> Iterator[Any]:
    yield request.cache_control
    yield from map(cache_control_of, request.tools or ())
    if isinstance(request.system, tuple):
        yield from map(cache_control_of, request.system)
    for turn in request.messages:
        if isinstance(turn.content, tuple):
            for block in turn.content:
                yield cache_control_of(block)
                inner = getattr(block, "content", None)
                if isinstance(inner, tuple):
                    yield from map(cache_control_of, inner)
