"""Rows of the form: one for each block, tool or turn, kept for as long as what they show is there."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any, Protocol

import ipywidgets as w

from workbench.widgets.builder.desk import Spot, same
from workbench.widgets.builder.parts import Words, button, discard, guarded, line, message, options, stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from workbench.widgets.builder.desk import Desk
    from workbench.widgets.builder.field import Field
    from workbench.widgets.builder.parts import Widget

TTLS = (("off", ""), ("5 min", "5m"), ("1 h", "1h"))


class Shown(Protocol):
    """What `Rows` needs of a row."""

    kind: str
    item: Any
    widget: Any

    def show(self, path: str, item: Any) -> None:
        """Show *item*, which stands at *path*."""

    def place(self, at: int, of: int) -> None:
        """Learn which of how many the row is."""

    def close(self) -> None:
        """Leave the form."""


class Rows:
    """One row for each item of a list.

    A row stays with its item where the item moves, and with its place where the item changes: typing never
    makes a new editor.
    """

    def __init__(self, make: Callable[[str, Any], Any], kind_of: Callable[[Any], str]) -> None:
        self._make, self._kind_of = make, kind_of
        self.rows: list[Any] = []
        self.widget = stack(cls="wb-rows")

    def show(self, items: Sequence[tuple[str, Any]]) -> None:
        """Show these items, each with its path."""
        # Most often nothing but one item has changed: those at their own place are found at once.
        found: list[Any] = [
            row if row is not None and same(row.item, item) else None
            for row, (_, item) in zip([*self.rows, *repeat(None, len(items))], items, strict=False)
        ]
        kept = {id(row) for row in found if row is not None}
        left = [row for row in self.rows if id(row) not in kept]
        for suits in (self._untouched, self._changed):
            for at, (_, item) in enumerate(items):
                if found[at] is None and (row := suits(left, at, item)) is not None:
                    found[at] = row
                    left.remove(row)
        for at, (path, item) in enumerate(items):
            if found[at] is None:
                found[at] = self._make(path, item)
            found[at].show(path, item)
            found[at].place(at, len(items))
        if found != self.rows:
            self.rows = found
            self.widget.children = tuple(row.widget for row in found)
        for row in left:
            row.close()
            discard(row.widget)

    def close(self) -> None:
        """Close every row."""
        for row in self.rows:
            row.close()

    def _untouched(self, left: list[Any], _: int, item: Any) -> Any:
        """Return the row that shows exactly this item, wherever it stood."""
        return next((row for row in left if same(row.item, item)), None)

    def _changed(self, left: list[Any], at: int, item: Any) -> Any:
        """Return a row of the same kind whose item is gone, best at the same place."""
        kind = self._kind_of(item)
        same_place = self.rows[at] if at < len(self.rows) else None
        order = [same_place, *left] if same_place in left else left
        return next((row for row in order if row.kind == kind), None)


class Row:
    """A block or tool: its kind, its editor, and what can be done with it.

    Args:
        desk: What the form shares.
        kind: What it is, in a word.
        path: Where it stands.
        marked: Whether it may carry a cache breakpoint.
    """

    def __init__(self, desk: Desk, kind: str, path: str, *, title: str = "", marked: bool = True) -> None:
        self.desk, self.kind, self.path = desk, kind, path
        self.item: Any = None
        self.fields: list[Field] = []
        self.note = message()
        self.head = Words(title or kind.replace("_", " "), cls="wb-kind")
        self.about = Words(cls="wb-dim")
        self.mark = _Mark(self) if marked else None
        self.body = stack(cls="wb-row-body")
        self._spot: Spot | None = None
        self._buttons = self._made_buttons()
        tools = [self.mark.widget] if self.mark else []
        head = line(self.head.widget, self.about.widget, *tools, *self._buttons.values(), cls="wb-row-head")
        self.widget = stack(head, self.body, self.note.widget, cls="wb-block-row")
        self._place = Spot(desk, self.widget, self.at(), whole=True)
        self.cls = self._place.cls

    def fill(self, fields: Iterable[Field], *more: Widget) -> None:
        """Give the row its editors."""
        self.fields = list(fields)
        self.body.children = (*(field.box for field in self.fields), *more)
        if self.mark is not None and self._spot is None:
            self._spot = Spot(self.desk, self.mark.menu, self.at("cache_control"))

    def at(self, name: str = "") -> Callable[[], str]:
        """Return where a field of this block stands, wherever the block stands then."""
        return lambda: f"{self.path}.{name}" if name else self.path

    def show(self, path: str, item: Any) -> None:
        """Show *item*, which stands at *path*."""
        if path == self.path and same(item, self.item):
            self.recount()
            return
        self.path, self.item = path, item
        for field in self.fields:
            field.show()
        if self.mark is not None:
            self.mark.show(item)

    def recount(self) -> None:
        """Learn how many breakpoints there are; nothing else changed."""
        if self.mark is not None:
            self.mark.count()

    def place(self, at: int, of: int) -> None:
        """Learn which of how many the row is: the first does not go up, the last not down."""
        self._buttons["up"].disabled = at == 0
        self._buttons["down"].disabled = at == of - 1

    def close(self) -> None:
        """Leave the form."""
        for field in self.fields:
            field.close()
        for spot in (self._spot, self._place):
            if spot is not None:
                spot.close()

    def press(self, name: str) -> None:
        """Press one of the row's buttons: up, down, duplicate, delete."""
        self._buttons[name].click()

    def _made_buttons(self) -> dict[str, Widget]:
        icons = {"up": "arrow-up", "down": "arrow-down", "duplicate": "copy", "delete": "trash"}
        does: dict[str, Callable[[], object]] = {
            "up": lambda: self._move(-1),
            "down": lambda: self._move(1),
            "duplicate": lambda: self.desk.draft.duplicate(self.path),
            "delete": self._delete,
        }
        word = self.kind.replace("_", " ")
        return {
            name: button(f"{name} {word}", guarded(self.note, does[name]), icon=icon, cls=f"wb-do-{name}")
            for name, icon in icons.items()
        }

    def _move(self, by: int) -> None:
        self.desk.draft.move(self.path, by)
        # The page builds a row that moved anew: the button would lose the focus. At the end it is off.
        there, back = ("up", "down") if by < 0 else ("down", "up")
        self.desk.focus(f"{self.cls} .wb-do-{back if self._buttons[there].disabled else there}")

    def _delete(self) -> None:
        """Leave the draft; the cursor goes to what took the place, or stands before it."""
        path = self.path
        self.desk.draft.delete(path)
        if (near := self.desk.field_at(path)) is not None and near is not self.desk.rest:
            self.desk.focus(near.cls)


class _Mark:
    """The menu of a row's cache breakpoint, with how many are used."""

    def __init__(self, row: Row) -> None:
        self._row = row
        self._quiet = False
        self.menu = w.Dropdown(description="cache", options=TTLS, tooltip="cache breakpoint after this block")
        self.menu.add_class("wb-mark-menu")
        self.used = Words(cls="wb-dim")
        self.widget = line(self.menu, self.used.widget, cls="wb-mark-box")
        self._set = guarded(row.note, lambda ttl: row.desk.draft.mark(row.path, ttl or None))
        self.menu.observe(self._heard, "value")

    def show(self, item: Any) -> None:
        """Show the breakpoint of *item*, and whether another one may be set."""
        ttl = ttl_of(item)
        self._quiet = True
        try:
            options(self.menu, TTLS, ttl)
        finally:
            self._quiet = False
        self.count()

    def count(self) -> None:
        """Say how many are set; with none left a row without one cannot have one."""
        desk = self._row.desk
        self.menu.disabled = desk.full and not self.menu.value
        self.menu.tooltip = (
            "all four are used; switch another one off" if self.menu.disabled else "cache breakpoint"
        )
        self.used.say(desk.used if self.menu.value or desk.full else "")

    def _heard(self, change: Any) -> None:
        if not self._quiet:
            self._set(change["new"])


def ttl_of(item: Any) -> str:
    """Return the lifetime of an item's breakpoint; empty where it has none.

    >>> ttl_of({"type": "text", "cache_control": {"type": "ephemeral"}}), ttl_of({})
    ('5m', '')
    """
    control = item.get("cache_control") if isinstance(item, dict) else None
    return ("1h" if control.get("ttl") == "1h" else "5m") if isinstance(control, dict) else ""
