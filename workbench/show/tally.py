"""What a run has done so far, as numbers and as words: every place that shows progress says the same."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Protocol

from workbench.report import failed
from workbench.report.words import UNPRICED, dollars, plural
from workbench.show.safe import terminal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ZERO: Final = Decimal(0)
CELLS: Final = 20
FAULTS: Final = 3
"""Kinds of errors that are told one by one; the others are counted."""
SAID: Final = 160
"""Characters of an error's message."""


class Paying(Protocol):
    """What knows the run's money, earlier sittings and warm-ups included; `runner.Purse` is one."""

    @property
    def spent(self) -> Decimal:
        """Dollars paid."""

    @property
    def perhaps(self) -> Decimal:
        """Dollars that lost answers may have cost."""


@dataclass(slots=True)
class Fault:
    """Errors of one type.

    Attributes:
        count: How many.
        last: What the latest says.
        first: Place in the study and words of the one that stands first there: the same however they came.
    """

    count: int = 0
    last: str = ""
    first: tuple[int, str] | None = None

    def add(self, index: int, said: str) -> None:
        """Count one."""
        self.count += 1
        self.last = said
        if self.first is None or index < self.first[0]:
            self.first = (index, said)


@dataclass(slots=True)
class State:
    """What a run has done so far.

    Attributes:
        name: The evaluation's.
        total: Trials to be done.
        budget: Dollars that may be spent, or None.
        size: Variants, samples and epochs, in words.
        purse: Knows what the whole run paid, where there is a budget; else `spent` counts this sitting.
        done: Trials with an answer or an error, those of an earlier sitting included.
        earlier: How many of them were done before.
        errors: Trials with an error.
        passing: Those of them that may be answered when they are asked again.
        spent: Dollars paid; None once a price is unknown.
        asked: Answers that were asked for now.
        recorded: Answers that were not, by where they came from: ``store``, ``cassette``.
        recorded_tokens: Tokens in and out of these: not asked again.
        recorded_usd: Dollars not paid again; None once a price is unknown.
        read_tokens: Tokens read from the prompt cache, of what was asked now.
        cache_usd: Dollars the prompt cache saved against none; negative while its writes cost more.
        faults: Errors by type.
        rate: Trials done in a second, lately; None where that is not known.
        note: What holds the run back, e.g. ``limited by output tokens per minute``.
        draining: Whether the run was stopped and finishes what is on its way.
        emulated: Whether the emulator answers.
        places: Digits behind the point of dollars while the run goes on; None until some are paid.
    """

    name: str
    total: int
    budget: Decimal | None = None
    size: str = ""
    purse: Paying | None = None
    done: int = 0
    earlier: int = 0
    errors: int = 0
    passing: int = 0
    spent: Decimal | None = ZERO
    asked: int = 0
    recorded: dict[str, int] = field(default_factory=dict)
    recorded_tokens: int = 0
    recorded_usd: Decimal | None = ZERO
    read_tokens: int = 0
    cache_usd: Decimal = ZERO
    faults: dict[str, Fault] = field(default_factory=dict)
    rate: float | None = None
    note: str = ""
    draining: bool = False
    emulated: bool = False
    places: int | None = None

    @property
    def paid(self) -> Decimal | None:
        """Dollars paid: by the whole run where there is a budget, else in this sitting; None: unpriced."""
        return self.spent if self.purse is None else self.purse.spent

    @property
    def eta_s(self) -> float | None:
        """Seconds that what is left will take; None where that is not known."""
        left = self.total - self.done
        return left / self.rate if self.rate and left > 0 else None


def count(state: State, event: Any) -> None:
    """Add one event of the runner to *state*."""
    if not state.draining:
        state.note = event.note
        state.draining = event.kind == "draining"
    result = event.result
    if result is not None:
        state.earlier = event.done - 1 if state.done == 0 else state.earlier
        state.done = event.done
        add(state, result)


def add(state: State, result: Any) -> None:
    """Add one result to *state*, but for how many are done."""
    if result.error is not None:
        _failed(state, result.index, result.error)
        return
    bill, usage = result.cost, result.usage
    total = bill.total
    if result.source == "live":
        state.asked += 1
        state.emulated = state.emulated or result.origin == "emulator"
        state.spent = None if total is None or state.spent is None else state.spent + total
        if usage is not None and (usage.cache_read_input_tokens or usage.cache_creation_input_tokens):
            state.read_tokens += int(usage.cache_read_input_tokens or 0)
            state.cache_usd += bill.saved_by_cache
        return
    state.recorded[result.source] = state.recorded.get(result.source, 0) + 1
    known = state.recorded_usd
    state.recorded_usd = None if total is None or known is None else known + total
    if usage is not None and usage.known:
        state.recorded_tokens += usage.total_input + int(usage.output_tokens or 0)


def _failed(state: State, index: int, error: Mapping[str, Any]) -> None:
    state.errors += 1
    state.passing += failed.passing(error)
    state.faults.setdefault(failed.kind(error), Fault()).add(index, failed.said(error))


# --- words -------------------------------------------------------------------------------------------------


def lines(state: State, *, live: bool = True, width: int | None = None) -> list[str]:
    r"""Return the state as a few lines: how far, what came from where, which errors.

    Args:
        state: What was done.
        live: Whether the run goes on; else nothing is said that another time would tell otherwise.
        width: Columns there are; the size of the study gives way first.

    >>> state = State("triage", 540, Decimal(2), "3 variants", done=431, spent=Decimal("0.71"), rate=2.27)
    >>> print("\n".join(lines(state)))
    triage   3 variants   ███████████████░░░░░  431/540   $0.71 of $2.00   ETA 0:48
    2.3 answers/s
    """
    head = " ".join([*before(state), bar(state), *after(state, live=live)])
    if width is not None and len(head) > width:
        head = " ".join([*before(state)[:1], bar(state), *after(state, live=live)])
    return [head, *filter(None, [detail(state, live=live)]), *faults(state, live=live)]


def line(state: State) -> str:
    """Return the state of a run that goes on as one line, for a log."""
    kinds = sorted(state.faults.items(), key=_most)[:FAULTS]
    errors = ", ".join(f"{fault.count:,} {kind}" for kind, fault in kinds)
    failed = f"{plural(state.errors, 'error')} ({errors})" if state.errors else ""
    parts = [state.name, bar(state), money(state), failed, *_where(state)]
    parts += [rate(state), *_saved(state), state.note, eta(state)]
    return shown("   ".join(part for part in parts if part))


def shown(text: str) -> str:
    r"""Return *text* as one line that cannot move a cursor.

    >>> shown("a\nb\x1b[2J")
    'a b␛[2J'
    """
    return terminal(re.sub(r"\s*\n\s*", " ", text.strip("\n")))


def before(state: State) -> list[str]:
    """Return what stands before the bar; each part followed by two blanks."""
    return [f"{shown(part)}  " for part in (state.name, state.size) if part]


def bar(state: State) -> str:
    """Return the bar and the counts; after a stop the counts alone, for what is said then needs the room."""
    full = CELLS * min(state.done, state.total) // max(state.total, 1)
    drawn = "" if state.draining else f"{'█' * full}{'░' * (CELLS - full)}  "
    return f"{drawn}{state.done:,}/{state.total:,}"


def after(state: State, *, live: bool) -> list[str]:
    """Return what stands behind the bar; each part led by two blanks."""
    stopped = "" if live or not state.draining else "stopped early"
    timed = [state.note, eta(state)] if live else [stopped]
    return [f"  {shown(part)}" for part in (money(state, live=live), *timed) if part]


def money(state: State, *, live: bool = True) -> str:
    """Return dollars paid, of how many; a line painted over must not jump.

    While the run goes on the digits fit what the whole of it will cost, as far as the first answers tell,
    and stay. In the end they fit what was paid, so that it is the same however the answers came.

    >>> money(State("x", 1, Decimal(2), spent=Decimal("0.714")))
    '$0.71 of $2.00'
    >>> money(State("x", 40, Decimal(2), done=4, spent=Decimal("0.0021")))
    '$0.0021 of $2.00'
    """
    paid = state.paid
    digits = _digits(state) if live else _places(paid)
    lost = state.purse.perhaps if state.purse is not None else ZERO
    perhaps = f" (and perhaps {_dollars(lost, max(digits, _places(lost)))})" if lost else ""
    return (
        _dollars(paid, digits) + perhaps + (f" of {_cap(state.budget)}" if state.budget is not None else "")
    )


def _digits(state: State) -> int:
    """Return the digits of a run that goes on, decided once."""
    if state.places is None and state.paid:
        state.places = _places(state.paid * state.total / max(state.done, 1))
    return 2 if state.places is None else state.places


def _places(amount: Decimal | None) -> int:
    """Return the digits that show an amount: cents, of less than ten cents two figures and their parts.

    >>> [_places(Decimal(amount)) for amount in ("12.5", "0.1", "0.0213", "0.0006", "0.00000001", "0")]
    [2, 2, 4, 5, 6, 2]
    """
    if amount is None or not 0 < amount < Decimal("0.1"):
        return 2
    return min(6, max(4, 1 - amount.adjusted()))


def _cap(budget: Decimal) -> str:
    """Return a budget as it was given; at least cents.

    >>> [_cap(Decimal(budget)) for budget in ("2", "0.005", "1250.50")]
    ['$2.00', '$0.005', '$1,250.50']
    """
    exponent = budget.normalize().as_tuple().exponent
    return _dollars(budget, max(2, -exponent if isinstance(exponent, int) else 2))


def _dollars(amount: Decimal | None, digits: int) -> str:
    return UNPRICED if amount is None else f"${amount:,.{digits}f}"


def eta(state: State) -> str:
    """Return how long it will take, empty where that is not known.

    >>> eta(State("x", 100, done=50, rate=0.01))
    'ETA 1:23:20'
    """
    left = None if state.draining else state.eta_s
    if left is None:
        return ""
    hours, rest = divmod(round(left), 3600)
    return f"ETA {hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"ETA {rest // 60}:{rest % 60:02}"


def rate(state: State) -> str:
    """Return answers per second, or per minute where they are fewer.

    >>> [rate(State("x", 9, rate=r)) for r in (12.34, 0.5, 0.01)]
    ['12.3 answers/s', '30 answers/min', '0.6 answers/min']
    """
    if not state.rate:
        return ""
    if state.rate >= 1:
        return f"{state.rate:,.1f} answers/s"
    minute = state.rate * 60
    return f"{minute:.0f} answers/min" if minute >= 1 else f"{minute:.1f} answers/min"


def detail(state: State, *, live: bool) -> str:
    """Return where answers came from, how many failed, how fast it goes, what was saved."""
    failed = f"{state.errors:,} failed" if state.errors else ""
    fast = rate(state) if live and not state.draining else ""
    parts = [" · ".join([*_where(state), *([failed] if failed else [])]), fast, *_saved(state)]
    return "   ".join(part for part in parts if part)


def _where(state: State) -> Iterator[str]:
    if state.asked:
        yield f"{state.asked:,} asked {'of the emulator' if state.emulated else 'now'}"
    for source, n in sorted(state.recorded.items()):
        yield f"{n:,} from the {shown(source)}"
    if state.earlier:
        yield f"{state.earlier:,} from an earlier sitting"


def _saved(state: State) -> list[str]:
    """Return the tokens that both caches saved, with their dollars where they are known."""
    parts = []
    if state.recorded_tokens:
        usd = f" ({dollars(state.recorded_usd)})" if state.recorded_usd is not None else ""
        parts.append(f"store {state.recorded_tokens:,} tokens{usd}")
    if state.read_tokens:
        amount = state.cache_usd
        usd = f" ({dollars(abs(amount))} {'less' if amount > 0 else 'more so far'})" if amount else ""
        parts.append(f"prompt cache read {state.read_tokens:,} tokens{usd}")
    return [f"saved: {', '.join(parts)}"] if parts else []


def faults(state: State, *, live: bool) -> list[str]:
    """Return the most frequent errors, a line each: how often, of which type, what one of them says.

    While the run goes on that is the latest, in the end the first of the study, so that it is the same again.
    """
    ordered = sorted(state.faults.items(), key=_most)
    told = [_fault(kind, fault, live=live) for kind, fault in ordered[:FAULTS]]
    rest = sum(fault.count for _, fault in ordered[FAULTS:])
    if rest:
        told[-1] += f"   … and {plural(rest, 'error')} of other types"
    return told


def _most(item: tuple[str, Fault]) -> tuple[int, str]:
    return -item[1].count, item[0]


def _fault(kind: str, fault: Fault, *, live: bool) -> str:
    said = fault.last if live or fault.first is None else fault.first[1]
    flat = " ".join(said[: 4 * SAID].split())
    cut = flat if len(flat) <= SAID else f"{flat[: SAID - 1]}…"
    return f"{fault.count:,} × {shown(kind)}" + (f": {shown(cut)}" if cut else "")
