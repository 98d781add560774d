"""What the page of a run view asks for, and what its buttons do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from workbench.errors import DatasetError, UsageError, WorkbenchError
from workbench.show.difference import message_difference
from workbench.show.h import join
from workbench.show.money import receipt
from workbench.show.safe import visible
from workbench.show.transcript import answer, source_view, turn_view
from workbench.widgets.panes import cases, going_on
from workbench.widgets.panes.column import Column, Turn
from workbench.widgets.view import View

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from workbench.wire import Message, Request


class Asked(View):
    """A view whose page asks for columns by number; what it sends is checked: anybody may have sent it."""

    @property
    def _columns(self) -> Sequence[Column]:
        raise NotImplementedError

    def stop(self, column: int | None = None) -> None:
        """Stop one column or all."""
        raise NotImplementedError

    def _replace(self, index: int, column: Column) -> None:
        raise NotImplementedError

    def _column(self, index: Any) -> Column:
        if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < len(self._columns):
            raise UsageError(f"there is no column {index!r}; there are {len(self._columns)}, counted from 0")
        return self._columns[index]

    def _message(self, index: Any) -> Message:
        message = self._column(index).message
        if message is None:
            raise UsageError("this column has no answer yet")
        return message

    # --- looking -------------------------------------------------------------------------------------

    def _hear_source(self, n: str, column: int, cite: int) -> None:
        """Show the source of a citation."""
        found = source_view(self._column(column).request, self._message(column), int(cite))
        self.tell("source", n=n, title=visible(found["title"]), html=found["html"])

    def _hear_fold(self, n: str, column: int, turn: int) -> None:
        """Show what was asked, of the turn before where *turn* counts one, of this one where it is -1."""
        shown = self._column(column)
        if isinstance(turn, int) and 0 <= turn < len(shown.earlier):
            past = shown.earlier[turn]
            html = join([_new(past.request, shown.earlier[:turn]), answer(past.reply.message, past.request)])
        elif shown.request is not None:
            html = _new(shown.request, shown.earlier)
        else:
            raise UsageError("nothing was asked here")
        self.tell("fold", n=n, html=html)

    def _hear_receipt(self, n: str, column: int) -> None:
        """Show the lines of a cost."""
        reply = self._column(column).reply
        if reply is None:
            raise UsageError("this column has no complete answer, so there is no receipt")
        self.tell("receipt", n=n, html=receipt(reply.cost))

    def _hear_diff(self, n: str, column: int) -> None:
        """Show how an answer differs from the first column's."""
        own, names = self._message(column), ("column 1", f"column {column + 1}")
        self.tell("diff", n=n, html=message_difference(self._message(0), own, names=names))

    # --- keeping -------------------------------------------------------------------------------------

    def _hear_proposal(self, n: str, column: int) -> None:
        """Fill the form of a new test case."""
        request = self._column(column).request
        if request is None:
            raise UsageError("nothing was asked here")
        found = cases.proposed(request)
        self.tell("proposal", n=n, **found)

    def _hear_case(self, n: str, column: int, *, target: bool, **fields: str) -> None:
        """Save an answer as a test case; what is wrong is said beside the form."""
        whole = self._column(column).reply
        answered = whole.message if target is True and whole is not None else None
        if target is True and whole is None:
            raise DatasetError("a partial answer is no target: leave the target empty")
        path, name, asked = (str(fields.get(field, "")) for field in ("path", "id", "input"))
        place = cases.save(path, name, asked, answered)
        self.tell("case", n=n, said=f"saved as {visible(name.strip())} in {visible(str(place))}")

    # --- doing ---------------------------------------------------------------------------------------

    def _hear_stop(self, column: int | None = None) -> None:
        """Stop one column or all."""
        self.stop(column)

    def _hear_again(self, n: str, column: int) -> None:
        """Ask what was never asked, or once more what was stopped or failed."""
        old = self._column(column)
        if old.running or old.request is None:
            raise UsageError("this column is still being asked")
        self._replace(column, Column(old.label, old.request, clock=time.monotonic, earlier=old.earlier))
        self.tell("again", n=n)

    def _hear_go_on(
        self, n: str, column: int, text: str, results: Mapping[str, Any], *, every: bool = False
    ) -> None:
        """Send the next turn in one column, or in all that can take it."""
        own = self._column(column)
        made = {column: _follow(own, str(text), _results(results))}
        left_out = []
        for index, other in enumerate(self._columns if every is True else ()):
            if index == column:
                continue
            try:
                made[index] = _follow(other, str(text), {})
            except WorkbenchError as error:
                left_out.append(f"{other.label}: {error}")
        for index, new in made.items():
            self._replace(index, new)
        self.tell("go_on", n=n, sent=len(made), left_out=visible("; ".join(left_out)))


def _follow(column: Column, said: str, results: Mapping[str, going_on.Result]) -> Column:
    """Return the column of the next turn.

    Raises:
        UsageError: There is no complete answer that it could follow, or something is missing.
    """
    if column.reply is None or column.request is None:
        raise UsageError("a next turn follows a complete answer, and there is none here")
    request = going_on.following(column.request, column.reply.message, said, results)
    earlier = (*column.earlier, Turn(column.request, column.reply))
    return Column(column.label, request, clock=time.monotonic, earlier=earlier)


def _results(given: Any) -> dict[str, going_on.Result]:
    if not isinstance(given, dict):
        return {}
    return {
        str(name): going_on.Result(str(one.get("text", "")), one.get("failed") is True)
        for name, one in given.items()
        if isinstance(one, dict)
    }


def _new(request: Request, earlier: Sequence[Turn]) -> Any:
    """Return the turns of a request that no earlier turn has shown."""
    seen = len(earlier[-1].request.messages) + 1 if earlier else 0
    if not earlier:
        return turn_view(request)
    return turn_view(request.model_copy(update={"messages": request.messages[seen:], "system": None}))
