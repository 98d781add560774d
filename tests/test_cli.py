"""The command line: every command does its work."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests import commands
from tests.commands import ROOT, sums
from workbench.cassette import Cassette

cli = commands.cli
asked = commands.asked
study = commands.study
suite = commands.suite

FILES = {
    "journal.jsonl",
    "receipt.txt",
    "report.html",
    "run.json",
    "samples.jsonl",
    "study.json",
    "table.csv",
    "table.txt",
}


# --- help ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        "",
        "lab",
        "demo",
        "serve",
        "run",
        "models",
        "salvage",
        "cache",
        "cache stats",
        "cache prune",
        "cache explain",
        "cache export",
        "cache import",
    ],
)
def test_every_command_has_help(cli, command):
    """It says what the command does, and exits with 0."""
    said = cli(*command.split(), "--help")

    assert said.code == 0
    assert f"workbench {command}".strip() in said.out
    assert not said.err


# --- demo ------------------------------------------------------------------------------------------


def test_demo_leaves_a_run_folder_that_says_who_answered(cli):
    """Six files; the word emulator in table, receipt and report, and on the screen."""
    said = cli("demo", "--limit", 3, "--out", "d")

    assert said.code == 0
    assert {path.name for path in Path("d").iterdir()} == FILES
    for name in ("table.txt", "receipt.txt", "report.html"):
        assert "emulator" in Path("d", name).read_text()
    assert "4 variants × 3 samples" in said.out
    assert "saved in d:" in said.out


def test_demo_replays_to_the_same_bytes(cli, dialled):
    """Nothing is asked, and the tables do not tell."""
    cli("demo", "--limit", 2, "--out", "live")

    said = cli("demo", "--limit", 2, "--out", "replay", "--mode", "replay")

    assert said.code == 0
    for name in ("table.txt", "table.csv"):
        assert Path("replay", name).read_bytes() == Path("live", name).read_bytes()
    assert "replay: nothing is sent" in said.out


def test_demo_in_replay_without_a_store_says_what_is_missing(cli):
    """Exit 4, the number of misses, and how to record."""
    said = cli("demo", "--limit", 2, "--mode", "replay", "--out", "d")

    assert said.code == 4
    assert "8 of 8 requests are not recorded" in said.err
    assert "--mode live" in said.err


def test_demo_live_needs_a_key(cli):
    """It does not quietly take the emulator instead."""
    said = cli("demo", "--live")

    assert said.code == 2
    assert "ANTHROPIC_API_KEY" in said.complaint


# --- run -------------------------------------------------------------------------------------------


def test_run_takes_a_module(cli, study, emulator, asked):
    """Table and receipt on the screen, files in the folder; a second run asks nothing."""
    said = cli("run", study, "--out", "a", "--base-url", emulator.url)
    again = cli("run", study, "--out", "b", "--base-url", emulator.url)

    assert (said.code, again.code) == (0, 0)
    assert {path.name for path in Path("a").iterdir()} == FILES
    assert "sums · 1 variant × 8 samples" in said.out
    assert "8 asked now" in said.out
    assert "8 recorded before" in again.out
    assert asked() == 8


def test_run_takes_a_notebook(cli, suite):
    """With the cassette that the notebook's own client has."""
    said = cli("run", suite, "--mode", "replay", "--out", "r")

    assert said.code == 0
    assert "78 replies, 0 errors · emulator" in said.out


def test_run_takes_the_first_samples(cli, study):
    """`--limit`."""
    said = cli("run", study, "--limit", 3, "--out", "r")

    assert "1 variant × 3 samples" in said.out


def test_a_run_without_out_has_a_folder_of_its_own(cli, study):
    """`runs/NAME-TIME`; the last line says which."""
    said = cli("run", study, "--limit", 1)

    (folder,) = Path("runs").iterdir()
    assert folder.name.startswith("sums-")
    assert f"saved in {folder}:" in said.out


def test_several_evals_have_a_folder_each(cli, tmp_path):
    """Of the eval's name, made fit for a path, and numbered where two have the same."""
    module = sums(tmp_path / "m.py", n=1)
    module.write_text(
        module.read_text()
        + 'b = wb.Eval("../b", dataset=data, variants=prompt, scorers=[])\n'
        + 'c = wb.Eval("sums", dataset=data, variants=prompt, scorers=[], epochs=2)\n'
    )

    said = cli("run", module, "--out", "r")

    assert said.code == 0
    assert sorted(path.name for path in Path("r").iterdir()) == ["b", "sums", "sums~2"]
    assert said.out.count("emulator in this process") == 1


def test_the_budget_stops_a_run(cli, study, emulator):
    """Exit 4; what is answered is kept, and a larger budget goes on."""
    words = ("run", study, "--base-url", emulator.url, "--mode", "off", "--concurrency", 1, "--out", "r")
    said = cli(*words, "--budget-usd", "0.0001")
    more = cli(*words, "--budget-usd", "1", "--resume")

    assert said.code == 4
    assert "the budget of $0.0001 is used up" in said.complaint
    assert "`workbench resume r --base-url http" in said.complaint
    assert more.code == 0


def test_the_studys_own_client_is_kept_to(cli, tmp_path, emulator, asked):
    """Its address and its budget hold where the command line names no other."""
    module = sums(tmp_path / "m.py")
    module.write_text(
        module.read_text()
        + f'client = wb.Client(base_url="{emulator.url}")\n'
        + 'client.run(study, budget_usd="0.0003", concurrency=1)\n'
    )

    said = cli("run", module, "--out", "r")

    assert said.code == 4
    assert "the budget of $0.0003 is used up" in said.complaint
    assert asked() == 1


def test_errors_of_trials_are_named_and_asked_again(cli, study, start_emulator):
    """Exit 4 with the first error's words; resuming asks only those."""
    server = start_emulator(
        script=[{"contains": "Solve: 3", "error": {"status": 400, "message": "no threes"}}]
    )
    good = start_emulator()

    said = cli("run", study, "--base-url", server.url, "--out", "r")
    again = cli("run", study, "--base-url", good.url, "--out", "r", "--resume")

    assert said.code == 4
    assert "1 of 8 answers missing (400 invalid_request_error: no threes" in said.complaint
    assert again.code == 0
    assert good.ledger()["by_path"]["/v1/messages"] == 1


# --- cache, models, lab ------------------------------------------------------------------------------


def test_replies_go_round_through_a_cassette(cli, study):
    """Export, import into another store, replay from there."""
    cli("run", study, "--out", "a")

    exported = cli("cache", "export", study, "c.jsonl")
    imported = cli("cache", "import", "c.jsonl", "--store", "other")
    stats = cli("cache", "stats", "--store", "other")

    assert "8 replies written to c.jsonl" in exported.out
    assert "8 replies imported" in imported.out
    assert stats.out.startswith("8 replies · ")
    assert len(Cassette.load("c.jsonl")) == 8


def test_an_export_that_lacks_replies_is_incomplete(cli, study):
    """Exit 4: a cassette with holes should not be committed unseen."""
    cli("run", study, "--out", "a", "--limit", 3)

    said = cli("cache", "export", study, "c.jsonl")

    assert said.code == 4
    assert "3 replies written to c.jsonl; 5 requests are not recorded" in said.out


def test_explain_says_why(cli, study):
    """A hit, and a miss with the nearest recording."""
    cli("run", study, "--out", "a")
    body = {
        "model": "claude-haiku-4-5",
        "max_tokens": 50,
        "messages": [{"role": "user", "content": "Solve: 1 + 2"}],
    }
    Path("hit.json").write_text(json.dumps(body))
    Path("miss.json").write_text(json.dumps({**body, "max_tokens": 51}))

    assert cli("cache", "explain", "hit.json").out.startswith("Recorded on ")
    assert "differs at max_tokens: 50 → 51" in cli("cache", "explain", "miss.json").out


def test_nothing_is_pruned_unless_it_is_said_what(cli, study, monkeypatch):
    """Neither with no condition nor with a no; then what was named."""
    cli("run", study, "--out", "a")
    monkeypatch.setattr("typer.confirm", _refuse)

    bare = cli("cache", "prune")
    refused = cli("cache", "prune", "--model", "claude-haiku-4-5")
    kept = cli("cache", "stats")
    pruned = cli("cache", "prune", "--model", "claude-haiku-4-5", "--yes")

    assert bare.code == 2
    assert "--older-than" in bare.complaint
    assert refused.code == 4
    assert kept.out.startswith("8 replies")
    assert "8 replies deleted" in pruned.out


def _refuse(*_, **__):
    import typer

    raise typer.Abort


def test_models_are_listed(cli):
    """From the catalog, with nothing sent."""
    assert "claude-haiku-4-5" in cli("models").out


def test_models_are_compared_with_the_service(cli, emulator):
    """`--refresh` asks the Models API."""
    said = cli("models", "--refresh", "--base-url", emulator.url)

    assert said.code == 0
    assert "models are served" in said.out


def test_lab_hands_over_to_jupyterlab(cli, monkeypatch):
    """On loopback, with the quickstart, in this process's place."""
    handed = []
    monkeypatch.setattr("os.execv", lambda path, words: handed.append((path, words)))

    cli("lab", "--port", 8899, "--no-browser")

    ((path, words),) = handed
    assert words[0] == path
    assert words[1:3] == ["-m", "jupyterlab"]
    options = dict(word.split("=", 1) for word in words if "=" in word)
    opened = options["--LabApp.default_url"].removeprefix("/lab/tree/")
    assert Path(options["--ServerApp.root_dir"], opened).is_file()
    assert {"--ServerApp.ip=127.0.0.1", "--ServerApp.port=8899", "--no-browser"} <= set(words)


def test_lab_gives_copies_where_the_files_are_a_wheels(cli, tmp_path, monkeypatch):
    """A second time the user's own are kept."""
    data = tmp_path / "installed" / "data"
    for part in ("notebooks", "datasets"):
        shutil.copytree(ROOT / part, data / part, ignore=shutil.ignore_patterns("runs"))
    monkeypatch.setattr("workbench.demo.__file__", str(data.parent / "demo.py"))
    monkeypatch.setattr("os.execv", lambda path, words: None)
    own = Path("workbench-quickstart", "notebooks", "01_quickstart.ipynb")

    cli("lab")
    assert own.is_file()
    own.write_text("mine")
    cli("lab")

    assert own.read_text() == "mine"
    assert Path("workbench-quickstart", "datasets", "sentiment.jsonl").is_file()
