"""One event loop on one daemon thread: everything public is plain, also inside a notebook's running loop.

``asyncio.run`` raises where a loop already runs, and patching that loop is not ours to do. So coroutines
run on a loop of our own; a plain caller waits for the result, an awaiting caller awaits it.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import inspect
import os
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from workbench.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from concurrent.futures import Future

T = TypeVar("T")

GRACE_S = 5.0
"""Seconds an interrupted coroutine may take to clean up."""
TICK_S = 0.1
"""Seconds that a cell which awaits may sleep through its interrupt."""


@dataclass(slots=True)
class _Runner:
    loop: asyncio.AbstractEventLoop
    thread: threading.Thread


_lock = threading.Lock()
_runner: _Runner | None = None
_closers: list[Callable[[], Awaitable[None]]] = []


def loop() -> asyncio.AbstractEventLoop:
    """Return the package's loop, started on first use; a forked child gets its own."""
    global _runner  # noqa: PLW0603 - one loop for the process
    with _lock:
        if _runner is None or not _runner.thread.is_alive():
            _runner = _start()
        return _runner.loop


def _start() -> _Runner:
    fresh = asyncio.new_event_loop()
    thread = threading.Thread(target=_forever, args=(fresh,), name="workbench", daemon=True)
    thread.start()
    return _Runner(fresh, thread)


def _forever(fresh: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(fresh)
    try:
        fresh.run_forever()
    finally:
        fresh.close()


def on_loop() -> bool:
    """Return whether the caller runs on the package's own loop."""
    return _runner is not None and threading.current_thread() is _runner.thread


def submit(coroutine: Coroutine[Any, Any, T]) -> Future[T]:
    """Start a coroutine on the loop and return its future."""
    return asyncio.run_coroutine_threadsafe(coroutine, loop())


def run(coroutine: Coroutine[Any, Any, T], *, grace_s: float = GRACE_S) -> T:
    """Run a coroutine on the loop and wait for its result.

    Ctrl-C, or the kernel's Stop button, cancels it, lets it clean up for a moment, and goes on as
    `KeyboardInterrupt`; a second one ends the cleaning up.

    Args:
        coroutine: What to run.
        grace_s: Seconds it may take to clean up.

    Raises:
        UsageError: Called from the loop itself, which would wait for itself forever.

    >>> run(asyncio.sleep(0, "done"))
    'done'
    """
    if on_loop():
        coroutine.close()
        raise UsageError("a plain call on the workbench's own loop would wait forever: await the a… form")
    done = threading.Event()
    tasks: list[asyncio.Task[T] | None] = []

    async def supervised() -> T:
        tasks.append(asyncio.current_task())
        try:
            return await coroutine
        finally:
            done.set()

    future = submit(supervised())
    try:
        return future.result()
    except KeyboardInterrupt:
        future.cancel()
        try:
            done.wait(timeout=grace_s)
        except KeyboardInterrupt:
            _cancel_again(tasks)
            done.wait(timeout=1.0)
            raise
        raise
    finally:
        if inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED:
            coroutine.close()


def _cancel_again(tasks: list[asyncio.Task[T] | None]) -> None:
    """End what is cleaning up: a cancelled future takes no second cancellation, its task does."""
    for task in tasks:
        if task is not None:
            task.get_loop().call_soon_threadsafe(task.cancel)


async def wait(coroutine: Coroutine[Any, Any, T]) -> T:
    """Await a coroutine that runs on the loop, from any loop; cancelling the wait cancels it."""
    if on_loop():
        return await coroutine
    here = asyncio.wrap_future(submit(coroutine))
    try:
        while not here.done() and "ipykernel" in sys.modules:
            # A kernel cancels a cell from a signal handler, and that wakes no loop: it must not sleep long.
            await asyncio.wait({here}, timeout=TICK_S)
        return await here
    finally:
        here.cancel()


def at_exit(closer: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    """Have *closer* awaited on the loop before the process ends; returns how to take that back."""
    _closers.append(closer)

    def forget() -> None:
        if closer in _closers:
            _closers.remove(closer)

    return forget


async def _close_all() -> None:
    while _closers:
        with contextlib.suppress(Exception):  # one that fails must not leave the others open
            await _closers.pop()()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if others:
        _, late = await asyncio.wait(others, timeout=1.0)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


def _shutdown() -> None:
    """Close what is open and stop the loop, so that nothing complains after the last line."""
    global _runner  # noqa: PLW0603
    if _runner is None or not _runner.thread.is_alive():
        return
    with contextlib.suppress(Exception):  # the process ends: there is nobody left to tell
        submit(_close_all()).result(timeout=GRACE_S)
    _runner.loop.call_soon_threadsafe(_runner.loop.stop)
    _runner.thread.join(timeout=GRACE_S)
    _runner = None


def _forget() -> None:
    """After a fork the thread is gone: the child starts afresh."""
    global _lock, _runner  # noqa: PLW0603
    _lock = threading.Lock()
    _runner = None
    _closers.clear()


atexit.register(_shutdown)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
