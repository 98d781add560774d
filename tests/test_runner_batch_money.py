"""A study in batches: its budget, its prefixes, and which way it goes."""

from __future__ import annotations

import pytest

from tests import batching
from tests.batching import DATA, STUDY, A
from workbench.errors import IncompleteError, UsageError
from workbench.evaluation import Eval
from workbench.prompt import Prompt
from workbench.run import Run
from workbench.score import number

place = batching.place

GUIDE = [
    {"type": "text", "text": "Guide. " * 6000, "cache_control": {"type": "ephemeral", "ttl": "1h"}},
]
"""A system prompt that is kept for an hour."""


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
    led = Prompt("Compute {{input}}", system=GUIDE, model="claude-haiku-4-5", max_tokens=30, name="a")

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
    led = Prompt("Compute {{input}}", system=GUIDE, model="claude-haiku-4-5", max_tokens=30, name="b")
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
