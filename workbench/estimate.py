"""What a set of requests will cost, before a cent is spent."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from workbench.catalog import catalog
from workbench.cost.rates import Card, Refusal, Terms, cards
from workbench.cost.receipt import ZERO
from workbench.display import Shown
from workbench.tokens import (
    Split,
    TokenEstimate,
    billed,
    breakpoints,
    count,
    longest_hit,
    prefix_keys,
    prefix_tokens,
)
from workbench.wire import Request, as_requests

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SHORTEST_ANSWER = 10
"""The low end of the output is max_tokens divided by this: answers end before their limit."""


@dataclass(frozen=True, slots=True)
class Estimate(Shown):
    """Tokens and dollars of requests not yet sent.

    Attributes:
        requests: How many.
        input_tokens: Input of every kind, low and high end of the token estimate.
        input_likely: The best single guess of it.
        from_cache: Likely input tokens read from the prompt cache.
        output_tokens: A tenth of every ``max_tokens``, and all of it; or what the caller expects.
        cost_low, cost_high: Dollars with the prompt cache; None where any request is unpriced.
        cost_without_cache: `cost_high` had nothing been cached; None where any request is unpriced.
        unpriced: Requests without a price.
        notes: What had to be assumed, and why anything is unpriced.
    """

    requests: int
    input_tokens: tuple[int, int]
    input_likely: int
    from_cache: int
    output_tokens: tuple[int, int]
    cost_low: Decimal | None
    cost_high: Decimal | None
    cost_without_cache: Decimal | None
    unpriced: int = 0
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        cached = f" ({_short(self.from_cache)} from the prompt cache)" if self.from_cache else ""
        out = _range(self.output_tokens)
        plural = "s" * (self.requests != 1)
        head = f"{self.requests:,} request{plural} · {_short(self.input_likely)} tokens in{cached}, {out} out"
        return "\n".join((f"{head} · {self._dollars()}", *self.notes))

    def _dollars(self) -> str:
        if self.cost_low is None or self.cost_high is None or self.cost_without_cache is None:
            return f"unpriced: {self.unpriced:,} of {self.requests:,}"
        low, high = _money(self.cost_low), _money(self.cost_high)
        span = low if low == high else f"{low}–{high}"
        without = f" with cache leaders, {_money(self.cost_without_cache)} without" if self.from_cache else ""
        return span + without


def estimate(
    requests: Request | Mapping[str, Any] | Iterable[Request | Mapping[str, Any]],
    *,
    cache: bool = True,
    batch: bool = False,
    at: date | None = None,
    output_tokens: tuple[int, int] | None = None,
) -> Estimate:
    """Estimate tokens and dollars of requests, sent in this order.

    With *cache*, one request writes each marked prefix and the later ones read it, as the runner's cache
    leaders see to; entries are taken to live until the last request. Where the minimum length is unknown,
    the longest known one is assumed.

    Args:
        requests: One or many; many share prefixes.
        cache: False: as if nothing were marked.
        batch: At the price of the batch endpoint.
        at: The day whose rates hold; None is today.
        output_tokens: Expected output of one reply, low and high, capped by max_tokens; by default a tenth of
            max_tokens to all of it.

    Source: https://platform.claude.com/docs/en/build-with-claude/prompt-caching

    >>> hello = Request(model="claude-haiku-4-5", max_tokens=100, messages=["Why is the sky blue?"])
    >>> print(estimate(hello, at=date(2026, 11, 22)))
    1 request · 13 tokens in, 10–100 out · $0.000061–$0.000515
    """
    day = at or datetime.now(UTC).date()
    tally = _Tally(cache=cache)
    for request in as_requests(requests):
        tally.add(request, day, batch=batch, expected=output_tokens)
    return tally.result()


class _Tally:
    """Adds requests up, remembering the prefixes written before."""

    def __init__(self, *, cache: bool) -> None:
        self._cache = cache
        self._written: set[str] = set()
        self._requests = self._read = 0
        self._tokens = Counter[str]()
        self._dollars = defaultdict[str, Decimal](Decimal)
        self._reasons = Counter[str]()
        self._notes: dict[str, None] = {}

    def add(self, request: Request, day: date, *, batch: bool, expected: tuple[int, int] | None) -> None:
        tokens = count(request)
        split = self._split(request, tokens.likely) if self._cache else Split(tokens.likely, 0, 0, 0)
        low, high = _output(request, expected)
        self._requests += 1
        self._notes.update(dict.fromkeys(tokens.notes))
        for name, n in (("low", tokens.low), ("likely", tokens.likely), ("high", tokens.high)):
            self._tokens[name] += n
        self._tokens.update({"read": split.read, "out low": low, "out high": high})
        self._price(request, day, split, tokens, (low, high), batch=batch)

    def _price(
        self,
        request: Request,
        day: date,
        split: Split,
        tokens: TokenEstimate,
        out: tuple[int, int],
        *,
        batch: bool,
    ) -> None:
        terms = Terms(batch=batch, fast=request.speed == "fast", us=request.inference_geo == "us")
        found = cards(request.model, day, terms)
        if isinstance(found, Refusal):
            self._reasons[found.reason] += 1
            return
        plain = Split(tokens.likely, 0, 0, 0)
        for name, s, n, answer in (
            ("low", split, tokens.low, out[0]),
            ("high", split, tokens.high, out[1]),
            ("without", plain, tokens.high, out[1]),
        ):
            amount = _amount(found, s, n, tokens.likely, answer)
            if amount is None:
                self._reasons[f"{request.model}: a cache price is unknown"] += 1
                return
            self._dollars[name] += amount

    def _split(self, request: Request, likely: int) -> Split:
        positions = prefix_tokens(request)
        least = _minimum(request.model)
        marks = [mark for mark in breakpoints(positions) if positions[mark.at].tokens >= least]
        if not marks:
            return Split(likely, 0, 0, 0)
        keys = prefix_keys(request, positions)
        hit = longest_hit(keys, marks, self._written.__contains__)
        self._written.update(keys[mark.at] for mark in marks)
        return billed(positions, marks, hit)

    def result(self) -> Estimate:
        unpriced = sum(self._reasons.values())
        dollars = {n: None if unpriced else self._dollars[n] for n in ("low", "high", "without")}
        tokens = self._tokens
        return Estimate(
            self._requests,
            (tokens["low"], tokens["high"]),
            tokens["likely"],
            tokens["read"],
            (tokens["out low"], tokens["out high"]),
            dollars["low"],
            dollars["high"],
            dollars["without"],
            unpriced,
            (*self._notes, *(f"unpriced: {n:,} × {reason}" for reason, n in self._reasons.items())),
        )


def _output(request: Request, expected: tuple[int, int] | None) -> tuple[int, int]:
    """Return the lowest and highest output: what is expected, or a tenth of max_tokens to all of it."""
    model = catalog().get(request.model)
    most = request.max_tokens if request.max_tokens is not None else (model and model.max_output_tokens) or 0
    if expected:
        return min(expected[0], most), min(expected[1], most)
    return -(-most // SHORTEST_ANSWER), most


def _minimum(name: str) -> int:
    model = catalog().get(name)
    known = model.min_cacheable_tokens if model else None
    return known or max(m.min_cacheable_tokens or 0 for m in catalog())


def _amount(found: tuple[Card, ...], split: Split, tokens: int, likely: int, output: int) -> Decimal | None:
    """Price a split stretched from its likely tokens to *tokens*."""
    card = next(card for card in found if tokens > card.over)
    stretch = Decimal(tokens) / likely if likely else Decimal(1)
    total = ZERO
    for rate, n in zip(card.rates, (*split[:3], split.read), strict=False):
        if n and rate.each is None:
            return None
        total += (rate.each or ZERO) * n * stretch
    answer = card.rates[4].each
    return None if answer is None else total + answer * output


def _short(n: int) -> str:
    """Write a count as people read it.

    >>> _short(1_904_211), _short(84_300), _short(950)
    ('1.9 M', '84 k', '950')
    """
    if n >= 999_500:
        return f"{n / 1e6:.1f} M"
    return f"{n / 1e3:.0f} k" if n >= 10_000 else f"{n:,}"


def _range(pair: tuple[int, int]) -> str:
    low, high = (_short(n) for n in pair)
    if low == high:
        return high
    number, _, unit = low.partition(" ")
    return f"{number}–{high}" if unit and high.endswith(f" {unit}") else f"{low}–{high}"


def _money(amount: Decimal) -> str:
    """Write dollars with as many places as an estimate deserves."""
    if amount >= 1 or not amount:
        return f"${amount:,.2f}"
    return f"${amount:.4f}" if amount >= Decimal("0.01") else f"${amount:.6f}"
