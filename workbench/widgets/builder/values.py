"""Values: a sample value for each ``{{name}}``, typed or taken from a row of a dataset."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as w

from workbench.dataset import Dataset
from workbench.errors import UsageError
from workbench.prompt.template import show
from workbench.widgets.builder.parts import (
    LARGE,
    Words,
    button,
    discard,
    guarded,
    line,
    message,
    show_if,
    stack,
)
from workbench.widgets.builder.section import Section

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.dataset import Sample


class Values(Section):
    """Inputs for the names of the prompt.

    Attributes:
        given: The values of the row taken last: nobody typed them.
    """

    title = "Values"

    def build(self) -> None:
        """Make the row picker; the inputs come with the names."""
        self.inputs: dict[str, Value] = {}
        self.data: Dataset | None = None
        self.given: Mapping[str, Any] = {}
        self.list = stack(cls="wb-rows")
        self.problem = message()
        self.place: Path | None = None
        self.path = w.Text(description="dataset", placeholder="datasets/cases.jsonl")
        for cls in ("wb-wide", "wb-enter"):
            self.path.add_class(cls)
        self.desk.typed_into(self.path)
        rows = button(
            "Use its rows",
            guarded(self.problem, self._use_path),
            hint="take the values from rows of this file",
        )
        self.row = w.BoundedIntText(description="row", min=1, max=1, value=1)
        self._quiet = False
        self.row.observe(lambda _: None if self._quiet else self._take_row(), "value")
        self.about = Words(cls="wb-dim")
        self.drop = button("Type values instead", self._forget)
        self.picker = line(self.row, self.about.widget, self.drop)
        show_if(self.picker, wanted=False)
        self.empty = Words(cls="wb-dim")
        self.fill(self.picker, self.list, self.empty.widget, line(self.path, rows), self.problem.widget)

    def show(self) -> None:
        """Show an input for each name there is; values of names that went stay known."""
        names = self.desk.draft.variables
        if tuple(self.inputs) != names:
            old = self.inputs
            self.inputs = {name: old.get(name) or Value(self, name) for name in names}
            self.list.children = tuple(one.widget for one in self.inputs.values())
            for name in old.keys() - self.inputs.keys():
                old[name].close()
            if self.data is not None:
                self._take_row()
        for one in self.inputs.values():
            one.show()
        self.empty.say("" if names else "write {{name}} in any text and give it a value here")
        missing = self.desk.draft.missing
        self.said.say(
            f"no value yet: {', '.join(missing)}"[:200] if missing else ", ".join(names)[:200] or "none"
        )

    def use(self, data: Any, row: int = 1) -> None:
        """Take the values from rows of a dataset, beginning with one of them; -1 is the last.

        Raises:
            DatasetError: It cannot be read.
        """
        self.data = Dataset.load(data)
        self.place = Path(data) if isinstance(data, str | os.PathLike) else None
        if self.place is not None:
            self.path.value = str(self.place)
        at, self._quiet = len(self.data) if row < 0 else row, True
        self.row.max = max(1, len(self.data))
        self.row.value = at
        self._quiet = False
        show_if(self.picker, wanted=True)
        self._take_row()
        self.open()

    def go(self, name: str) -> bool:
        """Open the section and put the cursor into the input of a name; return whether there is one."""
        wanted = self.inputs.get(name)
        if wanted is not None:
            self.open()
            self.desk.focus(wanted.cls)
        return wanted is not None

    def _use_path(self) -> None:
        if not self.path.value.strip():
            raise UsageError("name a dataset file first, for example datasets/cases.jsonl")
        self.use(self.path.value.strip())

    def put(self, name: str, value: Any) -> None:
        """Give a name its value."""
        with self.desk.draft.lock:
            self.desk.draft.values[name] = value
            self.desk.heard()

    def _forget(self) -> None:
        self.data = None
        self.problem.say("")
        show_if(self.picker, wanted=False)
        self.refresh()

    def _take_row(self) -> None:
        if self.data is None or not len(self.data):
            return
        with self.desk.draft.lock:
            self._take(self.data[self.row.value - 1], self.data)

    def _take(self, sample: Sample, data: Dataset) -> None:
        self.about.say(f"of {len(data):,} in {data.name} · {sample.id}")
        names, values = self.desk.draft.variables, sample.values
        self.given = {name: values[name] for name in names if name in values}
        self.desk.draft.values.update(self.given)
        missing = [name for name in names if name not in values]
        self.problem.say(
            f"{data.name} has no column {', '.join(missing)} (there is: {', '.join(data.columns)});"
            " type the value, or rename the column"
            if missing
            else ""
        )
        for one in self.inputs.values():
            one.show()
        self.desk.heard()


class Value:
    """The input of one name."""

    def __init__(self, section: Values, name: str) -> None:
        self._section, self.name = section, name
        self._quiet = False
        self.editor = w.Textarea(description=name[:80], rows=1, placeholder="a sample value")
        self.editor.add_class("wb-grow")
        self.editor.observe(self._heard, "value")
        self.cls = section.desk.typed_into(self.editor, lambda typed: section.put(name, typed))
        self.about = Words(cls="wb-dim")
        self.widget = stack(self.editor, self.about.widget, cls="wb-field")

    def show(self) -> None:
        """Show the value; blocks of a dataset are named, not typed."""
        value = self._section.desk.draft.values.get(self.name)
        typed = "" if value is None else show(value)
        blocks = isinstance(value, list)
        self.about.say(f"{len(value)} blocks of the dataset" if isinstance(value, list) else "")
        self.editor.disabled = blocks
        self.editor.continuous_update = len(typed) < LARGE
        if self.editor.value != typed:
            self._quiet = True
            try:
                self.editor.value = typed[:LARGE] if blocks else typed
            finally:
                self._quiet = False

    def close(self) -> None:
        """Leave the form."""
        self._section.desk.inputs.pop(self.cls, None)
        discard(self.widget)

    def _heard(self, change: Any) -> None:
        with self._section.desk.draft.lock:
            if not self._quiet:
                self._section.put(self.name, change["new"])
