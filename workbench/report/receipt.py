"""What a run cost: at list price, and what was paid for it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from workbench.cost import Receipt, Tally
from workbench.display import Shown
from workbench.report.lost import Lost, lost
from workbench.report.words import EMULATED, NOTHING, UNPRICED, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from workbench.report.lost import SentOutcome
    from workbench.report.outcome import Outcome


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """One line: how much of what, at list price, and what of it was paid now."""

    label: str
    quantity: int
    unit: str
    list: Decimal
    incurred: Decimal


@dataclass(frozen=True)
class RunReceipt(Shown):
    """The bill of a run.

    Attributes:
        listed: Every answer at list price.
        incurred: Only those asked live: what came from a store or cassette cost nothing now.
        kept_warm: Calls that only kept the prompt cache warm; they are in both sums.
        warming: How many these were.
        replies: Answers behind it.
        live: Answers asked live.
        errors: Trials that ended in an error; not in the sums.
        lost: Calls that may have been charged without an answer; not in the sums.
        origins: Who made the answers.
    """

    listed: Receipt
    incurred: Receipt
    replies: int
    live: int
    errors: int = 0
    lost: Lost = field(default_factory=Lost)
    origins: tuple[str, ...] = ()
    kept_warm: Receipt = field(default_factory=Receipt)
    warming: int = 0

    @property
    def now(self) -> str:
        """Heading of what was asked live: nothing is incurred for an emulator's answers."""
        return "asked now" if "emulator" in self.origins else "incurred"

    @property
    def lines(self) -> tuple[ReceiptLine, ...]:
        """One line per kind of token or use, added up over models and rates."""
        listed, incurred = _amounts(self.listed), _amounts(self.incurred)
        quantities: Counter[tuple[str, str]] = Counter()
        for line in self.listed.lines:
            quantities[line.label, line.unit] += line.quantity
        return tuple(
            ReceiptLine(label, n, unit, listed[label], incurred.get(label, Decimal(0)))
            for (label, unit), n in quantities.items()
            if label in listed
        )

    @property
    def saved_by_store(self) -> Decimal:
        """Dollars not paid because an answer was recorded before."""
        return self.listed.known - self.incurred.known

    @property
    def saved_by_cache(self) -> Decimal | None:
        """Dollars the prompt cache saved on what was paid now; negative where writes cost more."""
        without, only_for_it = self.incurred.without_cache, self.kept_warm.without_cache
        if without is None or only_for_it is None:
            return None
        return without - only_for_it - self.incurred.known

    @property
    def saved_by_batch(self) -> Decimal:
        """Dollars that batches saved on what was paid now: as much as they cost."""
        return self.incurred.saved_by_batch

    @property
    def perhaps_paid(self) -> int:
        """Calls that may have been charged without an answer."""
        return self.lost.calls

    @property
    def paid_calls(self) -> int:
        """Calls the service charged for: answers asked now, those lost after they had begun, and warm-ups.

        Up to ``perhaps_paid - lost.wasted`` more may have been charged without a sign of it.
        """
        return self.live + self.warming + self.lost.wasted

    @property
    def notes(self) -> tuple[str, ...]:
        """What the sums leave out, and who made the answers."""
        parts = []
        if self.listed.unpriced:
            why = "; ".join(self.listed.reasons)
            parts.append(
                f"{plural(self.listed.unpriced, 'reply')} unpriced ({why}): "
                f"{'the sums are at least these' if self.lines else 'there is no sum'}."
            )
        if self.warming:
            cost = _money(self.kept_warm.known)
            parts.append(f"{plural(self.warming, 'call')} kept the prompt cache warm: {cost}, in the sums.")
        if self.errors:
            parts.append(f"{plural(self.errors, 'error')}: not in the sums.")
        if self.perhaps_paid:
            parts.append(f"{_lost(self.lost)}; not in the sums.")
        if "emulator" in self.origins:
            parts.append(
                "The emulator's answers cost nothing: these are Claude's list prices for such tokens."
            )
            parts.append(EMULATED)
        return tuple(parts)

    def __str__(self) -> str:
        rows = [("", "", "list", self.now)]
        rows += [
            (line.label, f"{line.quantity:,}", _money(line.list), _money(line.incurred))
            for line in self.lines
        ]
        rows.append(("", "", _total(self.listed), _total(self.incurred)))
        widths = [max(len(row[i]) for row in rows) for i in range(4)]
        rule = ("", "", "-" * widths[2], "-" * widths[3])
        text = [_row(row, widths) for row in (*rows[:-1], rule, rows[-1])]
        text[-1] += f"     saved: {self._saved()}" if self.lines else ""
        recorded = self.replies - self.live
        asked = f"{plural(self.replies, 'reply')}: {self.live:,} asked now, {recorded:,} recorded before"
        return "\n".join([*text, "", asked, *self.notes])

    def _saved(self) -> str:
        cache = self.saved_by_cache
        words = NOTHING if cache is None else _money(cache)
        batch = f", batch {_money(self.saved_by_batch)}" if self.saved_by_batch else ""
        return f"store {_money(self.saved_by_store)}, prompt cache {words} against no cache{batch}"


Bills = dict[tuple[str, bool], Receipt]
"""What the answers of each variant cost; apart those asked live and those recorded before."""


def bills(outcomes: Iterable[Outcome]) -> Bills:
    """Add up what answers cost; errors are not priced."""
    sums: Tallies = {}
    for outcome in outcomes:
        if outcome.error is None:
            bill(sums, outcome, outcome.cost)
    return total(sums)


Tallies = dict[tuple[str, bool], Tally]
"""`Bills` that are still being added up."""


def bill(sums: Tallies, outcome: Outcome, cost: Receipt) -> None:
    """Add one answer's *cost*, which is known already, to *sums*."""
    key = outcome.variant, outcome.source == "live"
    known = sums.get(key)
    if known is None:
        known = sums[key] = Tally()
    known.add(cost)


def total(sums: Tallies) -> Bills:
    """Return what was added up."""
    return {key: tally.receipt for key, tally in sums.items()}


def receipt(
    outcomes: Iterable[SentOutcome],
    *,
    perhaps_paid: int = 0,
    summed: Bills | None = None,
    limits: Mapping[str, int | None] | None = None,
    warmed: Iterable[SentOutcome] = (),
) -> RunReceipt:
    """Make the bill of a run.

    Args:
        outcomes: Results; errors are counted, not priced.
        perhaps_paid: Calls whose end was never recorded.
        limits: ``max_tokens`` of each variant: what a lost answer can have cost at most; by default, all that
            the model can write.
        summed: The `bills` of these outcomes, where they are known already.
        warmed: Calls that only kept the prompt cache warm.
    """
    each, warm = tuple(outcomes), tuple(warmed)
    summed = bills(each) if summed is None else summed
    recorded = sum((bill for (_, live), bill in summed.items() if not live), Receipt())
    kept_warm = sum((call.cost for call in warm), Receipt())
    incurred = sum((bill for (_, live), bill in summed.items() if live), kept_warm)
    answers = [outcome for outcome in each if outcome.error is None]
    return RunReceipt(
        recorded + incurred,
        incurred,
        replies=len(answers),
        live=sum(outcome.source == "live" for outcome in answers),
        errors=len(each) - len(answers),
        lost=lost((*each, *warm), cut=perhaps_paid, limits=limits or {}),
        origins=tuple(sorted({outcome.origin for outcome in answers})),
        kept_warm=kept_warm,
        warming=sum(call.error is None for call in warm),
    )


def _lost(found: Lost) -> str:
    """Say what was lost, and what it may have cost."""
    began = f" ({found.wasted:,} after the answer had begun: paid)" if found.wasted else ""
    parts = [f"{plural(found.cut, 'call')} cut off before the answer was recorded"] if found.cut else []
    parts += [f"{plural(found.attempts, 'attempt')} lost on the way{began}"] if found.attempts else []
    most = "how much is unknown" if found.at_most is None else f"at most {_money(found.at_most)}"
    return f"{', '.join(parts)}: perhaps paid, {most}"


def _amounts(bill: Receipt) -> dict[str, Decimal]:
    amounts: dict[str, Decimal] = {}
    for line in bill.lines:
        if line.amount is not None:
            amounts[line.label] = amounts.get(line.label, Decimal(0)) + line.amount
    return amounts


def _total(bill: Receipt) -> str:
    """Return a sum: at least so much where a part has no price, and no figure where nothing has."""
    if bill.unpriced and not _amounts(bill):
        return UNPRICED
    return f"≥ {_money(bill.known)}" if bill.unpriced else _money(bill.known)


def _money(amount: Decimal) -> str:
    return f"${amount:,.4f}".replace("$-", "-$")


def _row(row: tuple[str, ...], widths: list[int]) -> str:
    label, *numbers = row
    right = (text.rjust(width) for text, width in zip(numbers, widths[1:], strict=True))
    return "    ".join((label.ljust(widths[0]), *right)).rstrip()
