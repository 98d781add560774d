"""How a run is that was loaded: going on, ended, or killed, as the folder alone tells it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.tables import info, large_run, saved
from workbench.journal import Journal
from workbench.run import JOURNAL, Run
from workbench.show import to_html
from workbench.show.page import report_page


@pytest.fixture
def folder(tmp_path):
    """A run of which four of ten trials are done and ``run.json`` says that it goes on."""
    return saved(replace(large_run(4), info=info(5, status="running")), tmp_path / "run")


def test_a_killed_run_does_not_say_that_it_is_running(folder):
    """Nobody writes its journal, and nobody ended it: it can be resumed."""
    run = Run.load(folder)

    assert (run.status, run.state) == ("running", "killed")
    for html in (str(to_html(run)), report_page(run)):
        assert "killed — 4 of 10 done; it can be resumed" in html
        assert "running — " not in html


def test_a_run_that_goes_on_cannot_be_resumed(folder):
    """Somebody, in this process or another one, holds its journal."""
    run = Run.load(folder)

    with Journal.open(folder / JOURNAL):
        assert run.state == "running"
        html = str(to_html(run))

    assert "running — 4 of 10 done" in html
    assert "resumed" not in html
    assert run.state == "killed"


@pytest.mark.parametrize("status", ["complete", "interrupted", "stopped"])
def test_a_run_that_was_ended_is_what_it_says(folder, status):
    """Whoever holds the journal then."""
    run = Run.load(folder).with_status(status)

    with Journal.open(folder / JOURNAL):
        assert run.state == status


def test_a_run_in_memory_is_what_it_says():
    """It has no journal that anybody could hold."""
    assert large_run(4).with_status("running").state == "running"
