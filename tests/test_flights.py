"""One asks, the others wait: across clients and processes."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading

import pytest

from tests.commands import ROOT, until
from workbench.cache import Flights
from workbench.cache import flights as module
from workbench.cache.flights import LOCKS
from workbench.client.turns import in_turn
from workbench.reply import Reply, Timing
from workbench.wire import Message, Request

REPLY = Reply(
    request=Request(model="m", max_tokens=1, messages=["?"]),
    message=Message.model_validate({"id": "1", "content": [], "model": "m", "stop_reason": "end_turn"}),
    timing=Timing(total_s=2.0),
)
HOLDER = """
import sys
from pathlib import Path
from workbench.cache import Flights
flights = Flights(Path(sys.argv[1]))
print(flights.take("key"), flush=True)
sys.stdin.read()
"""


def started(code, *words):
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, words)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.fixture
def holder(tmp_path):
    """Another process that asks ``key``."""
    with started(HOLDER, tmp_path) as process:
        assert process.stdout.readline() == "True\n"
        yield process
        process.kill()


# --- locks -------------------------------------------------------------------------------------------


def test_who_asks_first_asks_alone(tmp_path):
    """Until it gives the question back; another question is free."""
    ours, theirs = Flights(tmp_path), Flights(tmp_path)

    taken = [ours.take("a"), theirs.take("a"), theirs.take("b")]
    ours.release("a")

    assert taken == [True, False, True]
    assert theirs.take("a")
    theirs.release("a")
    theirs.release("b")


def test_another_process_is_seen(tmp_path, holder):
    """Its question is taken, others are not; when it ends, so does its hold."""
    flights = Flights(tmp_path)

    before = flights.take("key"), flights.take("other")
    holder.stdin.close()
    holder.wait(timeout=10)

    assert before == (False, True)
    assert flights.take("key")
    flights.release("key")
    flights.release("other")


def test_a_killed_process_holds_nothing(tmp_path, holder):
    """The system frees what it held."""
    flights = Flights(tmp_path)

    holder.kill()
    holder.wait(timeout=10)

    assert flights.take("key")
    flights.release("key")


def test_giving_one_question_back_keeps_the_others(tmp_path):
    """Seen from another process: POSIX locks would be lost with any descriptor that closes."""
    ours, again = Flights(tmp_path), Flights(tmp_path)
    ours.take("key")
    again.take("other")
    again.release("other")

    with started(HOLDER, tmp_path) as process:
        said = process.stdout.readline()
        process.kill()
    ours.release("key")

    assert said == "False\n"


def test_nothing_stays_open(tmp_path):
    """Without a question in flight there is no descriptor."""
    flights = Flights(tmp_path)
    flights.take("a")
    flights.take("b")
    during = flights._file._descriptor
    flights.release("a")
    flights.release("b")

    assert during is not None
    assert flights._file._descriptor is None


def test_the_lock_file_is_private_and_empty(tmp_path):
    """Nothing is written into it, ever."""
    flights = Flights(tmp_path)
    flights.take("a")

    found = (tmp_path / LOCKS).stat()
    flights.release("a")

    assert (found.st_mode & 0o777, found.st_size) == (0o600, 0)


def test_a_folder_that_is_not_there_yet_is_made(tmp_path):
    """The first question of a new store."""
    flights = Flights(tmp_path / "new" / "store")

    assert flights.take("a")
    assert (tmp_path / "new" / "store").stat().st_mode & 0o777 == 0o700
    flights.release("a")


def test_without_locks_everybody_asks(tmp_path):
    """A read-only folder, a file system without locks: paying twice is better than not working."""
    (tmp_path / "file").write_text("")
    flights = Flights(tmp_path / "file")

    assert flights.take("a")
    assert flights.take("b")
    flights.release("a")
    assert flights.take("a")


def test_locks_of_the_process_do_as_well(tmp_path, monkeypatch, holder):
    """As on macOS: where locks of an open file are not to be had."""
    fcntl = pytest.importorskip("fcntl")
    monkeypatch.setattr(
        module, "lock_byte", lambda fd, place: fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
    )
    monkeypatch.setattr(module, "unlock_byte", lambda fd, place: fcntl.lockf(fd, fcntl.LOCK_UN, 1, place))
    ours, again = Flights(tmp_path), Flights(tmp_path)

    taken = [ours.take("key"), ours.take("other"), again.take("other"), again.take("third")]
    again.release("third")
    with started(HOLDER.replace("key", "other"), tmp_path) as process:
        said = process.stdout.readline()
        process.kill()
    ours.release("other")

    assert taken == [False, True, False, True]
    assert said == "False\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_does_not_hold_its_parents_questions(tmp_path):
    """It sees them as taken, and its end frees none of them."""
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom workbench.cache import Flights\n"
        "flights = Flights(Path(sys.argv[1]))\nflights.take('key')\n"
        "pid = os.fork()\n"
        "if pid == 0:\n    os._exit(int(flights.take('key')))\n"
        "child = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])\n"
        "pid = os.fork()\n"
        "if pid == 0:\n    os._exit(int(Flights(Path(sys.argv[1])).take('key')))\n"
        "print(child, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n"
    )

    with started(code, tmp_path) as process:
        said, _ = process.communicate(timeout=20)

    assert said == "0 0\n"


# --- turns -------------------------------------------------------------------------------------------


def test_an_answer_found_in_the_turn_is_not_asked_for_again(tmp_path):
    """Somebody answered between the caller's look and its turn."""

    async def ask():
        raise AssertionError("asked")

    assert asyncio.run(in_turn(Flights(tmp_path), "a", lambda: REPLY, ask)) is REPLY


def test_waiting_is_queue_time(tmp_path):
    """The answer keeps its own latency."""
    Flights(tmp_path).take("a")
    looks = iter([None, REPLY])

    async def ask():
        raise AssertionError("asked")

    found = asyncio.run(in_turn(Flights(tmp_path), "a", lambda: next(looks), ask))
    Flights(tmp_path).release("a")

    assert found.timing.total_s == 2.0
    assert found.timing.queue_s >= 0.02


def test_the_next_one_asks_where_the_first_failed(tmp_path):
    """An error is not an answer."""
    flights, asked = Flights(tmp_path), []
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def fail():
        entered.set()
        await go_on.wait()
        raise OSError("gone")

    async def ask():
        asked.append(1)
        return REPLY

    async def both():
        first = asyncio.create_task(in_turn(flights, "a", lambda: None, fail))
        await entered.wait()
        second = asyncio.create_task(in_turn(flights, "a", lambda: None, ask))
        await asyncio.sleep(0.02)
        go_on.set()
        return await asyncio.gather(first, second, return_exceptions=True)

    first, second = asyncio.run(both())

    assert isinstance(first, OSError)
    assert (second, asked) == (REPLY, [1])


@pytest.mark.parametrize("who", ["asking", "waiting"])
def test_whoever_is_cancelled_leaves_nothing_locked(tmp_path, who):
    """The one who asks, and the one who waits."""
    flights = Flights(tmp_path)
    if who == "waiting":
        flights.take("a")

    async def ask():
        await asyncio.sleep(30)

    async def cancelled():
        task = asyncio.create_task(in_turn(flights, "a", lambda: None, ask))
        await asyncio.sleep(0.03)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(cancelled())
    flights.release("a") if who == "waiting" else None

    assert flights.take("a")
    flights.release("a")


# --- clients -----------------------------------------------------------------------------------------

TASKS = """
import asyncio, sys
import workbench as wb

async def main():
    client = wb.Client(base_url=sys.argv[1], mode=sys.argv[2])
    request = {"model": "claude-haiku-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    print("ready", flush=True)
    sys.stdin.readline()
    replies = await asyncio.gather(*(client.asend(request, draw=int(sys.argv[3])) for _ in range(50)))
    print(len({reply.message.id for reply in replies}), replies[0].message.id, flush=True)

asyncio.run(main())
"""


def ask_from(processes, url, mode="live", draws=(0, 0, 0, 0)):
    """Let processes ask one thing at once; return what each said."""
    running = [started(TASKS, url, mode, draw) for _, draw in zip(range(processes), draws, strict=False)]
    for process in running:
        assert process.stdout.readline() == "ready\n"
    for process in running:
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=30)[0].split() for process in running]
    assert [process.returncode for process in running] == [0] * len(running)
    return said


@pytest.mark.parametrize("mode", ["live", "refresh"])
def test_fifty_tasks_in_four_processes_ask_once(start_emulator, mode):
    """One request, one answer, for all two hundred."""
    server = start_emulator(latency="0.3")

    said = ask_from(4, server.url, mode)

    assert server.ledger()["by_path"]["/v1/messages"] == 1
    assert len({tuple(words) for words in said}) == 1
    assert said[0][0] == "1"


def test_other_draws_are_other_questions(start_emulator):
    """Each is asked once."""
    server = start_emulator(latency="0.3")

    ask_from(4, server.url, draws=(0, 0, 1, 1))

    assert server.ledger()["by_path"]["/v1/messages"] == 2


def test_two_clients_of_one_process_ask_once(start_emulator):
    """Each has flights of its own; the store they share has one."""
    import workbench as wb

    emulator = start_emulator()
    clients = [wb.Client(base_url=emulator.url) for _ in range(2)]
    request = {"model": "claude-haiku-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}

    async def both():
        return await asyncio.gather(*(client.asend(request) for client in clients))

    replies = asyncio.run(both())
    for client in clients:
        client.close()

    assert emulator.ledger()["by_path"]["/v1/messages"] == 1
    assert sorted(reply.source for reply in replies) == ["live", "store"]


def test_a_held_question_is_waited_for(tmp_path, start_emulator):
    """While another process asks, nothing is sent; when it dies, the next one asks."""
    import workbench as wb
    from workbench import record

    emulator = start_emulator()
    request = wb.Request(model="claude-haiku-4-5", max_tokens=9, messages=["Hi"])
    place = tmp_path / "store"
    key = record.key_of(request.key, draw=0, api_version=record.API_VERSION, betas=(), origin="emulator")
    with wb.Client(base_url=emulator.url, store=str(place)) as client:
        client.send(request, draw=1)  # the server is known, the store is there
        with started(HOLDER.replace('"key"', repr(key)), place) as process:
            assert process.stdout.readline() == "True\n"
            replies = []
            thread = threading.Thread(target=lambda: replies.append(client.send(request)))
            thread.start()
            thread.join(timeout=0.3)
            waiting = thread.is_alive(), emulator.ledger()["by_path"]["/v1/messages"]
            process.kill()
            process.wait()
            until(lambda: bool(replies))
            thread.join()

    assert waiting == (True, 1)
    assert replies[0].source == "live"
