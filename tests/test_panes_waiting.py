"""A run view that was not asked to begin: its button, and what the notebook keeps of it."""

from __future__ import annotations

from typing import Any

import pytest

import workbench as wb
from tests.commands import until
from tests.queues import PAIR, unlike
from tests.studies import study_run
from workbench.widgets.grading import GradeQueue
from workbench.widgets.panes import RunView


@pytest.fixture
def waiting(emulator, monkeypatch):
    """A view of two columns, shown in a notebook, with what is told of it and what is put in the output."""
    client = wb.Client(base_url=emulator.url, store=False, mode="off")
    body = {"model": "claude-haiku-4-5", "max_tokens": 20}
    view = RunView(client, [{**body, "messages": [text]} for text in ("a", "b")], autostart=False)
    kept: list[Any] = []

    class Output:
        def update(self, bundle, **_):
            kept.append(bundle["text/plain"])

    def display(bundle, **_):
        kept.append(bundle["text/plain"])
        return Output()

    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.setattr("workbench.widgets.panes.view.in_notebook", lambda: True)
    yield view, kept
    view.close()
    client.close()


def says(view, kind, **body):
    view._receive(view, {"kind": kind, **body}, [])


def test_the_button_asks_every_column_once(waiting):
    """Pressed again it asks nothing."""
    view, _ = waiting

    says(view, "ask")
    replies = view.wait(20)
    says(view, "ask")

    assert None not in replies
    assert view.wait(20) == replies


def test_the_file_keeps_the_answers_of_a_view_that_was_begun_by_its_button(waiting):
    """Not that nothing was asked; where one column was asked before the others, those too."""
    view, kept = waiting
    view._ipython_display_()

    says(view, "again", n="1", column=0)
    until(lambda: kept[-1].count("not asked yet") == 1)
    says(view, "ask")
    until(lambda: "not asked yet" not in kept[-1])

    assert kept[0].count("not asked yet") == 2
    assert view._handle is None


def test_a_closed_view_asks_nothing(waiting):
    """Its button may still be on some page."""
    view, _ = waiting
    view.close()

    says(view, "ask")

    assert view.wait(20) == [None, None]


def test_a_part_of_the_pairs_says_what_else_was_counted(tmp_path):
    """The preference counts what was graded in another queue: its number must not seem to be this one's."""
    folder = unlike(study_run(samples=12)).save(tmp_path / "run")
    first = GradeQueue(folder, who="ada", pair=PAIR, sample=4, seed=1)
    for item in range(4):
        first._queue.grade(item, 1.0)

    queue = GradeQueue(folder, who="ada", pair=PAIR, sample=3, seed=2)
    fresh = [i for i in range(3) if queue._queue.grade_of(i) is None]
    for item in fresh:
        queue._queue.grade(item, 0.0)
    found = queue.preference()

    assert found.n == 4 + len(fresh)
    assert found.left_out[-1] == (
        f"This queue asks a random 3 of 12, fixed by the seed; {1 + len(fresh)} of those counted here were "
        "graded in another queue."
    )
    assert queue._remarks()[-1] == "This queue asks a random 3 of 12, fixed by the seed."
