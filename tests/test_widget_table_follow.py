"""The result table of a run that another process writes: followed, killed, resumed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

import workbench as wb
from tests.commands import ROOT
from tests.tables import info, large_run, row, tables, until
from workbench.journal import frame
from workbench.locks import lock_file
from workbench.run import JOURNAL, Run
from workbench.widgets.table.follow import Followed


@pytest.fixture
def shown():
    """Make tables whose threads end with the test."""
    with tables() as show:
        yield show


class Going:
    """A run that is still written: its journal is held, as whoever writes it does."""

    def __init__(self, folder, rows=20):
        self.folder, self.rnd, self.index = folder, random.Random(1), 0
        folder.mkdir()
        self.info = info(rows, status="running")
        self.hold()
        self.info.save(folder)

    def hold(self):
        self.held = os.open(self.folder / JOURNAL, os.O_RDWR | os.O_CREAT, 0o600)
        lock_file(self.held)

    def killed(self):
        """Let go without a word."""
        if self.held >= 0:
            os.close(self.held)
            self.held = -1

    def write(self, count, *, torn=b""):
        self.put(*(self.next() for _ in range(count)), torn=torn)

    def put(self, *results, torn=b""):
        with (self.folder / JOURNAL).open("ab") as file:
            file.write(b"".join(frame(result.record()) for result in results) + torn)

    def next(self):
        self.index += 1
        return row(self.index - 1, self.rnd)

    def end(self):
        replace(self.info, status="complete").save(self.folder)
        self.killed()


@pytest.fixture
def begin():
    """Begin runs; nobody holds their journals after the test."""
    made = []

    def going(folder, **options) -> Going:
        made.append(Going(folder, **options))
        return made[-1]

    yield going
    for one in made:
        one.killed()


@pytest.fixture
def at_once(monkeypatch):
    """Look at the journal without waiting a second."""
    monkeypatch.setattr("workbench.widgets.table.work.FOLLOW_S", 0.01)


@pytest.mark.usefixtures("at_once")
def test_a_running_study_is_followed(shown, begin, tmp_path):
    """New answers come in, the view says how far it is; at the end the header is the run's own."""
    going = begin(tmp_path / "run")
    going.write(5)
    table = shown(tmp_path / "run")
    table.hear("ready")
    assert table.last("state")["running"] == "running, 5 of 40"

    going.write(30)
    until(lambda: table.last("view")["lines"] == 35)
    going.write(5)
    going.end()
    until(lambda: table.last("state")["running"] == "")

    assert table.last("view")["lines"] == 40
    assert table.run.rows == Run.load(tmp_path / "run").rows
    assert str(table.run.summary()) == str(Run.load(tmp_path / "run").summary())
    table._background.wake()


@pytest.mark.usefixtures("at_once")
def test_a_record_that_is_being_written_is_read_when_it_is_whole(shown, begin, tmp_path):
    """A torn tail is no damage while the run goes on."""
    going = begin(tmp_path / "run")
    line = frame(going.next().record())
    going.write(0, torn=line[:50])
    table = shown(tmp_path / "run")
    table.hear("ready")
    assert len(table.filtered) == 0

    with (tmp_path / "run" / JOURNAL).open("ab") as file:
        file.write(line[50:])

    until(lambda: table.last("view")["lines"] == 1)


@pytest.mark.usefixtures("at_once")
def test_an_answer_takes_the_place_of_an_error(shown, begin, tmp_path):
    """As in a run that is loaded whole; what was sorted and searched knows it."""
    going = begin(tmp_path / "run")
    going.index = 99
    failed = going.next()
    going.put(failed)
    table = shown(tmp_path / "run")
    table.hear("ready")
    assert table.asked("query", "view", search="overloaded")["count"] == 1
    mended = replace(large_run(2).rows[1], index=99, sample_id=failed.sample_id)
    going.put(mended)

    until(lambda: table.last("view")["lines"] == 0)
    assert table.asked("query", "view", only="errors")["count"] == 0
    assert table.asked("query", "view", search=mended.text[:20])["count"] == 1


@pytest.mark.usefixtures("at_once")
def test_a_row_that_is_open_stays_where_rows_come_in(shown, begin, tmp_path):
    """Positions never change, whatever is written after them."""
    going = begin(tmp_path / "run")
    going.write(4)
    table = shown(tmp_path / "run")
    table.hear("ready")
    table.asked("query", "view", group="variant")
    table.asked("fold", "view", group=1, opened=True)
    title = table.asked("open", "opened", position=3)["title"]

    going.write(4)
    until(lambda: table.last("view")["count"] == 8)

    assert table._arranged.opened == {1}
    assert table.asked("open", "opened", position=3)["title"] == title


# --- killed, and resumed -------------------------------------------------------------------------------

KILLED = """
import sys, workbench as wb
data = [{"id": f"s{i}", "input": f"{i} + 2", "target": str(i + 2)} for i in range(24)]
prompt = wb.Prompt("Solve: {{input}}", model="claude-haiku-4-5", max_tokens=20)
study = wb.Eval("sums", dataset=data, variants=prompt, scorers=[wb.score.number()])
wb.Client(base_url=sys.argv[1], mode="off").run(study, out=sys.argv[2], concurrency=2)
"""


@pytest.mark.usefixtures("at_once")
def test_a_run_that_was_killed_says_so_and_is_followed_when_it_is_resumed(shown, start_emulator, tmp_path):
    """A real process, killed in the middle: ``run.json`` says that it runs, and nobody writes its journal."""
    server, folder = start_emulator(latency="0.1"), tmp_path / "run"
    command = [sys.executable, "-c", KILLED, server.url, str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL, start_new_session=True) as process:
        until(lambda: (folder / JOURNAL).exists() and (folder / JOURNAL).stat().st_size > 4000)
        table = shown(folder)
        table.hear("ready")
        assert table.last("state")["running"].startswith("running, ")
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)

    said = until(lambda: (words := table.last("state")["running"]).startswith("killed at ") and words)
    kept = len(Run.load(folder))
    assert said == f"killed at {kept} of 24; client.resume({str(folder)!r}) goes on"
    assert f"killed at {kept} of 24" in table._repr_mimebundle_()["text/html"]
    assert table.last("view")["lines"] == kept

    with wb.Client(base_url=server.url, mode="off") as client:
        run = client.resume(folder, concurrency=8)

    until(lambda: table.last("state")["running"] == "")
    assert table.last("view")["lines"] == len(run) == 24


def test_a_run_that_was_loaded_is_no_longer_told_to_be_running(shown, begin, tmp_path):
    """The table of a `Run` says what a folder would; of one that goes on, that it does not follow it."""
    going = begin(tmp_path / "run")
    going.write(3)
    table = shown(Run.load(tmp_path / "run"))
    table.hear("ready")
    assert table.last("state")["running"] == "running, 3 of 40; ResultTable(folder) would follow it"

    going.killed()
    table.hear("ready")

    assert table.last("state")["running"].startswith("killed at 3 of 40; client.resume(")


@pytest.mark.usefixtures("at_once")
def test_nobody_takes_the_lock_of_a_killed_run_while_nothing_moves(shown, begin, tmp_path, monkeypatch):
    """Who resumes it needs that lock, and would be told that the run is in use."""
    going = begin(tmp_path / "run")
    going.write(3)
    going.killed()
    table = shown(tmp_path / "run")
    tried: list[object] = []
    looked: list[int] = []
    moved = Followed.moved

    def in_use(path: object) -> bool:
        tried.append(path)
        return False

    def looks(self: Followed) -> bool:
        looked.append(1)
        return bool(moved(self))

    monkeypatch.setattr("workbench.widgets.table.follow.in_use", in_use)
    monkeypatch.setattr(Followed, "moved", looks)
    table.hear("ready")

    until(lambda: len(looked) > 5)

    assert tried == []


@pytest.mark.usefixtures("at_once")
def test_rows_of_the_other_run_leave_when_this_one_goes_on(shown, begin, tmp_path):
    """An interrupted run shows what only the other one has; resumed, its own answers take those places."""
    going = begin(tmp_path / "run")
    going.write(4)
    replace(going.info, status="interrupted").save(tmp_path / "run")
    going.killed()
    table = shown(tmp_path / "run", against=large_run(40))
    table.hear("ready")
    until(lambda: table.last("figures"))
    assert table.asked("query", "view", search="ticket")["count"] == 40
    assert table.asked("query", "view", only="there")["count"] == 36
    table.asked("query", "view")

    going.hold()
    going.info.save(tmp_path / "run")
    going.write(6)
    until(lambda: table.last("view")["lines"] == 10)
    assert table.asked("query", "view", search="ticket")["count"] == 10
    going.end()

    until(lambda: table.last("view")["lines"] == 40)
    assert table.asked("query", "view", only="there")["count"] == 30
    until(lambda: table._work.words() == "" and table.run.status == "complete")
    assert str(table.run.receipt()) == str(Run.load(tmp_path / "run").receipt())
