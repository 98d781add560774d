"""Two runs in one table, in a browser: what changed, and what the header says of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.browser.tables import shown
from tests.studies import study_run
from tests.tables import large_run
from workbench.score import Score


@pytest.fixture
def show(stage):
    """Show tables; afterwards nothing went wrong and their threads have ended."""
    with shown(stage) as made:
        yield made


def test_two_runs_are_told_apart_in_words(show):
    """Fixed and broken with an arrow; chips count them; the open row shows both answers."""
    run = study_run()
    rows = tuple(
        replace(r, scores={"choice": Score(1.0)}) if r.value("choice") == 0 and r.epoch == 0 else r
        for r in run.rows
    )
    view = show(run, against=replace(run, rows=rows[:-3]))

    view.click("↓ broken 26")
    view.foot("26 of 180 rows")
    assert set(view.column("change")) == {"↓ broken"}
    view.click("+ only here 3")
    view.foot("3 of 180 rows")
    view.click("all 180")
    view.here("t-000")
    view.grid.focus()
    view.press("Enter")
    view.page.get_by_role("tab", name="Difference").click()
    view.open("passed → this row: failed")


def pair():
    """Return a run and one from before in which every tenth answer was judged otherwise, three are missing."""
    run = large_run(2000)
    before = [
        replace(r, scores={"choice": Score(1 - (r.value("choice") or 0))})
        if r.index % 10 == 3 and r.error is None
        else r
        for r in run.rows
    ]
    return run, replace(run, info=replace(run.info, name="monday"), rows=tuple(before[:-3]))


@pytest.mark.parametrize("width", [1000, 1280])
def test_the_header_says_what_each_variant_had_before(show, width):
    """The other run's mean, the paired difference and its interval, all of it in sight."""
    run, before = pair()
    view = show(run, against=before, options={"width": width})
    row = view.stage.visible(view.page.locator(".wbt-summary tbody tr").filter(has_text="sonnet-4-6"))

    assert "0.81 was 0.68 +12.3 points +9.6 … +15.0" in " ".join(row.inner_text().split())
    last = row.locator("td").last.bounding_box()
    assert last["x"] + last["width"] < width


LINES = """() => new Set([...document.querySelectorAll('.wbt-chip')].map(chip => Math.round(chip.getBoundingClientRect().top))).size"""


@pytest.mark.parametrize(("width", "stacked"), [(1600, False), (1280, False), (1000, True)])
def test_all_filters_stand_on_one_line(show, width, stacked):
    """With signs for words, or on a line of their own, where it takes that; none is lost, each keeps its name."""
    run, before = pair()
    view = show(run, against=before, options={"width": width})
    view.stage.visible(view.page.get_by_role("button", name="+ only here 3"))
    view.stage.until(lambda: view.page.evaluate(LINES) == 1)

    names = [
        " ".join(chip.text_content().split()).rstrip("0123456789, ")
        for chip in view.page.locator(".wbt-chip").all()
    ]
    tools = view.stage.visible(view.page.get_by_role("button", name="export")).bounding_box()
    search = view.page.get_by_role("searchbox").bounding_box()
    chip = view.page.locator(".wbt-chip").first.bounding_box()

    assert names == ["all", "failed", "errored", "only differences", "ungraded",
                     "changed", "↑ fixed", "↓ broken", "= same", "+ only here"]  # fmt: skip
    assert abs(tools["y"] - search["y"]) < 8
    assert (chip["y"] > search["y"] + search["height"]) == stacked
    group = view.page.get_by_role("group", name="against the other run")
    assert group.get_by_role("button").count() == 5
    group.get_by_role("button", name="↑ fixed").click()
    view.foot("of 2,000 rows")
    assert set(view.column("change")) == {"↑ fixed"}
