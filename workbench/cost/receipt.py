"""A receipt: what was used, at which rate, from which source; exact, line by line."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from workbench.display import Shown

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a receipt.

    Attributes:
        label: What was used, e.g. ``cache write 5m``.
        quantity: How many.
        unit: ``tokens``, ``searches``, ``fetches`` or ``runs``.
        rate: Dollars per million tokens or per thousand calls, modifiers included; None: unknown.
        amount: Dollars, exact; None where the rate is unknown or the line only informs.
        source: Where the rate comes from.
        modifiers: What the list rate was multiplied with, e.g. ``batch ×0.5``.
    """

    label: str
    quantity: int
    unit: str
    rate: Decimal | None
    amount: Decimal | None
    source: str
    modifiers: str = ""

    def __str__(self) -> str:
        return "  ".join(_cells(self)).rstrip()


@dataclass(frozen=True, slots=True)
class Rate:
    """The price of one thing; a receipt is quantities of these.

    Attributes:
        each: Dollars for one token, search or fetch; None where unknown.
        per: How many the shown rate is for.
        plain: Dollars for one such token had there been no prompt cache.
        alone: Dollars for one such token outside the batch it came in; None where it came in none.
        billed: False for a line that only informs.
    """

    label: str
    unit: str
    each: Decimal | None
    per: int
    source: str
    modifiers: str = ""
    plain: Decimal | None = None
    alone: Decimal | None = None
    billed: bool = True

    def line(self, quantity: int) -> Line:
        """Return the line for so many."""
        rate = None if self.each is None else _plain_decimal(self.each * self.per)
        amount = None if self.each is None or not self.billed else self.each * quantity
        return Line(self.label, quantity, self.unit, rate, amount, self.source, self.modifiers)


ORDER = (
    "input, uncached",
    "cache write 5m",
    "cache write 1h",
    "cache read",
    "output",
    "of which thinking",
    "web searches",
    "web fetches",
    "code execution",
)


class Receipt(Shown):
    """What something cost at list price. Receipts add up: lines of equal label and rate become one.

    ``receipt.total`` is None exactly where something could not be priced; it is never a silent zero.
    """

    def __init__(
        self,
        parts: Iterable[tuple[Rate, int]] = (),
        *,
        model: str | None = None,
        at: date | None = None,
        reasons: tuple[str, ...] = (),
        unpriced: int = 0,
    ) -> None:
        """Make a receipt of quantities and rates.

        Args:
            parts: Rates and how many of each.
            model: The model's id; None where several are added up.
            at: The day whose rates hold; None where several are added up.
            reasons: Why something is unpriced.
            unpriced: How many replies could not be priced.
        """
        self.parts = parts if isinstance(parts, tuple) else tuple(parts)
        self.model = model
        self.at = at
        self.reasons = reasons
        self.unpriced = unpriced

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The lines, in the order of a bill; none for what was not used."""
        parts = sorted((part for part in self.parts if part[1]), key=_place)
        return tuple(rate.line(quantity) for rate, quantity in parts)

    @property
    def priced(self) -> bool:
        """Whether everything has a price."""
        return not self.unpriced

    @property
    def total(self) -> Decimal | None:
        """Dollars, exact; None where anything is unpriced."""
        return None if self.unpriced else self.known

    @property
    def known(self) -> Decimal:
        """Dollars of what could be priced; less than the bill where something is unpriced."""
        total = ZERO
        for rate, quantity in self.parts:
            if quantity and rate.billed and rate.each is not None:
                total += rate.each * quantity
        return total

    @cached_property
    def without_cache(self) -> Decimal | None:
        """Dollars the same tokens would have cost without the prompt cache; None where unpriced."""
        if self.unpriced:
            return None
        total = ZERO
        for rate, quantity in self.parts:
            each = rate.plain or rate.each
            if quantity and rate.billed and each is not None:
                total += each * quantity
        return total

    @cached_property
    def saved_by_cache(self) -> Decimal:
        """Dollars more that the same would have cost without the prompt cache, where priced; perhaps less."""
        total = ZERO
        for rate, quantity in self.parts:
            if quantity and rate.billed and rate.each is not None and rate.plain is not None:
                total += (rate.plain - rate.each) * quantity
        return total

    @cached_property
    def saved_by_batch(self) -> Decimal:
        """Dollars more that the same would have cost outside the batches it came in, where priced."""
        total = ZERO
        for rate, quantity in self.parts:
            if quantity and rate.billed and rate.each is not None and rate.alone is not None:
                total += (rate.alone - rate.each) * quantity
        return total

    def each(self, label: str) -> Decimal | None:
        """Return dollars for one token of a kind, ``cache read`` for one; None where unknown or several."""
        found = {rate.each for rate, _ in self.parts if rate.label == label}
        return found.pop() if len(found) == 1 else None

    def named(self, model: str | None, at: date | None) -> Receipt:
        """Return the same receipt under a model and a day."""
        return Receipt(self.parts, model=model, at=at, reasons=self.reasons, unpriced=self.unpriced)

    def __add__(self, other: Receipt) -> Receipt:
        if not isinstance(other, Receipt):
            return NotImplemented
        both = Tally()
        both.add(self)
        both.add(other)
        return both.receipt

    def __radd__(self, other: object) -> Receipt:
        """Let ``sum(receipts)`` work."""
        return self if other == 0 else NotImplemented

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Receipt):
            return NotImplemented
        return self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash((self.model, self.at, self.unpriced))

    def _identity(self) -> tuple[object, ...]:
        used = {rate: quantity for rate, quantity in self.parts if quantity}
        return used, self.model, self.at, bool(self.unpriced)

    def __repr__(self) -> str:
        return f"Receipt({'unpriced' if self.total is None else f'${self.total}'}, model={self.model!r})"

    def __str__(self) -> str:
        rows = [_cells(line, self.known) for line in self.lines]
        rows.append(("", "", "", _total(self), ""))
        widths = [max(len(row[i]) for row in rows) for i in range(5)]
        rule = ("", "", "", "-" * widths[3], "")
        return "\n".join(_row(row, widths) for row in (*rows[:-1], rule, rows[-1])) + _notes(self)


class Tally:
    """Adds receipts up one by one; what comes out is what ``+`` makes of them, in a fifth of the time.

    Rates are told apart by their object first: there are few, and comparing two takes as long as ten sums.
    """

    def __init__(self) -> None:
        self._rates: dict[int, Rate] = {}  # held, so that no other one gets the same id
        self._quantities: dict[int, int] = {}
        self._models: set[str | None] = set()
        self._days: set[date | None] = set()
        self._reasons: dict[str, None] = {}
        self._unpriced = 0

    def add(self, receipt: Receipt) -> None:
        """Add one more."""
        quantities = self._quantities
        for rate, quantity in receipt.parts:
            name = id(rate)
            if name not in quantities:
                self._rates[name], quantities[name] = rate, 0
            quantities[name] += quantity
        self._models.add(receipt.model)
        self._days.add(receipt.at)
        if receipt.reasons:
            self._reasons |= dict.fromkeys(receipt.reasons)
        self._unpriced += receipt.unpriced

    @property
    def receipt(self) -> Receipt:
        """All of them in one."""
        merged: dict[Rate, int] = {}
        for name, rate in self._rates.items():
            merged[rate] = merged.get(rate, 0) + self._quantities[name]
        return Receipt(
            tuple(merged.items()),
            model=next(iter(self._models)) if len(self._models) == 1 else None,
            at=next(iter(self._days)) if len(self._days) == 1 else None,
            reasons=tuple(self._reasons),
            unpriced=self._unpriced,
        )


def _place(part: tuple[Rate, int]) -> tuple[int, str, Decimal]:
    rate = part[0]
    place = ORDER.index(rate.label) if rate.label in ORDER else len(ORDER)
    return place, rate.modifiers, rate.each or ZERO


def _cells(line: Line, total: Decimal | None = None) -> tuple[str, str, str, str, str]:
    label = f"  {line.label}" if line.label.startswith("of which") else line.label
    per = "M" if line.unit == "tokens" else "1,000"
    rate = "" if line.rate is None else f"${line.rate:,}/{per}"
    unknown = (
        "" if line.label.startswith("of which") else "not included" if line.unit == "runs" else "unpriced"
    )
    amount = unknown if line.amount is None else dollars(line.amount, like=total)
    note = line.modifiers if line.amount is not None else line.source
    return label, f"{line.quantity:,}", rate, amount, note


def _row(row: tuple[str, ...], widths: list[int]) -> str:
    label, *numbers, note = row
    right = (number.rjust(width) for number, width in zip(numbers, widths[1:4], strict=True))
    return "   ".join((label.ljust(widths[0]), *right, note)).rstrip()


def _total(receipt: Receipt) -> str:
    if receipt.total is not None:
        return dollars(receipt.total)
    return f"{dollars(receipt.known)} + unpriced" if receipt.known else "unpriced"


def _notes(receipt: Receipt) -> str:
    notes = [f"unpriced: {reason}" for reason in receipt.reasons]
    return "".join(f"\n{note}" for note in notes)


def dollars(amount: Decimal, *, like: Decimal | None = None) -> str:
    """Write dollars: four places, six where the amount (or the one it stands beside, *like*) is below a cent.

    >>> dollars(Decimal("1.79824")), dollars(Decimal("0.0000315")), dollars(Decimal(0))
    ('$1.7982', '$0.000032', '$0.0000')
    """
    size = amount if like is None else like
    return f"${amount:,.4f}" if size >= Decimal("0.01") or not size else f"${amount:,.6f}"


def _plain_decimal(value: Decimal) -> Decimal:
    """Drop trailing zeros, without an exponent; at least cents."""
    shown = value.normalize()
    places = shown.as_tuple().exponent
    return shown.quantize(Decimal("0.01")) if isinstance(places, int) and places > -2 else shown
