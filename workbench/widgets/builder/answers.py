"""The answers below the form; one that is kept becomes a row of a dataset, with the values it had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.errors import DatasetError
from workbench.show.safe import visible
from workbench.widgets.builder import keeping
from workbench.widgets.panes import RunView

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Answers(RunView):
    """The answers of the form: saved as test cases they keep the values the prompt was filled with.

    Attributes:
        values: What the prompt was filled with.
        place: The dataset these came from, where it is a file.
        saved: Called with the file of a new case.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        self.values: dict[str, Any] = {}
        self.place: Path | None = None
        self.saved: Callable[[Path], None] = lambda _: None
        super().__init__(*args, **options)

    def _hear_proposal(self, n: str, column: int) -> None:
        """Fill the form of a new test case."""
        if not self.values:
            super()._hear_proposal(n, column)
            return
        found = keeping.proposed(self.values, self.place)
        self.tell("proposal", n=n, **{name: visible(said) for name, said in found.items()})

    def _hear_case(self, n: str, column: int, *, target: bool, **fields: str) -> None:
        """Save an answer as a test case; what is wrong is said beside the form."""
        if not self.values:
            super()._hear_case(n, column, target=target, **fields)
            return
        reply = self._column(column).reply
        answer = reply.message.text if target is True and reply is not None else None
        if target is True and not (answer or "").strip():
            raise DatasetError("there is no whole answer to be a target: leave the target empty")
        path, case, asked = (str(fields.get(field, "")) for field in ("path", "id", "input"))
        values = dict(self.values)
        if (name := keeping.main_name(values)) and asked != visible(str(values[name])):
            values[name] = asked
        place = keeping.save(path, case, values, answer)
        self.place = place
        self.tell("case", n=n, said=f"saved as {visible(case.strip())} in {visible(str(place))}")
        self.saved(place)
