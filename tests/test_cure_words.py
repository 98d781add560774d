"""Messages name the cure of whoever reads them: an argument in Python, a flag on the command line."""

from __future__ import annotations

import copy
import pickle

import pytest

import workbench as wb
from tests import clients, commands
from tests.commands import sums
from workbench.errors import BudgetError, LintError, UsageError
from workbench.run import Run
from workbench.wire import as_request

make = clients.make
cli = commands.cli


# --- the budget --------------------------------------------------------------------------------------


def test_a_budget_that_is_used_up_names_the_call_with_its_folder(make, tmp_path):
    """And the folder's own words stay free of it: they may be read elsewhere."""
    with pytest.raises(BudgetError) as stop:
        make(store=False).run(clients.study(), out=tmp_path / "r", budget_usd="0.00001", concurrency=1)

    assert str(stop.value).endswith(
        "what is answered is kept, and a larger budget goes on: "
        f"client.resume('{tmp_path / 'r'}', budget_usd=…)"
    )
    assert str(pickle.loads(pickle.dumps(stop.value))) == str(stop.value)
    assert "client.resume" not in str(Run.load(tmp_path / "r").info.reason)


def test_the_same_run_in_the_background_says_it_once(make, tmp_path):
    """One call, and the one that helps."""
    client = make(store=False)
    running = client.start(clients.study(), out=tmp_path / "r", budget_usd="0.00001", concurrency=1)
    with pytest.raises(BudgetError):
        running.result(30)

    assert running.sentence.count("client.resume") == 1
    assert running.sentence.endswith("budget_usd=…)")


def test_a_command_names_its_own_option(cli, tmp_path, emulator):
    """And no call of Python."""
    module = sums(tmp_path / "m.py")

    said = cli("run", module, "--base-url", emulator.url, "--out", "r", "--budget-usd", "0.00001")

    assert said.code == 4
    assert " --budget-usd DOLLARS` goes on" in said.complaint
    assert "client.resume" not in said.complaint


# --- what lint would refuse --------------------------------------------------------------------------


def test_a_refused_study_names_the_argument(make, tmp_path):
    """In Python there is no flag."""
    with pytest.raises(LintError, match=r"nothing was sent \(check=False sends it\)") as stop:
        make().run(clients.study(model="claude-haiku-45"), out=tmp_path / "r")

    assert "--no-check" not in str(stop.value)


def test_a_refused_study_names_the_flag_on_the_command_line(cli, tmp_path, emulator):
    """There no argument can be given."""
    module = sums(tmp_path / "m.py", but={"haiku-4-5": "haiku-45"})

    said = cli("run", module, "--base-url", emulator.url, "--out", "r")

    assert "nothing was sent (--no-check sends it)" in said.complaint
    assert "check=False" not in said.complaint


# --- datasets and requests ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make_",
    [
        lambda: wb.Dataset("x", [{"input": "1"}]),  # type: ignore[arg-type]
        lambda: wb.Dataset([{"input": "1"}], name="x"),  # type: ignore[call-arg, arg-type, misc]
        lambda: wb.Dataset([{"input": "1"}]),  # type: ignore[arg-type, call-arg]
        lambda: wb.Dataset("x"),  # type: ignore[call-arg]
        lambda: wb.Dataset("x", "texts"),  # type: ignore[arg-type]
    ],
    ids=["rows", "rows and a name", "rows alone", "a name alone", "a text"],
)
def test_a_dataset_of_rows_names_what_takes_them(make_):
    """Not an AttributeError of its inside."""
    with pytest.raises(UsageError, match=r"use wb\.Dataset\.load\(rows, name=…\)"):
        make_()


def test_a_dataset_of_samples_can_be_a_list_and_be_copied():
    """What was made by hand works as before."""
    data = wb.Dataset("x", [wb.Sample("1", "?")])  # type: ignore[arg-type]

    assert data.samples == (wb.Sample("1", "?"),)
    assert copy.copy(data) == pickle.loads(pickle.dumps(data)) == data
    assert wb.Dataset(name="x", samples=data.samples) == data


@pytest.mark.parametrize(
    ("given", "said"),
    [(1, "an int is no request"), (1.5, "a float is no request"), (None, "None is no request")],
)
def test_what_is_no_request_is_named_in_english_with_what_is_expected(given, said):
    """A class, or the keys of a body."""
    with pytest.raises(UsageError) as stop:
        as_request(given)

    assert str(stop.value).startswith(f"{said}; give a wb.Request, or a body: ")
    assert "max_tokens" in str(stop.value)


# --- folders -----------------------------------------------------------------------------------------


def test_a_folder_that_is_not_there_names_the_nearest_one(make, tmp_path):
    """Mistyped, mostly."""
    clients.study().save(tmp_path / "triage-1")

    with pytest.raises(UsageError, match=r"triage1: there is no such folder; did you mean 'triage-1'\?"):
        make().resume(tmp_path / "triage1")


def test_a_folder_that_is_not_there_lists_those_that_are(make, tmp_path):
    """Where none is near."""
    for name in ("a", "b"):
        clients.study().save(tmp_path / name)

    with pytest.raises(UsageError) as stop:
        make().resume(tmp_path / "elsewhere")

    assert str(stop.value).endswith(f"elsewhere: there is no such folder; the studies in {tmp_path}: a, b")


def test_a_command_says_so_too(cli, tmp_path):
    """With the exit code of a wrong argument."""
    said = cli("resume", tmp_path / "nowhere" / "at-all")

    assert said.code == 2
    assert said.complaint.endswith("at-all: there is no such folder")
