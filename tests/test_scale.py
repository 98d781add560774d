"""Large runs: what grows with the samples is small, and what was left in the journal is found again."""

from __future__ import annotations

import asyncio
import pickle
import shutil
import sys
import tracemalloc
from dataclasses import replace

import pandas as pd
import pytest

from tests.studies import study_run
from workbench.dataset import Dataset
from workbench.errors import JournalError
from workbench.evaluation import Eval
from workbench.journal import Journal, Reader, Records, frame
from workbench.prompt import Prompt
from workbench.reply import Reply, Timing
from workbench.run import JOURNAL, Kept, Result, Run
from workbench.run import frame as frames
from workbench.runner import record
from workbench.score import exact
from workbench.wire import Message

LONG = "a long answer that no table needs " * 150
"""5 kB: results that held their answers would show."""


async def answer(request, *, draw, permit):
    """Answer as a store would: at once, with a long text."""
    body = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": request.model,
        "content": [{"type": "text", "text": f"{LONG}{request.messages[0].content}"}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 20, "output_tokens": 1000},
    }
    timing = Timing(total_s=1.0, recorded_at="2026-11-22T10:00:00+00:00")
    return Reply(request, Message.model_validate(body), timing, "store", "emulator", "req_1", draw)


def study(samples):
    data = Dataset.load([{"id": f"s{n}", "input": f"{n}", "target": "x"} for n in range(samples)])
    prompt = Prompt("{{input}}", model="claude-haiku-4-5", max_tokens=9)
    return Eval("large", dataset=data, variants=prompt, scorers=[exact()])


def peak(step):
    """Return the bytes that were held at once, at most, while *step* ran."""
    tracemalloc.start()
    try:
        step()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Runs of 1,000 and of 3,000 samples, and the peak of memory of each."""
    root = tmp_path_factory.mktemp("large")
    small, large, warm = study(1000), study(3000), study(10)
    asyncio.run(record(warm, answer, folder=root / "warm"))
    peaks = [
        peak(lambda one=one: asyncio.run(record(one, answer, folder=root / str(len(one)))))
        for one in (small, large)
    ]
    return root, peaks


def test_a_run_grows_by_less_than_its_answers(runs):
    """Two thousand samples more take no 1.5 kB each, though each answer has 5 kB."""
    _, (smaller, larger) = runs

    assert (larger - smaller) / 2000 < 1500


def test_loading_a_run_grows_by_less_than_its_answers(runs):
    """A folder of 3,000 answers is read as a stream."""
    root, _ = runs
    small, large = (peak(lambda n=n: str(Run.load(root / n).summary())) for n in ("1000", "3000"))

    assert (large - small) / 2000 < 1500


def test_reading_a_journal_holds_one_record(runs):
    """Opening and scanning 3,000 records of 5 kB holds a chunk of them."""
    root, _ = runs

    assert peak(lambda: sum(1 for _ in Records(root / "3000" / JOURNAL))) < 4 << 20
    assert peak(lambda: Journal.open(root / "3000" / JOURNAL).close()) < 4 << 20


@pytest.fixture
def folder(tmp_path):
    """A saved run of 180 results, five of them errors."""
    return study_run().save(tmp_path / "run")


def test_a_result_on_disk_is_the_result_it_was(folder):
    """Everything that was left in the journal comes back, field by field."""
    given, found = study_run().rows, Run.load(folder).rows

    assert all(type(row) is Kept for row in found)
    assert found == given
    for name in [*Result.__dataclass_fields__, "usage", "cost", "text", "passed", "stop_reason", "trial_id"]:
        assert [getattr(row, name) for row in found] == [getattr(row, name) for row in given], name
    assert [str(row) for row in found] == [str(row) for row in given]


def test_results_of_one_run_differ(folder):
    """Equal is what says the same."""
    first, second, *_ = Run.load(folder).rows

    assert first != second
    assert first != "a result"


def test_a_result_travels_whole(folder):
    """In another process, and as a changed copy, it needs no journal."""
    row = Run.load(folder).rows[0]
    travelled, changed = pickle.loads(pickle.dumps(row)), replace(row, index=7)
    shutil.rmtree(folder)

    assert (type(changed), changed.index, changed.text) == (Result, 7, travelled.text)
    assert (type(travelled), travelled.text, travelled.judges) == (
        Result,
        study_run().rows[0].text,
        row.judges,
    )


def test_a_run_of_a_moved_folder_is_loaded_from_there(folder):
    """Its results know the journal they were read from."""
    moved = folder.rename(folder.with_name("moved"))

    assert Run.load(moved).rows == study_run().rows


def test_a_program_may_change_its_folder(folder, monkeypatch):
    """A run loaded by a relative path is read back all the same."""
    monkeypatch.chdir(folder.parent)
    loaded = Run.load("run")
    monkeypatch.chdir("/")

    assert loaded.rows[0].text == study_run().rows[0].text


def test_a_text_that_is_gone_is_one_clear_line(folder):
    """A journal that was deleted costs the texts, not the table."""
    loaded = Run.load(folder)
    (folder / JOURNAL).unlink()

    with pytest.raises(JournalError, match="if the folder was moved, load the run from there"):
        _ = loaded.rows[0].text
    assert str(loaded.summary()) == str(study_run().summary())


def test_a_replaced_journal_gives_no_other_results_text(folder):
    """What lies at a result's place must be its own record."""
    loaded = Run.load(folder)
    lines = (folder / JOURNAL).read_bytes().splitlines(keepends=True)
    (folder / JOURNAL).write_bytes(b"".join([lines[1], *lines]))

    with pytest.raises(JournalError, match="load the run again"):
        _ = loaded.rows[0].text


def test_a_place_without_a_record_is_said(folder):
    """A journal that was cut shorter."""
    with pytest.raises(JournalError, match="no whole record at byte 3"):
        Reader(folder / JOURNAL).at(3)


def test_a_journal_that_grows_while_it_is_read_is_no_damage(tmp_path):
    """Who reads sees what was there when the reading began."""
    path = tmp_path / JOURNAL
    lines = [frame({"n": n, "text": "x" * 1000}) for n in range(5)]
    path.write_bytes(b"".join(lines[:2]) + lines[2][:500])
    records = Records(path)
    seen = iter(records)
    next(seen)
    path.write_bytes(b"".join(lines))

    assert [record["n"] for _, record in seen] == [1]
    assert records.dropped == 500


def test_records_longer_than_a_chunk_are_read(tmp_path, monkeypatch):
    """Whatever the size of the pieces a file is read in, the records are the same."""
    path = tmp_path / JOURNAL
    records = [{"n": n, "text": "é" * n} for n in range(40)]
    path.write_bytes(b"".join(map(frame, records)))

    for size in (1, 7, 23, 64, 1000):
        monkeypatch.setattr("workbench.journal.scan.CHUNK", size)
        found = Records(path)
        assert [record for _, record in found] == records
        assert [Reader(path).at(place) for place, _ in found] == records


def test_a_run_is_one_line_in_a_traceback(folder):
    """Whoever shows what he holds must not show, or read, all answers."""
    loaded = Run.load(folder)

    assert repr(loaded) == f"Run('support-triage', complete, 180 results, {str(folder)!r})"
    assert repr(loaded.rows[0]).startswith("Result(variant='haiku-4-5', sample='t-000', ")


# --- the frame -------------------------------------------------------------------------------------


@pytest.fixture
def large(monkeypatch):
    """Let runs of these tests count as large."""
    monkeypatch.setattr(frames, "LARGE", 10)
    monkeypatch.setattr(frames, "BATCH", 50)


def test_the_frame_of_a_large_run_is_that_of_a_small_one(folder, large, monkeypatch):
    """Through Parquet or not: the same values and the same types."""
    loaded = Run.load(folder)
    first, again = loaded.frame(), loaded.frame()
    monkeypatch.setattr(frames, "LARGE", 10**9)

    assert (folder / frames.PARQUET).stat().st_mode & 0o777 == 0o600
    pd.testing.assert_frame_equal(first, loaded.frame())
    pd.testing.assert_frame_equal(again, first)


def test_a_parquet_file_of_another_journal_is_not_used(folder, large):
    """More results, or other ones, make another file."""
    Run.load(folder).frame()
    lines = (folder / JOURNAL).read_bytes().splitlines(keepends=True)
    (folder / JOURNAL).write_bytes(b"".join(lines[:100]))

    assert len(Run.load(folder).frame()) == 100


@pytest.mark.parametrize("damage", [b"", b"PAR1 not really"], ids=["empty", "not Parquet"])
def test_a_broken_parquet_file_costs_nothing(folder, large, damage):
    """It is a copy: the journal has everything."""
    (folder / frames.PARQUET).write_bytes(damage)

    assert len(Run.load(folder).frame()) == 180


def test_without_pyarrow_the_frame_is_the_same(folder, large, monkeypatch):
    """It is an extra: nothing but speed is lost."""
    expected = Run.load(folder).frame()
    (folder / frames.PARQUET).unlink()
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    pd.testing.assert_frame_equal(Run.load(folder).frame(), expected)
    assert not (folder / frames.PARQUET).exists()


def test_half_a_character_is_kept_in_a_frame(large, tmp_path):
    """Neither Arrow nor pandas' own text holds it; the column then is one of objects."""
    run = study_run()
    odd = {**(run.rows[0].body or {}), "content": [{"type": "text", "text": "\ud83d"}]}
    rows = (Result.from_record({**run.rows[0].record(), "message": odd}, run.rows[0].judges), *run.rows[1:])
    loaded = Run.load(Run(run.info, rows).save(tmp_path / "odd"))

    assert loaded.frame()["answer"][0] == "\ud83d"
