"""Notebooks are code: short cells, run top to bottom, nothing of a machine in them.

``python -m tests.notebooks`` runs them and writes them so.
"""

from __future__ import annotations

import json
import re

import pytest

from tests.notebooks import NOTEBOOKS, WIDGET

MACHINE = re.compile(r"/(home|root|Users|work|tmp)/|[A-Z]:\\\\Users|sk-ant-")


@pytest.fixture(params=NOTEBOOKS, ids=lambda p: p.stem)
def notebook(request):
    return request.param, json.loads(request.param.read_text())


def code_cells(notebook):
    return [cell for cell in notebook[1]["cells"] if cell["cell_type"] == "code"]


def test_there_are_notebooks():
    """Nothing below can pass for lack of cases."""
    stems = {path.stem for path in NOTEBOOKS}

    assert {"01_quickstart", "02_prompt_builder", "03_compare_models"} <= stems
    assert {"04_regression_in_ci", "05_citations", "06_tools_and_thinking", "sentiment"} <= stems


def test_at_most_twenty_cells(notebook):
    """One question each."""
    assert len(notebook[1]["cells"]) <= 20


def test_cells_are_short(notebook):
    """Logic that grows moves to the package."""
    assert max(len("".join(cell["source"]).splitlines()) for cell in code_cells(notebook)) <= 10


def test_execution_counts_run_from_one(notebook):
    """Executed top to bottom in a fresh kernel."""
    counts = [cell["execution_count"] for cell in code_cells(notebook)]

    assert counts == list(range(1, len(counts) + 1))


def test_no_error_outputs(notebook):
    """A committed notebook works."""
    kinds = {output["output_type"] for cell in code_cells(notebook) for output in cell["outputs"]}

    assert "error" not in kinds


def test_nothing_of_a_machine(notebook):
    """No absolute path, no key."""
    assert not MACHINE.search(notebook[0].read_text())


def test_no_timestamps_or_widget_state(notebook):
    """Metadata holds what every machine would write."""
    assert set(notebook[1]["metadata"]) <= {"kernelspec", "language_info"}
    assert all(not cell["metadata"] for cell in notebook[1]["cells"])


def test_outputs_are_readable_without_a_kernel(notebook):
    """A widget without its kernel is an error message where its static view should stand."""
    kinds = [set(o.get("data", {})) for cell in code_cells(notebook) for o in cell["outputs"]]

    assert WIDGET not in set().union(*kinds)
    assert all("text/plain" in found for found in kinds if found)


def test_small_files(notebook):
    """Less than 200 kB each."""
    assert notebook[0].stat().st_size < 200_000


def test_the_first_cell_says_what_one_will_know(notebook):
    """A title and a promise."""
    first = notebook[1]["cells"][0]

    assert first["cell_type"] == "markdown"
    assert "".join(first["source"]).startswith("# ")
