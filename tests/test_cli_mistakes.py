"""The command line: every mistake ends in one line, and the next command goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import commands, disk, faults
from tests.commands import sums
from workbench.errors import DiskFullError
from workbench.run import Run

cli = commands.cli
asked = commands.asked
study = commands.study
suite = commands.suite


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
    words = ("run", study, "--base-url", emulator.url, "--concurrency", 1, "--mode", "off", "--out", "r")
    with monkeypatch.context() as full:
        disk.fill(full, 3000)
        said = cli(*words)
    before, kept = asked(), len(Run.load("r"))
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
