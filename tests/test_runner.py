"""The runner: everything asked, nothing asked twice, errors apart, and stopped when told."""

from __future__ import annotations

import asyncio

import pytest

from tests.runs import DATA, STUDY, A, Service, go
from workbench.errors import (
    APIConnectionError,
    APIError,
    AuthenticationError,
    BadRequestError,
    BillingError,
    IncompleteError,
    RateLimitError,
    ReplayMissError,
)
from workbench.evaluation import Eval
from workbench.run import Run
from workbench.runner import Event, record
from workbench.score import exact


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


def test_api_errors_without_status_are_results_too(tmp_path):
    """A timeout has no status and no type of the service's own: the class's name stands in."""
    service = Service(lambda number: APIError("odd") if number == 1 else None)

    (failed,) = go(service, tmp_path / "run").errors

    assert failed.error["type"] == "APIError"
