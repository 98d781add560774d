"""client/following.py: a run seen by its folder, and what runs leave in a notebook."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

import workbench as wb
from tests import background
from tests.background import study
from tests.commands import ROOT, until
from tests.hostile import NAMES, TEXTS
from workbench.client.following import Following
from workbench.client.running import Running
from workbench.errors import UsageError
from workbench.journal import Journal
from workbench.run import RunInfo
from workbench.show import render
from workbench.show.running import figures
from workbench.show.tally import State

slow = background.slow
ask = background.ask


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
