"""Rates in force on a day: genai-prices first, our catalog over it for what it lacks.

Which wins, per price: the catalog where it records an earlier price that genai-prices does not date; else
genai-prices; else the catalog. Modifiers and server tools come from the catalog, fast rates that it does not
know from genai-prices. genai-prices is read as installed: nothing here asks the network.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.catalog import PRICES, Model, catalog
from workbench.cost.receipt import Rate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MILLION = 1_000_000
ONE = Decimal(1)

LABELS = {
    "input": "input, uncached",
    "cache_write_5m": "cache write 5m",
    "cache_write_1h": "cache write 1h",
    "cache_read": "cache read",
    "output": "output",
}
_THEIR_NAMES = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cache_write_5m": "cache_write_mtok",
    "cache_write_1h": "cache_write_1h_mtok",
    "cache_read": "cache_read_mtok",
}


@dataclass(frozen=True, slots=True)
class Price:
    """One list price in dollars per million tokens; another one for prompts over a number of tokens."""

    base: Decimal
    source: str
    over: tuple[tuple[int, Decimal], ...] = ()

    def at(self, prompt_tokens: int) -> Decimal:
        """Return the price of a request with so many prompt tokens; the whole request pays it."""
        found = self.base
        for start, price in self.over:
            found = price if prompt_tokens > start else found
        return found


@dataclass(frozen=True, slots=True)
class Card:
    """The rates of one model under one set of circumstances.

    Attributes:
        over: Tokens that a prompt must exceed.
        rates: One for each of `LABELS`; its ``each`` is None where a price is unknown.
        whole: Whether all are known.
    """

    over: int
    rates: tuple[Rate, Rate, Rate, Rate, Rate]
    whole: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a model cannot be priced."""

    reason: str


class Terms(NamedTuple):
    """What a list price is multiplied for."""

    batch: bool = False
    fast: bool = False
    us: bool = False
    regional: bool = False


# --- list prices -----------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def list_prices(name: str, day: date) -> Mapping[str, Price]:
    """Return the list prices of a model on a day, by `PRICES`; empty where none is known.

    Args:
        name: Any name of the model; one the catalog lacks is priced where genai-prices has exactly it.
        day: The day (UTC) of the request.
    """
    model = catalog().get(name)
    theirs = library_prices(model.id if model else name, day, exact=model is None)
    ours = dict(_catalog_prices(model)) if model else {}
    prices = {**ours, **theirs}
    for change in model.price_changes if model else ():
        if day.isoformat() <= change.until:
            prices[change.name] = Price(change.previous, f"catalog: {change.source} (until {change.until})")
    return prices


def _catalog_prices(model: Model) -> Iterator[tuple[str, Price]]:
    for name in PRICES:
        price = getattr(model.prices, name)
        if price is not None:
            over = tuple((tier.over, getattr(tier.prices, name)) for tier in model.price_tiers)
            yield name, Price(price, f"catalog: {model.source(name)}", over)


@cache
def _library() -> tuple[Any, str]:
    import genai_prices
    from genai_prices.data_snapshot import get_snapshot

    return get_snapshot().find_provider(None, "anthropic", None), f"genai-prices {genai_prices.__version__}"


def library_prices(
    name: str, day: date, *, exact: bool = False, speed: str | None = None
) -> dict[str, Price]:
    """Return what genai-prices says about a model on a day, by `PRICES`.

    Args:
        name: The model's id.
        day: The day (UTC) of the request.
        exact: Take only an entry whose id is the name itself: theirs match by prefix, and a name that only
            begins like a model's is not that model.
        speed: ``fast`` for the prices of fast mode, where they have them.
    """
    provider, source = _library()
    info = provider.find_model(name.lower())
    if info is None or (exact and info.id != name):
        return {}
    context = {"speed": speed} if speed else None
    if context and not any(variant.when == context for variant in info.price_variants or ()):
        return {}
    row = info.get_prices(datetime.combine(day, time(12), UTC), context)
    found = ((ours, getattr(row, theirs)) for ours, theirs in _THEIR_NAMES.items())
    return {ours: _price(value, source) for ours, value in found if value is not None}


def _price(value: Any, source: str) -> Price:
    if isinstance(value, Decimal):
        return Price(value, source)
    return Price(value.base, source, tuple((tier.start, tier.price) for tier in value.tiers))


# --- modifiers -------------------------------------------------------------------------------------


def _times(name: str, key: str) -> tuple[str, Decimal]:
    value = Decimal(str(catalog().modifiers[key]["value"]))
    return f"{name} ×{value.normalize():f}", value


def _fast(model: Model, day: date) -> tuple[str, Decimal] | Refusal | None:
    """Return the factor of fast mode; None where the service runs it at standard speed and price."""
    for past in catalog().modifiers["fast"]["history"]:
        if model.id in past["models"] and day.isoformat() <= past["until"]:
            return f"fast ×{past['value']:g}", Decimal(str(past["value"]))
    if model.fast_mode == "accepted_but_runs_at_standard_speed":
        return None
    standard, fast = model.prices.input, model.prices.fast_input
    if standard is None or fast is None:
        standard, fast = (_base(library_prices(model.id, day, speed=speed)) for speed in (None, "fast"))
    if standard is None or fast is None:
        return Refusal(f"{model.id} has no price for fast mode")
    return f"fast ×{(fast / standard).normalize():f}", fast / standard


def _base(prices: Mapping[str, Price]) -> Decimal | None:
    return prices["input"].base if "input" in prices else None


def _modifiers(model: Model | None, day: date, terms: Terms) -> list[tuple[str, Decimal]] | Refusal:
    found: list[tuple[str, Decimal]] = []
    if terms.batch and terms.fast:
        return Refusal("fast mode does not exist in batches")
    if terms.batch:
        found.append(_times("batch", "batch"))
    if model is None:
        return Refusal("its modifiers are unknown") if terms.fast or terms.us or terms.regional else found
    speed = _fast(model, day) if terms.fast else None
    if isinstance(speed, Refusal):
        return speed
    if speed:
        found.append(speed)
    if terms.us and model.inference_geo is None:
        return Refusal(f"whether inference_geo costs more on {model.id} is unknown")
    if terms.us and model.inference_geo:
        found.append(_times("us", "inference_geo_us"))
    if terms.regional and model.id not in catalog().modifiers["cloud_regional_endpoint"]["not_for"]:
        found.append(_times("regional", "cloud_regional_endpoint"))
    return found


# --- cards -----------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def cards(name: str, day: date, terms: Terms) -> tuple[Card, ...] | Refusal:
    """Return a model's rate cards, longest prompts first; the first whose `over` is exceeded holds."""
    prices = list_prices(name, day)
    if not prices:
        return Refusal(f"no price is known for {name!r}")
    modifiers = _modifiers(catalog().get(name), day, terms)
    if isinstance(modifiers, Refusal):
        return modifiers
    starts = {start for price in prices.values() for start, _ in price.over}
    return tuple(_card(prices, modifiers, start) for start in sorted(starts | {-1}, reverse=True))


def _card(prices: Mapping[str, Price], modifiers: list[tuple[str, Decimal]], over: int) -> Card:
    words = " · ".join(word for word, _ in modifiers)
    factor = ONE
    for _, value in modifiers:
        factor *= value
    rates = [_rate(name, prices.get(name), factor, words, over) for name in LABELS]
    batch = next((value for word, value in modifiers if word.startswith("batch")), None)
    if batch is not None:
        rates = [replace(rate, alone=rate.each and rate.each / batch) for rate in rates]
    plain = rates[0].each
    cached = [replace(rate, plain=plain) for rate in rates[1:4]]
    whole = all(rate.each is not None for rate in rates)
    return Card(over, (rates[0], cached[0], cached[1], cached[2], rates[4]), whole)


def _rate(name: str, price: Price | None, factor: Decimal, words: str, over: int) -> Rate:
    if price is None:
        return Rate(LABELS[name], "tokens", None, MILLION, "no price known")
    long = f"prompt over {over:,}" if over >= 0 and price.over else ""
    each = price.at(over + 1) * factor / MILLION
    return Rate(
        LABELS[name], "tokens", each, MILLION, price.source, " · ".join(w for w in (words, long) if w)
    )


@cache
def server_rates() -> tuple[Rate, Rate, Rate, Rate]:
    """Return the rates of web searches, web fetches, code execution, and the line that tells of thinking."""
    tools = catalog().server_tools
    search, fetch = (tools[name]["price_per_1000"] for name in ("web_search", "web_fetch"))
    hour, free = (
        tools["code_execution"][n]["value"] for n in ("price_per_container_hour", "free_hours_per_month")
    )
    unknown = f"{free:,} container hours a month are free, then ${hour:.2f} an hour"
    return (
        Rate(
            "web searches",
            "searches",
            Decimal(str(search["value"])) / 1000,
            1000,
            f"catalog: {search['source']}",
        ),
        Rate(
            "web fetches", "fetches", Decimal(str(fetch["value"])) / 1000, 1000, f"catalog: {fetch['source']}"
        ),
        Rate("code execution", "runs", None, 1, unknown, billed=False),
        Rate("of which thinking", "tokens", None, MILLION, "billed as output", billed=False),
    )
