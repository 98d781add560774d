"""`Running`: a run that goes on in the background, or in another process, while cells and buttons work."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import logging
import threading
import weakref
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench import sync
from workbench.client.again import how_to_go_on
from workbench.client.following import Following
from workbench.display import Shown
from workbench.errors import BudgetError, UsageError
from workbench.run import Run, resume_call
from workbench.show import tally
from workbench.show.progress import INTERVAL_S, Progress

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Coroutine, Generator

    from workbench.runner import Event
    from workbench.show.tally import State

    Told = Callable[[Event], None]

_log = logging.getLogger("workbench")

EXIT_S = 2.0
"""Seconds that a run in the background gets when the process ends, and once more for what is left then."""

APART_S = 0.05
"""Seconds between the two stops of somebody in a hurry."""

TICK_S = 0.1
"""Seconds that a loop which waits for a run sleeps at most."""

_here: weakref.WeakValueDictionary[Path, Running] = weakref.WeakValueDictionary()
"""The runs of this process, by folder."""


class _Listeners:
    """Those who want to know how far a run is; told at most four times a second."""

    interval_s = INTERVAL_S

    def __init__(self) -> None:
        self.each: list[Callable[[], None]] = []

    def paint(self, _: State) -> None:
        """Tell everybody; one who fails is heard of in the log alone."""
        for listener in tuple(self.each):
            try:
                listener()
            except Exception as error:  # noqa: BLE001 - whoever listens must not end a run
                _log.warning("who listens to a run failed: %s", type(error).__name__)

    close = paint


class Running(Shown):
    """A run that goes on while other cells are run; made by `Client.start` or `attach`.

    Waiting for it is not the run: a `result` or ``await`` that is interrupted leaves it going on. Only `stop`
    ends it, from any thread. When the process ends it is stopped, and can be resumed.

    Attributes:
        folder: The run's.
    """

    def __init__(
        self,
        state: State,
        folder: Path,
        *,
        progress: Progress | None = None,
        following: Following | None = None,
    ) -> None:
        self.folder = folder
        self._listeners = _Listeners()
        self._progress = progress or Progress(state, self._listeners)
        self._ended: Future[Run | None] = Future()
        self._ended.set_running_or_notify_cancel()  # who waits for it cannot cancel it
        self._task: asyncio.Task[None] | None = None
        self._stops = self._heard = 0
        self._passing = False
        self._stopping = threading.Lock()
        self._following = following
        if following is not None and following.going_on:
            sync.submit(self._follow(following))
        elif following is not None:
            self._end(None)

    @classmethod
    def attach(cls, folder: str | os.PathLike[str]) -> Running:
        """Look at a run by its folder: one of this process, of another one, or of one that is no more.

        Its journal is followed once a second; nothing is written.

        Raises:
            UsageError: No run there.
            JournalError: The journal is damaged.
        """
        path = Path(folder)
        known = _here.get(path.resolve())
        if known is not None and not known.done:
            return known
        following = Following(path)
        return cls(following.state, path, following=following)

    # --- what it does --------------------------------------------------------------------------------------

    def begin(self, recorded: Callable[[Told], Coroutine[Any, Any, Run]], on_event: Told | None) -> None:
        """Start the run on the package's loop.

        Args:
            recorded: The run, given whom to tell.
            on_event: Who else is told of every trial.
        """
        _here[self.folder.resolve()] = self
        atexit.register(self._leave)
        sync.submit(self._supervised(recorded, on_event))

    def stop(self) -> None:
        """Send nothing more and finish what is in flight; called again, give that up too. From any thread.

        Raises:
            UsageError: The run is another process's.
        """
        if self._following is not None and not self.done:
            raise UsageError(f"{self.folder}: this run is another process's; stop it there")
        with self._stopping:
            if self.done or self._stops >= 2:
                return
            self._stops += 1
        sync.loop().call_soon_threadsafe(self._cancel)

    def result(self, timeout_s: float | None = None) -> Run:
        """Wait for the end and return the run: whole, or, where it was stopped or killed, what is there.

        Ctrl-C, or the kernel's interrupt, ends the waiting; the run goes on.

        Args:
            timeout_s: Seconds to wait at most.

        Raises:
            TimeoutError: It is not over yet, and goes on.
            APIError, ReplayMissError, DiskFullError, IncompleteError: As `Client.run`.
        """
        if sync.on_loop():
            raise UsageError("result() on the workbench's own loop would wait forever: await the run")
        try:
            return self._ended.result(timeout_s) or self.run
        except TimeoutError:
            if self.done:  # the run's own
                raise
            raise TimeoutError(f"{self._counts()} after {timeout_s:g} s; it goes on") from None
        except KeyboardInterrupt as stop:
            stop.args = (f"{self._counts()}; the run goes on, stop() ends it",)
            raise

    def __await__(self) -> Generator[Any, None, Run]:
        """Wait for the end as `result`, from any event loop; a cancelled wait leaves the run going on."""
        return self._waited().__await__()

    async def drained(self) -> None:
        """Stop, and wait until it is over; a cancellation of this wait stops at once."""
        self.stop()
        while not self.done:
            try:
                await self._over()
            except asyncio.CancelledError:
                self.stop()

    # --- what is known of it -------------------------------------------------------------------------------

    @property
    def done(self) -> bool:
        """Whether it is over, however it ended."""
        return self._ended.done()

    @property
    def stoppable(self) -> bool:
        """Whether `stop` can do something: another process's run is stopped there."""
        return self._following is None and not self.done and self._stops < 2

    @property
    def state(self) -> str:
        """How it is, in a word.

        ``running``, ``stopping`` (it finishes what is in flight), ``complete``, ``interrupted`` (by `stop` or
        Ctrl-C), ``stopped`` (by an error of every call), ``killed``: its process ended without a word.
        """
        if not self.done:
            return "stopping" if self._stops else "running"
        if self._following is not None:
            return self._following.ended
        if self._ended.exception() is not None:
            return "stopped"
        return "complete" if self._ended.result() is not None else "interrupted"

    @property
    def progress(self) -> State:
        """The figures so far."""
        return self._progress.state

    @property
    def run(self) -> Run:
        """The run as far as it is: what is safe in its journal now.

        Raises:
            UsageError: It has only just begun, and there is no journal yet.
        """
        found = None if not self.done or self._ended.exception() is not None else self._ended.result()
        return found if found is not None else Run.load(self.folder)

    @property
    def sentence(self) -> str:
        """How it is, and what can be done about it."""
        state, again = self.state, how_to_go_on(self.folder).partition("; ")[2]
        if state == "running":
            if self._following is not None:
                return f"running in another process; it is followed here by {self.folder}"
            return "running in the background: stop() finishes what is in flight, result() waits for the end"
        if state == "stopping":
            return self.progress.note or "finishing what is in flight"
        if state == "complete":
            failed = f"; {resume_call(self.folder)} asks what failed again" if self.progress.passing else ""
            return f"complete; it lies in {self.folder}{failed}"
        why = self._why()
        if self._following is None and isinstance(self._ended.exception(), BudgetError):
            return f"{state}: {why}"  # it says with which budget to go on
        return f"{state}{f': {why}' if why else ''}; {again}"

    def _why(self) -> str:
        if self._following is not None:
            return self._following.reason
        error = self._ended.exception()
        return "" if error is None else str(error) or type(error).__name__

    def _counts(self) -> str:
        return f"{self.progress.done:,} of {self.progress.total:,} done"

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Have *listener* called when something changed, at most four times a second, and at the end.

        It is called in any thread. Returns what ends it.
        """
        self._listeners.each.append(listener)

        def forget() -> None:
            if listener in self._listeners.each:
                self._listeners.each.remove(listener)

        return forget

    def __repr__(self) -> str:
        return f"Running({self.progress.name!r}, {self.state}, {self._counts()}, {str(self.folder)!r})"

    def __str__(self) -> str:
        if self.state == "complete":
            return str(self.run)
        return "\n".join([*tally.lines(self.progress, live=not self.done), tally.shown(self.sentence)])

    # --- inside --------------------------------------------------------------------------------------------

    async def _supervised(
        self, recorded: Callable[[Told], Coroutine[Any, Any, Run]], on_event: Told | None
    ) -> None:
        self._task = asyncio.current_task()
        self._cancel()

        def told(event: Event) -> None:
            if event.kind == "draining":  # nobody presses Ctrl-C here
                event = replace(event, note=event.note.partition(";")[0])
            self._progress(event)
            if on_event is not None:
                on_event(event)

        try:
            self._end(await recorded(told))
        except asyncio.CancelledError:
            self._end(None)
        except BaseException as error:  # noqa: BLE001 - raised again where somebody waits
            self._end(error)

    def _cancel(self) -> None:
        """Pass on the stops that the run has not heard of; where it has not begun, it will ask."""
        if self._task is not None and self._heard < self._stops and not self._passing:
            self._passing = True
            self._task.get_loop().call_soon(self._pass_on, self._task)

    def _pass_on(self, task: asyncio.Task[None]) -> None:
        # Two cancellations at once would be one: the second is for what the first one left. Its time counts
        # from the first, for the loop may have been busy since both were asked for.
        task.cancel()
        self._heard += 1
        task.get_loop().call_later(APART_S, self._passed)

    def _passed(self) -> None:
        self._passing = False
        self._cancel()

    def _end(self, outcome: Run | BaseException | None) -> None:
        """Note how it ended, then tell."""
        atexit.unregister(self._leave)
        if isinstance(outcome, BaseException):
            self._ended.set_exception(outcome)
        else:
            self._ended.set_result(outcome)
        if self._listeners.each:  # they read the journal: not on the loop
            threading.Thread(target=self._progress.close, name="workbench-ended", daemon=True).start()
        else:
            self._progress.close()

    async def _over(self) -> None:
        """Wait for the end, not for how it ended."""
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._ended.add_done_callback(lambda _: _wake(loop, ended))
        while not ended.is_set():
            # A kernel cancels a cell from a signal handler, and that wakes no loop: it must not sleep long.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), TICK_S)

    async def _waited(self) -> Run:
        await self._over()
        found = self._ended.result()
        return found if found is not None else await asyncio.to_thread(lambda: self.run)

    async def _follow(self, following: Following) -> None:
        try:
            while following.going_on:
                await asyncio.sleep(following.interval_s)
                if await asyncio.to_thread(following.look):
                    self._progress.paint()
            self._end(None)
        except asyncio.CancelledError:
            self._end(None)
            raise
        except Exception as error:  # noqa: BLE001 - raised again where somebody waits
            self._end(error)

    def _leave(self) -> None:
        """The process ends: stop, so that the folder says how far it came."""
        for _ in range(2):
            self.stop()
            try:
                self._ended.result(EXIT_S)
            except TimeoutError:
                continue
            except Exception:  # noqa: BLE001 - nobody is left to tell
                return


def _wake(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    with contextlib.suppress(RuntimeError):  # whoever waited is gone, and the loop with it
        loop.call_soon_threadsafe(ended.set)
