"""Tokens and dollars of the request being built, for the side of the form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from workbench.catalog import catalog
from workbench.cost import Receipt, cost
from workbench.display import Shown
from workbench.report.words import dollars
from workbench.tokens import Split, billed, breakpoints, count, prefix_tokens
from workbench.wire import CacheCreation, Usage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date
    from decimal import Decimal

    from workbench.tokens import Mark, Position
    from workbench.wire import Request

SECTIONS = ("tools", "system", "documents", "images", "messages")
"""Parts of a prompt, in the order of the prefix."""
_PARTS = {"document": "documents", "search_result": "documents", "image": "images"}
_LIFETIMES = {"5m": "5 min", "1h": "1 h"}


class Section(NamedTuple):
    """Tokens of one part of the prompt, and how many of them stand in the cached prefix."""

    name: str
    tokens: int
    cached: int


@dataclass(frozen=True, slots=True)
class Figures(Shown):
    """What the request being built costs: its input; the answer comes on top.

    Attributes:
        sections: Likely tokens per part, in the order of `SECTIONS`.
        low, likely, high: Input tokens; all the same where counted exactly.
        exact: Whether the service counted.
        cost_now: Dollars of the first send, the prefix written; None: unpriced.
        cost_at_hit: Dollars of each later one, the prefix read; None: unpriced, or nothing is cached.
        cost_plain: Dollars without any breakpoint; None: unpriced.
        cost_answer: Dollars of the longest answer; None: unpriced, or no limit is set.
        pays_from: The use from which the cache is cheaper than none; None: never, or nothing is cached.
        words: The same, line by line.
    """

    sections: tuple[Section, ...]
    low: int
    likely: int
    high: int
    exact: bool
    cost_now: Decimal | None
    cost_at_hit: Decimal | None
    cost_plain: Decimal | None
    cost_answer: Decimal | None
    pays_from: int | None
    words: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.words)


def figures(request: Request, *, exact: int | None = None, at: date | None = None) -> Figures:
    """Return tokens and dollars of *request*.

    Args:
        request: What would be sent.
        exact: Input tokens as the service counted them; the parts are stretched to that sum.
        at: The day whose prices hold; None is today.
    """
    tokens = count(request)
    positions = _stretched(prefix_tokens(request), exact)
    read = _Read(request, positions, _in_force(request, positions))
    sections, likely = _sections(read), read.total
    low, high = (tokens.low, tokens.high) if exact is None else (likely, likely)
    money = _money(read, at)
    total = f"exactly {likely:,}" if exact is not None else _about(low, likely, high)
    words = (*_words(read, sections, money, total), *tokens.notes)
    return Figures(sections, low, likely, high, exact is not None, *money.figures, words)


class _Read(NamedTuple):
    """A request block by block, with the breakpoints that do something."""

    request: Request
    positions: Sequence[Position]
    marks: Sequence[Mark]

    @property
    def total(self) -> int:
        return self.positions[-1].tokens if self.positions else 0


def _stretched(positions: list[Position], exact: int | None) -> list[Position]:
    """Return positions whose tokens add up to what the service counted."""
    total = positions[-1].tokens if positions else 0
    if exact is None or not total:
        return positions
    return [place._replace(tokens=round(place.tokens * exact / total)) for place in positions]


def _in_force(request: Request, positions: Sequence[Position]) -> list[Mark]:
    """Return the breakpoints that do something; a minimum not on record counts as the longest known one."""
    least = minimum(request.model)
    return [mark for mark in breakpoints(positions) if positions[mark.at].tokens >= least]


def minimum(model: str) -> int:
    """Return the fewest tokens that *model* caches."""
    known = catalog().get(model)
    least = known.min_cacheable_tokens if known else None
    return least or max(one.min_cacheable_tokens or 0 for one in catalog())


def _sections(read: _Read) -> tuple[Section, ...]:
    tokens, cached = dict.fromkeys(SECTIONS, 0), dict.fromkeys(SECTIONS, 0)
    last = read.marks[-1].at if read.marks else -1
    before = 0
    for at, place in enumerate(read.positions):
        own = place.section
        part = own if own != "messages" else _PARTS.get(getattr(place.block, "type", ""), own)
        tokens[part] += place.tokens - before
        cached[part] += place.tokens - before if at <= last else 0
        before = place.tokens
    return tuple(Section(name, tokens[name], cached[name]) for name in SECTIONS)


# --- dollars ---------------------------------------------------------------------------------------


class _Money(NamedTuple):
    now: Decimal | None
    at_hit: Decimal | None
    plain: Decimal | None
    answer: Decimal | None
    pays_from: int | None
    reasons: tuple[str, ...]

    @property
    def figures(self) -> tuple[Decimal | None, Decimal | None, Decimal | None, Decimal | None, int | None]:
        return self[:5]


def _money(read: _Read, at: date | None) -> _Money:
    request, positions, marks = read
    uncached = Split(read.total, 0, 0, 0)
    first = _price(request, billed(positions, marks, None), at)
    plain = _price(request, uncached, at).total
    hit = _price(request, billed(positions, marks, marks[-1].at), at).total if marks else None
    whole = _price(request, uncached, at, request.max_tokens).total if request.max_tokens else None
    answer = None if whole is None or plain is None else whole - plain
    return _Money(first.total, hit, plain, answer, pays_from(first.total, hit, plain), first.reasons)


def _price(request: Request, split: Split, at: date | None, output: int = 0) -> Receipt:
    written = CacheCreation(ephemeral_5m_input_tokens=split.short, ephemeral_1h_input_tokens=split.long)
    usage = Usage(
        input_tokens=split.plain,
        output_tokens=output,
        cache_creation_input_tokens=split.short + split.long,
        cache_read_input_tokens=split.read,
        cache_creation=written,
    )
    model, geo = request.model, request.inference_geo
    return cost(usage, model=model, at=at, speed=request.speed, inference_geo=geo)


def pays_from(first: Decimal | None, hit: Decimal | None, plain: Decimal | None) -> int | None:
    """Return the use from which writing once and reading is cheaper than neither; None: never, or unknown.

    >>> from decimal import Decimal
    >>> pays_from(Decimal("1.25"), Decimal("0.1"), Decimal(1))
    2
    """
    if first is None or hit is None or plain is None or hit >= plain:
        return None
    return int((first - hit) / (plain - hit)) + 1


# --- words -----------------------------------------------------------------------------------------


def _about(low: int, likely: int, high: int) -> str:
    share = round(100 * max(high - likely, likely - low) / likely) if likely else 0
    return f"about {likely:,} (±{share} %)"


def _words(read: _Read, sections: tuple[Section, ...], money: _Money, total: str) -> Iterator[str]:
    parts = " · ".join(f"{one.name} {one.tokens:,}" for one in sections if one.tokens)
    yield "   ".join(filter(None, ["tokens", parts, total]))
    if read.marks:
        yield f"cached   {_cached(read, sections, money)}"
    yield f"cost     {_cost(read, money)}"
    if read.request.max_tokens:
        yield f"answer   at most {read.request.max_tokens:,} tokens, {dollars(money.answer)}"


def _cached(read: _Read, sections: tuple[Section, ...], money: _Money) -> str:
    cached = sum(one.cached for one in sections)
    named = [
        one.name if one.cached == one.tokens else f"{one.cached:,} of {one.name}"
        for one in sections
        if one.cached
    ]
    places = f"{len(read.marks)} breakpoint{'s' * (len(read.marks) != 1)}"
    without = "" if money.plain is None else f"; without {dollars(money.plain)} each time"
    return f"the first {cached:,} of {read.total:,} tokens: {', '.join(named)} ({places}{without})"


def _cost(read: _Read, money: _Money) -> str:
    if money.now is None:
        return f"unpriced: {'; '.join(money.reasons)}"
    if money.at_hit is None:
        return f"{dollars(money.now)} each time · {_uncached(read)}"
    lives = _LIFETIMES["5m" if any(mark.ttl == "5m" for mark in read.marks) else "1h"]
    pays = f"pays from the {_nth(money.pays_from)} use within {lives}" if money.pays_from else "never pays"
    return f"{dollars(money.now)} now · {dollars(money.at_hit)} when the prefix is cached · {pays}"


def _uncached(read: _Read) -> str:
    marked = [place.tokens for place in read.positions if place.marked]
    if read.marks or not marked:
        return "nothing is cached"
    model = read.request.model
    return f"nothing is cached: {marked[-1]:,} tokens marked, {model} caches from {minimum(model):,}"


def _nth(n: int | None) -> str:
    """Write an ordinal.

    >>> _nth(2), _nth(3), _nth(11), _nth(22)
    ('2nd', '3rd', '11th', '22nd')
    """
    n = n or 0
    ending = "th" if n % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"
