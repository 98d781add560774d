"""A run goes on from its folder alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import workbench as wb
from tests.benchmarks.kills import harness
from tests.commands import called
from workbench.errors import JournalError, UsageError
from workbench.journal import Journal

PROMPT = wb.Prompt("Solve: {{input}}", model="claude-haiku-4-5", max_tokens=20)


def study(n=6, **changes):
    data = [{"id": f"s{i}", "input": f"{i} + 2", "target": str(i + 2)} for i in range(n)]
    given = {"dataset": wb.Dataset.load(data), "variants": PROMPT, "scorers": [wb.score.number()], **changes}
    return wb.Eval("sums", **given)


@pytest.fixture
def server(start_emulator):
    # Whoever stops a run hears of an answer when it is safe: on a slow disk five others would be through.
    return start_emulator(latency=0.1)


@pytest.fixture
def client(server):
    with wb.Client(base_url=server.url, mode="off") as one:
        yield one


def asked(server):
    return server.ledger()["by_path"].get("/v1/messages", 0)


def cut_short(client, evaluation, folder, *, after=1, **options):
    """Stop a run when some answers are safe."""

    def enough(event):
        if event.kind == "finished" and event.done >= after:
            raise KeyError("enough")

    with pytest.raises(KeyError):
        client.run(evaluation, out=folder, concurrency=1, on_event=enough, **options)


def test_a_run_goes_on_from_its_folder(client, server, tmp_path):
    """No study is given; what was answered is not asked again."""
    cut_short(client, study(), tmp_path / "r")
    before = asked(server)

    done = client.resume(tmp_path / "r")

    assert 1 <= before < 6
    assert asked(server) == 6
    assert (done.status, len(done), done.errors) == ("complete", 6, ())


def test_a_folder_moved_elsewhere_goes_on(client, tmp_path):
    """Nothing in it says where it was."""
    cut_short(client, study(), tmp_path / "r")
    shutil.move(tmp_path / "r", tmp_path / "elsewhere")

    assert client.resume(tmp_path / "elsewhere").status == "complete"


def test_the_command_goes_on_from_a_folder(capsys, server, client, tmp_path, monkeypatch):
    """`workbench resume FOLDER`; a finished run resumes to itself."""
    monkeypatch.chdir(tmp_path)
    cut_short(client, study(), "r")

    first = called(capsys, "resume", "r", "--base-url", server.url)
    table = Path("r", "table.txt").read_bytes()
    second = called(capsys, "resume", "r", "--base-url", server.url)

    assert (first.code, second.code) == (0, 0)
    assert asked(server) == 6
    assert Path("r", "table.txt").read_bytes() == table


def test_a_scorer_that_is_code_is_named_with_both_cures(client, tmp_path):
    """A folder holds no code; the study is given once more."""

    def polite(sample, message):
        return 1.0

    evaluation = study(scorers=[wb.score.number(), polite])
    cut_short(client, evaluation, tmp_path / "r")

    with pytest.raises(UsageError) as caught:
        client.resume(tmp_path / "r")
    done = client.resume(tmp_path / "r", evaluation)

    said = str(caught.value)
    assert "the scorer 'polite' is code of yours" in said
    assert f"client.resume('{tmp_path / 'r'}', evaluation)" in said
    assert f"`workbench run PATH --out {tmp_path / 'r'} --resume`" in said
    assert done.status == "complete"


def test_changed_samples_are_refused(client, server, tmp_path):
    """Answers of before would stand beside answers to other questions."""
    cut_short(client, study(), tmp_path / "r")
    before = asked(server)
    samples = tmp_path / "r" / "samples.jsonl"
    samples.write_text(samples.read_text().replace("5 + 2", "5 + 3"))

    with pytest.raises(UsageError, match=r"samples\.jsonl was changed since the run began"):
        client.resume(tmp_path / "r")

    assert asked(server) == before


def test_a_changed_prompt_is_refused(client, tmp_path):
    """In the study's file as well."""
    cut_short(client, study(), tmp_path / "r")
    place = tmp_path / "r" / "study.json"
    place.write_text(place.read_text().replace("Solve:", "Guess:"))

    with pytest.raises(UsageError, match=r"study\.json was changed"):
        client.resume(tmp_path / "r")


def test_where_nothing_lies_nothing_goes_on(client, tmp_path):
    """It says what is missing."""
    with pytest.raises(UsageError, match=r"no study here \(study\.json is missing\)"):
        client.resume(tmp_path)


def test_a_folder_of_runs_names_them(client, tmp_path):
    """One of them is meant."""
    study().save(tmp_path / "a")
    study().save(tmp_path / "b")

    with pytest.raises(UsageError, match="name one of the folders in it: a, b"):
        client.resume(tmp_path)


def test_a_journal_without_run_json_goes_on_as_the_study_beside_it(client, server, tmp_path):
    """`run.json` can be made again; the answers are in the journal."""
    cut_short(client, study(), tmp_path / "r")
    (tmp_path / "r" / "run.json").unlink()

    done = client.resume(tmp_path / "r")

    assert done.status == "complete"
    assert asked(server) == 6


def test_a_journal_alone_is_left_alone(client, tmp_path):
    """Whose it is nobody knows."""
    cut_short(client, study(), tmp_path / "r")
    for name in ("run.json", "study.json", "samples.jsonl"):
        (tmp_path / "r" / name).unlink()

    with pytest.raises(UsageError, match=r"holds a journal without run\.json"):
        client.resume(tmp_path / "r", study())


def test_a_folder_of_an_older_version_goes_on_with_the_study(client, tmp_path):
    """Then it is written there too."""
    cut_short(client, study(), tmp_path / "r")
    (tmp_path / "r" / "study.json").unlink()

    done = client.resume(tmp_path / "r", study())

    assert done.status == "complete"
    assert (tmp_path / "r" / "study.json").exists()


def test_the_study_is_written_once(client, tmp_path):
    """A resume leaves the files as they are."""
    cut_short(client, study(), tmp_path / "r")
    files = [tmp_path / "r" / name for name in ("samples.jsonl", "study.json")]
    before = [file.stat().st_ino for file in files]

    client.resume(tmp_path / "r")

    assert [file.stat().st_ino for file in files] == before


def test_two_at_once_are_refused(client, tmp_path):
    """The journal is locked by the system."""
    cut_short(client, study(), tmp_path / "r")

    with (
        Journal.open(tmp_path / "r" / "journal.jsonl"),
        pytest.raises(JournalError, match="is in use by another process"),
    ):
        client.resume(tmp_path / "r")


# --- as it was begun ---------------------------------------------------------------------------------


def test_somebody_else_does_not_finish_it(client, tmp_path):
    """Emulated answers beside Claude's would be compared with them."""
    cut_short(client, study(), tmp_path / "r")

    with (
        wb.Client("sk-ant-api03-none", store=False) as other,
        pytest.raises(UsageError, match=r"its answers are from the emulator, and now the Claude API would"),
    ):
        other.resume(tmp_path / "r", check=False)


def test_other_betas_do_not_finish_it(client, server, tmp_path):
    """What is asked with a beta may be answered otherwise."""
    cut_short(client, study(), tmp_path / "r")

    with (
        wb.Client(base_url=server.url, betas=["new-2026-11-01"]) as other,
        pytest.raises(UsageError, match=r"it was asked with betas \[\]"),
    ):
        other.resume(tmp_path / "r", check=False)


def test_budget_and_pace_are_kept(client, tmp_path):
    """A cap that was forgotten would be none."""
    cut_short(client, study(), tmp_path / "r", budget_usd="3.50")

    client.resume(tmp_path / "r")
    asked = json.loads((tmp_path / "r" / "run.json").read_text())["asked"]

    assert (asked["budget_usd"], asked["concurrency"]) == ("3.50", 1)


def test_a_command_goes_on_the_way_it_was_begun(capsys, client, server, tmp_path):
    """What was begun at half the price is not finished at the whole."""
    cut_short(client, study(), tmp_path / "r", via="batch")

    said = called(capsys, "resume", tmp_path / "r", "--base-url", server.url)

    assert said.code == 0
    assert asked(server) == 0
    assert json.loads((tmp_path / "r" / "run.json").read_text())["asked"]["via"] == "batch"


def test_a_header_that_cannot_be_is_refused(capsys, client, tmp_path):
    """The folder may be anybody's."""
    cut_short(client, study(), tmp_path / "r")
    info = json.loads((tmp_path / "r" / "run.json").read_text())
    info["asked"]["betas"] = ["a\r\nx-api-key: b"]
    (tmp_path / "r" / "run.json").write_text(json.dumps(info))

    said = called(capsys, "resume", tmp_path / "r")

    assert said.code == 2
    assert "betas that cannot be" in said.complaint


# --- kills -------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("wipe", [False, True], ids=["home kept", "home wiped"])
def test_killed_again_and_again(wipe):
    """Nothing is lost, nothing paid again but what was in flight, the end is that of an unbroken run."""
    tally = harness(kills=5, samples=60, latency_s=0.1, wipe=wipe)

    assert tally.good, str(tally)
    assert tally.kills >= 3, str(tally)
