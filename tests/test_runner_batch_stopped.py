"""A study in batches that is canceled, late, killed or lost sight of: nothing is paid twice."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from concurrent.futures import CancelledError

import httpx
import pytest

from tests import batching
from tests.batching import STUDY, A, batches_of, steps, values
from tests.commands import ROOT, until
from tests.test_emulator_batches import HEADERS, start_process, stop_process
from workbench.client.batch_calls import BatchCalls
from workbench.errors import APIConnectionError, APIError, IncompleteError
from workbench.journal import read
from workbench.run import JOURNAL, Run

place = batching.place


def test_a_canceled_batch_stops_the_run(place, tmp_path):
    """Whoever canceled it wanted no more; a resumed run asks the rest."""
    running, client = place(batch_s=1000)

    def cancel(event):
        batches = running.app.batches
        (batch_id,) = batches._known
        if not batches._passed_s:
            batches.pass_time(500)
        elif running.ledger()["batch"]["billed"] > 5:
            httpx.post(f"{running.url}/v1/messages/batches/{batch_id}/cancel", headers=HEADERS)

    with pytest.raises(IncompleteError, match="canceled with their batch"):
        client.run(STUDY, out=tmp_path / "run", via="batch", on_event=cancel)
    part = running.ledger()["batch"]["billed"]
    running.app.batches.seconds = 0
    run = client.resume(tmp_path / "run", STUDY)

    assert 0 < part < 24
    assert len(run.rows) == 24
    assert running.ledger()["batch"]["billed"] == 24


def test_at_the_deadline_the_rest_is_asked_live(place, tmp_path):
    """What the batch answered by then is kept."""
    running, client = place(batch_s=1000)
    halves: list[None] = []

    def half(event):
        if event.kind == "retried" and not halves:
            halves.append(running.app.batches.pass_time(500))

    run = client.run(STUDY, out=tmp_path / "run", via="batch", deadline_s=0.3, on_event=half)

    ledger = running.ledger()
    assert not run.errors
    assert len(run.rows) == 24
    assert ledger["batch"]["billed"] in {11, 12, 13}
    assert ledger["billed"] + ledger["batch"]["billed"] == 24


CHILD = """
import sys
from tests.batching import STUDY
from workbench.client import Client
url, folder, store = sys.argv[1:]
with Client("k", base_url=url, store=store) as client:
    client.run(STUDY, out=folder, via="batch")
"""


def start_run(url, folder, store):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, url, str(folder), str(store)],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        env=environment,
    )


def journal_says(folder, state):
    return (folder / JOURNAL).exists() and f'"state":"{state}"' in (folder / JOURNAL).read_text()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_a_run_that_ends_in_mid_batch_is_resumed(place, tmp_path, number):
    """Its batch goes on and is picked up by its id, with nothing but the folder; nothing is billed twice."""
    running, client = place(batch_s=1000)
    process = start_run(running.url, tmp_path / "run", tmp_path / "child-store")
    until(lambda: journal_says(tmp_path / "run", "made"))
    process.send_signal(number)
    _, said = process.communicate(timeout=20)
    running.app.batches.pass_time(1000)

    run = client.resume(tmp_path / "run", STUDY)

    _, live = place()
    assert values(run) == values(live.run(STUDY, out=tmp_path / "live"))
    assert batches_of(client) == [24]
    assert (running.ledger()["billed"], running.ledger()["batch"]["billed"]) == (0, 24)
    if number == signal.SIGINT:
        assert "goes on at the service" in said


@pytest.mark.parametrize("via", ["messages", "batch"])
def test_a_resumed_run_finishes_its_batch_before_anything_else(place, tmp_path, via):
    """Also one that goes on live: what is in a batch is not asked again."""
    running, client = place(batch_s=1000)
    process = start_run(running.url, tmp_path / "run", tmp_path / "child-store")
    until(lambda: journal_says(tmp_path / "run", "made"))
    process.kill()
    process.communicate()
    running.app.batches.pass_time(1000)

    run = client.resume(tmp_path / "run", STUDY, via=via)

    assert len(run.rows) == 24
    assert (running.ledger()["billed"], running.ledger()["batch"]["billed"]) == (0, 24)


def test_a_batch_that_was_made_and_never_confirmed_is_found(place, tmp_path, monkeypatch):
    """Killed between the creation and its answer: its results tell whose it is, and it is not made again."""
    running, client = place()
    other = {f"{n}-other-name": {"model": A.model, "max_tokens": 5, "messages": ["Hi"]} for n in range(24)}

    async def made(self, items, **options):
        await create(self, items, **options)
        raise APIConnectionError("the answer was lost")

    create = BatchCalls.create
    with monkeypatch.context() as patch:
        patch.setattr(BatchCalls, "create", made)
        patch.setattr("workbench.runner.batch._LOOKS_S", ())
        patch.setattr("workbench.runner.batch.BatchEngine._step", _only("asked"))
        with pytest.raises(APIError):
            client.run(STUDY, out=tmp_path / "run", via="batch")
    client.batches.create(other)  # as many requests, and newer: it must not be taken for the run's
    run = client.resume(tmp_path / "run", STUDY)

    assert len(run.rows) == 24
    assert len(batches_of(client)) == 2
    assert running.ledger()["billed"] == 0
    assert steps(tmp_path / "run") == ["asked", "made", "over"]


def _only(state):
    import workbench.runner.batch as room

    step = room.BatchEngine._step

    async def some(self, piece, reached):
        if reached == state:
            await step(self, piece, reached)

    return some


def test_a_lost_answer_to_a_creation_is_mended_in_the_same_sitting(place, tmp_path, monkeypatch):
    """The batch is there: it is found, not made twice."""
    running, client = place()
    create = BatchCalls.create

    async def made(self, items, **options):
        await create(self, items, **options)
        raise APIConnectionError("the answer was lost")

    monkeypatch.setattr(BatchCalls, "create", made)

    run = client.run(STUDY, out=tmp_path / "run", via="batch")

    assert len(run.rows) == 24
    assert batches_of(client) == [24]
    assert running.ledger()["batch"]["billed"] == 24


def test_a_batch_that_was_never_made_is_made_on_resume(place, tmp_path, monkeypatch):
    """The journal meant to; the service knows nothing of it."""
    running, client = place()

    async def never(self, items, **options):
        raise asyncio.CancelledError

    monkeypatch.setattr("workbench.runner.batch._LOOKS_S", (0.0,))
    with monkeypatch.context() as patch:
        patch.setattr(BatchCalls, "create", never)
        with pytest.raises(CancelledError):
            client.run(STUDY, out=tmp_path / "run", via="batch")
    run = client.resume(tmp_path / "run", STUDY)

    assert len(run.rows) == 24
    assert running.ledger()["batch"]["billed"] == 24
    assert steps(tmp_path / "run") == ["asked", "void", "asked", "made", "over"]


def test_a_kill_among_the_results_takes_the_others_only(place, tmp_path, monkeypatch):
    """What is in the journal stays; the batch is read again and nothing is asked again."""
    running, client = place()
    seen = []

    def stop(event):
        if event.kind == "finished":
            seen.append(event.trial)
            if len(seen) == 5:
                raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        client.run(STUDY, out=tmp_path / "run", via="batch", on_event=stop)
    run = client.resume(tmp_path / "run", STUDY)

    assert len(run.rows) == 24
    assert batches_of(client) == [24]
    answers = [row["index"] for row in read(tmp_path / "run" / JOURNAL)[0] if row["type"] == "answer"]
    assert sorted(answers) == sorted(set(answers)) == list(range(24))
    assert running.ledger()["batch"]["billed"] == 24


def test_the_service_may_restart_in_mid_batch(tmp_path):
    """An emulator with a data folder goes on where it was; the run notices nothing but the time."""
    process, url = start_process(tmp_path / "data", 3000)
    port = int(url.rpartition(":")[2])
    child = start_run(url, tmp_path / "run", tmp_path / "child-store")
    try:
        until(lambda: journal_says(tmp_path / "run", "made"))
        stop_process(process, signal.SIGKILL)
        code = (
            "import sys; from workbench import emulator; "
            "emulator.serve(int(sys.argv[1]), data=sys.argv[2], batch_s=0)"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(port), str(tmp_path / "data")], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout
        process.stdout.readline()
        _, said = child.communicate(timeout=60)
    finally:
        stop_process(process, signal.SIGKILL)
        child.kill()

    assert child.returncode == 0, said
    run = Run.load(tmp_path / "run")
    assert (run.status, len(run.rows), len(run.errors)) == ("complete", 24, 0)
    assert all(row.batch for row in run.rows)
