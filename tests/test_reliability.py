"""Process, disk, clock: what the store and a client survive beside a bad service."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.benchmarks.faults import server
from tests.test_cache import reply, request, text_of
from workbench.cache import Store
from workbench.client import Client
from workbench.transport import Limits

BODY = {"model": "claude-haiku-4-5", "max_tokens": 40, "messages": ["What is 2 + 3?"]}
DAY_S = 86_400.0


def python(code: str, *words: str) -> subprocess.Popen[str]:
    """Start a process that can import the tests."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *words], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )


# --- the store ---------------------------------------------------------------------------------------

WRITER = """
import sys
from tests.test_cache import Store, reply, request
store, letter = Store(sys.argv[1]), sys.argv[2]
store.put(reply(request("one"), letter * 20_000))
print("begun", flush=True)
while True:
    store.put(reply(request("one"), letter * 20_000))
"""


def test_two_writers_of_one_key_never_mix_and_never_hide_it(tmp_path):
    """Two processes write the same key without a pause: every read finds one of the two, whole."""
    writers = [python(WRITER, str(tmp_path / "kept"), letter) for letter in "ab"]
    try:
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "begun\n"
        store = Store(tmp_path / "kept")
        seen = [text_of(store, "one") for _ in range(300)]
        store.close()
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()

    assert set(seen) <= {"a" * 20_000, "b" * 20_000}


BIG_WRITER = """
import sys
from tests.test_cache import Store, reply, request
store = Store(sys.argv[1])
for n in range(100000):
    store.put(reply(request(f"{sys.argv[2]}/{n}"), "x" * 300_000))
    print(n, flush=True)
"""


def test_kills_in_the_middle_of_large_values_leave_no_orphans(tmp_path):
    """Large values too are in the database: after the next open there is no file that nobody owns."""
    kept: list[str] = []
    for kill in range(3):
        with python(BIG_WRITER, str(tmp_path / "kept"), str(kill)) as writer:
            assert writer.stdout is not None
            last = [int(writer.stdout.readline()) for _ in range(4 + kill)][-1]
            writer.kill()
        kept += [f"{kill}/{n}" for n in range(last + 1)]

    store = Store(tmp_path / "kept")

    assert [text for text in kept if text_of(store, text) is None] == []
    names = {path.name for path in store.path.rglob("*") if path.is_file()}
    assert names <= {"cache.db", "cache.db-wal", "cache.db-shm", *(n for n in names if n.endswith(".txt"))}
    store.close()


@pytest.mark.parametrize("says", ["locking protocol", "unable to open database file", "disk I/O error"])
def test_a_file_system_that_cannot_lock_is_done_without(tmp_path, monkeypatch, emulator, says):
    """Said once; the client answers all the same, unkept."""

    def no_locks(*_args: object, **_more: object) -> None:
        raise sqlite3.OperationalError(says)

    monkeypatch.setattr("workbench.cache.disk.Database", no_locks)

    with (
        Client(base_url=emulator.url, store=tmp_path / "kept") as client,
        pytest.warns(UserWarning, match="without the store") as told,
    ):
        sources = [client.send(BODY).source for _ in range(2)]

    assert sources == ["live", "live"]
    assert len(told) == 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_can_only_be_read_is_read(tmp_path):
    """What is in it is found; new replies are not kept, which is said."""
    first = Store(tmp_path / "kept")
    first.put(reply(request()))
    first.close()
    for path in first.path.iterdir():
        path.chmod(0o400)
    first.path.chmod(0o500)

    store = Store(first.path)
    try:
        with pytest.warns(UserWarning, match="can only be read"):
            assert text_of(store, "Hi") == "Hello."
        assert not store.put(reply(request("b")))
    finally:
        store.close()
        first.path.chmod(0o700)


# --- clocks ------------------------------------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch):
    """Move the wall clock: ``clock.ahead_s``."""
    right = time.time

    class Clock:
        ahead_s = 0.0

    moved = Clock()
    monkeypatch.setattr(time, "time", lambda: right() + moved.ahead_s)
    return moved


@pytest.mark.parametrize("ahead_s", [DAY_S, -DAY_S, 400 * DAY_S], ids=["day", "day-back", "year"])
def test_nothing_expires_when_the_clock_jumps(tmp_path, clock, ahead_s):
    """What was paid for stays, whatever day it is."""
    store = Store(tmp_path / "kept")
    store.put(reply(request()))

    clock.ahead_s = ahead_s

    assert text_of(store, "Hi") == "Hello."
    store.put(reply(request("b")))
    store.close()
    assert text_of(Store(tmp_path / "kept"), "Hi") == "Hello."


@pytest.mark.parametrize("jump_s", [DAY_S, -DAY_S], ids=["day", "day-back"])
def test_a_wait_is_as_long_as_it_is_whatever_the_clock_says(start_emulator, clock, jump_s):
    """Waits and deadlines are counted on a clock that does not jump."""
    running = start_emulator(faults="http_429_ms:1:1")
    began = time.monotonic()

    with Client(base_url=running.url, store=False, timeout_s=20) as client:
        client.send({**BODY, "max_tokens": 41})
        clock.ahead_s = jump_s
        answer = client.send(BODY)

    assert (answer.text, answer.timing.attempts) == ("2 + 3 = 5", 2)
    assert 0.2 <= answer.timing.queue_s < 5
    assert time.monotonic() - began < 15


@pytest.mark.parametrize("ahead_s", [3600.0, -3600.0], ids=["fast", "slow"])
def test_a_date_to_wait_for_is_read_on_the_services_own_clock(clock, ahead_s):
    """A clock here that is an hour wrong makes no wait of an hour, nor none."""
    clock.ahead_s = ahead_s

    with server("http_429_date:1:1", 0) as url, Client(base_url=url, store=False) as client:
        answer = client.send(BODY)

    assert answer.timing.attempts == 2
    assert answer.timing.queue_s < 4


# --- forks -------------------------------------------------------------------------------------------

FORKED = """
import os, sys
from workbench.client import Client
body = {"model": "claude-haiku-4-5", "max_tokens": 40, "messages": ["What is 2 + 3?"]}
with Client(base_url=sys.argv[1], store=sys.argv[2]) as client:
    client.send(body)
    child = os.fork()
    if child == 0:
        texts = {client.send({**body, "messages": [f"What is {n} + 3?"]}).text for n in range(20)}
        os._exit(len(texts) + 100 * (client.send(body).source != "store"))
    texts = {client.send({**body, "messages": [f"What is {n} + 4?"]}).text for n in range(20)}
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), len(texts), len(client.store))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_client_is_not_shared_over_a_fork(emulator, tmp_path):
    """The child has connections of its own, and leaves the parent's alone: both get answers."""
    with python(FORKED, emulator.url, str(tmp_path / "kept")) as forked:
        try:
            out, _ = forked.communicate(timeout=20)
        finally:
            forked.kill()

    assert out == "20 20 40\n"  # 2 + 3 was asked before the fork


# --- silence -----------------------------------------------------------------------------------------


def test_a_client_is_back_soon_after_a_service_that_hangs(start_emulator):
    """The idle timeout is the caller's; nothing is left waiting when the client closes."""
    running = start_emulator(faults="hang_no_response:1:1")
    began = time.monotonic()

    with Client(base_url=running.url, store=False, limits=Limits(idle_s=0.3)) as client:
        assert client.send(BODY).timing.lost == 1

    assert time.monotonic() - began < 10
