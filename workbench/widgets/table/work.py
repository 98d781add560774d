"""What a table does beside the kernel's own thread: read on, add up, answer what had to wait."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, Final, Protocol

from workbench.errors import WorkbenchError
from workbench.report.words import EMULATED
from workbench.show.tables import figures as figures_html
from workbench.show.tables import notes, verdict
from workbench.widgets.table import figures
from workbench.widgets.table.columns import SLOW
from workbench.widgets.table.snapshot import chips, status

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.report import Table
    from workbench.run import Run
    from workbench.widgets.table.engine import Engine
    from workbench.widgets.table.follow import Followed
    from workbench.widgets.table.query import Arranged, Query

_log = logging.getLogger("workbench")

FOLLOW_S: Final = 1.0
"""Seconds between two looks at the journal of a running study."""
SAID_S: Final = 0.25
"""Seconds between two words on how far it is."""
PATIENCE: Final = 5
"""A header that took a second to add up is added up again after five, not sooner."""

_DOING: Final = {
    "texts": "reading answers",
    "search": "reading answers",
    "samples": "reading samples",
    "cost": "adding up prices",
    **dict.fromkeys(("tokens_in", "tokens_out"), "counting tokens"),
}


class Page(Protocol):
    """Whom the work is done for."""

    folder: Path | None

    @property
    def run(self) -> Run:
        """The run shown."""

    def tell(self, kind: str, **body: Any) -> None:
        """Send a message to the page."""

    def put(self, arranged: Arranged, n: Any) -> None:
        """Show other rows."""

    def grew(self) -> None:
        """Show what was asked for last once more: there are more rows."""

    def forget(self, count: int) -> None:
        """Keep nothing of the positions from *count* on."""


class Work:
    """The turns of a table's background thread.

    Attributes:
        waiting: The question that what is being read will answer, and its number.
        soon: Whether answers are read although nobody waits for them yet: somebody is about to search.
    """

    def __init__(self, engine: Engine, follow: Followed | None, page: Page) -> None:
        self.waiting: tuple[Any, Query] | None = None
        self.soon = False
        self._engine = engine
        self._follow = follow
        self._page = page
        self._wanted = False
        self._quick_told = False
        self._quick: tuple[int, Table] | None = None
        self._told = -1
        self._not_before = self._looked = self._said = 0.0

    def figures_wanted(self) -> None:
        """Let header and histograms be told, to a page that has just come."""
        self._wanted, self._quick_told = True, False
        self._told = -1
        self._not_before = 0.0

    def turn(self) -> float | None:
        """Do a little; return when to go on: 0 at once, None when woken."""
        try:
            if self._read_on() or self._answer() or self._read_ahead() or self._add_up():
                return 0
        except WorkbenchError as error:
            self._failed(str(error))
            return None
        except Exception as error:  # noqa: BLE001 - whatever it is, somebody waits for an answer
            # The page would wait for ever for what ended here.
            _log.exception("the result table could not go on")
            self._failed(f"this did not work ({type(error).__name__}); the kernel's log says where")
            return None
        return FOLLOW_S if self._wanted or (self._follow is not None and self._follow.unfinished) else None

    def _failed(self, why: str) -> None:
        self.waiting, self._wanted, self.soon = None, False, False
        self._page.tell("problem", text=why)
        self.tell_state()

    # --- what is said --------------------------------------------------------------------------------

    def words(self) -> str:
        """Return what it is at, "" where at nothing."""
        waiting, engine = self.waiting, self._engine
        for what in engine.missing(waiting[1]) if waiting is not None else ():
            return f"{_DOING[what.partition(':')[0]]} {100 * engine.progress(what):.0f} %"
        doing = ["texts"] if self._ahead else []
        doing += [key for key in SLOW if self._wanted and not engine.has(key)]
        return f"{_DOING[doing[0]]} {100 * engine.progress(doing[0]):.0f} %" if doing else ""

    @property
    def how(self) -> str:
        """How far the run is and how it is gone on with, "" where it is complete."""
        return status(self._engine, self._follow, self._page.folder)

    def tell_state(self) -> None:
        """Say what it is at, and how far a running study is."""
        self._page.tell("state", text=self.words(), running=self.how)

    def tell_chips(self) -> None:
        """Say how many rows each filter lets through."""
        self._page.tell("chips", chips=chips(self._engine))

    def _say(self) -> None:
        if time.monotonic() >= self._said + SAID_S:
            self._said = time.monotonic()
            self.tell_state()

    # --- what is done --------------------------------------------------------------------------------

    def _read_on(self) -> bool:
        """Read what a running study wrote; True where there was something."""
        follow, engine = self._follow, self._engine
        if follow is None or time.monotonic() < self._looked + FOLLOW_S or not follow.moved():
            return False
        self._looked = time.monotonic()
        before, found = follow.state, follow.read()
        if (found or follow.running) and engine.go_on():
            self._page.forget(len(engine.rows))
        changed = engine.take(found, follow.info)
        if follow.info.status != "running":
            engine.end()
        if changed or follow.state != before:
            self._wanted = True
            self._page.grew()
            self.tell_chips()
        self.tell_state()
        return changed > 0

    def _answer(self) -> bool:
        """Go on with what a question waits for; answer it where that is all there."""
        waiting, engine = self.waiting, self._engine
        if waiting is None:
            return False
        n, query = waiting
        missing = engine.missing(query)
        if missing:
            engine.step(missing[0])
            self._say()
            return True
        arranged = engine.arrange(query)
        if self.waiting is waiting:  # another question may have come meanwhile
            self.waiting = None
            self._page.put(arranged, n)
            self.tell_chips()
            self.tell_state()
        if engine.texts.trouble:
            self._page.tell("problem", text=engine.texts.trouble)
        return True

    def _add_up(self) -> bool:
        """Get prices and tokens, then tell header and histograms; True where there is more to do."""
        engine = self._engine
        if not self._wanted or time.monotonic() < self._not_before:
            return False
        version = engine.rows.version
        if not self._quick_told:  # what needs no adding up comes first
            self._quick_told = True
            if not figures.priced(self._page.run):
                self._page.tell("figures", **_told(self.quick_header(), coming=True))
            self._page.tell("histograms", histograms=figures.histograms(engine))
            self.tell_chips()
            return True
        if not engine.has("cost"):
            engine.step("cost")
            self._say()
            return True
        if self._told < version:
            began = time.monotonic()
            self._page.tell("figures", **_told(figures.header(self._page.run, engine.changes, engine.bills)))
            self._told = version
            self._not_before = time.monotonic() + PATIENCE * (time.monotonic() - began)
        return self._count_tokens()

    def _count_tokens(self) -> bool:
        """Go on with the columns that the header does without; then tell all histograms."""
        for key in SLOW:
            if not self._engine.has(key):
                self._engine.step(key)
                self._say()
                return True
        self._page.tell("histograms", histograms=figures.histograms(self._engine))
        self._wanted = self._engine.rows.version != self._told
        self.tell_state()
        return False

    def quick_header(self) -> Table:
        """Return the header as it is got at once; made once for the page and for where no kernel is."""
        version = self._engine.rows.version
        if self._quick is None or self._quick[0] != version:
            self._quick = version, figures.quick_header(self._page.run, self._engine.changes)
        return self._quick[1]

    # --- reading ahead -------------------------------------------------------------------------------

    @property
    def _ahead(self) -> bool:
        return self.soon and not self._engine.has("texts")

    def _read_ahead(self) -> bool:
        """Read answers for somebody who has not typed yet what to search; True where there is more to do."""
        if not self._ahead:
            return False
        self._engine.step("texts")
        if self._engine.has("texts"):
            self.tell_state()
        else:
            self._say()
        return True


def _told(table: Table, *, coming: bool = False) -> dict[str, Any]:
    """Return a header for the page; *coming*: without prices yet."""
    return {
        "words": table.title.partition(" · ")[2],
        "coming": "prices follow" if coming else "",
        "header_html": figures_html(table),
        "verdict_html": verdict(table.verdict) or "",
        "verdicts": len(table.verdict),
        "origin_html": notes(note for note in table.notes if note == EMULATED) or "",
        "notes_html": "" if coming else notes(note for note in table.notes if note != EMULATED) or "",
    }
