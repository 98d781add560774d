"""A section of the form: a heading that opens and closes it, and what it says of itself when closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.widgets.builder.parts import Words, button, line, show_if, stack

if TYPE_CHECKING:
    from workbench.widgets.builder.desk import Desk
    from workbench.widgets.builder.parts import Widget


class Section:
    """One headed part of the form; several may be open at once.

    Attributes:
        keys: Top-level fields of the request whose change it must show; empty: every change.
    """

    title = ""
    keys: frozenset[str] = frozenset()

    def __init__(self, desk: Desk, *, is_open: bool = False) -> None:
        self.desk = desk
        self.is_open = is_open
        self.heading = button(self.title, self.toggle, cls="wb-head")
        self.said = Words(cls="wb-dim")
        self.body = stack(cls="wb-section-body")
        self.widget = stack(line(self.heading, self.said.widget), self.body, cls="wb-section")
        self._show_state()
        desk.opener = self.open
        self.build()

    def build(self) -> None:
        """Make what stands in the section."""

    def fill(self, *parts: Widget) -> None:
        """Give the section what stands in it."""
        self.body.children = parts

    def refresh(self) -> None:
        """Show the draft as it is now."""
        self.desk.opener = self.open
        self.show()

    def show(self) -> None:
        """Show the draft: what each section does in its own way."""

    def open(self) -> None:
        """Open the section."""
        if not self.is_open:
            self.toggle()

    def toggle(self) -> None:
        """Open or close the section."""
        self.is_open = not self.is_open
        self._show_state()

    def _show_state(self) -> None:
        show_if(self.body, self.is_open)
        self.heading.icon = "chevron-down" if self.is_open else "chevron-right"
        self.heading.tooltip = f"{'close' if self.is_open else 'open'} {self.title}"
        (self.widget.remove_class if self.is_open else self.widget.add_class)("wb-shut")
