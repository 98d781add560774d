"""One value of the request and the widget that edits it, with what is wrong said beside it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as w

from workbench.errors import WorkbenchError
from workbench.widgets.builder.desk import Spot, same
from workbench.widgets.builder.parts import EDITABLE, LARGE, line, message, options, stack

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from workbench.widgets.builder.desk import Desk
    from workbench.widgets.builder.parts import Widget

UNKNOWN: Final = object()
"""What a field holds before it was shown anything."""


class Field(Spot):
    """A widget bound to one place of the draft.

    What is typed goes into the draft when it can be read; what cannot is said beside the field, and both the
    text and the draft stay as they are. A change of the draft shows in the widget only when the value is
    another one, so that nobody's cursor jumps.

    Args:
        desk: What the form shares.
        widget: The input.
        path: Where the value stands; called each time, because rows move.
        read: Makes the value of what the widget holds; None takes the field out. Raises ValueError.
        write: Makes what the widget shows of the value; None is a field that is not set.
        box: What to show instead of the widget and its message one below the other.
    """

    def __init__(
        self,
        desk: Desk,
        widget: Widget,
        path: Callable[[], str],
        *,
        read: Callable[[Any], Any] = lambda value: value or None,
        write: Callable[[Any], Any] = lambda value: "" if value is None else str(value),
        then: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(desk, widget, path)
        self._read, self._write, self._then = read, write, then
        self._known: Any = UNKNOWN
        self._quiet = False
        self.note = message()
        self.box = stack(widget, self.note.widget, cls="wb-field")
        widget.observe(self._heard, "value")

    def show(self) -> None:
        """Show what stands in the draft, where it is not what is shown already."""
        value = self.desk.draft.get(self.path())
        if self._known is not UNKNOWN and same(value, self._known):
            return
        self._known = value
        self.note.say("")
        self._quiet = True
        try:
            self._present(self._write(value))
        finally:
            self._quiet = False

    def put(self, value: Any) -> None:
        """Put a value into the draft; None takes the field out."""
        self._known = value
        self.desk.draft.set(self.path(), value)

    def heard(self, typed: str) -> None:
        """Take what was typed."""
        self._heard({"new": typed})

    def _present(self, shown: Any) -> None:
        self.widget.value = shown

    def _heard(self, change: Any) -> None:
        with self.desk.draft.lock:  # another thread may be showing something
            # A text of which only the beginning is shown is never written back.
            if not self._quiet and not self.widget.disabled:
                self._take(change["new"])

    def _take(self, shown: Any) -> None:
        try:
            self.put(self._read(shown))
        except (ValueError, WorkbenchError) as error:
            self.note.say(str(error))
            return
        self.note.say("")
        if self._then is not None:
            self._then()


class Writing(Field):
    """Text of any length, in an editor that grows with it."""

    def __init__(
        self,
        desk: Desk,
        path: Callable[[], str],
        label: str,
        *,
        rows: int = 2,
        placeholder: str = "",
        read: Callable[[Any], Any] = lambda value: value,
        write: Callable[[Any], Any] = lambda value: "" if value is None else str(value),
    ) -> None:
        self._least = rows
        widget = w.Textarea(description=label, placeholder=placeholder, rows=rows)
        widget.add_class("wb-grow")
        super().__init__(desk, widget, path, read=read, write=write)

    def _present(self, shown: Any) -> None:
        whole = len(shown) <= EDITABLE
        self.widget.disabled = not whole
        if not whole:
            self.widget.value = f"{shown[:2000]} …"
            self.note.say(f"{len(shown):,} characters are too many to edit here: all of them are sent")
            return
        self.widget.value = shown
        # Browsers that size a field by its content do; in others these lines are what is seen.
        self.widget.rows = min(max(self._least, shown.count("\n") + 1), 16)
        self.widget.continuous_update = len(shown) < LARGE


class Json(Writing):
    """JSON as text; what is no JSON is said with its line, and the last good value stays in the draft."""

    def __init__(
        self,
        desk: Desk,
        path: Callable[[], str],
        label: str,
        *,
        check: Callable[[Any], str] = lambda _: "",
        required: str = "",
        wrap: Callable[[Any], Any] = lambda value: value,
        unwrap: Callable[[Any], Any] = lambda value: value,
        rows: int = 4,
    ) -> None:
        def read(typed: str) -> Any:
            if not typed.strip():
                if required:
                    raise ValueError(required)
                return None
            value = parsed(typed)
            if problem := check(value):
                raise ValueError(problem)
            return wrap(value)

        super().__init__(desk, path, label, rows=rows, read=read, write=lambda value: pretty(unwrap(value)))
        self.widget.add_class("wb-code-edit")
        self.widget.continuous_update = False

    def _present(self, shown: Any) -> None:
        super()._present(shown)
        # Half a value is no value, and every key would be a step to undo.
        self.widget.continuous_update = False


def line_text(
    desk: Desk, path: Callable[[], str], label: str, *, placeholder: str = "", keep_empty: bool = False
) -> Field:
    """Return a field of one line; an empty one takes the value out, or stays an empty text."""
    widget = w.Text(description=label, placeholder=placeholder)
    return Field(
        desk, widget, path, read=(lambda value: value) if keep_empty else (lambda value: value or None)
    )


def whole_number(
    desk: Desk,
    path: Callable[[], str],
    label: str,
    *,
    placeholder: str = "",
    wrap: Callable[[int], Any] = lambda value: value,
    unwrap: Callable[[Any], Any] = lambda value: value,
) -> Field:
    """Return a field for a whole number; commas and spaces between digits do not count.

    Args:
        desk: What the form shares.
        path: Where the value stands.
        label: What it is called.
        placeholder: Shown where it is empty.
        wrap: Makes the value of the number; `unwrap` finds the number in it.
        unwrap: The way back.
    """

    def read(typed: str) -> Any:
        plain = typed.replace(",", "").replace(" ", "").replace("_", "")
        if not plain:
            return None
        try:
            return wrap(int(plain))
        except ValueError:
            raise ValueError(f"{label} is a whole number, e.g. 1024; {typed!r} is none") from None

    def write(held: Any) -> str:
        value = unwrap(held)
        return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value or "")

    widget = w.Text(description=label, placeholder=placeholder, continuous_update=False)
    return Field(desk, widget, path, read=read, write=write)


def number(desk: Desk, path: Callable[[], str], label: str) -> Field:
    """Return a field for a number such as temperature."""

    def read(typed: str) -> float | None:
        if not typed.strip():
            return None
        try:
            return float(typed) if any(mark in typed for mark in ".eE") else int(typed)
        except ValueError:
            raise ValueError(f"{label} is a number, e.g. 0.7; {typed!r} is none") from None

    return Field(desk, w.Text(description=label, continuous_update=False), path, read=read)


def lines(desk: Desk, path: Callable[[], str], label: str, *, placeholder: str = "") -> Field:
    """Return a field for a list of texts, one a line."""
    return Writing(
        desk,
        path,
        label,
        rows=2,
        placeholder=placeholder,
        read=lambda typed: [one for one in typed.split("\n") if one] or None,
        write=lambda value: "\n".join(map(str, value)) if isinstance(value, list) else "",
    )


def tick(desk: Desk, path: Callable[[], str], label: str, *, on: Any = True, off: Any = None) -> Field:
    """Return a box to tick that puts *on* into the draft, or *off*; None takes the value out."""
    widget = w.Checkbox(description=label, indent=False)
    return Field(
        desk, widget, path, read=lambda value: on if value else off, write=lambda value: same(value, on)
    )


class Choice(Field):
    """One of several values; what the draft holds beyond them is offered too, and said to be refused."""

    def __init__(
        self,
        desk: Desk,
        path: Callable[[], str],
        label: str,
        *,
        then: Callable[[], None] | None = None,
    ) -> None:
        self._choices: list[tuple[str, Any]] = [("not set", "")]
        self._strange = "not taken"
        widget = w.Dropdown(description=label, options=self._choices)
        # A menu takes None for "nothing chosen"; what is not set is an empty text in it.
        super().__init__(
            desk, widget, path, read=lambda value: None if value == "" else value, write=_chosen, then=then
        )

    def offer(self, choices: Sequence[tuple[str, Any]], *, strange: str = "not taken") -> None:
        """Offer other values, and keep the one there is."""
        value = self.desk.draft.get(self.path())
        self._choices = [(label, _chosen(offered)) for label, offered in choices]
        self._strange = strange
        self._known = value
        self._quiet = True
        try:
            self._present(_chosen(value))
            self.widget.disabled = len(self.widget.options) < 2
        finally:
            self._quiet = False

    def _present(self, shown: Any) -> None:
        known = shown in [offered for _, offered in self._choices]
        more = [] if known else [("not set" if shown == "" else f"{shown} ({self._strange})", shown)]
        options(self.widget, [*self._choices, *more], shown)


def _chosen(value: Any) -> Any:
    return "" if value is None else value


def pretty(value: Any) -> str:
    """Return JSON to be edited; nothing for None."""
    return "" if value is None else json.dumps(value, indent=2, ensure_ascii=False)


def parsed(typed: str) -> Any:
    """Return the value of JSON text.

    Raises:
        ValueError: It is none; the message names line and column.

    >>> parsed('{"a": }')
    Traceback (most recent call last):
    ...
    ValueError: line 1, column 7: no JSON: expecting value
    """
    try:
        return json.loads(typed)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise ValueError(f"{place}: no JSON: {error.msg[:1].lower()}{error.msg[1:]}") from None
    except RecursionError:
        raise ValueError("no JSON: nested too deep") from None


def side_by_side(*fields: Field) -> Widget:
    """Return fields in one line."""
    return line(*(field.box for field in fields))
