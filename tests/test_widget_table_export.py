"""The result table's files: what is shown, for spreadsheets, for programs, for people."""

from __future__ import annotations

import csv
import sys

import pandas as pd
import pytest

from tests.hostile import CASES
from tests.studies import hostile_run, study_run
from tests.tables import tables
from workbench.dataset.cells import plain_cell
from workbench.errors import UsageError


@pytest.fixture
def shown():
    """Make tables whose threads end with the test."""
    with tables() as show:
        yield show


def lines(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".html"])
def test_an_export_holds_the_rows_shown(shown, tmp_path, suffix):
    """By its ending a table for spreadsheets, for programs, or for people."""
    table = shown(study_run())
    table.show(only="failed")

    path = table.export(tmp_path / f"failed{suffix}")

    if suffix == ".parquet":
        assert list(pd.read_parquet(path)["sample"]) == list(table.filtered["sample"])
    elif suffix == ".csv":
        assert len(lines(path)) == 27
    else:
        assert path.read_text().count("<tr>") >= 27
        assert "got other" not in path.read_text().split("<tr>")[0]


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".html"])
def test_hostile_texts_are_exported_as_texts(shown, tmp_path, suffix):
    """No formula in a spreadsheet, no markup in a page, no error over half a character."""
    table = shown(hostile_run())

    path = table.export(tmp_path / f"all{suffix}", what="all")

    if suffix == ".csv":
        rows = lines(path)
        formula = [row for row in rows if any(plain_cell(cell) == CASES["formula"] for cell in row)]
        assert formula
        assert not any(cell.startswith(("=", "@", "\t=")) for row in rows for cell in row)
    if suffix == ".html":
        assert "<script" not in path.read_text().casefold()
        assert "<img" not in path.read_text()


def test_a_page_says_how_many_rows_it_does_not_hold(shown, tmp_path, monkeypatch):
    """No browser opens a hundred thousand rows of HTML; CSV holds them all."""
    monkeypatch.setattr("workbench.widgets.table.export.PAGE_ROWS", 50)

    done = shown(study_run()).asked("export", "exported", path=str(tmp_path / "x.html"), what="all")

    assert done["text"].startswith("50 rows written")
    page = (tmp_path / "x.html").read_text()
    assert "130 more rows" in page
    assert page.count("claude-") < 180


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("x.txt", "ends in .csv"),
        ("none/x.csv", "no such folder"),
        ("", "name a file"),
        (".csv", "ends in .csv"),
    ],
)
def test_a_path_that_cannot_be_is_refused_with_the_cure(shown, tmp_path, monkeypatch, path, words):
    """Before anything is written."""
    monkeypatch.chdir(tmp_path)

    with pytest.raises(UsageError, match=words):
        shown(study_run(samples=1)).export(path)
    assert list(tmp_path.iterdir()) == []


def test_without_pyarrow_parquet_says_what_to_install(shown, tmp_path, monkeypatch):
    """And that CSV needs nothing."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(UsageError, match=r"pip install .* or export \.csv"):
        shown(study_run(samples=1)).export(tmp_path / "x.parquet")


def test_the_form_does_not_replace_a_file_unasked(shown, tmp_path):
    """The first press says that it is there, the second replaces it."""
    table, path = shown(study_run(samples=1)), tmp_path / "x.csv"
    path.write_text("mine")

    refused = table.asked("export", "exported", path=str(path), what="all")
    assert "press write again" in refused["text"]
    assert path.read_text() == "mine"
    done = table.asked("export", "exported", path=str(path), what="all", replace=True)

    assert done["text"] == f"3 rows written to {path}"
