"""`RunView`: answers that stream side by side."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from workbench.errors import UsageError, WorkbenchError, warn
from workbench.show.progress import in_notebook
from workbench.widgets import given as given_as
from workbench.widgets.panes.asked import Asked
from workbench.widgets.panes.column import Column
from workbench.widgets.panes.figures import labels as labels_of
from workbench.widgets.panes.shown import ended, snapshot
from workbench.widgets.panes.still import still
from workbench.widgets.panes.streaming import Streaming
from workbench.wire import Request, as_request, modern

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from workbench.client import Client
    from workbench.reply import Reply
    from workbench.show.safe import Html

_log = logging.getLogger("workbench")

RECORDED_S: Final = 0.5
"""How long showing waits for answers that are recorded."""

BLIND_S: Final = 1.0
"""Seconds after which everything is sent again to a page that has not been heard of.

While a cell waits, the kernel hears no page; one that opens meanwhile would stay empty. A page that has
missed nothing passes over it.
"""


class RunView(Asked, front=("answer", "panes_focus", "panes")):
    """Asks for several answers at once and shows them side by side while they come.

    Running the cell again shows what is recorded, and pays nothing. A conversation goes on in one column or
    in all of them.

    ::

        view = wb.RunView(client, [request, request.with_(model="claude-sonnet-4-6")])
        view.wait()

    Args:
        client: Who asks; its mode says what may be sent.
        requests: Requests, or their bodies; what is none shows why in its column.
        labels: A heading for each; default its model.
        autostart: Whether to ask at once; else `start` does, or the view's Ask button.
        check: Whether to send nothing that lint says the service would refuse; its column says why.
    """

    def __init__(
        self,
        client: Client,
        requests: Any = (),
        *,
        labels: Sequence[str] | None = None,
        autostart: bool = True,
        check: bool = True,
    ) -> None:
        super().__init__()
        self._client = given_as.client(client, "RunView")
        self._heard: list[Callable[[int, Reply], object]] = []
        self._closed = False
        self._count = 0
        self._sent_before = 0
        self._seen = False
        self._handle: Any = None
        self._writing = threading.Lock()
        self._all_at = 0.0
        self._streaming = Streaming(
            client, tell=self._tell, shown=self._shown, ended=self._ended, over=self._over, check=check
        )
        self._put(requests, labels)
        if autostart:
            self._ask_all()

    # --- what a cell can do --------------------------------------------------------------------------

    @property
    def replies(self) -> list[Reply | None]:
        """The answers that are complete, by column."""
        return [column.reply for column in self._columns]

    @property
    def errors(self) -> list[WorkbenchError | None]:
        """Why there is no answer, by column."""
        return [column.error for column in self._columns]

    @property
    def running(self) -> bool:
        """Whether any answer is still to come."""
        return any(not column.over.is_set() for column in self._columns)

    def start(self, requests: Any = None, labels: Sequence[str] | None = None) -> None:
        """Ask: these requests in place of those before, or the same ones again.

        What is running is stopped; what is recorded is shown and not asked again.

        Args:
            requests: As for the class; None asks those that are there.
            labels: As for the class.

        Raises:
            UsageError: The view was closed.
        """
        if self._closed:
            raise UsageError("this view was closed; make another RunView")
        self._streaming.stop(self._columns)
        if requests is None:
            requests, labels = self._given
        self._put(requests, labels)
        self._ask_all()

    def stop(self, column: int | None = None) -> None:
        """Stop one column, counted from 0, or all; what has come stays.

        Raises:
            UsageError: There is no such column.
        """
        self._streaming.stop(self._columns if column is None else [self._column(column)])

    def wait(self, timeout_s: float | None = None) -> list[Reply | None]:
        """Wait until every column has ended; interrupting stops them.

        Args:
            timeout_s: Seconds to wait at most; what is running then goes on.

        Returns:
            The answers by column; None where there is none: `errors` says why.

        Raises:
            UsageError: Called from a function that the view itself waits for.
        """
        try:
            self._streaming.wait(self._columns, timeout_s)
        except KeyboardInterrupt:
            self.stop()
            raise
        return self.replies

    def on_reply(self, run: Callable[[int, Reply], object]) -> None:
        """Have *run* called with the column and its reply whenever an answer is complete.

        It is called on a thread of its own, before `wait` returns; what it raises is logged.
        """
        self._heard.append(run)

    def close(self) -> None:
        """Stop everything and take the view away."""
        self._closed = True
        self._streaming.stop(self._columns)
        super().close()

    # --- inside --------------------------------------------------------------------------------------

    @property
    def _columns(self) -> list[Column]:
        return self._streaming.columns

    @property
    def _origin(self) -> str:
        return self._streaming.origin

    def _put(self, requests: Any, labels: Sequence[str] | None) -> None:
        given = list(requests) if _many(requests) else [requests]
        self._given = given, labels
        if labels is not None and len(labels) != len(given):
            raise UsageError(f"{len(labels)} labels for {len(given)} requests; give one for each")
        read = [_read(one) for one in given]
        named = list(labels) if labels is not None else labels_of([request for request, _ in read])
        columns = [
            Column(label, request, clock=time.monotonic)
            for label, (request, _) in zip(named, read, strict=True)
        ]
        for column, (_, error) in zip(columns, read, strict=True):
            if error is not None:
                column.fail(error)
        self._streaming.columns = columns
        self._streaming.soon(self._say_all)

    def _ask_all(self) -> None:
        transport = self._client.transport
        self._sent_before = transport.tally.sent if transport is not None else 0
        self._streaming.start([column for column in self._columns if column.request is not None])

    def _hear_ask(self) -> None:
        """Ask what was never asked."""
        waiting = self._idle()
        if waiting and not self._closed:
            self._streaming.start(waiting)

    def _idle(self) -> list[Column]:
        return [one for one in self._columns if one.state == "idle" and one.request is not None]

    def _replace(self, index: int, column: Column) -> None:
        """Put *column* in the place of one that has ended, and ask."""
        columns = list(self._columns)
        columns[index] = column
        self._streaming.columns = columns
        self._streaming.start([column])
        self._streaming.soon(self._say_all)

    def _tell(self, new: list[list[Any]]) -> None:
        if not self._closed:
            self._count += 1
            self.tell("d", d=new, i=self._count)
            if not self._seen and time.monotonic() - self._all_at > BLIND_S:
                self._say_all()

    def _say_all(self) -> None:
        """Send everything: to a page that was opened late, or opened again."""
        if not self._closed:
            self._all_at = time.monotonic()
            self._streaming.flush()  # whoever was there before need not start afresh
            self._count += 1
            self.tell("all", i=self._count, **snapshot(self._columns, self._origin))

    def _shown(self, column: Column) -> dict[str, Any]:
        return ended(column, self._origin)

    def _ended(self, column: Column, reply: Reply) -> None:
        if column not in self._columns:
            return
        for run in list(self._heard):
            try:
                run(self._columns.index(column), reply)
            except Exception:  # noqa: BLE001 - the next one must hear of it all the same
                _log.exception("a function given to on_reply failed")

    def _hear_ready(self) -> None:
        self._seen = True
        self._streaming.soon(self._say_all)

    # --- without a kernel ----------------------------------------------------------------------------

    def _ipython_display_(self, **_: Any) -> None:
        """Show the view; where it is shown before its end, so that the file can get the end."""
        from IPython.display import display

        handle = display(self._repr_mimebundle_(), raw=True, display_id=True)  # type: ignore[no-untyped-call]
        if in_notebook() and (self.running or self._idle()):
            self._handle = handle

    def _over(self) -> None:
        """Put the finished transcript into the output, but not under the hands of who uses the view.

        The page makes the view anew then, and takes what it shows from the kernel.
        """
        with self._writing:  # an older transcript must not come last
            self._write()

    def _write(self) -> None:
        handle = self._handle
        if not self._idle():  # what is asked later changes the transcript once more
            self._handle = None
        if handle is None or self._closed:
            return
        try:
            handle.update(self._repr_mimebundle_(), raw=True)
        except Exception:  # noqa: BLE001 - the view itself is there; only what stands for it is old
            _log.warning("the saved transcript of a run view is not the final one")

    def _hear_busy(self) -> None:
        self._handle = None

    def _static(self) -> tuple[Html, str]:
        self._wait_for_recorded()
        return still(self._columns, self._origin)

    def _wait_for_recorded(self) -> None:
        """Wait a moment, unless something was sent: what is recorded is there at once."""
        deadline = time.monotonic() + RECORDED_S
        with contextlib.suppress(UsageError):
            while self.running and time.monotonic() < deadline:
                transport = self._client.transport
                if transport is not None and transport.tally.sent > self._sent_before:
                    deadline = min(deadline, time.monotonic() + 0.05)
                self._streaming.wait(self._columns, 0.02)


def _many(requests: Any) -> bool:
    return isinstance(requests, Iterable) and not isinstance(requests, str | Mapping | Request)


def _read(given: Any) -> tuple[Request | None, WorkbenchError | None]:
    """Return a request in today's spelling, or why it is none."""
    try:
        request, notes = modern(as_request(given))
    except WorkbenchError as error:
        return None, error
    for note in notes:
        warn(note)
    return request, None
