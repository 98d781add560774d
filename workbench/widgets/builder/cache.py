"""Cache: every breakpoint in one place, with the counter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as w

from workbench.widgets.builder.desk import Spot
from workbench.widgets.builder.parts import Words, button, discard, guarded, line, message, options, stack
from workbench.widgets.builder.rows import TTLS, ttl_of
from workbench.widgets.builder.section import Section

if TYPE_CHECKING:
    from workbench.widgets.builder.desk import Desk

AUTOMATIC = "cache_control"


class Cache(Section):
    """The breakpoints."""

    title = "Cache"

    def build(self) -> None:
        """Make the list and the menu of the automatic breakpoint."""
        self.used = Words()
        self.list = stack(cls="wb-rows")
        self.problem = message()
        self.rows: list[MarkRow] = []
        self.automatic = w.Dropdown(
            description="automatic", options=TTLS, tooltip="a breakpoint on the last block of every request"
        )
        Spot(self.desk, self.automatic, lambda: AUTOMATIC)
        self._quiet = False
        set_it = guarded(self.problem, lambda ttl: self.desk.draft.mark("", ttl or None))
        self.automatic.observe(lambda change: None if self._quiet else set_it(change["new"]), "value")
        said = (
            "Everything up to a breakpoint is kept and read back at a tenth of the price or less."
            " The order is: tools, system, messages."
        )
        self.fill(
            self.used.widget, self.list, self.automatic, self.problem.widget, Words(said, cls="wb-dim").widget
        )

    def show(self) -> None:
        """Show the breakpoints there are."""
        draft = self.desk.draft
        marks = [(path, ttl) for path, ttl in draft.marks if path != AUTOMATIC]
        if [row.path for row in self.rows] != [path for path, _ in marks]:
            gone, self.rows = self.rows, [MarkRow(self, path) for path, _ in marks]
            self.list.children = tuple(row.widget for row in self.rows)
            for row in gone:
                discard(row.widget)
        for row, (path, ttl) in zip(self.rows, marks, strict=True):
            row.show(path, ttl)
        self._quiet = True
        try:
            options(self.automatic, TTLS, ttl_of({AUTOMATIC: draft.get(AUTOMATIC)}))
        finally:
            self._quiet = False
        self.automatic.disabled = self.desk.full and not self.automatic.value
        self.used.say(f"breakpoints: {self.desk.used}")
        self.said.say(self.desk.used)


class MarkRow:
    """One breakpoint: where it stands, and how long it lives."""

    def __init__(self, section: Cache, path: str) -> None:
        self.path = path
        self._desk: Desk = section.desk
        self._quiet = False
        self.where = Words(path)
        self.menu = w.Dropdown(description="kept", options=TTLS)
        set_it = guarded(section.problem, lambda ttl: self._desk.draft.mark(self.path, ttl or None))
        self.menu.observe(lambda change: None if self._quiet else set_it(change["new"]), "value")
        self.widget = line(self.where.widget, self.menu, button("go to it", self._go))

    def show(self, path: str, ttl: str) -> None:
        """Show one breakpoint."""
        self.path = path
        self._quiet = True
        try:
            options(self.menu, TTLS, ttl)
        finally:
            self._quiet = False
        self.where.say(f"{path} {_named(self._desk.draft.get(path))}")

    def _go(self) -> None:
        self._desk.go(self.path)


def _named(block: Any) -> str:
    if not isinstance(block, dict):
        return ""
    said = next((block[key] for key in ("title", "name", "text") if isinstance(block.get(key), str)), "")
    said = " ".join(said.split())
    return f"({said[:40]}{'…' * (len(said) > 40)})" if said else ""
