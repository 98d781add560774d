"""What the form is built of: words, messages, buttons, rows of widgets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as w

from workbench.errors import WorkbenchError
from workbench.widgets.html import shown, words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Widget = Any
"""An ipywidgets widget; the package is untyped."""

LARGE = 20_000
"""Characters from which an editor sends its text when it is left, not at every key."""

EDITABLE = 200_000
"""Characters of a text that are edited in the page; more would make every key wait."""


class Words:
    """A line of plain text that changes."""

    def __init__(self, said: str = "", *, cls: str = "wb-words", role: str | None = None) -> None:
        self._cls, self._role = cls, role
        self.said = said
        self.widget = shown(words(said, cls=cls, role=role))
        self.widget.add_class("wb-line")
        self._hide()

    def say(self, said: str) -> None:
        """Show *said*; an empty text takes the line away."""
        if said != self.said:
            self.said = said
            self.widget.value = words(said, cls=self._cls, role=self._role)
            self._hide()

    def _hide(self) -> None:
        self.widget.layout.display = "" if self.said else "none"


def message() -> Words:
    """Return the place beside a field where it says what is wrong."""
    return Words(cls="wb-bad", role="alert")


def button(label: str, run: Callable[[], None], *, icon: str = "", hint: str = "", cls: str = "") -> Widget:
    """Return a button; with an *icon* the label is its name for who cannot see it, and its tooltip.

    Args:
        label: What it does.
        run: Called on a click.
        icon: A name of Font Awesome, shown instead of the label.
        hint: A longer tooltip.
        cls: Further CSS class.
    """
    made = w.Button(
        description="" if icon else label, icon=icon, tooltip=hint or label, layout=w.Layout(width="auto")
    )
    made.on_click(lambda _: run())
    made.add_class("wb-icon" if icon else "wb-push")
    if cls:
        made.add_class(cls)
    return made


def line(*parts: Widget, cls: str = "") -> Widget:
    """Return widgets side by side; they wrap where it is narrow."""
    return _classed(w.HBox(list(parts)), "wb-flow", cls)


def stack(*parts: Widget, cls: str = "") -> Widget:
    """Return widgets one below the other."""
    return _classed(w.VBox(list(parts)), "wb-stack", cls)


def _classed(box: Widget, *names: str) -> Widget:
    for name in names:
        if name:
            box.add_class(name)
    return box


def discard(widget: Widget) -> None:
    """Close a widget that left the form, with all that stands in it: the page forgets it too."""
    for child in getattr(widget, "children", ()):
        discard(child)
    for part in (getattr(widget, "style", None), widget.layout):
        if isinstance(part, w.Widget):
            part.close()
    widget.close()


def show_if(widget: Widget, wanted: object) -> None:
    """Show a widget or take it out of the page."""
    widget.layout.display = "" if wanted else "none"


def options(widget: Widget, choices: Sequence[tuple[str, Any]], value: Any) -> None:
    """Give a menu its choices and its value; none of the values may be None, which is no choice."""
    with widget.hold_sync():
        if tuple(widget.options) != tuple(choices):
            widget.options = tuple(choices)
        if widget.value != value:
            widget.value = value


def guarded(note: Words, run: Callable[..., object]) -> Callable[..., None]:
    """Return *run* with whatever is refused said in *note* instead of raised."""

    def careful(*args: Any) -> None:
        note.say("")
        try:
            run(*args)
        except WorkbenchError as error:
            note.say(str(error))

    return careful
