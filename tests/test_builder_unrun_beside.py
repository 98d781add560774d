"""Several forms of one place in one kernel: a new one is offered what nobody sees any more."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.forms import block, editor, form, press
from tests.test_builder_unrun import DISCARD, RESTORE, SUM, content, kept, said, typed


@pytest.fixture
def place(tmp_path):
    """A folder of versions that is not there yet."""
    return tmp_path / "runs" / "builder-sums"


@pytest.fixture
def runs(monkeypatch):
    """Return what tells the forms which cell runs, as JupyterLab's kernel does; each call is a run."""

    def run(cell: str) -> None:
        number.append(cell)
        parent = {"metadata": {"cellId": cell}, "header": {"msg_id": f"run-{len(number)}"}}
        shell = SimpleNamespace(kernel=SimpleNamespace(get_parent=lambda: parent), user_ns={})
        monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: shell)

    number: list[str] = []
    return run


def test_two_forms_of_one_place_keep_what_each_holds(place, runs):
    """Neither writes over the other; the cell run a third time offers both, the newest first."""
    runs("a")
    first = typed(place, "one")
    runs("a")
    second = typed(place, "two")
    editor(block(first), "text").value = "one more"
    first.settle()

    runs("a")
    third = form(SUM, versions=place)

    held = {one.body["messages"][0]["content"] for one in kept(place)}
    assert held == {"one more", "two"}
    assert said(third).endswith("was never run, nor 1 older one")
    press(third.widget, DISCARD)
    assert said(third).endswith("was never run")
    press(third.widget, DISCARD)
    assert kept(place) == []
    editor(block(second), "text").value = "two more"
    second.settle()
    assert [one.body["messages"][0]["content"] for one in kept(place)] == ["two more"]


def test_a_draft_that_grew_since_it_was_offered_is_not_deleted(place, runs):
    """What another form wrote meanwhile is another draft."""
    runs("a")
    first = typed(place, "one")
    runs("a")
    second = form(SUM, versions=place)
    assert said(second)
    editor(block(first), "text").value = "one and more"
    first.settle()

    press(second.widget, DISCARD)

    assert [one.body["messages"][0]["content"] for one in kept(place)] == ["one and more"]


def test_a_cell_run_again_at_once_offers_what_was_typed_last(place, runs):
    """The form before it writes before this one looks, although its keys have not rested yet."""
    runs("a")
    builder = typed(place, "one")
    editor(block(builder), "text").value = "one and the last key"

    runs("a")
    again = form(SUM, versions=place)
    press(again.widget, RESTORE)

    assert content(again) == "one and the last key"


def test_what_is_open_in_another_cell_is_not_offered(place, runs):
    """Its form is there to be read; once it is closed its draft is one that was left."""
    runs("a")
    first = typed(place, "one")
    runs("b")

    second = form(SUM, versions=place)

    assert said(second) == ""
    first.close()
    assert said(form(SUM, versions=place)).endswith("was never run")
    assert [one.body["messages"][0]["content"] for one in kept(place)] == ["one"]


def test_two_forms_of_one_run_of_a_cell_are_both_open(place, runs):
    """Side by side, neither is offered what the other one holds."""
    runs("a")
    typed(place, "one")

    assert said(form(SUM, versions=place)) == ""


def test_without_a_notebook_every_form_that_is_not_closed_is_open(place):
    """Nobody says which cell made it."""
    first = typed(place, "one")

    assert said(form(SUM, versions=place)) == ""
    first.close()
    assert said(form(SUM, versions=place)).endswith("was never run")
