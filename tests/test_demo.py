"""The study of the quickstart, and where its files lie."""

from __future__ import annotations

import pytest

from tests.commands import ROOT
from workbench import demo
from workbench.lint import lint


def test_two_prompts_on_two_models():
    """Four variants over every row of the set."""
    study = demo.study()

    assert [variant.name for variant in study.variants] == [
        "open · haiku-4-5",
        "open · sonnet-4-6",
        "labels · haiku-4-5",
        "labels · sonnet-4-6",
    ]
    assert len(study.dataset) >= 60


def test_it_can_be_cut_short():
    """The first samples."""
    assert len(demo.study(limit=5)) == 4 * 5


def test_the_service_would_take_it():
    """Lint finds no error in it."""
    assert not lint(demo.study(limit=2).requests()).errors


@pytest.mark.parametrize("name", ["datasets", "notebooks"])
def test_shipped_files_are_the_clones(name):
    """In a clone, the folder beside the package."""
    assert demo.shipped(name) == ROOT / name


def test_a_wheel_has_its_own(tmp_path, monkeypatch):
    """In a wheel they lie inside the package."""
    (tmp_path / "workbench" / "data" / "datasets").mkdir(parents=True)
    monkeypatch.setattr(demo, "__file__", str(tmp_path / "workbench" / "demo.py"))

    assert demo.shipped("datasets") == tmp_path / "workbench" / "data" / "datasets"


def test_files_that_are_missing_are_named(tmp_path, monkeypatch):
    """With the cure."""
    monkeypatch.setattr(demo, "__file__", str(tmp_path / "workbench" / "demo.py"))

    with pytest.raises(FileNotFoundError, match="datasets: not in this installation; install the package"):
        demo.shipped("datasets")
