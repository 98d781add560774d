"""Columns that stream at the same time, and one message for all that is new in any of them.

Everything here runs on the package's loop, so columns need no lock: `Streaming.start`, `stop` and `say_all`
may be called from any thread.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from concurrent.futures import CancelledError as FutureCancelledError
from typing import TYPE_CHECKING, Any, Final

from workbench import sync
from workbench.errors import UsageError, WorkbenchError
from workbench.show.safe import markdown
from workbench.widgets.panes.judged import judge
from workbench.widgets.panes.shown import standing, warned

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from workbench.client import Client
    from workbench.reply import Reply
    from workbench.widgets.panes.column import Column

_log = logging.getLogger("workbench")

FLUSH_S: Final = 0.07
"""Seconds between two messages to the page, all columns together."""

SETTLE_S: Final = 0.25
"""Seconds between two times that a column's Markdown is made, at least."""

SHARE: Final = 0.01
"""Part of a core that making Markdown may take while answers come."""


class Streaming:
    """Asks for several answers at once.

    Args:
        client: Who asks.
        tell: Takes what is new: ``[[column, kind, value], …]``.
        shown: Returns what stands around a column's text, for the page; slow where an answer is complete.
        ended: Called in a thread of its own with a column that has its reply.
        over: Called in a thread of its own when the last column has ended.
        check: Whether to send nothing that the service would refuse.
        clock: Seconds that only go forward.
    """

    def __init__(
        self,
        client: Client,
        *,
        tell: Callable[[list[list[Any]]], None],
        shown: Callable[[Column], dict[str, Any]],
        ended: Callable[[Column, Reply], None],
        over: Callable[[], None],
        check: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.columns: list[Column] = []
        self._client = client
        self._tell = tell
        self._shown = shown
        self._ended = ended
        self._over = over
        self._check = check
        self._clock = clock
        self._tasks: dict[Column, asyncio.Task[None]] = {}
        self._begun: set[Column] = set()
        self._ticking: asyncio.Task[None] | None = None
        self._rest_until = 0.0
        self._settled_at: dict[Column, float] = {}
        self._telling: set[int] = set()

    @property
    def origin(self) -> str:
        """Who answers, as far as it is known."""
        transport = self._client.transport
        return self._client.endpoint.origin if transport is None else transport.origin

    # --- from any thread -----------------------------------------------------------------------------

    def start(self, columns: Sequence[Column]) -> None:
        """Ask for the answers of these columns."""
        for column in columns:
            column.queue()
        sync.loop().call_soon_threadsafe(self._start, tuple(columns))

    def stop(self, columns: Sequence[Column]) -> None:
        """Stop those of these columns that are being asked; what has come of them stays."""
        running = tuple(column for column in columns if column.running)
        for column in running:
            column.stopping = True
        if running:
            sync.loop().call_soon_threadsafe(self._stop, running)

    def wait(self, columns: Sequence[Column], timeout_s: float | None = None) -> bool:
        """Wait until all of these have ended; return whether they have.

        Raises:
            UsageError: Called from where it would wait for itself.
        """
        if sync.on_loop() or threading.get_ident() in self._telling:
            raise UsageError("waiting here would never end: the view waits for this function to return")
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        for column in columns:
            left_s = None if deadline is None else max(0.0, deadline - time.monotonic())
            if not column.over.wait(left_s):
                return False
        return True

    def soon(self, run: Callable[[], None]) -> None:
        """Call *run* where columns do not change meanwhile."""
        sync.loop().call_soon_threadsafe(run)

    # --- one column ----------------------------------------------------------------------------------

    def _start(self, columns: Sequence[Column]) -> None:
        for column in columns:
            self._tasks[column] = asyncio.get_running_loop().create_task(self._one(column))
            self._around(column)
        self.flush()
        if self._ticking is None or self._ticking.done():
            self._ticking = asyncio.get_running_loop().create_task(self._tick())

    def _stop(self, columns: Sequence[Column]) -> None:
        for column in columns:
            task = self._tasks.get(column)
            if task is not None and column in self._begun and column.running:
                column.stop()
                task.cancel()

    async def _one(self, column: Column) -> None:
        self._begun.add(column)
        try:
            await self._ask(column)
            await self._end(column)
        finally:
            column.over.set()
            self._begun.discard(column)
            self._tasks.pop(column, None)
            self._settled_at.pop(column, None)
        if all(one.over.is_set() for one in self.columns):
            await asyncio.to_thread(self._over)

    async def _ask(self, column: Column) -> None:
        """Take the events of an answer until it ends, one way or another."""
        if column.stopping or column.request is None:
            column.stop("before it was asked")
            return
        try:
            column.findings = await asyncio.to_thread(judge, self._client, column.request)
            if (found := warned(column, self.origin))["warned"]:
                column.growing.pending.append(["set", found])
            stream = self._client.stream(column.request, check=self._check, watch=column.way)
            async for event in stream:
                column.take(event)
            column.finish(stream.reply)
        except asyncio.CancelledError:
            column.stop()
        except FutureCancelledError:
            column.stop("the client was closed")
        except WorkbenchError as error:
            column.fail(error)
        except Exception as error:  # noqa: BLE001 - whatever it was, the other columns go on
            _log.exception("a column failed")
            said = f"the answer could not be read ({type(error).__name__}); the kernel's log says where"
            column.fail(WorkbenchError(said))

    async def _end(self, column: Column) -> None:
        """Say the end at once, then show the answer as it is meant, then tell who wanted to know."""
        self.flush()
        made = await asyncio.to_thread(self._shown, column)
        column.growing.pending.clear()
        column.made = made
        if column in self.columns:
            self._tell([[self.columns.index(column), "set", made]])
        if column.reply is not None:
            await asyncio.to_thread(self._report, column, column.reply)

    def _report(self, column: Column, reply: Reply) -> None:
        self._telling.add(threading.get_ident())
        try:
            self._ended(column, reply)
        finally:
            self._telling.discard(threading.get_ident())

    # --- all of them ---------------------------------------------------------------------------------

    async def _tick(self) -> None:
        """Tell what is new, in one message for all columns, while any of them is asked."""
        while any(column.running for column in self._tasks):
            await asyncio.sleep(FLUSH_S)
            for column in self._tasks:
                column.look()
            await self._settle()
            self.flush()

    def flush(self) -> None:
        """Tell what is new, if anything is."""
        new: list[list[Any]] = []
        for index, column in enumerate(self.columns):
            self._around(column)
            deltas, column.growing.pending = column.growing.pending, []
            new += [[index, *delta] for delta in deltas]
        if new:
            self._tell(new)

    def _around(self, column: Column) -> None:
        """Say how a column stands, where that has changed."""
        if column.told != _mark(column):
            column.told = _mark(column)
            column.growing.pending.append(["set", standing(column)])

    async def _settle(self) -> None:
        """Make Markdown of what is complete in one column: the one that has waited longest."""
        now = self._clock()
        if now < self._rest_until:
            return
        waiting = [column for column in self._tasks if now - self._settled_at.get(column, 0.0) >= SETTLE_S]
        for column in sorted(waiting, key=lambda column: self._settled_at.get(column, 0.0)):
            found = column.growing.ripe()
            if found is None:
                continue
            index, text = found
            began = time.perf_counter()
            html = await asyncio.to_thread(markdown, text)
            self._rest_until = now + (time.perf_counter() - began) / SHARE
            self._settled_at[column] = now
            if column.running:
                column.growing.settle(index, len(text), html)
            return


def _mark(column: Column) -> tuple[str, str]:
    return column.state, column.reason
