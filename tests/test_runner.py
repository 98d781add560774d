"""The runner: nothing lost, nothing asked twice, errors apart."""

from __future__ import annotations

import asyncio
import errno
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from workbench import files
from workbench.dataset import Dataset
from workbench.errors import (
    APIConnectionError,
    APIError,
    AuthenticationError,
    BadRequestError,
    BillingError,
    DiskFullError,
    IncompleteError,
    InternalServerError,
    JournalError,
    RateLimitError,
    ReplayMissError,
    UsageError,
)
from workbench.evaluation import Eval
from workbench.journal import Journal, frame, read
from workbench.prompt import Prompt
from workbench.reply import Reply, Timing
from workbench.run import JOURNAL, Run
from workbench.runner import Event, record, run
from workbench.score import exact
from workbench.wire import Message

DATA = Dataset.load([{"input": f"{i} + 1", "target": str(i + 1)} for i in range(10)], name="sums")
A = Prompt("Solve: {{input}}", model="claude-haiku-4-5", max_tokens=9, name="a")
B = A.with_(model="claude-sonnet-4-6", name="b")
STUDY = Eval("sums", dataset=DATA, variants=[A, B], scorers=[exact()])


def answer(request, *, draw=0, source="live"):
    """Return the reply that this request always gets."""
    seed = random.Random(f"{request.key}{draw}")
    n = int(request.messages[0].content.split()[1])
    body = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": request.model,
        "content": [{"type": "text", "text": str(n + (seed.random() < 0.8))}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 20, "output_tokens": 5},
    }
    timing = Timing(total_s=seed.uniform(0.2, 2), ttft_s=0.1, recorded_at="2026-11-22T10:00:00+00:00")
    return Reply(request, Message.model_validate(body), timing, source, "emulator", "req_1", draw)


class Service:
    """Answers, counts, and fails where it is told to."""

    def __init__(self, fail=None, *, source="live", wait=0):
        self.asked = []
        self.flying = self.most = 0
        self._fail = fail or (lambda number: None)
        self._source = source
        self._wait = wait

    async def __call__(self, request, *, draw, permit):
        if self._source != "live":
            return self._answer(request, draw, self._ask(request, draw))
        async with permit(request) as lease:
            lease.sends()
            number = self._ask(request, draw)
            self.flying += 1
            self.most = max(self.most, self.flying)
            try:
                if self._wait is not None:
                    await asyncio.sleep(self._wait)
                reply = self._answer(request, draw, number)
                lease.answered(reply)
                return reply
            finally:
                self.flying -= 1

    def _ask(self, request, draw):
        self.asked.append((request.key, draw))
        return len(self.asked)

    def _answer(self, request, draw, number):
        if error := self._fail(number):
            raise error
        return answer(request, draw=draw, source=self._source)


def go(service, folder, study=STUDY, **options):
    return asyncio.run(record(study, service, folder=folder, **options))


@pytest.fixture
def whole(tmp_path_factory):
    """A complete run of the study."""
    return go(Service(), tmp_path_factory.mktemp("whole") / "run")


def test_every_trial_is_asked_once(tmp_path):
    """20 trials, 20 requests, 20 results in the evaluation's order."""
    service = Service()

    found = go(service, tmp_path / "run")

    assert len(service.asked) == len(set(service.asked)) == 20
    assert [row.index for row in found.rows] == list(range(20))
    assert found.status == "complete"


def test_epochs_are_draws(tmp_path):
    """Each repeat is another draw of the same request."""
    study = Eval("one", dataset=DATA.head(1), variants=A, scorers=[exact()], epochs=3)
    service = Service()

    go(service, tmp_path / "run", study)

    assert sorted(draw for _, draw in service.asked) == [0, 1, 2]


def test_no_more_than_concurrency_in_flight(tmp_path):
    """The bound is kept, and used."""
    service = Service(wait=0.001)

    go(service, tmp_path / "run", concurrency=3)

    assert service.most == 3


def test_an_error_is_a_result_and_never_a_score(tmp_path):
    """The run goes on; the trial has an error, no message, no score."""
    service = Service(
        lambda number: (
            BadRequestError("too long", status=400, type="invalid_request_error") if number == 3 else None
        )
    )

    found = go(service, tmp_path / "run")

    (failed,) = found.errors
    assert failed.error == {
        "type": "invalid_request_error",
        "message": "too long",
        "status": 400,
        "request_id": None,
    }
    assert (failed.message, failed.scores, failed.passed) == (None, {}, None)
    assert found.status == "complete"
    assert len(found) == 20


def test_a_failing_scorer_leaves_the_trial_unscored(tmp_path):
    """A bug of a scorer costs scores, not answers."""

    def broken(sample, message):
        return 1 / 0

    found = go(Service(), tmp_path / "run", Eval("x", dataset=DATA, variants=A, scorers=[broken]))

    assert {row.scores["broken"].value for row in found.rows} == {None}
    assert "ZeroDivisionError" in found.rows[0].scores["broken"].explanation


def test_a_bug_is_never_swallowed(tmp_path):
    """What is no API error ends the run, and the answers before it are kept."""
    service = Service(lambda number: TypeError("a typo") if number == 5 else None)

    with pytest.raises(TypeError, match="a typo"):
        go(service, tmp_path / "run", concurrency=1)

    kept = Run.load(tmp_path / "run")
    assert (len(kept), kept.status) == (4, "interrupted")


@pytest.mark.parametrize(
    "error",
    [
        AuthenticationError("invalid x-api-key", status=401),
        BillingError("no credit", status=402),
        BadRequestError("You have reached your specified API usage limits.", status=400),
        RateLimitError("spend cap", status=429, error_code="enforced_spend_limit_reached"),
        RateLimitError("later", status=429, retry_after_s=86400),
    ],
    ids=["401", "402", "own limit", "tier cap", "a day's wait"],
)
def test_an_error_of_every_call_stops_the_run(tmp_path, error):
    """Not one request per sample against a wrong key: the rest is not run."""
    service = Service(lambda number: error)

    with pytest.raises(type(error)):
        go(service, tmp_path / "run", concurrency=4)

    kept = Run.load(tmp_path / "run")
    assert len(service.asked) <= 4
    assert (len(kept), kept.status, kept.info.reason, kept.info.perhaps_paid) == (0, "stopped", str(error), 0)


def test_a_server_that_is_away_stops_the_run(tmp_path):
    """Connection refused, again and again: nothing is gained by trying each sample."""
    service = Service(lambda number: APIConnectionError("cannot reach http://127.0.0.1:9"))

    with pytest.raises(APIConnectionError):
        go(service, tmp_path / "run", concurrency=2)

    assert len(service.asked) <= 4


def test_a_broken_connection_now_and_then_is_an_error_like_others(tmp_path):
    """One lost call does not end a run."""
    service = Service(lambda number: APIConnectionError("reset") if number % 5 == 0 else None)

    found = go(service, tmp_path / "run", concurrency=2)

    assert (len(found), len(found.errors), found.status) == (20, 4, "complete")


def test_replay_counts_all_that_is_missing(tmp_path):
    """One sentence for all misses, with the first one's explanation; the others are answered."""
    service = Service(
        lambda number: ReplayMissError("Nearest recording differs.") if number % 2 else None, wait=None
    )

    with pytest.raises(ReplayMissError, match="10 of 20 requests are not recorded"):
        go(service, tmp_path / "run")

    kept = Run.load(tmp_path / "run")
    assert (len(kept), len(kept.errors), kept.info.perhaps_paid) == (10, 0, 0)


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


def test_events_tell_the_whole_story(tmp_path):
    """Started before, finished after, counted up to the total."""
    events: list[Event] = []

    go(Service(), tmp_path / "run", on_event=events.append)

    assert [e.kind for e in events].count("started") == 20
    assert [e.done for e in events if e.kind == "finished"] == list(range(1, 21))
    assert {e.total for e in events} == {20}


def test_a_failing_listener_is_heard(tmp_path):
    """A bug in a progress display of the caller's own is no secret, and ends nothing in a deadlock."""

    def listen(event):
        if event.kind == "finished":
            raise KeyError("display")

    with pytest.raises(KeyError, match="display"):
        go(Service(), tmp_path / "run", on_event=listen)


def test_a_listener_that_fails_at_a_start_leaves_no_call_in_doubt(tmp_path):
    """What was never sent is not perhaps paid."""

    def listen(event):
        raise KeyError("display")

    service = Service()
    with pytest.raises(KeyError, match="display"):
        go(service, tmp_path / "run", on_event=listen)

    assert service.asked == []
    assert Run.load(tmp_path / "run").info.perhaps_paid == 0


def test_a_listener_that_fails_hides_no_answer_that_is_safe(tmp_path):
    """The run that ends has every answer of the batch its listener failed in."""

    def listen(event):
        if event.kind == "finished":
            raise KeyError("display")

    with pytest.raises(KeyError, match="display"):
        go(Service(), tmp_path / "run", on_event=listen, concurrency=4)

    table = (tmp_path / "run" / "table.txt").read_text()
    assert f"{len(Run.load(tmp_path / 'run'))} replies" in table


def test_what_ends_a_run_before_it_is_sent_is_not_perhaps_paid(tmp_path):
    """A budget that is used up costs nothing more, and says so."""

    class Broke(Service):
        async def __call__(self, request, *, draw, permit):
            if len(self.asked) >= 4:
                async with permit(request):
                    raise IncompleteError("the budget is used up")
            return await super().__call__(request, draw=draw, permit=permit)

    with pytest.raises(IncompleteError, match="used up"):
        go(Broke(), tmp_path / "run", concurrency=2)

    receipt = (tmp_path / "run" / "receipt.txt").read_text()
    assert "perhaps paid" not in receipt
    assert Run.load(tmp_path / "run").info.perhaps_paid == 0


def test_answers_that_waited_for_space_count_once_they_are_written(tmp_path, monkeypatch):
    """A write that failed and worked a moment later lost nothing, in the table neither."""
    real = os.pwrite
    failed: list[int] = []

    def pwrite(descriptor, data, at):
        if at + len(data) > 4000 and not failed:
            failed.append(at)
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, data, at)

    monkeypatch.setattr(os, "pwrite", pwrite)
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
    real = os.pwrite

    def pwrite(descriptor, data, at):
        if at + len(data) > 4000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, data, at)

    monkeypatch.setattr(os, "pwrite", pwrite)
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


async def _cancelled(service, folder, *, twice=False, **options):
    task = asyncio.ensure_future(record(STUDY, service, folder=folder, concurrency=4, **options))
    while len(service.asked) < 8:  # noqa: ASYNC110 - the service under test knows no events
        await asyncio.sleep(0)
    task.cancel()
    if twice:
        await asyncio.sleep(0.01)
        task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return task


def test_the_first_stop_lets_calls_in_flight_finish(tmp_path):
    """They are paid for: their answers are kept, nothing new is sent, and the run is resumable."""
    service = Service(wait=0.02)

    task = asyncio.run(_cancelled(service, tmp_path / "run"))

    kept = Run.load(tmp_path / "run")
    assert task.cancelled()
    assert len(kept) == len(service.asked) == 8
    assert (kept.status, kept.info.perhaps_paid) == ("interrupted", 0)
    assert len(go(Service(), tmp_path / "run", resume=True)) == 20


class Stuck(Service):
    """Answers four requests and hangs on the others."""

    def _ask(self, request, draw):
        number = super()._ask(request, draw)
        self._wait = 0 if number <= 4 else 3600
        return number


def test_the_second_stop_is_at_once(tmp_path):
    """Calls in flight are dropped and counted as perhaps paid; what was finished is kept."""
    task = asyncio.run(_cancelled(Stuck(), tmp_path / "run", twice=True))

    kept = Run.load(tmp_path / "run")
    assert task.cancelled()
    assert (len(kept), kept.info.perhaps_paid) == (4, 4)


def test_draining_has_an_end(tmp_path):
    """A call that hangs does not hold up the stop."""
    task = asyncio.run(_cancelled(Stuck(), tmp_path / "run", drain_s=0.01))

    assert task.cancelled()
    assert Run.load(tmp_path / "run").info.perhaps_paid == 4


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


def test_api_errors_without_status_are_results_too(tmp_path):
    """A timeout has no status and no type of the service's own: the class's name stands in."""
    service = Service(lambda number: APIError("odd") if number == 1 else None)

    (failed,) = go(service, tmp_path / "run").errors

    assert failed.error["type"] == "APIError"


SITTING = """
import sys
from tests.test_runner import Service, go
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
