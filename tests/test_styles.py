"""Stylesheets of the views: whichever view a notebook shows last, all of them look the same."""

from __future__ import annotations

from pathlib import Path

import pytest

import workbench.widgets
from workbench.widgets.builder.aside import Aside
from workbench.widgets.grading import GradeQueue
from workbench.widgets.panes import RunView
from workbench.widgets.running import RunningView
from workbench.widgets.table import ResultTable

VIEWS = [RunView, ResultTable, GradeQueue, RunningView, Aside]
FRONT = Path(workbench.widgets.__file__).parent / "front"


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.__name__)
def test_every_view_brings_the_styles_of_all_in_one_order(view):
    """A page keeps them all: the kit's rules, come again, must not win over those of an earlier view."""
    sheet = view._css

    assert sheet == RunView._css
    at = {path.stem: sheet.index(path.read_text("utf-8")) for path in FRONT.glob("*.css")}
    assert min(at, key=at.__getitem__) == "kit"
    assert len(at) > len(VIEWS)
