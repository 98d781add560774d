"""Dollars at stake: what a prompt costs with and without the cache."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from workbench.cost import list_prices

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbench.lint.subject import Subject

MILLION = 1_000_000
WRITES = {"5m": "cache_write_5m", "1h": "cache_write_1h"}


@dataclass(frozen=True, slots=True)
class Rates:
    """Dollars per token of one model on one day."""

    input: Decimal
    write_5m: Decimal
    write_1h: Decimal
    read: Decimal

    def write(self, ttl: str) -> Decimal:
        """Return the price of writing a token for ``5m`` or ``1h``."""
        return self.write_1h if ttl == "1h" else self.write_5m

    def cached(self, tokens: int, uses: int, ttl: str = "5m") -> Decimal:
        """Price a prefix written once and read by all later uses."""
        return tokens * (self.write(ttl) + (uses - 1) * self.read)

    def plain(self, tokens: int) -> Decimal:
        """Price uncached tokens."""
        return tokens * self.input

    def pays_from(self, ttl: str) -> int:
        """Return the use from which caching is cheaper than not caching.

        >>> rates = Rates(Decimal(1), Decimal("1.25"), Decimal(2), Decimal("0.1"))
        >>> rates.pays_from("5m"), rates.pays_from("1h")
        (2, 3)
        """
        return int((self.write(ttl) - self.read) / (self.input - self.read)) + 1


def rates(subject: Subject, prompt_tokens: int) -> Rates | None:
    """Return what a token costs, or None where any of the prices is unknown."""
    prices = list_prices(subject.name, subject.today)
    names = ("input", "cache_write_5m", "cache_write_1h", "cache_read")
    if any(name not in prices for name in names):
        return None
    half = Decimal(2 if subject.endpoint == "batch" else 1)
    return Rates(*(prices[name].at(prompt_tokens) / MILLION / half for name in names))


def dollars(amount: Decimal) -> str:
    """Write an amount with as many digits as matter.

    >>> dollars(Decimal("0.5512")), dollars(Decimal("0.00921")), dollars(Decimal(12))
    ('$0.55', '$0.0092', '$12.00')
    """
    return f"${amount:,.2f}" if amount >= Decimal("0.05") else f"${amount:,.4f}"


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Add amounts."""
    return sum(amounts, Decimal(0))
