"""The receipt of a run: what was saved, what was lost, and how many calls were paid."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.test_report import MADE, failed, result
from workbench import report, show
from workbench.client import Client
from workbench.dataset import Dataset
from workbench.emulator.server import start_in_thread
from workbench.evaluation import Eval
from workbench.prompt import Prompt
from workbench.reply import Timing
from workbench.run import Result, Run, RunInfo
from workbench.score import exact

M = 1_000_000
EACH = Decimal(1000 * 1 + 500 * 5) / M
"""The most that an answer of 1,000 tokens in can have cost with max_tokens 500: Haiku 4.5, $1 and $5."""


def bill(*results, cut=0, most=500):
    return report.receipt(results, perhaps_paid=cut, limits={"a": most})


def after(lost, wasted=0, **changes):
    """Return an answer that came after so many lost attempts."""
    return result("a", 1, timing=Timing(recorded_at=MADE, lost=lost, wasted=wasted), **changes)


def broken(lost, wasted=0):
    """Return an error after so many lost attempts."""
    error = {"type": "APITimeoutError", "message": "late", "lost": lost, "wasted": wasted}
    return replace(failed("a", 2), error=error)


def test_a_batch_saves_what_it_costs():
    """Half the price: as much again was saved."""
    found = bill(result("a", 1, batch=True), result("a", 2))

    assert found.saved_by_batch == Decimal("0.00075")
    assert "batch $0.0008" in str(found)
    assert "by the batch" in str(show.render(found))


def test_without_a_batch_none_is_mentioned():
    """A saving of nothing is not worth a word."""
    assert "batch" not in str(bill(result("a", 1)))


def test_what_came_from_the_store_saved_nothing_by_batch():
    """Saved now is what was paid now for less."""
    assert bill(result("a", 1, batch=True, source="store")).saved_by_batch == 0


def test_attempts_lost_before_an_answer_are_priced_at_their_worst():
    """Each with the answer's own input and all of max_tokens."""
    found = bill(after(2))

    assert (found.perhaps_paid, found.lost.at_most) == (2, 2 * EACH)
    assert "2 attempts lost on the way: perhaps paid, at most $0.0070; not in the sums." in str(found)


def test_attempts_lost_by_errors_take_the_longest_prompt():
    """No usage tells their input: that of the longest answered prompt of the variant is taken."""
    long = result(
        "a", 3, body={"model": "claude-haiku-4-5", "usage": {"input_tokens": 2000, "output_tokens": 1}}
    )

    found = bill(result("a", 1), long, broken(1))

    assert found.lost.at_most == Decimal(2000 * 1 + 500 * 5) / M


def test_calls_cut_off_take_the_dearest_variant():
    """Which variant a killed call was of is not known."""
    dear = result("b", 1, model="claude-opus-4-8")

    found = report.receipt([result("a", 1), dear], perhaps_paid=2, limits={"a": 500, "b": 500})

    assert found.lost.at_most == 2 * Decimal(1000 * 5 + 500 * 25) / M


def test_what_cannot_be_priced_has_no_sum():
    """Lost calls of a variant that never answered: how many, but not how much."""
    found = bill(broken(1))

    assert found.lost.at_most is None
    assert "1 attempt lost on the way: perhaps paid, how much is unknown" in str(found)


def test_a_recorded_answer_lost_nothing_now():
    """What was lost when a stored answer was made was lost then."""
    assert bill(after(2, 1, source="store")).perhaps_paid == 0


def test_paid_calls_are_answers_and_what_had_begun():
    """Answers asked now, and lost ones whose answer had begun; not those that may never have been seen."""
    found = bill(result("a", 1), result("a", 2, source="store"), after(3, 2), broken(2, 1))

    assert (found.paid_calls, found.perhaps_paid) == (2 + 3, 5)
    assert "5 attempts lost on the way (3 after the answer had begun: paid)" in str(found)


def test_no_max_tokens_is_all_that_the_model_writes():
    """Where a variant sets no limit the catalog's is taken."""
    assert bill(after(1), most=None).lost.at_most == Decimal(1000 + 64_000 * 5) / M


def test_a_run_knows_its_own_limits():
    """The receipt of a run takes max_tokens from its prompts."""
    info = RunInfo("study", variants=({"name": "a", "prompt": {"max_tokens": 500}},), perhaps_paid=1)

    found = Run(info, (result("a", 1),)).receipt()

    assert found.lost.at_most == EACH


def test_lost_attempts_survive_the_journal():
    """A resumed run still knows them."""
    made = Result.from_record(after(2, 1).record())

    assert (made.timing.lost, made.timing.wasted) == (2, 1)


def study(n: int) -> Eval:
    rows = [{"id": str(i), "input": f"{i} * 7", "target": str(i * 7)} for i in range(n)]
    prompt = Prompt("Solve: {{input}}", model="claude-haiku-4-5", max_tokens=200)
    return Eval("s", dataset=Dataset.load(rows), variants=prompt, scorers=exact())


@pytest.mark.parametrize(
    "faults", [[], ["stream_fin_mid:0.3:1", "stream_overloaded_mid:0.2:1", "http_529:0.1:1"]]
)
def test_paid_calls_are_those_the_server_billed(tmp_path, faults):
    """Our figure and the server's are one, also where answers broke off on the way."""
    with start_in_thread(faults=faults, seed=1) as server, Client(base_url=server.url, store=False) as client:
        bill = client.run(study(20), out=tmp_path / "run", on_event=lambda _: None).receipt()

        assert bill.paid_calls == server.ledger()["billed"]
        assert bill.live == 20
        assert bool(bill.lost.wasted) is bool(faults)


def test_what_was_perhaps_paid_bounds_what_the_server_billed(tmp_path):
    """Where a connection broke before the answer nobody knows: the server's figure lies between."""
    faults = ["reset_before_response:0.3:1", "close_no_response:0.3:1"]
    with start_in_thread(faults=faults, seed=1) as server, Client(base_url=server.url, store=False) as client:
        bill = client.run(study(20), out=tmp_path / "run", on_event=lambda _: None).receipt()
        ledger = server.ledger()
        dollars = Decimal(ledger["tokens"]["input_tokens"] + 5 * ledger["tokens"]["output_tokens"]) / M

        assert bill.paid_calls < ledger["billed"] < bill.paid_calls + bill.perhaps_paid
        assert bill.incurred.known < dollars < bill.incurred.known + (bill.lost.at_most or 0)


def test_errors_whose_answer_had_begun_were_paid(tmp_path):
    """A trial that ended in an error cost what its broken answers cost."""
    with (
        start_in_thread(faults=["stream_fin_mid"]) as server,
        Client(base_url=server.url, store=False, max_retries=0) as client,
    ):
        client.run(study(4), out=tmp_path / "run", on_event=lambda _: None)
        bill = Run.load(tmp_path / "run").receipt()

        assert (bill.live, bill.errors) == (0, 4)
        assert bill.paid_calls == server.ledger()["billed"] == 4
        assert bill.lost.at_most is None
