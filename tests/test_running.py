"""client/running.py: a run in the background, stopped and awaited."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

import workbench as wb
from tests import background
from tests.background import PROMPT, study
from tests.commands import ROOT, until
from workbench.client import Collected, collecting
from workbench.errors import IncompleteError, UsageError
from workbench.run import Run

slow = background.slow
ask = background.ask


@pytest.fixture
def stuck(start_emulator):
    """A server that takes longer than any test."""
    return start_emulator(latency="60")


def asked(server):
    return server.ledger()["by_path"].get("/v1/messages", 0)


def status(folder):
    return json.loads((folder / "run.json").read_text())["status"]


# --- in the background -------------------------------------------------------------------------------


def test_the_cell_is_over_while_the_run_goes_on(ask, slow, tmp_path):
    """It can be looked at meanwhile: figures, and the run as far as it is."""
    running = ask(slow).start(study(), out=tmp_path / "r", concurrency=2)
    at_once = running.done, running.state

    until(lambda: running.progress.done >= 3)
    part = running.run

    assert at_once == (False, "running")
    assert 3 <= len(part) < 12
    assert part.status == "running"
    assert "running in the background" in str(running)
    running.stop()
    running.result(30)


def test_its_result_is_the_run(ask, start_emulator, tmp_path):
    """The same answers and the same files as `run` leaves."""
    client = ask(start_emulator())
    whole = client.run(study(), out=tmp_path / "a")

    running = client.start(study(), out=tmp_path / "b")
    run = running.result(30)

    assert (run.status, running.state, running.done) == ("complete", "complete", True)
    assert [row.text for row in run.rows] == [row.text for row in whole.rows]
    assert {path.name for path in run.folder.iterdir()} == {path.name for path in whole.folder.iterdir()}
    assert str(running) == str(run)
    assert running.run is run


def test_stop_finishes_what_is_in_flight_and_the_rest_can_be_resumed(ask, slow, tmp_path):
    """Every answer that was asked for is kept, nothing is asked twice."""
    client = ask(slow)
    running = client.start(study(), out=tmp_path / "r", concurrency=2)
    until(lambda: running.progress.done >= 3)

    running.stop()
    run = running.result(30)
    before = asked(slow)
    more = client.resume(tmp_path / "r")

    assert (running.state, run.status, status(tmp_path / "r")) == ("interrupted", "interrupted", "complete")
    assert len(run) == before
    assert running.sentence == f"interrupted; client.resume({str(tmp_path / 'r')!r}) goes on"
    assert (more.status, asked(slow)) == ("complete", 12)


def test_a_second_stop_gives_up_what_is_in_flight(ask, stuck, tmp_path):
    """It does not wait for answers that take their time."""
    running = ask(stuck).start(study(), out=tmp_path / "r", concurrency=2)
    until(lambda: asked(stuck) >= 2)

    running.stop()
    until(lambda: running.progress.draining)
    said = running.state, running.sentence
    running.stop()
    run = running.result(20)

    assert said == ("stopping", "finishing 2 calls in flight")
    assert (len(run), run.status) == (0, "interrupted")


def test_stopping_can_be_done_from_any_thread_and_as_often_as_one_likes(ask, slow, tmp_path):
    """Only the first two count; after the end none does."""
    running = ask(slow).start(study(), out=tmp_path / "r", concurrency=2)
    until(lambda: asked(slow) >= 2)

    each = [threading.Thread(target=running.stop) for _ in range(8)]
    for thread in each:
        thread.start()
    for thread in each:
        thread.join()
    run = running.result(30)
    running.stop()

    assert running.state == "interrupted"
    assert status(tmp_path / "r") == "interrupted"
    assert len(run) < 12


def test_a_stop_before_it_began_sends_nothing(ask, stuck, tmp_path):
    """However soon the button is pressed."""
    running = ask(stuck).start(study(), out=tmp_path / "r")
    running.stop()
    running.stop()

    running.result(20)

    assert running.state == "interrupted"


def test_two_stops_count_as_two_however_slow_the_disk(ask, stuck, tmp_path, monkeypatch):
    """The run's first files may take longer than the pause between both stops."""
    monkeypatch.setattr("workbench.runner.folder.sync_folder", lambda _: time.sleep(0.2))
    running = ask(stuck).start(study(), out=tmp_path / "r")
    running.stop()
    running.stop()

    running.result(20)

    assert running.state == "interrupted"


def test_what_run_raises_result_raises(ask, start_emulator, tmp_path):
    """Each time it is asked; what was answered is kept and the state says why."""
    running = ask(start_emulator()).start(study(), out=tmp_path / "r", budget_usd="0.0003", concurrency=1)

    for _ in range(2):
        with pytest.raises(IncompleteError, match="budget"):
            running.result(30)

    assert running.state == "stopped"
    assert running.sentence.startswith("stopped: the budget of $0.0003 is used up")
    assert 0 < len(running.run) < 12


def test_what_is_known_before_anything_is_sent_is_raised_at_once(ask, start_emulator, tmp_path):
    """A wrong option, and a study the service would refuse."""
    server = start_emulator()
    client = ask(server)

    with pytest.raises(UsageError, match="no option 'concurency'; did you mean 'concurrency'"):
        client.start(study(), concurency=3)
    with pytest.raises(wb.WorkbenchError, match="the service would refuse"):
        client.start(study(variants=PROMPT.with_(effort="high")), out=tmp_path / "r")

    assert asked(server) == 0


def test_waiting_no_longer_leaves_it_going_on(ask, slow, tmp_path):
    """A time that is over, and the kernel's interrupt, end the waiting alone."""
    running = ask(slow).start(study(40), out=tmp_path / "r", concurrency=2)

    with pytest.raises(TimeoutError, match=r"of 40 done after 0\.01 s; it goes on"):
        running.result(0.01)
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt, match="the run goes on"):
        running.result()

    assert running.state == "running"
    running.stop()
    assert running.result(30).status == "interrupted"


def test_it_can_be_awaited_from_any_loop_and_a_cancelled_wait_leaves_it_going_on(ask, slow, tmp_path):
    """As a cell of a notebook does."""
    running = ask(slow).start(study(), out=tmp_path / "r", concurrency=4)

    async def cell():
        task = asyncio.ensure_future(running)
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        going_on = not running.done
        return going_on, await running

    going_on, run = asyncio.run(cell())

    assert going_on
    assert run.status == "complete"


def test_whoever_listens_hears_of_it_to_the_end_and_cannot_break_it(ask, slow, tmp_path, caplog):
    """A failing listener is named in the log; the last call comes when all is over."""
    running = ask(slow).start(study(), out=tmp_path / "r", concurrency=2)
    heard: list[str] = []
    running.listen(lambda: 1 / 0)
    running.listen(lambda: heard.append(running.state))

    run = running.result(30)
    until(lambda: "complete" in heard)

    assert run.status == "complete"
    assert heard[-1] == "complete"
    assert "who listens to a run failed: ZeroDivisionError" in caplog.messages


def test_events_are_told_as_by_run(ask, start_emulator, tmp_path):
    """`on_event` is an option as any other."""
    heard: list[Any] = []

    ask(start_emulator()).start(study(3), out=tmp_path / "r", on_event=heard.append).result(30)

    assert sorted(event.kind for event in heard) == ["finished"] * 3 + ["started"] * 3


def test_a_process_that_ends_stops_its_run(start_emulator, tmp_path):
    """Quietly: exit 0, nothing on stderr, and the folder says how far it came."""
    server = start_emulator(latency="0.1")
    code = (
        "import sys, time, workbench as wb\n"
        "study = wb.Eval('sums', dataset=[str(n) for n in range(40)], scorers=[wb.score.length()],\n"
        "    variants=wb.Prompt('Say {{input}}', model='claude-haiku-4-5', max_tokens=9))\n"
        "client = wb.Client(base_url=sys.argv[1], mode='off')\n"
        "running = client.start(study, out=sys.argv[2], concurrency=2)\n"
        "while running.progress.done < 4: time.sleep(0.01)\n"
    )

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, server.url, str(tmp_path / "r")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert status(tmp_path / "r") == "interrupted"
    assert 4 <= len(Run.load(tmp_path / "r")) < 40


def test_a_file_that_starts_a_study_defines_it(ask, start_emulator):
    """`workbench run FILE` notes it, as with `run`."""
    client = ask(start_emulator())
    token = collecting.set([])

    try:
        with pytest.raises(Collected):
            client.start(study(), concurrency=3)
        noted = collecting.get() or []
    finally:
        collecting.reset(token)

    assert noted[0][2] == {"mode": None, "concurrency": 3}


# --- awaited -----------------------------------------------------------------------------------------


def test_arun_is_run_awaited(ask, start_emulator, tmp_path):
    """From any loop."""
    run = asyncio.run(ask(start_emulator()).arun(study(), out=tmp_path / "r"))

    assert (run.status, len(run)) == ("complete", 12)


def test_arun_raises_as_run(ask, start_emulator, tmp_path):
    """The same errors."""
    with pytest.raises(IncompleteError, match="budget"):
        asyncio.run(ask(start_emulator()).arun(study(), out=tmp_path / "r", budget_usd="0.0003"))


def test_an_interrupted_await_leaves_a_partial_run_that_can_be_resumed(ask, slow, tmp_path):
    """The kernel cancels the cell: what is in flight is finished, marked and kept, and the error says how to go on."""  # noqa: E501
    client, folder = ask(slow), tmp_path / "r"

    async def cell():
        task = asyncio.ensure_future(client.arun(study(), out=folder, concurrency=2))
        await asyncio.to_thread(until, lambda: asked(slow) >= 4)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError, match="goes on"):
        asyncio.run(cell())
    kept, before = len(Run.load(folder)), asked(slow)
    more = client.resume(folder)

    assert (kept, before) == (before, kept)
    assert 4 <= kept < 12
    assert (more.status, asked(slow)) == ("complete", 12)


def test_a_second_interrupt_of_an_await_stops_at_once(ask, stuck, tmp_path):
    """Whoever asks twice is not kept waiting."""
    folder = tmp_path / "r"

    async def cell():
        task = asyncio.ensure_future(ask(stuck).arun(study(), out=folder, concurrency=2))
        await asyncio.to_thread(until, lambda: asked(stuck) >= 2)
        task.cancel()
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.wait([task], timeout=20)
        return task.cancelled()

    assert asyncio.run(cell())
    assert status(folder) == "interrupted"


def test_a_cancellation_out_of_a_signal_is_heard_though_the_loop_sleeps(ask, stuck, tmp_path):
    """A kernel's interrupt cancels the cell from a signal handler, and that wakes no loop."""
    folder = tmp_path / "r"

    async def cell():
        task = asyncio.ensure_future(ask(stuck).arun(study(), out=folder, concurrency=2))
        await asyncio.to_thread(until, lambda: asked(stuck) >= 2)
        before = signal.signal(signal.SIGALRM, lambda *_: task.cancel())
        signal.setitimer(signal.ITIMER_REAL, 0.1, 0.3)  # again and again, as whoever is in a hurry
        try:
            await asyncio.wait([task])
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        return task.cancelled()

    assert asyncio.run(cell())
    assert status(folder) == "interrupted"
