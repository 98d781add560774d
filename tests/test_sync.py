"""Plain calls on a loop of our own."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from workbench import sync
from workbench.errors import UsageError


def test_a_plain_call_works_inside_a_running_loop():
    """As in a notebook's cell."""

    async def cell() -> str:
        return sync.run(asyncio.sleep(0, "done"))

    assert asyncio.run(cell()) == "done"


def test_all_calls_share_one_loop():
    """The HTTP client lives on it."""

    async def where() -> tuple[asyncio.AbstractEventLoop, str]:
        return asyncio.get_running_loop(), threading.current_thread().name

    first, second = sync.run(where()), sync.run(where())

    assert first == second
    assert first[1] == "workbench"


def test_an_error_comes_through_as_it_is():
    """With its own class."""

    async def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        sync.run(fail())


def test_a_plain_call_on_the_loop_itself_is_refused():
    """It would wait for itself."""

    async def inside() -> None:
        sync.run(asyncio.sleep(0))

    with pytest.raises(UsageError, match="await"):
        sync.run(inside())


def test_waiting_from_another_loop_can_be_cancelled():
    """Cancelling the wait cancels the work."""
    ended = threading.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(30)
        finally:
            ended.set()

    async def cell() -> None:
        task = asyncio.create_task(sync.wait(work()))
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(cell())

    assert ended.wait(2)


def test_in_a_kernel_a_wait_notices_what_wakes_no_loop(monkeypatch):
    """A kernel's interrupt cancels from a signal handler: the loop may sleep on, but not for long."""
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    stopped = threading.Event()

    async def slow() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            stopped.set()

    async def cell() -> None:
        task = asyncio.current_task()
        assert task is not None
        # From another thread, without call_soon_threadsafe: the loop is not woken.
        threading.Timer(0.05, task.cancel).start()
        await sync.wait(slow())

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cell())

    assert stopped.wait(5)


def test_an_interrupt_cancels_and_waits_for_the_clean_up():
    """Ctrl-C: the coroutine's finally has run when KeyboardInterrupt arrives."""
    ended = []

    async def work() -> None:
        try:
            await asyncio.sleep(30)
        finally:
            await asyncio.sleep(0.05)
            ended.append(True)

    def interrupt() -> None:
        time.sleep(0.2)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        sync.run(work())

    assert ended == [True]


def test_cleaning_up_may_take_so_long_and_no_longer():
    """Then the caller goes on."""
    ended = []

    async def work() -> None:
        try:
            await asyncio.sleep(30)
        finally:
            await asyncio.sleep(0.5)
            ended.append(True)

    def interrupt() -> None:
        time.sleep(0.1)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        sync.run(work(), grace_s=0.05)

    assert ended == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_has_its_own_loop():
    """The thread does not survive a fork; the child starts afresh."""
    code = (
        "import asyncio, os\n"
        "from workbench import sync\n"
        "sync.run(asyncio.sleep(0))\n"
        "pid = os.fork()\n"
        "value = sync.run(asyncio.sleep(0, 7))\n"
        "if pid == 0: os._exit(value)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), value)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=True
    )

    assert done.stdout == "7 7\n"


def test_a_closer_that_fails_leaves_no_other_open():
    """Each is closed, whatever another one does."""
    code = (
        "import asyncio\n"
        "from workbench import sync\n"
        "async def close(): print('closed')\n"
        "async def fail(): raise OSError('gone')\n"
        "sync.at_exit(close)\n"
        "sync.at_exit(fail)\n"
        "sync.run(asyncio.sleep(0))\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=True
    )

    assert (done.stdout, done.stderr) == ("closed\n", "")


def test_what_is_open_is_closed_at_exit():
    """And nothing is complained about after the last line."""
    code = (
        "import asyncio\n"
        "from workbench import sync\n"
        "async def close(): print('closed')\n"
        "sync.at_exit(close)\n"
        "sync.run(asyncio.sleep(0))\n"
        "print('last line')\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=True
    )

    assert (done.stdout, done.stderr) == ("last line\nclosed\n", "")
