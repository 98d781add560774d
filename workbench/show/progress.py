"""How far a run is: a few lines in a terminal or one output in a notebook, at most four times a second.

Painting is decoration: it never changes a result, and an error while painting is logged, not raised.
"""

from __future__ import annotations

import asyncio
import logging
import re
import sys
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from workbench.show import tally
from workbench.show.tally import State, count

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from workbench.show.safe import Html
    from workbench.show.tally import Paying

_log = logging.getLogger("workbench")

INTERVAL_S: Final = 0.25
"""Seconds between two paintings."""

PLAIN_INTERVAL_S: Final = 10.0
"""Seconds between two lines where nothing can be painted over."""

LATELY_S: Final = 20.0
"""Seconds over which the rate is measured: a burst from the store must not promise an early end for long."""


class Painter(Protocol):
    """Where progress is shown."""

    interval_s: float

    def paint(self, state: State) -> None:
        """Show *state* in place of the one before."""

    def close(self, state: State) -> None:
        """Show *state* for good."""


class Progress:
    """Counts the events of a run and paints them; a context manager, and the runner's ``on_event``."""

    def __init__(
        self, state: State, painter: Painter | None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.state = state
        self._painter = painter
        self._clock = clock
        self._painting = threading.Lock()
        self._soon = False
        now = clock()
        self._due = now + painter.interval_s if painter is not None else now
        self._lately: deque[tuple[float, int]] = deque([(now, state.done - state.earlier)])

    def __call__(self, event: Any) -> None:
        """Count one event of the runner; only finished trials and waiting count."""
        if self._painter is None:
            return
        try:
            count(self.state, event)
            now = self._clock()
            if now >= self._due or event.kind == "draining":
                self._paint(now)
            elif not self._soon:
                self._paint_later(self._due - now)
        except Exception as error:  # noqa: BLE001 - painting must not end a run
            self._give_up(error)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def paint(self) -> None:
        """Paint now: something changed that was no event."""
        self._overdue()

    def close(self) -> None:
        """Paint for the last time. It holds no time, so a notebook's output is the same at each run."""
        with self._painting:
            painter, self._painter = self._painter, None
            try:
                if painter is not None:
                    painter.close(self.state)
            except Exception as error:  # noqa: BLE001 - painting must not end a run
                self._give_up(error)

    def _paint_later(self, seconds: float) -> None:
        """See that what came between two paintings is shown, also where nothing comes after it."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # counted by hand: the next event will paint
            return
        self._soon = True
        loop.call_later(seconds, self._overdue)

    def _overdue(self) -> None:
        self._soon = False
        try:
            now = self._clock()
            if now >= self._due:
                self._paint(now)
        except Exception as error:  # noqa: BLE001 - painting must not end a run
            self._give_up(error)

    def _paint(self, now: float) -> None:
        with self._painting:  # another thread may be closing, and what it painted must stand
            if self._painter is None:
                return
            self._due = now + self._painter.interval_s
            self._measure(now)
            self._painter.paint(self.state)

    def _measure(self, now: float) -> None:
        fresh = self.state.done - self.state.earlier
        while len(self._lately) > 1 and now - self._lately[0][0] > LATELY_S:
            self._lately.popleft()
        then, before = self._lately[0]
        self.state.rate = (fresh - before) / (now - then) if now > then and fresh > before else None
        self._lately.append((now, fresh))

    def _give_up(self, error: Exception) -> None:
        self._painter = None
        _log.warning("progress is no longer shown: %s", type(error).__name__)


class TerminalPainter:
    """A few lines of stderr, painted over."""

    interval_s = INTERVAL_S

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self._console = Console(stderr=True)
        self._live = Live(console=self._console, auto_refresh=False, transient=False)
        self._live.start()

    def paint(self, state: State, *, live: bool = True) -> None:
        """Show *state*, cut to the width of the terminal."""
        from rich.text import Text

        words = "\n".join(tally.lines(state, live=live, width=self._console.width))
        self._live.update(Text(words, no_wrap=True, overflow="ellipsis"), refresh=True)

    def close(self, state: State) -> None:
        """Leave *state* standing."""
        self.paint(state, live=False)
        self._live.stop()


class PlainPainter:
    """A line now and then, where stderr is a file or a pipe."""

    interval_s = PLAIN_INTERVAL_S

    def paint(self, state: State) -> None:
        """Write a line."""
        sys.stderr.write(f"{tally.line(state)}\n")

    def close(self, state: State) -> None:
        """Write nothing: the table follows."""


class NotebookPainter:
    """One output of the cell, updated in place."""

    interval_s = INTERVAL_S

    def __init__(self, first: State) -> None:
        from IPython import display

        self._handle: Any = display.display(_bundle(first), raw=True, display_id=True)  # type: ignore[no-untyped-call]

    def paint(self, state: State) -> None:
        """Show *state* in the output."""
        self._handle.update(_bundle(state), raw=True)

    def close(self, state: State) -> None:
        """Show *state* for good."""
        self._handle.update(_bundle(state, live=False), raw=True)


def _bundle(state: State, *, live: bool = True) -> dict[str, str]:
    from workbench.show.parts import framed

    return {
        "text/plain": "\n".join(tally.lines(state, live=live)),
        "text/html": framed(state_html(state, live=live)),
    }


def state_html(state: State, *, live: bool = True) -> Html:
    """Return the lines of *state*: the bar says its values, words stand beside every colour."""
    from workbench.show.h import join, tag
    from workbench.show.safe import text

    drawn = [
        tag("span", part, cls=_BAR.get(part[:1])) for part in re.split("(█+|░+)", tally.bar(state)) if part
    ]
    measured = tag(
        "span",
        *drawn,
        role="progressbar",
        aria_label=tally.shown(state.name),
        aria_valuemin=0,
        aria_valuemax=max(state.total, 1),
        aria_valuenow=state.done,
        aria_valuetext=f"{state.done:,} of {state.total:,}",
    )
    head = [*map(text, tally.before(state)), measured, *map(text, tally.after(state, live=live))]
    parts = [tag("div", join(head, " "))]
    if said := tally.detail(state, live=live):
        parts.append(tag("div", text(said)))
    parts += [_fault(said) for said in tally.faults(state, live=live)]
    return tag("div", *parts, role="status", cls="wb-progress")


def _fault(said: str) -> Html:
    from workbench.show.h import tag
    from workbench.show.safe import text

    head, colon, rest = said.partition(": ")
    return tag("div", tag("span", text(head), cls="wb-bad"), text(f"{colon}{rest}") if rest else None)


_BAR: Final = {"█": "wb-bar", "░": "wb-bar wb-rest"}


def progress_for(
    total: int,
    name: str,
    budget: Decimal | None = None,
    *,
    size: str = "",
    purse: Paying | None = None,
) -> Progress:
    """Return the progress that fits the place: notebook, terminal, or a line every ten seconds.

    Args:
        total: Trials to be done.
        name: The evaluation's.
        budget: Dollars that may be spent.
        size: Variants, samples and epochs, in words.
        purse: What knows the run's money, where there is a budget.
    """
    state = State(name, total, budget, size, purse if budget is not None else None)
    try:
        painter = _painter(state)
    except Exception as error:  # noqa: BLE001 - no place to paint is no reason not to run
        _log.warning("progress is not shown: %s", type(error).__name__)
        painter = None
    return Progress(state, painter)


def _painter(state: State) -> Painter:
    if in_notebook():
        return NotebookPainter(state)
    return TerminalPainter() if sys.stderr.isatty() else PlainPainter()


def in_notebook() -> bool:
    """Whether this runs in a Jupyter kernel; IPython is not imported to find out."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None else None
    return shell is not None and hasattr(shell, "kernel")
