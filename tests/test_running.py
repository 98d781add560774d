"""client/running.py and following.py: a run in the background, stopped, awaited, and seen by its folder."""

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
from tests.commands import ROOT, until
from tests.hostile import NAMES, TEXTS
from workbench.client import Collected, collecting
from workbench.client.following import Following
from workbench.client.running import Running
from workbench.errors import IncompleteError, UsageError
from workbench.journal import Journal
from workbench.run import Run, RunInfo
from workbench.show import render
from workbench.show.running import figures
from workbench.show.tally import State

PROMPT = wb.Prompt("Solve: {{input}}", model="claude-haiku-4-5", max_tokens=20)


def study(n=12, name="sums", **changes):
    data = [{"id": f"s{i}", "input": f"{i} + 2", "target": str(i + 2)} for i in range(n)]
    given = {"dataset": data, "variants": PROMPT, "scorers": [wb.score.number()], **changes}
    return wb.Eval(name, **given)


@pytest.fixture
def slow(start_emulator):
    """A server that takes a tenth of a second."""
    return start_emulator(latency="0.1")


@pytest.fixture
def stuck(start_emulator):
    """A server that takes longer than any test."""
    return start_emulator(latency="60")


@pytest.fixture
def ask():
    """Make clients; they are closed with the test."""
    made = []

    def client(server):
        made.append(wb.Client(base_url=server.url, mode="off"))
        return made[-1]

    yield client
    for one in made:
        one.close()


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


# --- by its folder -----------------------------------------------------------------------------------


@pytest.fixture
def written(ask, start_emulator, tmp_path, monkeypatch):
    """A run of which a part is there and the rest can be written, as another process would."""
    monkeypatch.setattr(Following, "interval_s", 0.02)
    whole = ask(start_emulator()).run(study(6), out=tmp_path / "whole")
    folder = tmp_path / "r"
    folder.mkdir()
    RunInfo(**{**whole.info.__dict__, "status": "running", "finished": None}).save(folder)
    return folder, [row.record() for row in whole.rows]


def wrong(record):
    error = {"type": "overloaded_error", "message": "try later"}
    return {**record, "type": "error", "message": None, "error": error}


def test_the_run_of_another_process_is_followed_to_its_end(written):
    """Its journal is read on as it grows; nothing is written to it."""
    folder, records = written
    with Journal.open(folder / "journal.jsonl") as journal:
        for record in records[:3]:
            journal.append(record)
        journal.sync()
        running = Running.attach(folder)
        seen = running.state, running.progress.done, running.progress.total, running.stoppable
        with pytest.raises(UsageError, match="stop it there"):
            running.stop()
        for record in records[3:]:
            journal.append(record)
        journal.sync()
        until(lambda: running.progress.done == 6)
        going_on = not running.done
        RunInfo(**{**RunInfo.load(folder).__dict__, "status": "complete"}).save(folder)

    run = running.result(30)

    assert seen == ("running", 3, 6, False)
    assert going_on
    assert (running.state, run.status, len(run)) == ("complete", "complete", 6)


def test_a_run_whose_process_was_killed_says_so_and_how_to_go_on(written):
    """Nobody holds its journal, and it never said that it ended."""
    folder, records = written
    with Journal.open(folder / "journal.jsonl") as journal:
        journal.append(records[0])

    running = Running.attach(folder)

    assert (running.done, running.state, running.progress.done) == (True, "killed", 1)
    assert "killed; client.resume(" in str(running)
    assert len(running.result()) == 1


def test_a_half_written_record_is_counted_when_it_is_whole(written):
    """Neither lost nor counted twice."""
    folder, records = written
    path = folder / "journal.jsonl"
    with Journal.open(path) as journal:
        for record in records[:2]:
            journal.append(record)
        journal.sync()
        whole = path.read_bytes()
        following = Following(folder)
        with path.open("ab") as file:
            file.write(whole[: len(whole) // 4])
        before = following.look(), following.state.done
        with path.open("r+b") as file:
            file.truncate(len(whole))
        journal.append(records[2])
        journal.sync()
        following.look()

    assert before == (False, 2)
    assert following.state.done == 3


def test_an_answer_takes_the_place_of_an_earlier_error(written):
    """As in the run itself; what was answered first stays."""
    folder, records = written
    with Journal.open(folder / "journal.jsonl") as journal:
        for record in (
            wrong(records[0]),
            wrong(records[1]),
            wrong(records[1]),
            records[0],
            wrong(records[0]),
        ):
            journal.append(record)

    state = Running.attach(folder).progress

    assert (state.done, state.errors, state.asked) == (2, 1, 1)
    assert [(kind, fault.count) for kind, fault in state.faults.items()] == [("overloaded_error", 1)]


def test_the_run_of_this_process_is_found_by_its_folder(ask, slow, tmp_path):
    """With its Stop."""
    running = ask(slow).start(study(), out=tmp_path / "r", concurrency=2)
    until((tmp_path / "r" / "run.json").exists)

    assert Running.attach(tmp_path / "r") is running
    running.stop()
    running.result(30)
    assert Running.attach(tmp_path / "r").state == "interrupted"


def test_a_folder_without_a_run_is_said(tmp_path):
    """And named."""
    with pytest.raises(UsageError, match="no run here"):
        Running.attach(tmp_path)


# --- shown -------------------------------------------------------------------------------------------


def test_what_is_saved_in_a_notebook_says_when_and_how_to_go_on(written):
    """Static: the bar with its values, words, and, once it is over, the table."""
    folder, records = written
    with Journal.open(folder / "journal.jsonl") as journal:
        journal.append(records[0])
        journal.sync()
        going = render(Running.attach(folder)) or ""

    over = render(Running.attach(folder)) or ""

    assert 'role="progressbar"' in going
    assert "When this was shown: running in another process" in going
    assert "killed" in over
    assert "goes on" in over
    assert "<table" in over


class Going:
    """A run as a view needs it, all of whose words are hostile."""

    def __init__(self, words):
        self.progress = State(words, 2, size=words, note=words)
        self.state, self.sentence, self.done, self.stoppable = "running", words, False, True


@pytest.mark.parametrize("hostile", TEXTS, ids=NAMES)
def test_words_for_the_live_view_hide_nothing(hostile):
    """They are put into the page as text; what would be invisible is shown."""
    going: Any = Going(hostile)

    made = figures(going)

    said = [value for value in made.values() if isinstance(value, str)]
    assert not any(character in "\u202e\u200b\x1b\x00" for each in said for character in each)


# --- what a plain run leaves in a notebook -------------------------------------------------------------


def test_the_last_output_of_a_cell_is_the_same_at_each_replay(ask, start_emulator, tmp_path, monkeypatch):
    """Byte for byte: what is committed with a notebook does not change when it is run again."""
    from types import SimpleNamespace

    from IPython import display

    from workbench.show import progress

    shown: list[dict[str, str]] = []
    handle = SimpleNamespace(update=lambda bundle, raw: shown.append(bundle))
    monkeypatch.setattr(display, "display", lambda bundle, raw, display_id: handle)
    monkeypatch.setattr(progress, "in_notebook", lambda: True)
    server = start_emulator(latency="0.02")
    last = []

    for attempt, concurrency in enumerate((8, 1, 5)):
        with wb.Client(base_url=server.url, mode="live", store=tmp_path / "store") as client:
            client.run(study(), out=tmp_path / str(attempt), concurrency=concurrency)
        last.append(shown[-1])

    assert last[1] == last[2]
    assert "12 from the store   saved: store" in last[1]["text/plain"]
    assert "12 asked of the emulator" in last[0]["text/plain"]
    assert not any(word in last[0]["text/plain"] for word in ("ETA", "answers/"))


def test_a_plain_run_loads_neither_widgets_nor_pandas_nor_charts(start_emulator, tmp_path):
    """They are for those who look at it."""
    code = (
        "import sys, workbench as wb\n"
        "study = wb.Eval('sums', dataset=['1', '2'], scorers=[wb.score.length()],\n"
        "    variants=wb.Prompt('Say {{input}}', model='claude-haiku-4-5', max_tokens=9))\n"
        "wb.Client(base_url=sys.argv[1], mode='off').run(study, out=sys.argv[2])\n"
        "heavy = {'pandas', 'ipywidgets', 'anywidget', 'matplotlib', 'IPython'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", code, start_emulator().url, str(tmp_path / "r")]

    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)

    assert (done.stdout, done.stderr) == ("[]\n", "")
