"""A study in batches: the same table, nothing paid twice, whatever happens on the way."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import CancelledError
from pathlib import Path

import httpx
import pytest

from tests.commands import called, started, sums
from tests.test_emulator_batches import HEADERS, start_process, stop_process
from workbench.client import Client
from workbench.client.batch_calls import BatchCalls
from workbench.dataset import Dataset
from workbench.errors import APIConnectionError, APIError, IncompleteError, LintError, UsageError
from workbench.evaluation import Eval
from workbench.journal import read
from workbench.prompt import Prompt
from workbench.run import JOURNAL, Run
from workbench.score import number

DATA = Dataset.load([{"input": f"{i} + 1", "target": str(i + 1)} for i in range(12)], name="sums")
A = Prompt("Compute {{input}}", model="claude-haiku-4-5", max_tokens=30, name="a")
B = A.with_(model="claude-sonnet-4-6", name="b")
STUDY = Eval("sums", dataset=DATA, variants=[A, B], scorers=[number()])
ROOT = Path(__file__).parents[1]


@pytest.fixture
def place(start_emulator, tmp_path):
    """Starts emulators and clients of them, each client with a store of its own."""
    clients: list[Client] = []

    def start(running=None, **options):
        running = running or start_emulator(**options)
        clients.append(Client("k", base_url=running.url, store=tmp_path / f"store-{len(clients)}"))
        return running, clients[-1]

    yield start
    for client in clients:
        client.close()


def steps(folder):
    return [row["state"] for row in read(folder / JOURNAL)[0] if row["type"] == "batch"]


def values(run):
    return [(row.trial_id, row.text, row.value("number")) for row in run.rows]


def batches_of(client):
    return [batch.request_counts.total for batch in client.batches.list()]


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


# --- stopped, canceled, late -----------------------------------------------------------------------------


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
from tests.test_runner_batch import STUDY
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


def until(condition):
    for _ in range(2000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError(condition)


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


# --- money, caches, ways ---------------------------------------------------------------------------------


def test_a_budget_holds_for_batches(place, tmp_path):
    """What may not fit is not sent; what the others did not need pays for more batches."""
    running, client = place()

    with pytest.raises(IncompleteError, match="budget"):
        client.run(STUDY, out=tmp_path / "run", via="batch", budget_usd="0.0006")
    run = Run.load(tmp_path / "run")

    assert 0 < len(run.rows) < 24
    assert sum(row.cost.known for row in run.rows) <= 0.0006
    assert running.ledger()["batch"]["billed"] == len(run.rows)
    assert len(client.resume(tmp_path / "run", STUDY, budget_usd="1").rows) == 24


def test_a_shared_prefix_that_lives_an_hour_is_written_live_first(place, tmp_path):
    """One live request writes it, and every item of the batch reads it."""
    running, client = place()
    system = [
        {
            "type": "text",
            "text": "Guide. " * 6000,
            "cache_control": {"type": "ephemeral", "ttl": "1h"},
        }
    ]
    led = Prompt("Compute {{input}}", system=system, model="claude-haiku-4-5", max_tokens=30, name="a")

    run = client.run(
        Eval("led", dataset=DATA, variants=led, scorers=[number()]), out=tmp_path / "run", via="batch"
    )

    read_tokens = [row.usage.cache_read_input_tokens for row in run.rows]
    assert (running.ledger()["billed"], running.ledger()["batch"]["billed"]) == (1, 11)
    assert sorted(tokens > 0 for tokens in read_tokens) == [False] + [True] * 11


def test_breakpoints_added_unasked_live_an_hour_in_a_batch(place, tmp_path):
    """`auto_cache` marks what the prompt did not, and what it marks is written live first."""
    running, client = place()
    plain = Prompt("Compute {{input}}", system="Guide. " * 6000, model="claude-haiku-4-5", max_tokens=30)

    run = client.run(
        Eval("plain", dataset=DATA, variants=plain, scorers=[number()]),
        out=tmp_path / "run",
        via="batch",
        auto_cache=True,
    )

    written = [row.usage.cache_creation.ephemeral_1h_input_tokens for row in run.rows]
    assert (running.ledger()["billed"], running.ledger()["batch"]["billed"]) == (1, 11)
    assert sorted(tokens > 0 for tokens in written) == [False] * 11 + [True]
    assert sum(row.usage.cache_read_input_tokens > 0 for row in run.rows) == 11


def test_a_leader_waits_for_no_money_that_the_batch_has_taken(place, tmp_path):
    """A budget that one batch uses up leaves nothing for a live leader: its trial goes with the others."""
    _, client = place()
    system = [
        {
            "type": "text",
            "text": "Guide. " * 6000,
            "cache_control": {"type": "ephemeral", "ttl": "1h"},
        }
    ]
    led = Prompt("Compute {{input}}", system=system, model="claude-haiku-4-5", max_tokens=30, name="b")
    study = Eval("mixed", dataset=DATA, variants=[A, led], scorers=[number()])

    with pytest.raises(IncompleteError, match="budget"):
        client.run(study, out=tmp_path / "run", via="batch", budget_usd="0.012")

    run = Run.load(tmp_path / "run")
    assert sum(row.cost.known for row in run.rows) <= 0.012
    assert len(client.resume(tmp_path / "run", study, budget_usd="1").rows) == 24


def test_a_prefix_of_five_minutes_is_not_led(place, tmp_path):
    """It would be gone before the batch is looked at: the full price of a leader buys nothing."""
    running, client = place()
    system = [{"type": "text", "text": "Guide. " * 6000, "cache_control": {"type": "ephemeral"}}]
    led = Prompt("Compute {{input}}", system=system, model="claude-haiku-4-5", max_tokens=30, name="a")

    client.run(Eval("led", dataset=DATA, variants=led, scorers=[number()]), out=tmp_path / "run", via="batch")

    assert (running.ledger()["billed"], running.ledger()["batch"]["billed"]) == (0, 12)


@pytest.mark.parametrize(
    ("deadline_s", "earlier", "batched"),
    [(None, 0, True), (86_400, 0, True), (60, 0, False), (60, 3, True), (60, 2, False)],
    ids=["none", "a day", "short, nothing known", "short, quick before", "short, too little known"],
)
def test_auto_goes_by_the_deadline(place, tmp_path, deadline_s, earlier, batched):
    """A day is always enough; less is, where earlier batches took far less."""
    running, client = place()
    for _ in range(earlier):
        client.batches.wait(client.batches.create([A.render({"input": "0 + 0"})]).id)

    client.run(STUDY, out=tmp_path / "run", via="auto", deadline_s=deadline_s)

    assert running.ledger()["batch"]["billed"] - earlier == (24 if batched else 0)
    assert running.ledger()["billed"] == (0 if batched else 24)


@pytest.mark.parametrize(
    "options",
    [{"via": "bach"}, {"via": "batch", "deadline_s": -1}, {"via": "messages", "deadline_s": 5}],
    ids=["way", "deadline", "deadline of nothing"],
)
def test_a_way_that_is_none_is_refused(place, tmp_path, options):
    """Before anything is sent."""
    _, client = place()

    with pytest.raises(UsageError):
        client.run(STUDY, out=tmp_path / "run", **options)


def test_replay_needs_no_batch(place, tmp_path):
    """What is recorded is shown, whatever the way it was asked."""
    running, client = place()
    client.run(STUDY, out=tmp_path / "run", via="batch")

    again = client.run(STUDY, out=tmp_path / "again", mode="replay", via="batch")

    assert len(again.rows) == 24
    assert running.ledger()["batch"]["billed"] == 24


def test_refresh_asks_all_again(place, tmp_path):
    """And records it anew."""
    running, client = place()
    client.run(STUDY, out=tmp_path / "first")

    client.run(STUDY, out=tmp_path / "second", via="batch", mode="refresh")

    assert (running.ledger()["billed"], running.ledger()["batch"]["billed"]) == (24, 24)


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
