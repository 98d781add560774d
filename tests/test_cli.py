"""The command line: every command does its work, and every mistake ends in one line."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import pytest

from tests import commands, faults
from tests.commands import ROOT, sums
from workbench.cassette import Cassette
from workbench.errors import DiskFullError
from workbench.run import Run

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


@pytest.fixture
def cli(capsys, tmp_path, monkeypatch):
    """Run a command in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: commands.called(capsys, *words)


@pytest.fixture
def asked(emulator):
    """Return how many messages the emulator was asked for since the test began."""
    before = emulator.ledger()["by_path"].get("/v1/messages", 0)
    return lambda: emulator.ledger()["by_path"].get("/v1/messages", 0) - before


@pytest.fixture
def study(tmp_path):
    return sums(tmp_path / "study.py")


@pytest.fixture
def suite(tmp_path):
    """A copy of the regression suite, to be changed."""
    for folder in ("evals", "datasets"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("runs"))
    return tmp_path / "evals" / "sentiment.ipynb"


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


# --- mistakes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("run studi.py", "studi.py: no such file; did you mean 'study.py'?"),
        ("run .", "is a folder; name a module or notebook in it"),
        ("run", "Missing argument"),
        ("run study.py --mode foo", "'foo' is not one of 'live', 'refresh', 'replay', 'off'"),
        ("run study.py --limit 0", "greater than or equal to 1"),
        ("run study.py --concurrency x", "a number from 1, or auto"),
        ("run study.py --nope", "No such option: --nope"),
        ("run study.py --budget-usd lots", 'an amount of dollars, such as "2.00"'),
        ("run study.py --resume", "--resume needs --out DIR"),
        ("run study.py --base-url nonsense", "not an http(s) address; it should look like https://"),
        ("run study.py --base-url http://example.com", "in clear; use https"),
        ("run study.py --base-url http://127.0.0.1:99999", "is not an address"),
        ("nope", "No such command 'nope'"),
        ("serve --port 99999", "65535"),
        ("serve --latency x", "SECONDS or TTFT,PER_TOKEN"),
        ("serve --limits tier_9", "did you mean 'tier_"),
        ("serve --script nope.jsonl", "nope.jsonl"),
        ("cache explain nope.json", "nope.json: No such file"),
        ("cache explain broken.json", "broken.json: not JSON"),
        ("cache explain empty.json", "model"),
        ("cache import nope.jsonl", "nope.jsonl: cannot be read"),
        ("cache export study.py .", "cannot be written"),
        ("cache stats --store study.py", "the store study.py does not work"),
        ("cache prune --model x --yes --store study.py", "name another folder with --store"),
        (
            "run study.py --out study.py",
            "study.py: no folder for a run (File exists); give another with --out",
        ),
        ("run study.py --out study.py/x", "no folder for a run (Not a directory)"),
        ("cache prune --older-than x", "valid integer"),
        ("cache prune --older-than -1 --yes", "greater than or equal to 0"),
    ],
)
def test_a_mistake_ends_in_one_line_with_the_cure(cli, study, words, says):
    """Exit 2, no traceback."""
    Path("broken.json").write_text('{"model":')
    Path("empty.json").write_text("{}")

    said = cli(*words.split())

    assert said.code == 2
    assert said.complaint.startswith("workbench: ")
    assert says in said.complaint


def test_debug_shows_where(cli):
    """The traceback first; the last line and the exit code stay the same."""
    said = cli("run", "nope.py", "--debug")

    assert said.code == 2
    assert said.err.startswith("Traceback (most recent call last):")
    assert said.err.splitlines()[-1] == "workbench: nope.py: no such file"


def test_a_defect_of_our_own_is_one_line_too(cli, study, monkeypatch):
    """It says so, and how to see more."""

    def broken(path):
        raise KeyError("oh")

    monkeypatch.setattr("workbench.loading.load_evals", broken)

    said = cli("run", study)

    assert said.code == 4
    assert "KeyError: 'oh' (a defect of the workbench; --debug shows where)" in said.complaint


def test_an_unknown_model_is_refused_before_anything_is_sent(cli, tmp_path, emulator, asked):
    """With the nearest name."""
    module = sums(tmp_path / "m.py", but={"haiku-4-5": "haiku-45"})

    said = cli("run", module, "--base-url", emulator.url, "--out", "r")

    assert said.code == 2
    assert "nothing was sent" in said.complaint
    assert "did you mean 'claude-haiku-4-5'" in said.complaint
    assert asked() == 0
    assert not Path("r").exists()


def test_no_check_sends_it(cli, tmp_path, emulator, asked):
    """`--no-check` leaves the judgement to the server."""
    module = sums(tmp_path / "m.py", n=2, but={"haiku-4-5": "haiku-45"})

    said = cli("run", module, "--base-url", emulator.url, "--out", "r", "--no-check")

    assert said.code == 4
    assert "2 of 2 answers missing (404 not_found_error: " in said.complaint
    assert asked() == 2


def test_an_undefined_variable_is_refused_before_anything_is_sent(cli, tmp_path, emulator, asked):
    """With the nearest column."""
    module = sums(tmp_path / "m.py", but={"{{input}}": "{{inptu}}"})

    said = cli("run", module, "--base-url", emulator.url)

    assert said.code == 2
    assert "{{inptu}} is not defined; did you mean 'input'?" in said.complaint
    assert asked() == 0


@pytest.mark.filterwarnings("default")
def test_a_column_nobody_uses_is_one_line(cli, tmp_path):
    """A warning, without file, line number and source."""
    module = sums(tmp_path / "m.py", n=1, but={'"target"': '"colour": "red", "target"'})

    said = cli("run", module, "--out", "r")

    assert said.code == 0
    assert said.err == "workbench: warning: no prompt of 'sums' uses: colour\n"


def test_a_malformed_line_of_a_dataset_names_its_place(cli, tmp_path):
    """File, line and cure."""
    Path("d.jsonl").write_text('{"id": "1", "input": "a", "target": "b"}\n{"id": "2",\n')
    Path("m.py").write_text('import workbench as wb\ndata = wb.Dataset.load("d.jsonl")\n')

    said = cli("run", "m.py")

    assert said.code == 2
    assert "d.jsonl:2: not JSON" in said.complaint


@pytest.mark.filterwarnings("default")
def test_a_corrupt_store_is_set_aside(cli, study, tmp_path):
    """The run goes on; the damaged file is kept."""
    store = tmp_path / "store"
    store.mkdir()
    (store / "cache.db").write_bytes(b"junk" * 1000)

    said = cli("run", study, "--out", "r")

    assert said.code == 0
    assert "set aside as cache.db.corrupt-" in said.err
    assert len(said.err.splitlines()) == 1
    assert list(store.glob("cache.db.corrupt-*"))


def test_a_truncated_cassette_names_its_line(cli, suite):
    """Neither replayed in part nor asked live."""
    cassette = suite.parent / "sentiment" / "cassette.jsonl"
    cassette.write_bytes(cassette.read_bytes()[:5000])

    said = cli("run", suite, "--mode", "replay", "--out", "r")

    assert said.code == 2
    assert "sentiment/cassette.jsonl:" in said.complaint
    assert "the last line is cut off; restore the file" in said.complaint


def test_a_wrong_key_stops_the_run(cli, study):
    """No more requests than were in flight, none of them twice."""
    with faults.FaultServer(otherwise=faults.error(401, "authentication_error")) as server:
        said = cli("run", study, "--base-url", server.url, "--concurrency", 3, "--out", "r")

        assert server.hits <= 3
    assert said.code == 4
    assert "authentication_error" in said.complaint
    assert "`workbench resume r --base-url http" in said.complaint


def test_a_dead_server_stops_the_run(cli, study, emulator):
    """It says how to go on; then everything is asked once."""
    with faults.FaultServer() as server:
        dead = server.url

    said = cli("run", study, "--base-url", dead, "--out", "r")
    more = cli("run", study, "--base-url", emulator.url, "--out", "r", "--resume")

    assert said.code == 4
    assert "Is the server running?" in said.complaint
    assert f"0 of 8 answers kept; `workbench resume r --base-url {dead}` goes on" in said.complaint
    assert Path("r", "report.html").is_file()
    assert more.code == 0


def test_a_full_disk_stops_the_run(cli, study, emulator, asked, monkeypatch):
    """Nothing more is sent; with space again, nothing that was kept is asked again."""
    real = os.pwrite

    def full(descriptor, data, at):
        if at + len(data) > 3000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, data, at)

    monkeypatch.setattr(os, "pwrite", full)
    words = ("run", study, "--base-url", emulator.url, "--concurrency", 1, "--mode", "off", "--out", "r")
    said = cli(*words)
    before, kept = asked(), len(Run.load("r"))
    monkeypatch.setattr(os, "pwrite", real)
    more = cli(*words, "--resume")

    assert said.code == 4
    assert "no space left" in said.complaint
    assert before - kept <= 1
    assert before < 8
    assert more.code == 0
    assert asked() <= before + 8 - kept


def test_a_disk_too_full_to_begin_sends_nothing(cli, study, emulator, asked, monkeypatch):
    """Where not even `run.json` can be written."""

    def full(path, text):
        raise DiskFullError(f"{path}: no space left for {len(text):,} bytes")

    monkeypatch.setattr("workbench.run.info.write", full)

    said = cli("run", study, "--base-url", emulator.url, "--out", "r")

    assert said.code == 4
    assert "run.json: no space left" in said.complaint
    assert asked() == 0


def test_a_folder_with_a_run_is_not_written_to(cli, study):
    """Resume, or another folder."""
    cli("run", study, "--out", "r")
    before = Path("r", "journal.jsonl").read_bytes()

    said = cli("run", study, "--out", "r")

    assert said.code == 2
    assert "r holds a run already; resume it, or give another folder" in said.complaint
    assert Path("r", "journal.jsonl").read_bytes() == before


def test_another_study_is_not_resumed(cli, study, tmp_path):
    """It says what differs."""
    cli("run", study, "--out", "r")
    other = sums(tmp_path / "other.py", but={"Solve:": "Compute:"})

    said = cli("run", other, "--out", "r", "--resume")

    assert said.code == 2
    assert "r holds a different study: the prompt of" in said.complaint


def test_a_finished_run_resumes_to_itself(cli, study, emulator, asked):
    """Nothing is asked, the table is the same."""
    cli("run", study, "--base-url", emulator.url, "--out", "r")
    table = Path("r", "table.txt").read_bytes()

    said = cli("run", study, "--base-url", emulator.url, "--out", "r", "--resume", "--mode", "off")

    assert said.code == 0
    assert asked() == 8
    assert Path("r", "table.txt").read_bytes() == table


def test_salvage_makes_a_damaged_run_one_to_go_on_with(cli, study):
    """What is whole is kept, and only what was lost is asked again."""
    cli("run", str(study), "--out", "out")
    journal = Path("out/journal.jsonl")
    lines = journal.read_bytes().splitlines(keepends=True)
    broken = next(n for n, line in enumerate(lines) if b'"type":"answer"' in line)
    lines[broken] = lines[broken].replace(b'"answer"', b'"broken"', 1)
    journal.write_bytes(b"".join(lines))

    damaged, kept = cli("run", str(study), "--out", "out", "--resume"), cli("salvage", "out")
    again = cli("run", str(study), "--out", "out", "--resume")

    assert (damaged.code, kept.code, again.code) == (4, 0, 0)
    assert "workbench salvage out" in damaged.err
    assert "whole records kept" in kept.out


def test_concurrency_may_be_left_to_the_workbench(cli, study):
    """`auto` is a concurrency, and breakpoints may be left to it too."""
    said = cli("run", study, "--concurrency", "auto", "--auto-cache", "--out", "a")

    assert said.code == 0
