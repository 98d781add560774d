"""What the prompt cache did in a run: expected against actual, and what the difference cost."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from workbench.cost import Receipt
from workbench.display import Shown
from workbench.report.outcome import Outcome
from workbench.report.receipt import bills
from workbench.report.table import Cell, Column, Table, wrapped
from workbench.report.words import EMULATED, NOTHING, UNPRICED, dollars, plural, visible

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from workbench.report.receipt import Bills
    from workbench.wire import Usage

ZERO = Decimal(0)

BAND = 0.2
"""Share of the expected reads that may be missing before a reply counts as a miss: estimates are no finer."""

EMPTY = (
    "Nothing was cached: no request has a breakpoint, or what stands before it is shorter than its model "
    "caches. Mark what many requests share with cache_control, or run with auto_cache=True."
)
RECORDED = "Every answer was recorded before: nothing was asked of the prompt cache now."


class CachedOutcome(Outcome, Protocol):
    """A result as the cache report needs it; `workbench.run.Result` is one."""

    @property
    def expected(self) -> Mapping[str, int] | None: ...  # noqa: D102
    @property
    def body(self) -> Mapping[str, Any] | None: ...  # noqa: D102


@dataclass
class CacheRow:
    """One variant; tokens of the answers asked now.

    Attributes:
        replies: Answers with a usage.
        planned: Those of them whose reads and writes were planned before they were sent.
        prompt: Input tokens of every kind.
        expected_read, expected_write: As planned, stretched to the actual length of each prompt.
        read, write: As billed.
        misses: Replies that read clearly less than expected.
        lost: Dollars that missing reads cost.
        saved: Dollars the cache saved against no cache at all; negative where writes cost more.
        unpriced: Replies and misses among these that have no price.
        reasons: ``cache_miss_reason`` of the API, by type; and the tokens it says were missed.
    """

    variant: str
    replies: int = 0
    planned: int = 0
    prompt: int = 0
    expected_read: int = 0
    expected_write: int = 0
    read: int = 0
    write: int = 0
    misses: int = 0
    lost: Decimal = ZERO
    saved: Decimal = ZERO
    unpriced: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    reason_tokens: Counter[str] = field(default_factory=Counter)

    @property
    def hit_share(self) -> float:
        """Share of the input that was read from the cache, from 0 to 1."""
        return self.read / self.prompt if self.prompt else 0.0

    @property
    def expected_share(self) -> float:
        """The share that was expected."""
        return self.expected_read / self.prompt if self.prompt else 0.0

    def add(self, outcome: CachedOutcome) -> None:
        """Count an answer that was asked now."""
        usage = outcome.usage
        if usage is None or not usage.known:
            return
        self.replies += 1
        read, write = usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0
        self.read += int(read)
        self.write += int(write)
        self.prompt += usage.total_input
        if outcome.expected is not None:
            self._compare(outcome, outcome.expected, usage)

    def explain(self, told: Any) -> None:
        """Count what ``diagnostics`` of an answer say."""
        if not isinstance(told, dict) or "cache_miss_reason" not in told:
            return
        reason = told["cache_miss_reason"]
        kind = str(reason.get("type", "unknown")) if isinstance(reason, dict) else "pending"
        tokens = reason.get("cache_missed_input_tokens") if isinstance(reason, dict) else None
        self.reasons[kind] += 1
        self.reason_tokens[kind] += tokens if isinstance(tokens, int) else 0

    def _compare(self, outcome: CachedOutcome, expected: Mapping[str, int], usage: Usage) -> None:
        stretch = usage.total_input / expected["total"] if expected.get("total") else 1.0
        read, write = (round(expected.get(name, 0) * stretch) for name in ("read", "write"))
        self.planned += 1
        self.expected_read += read
        self.expected_write += write
        missing = read - int(usage.cache_read_input_tokens or 0)
        if missing > BAND * read:
            self.misses += 1
            written = max(0, int(usage.cache_creation_input_tokens or 0) - write)
            loss = _loss(outcome.cost, missing, min(missing, written), usage)
            self.lost += loss or ZERO
            self.unpriced += loss is None


def _loss(bill: Receipt, missing: int, written: int, usage: Usage) -> Decimal | None:
    """Price tokens that should have been reads: *written* of them were writes, the others uncached."""
    split = usage.cache_creation
    hour = bool(split and split.ephemeral_1h_input_tokens)
    read, plain = bill.each("cache read"), bill.each("input, uncached")
    write = bill.each("cache write 1h" if hour else "cache write 5m")
    if read is None or plain is None or (written and write is None):
        return None
    return (missing - written) * (plain - read) + written * ((write or ZERO) - read)


@dataclass(frozen=True)
class CacheReport(Shown):
    """What the prompt cache did, per variant; only answers asked now count.

    Attributes:
        rows: One per variant, in order.
        recorded: Answers that were recorded before and are not in the rows.
        added: What `auto_cache` added to the requests.
        emulated: Whether the emulator made answers.
        warming: Calls that only kept prefixes warm; what they cost is taken off what was saved.
        kept_warm: Dollars they cost; of what could be priced.
    """

    rows: tuple[CacheRow, ...]
    recorded: int = 0
    added: tuple[str, ...] = ()
    emulated: bool = False
    warming: int = 0
    kept_warm: Decimal = ZERO

    @property
    def used(self) -> bool:
        """Whether the cache played any part."""
        return bool(self.warming) or any(
            row.planned or row.read or row.write or row.reasons for row in self.rows
        )

    @property
    def lost(self) -> Decimal:
        """Dollars that missing reads cost; of what could be priced."""
        return sum((row.lost for row in self.rows), ZERO)

    @property
    def saved(self) -> Decimal:
        """Dollars the cache saved against no cache at all; of what could be priced."""
        return sum((row.saved for row in self.rows), ZERO)

    @cached_property
    def table(self) -> Table:
        """The figures as a table, which also gives CSV and a DataFrame."""
        columns, cells = zip(*_columns(self.rows), strict=True)
        return Table(
            f"prompt cache · {self._sentence()}",
            columns,
            tuple(zip(*cells, strict=True)),
            notes=tuple(self._notes()),
        )

    def _sentence(self) -> str:
        read, prompt = sum(row.read for row in self.rows), sum(row.prompt for row in self.rows)
        share = f"{read / prompt:.0%} of {prompt:,} input tokens read from it" if prompt else "no tokens"
        parts = [share, f"{dollars(self.saved)} saved"]
        return " · ".join([*parts, f"{dollars(self.lost)} lost"] if self.lost else parts)

    def _notes(self) -> Iterator[str]:
        yield from self.added
        if self.warming:
            yield (
                f"Kept warm by {plural(self.warming, 'call')}, {dollars(self.kept_warm)}, "
                "taken off what was saved."
            )
        if misses := sum(row.misses for row in self.rows):
            of = sum(row.planned for row in self.rows)
            yield f"{misses:,} of {plural(of, 'reply')} read less than expected, by more than estimates err."
        for row in self.rows:
            if row.reasons:
                said = ", ".join(_reason(row, kind) for kind in sorted(row.reasons))
                yield f"{visible(row.variant)}: cache_miss_reason {said}."
        if unpriced := sum(row.unpriced for row in self.rows):
            yield f"{plural(unpriced, 'reply')} {UNPRICED}: dollars are of the others."
        if self.recorded:
            yield f"{plural(self.recorded, 'answer')} recorded before: not counted here."
        if any(row.planned for row in self.rows):
            yield "Expected: planned from estimated tokens, stretched to the actual length of each prompt."
        if self.emulated:
            yield EMULATED

    def __str__(self) -> str:
        return str(self.table) if self.used else wrapped([self.empty, *self.added])

    @property
    def empty(self) -> str:
        """What to say where the cache played no part."""
        return RECORDED if self.recorded and not any(row.replies for row in self.rows) else EMPTY


def _reason(row: CacheRow, kind: str) -> str:
    tokens = row.reason_tokens[kind]
    return f"{visible(kind)} {row.reasons[kind]:,}" + (f" ({tokens:,} tokens)" if tokens else "")


def _columns(rows: Sequence[CacheRow]) -> Iterator[tuple[Column, tuple[Cell, ...]]]:
    yield (
        Column("variant", "variant", align="left"),
        tuple(Cell(visible(row.variant), (("", row.variant),)) for row in rows),
    )
    yield Column("replies", "replies"), tuple(Cell(f"{row.replies:,}", (("", row.replies),)) for row in rows)
    for key, title in (("read", "read (expected)"), ("write", "written (expected)")):
        yield Column(key, title), tuple(_pair(row, key) for row in rows)
    yield Column("hit_share", "of the input"), tuple(_share(row) for row in rows)
    for key, title in (("saved", "$ saved"), ("lost", "$ lost")):
        amounts = [getattr(row, key) for row in rows]
        yield Column(key, title), tuple(Cell(dollars(n), (("", float(n)),)) for n in amounts)


def _pair(row: CacheRow, key: str) -> Cell:
    actual, expected = getattr(row, key), getattr(row, f"expected_{key}")
    text = f"{expected:,}" if row.planned else NOTHING
    return Cell(f"{actual:,} ({text})", (("", actual), ("expected", expected if row.planned else None)))


def _share(row: CacheRow) -> Cell:
    expected = row.expected_share if row.planned else None
    return Cell(f"{row.hit_share:.0%}", (("", row.hit_share), ("expected", expected)))


def cache_report(
    outcomes: Iterable[CachedOutcome],
    *,
    variants: Sequence[str],
    added: Sequence[str] = (),
    summed: Bills | None = None,
    diagnosed: Collection[str] | None = None,
    warmed: Iterable[Outcome] = (),
) -> CacheReport:
    """Make the report of a run.

    Args:
        outcomes: Results; those recorded before are only counted.
        variants: Names, in order.
        added: What `auto_cache` added to the requests, in sentences.
        summed: The `bills` of these outcomes, where they are known already.
        diagnosed: Variants whose requests ask for diagnostics; None looks at every answer.
        warmed: Calls that only kept the prompt cache warm.
    """
    each = outcomes if summed is not None else list(outcomes)
    costs = summed if summed is not None else bills(each)
    rows = {name: CacheRow(name) for name in variants}
    recorded, emulated = 0, False
    for outcome in each:
        if outcome.error is not None:
            continue
        if outcome.source != "live":
            recorded += 1
            continue
        emulated = emulated or outcome.origin == "emulator"
        row = rows.setdefault(outcome.variant, CacheRow(outcome.variant))
        row.add(outcome)
        if diagnosed is None or outcome.variant in diagnosed:
            row.explain((outcome.body or {}).get("diagnostics"))
    for name, row in rows.items():
        bill = costs.get((name, True), Receipt())
        row.saved, row.unpriced = bill.saved_by_cache, row.unpriced + bill.unpriced
    calls = [call for call in warmed if call.error is None]
    for call in calls:
        rows.setdefault(call.variant, CacheRow(call.variant)).saved -= call.cost.known
    spent = sum((call.cost.known for call in calls), ZERO)
    return CacheReport(tuple(rows.values()), recorded, tuple(added), emulated, len(calls), spent)
