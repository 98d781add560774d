"""Runs by the client: their folder, their budget, resuming and refreshing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import clients, faults
from tests.clients import study
from tests.faults import error, http, say
from workbench.client import Collected, collecting
from workbench.dataset import Dataset
from workbench.errors import AuthenticationError, IncompleteError, UsageError
from workbench.evaluation import Eval
from workbench.journal import Journal
from workbench.prompt import Prompt
from workbench.score import number

server = faults.server
make = clients.make


def test_a_run_leaves_its_folder(make, tmp_path):
    """Journal, run.json and tables; first tokens are timed."""
    run = make().run(study(), out=tmp_path / "run")

    assert {"journal.jsonl", "run.json", "table.txt"} <= {path.name for path in run.folder.iterdir()}
    assert all(row.timing.ttft_s is not None for row in run.rows)


def test_a_run_gets_a_folder_of_its_own(make, tmp_path, monkeypatch):
    """./runs/NAME-TIME."""
    monkeypatch.chdir(tmp_path)

    first, second = make().run(study()), make().run(study())

    assert first.folder.parent == second.folder.parent == Path("runs")
    assert first.folder != second.folder


def test_a_run_is_resumed(make, server, tmp_path):
    """After a dead server: what was answered stays answered."""
    server.script(say(http(faults.MESSAGE)), error(401, "authentication_error"))
    client = make(base_url=server.url, store=False)
    with pytest.raises(AuthenticationError):
        client.run(study(), out=tmp_path / "run", concurrency=1)
    server.script()

    run = client.resume(tmp_path / "run", study())

    assert (len(run), server.hits) == (3, 2)


def test_the_budget_stops_a_run(make, tmp_path):
    """A call whose worst case does not fit is not sent; with a larger budget the run goes on."""
    client = make(store=False)

    with pytest.raises(IncompleteError, match=r"budget of \$0\.00001 is used up"):
        client.run(study(), out=tmp_path / "run", budget_usd="0.00001", concurrency=1)

    assert client.transport.tally.sent == 0
    assert len(client.resume(tmp_path / "run", study(), budget_usd="$2.00")) == 3


def test_a_budget_counts_what_earlier_sittings_paid(make, server, tmp_path):
    """A run resumed with the budget it has used up pays nothing more."""
    server.script()
    client = make(base_url=server.url, store=False)
    budget = {"out": tmp_path / "run", "budget_usd": "0.00013", "concurrency": 1}
    with pytest.raises(IncompleteError, match="used up"):
        client.run(study(5), **budget)
    paid = server.hits

    with pytest.raises(IncompleteError, match="used up"):
        client.run(study(5), resume=True, **budget)

    assert (paid, server.hits) == (2, 2)


def test_a_budget_counts_what_a_killed_sitting_may_have_paid(make, server, tmp_path):
    """Two calls cut off leave less for the rest: each may have cost its worst case."""
    server.script()
    client = make(base_url=server.url, store=False)
    budget = {"out": tmp_path / "run", "budget_usd": "0.00013", "concurrency": 1}
    with pytest.raises(IncompleteError, match="used up"):
        client.run(study(5), **budget)
    with Journal.open(tmp_path / "run" / "journal.jsonl") as journal:
        for index in (3, 4):
            journal.append({"type": "intent", "index": index, "key": "k"})

    with pytest.raises(IncompleteError, match="perhaps paid"):
        client.run(study(5), resume=True, **{**budget, "budget_usd": "0.0002"})

    assert server.hits == 2


def test_a_refreshed_run_goes_on_without_paying_again(make, server, tmp_path):
    """What the store took from this run is used where the run's own journal lost it."""
    server.script()
    client = make(base_url=server.url)
    client.run(study(), mode="refresh", out=tmp_path / "run", concurrency=1)
    (tmp_path / "run" / "journal.jsonl").write_bytes(b"")

    run = client.run(study(), mode="refresh", out=tmp_path / "run", resume=True)

    assert (len(run), server.hits) == (3, 3)


def test_a_refreshed_run_asks_anew_what_others_stored(make, server, tmp_path):
    """Only its own answers are fresh."""
    server.script()
    client = make(base_url=server.url)
    client.run(study(), out=tmp_path / "first")

    client.run(study(), mode="refresh", out=tmp_path / "second")

    assert server.hits == 6


@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_refreshed_run_asks_one_thing_once(make, server, tmp_path, concurrency):
    """Two equal samples get one answer, as in a replay: the tables of both are the same."""
    server.script()
    rows = [{"id": f"s{i}", "input": "1 + 1", "target": "2"} for i in range(4)]
    prompt = Prompt("Compute: {{input}}", model="claude-haiku-4-5", max_tokens=20)
    same = Eval(name="same", dataset=Dataset.load(rows), variants=prompt, scorers=[number()])

    make(base_url=server.url).run(same, mode="refresh", out=tmp_path / "run", concurrency=concurrency)

    assert server.hits == 1


@pytest.mark.parametrize("budget", ["two", "-1", 0, "nan"])
def test_a_budget_is_an_amount(make, budget, tmp_path):
    """Anything else is refused before a cent is spent."""
    with pytest.raises(UsageError, match="budget_usd"):
        make().run(study(), budget_usd=budget, out=tmp_path / "run")


@pytest.mark.parametrize(
    "options", [{"mode": "dead"}, {"concurrency": 0}, {"concurrency": "many"}], ids=["mode", "zero", "word"]
)
def test_a_wrong_option_is_refused(make, options, tmp_path):
    """One clear line."""
    with pytest.raises(UsageError):
        make().run(study(), out=tmp_path / "run", **options)


def test_a_first_401_stops_the_run(make, server, tmp_path):
    """Not one refusal for each sample."""
    server.script(*[error(401, "authentication_error")] * 50)

    with pytest.raises(AuthenticationError, match="ANTHROPIC_API_KEY"):
        make(base_url=server.url, store=False).run(study(50), out=tmp_path / "run", concurrency=4)

    assert server.hits <= 4


def test_collecting_notes_a_study_instead_of_running_it(make):
    """How the command line reads definitions from a notebook."""
    noted: list[Any] = []
    client, mine = make(), study()
    token = collecting.set(noted)
    try:
        with pytest.raises(Collected):
            client.run(mine, concurrency=3)
    finally:
        collecting.reset(token)

    assert noted[0][:2] == (client, mine)
    assert noted[0][2]["concurrency"] == 3
    assert not issubclass(Collected, Exception)
