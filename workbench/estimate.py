"""What a set of requests will cost, before a cent is spent."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from workbench.catalog import catalog
from workbench.cost.rates import Card, Refusal, Terms, cards
from workbench.cost.receipt import ZERO
from workbench.cost.worst import longest_ttl
from workbench.display import Shown
from workbench.tokens import (
    Split,
    billed,
    breakpoints,
    count,
    longest_hit,
    prefix_keys,
    prefix_tokens,
)
from workbench.wire import Request, as_requests

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

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
        output_tokens: As long as such answers were before, 10 to 90 %; else a tenth of max_tokens to all of
            it; or what the caller expects.
        cost_low, cost_high: Dollars with the prompt cache; None where any request is unpriced.
        cost_without_cache: `cost_high` had nothing been cached; None where any request is unpriced.
        unpriced: Requests without a price.
        notes: What had to be assumed, and why anything is unpriced.
        to_cache: Likely input tokens written to the prompt cache.
        cost_batch: Dollars through the batch endpoint, low and high; None where it is not to be had, or asked
            for already.
        recorded: Requests answered before, that cost nothing now and are in no figure above.
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
    to_cache: int = 0
    cost_batch: tuple[Decimal, Decimal] | None = None
    recorded: int = 0

    @property
    def already(self) -> str:
        """How many are recorded, in words; empty where none is."""
        total = self.requests + self.recorded
        return f"{self.recorded:,} of {total:,} recorded already" if self.recorded else ""

    def __str__(self) -> str:
        cached = self._cached()
        out = _range(self.output_tokens)
        plural = "s" * (self.requests != 1)
        head = f"{self.requests:,} request{plural} · {_short(self.input_likely)} tokens in{cached}, {out} out"
        lines = [f"{head} · {self._dollars()}", self.already, *self.notes]
        return "\n".join(line for line in lines if line)

    def _cached(self) -> str:
        parts = [f"{_short(self.from_cache)} from the prompt cache"] if self.from_cache else []
        parts += [f"{_short(self.to_cache)} written to it"] if self.from_cache and self.to_cache else []
        return f" ({', '.join(parts)})" if parts else ""

    def _dollars(self) -> str:
        if self.cost_low is None or self.cost_high is None or self.cost_without_cache is None:
            return f"unpriced: {self.unpriced:,} of {self.requests:,}"
        span = _span(self.cost_low, self.cost_high)
        without = f" with cache leaders, {_money(self.cost_without_cache)} without" if self.from_cache else ""
        batch = f" · in a batch {_span(*self.cost_batch)}" if self.cost_batch and self.cost_high else ""
        return span + without + batch


class History(Protocol):
    """How long answers were before; `Store.history` is one."""

    def outputs(self, request: Request) -> tuple[int, int] | None:
        """Return the 10 % and 90 % quantiles of output tokens of such requests; None: too few known."""


class Counted(NamedTuple):
    """Input tokens of requests that the service counted, each divided by its offline estimate.

    Attributes:
        low, likely, high: The lowest quotient, that of the sums, and the highest.
    """

    low: float
    likely: float
    high: float


def estimate(
    requests: Request | Mapping[str, Any] | Iterable[Request | Mapping[str, Any]] | Asking,
    *,
    cache: bool = True,
    batch: bool = False,
    at: date | None = None,
    output_tokens: tuple[int, int] | None = None,
    history: History | None = None,
    counted: Mapping[str, Counted] | None = None,
) -> Estimate:
    """Estimate tokens and dollars of requests, sent in this order.

    With *cache*, one request writes each marked prefix and the later ones read it, as the runner's cache
    leaders see to; entries are taken to live until the last request. Where the minimum length is unknown,
    the longest known one is assumed.

    Args:
        requests: One or many, or an evaluation; many share prefixes.
        cache: False: as if nothing were marked.
        batch: At the price of the batch endpoint.
        at: The day whose rates hold; None is today.
        output_tokens: Expected output of one reply, low and high, capped by max_tokens; by default what
            *history* says, else a tenth of max_tokens to all of it.
        history: How long such answers were before: ``client.store.history()``.
        counted: How far the service's own count is from the offline one, by model; `Client.estimate` asks it.

    Source: https://platform.claude.com/docs/en/build-with-claude/prompt-caching

    >>> hello = Request(model="claude-haiku-4-5", max_tokens=100, messages=["Why is the sky blue?"])
    >>> print(estimate(hello, at=date(2026, 11, 22)))
    1 request · 13 tokens in, 10–100 out · $0.000061–$0.000515 · in a batch $0.000030–$0.000258
    """
    day = at or datetime.now(UTC).date()
    tally = _Tally(day, cache=cache, batch=batch, expected=output_tokens, history=history, counted=counted)
    for request in _each(requests):
        tally.add(request)
    return tally.result()


class Asking(Protocol):
    """Something that asks requests, one a trial; `Eval` is one."""

    def trials(self) -> Iterable[Any]: ...  # noqa: D102


def _each(requests: Any) -> Iterable[Request]:
    trials = getattr(requests, "trials", None)
    return (trial.request for trial in trials()) if callable(trials) else as_requests(requests)


class _Tally:
    """Adds requests up, remembering the prefixes written before; the arguments are those of `estimate`."""

    def __init__(
        self,
        day: date,
        *,
        cache: bool,
        batch: bool,
        expected: tuple[int, int] | None,
        history: History | None,
        counted: Mapping[str, Counted] | None,
    ) -> None:
        self._day = day
        self._cache = cache
        self._batch = batch
        self._expected = expected
        self._history = history
        self._counted = counted or {}
        self._written: set[str] = set()
        self._requests = self._remembered = 0
        self._no_batch = batch
        self._tokens = Counter[str]()
        self._dollars = defaultdict[str, Decimal](Decimal)
        self._reasons = Counter[str]()
        self._notes: dict[str, None] = {}

    def add(self, request: Request) -> None:
        tokens = count(request)
        split = self._split(request, tokens.likely)
        out = self._output(request)
        factors = self._counted.get(request.model)
        low, high, scale = tokens.low, tokens.high, 1.0
        if factors is not None:
            low, high = (round(tokens.likely * factor) for factor in (factors.low, factors.high))
            scale = factors.likely
        self._requests += 1
        self._notes.update(dict.fromkeys(tokens.notes))
        sums = self._tokens
        sums["low"] += low
        sums["likely"] += round(tokens.likely * scale)
        sums["high"] += high
        sums["read"] += round(split.read * scale)
        sums["write"] += round((split.short + split.long) * scale)
        sums["out low"] += out[0]
        sums["out high"] += out[1]
        self._price(request, split, (low, tokens.likely, high), out)

    def _price(
        self, request: Request, split: Split, tokens: tuple[int, int, int], out: tuple[int, int]
    ) -> None:
        fast = request.speed == "fast"
        self._no_batch = self._no_batch or fast
        found = cards(request.model, self._day, Terms(self._batch, fast, request.inference_geo == "us"))
        if isinstance(found, Refusal):
            self._reasons[found.reason] += 1
            return
        least, likely, most = tokens
        low = _amount(found, split, least, likely, out[0])
        high = _amount(found, split, most, likely, out[1])
        plain = Split(likely, 0, 0, 0)
        without = high if split == plain else _amount(found, plain, most, likely, out[1])
        if low is None or high is None or without is None:
            self._reasons[f"{request.model}: a cache price is unknown"] += 1
            return
        self._dollars["low"] += low
        self._dollars["high"] += high
        self._dollars["without"] += without

    def _split(self, request: Request, likely: int) -> Split:
        if not self._cache or longest_ttl(request) is None:
            return Split(likely, 0, 0, 0)
        positions = prefix_tokens(request)
        least = _minimum(request.model)
        marks = [mark for mark in breakpoints(positions) if positions[mark.at].tokens >= least]
        if not marks:
            return Split(likely, 0, 0, 0)
        keys = prefix_keys(request, positions)
        hit = longest_hit(keys, marks, self._written.__contains__)
        self._written.update(keys[mark.at] for mark in marks)
        return billed(positions, marks, hit)

    def _output(self, request: Request) -> tuple[int, int]:
        """Return the lowest and highest output: what is expected, what was before, or by max_tokens."""
        most = _most(request)
        known = self._expected
        if known is None and self._history is not None:
            known = self._history.outputs(request)
            self._remembered += known is not None
        if known:
            return min(known[0], most), min(known[1], most)
        return -(-most // SHORTEST_ANSWER), most

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
            tuple(self._said()),
            tokens["write"],
            self._in_batch(dollars["low"], dollars["high"]),
        )

    def _in_batch(self, low: Decimal | None, high: Decimal | None) -> tuple[Decimal, Decimal] | None:
        if self._no_batch or low is None or high is None:
            return None
        share = Decimal(str(catalog().modifiers["batch"]["value"]))
        return low * share, high * share

    def _said(self) -> Iterator[str]:
        yield from self._notes
        if self._remembered:
            all_of_it = self._remembered == self._requests
            which = (
                "output" if all_of_it else f"output of {self._remembered:,} of {self._requests:,} requests"
            )
            rest = "" if all_of_it else "; of the others, a tenth of max_tokens to all of it"
            yield f"{which}: as long as recorded answers to such requests, 10 to 90 %{rest}"
        yield from (f"unpriced: {n:,} × {reason}" for reason, n in self._reasons.items())


def _most(request: Request) -> int:
    if request.max_tokens is not None:
        return request.max_tokens
    model = catalog().get(request.model)
    return (model and model.max_output_tokens) or 0


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


def _span(low: Decimal, high: Decimal) -> str:
    least, most = _money(low), _money(high)
    return least if least == most else f"{least}–{most}"


def _money(amount: Decimal) -> str:
    """Write dollars with as many places as an estimate deserves."""
    if amount >= 1 or not amount:
        return f"${amount:,.2f}"
    return f"${amount:.4f}" if amount >= Decimal("0.01") else f"${amount:.6f}"
