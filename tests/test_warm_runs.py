"""Whole runs that keep their prefixes warm: every cent of it is counted."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from tests.prefixed import study
from workbench.client import Client
from workbench.emulator import prompt_cache, start_in_thread
from workbench.errors import IncompleteError
from workbench.run import Run, RunInfo, Warmed
from workbench.runner import keeper, prefixes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from workbench.emulator.server import Running


@pytest.fixture
def short_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries live a second on both sides."""
    monkeypatch.setitem(prefixes.TTL_S, "5m", 1.0)
    monkeypatch.setitem(prompt_cache.TTL_S, "5m", 1.0)
    monkeypatch.setattr(prefixes, "MARGIN_S", 0.05)
    monkeypatch.setattr(keeper, "LEAD_S", 0.8)


@pytest.fixture
def slow() -> Iterator[Running]:
    """An emulator whose answers take longer than an entry lives: 6 tokens, a quarter of a second each."""
    running = start_in_thread(latency="0.02,0.25")
    yield running
    running.stop()


@pytest.mark.usefixtures("short_lives")
def test_a_slow_group_writes_its_prefix_once(slow, tmp_path):
    """Answers of 1.5 lifetimes, one at a time: the prefix is written once, and every call is on the bill."""
    with Client(base_url=slow.url) as client:
        run = client.run(study(2, max_tokens=6), out=tmp_path / "run", concurrency=1)

        ledger, bill = slow.ledger(), run.receipt()
        prefix = ledger["tokens"]["cache_creation_input_tokens"]
        assert 19_000 < prefix < 21_000
        assert ledger["tokens"]["cache_read_input_tokens"] == prefix * (ledger["billed"] - 1)
        assert (bill.paid_calls, bill.live, bill.perhaps_paid) == (ledger["billed"], 2, 0)
        assert bill.warming == ledger["billed"] - 2 > 0
        assert f"Kept warm by {bill.warming} calls, $" in str(run.cache())
        assert str(Run.load(tmp_path / "run").receipt()) == str(bill)
        assert len(client.store or ()) == len(run) == 2


def test_a_resumed_run_still_counts_them(tmp_path):
    """What the first sitting kept warm is on the bill of the second, once."""
    with start_in_thread(latency=0.02) as server, Client(base_url=server.url, store=False) as client:
        first = client.run(study(3), out=tmp_path / "run", stream=False).receipt()
        again = client.run(study(3), out=tmp_path / "run", resume=True)

        assert (again.receipt().warming, again.receipt().incurred) == (1, first.incurred)
        assert again.save(tmp_path / "copy").exists()
        assert Run.load(tmp_path / "copy").receipt().paid_calls == server.ledger()["billed"] == 4


def test_an_unstreamed_group_does_not_wait_for_a_whole_answer(tmp_path):
    """One pre-warm writes the prefix, and all trials read it."""
    with start_in_thread(latency=0.05) as server, Client(base_url=server.url, store=False) as client:
        run = client.run(study(4), out=tmp_path / "run", stream=False)

        tokens = server.ledger()["tokens"]
        assert tokens["cache_read_input_tokens"] == 4 * tokens["cache_creation_input_tokens"] > 0
        assert (run.receipt().warming, run.receipt().paid_calls) == (1, server.ledger()["billed"])
        assert [row.usage.cache_creation_input_tokens for row in run.rows if row.usage] == [0] * 4


@pytest.mark.parametrize(
    ("n", "way"),
    [(1, {"stream": False}), (4, {"stream": True}), (2, {"stream": False, "concurrency": 1})],
    ids=["nobody follows", "streamed", "one at a time"],
)
def test_where_a_trial_leads_best(tmp_path, n, way):
    """No call beside the trials."""
    with start_in_thread(latency=0.05) as server, Client(base_url=server.url, store=False) as client:
        run = client.run(study(n), out=tmp_path / "run", **way)

        assert (run.receipt().warming, server.ledger()["billed"]) == (0, n)


def test_a_budget_holds_with_a_pre_warm(tmp_path):
    """What warms comes out of the same purse."""
    with start_in_thread(latency=0.02) as server, Client(base_url=server.url, store=False) as client:
        with pytest.raises(IncompleteError):
            client.run(study(40), out=tmp_path / "run", stream=False, budget_usd="0.07")

        run = Run.load(tmp_path / "run")
        assert run.receipt().incurred.known <= Decimal("0.07")
        assert run.receipt().paid_calls == server.ledger()["billed"]


def test_a_service_that_takes_none_answers_all_the_same(tmp_path):
    """Its refusal costs nothing and fails nothing."""
    rules: list[Mapping[str, Any]] = [{"contains": "Say", "text": "yes"}, {"error": {"status": 400}}]
    with (
        start_in_thread(latency=0.02, script=rules) as server,
        Client(base_url=server.url, store=False) as client,
    ):
        run = client.run(study(4), out=tmp_path / "run", stream=False)

        assert (run.status, len(run.errors), run.receipt().warming) == ("complete", 0, 0)
        assert (server.ledger()["by_status"]["400"], server.ledger()["billed"]) == (1, 4)
        assert run.receipt().perhaps_paid == 0


def test_lost_answers_of_a_pre_warm_are_on_the_bill(tmp_path):
    """An answer that broke off was charged, whatever it was for: here the first one of each request."""
    with (
        start_in_thread(faults=["truncated_json:1:1"]) as server,
        Client(base_url=server.url, store=False) as client,
    ):
        run = client.run(study(2), out=tmp_path / "run", stream=False)

        assert [call.timing.wasted for call in run.warmed] == [1]
        assert run.receipt().paid_calls == server.ledger()["billed"] == 6
        assert str(Run.load(tmp_path / "run").receipt()) == str(run.receipt())


def test_a_warm_up_that_failed_may_have_been_paid():
    """It is no call that kept anything warm, but its lost attempts are counted like any other's."""
    failed = Warmed("slow", "claude-haiku-4-5", error={"message": "cut off", "lost": 2, "wasted": 1})

    bill = Run(RunInfo("slow"), (), warmed=(failed,)).receipt()

    assert (bill.warming, bill.perhaps_paid, bill.paid_calls) == (0, 2, 1)
