"""A run and its folder: nothing lost, a killed run resumed, and a disk that is full."""

from __future__ import annotations

import asyncio
import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import disk
from tests.runs import DATA, STUDY, A, B, Service, answer, go
from workbench import files
from workbench.dataset import Dataset
from workbench.errors import AuthenticationError, DiskFullError, InternalServerError, JournalError, UsageError
from workbench.evaluation import Eval
from workbench.journal import Journal, frame, read
from workbench.run import JOURNAL, Run
from workbench.runner import run
from workbench.score import exact


@pytest.fixture
def whole(tmp_path_factory):
    """A complete run of the study."""
    return go(Service(), tmp_path_factory.mktemp("whole") / "run")


def test_an_answer_is_on_disk_before_it_counts(tmp_path):
    """At each `finished` event a fresh reader finds the answer in the journal."""
    seen: list[bool] = []

    def look(event):
        if event.kind == "finished":
            records, _ = read(tmp_path / "run" / JOURNAL)
            seen.append(any(r["type"] == "answer" and r["index"] == event.result.index for r in records))

    go(Service(), tmp_path / "run", on_event=look)

    assert seen == [True] * 20


def test_the_intent_is_on_disk_before_the_request_leaves(tmp_path):
    """After a kill, what was in flight is known."""
    path = tmp_path / "run" / JOURNAL

    async def send(request, *, draw, permit):
        async with permit(request):
            assert any(r["type"] == "intent" and r["key"] == request.key for r in read(path)[0])
            return answer(request, draw=draw)

    assert len(go(send, tmp_path / "run")) == 20


def test_one_fsync_serves_many(tmp_path, monkeypatch):
    """50 answers that arrive together are committed together."""
    syncs: list[int] = []
    monkeypatch.setattr(os, "fsync", syncs.append)
    study = Eval(
        "big",
        dataset=Dataset.load([{"input": f"{i} + 1", "target": "1"} for i in range(500)]),
        variants=A,
        scorers=[exact()],
    )

    go(Service(source="store", wait=None), tmp_path / "run", study, concurrency=50)

    assert len(syncs) < 60


def test_answers_that_waited_for_space_count_once_they_are_written(tmp_path, monkeypatch):
    """A write that failed and worked a moment later lost nothing, in the table neither."""
    disk.fill(monkeypatch, 4000, times=1)
    service = Service()
    with pytest.raises(DiskFullError, match="no space left"):
        go(service, tmp_path / "run", concurrency=1)

    assert 3 < len(service.asked) < 20
    assert f"{len(service.asked)} replies" in (tmp_path / "run" / "table.txt").read_text()
    assert len(Run.load(tmp_path / "run")) == len(service.asked)


def test_a_folder_with_a_run_is_not_overwritten(tmp_path):
    """Resume it, or give another folder."""
    go(Service(), tmp_path / "run")

    with pytest.raises(UsageError, match="holds a run already"):
        go(Service(), tmp_path / "run")


@pytest.mark.parametrize(
    ("study", "message"),
    [
        (STUDY.limit(3), "its dataset has other samples \\(10 then, 3 now\\)"),
        (Eval("sums", dataset=DATA, variants=[A], scorers=[exact()]), "its variants were a, b"),
        (
            Eval("sums", dataset=DATA, variants=[A, B.with_(max_tokens=8)], scorers=[exact()]),
            "prompt of 'b' changed",
        ),
    ],
    ids=["dataset", "variants", "prompt"],
)
def test_another_study_is_not_resumed(tmp_path, study, message):
    """Answers to other questions are not mixed in; the message says what differs."""
    go(Service(), tmp_path / "run")

    with pytest.raises(UsageError, match=message):
        go(Service(), tmp_path / "run", study, resume=True)


def test_two_at_once_are_refused(tmp_path):
    """The journal is locked by whoever writes it."""
    go(Service(), tmp_path / "run")

    with Journal.open(tmp_path / "run" / JOURNAL), pytest.raises(JournalError, match="in use"):
        go(Service(), tmp_path / "run", resume=True)


def test_resuming_a_complete_run_asks_nothing(tmp_path):
    """All is there."""
    first = go(Service(), tmp_path / "run")
    service = Service()

    again = go(service, tmp_path / "run", resume=True)

    assert service.asked == []
    assert str(again) == str(first)


def test_errors_are_asked_again_on_resume(tmp_path):
    """An answer replaces the error."""
    go(Service(lambda n: InternalServerError("oops", status=500) if n < 4 else None), tmp_path / "run")
    service = Service()

    again = go(service, tmp_path / "run", resume=True)

    assert len(service.asked) == 3
    assert (len(again), again.errors) == (20, ())


def _cuts():
    """Every record boundary of the journal of a complete run: 20 intents and 20 answers."""
    return range(41)


@pytest.mark.parametrize("records", _cuts())
def test_a_killed_run_resumes_to_the_same_table(tmp_path, whole, records):
    """Cut the journal after any record, as a kill does: resume asks what is open and the tables are equal."""
    lines = (whole.folder / JOURNAL).read_bytes().splitlines(keepends=True)
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "run.json").write_bytes((whole.folder / "run.json").read_bytes())
    (folder / JOURNAL).write_bytes(b"".join(lines[:records]) + b"5ab1 33 {torn")
    answered = sum(b'"type":"answer"' in line for line in lines[:records])
    service = Service()

    again = go(service, folder, resume=True)

    assert len(service.asked) == 20 - answered
    assert again.summary().to_csv() == whole.summary().to_csv()
    assert (folder / "table.txt").read_bytes() == (whole.folder / "table.txt").read_bytes()


def test_calls_in_flight_at_a_kill_are_perhaps_paid(tmp_path, whole):
    """Intents without an end are counted apart, also after the resume."""
    lines = (whole.folder / JOURNAL).read_bytes().splitlines(keepends=True)
    intents = [line for line in lines if b'"type":"intent"' in line]
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "run.json").write_bytes((whole.folder / "run.json").read_bytes())
    (folder / JOURNAL).write_bytes(b"".join(intents[:3]))

    again = go(Service(), folder, resume=True)

    assert again.info.perhaps_paid == Run.load(folder).info.perhaps_paid == 3
    assert "3 calls cut off" in str(again.receipt())


def test_the_tables_of_live_and_replay_are_the_same_bytes(tmp_path):
    """Where an answer came from is no part of what it says; the receipt tells it."""
    live = go(Service(source="live"), tmp_path / "live")
    replay = go(Service(source="store", wait=None), tmp_path / "replay")

    for name in ("table.txt", "table.csv"):
        assert (live.folder / name).read_bytes() == (replay.folder / name).read_bytes()
    assert (live.receipt().live, replay.receipt().live) == (20, 0)


def test_a_full_disk_stops_sending_at_once(tmp_path, monkeypatch):
    """No answer is paid for that cannot be kept; what was written stays; with space again the run goes on."""
    disk.fill(monkeypatch, 4000)
    service = Service()
    with pytest.raises(DiskFullError, match="no space left"):
        go(service, tmp_path / "run", concurrency=1)
    monkeypatch.undo()
    kept = Run.load(tmp_path / "run")
    again = Service()
    resumed = go(again, tmp_path / "run", resume=True)

    assert 3 < len(kept) < 20
    assert len(service.asked) - len(kept) <= 1
    assert len(again.asked) == 20 - len(kept)
    assert len(resumed) == 20


def test_a_full_disk_hides_not_why_a_run_stopped(tmp_path, monkeypatch):
    """Reports that cannot be written either are no news: the error that stopped the run is told."""

    def full(path, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    def fail(number):
        monkeypatch.setattr(files, "write", full)
        return AuthenticationError("invalid x-api-key", status=401)

    with pytest.raises(AuthenticationError, match="invalid x-api-key"):
        go(Service(fail), tmp_path / "run")


def test_reports_that_find_no_space_say_so(tmp_path, monkeypatch):
    """A run that is complete but for its tables is one clear line; its answers are in the journal."""

    def full(path, data, **options):
        if path.name == "table.txt":
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path, data, **options)

    real = files.write
    monkeypatch.setattr(files, "write", full)
    with pytest.raises(DiskFullError, match=r"table\.txt: no space left"):
        go(Service(), tmp_path / "run")
    monkeypatch.undo()

    assert len(go(Service(), tmp_path / "run", resume=True)) == 20


def test_run_needs_no_folder(tmp_path):
    """The plain function takes a journal and gives results."""

    async def plain():
        with Journal.open(tmp_path / "j.jsonl") as journal:
            return await run(STUDY, Service(), journal=journal)

    assert [row.trial_id for row in asyncio.run(plain())][:3] == ["a/1/0", "b/1/0", "a/2/0"]


def test_a_folder_left_before_the_first_record_is_used(tmp_path):
    """A kill between the empty journal and run.json leaves nothing to lose."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / JOURNAL).touch()

    assert len(go(Service(), tmp_path / "run")) == 20


def test_a_journal_without_its_run_is_not_touched(tmp_path):
    """Answers whose study is unknown are not mixed with others."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / JOURNAL).write_bytes(frame({"type": "intent", "index": 0, "key": "k"}))

    with pytest.raises(UsageError, match="holds a journal without"):
        go(Service(), tmp_path / "run")


SITTING = """
import sys
from tests.runs import Service, go
go(Service(wait=0.01), sys.argv[1], concurrency=2, on_event=lambda event: print(event.kind, flush=True))
"""


def test_a_process_killed_in_the_middle_loses_nothing_it_had_reported(tmp_path, whole):
    """SIGKILL after the fifth `finished`: those are there, at most the calls in flight are repeated."""
    root = Path(__file__).parent.parent
    with subprocess.Popen(
        [sys.executable, "-c", SITTING, str(tmp_path / "run")], cwd=root, stdout=subprocess.PIPE, text=True
    ) as process:
        reported = 0
        assert process.stdout is not None
        while reported < 5:
            reported += process.stdout.readline() == "finished\n"
        process.kill()

    kept = len(Run.load(tmp_path / "run"))
    service = Service()
    again = go(service, tmp_path / "run", resume=True)

    assert kept >= 5
    assert len(service.asked) == 20 - kept
    assert again.info.perhaps_paid <= 2
    assert (again.folder / "table.txt").read_bytes() == (whole.folder / "table.txt").read_bytes()
