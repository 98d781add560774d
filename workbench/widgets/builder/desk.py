"""What the sections of the form share: the draft, what is known of its model, who is told of changes."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from ipywidgets import Text, Textarea

from workbench.catalog import catalog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from workbench.catalog import Model
    from workbench.widgets.builder.draft import Draft
    from workbench.widgets.builder.parts import Widget

MARKS = 4
"""Cache breakpoints a request may have."""
MARK = "cache_control"


class Spot:
    """A place on the form that edits a place of the request.

    Args:
        desk: What the form shares.
        widget: The input.
        path: Where in the request; called each time, because rows move.
        whole: Whether it is a row, in which fields for parts of the same place stand.
    """

    def __init__(self, desk: Desk, widget: Widget, path: Callable[[], str], *, whole: bool = False) -> None:
        self.desk, self.widget, self.path, self.whole = desk, widget, path, whole
        self.open = desk.opener
        self.cls = desk.enter(self)

    def focus(self) -> None:
        """Open what it stands in, and put the cursor there."""
        self.open()
        self.widget.focus()
        self.desk.focus(self.cls)

    def heard(self, typed: str) -> None:
        """Take what was typed; whoever takes anything says how."""

    def close(self) -> None:
        """Leave the form."""
        self.desk.leave(self)


class Desk:
    """What the sections of one form share.

    Attributes:
        draft: The prompt being built.
        fields: Every field on the form by the class its widget carries in the page.
        rest: The field of all that has none of its own.
        covered: Top-level fields that are not in it.
        opener: Opens the section that is being filled; the fields made meanwhile keep it.
        marks: How many breakpoints are set, as last counted.
        betas: Names of the ``anthropic-beta`` header of everything this form sends.
        focus: Called with the class of a widget that should have the focus.
        heard: Called when something changed that is not in the draft.
        look: Called with the class of a widget that should be seen.
        unfold: Called with a path before its field is looked for: folded turns have none.
        inputs: What can be typed into and who takes it, by the class it carries in the page.
    """

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.fields: dict[str, Spot] = {}
        self.rest: Spot | None = None
        self.covered: frozenset[str] = frozenset()
        self.opener: Callable[[], None] = lambda: None
        self.focus: Callable[[str], None] = lambda _: None
        self.betas: tuple[str, ...] = ()
        self.heard: Callable[[], None] = lambda: None
        self.look: Callable[[str], None] = lambda _: None
        self.unfold: Callable[[str], None] = lambda _: None
        self.inputs: dict[str, tuple[Widget, Callable[[str], object]]] = {}
        self.marks = 0
        self._numbers = count(1)

    @property
    def model(self) -> Model | None:
        """What the catalog knows of the model asked; None: nothing, so nothing is assumed."""
        name = self.model_asked
        return catalog().get(name) if name else None

    @property
    def model_asked(self) -> str | None:
        """The model's name in the request, where it is one."""
        name = self.draft.get("model")
        return name if isinstance(name, str) and name else None

    @property
    def model_name(self) -> str:
        """The model as people call it."""
        return self.model_asked or "no model"

    def count_marks(self) -> None:
        """Count the breakpoints: once for all who show the number."""
        self.marks = len(self.draft.marks)

    @property
    def used(self) -> str:
        """How many breakpoints are set: ``2 of 4``."""
        return f"{self.marks} of {MARKS}"

    @property
    def full(self) -> bool:
        """Whether no further breakpoint may be set."""
        return self.marks >= MARKS

    def set_betas(self, names: Iterable[str]) -> None:
        """Send these betas from now on."""
        self.betas = tuple(dict.fromkeys(name for name in names if name))
        self.heard()

    def tagged(self, widget: Widget) -> str:
        """Give *widget* a class of its own, by which the page finds it, and return it."""
        name = f"wb-f-{next(self._numbers)}"
        widget.add_class(name)
        return name

    def enter(self, field: Spot) -> str:
        """Note a field, so that findings can lead to it; return its class."""
        name = self.typed_into(field.widget, field.heard)
        self.fields[name] = field
        return name

    def leave(self, field: Spot) -> None:
        """Forget a field that left the form."""
        self.fields.pop(field.cls, None)
        self.inputs.pop(field.cls, None)

    def typed_into(self, widget: Widget, heard: Callable[[str], object] = lambda _: None) -> str:
        """Note an input and who takes what is typed there, so that `take` knows it; return its class."""
        name = self.tagged(widget)
        self.inputs[name] = widget, heard
        return name

    def take(self, cls: str, typed: str) -> None:
        """Take what was typed into an input, which the page may not have sent yet.

        A page keeps keys back while the kernel is busy with the one before, and whole texts until a field
        is left: who presses a button means what is on the screen.
        """
        widget, heard = self.inputs.get(cls, (None, None))
        if heard is None or not isinstance(widget, Text | Textarea) or widget.disabled:
            return
        # Not by the widget alone: another thread may have set its value, and be about to tell of it.
        heard(typed)
        if widget.value != typed:
            # As from the page: what came from there is not sent back, which would move the cursor.
            widget.set_state({"value": typed})

    def go(self, path: str) -> bool:
        """Put the cursor into the field at *path*, in a folded turn too; return whether there is one."""
        self.unfold(path)
        found = self.field_at(path)
        if found is not None:
            found.focus()
        return found is not None

    def field_at(self, path: str) -> Spot | None:
        """Return the field that edits what stands at *path*, else the row or section it stands in."""
        wanted = _steps(path)
        found = [
            (score, field)
            for field in list(self.fields.values())
            if (score := _score(field, wanted)) is not None
        ]
        if found:
            return max(found, key=lambda pair: pair[0])[1]
        return self.rest if wanted and wanted[0] not in self.covered else None


def _score(field: Spot, wanted: tuple[str, ...]) -> tuple[int, bool, int] | None:
    """Return how well a field suits a path: the longer the common way the better; None: not at all.

    Of equals it is the one that says least more, then the first.
    """
    steps = _steps(field.path())
    common = 0
    for own, other in zip(steps, wanted, strict=False):
        if own != other:
            break
        common += 1
    # A text that is a string counts as one block: messages[0].content is messages[0].content[0].text.
    apart = common not in {len(steps), len(wanted)}
    if not common or apart or (MARK in steps and MARK not in wanted):
        return None
    # What is said of a block as a whole leads to its text; what its row has no field for, to the row.
    return common, not (field.whole and common == len(wanted)), common - len(steps)


def _steps(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.replace("[", ".").replace("]", "").split(".") if part)


def same(a: Any, b: Any) -> bool:
    """Return whether two JSON values are the same; 1, 1.0 and true are not.

    >>> same(1, 1), same(1, 1.0), same(1, True)
    (True, False, False)
    """
    return type(a) is type(b) and bool(a == b)
