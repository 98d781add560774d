"""comparing.py: one line from a prompt, models and data to run, table and plot."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest

import workbench as wb
from tests.hostile import NAMES, TEXTS
from workbench.comparing import Compared, compare, fitting
from workbench.dataset import Dataset
from workbench.errors import PromptError, UsageError
from workbench.report.charts import Chart
from workbench.show import render

PROMPT = wb.Prompt("Solve: {{input}}", max_tokens=20)
MODELS = ["claude-haiku-4-5", "claude-sonnet-4-6"]
SUMS = [{"id": f"s{n}", "input": f"{n} + 2", "target": str(n + 2)} for n in range(6)]


@pytest.fixture
def client(start_emulator):
    with wb.Client(base_url=start_emulator().url, mode="off") as one:
        yield one


def targets(*values):
    return Dataset.load([{"input": "?", "target": value} for value in values])


def test_models_are_compared_in_one_line(client, tmp_path):
    """A run, its table, its plot; shown, all of it with the verdict and how it was scored."""
    found = compare(PROMPT, models=MODELS, data=SUMS, client=client, out=tmp_path / "r")

    assert isinstance(found, Compared)
    assert (found.run.status, len(found.run)) == ("complete", 12)
    assert found.run.info.variant_names == ("haiku-4-5", "sonnet-4-6")
    assert isinstance(found.plot, Chart)
    for part in (str(found.table), found.why, found.plot.alt[:40]):
        assert part in str(found)


def test_table_verdict_and_plot_are_one_output(client, tmp_path):
    """The picture is inside: it needs no file and no network, and it has its words."""
    found = compare(PROMPT, models=MODELS, data=SUMS, client=client, out=tmp_path / "r")

    made = render(found) or ""

    assert made.count("<table") >= 2
    assert "Scored by number" in made
    (source, alt) = re.findall(r'<img src="([^"]*)" alt="([^"]*)">', made)[0]
    assert source.startswith("data:image/svg+xml;base64,")
    assert "haiku-4-5" in alt


def test_a_warning_points_at_the_line_that_compares(client, tmp_path):
    """What no prompt uses, and what a model cannot do, is said of the caller's file, not of ours."""
    data = [{**row, "expression": "2 + 2"} for row in SUMS]

    with pytest.warns(UserWarning, match=r"uses: expression|has no effort") as caught:
        compare(
            PROMPT,
            models=MODELS,
            data=data,
            effort=[None, "high"],
            client=client,
            out=tmp_path / "r",
            name="sums",
        )

    said = [str(one.message) for one in caught]
    assert [one.filename for one in caught] == [__file__] * 2
    assert "claude-haiku-4-5 has no effort" in said[0]
    assert said[1] == "no prompt of 'sums' uses: expression"


def test_data_may_be_a_path_a_frame_or_a_list(client, tmp_path):
    """The study is called after its file."""
    path = tmp_path / "sums.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in SUMS))
    given = {"path": path, "frame": pd.DataFrame(SUMS), "list": SUMS}

    runs = {
        kind: compare(PROMPT, MODELS[0], data, client=client, out=tmp_path / kind).run
        for kind, data in given.items()
    }

    assert {kind: run.name for kind, run in runs.items()} == {
        "path": "sums",
        "frame": "compare",
        "list": "compare",
    }
    assert len({tuple(row.text for row in run.rows) for run in runs.values()}) == 1


def test_effort_epochs_budget_and_the_options_of_a_run_are_passed_on(client, tmp_path):
    """What the model cannot do is left out, and said."""
    with pytest.warns(UserWarning, match="claude-haiku-4-5 has no effort high: 1 variant dropped|no effort"):
        found = compare(
            PROMPT,
            models=MODELS,
            data=SUMS,
            effort=[None, "high"],
            epochs=2,
            budget_usd="1.00",
            name="sums twice",
            client=client,
            out=tmp_path / "r",
            concurrency=2,
        )

    info = found.run.info
    assert (info.name, info.epochs, len(info.variants)) == ("sums twice", 2, 3)
    assert info.asked["budget_usd"] == "1.00"
    assert info.asked["concurrency"] == 2


def test_scorers_that_are_given_are_used(client, tmp_path):
    """And named."""
    found = compare(PROMPT, MODELS[0], SUMS, scorers=[wb.score.includes()], client=client, out=tmp_path / "r")

    assert [one["name"] for one in found.run.info.scorers] == ["includes"]
    assert found.why == "Scored by includes, as asked."


def test_without_targets_there_is_a_table_of_measures_and_a_plot_that_says_why_it_is_empty(client, tmp_path):
    """Nothing is judged by guessing."""
    data = [{"input": "1 + 1"}, {"input": "2 + 2"}]

    found = compare(PROMPT, MODELS, data, client=client, out=tmp_path / "r")

    assert found.why.startswith("Not scored, for the data has no target")
    assert {one["name"] for one in found.run.info.scorers} == {"length", "latency"}
    assert render(found)


def test_a_client_of_its_own_is_made_where_none_is_given(tmp_path, monkeypatch):
    """Without a key that is the emulator."""
    monkeypatch.chdir(tmp_path)

    found = compare(PROMPT, MODELS[0], SUMS[:2])

    assert {row.origin for row in found.run.rows} == {"emulator"}
    assert found.run.folder is not None


@pytest.mark.parametrize(
    ("values", "scorer"),
    [
        (("4", "5.5", "-3", "1,200", "$7", "50 %", "3/4"), "number"),
        ((4, 5.5, 6), "number"),
        (("She has 9 + 9.\n#### 18", "7"), "number"),
        (("billing", "technical", "billing", "other", "other", "technical"), "choice"),
        ((True, False, True, False), "choice"),
        (("1 apple", "2 apples", "3 apples"), "exact"),
        (("Paris", "Rome", "Berlin"), "exact"),
        ((["a", "b"], ["a"], ["b"], ["b", "a"]), "choice"),
        (({"a": 1}, {"b": 2}), "exact"),
        (("yes",), "exact"),
    ],
    ids=str,
)
def test_the_scorer_fits_the_targets(values, scorer):
    """Numbers by their value, a few labels by choice, all else word for word."""
    chosen, why = fitting(targets(*values))

    assert [one.name for one in chosen] == [scorer]
    assert why.startswith(f"Scored by {scorer}: ")


def test_a_target_that_is_missing_somewhere_is_said():
    """A score of some would be taken for a score of all."""
    data = Dataset.load([{"input": "a", "target": "1"}, {"input": "b", "target": None}])

    chosen, why = fitting(data)

    assert [one.name for one in chosen] == ["length", "latency"]
    assert why.startswith("Not scored, for 1 sample has no target")


def test_what_cannot_work_is_said_before_anything_is_sent(client):
    """With the cure."""
    with pytest.raises(UsageError, match="compare needs data"):
        compare(PROMPT, MODELS, client=client)
    with pytest.raises(UsageError, match=r"takes a Prompt, not text: wb\.Prompt\(text"):
        compare("Solve: {{input}}", MODELS, SUMS, client=client)  # type: ignore[arg-type]
    with pytest.raises(PromptError):
        compare(PROMPT, [], SUMS, client=client)


@pytest.mark.parametrize("hostile", TEXTS, ids=NAMES)
def test_hostile_labels_are_text(hostile):
    """The sentence on the scorer quotes the data: one line in a terminal, text in a page."""
    _, why = fitting(targets(hostile, "b", hostile, "b"))

    assert "\n" not in why
    assert not any(character in "\u202e\u200b\x1b\x00" for character in why)
