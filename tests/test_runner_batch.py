"""A study in batches: the same table, items that fail, the command line."""

from __future__ import annotations

import pytest

from tests import batching
from tests.batching import DATA, STUDY, A, batches_of, steps, values
from tests.commands import called, started, sums
from workbench.client import Client
from workbench.dataset import Dataset
from workbench.errors import LintError
from workbench.evaluation import Eval
from workbench.prompt import Prompt
from workbench.run import Run
from workbench.score import number

place = batching.place


# --- the same study, half the price ----------------------------------------------------------------------


def test_the_same_scores_at_half_the_price(place, tmp_path):
    """Every answer of the live run, at the price of the batch endpoint; all of it is billed there."""
    _, live = place()
    running, client = place()
    whole = live.run(STUDY, out=tmp_path / "live")

    run = client.run(STUDY, out=tmp_path / "run", via="batch")

    assert values(run) == values(whole)
    assert (running.ledger()["billed"], running.ledger()["batch"]["billed"]) == (0, 24)
    assert all(row.batch and row.source == "live" for row in run.rows)
    assert sum(row.cost.known for row in run.rows) * 2 == sum(row.cost.known for row in whole.rows)
    assert steps(tmp_path / "run") == ["asked", "made", "over"]
    assert values(Run.load(tmp_path / "run")) == values(run)


def test_what_was_answered_in_a_batch_is_recorded(place, tmp_path):
    """The store has it, as the answer of a batch; a live run of the same asks nothing."""
    running, client = place()
    client.run(STUDY, out=tmp_path / "first", via="batch")

    second = client.run(STUDY, out=tmp_path / "second")

    assert running.ledger()["billed"] == 0
    assert {row.source for row in second.rows} == {"store"}
    assert all(row.batch for row in second.rows)


def test_what_is_recorded_is_not_in_the_batch(place, tmp_path):
    """Only what nobody asked before goes out."""
    running, client = place()
    client.run(STUDY.limit(5), out=tmp_path / "part")

    run = client.run(STUDY, out=tmp_path / "run", via="batch")

    assert (running.ledger()["billed"], running.ledger()["batch"]["billed"]) == (10, 14)
    assert len(run.rows) == 24


def test_nothing_open_needs_no_batch(place, tmp_path):
    """All recorded: no batch is made."""
    running, client = place()
    client.run(STUDY, out=tmp_path / "first")

    client.run(STUDY, out=tmp_path / "second", via="batch")

    assert "/v1/messages/batches" not in running.ledger()["by_path"]


def test_equal_requests_are_asked_once(place, tmp_path):
    """The twin of a sample is answered by what the first one brought, as live."""
    running, client = place()
    twins = Dataset.load([{"id": n, "input": "1 + 1", "target": "2"} for n in "xyz"], name="twins")

    run = client.run(
        Eval("twins", dataset=twins, variants=A, scorers=[number()]), out=tmp_path / "run", via="batch"
    )

    assert running.ledger()["batch"]["billed"] == 1
    assert [row.source for row in run.rows] == ["live", "store", "store"]


def test_repeats_are_requests_of_their_own(place, tmp_path):
    """Three epochs, three answers."""
    running, client = place()

    run = client.run(
        Eval("sums", dataset=DATA, variants=A, scorers=[number()], epochs=3),
        out=tmp_path / "run",
        via="batch",
    )

    assert running.ledger()["batch"]["billed"] == len(run.rows) == 36


def test_a_study_is_split_where_a_batch_is_full(place, tmp_path, monkeypatch):
    """By number of requests, and by bytes."""
    _, client = place()
    monkeypatch.setattr("workbench.runner.pieces.MOST_REQUESTS", 10)
    client.run(STUDY, out=tmp_path / "number", via="batch")
    _, other = place()
    monkeypatch.setattr("workbench.runner.pieces.MOST_REQUESTS", 100)
    monkeypatch.setattr("workbench.runner.pieces.MOST_BYTES", 3000)
    other.run(STUDY, out=tmp_path / "bytes", via="batch")

    assert sorted(batches_of(client)) == [4, 10, 10]
    assert len(batches_of(other)) == 2
    assert sum(batches_of(other)) == 24


def test_requests_of_two_api_versions_are_two_batches(place, tmp_path):
    """The version is a header, so it is one for a whole batch."""
    _, client = place()
    old = A.with_(temperature=0.5, name="old")

    run = client.run(
        Eval("versions", dataset=DATA, variants=[A, old], scorers=[number()]),
        out=tmp_path / "run",
        via="batch",
    )

    assert batches_of(client) == [12, 12]
    assert {row.variant: row.api_version for row in run.rows} == {"a": "2026-10-21", "old": "2023-06-01"}
    assert not run.errors


def test_the_preflight_knows_what_batches_refuse(place, tmp_path):
    """Before anything is sent."""
    running, client = place()
    fast = Prompt("Compute {{input}}", model="claude-opus-5", max_tokens=9, speed="fast")

    with pytest.raises(LintError, match="not supported in message batches"):
        client.run(
            Eval("fast", dataset=DATA, variants=fast, scorers=[number()]),
            out=tmp_path / "run",
            via="batch",
        )

    assert running.ledger()["batch"]["billed"] == 0


# --- items that fail -------------------------------------------------------------------------------------


def test_items_that_fail_for_now_are_asked_live(place, tmp_path):
    """Few of them: another batch is not worth it. Nothing failed is billed."""
    running, client = place(
        script=[{"contains": "7 + 1", "error": {"status": 529}, "times": 2}, {"text": "1"}]
    )

    run = client.run(STUDY, out=tmp_path / "run", via="batch")

    assert not run.errors
    assert (running.ledger()["billed"], running.ledger()["batch"]["billed"]) == (2, 22)


def test_many_items_that_fail_for_now_are_asked_in_another_batch(place, tmp_path, monkeypatch):
    """Once more, then live."""
    monkeypatch.setattr("workbench.runner.batch.FEW", 2)
    running, client = place(script=[{"error": {"status": 500}, "times": 24 + 10}, {"text": "1"}])

    run = client.run(STUDY, out=tmp_path / "run", via="batch")

    assert not run.errors
    assert batches_of(client) == [24, 24]
    assert (running.ledger()["billed"], running.ledger()["batch"]["billed"]) == (10, 14)


def test_items_that_are_wrong_are_errors_at_once(place, tmp_path):
    """Asked once: what the service refuses it refuses again; the others have their scores."""
    refused = {"contains": "7 + 1", "error": {"status": 400, "message": "no sevens"}}
    running, client = place(script=[refused, {"text": "1"}])

    run = client.run(STUDY, out=tmp_path / "run", via="batch")

    assert [row.sample_id for row in run.errors] == [run.errors[0].sample_id] * 2
    assert run.errors[0].error["status"] == 400
    assert "no sevens" in run.errors[0].error["message"]
    assert (running.ledger()["billed"], running.ledger()["batch"]["billed"]) == (0, 22)


def test_what_expires_is_asked_live(place, tmp_path, monkeypatch):
    """After a day a batch ends; what it had no time for is asked all the same."""
    monkeypatch.setattr("workbench.runner.batch.FEW", 100)
    running, client = place(batch_s=10 * 86_400)
    passed: list[None] = []

    def pass_a_day(event):
        if event.kind == "retried" and not passed:
            passed.append(running.app.batches.pass_time(86_400))

    run = client.run(STUDY, out=tmp_path / "run", via="batch", on_event=pass_a_day)

    ledger = running.ledger()
    assert not run.errors
    assert ledger["billed"] + ledger["batch"]["billed"] == 24
    assert ledger["billed"] > 20


def test_results_that_break_off_lose_nothing(place, tmp_path, monkeypatch):
    """The stream is asked for again; no trial is."""
    running, client = place()
    monkeypatch.setattr("workbench.client.batch_calls._PAUSE_S", 0)
    running.app.batches.cuts = 3

    run = client.run(STUDY, out=tmp_path / "run", via="batch")

    assert len(run.rows) == 24
    assert (running.ledger()["billed"], running.ledger()["batch"]["billed"]) == (0, 24)


# --- from the command line -------------------------------------------------------------------------------


def test_run_via_batch_from_the_command_line(start_emulator, tmp_path, capsys):
    """`--via` says how; the folder remembers it."""
    running = start_emulator()
    study = sums(tmp_path / "study.py")
    out = tmp_path / "run"

    said = called(capsys, "run", study, "--via", "batch", "--base-url", running.url, "--out", out)

    assert said.code == 0, said.err
    assert (running.ledger()["billed"], running.ledger()["batch"]["billed"]) == (0, 8)
    assert Run.load(out).info.asked["via"] == "batch"


def test_a_deadline_needs_batches_from_the_command_line(tmp_path, capsys):
    """One line, exit code 2."""
    said = called(capsys, "run", sums(tmp_path / "study.py"), "--via", "messages", "--deadline", 5)

    assert said.code == 2
    assert "a deadline is for batches" in said.complaint


def test_serve_keeps_batches_in_a_folder(tmp_path):
    """`--data DIR`, `--batch-seconds`: made, killed, and still there."""
    words = ("serve", "--port", 0, "--data", tmp_path, "--batch-seconds", 1000)
    first = started(*words)
    assert first.stdout
    url = first.stdout.readline().split()[-1]
    with Client("k", base_url=url, mode="off") as client:
        made = client.batches.create([A.render({"input": "1 + 1"})])
    first.kill()
    first.communicate()

    second = started(*words)
    assert second.stdout
    url = second.stdout.readline().split()[-1]
    with Client("k", base_url=url, mode="off") as client:
        kept = client.batches.get(made.id)
    second.kill()
    second.communicate()

    assert (kept.id, kept.processing_status) == (made.id, "in_progress")
