"""Searching the result table, in a browser: what is read, where the cursor goes."""

from __future__ import annotations

import threading

from tests.browser import tables
from tests.tables import large_run

small = tables.small
show = tables.show


def test_where_no_row_is_left_a_button_brings_them_back(show, small):
    """And the sentence says why none is there."""
    view = show(small)
    view.click("errored")
    view.page.get_by_role("searchbox").fill("no such words")
    nothing = view.page.locator(".wbt-nothing")
    view.stage.until(lambda: "is among “errored” and holds “no such words”" in nothing.inner_text())
    view.stage.visible(nothing.get_by_role("button", name="clear the search")).click()
    view.foot("20 of 2,000 rows")
    assert not nothing.is_visible()

    view.page.get_by_role("searchbox").fill("no such words")
    view.stage.visible(nothing.get_by_role("button", name="show all rows")).click()
    view.stage.until(lambda: "is among" not in nothing.inner_text())
    view.click("clear the search")

    view.foot("2,000 rows")


def test_one_sorts_while_answers_are_read_for_a_search(show, small, monkeypatch):
    """The rows are sorted at once; what was typed stays, and is answered when all is read."""
    view = show(small)
    go = threading.Event()
    engine = view.widget._engine
    view.stage.until(lambda: engine.has("tokens_out"))
    step = engine.step
    monkeypatch.setattr(engine, "step", lambda what, count=1000: (go.wait(20), step(what, count)))
    view.page.get_by_role("searchbox").fill("overloaded_error")
    view.stage.until(lambda: "reading answers" in view.page.locator(".wbt-foot").inner_text())

    view.grid.get_by_role("columnheader", name="latency").click()
    view.stage.until(lambda: view.column("latency, s") == sorted(view.column("latency, s"), key=float))
    assert view.page.get_by_role("searchbox").input_value() == "overloaded_error"
    go.set()

    view.foot("20 of 2,000 rows · sorted by latency, s, lowest first · holding “overloaded_error”")


def test_what_is_read_ahead_is_said_to_be_read(show):
    """`/` begins to read; when all is read, nothing says that it goes on."""
    view = show(large_run(5000))
    view.stage.until(lambda: view.widget._engine.has("tokens_out"))
    view.grid.focus()
    view.press("/")

    view.page.keyboard.type("overloaded_error")
    view.foot("50 of 5,000 rows")

    view.stage.until(lambda: view.widget._engine.has("texts"))
    view.stage.until(lambda: "reading" not in view.page.locator(".wbt-foot").inner_text())


def test_after_a_search_the_cursor_is_at_the_first_hit(show, small):
    """From the last row, which is no hit; Enter goes down with the answer, Enter again opens it."""
    view = show(small)
    view.grid.focus()
    view.press("End")
    view.here("2,000")
    view.press("/")

    view.page.keyboard.type("ticket 49")
    view.press("Enter")
    view.stage.until(lambda: view.page.evaluate("document.activeElement.className") == "wbt-grid")
    view.press("Enter")

    view.open("haiku-4-5/s49/0")
    view.here("s49")


def test_a_row_that_is_among_the_hits_stays_the_current_one(show, small):
    """Wherever it stands now; where it is none, and where nobody went to a row, it is the first."""
    view = show(small)
    view.page.get_by_role("searchbox").fill("overloaded_error")
    view.foot("20 of 2,000 rows")
    view.here("s49")
    view.grid.focus()
    view.press("End")
    view.here("s999")

    view.page.get_by_role("searchbox").fill("ticket 999")
    view.foot("2 of 2,000 rows")
    view.here("overloaded_error")
    view.page.get_by_role("searchbox").fill("")
    view.stage.until(lambda: view.grid.get_attribute("aria-rowcount") == "2001")
    assert "s999" in view.here("2,000")
    view.click("failed ")
    view.foot(f"{len(small.failures):,} of 2,000 rows")

    assert small.failures[0].sample_id in view.here("failed")


def test_other_rows_of_another_cell_begin_at_the_first(show, small):
    """`show` from Python is a new question too."""
    view = show(small)
    view.grid.focus()
    view.press("End")
    view.here("2,000")

    view.widget.show(search="overloaded_error")

    view.foot("20 of 2,000 rows")
    view.here("s49")
