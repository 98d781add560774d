"""How far a run is: one line in a terminal or one output in a notebook, at most four times a second.

Painting is decoration: it never changes a result, and an error while painting is logged, not raised.
"""

from __future__ import annotations

import logging
import re
import sys
import time
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from workbench.report.words import UNPRICED, plural
from workbench.show.safe import terminal

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger("workbench")

INTERVAL_S: Final = 0.25
"""Seconds between two paintings."""

PLAIN_INTERVAL_S: Final = 10.0
"""Seconds between two lines where nothing can be painted over."""

_CELLS: Final = 20
_BAR: Final = {"█": "wb-bar", "░": "wb-bar wb-rest"}


@dataclass(slots=True)
class State:
    """What a run has done so far.

    Attributes:
        name: The evaluation's.
        total: Trials to be done.
        budget: Dollars that may be spent, or None.
        done: Trials with an answer or an error, those of an earlier sitting included.
        earlier: How many of them were done before.
        errors: Trials with an error.
        spent: Dollars paid; None once a price is unknown.
        paid: Trials that were asked now, not found in the store.
        note: What holds the run back, e.g. ``limited by output tokens per minute``.
        draining: Whether the run was stopped and finishes what is on its way.
    """

    name: str
    total: int
    budget: Decimal | None = None
    done: int = 0
    earlier: int = 0
    errors: int = 0
    spent: Decimal | None = Decimal(0)
    paid: int = 0
    note: str = ""
    draining: bool = False


class Painter(Protocol):
    """Where progress is shown."""

    interval_s: float

    def paint(self, line: str) -> None:
        """Show *line* in place of the one before."""

    def close(self, line: str) -> None:
        """Show *line* for good."""


class Progress:
    """Counts the events of a run and paints them; a context manager, and the runner's ``on_event``."""

    def __init__(
        self, state: State, painter: Painter | None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.state = state
        self._painter = painter
        self._clock = clock
        self._started = self._painted = clock()

    def __call__(self, event: Any) -> None:
        """Count one event of the runner; only finished trials and waiting count."""
        if self._painter is None:
            return
        try:
            count(self.state, event)
            self._paint(now=getattr(event, "kind", "") == "draining")
        except Exception as error:  # noqa: BLE001 - painting must not end a run
            self._give_up(error)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Paint the last line. It holds no time, so a notebook's output is the same at each run."""
        painter, self._painter = self._painter, None
        try:
            if painter is not None:
                painter.close(line(self.state))
        except Exception as error:  # noqa: BLE001 - painting must not end a run
            self._give_up(error)

    def _paint(self, *, now: bool = False) -> None:
        time_s = self._clock()
        if self._painter is None or (not now and time_s - self._painted < self._painter.interval_s):
            return
        self._painted = time_s
        self._painter.paint(line(self.state, elapsed_s=time_s - self._started))

    def _give_up(self, error: Exception) -> None:
        self._painter = None
        _log.warning("progress is no longer shown: %s", type(error).__name__)


def count(state: State, event: Any) -> None:
    """Add one event of the runner to *state*."""
    if not state.draining:
        state.note = getattr(event, "note", "") or ""
        state.draining = getattr(event, "kind", "") == "draining"
    result = getattr(event, "result", None)
    if result is None:
        return
    state.earlier = event.done - 1 if state.done == 0 else state.earlier
    state.done = event.done
    state.errors += result.error is not None
    if result.source == "live" and result.error is None:
        state.paid += 1
        total = result.cost.total
        state.spent = None if total is None or state.spent is None else state.spent + total


def line(state: State, *, elapsed_s: float | None = None) -> str:
    """Return the state as one line.

    >>> line(State("triage", 540, Decimal(2), done=431, spent=Decimal("0.71"), paid=431), elapsed_s=190)
    'triage   ███████████████░░░░░  431/540   $0.71 of $2.00   ETA 0:48'
    """
    full = _CELLS * state.done // max(state.total, 1)
    bar = "" if state.draining and elapsed_s is not None else f"{'█' * full}{'░' * (_CELLS - full)}  "
    parts = [
        f"{bar}{state.done:,}/{state.total:,}",
        _dollars(state.spent) + (f" of {_dollars(state.budget)}" if state.budget is not None else ""),
        plural(state.errors, "error") if state.errors else "",
        _eta(state, elapsed_s) if elapsed_s is not None and not state.draining else "",
        state.note if elapsed_s is not None else "",
    ]
    return terminal("   ".join(part for part in (state.name, *parts) if part)).replace("\n", " ")


def _dollars(amount: Decimal | None) -> str:
    # Two places throughout: a line that is painted over must not jump.
    return UNPRICED if amount is None else f"${amount:,.2f}"


def _eta(state: State, elapsed_s: float) -> str:
    fresh = state.done - state.earlier
    if fresh <= 0 or state.done >= state.total:
        return ""
    left = round(elapsed_s / fresh * (state.total - state.done))
    hours, rest = divmod(left, 3600)
    return f"ETA {hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"ETA {rest // 60}:{rest % 60:02}"


class TerminalPainter:
    """One line of stderr, painted over."""

    interval_s = INTERVAL_S

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self._live = Live(console=Console(stderr=True), auto_refresh=False, transient=False)
        self._live.start()

    def paint(self, line: str) -> None:
        """Show *line*, cut to the width of the terminal."""
        from rich.text import Text

        self._live.update(Text(line, no_wrap=True, overflow="ellipsis"), refresh=True)

    def close(self, line: str) -> None:
        """Leave *line* standing."""
        self.paint(line)
        self._live.stop()


class PlainPainter:
    """A line now and then, where stderr is a file or a pipe."""

    interval_s = PLAIN_INTERVAL_S

    def paint(self, line: str) -> None:
        """Write *line*."""
        sys.stderr.write(f"{line}\n")

    def close(self, line: str) -> None:
        """Write nothing: the table follows."""


class NotebookPainter:
    """One output of the cell, updated in place."""

    interval_s = INTERVAL_S

    def __init__(self, first: str) -> None:
        from IPython import display

        self._handle: Any = display.display(_bundle(first), raw=True, display_id=True)  # type: ignore[no-untyped-call]

    def paint(self, line: str) -> None:
        """Show *line* in the output."""
        self._handle.update(_bundle(line), raw=True)

    close = paint


def _bundle(line: str) -> dict[str, str]:
    from workbench.show.h import tag
    from workbench.show.parts import framed
    from workbench.show.safe import text

    parts = [tag("span", text(part), cls=_BAR.get(part[:1])) for part in re.split("(█+|░+)", line) if part]
    return {"text/plain": line, "text/html": framed(tag("div", *parts, role="status", cls="wb-progress"))}


def progress_for(total: int, name: str, budget: Decimal | None = None) -> Progress:
    """Return the progress that fits the place: notebook, terminal, or a line every ten seconds.

    Args:
        total: Trials to be done.
        name: The evaluation's.
        budget: Dollars that may be spent.
    """
    state = State(name, total, budget)
    try:
        painter = _painter(state)
    except Exception as error:  # noqa: BLE001 - no place to paint is no reason not to run
        _log.warning("progress is not shown: %s", type(error).__name__)
        painter = None
    return Progress(state, painter)


def _painter(state: State) -> Painter:
    if in_notebook():
        return NotebookPainter(line(state))
    return TerminalPainter() if sys.stderr.isatty() else PlainPainter()


def in_notebook() -> bool:
    """Whether this runs in a Jupyter kernel; IPython is not imported to find out."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None else None
    return shell is not None and hasattr(shell, "kernel")
