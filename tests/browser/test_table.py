"""The result table in a browser: 100,000 rows by mouse and by keyboard, hostile texts in every column."""

from __future__ import annotations

import pytest

from tests.browser import tables
from tests.browser.tables import View
from tests.hostile import TEXTS
from tests.studies import hostile_run, study_run
from tests.tables import large_run, saved
from workbench.run import Run
from workbench.widgets.table import ResultTable

ROWS = 100_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of a run of 100,000 rows, its texts in the journal."""
    return saved(large_run(ROWS), tmp_path_factory.mktemp("large") / "run")


@pytest.fixture(scope="module")
def run(folder):
    """The run of `folder`, loaded once for all tests."""
    return Run.load(folder)


small = tables.small
show = tables.show


def test_only_the_rows_in_sight_are_there(show, run):
    """Of 100,000 rows some thirty are elements; the page knows how many there are."""
    view = show(run)

    assert view.grid.get_attribute("aria-rowcount") == str(ROWS + 1)
    assert view.page.locator(".wbt-row").count() < 40
    view.foot("100,000 rows")


def test_a_heading_sorts_and_sorts_back(show, run):
    """Low to high, high to low, as asked; the order is named in words and for screen readers."""
    view = show(run)
    heading = view.page.get_by_role("columnheader", name="latency")

    heading.click()
    view.foot("sorted by latency, s, lowest first")
    found = [float(each) for each in view.column("latency, s") if each]
    assert found == sorted(found)
    assert view.page.get_by_role("columnheader", name="latency").get_attribute("aria-sort") == "ascending"
    view.page.get_by_role("columnheader", name="latency").click()
    view.foot("highest first")
    view.page.get_by_role("columnheader", name="latency").click()
    view.stage.until(lambda: view.column("#")[:3] == ["1", "2", "3"])


def test_prices_are_got_beside_and_then_sorted_by(show, run):
    """What takes seconds to add up is asked for, said, and comes."""
    view = show(run)

    view.page.get_by_role("columnheader", name="cost").click()
    view.foot("sorted by cost")

    found = [float(each) for each in view.column("cost, $") if each]
    assert found == sorted(found)


def test_a_filter_shows_only_what_it_says(show, run):
    """A chip with its count; pressed, the rows are those."""
    view = show(run)
    failed = len(run.failures)

    view.click(f"failed {failed:,}")

    view.foot(f"{failed:,} of 100,000 rows")
    assert set(view.column("verdict")) == {"failed"}


def test_a_search_reads_the_answers_once(show, run):
    """`/` leads to the field; the second search does not read again."""
    view = show(run)
    view.grid.focus()
    view.press("/")
    wanted = run.rows[77_777].text[:60]

    view.page.keyboard.type(wanted)
    view.foot("1 of 100,000 rows")
    assert view.column("#")[0] == "77,778"
    view.page.get_by_role("searchbox").fill("overloaded_error")
    view.foot("1,000 of 100,000 rows")


def test_end_is_the_last_row_whole_and_home_the_first(show, run):
    """The last row is not half hidden; the focus stays in the grid."""
    view = show(run)
    view.grid.focus()

    view.press("End")
    view.here("100,000")
    last = view.page.locator(".wbt-row.wbt-here").bounding_box()
    box = view.grid.bounding_box()
    bar = view.page.evaluate(
        "(() => { const g = document.querySelector('.wbt-grid'); return g.offsetHeight - g.clientHeight; })()"
    )
    assert last["y"] + last["height"] <= box["y"] + box["height"] - bar + 2
    view.press("Home")
    view.here("s0")
    assert view.column("#")[0] == "1"


@pytest.mark.parametrize("place", ["middle", "last"])
def test_where_the_bar_is_mapped_to_rows_every_row_is_reached(stage, run, place):
    """A table higher than an element may be is scrolled all the same."""
    widget = ResultTable(run)
    widget._tallest = 20_000
    view = View(stage, widget)
    script = """place => { const g = document.querySelector('.wbt-grid');
      g.scrollTop = (g.scrollHeight - g.clientHeight) * (place === 'last' ? 1 : 0.5); }"""

    view.page.evaluate(script, place)

    number = 100_000 if place == "last" else 50_000
    stage.until(lambda: any(each and abs(int(each.replace(",", "")) - number) < 30 for each in numbers(view)))
    assert view.page.evaluate("document.querySelector('.wbt-body').offsetHeight") == 20_000
    assert place == "middle" or "100,000" in view.column("#")
    widget.close()


def numbers(view):
    return [each for each in view.column("#") if each != "…"]


def test_everything_is_done_by_keyboard(show, small):
    """Tab reaches search, filters, groups and grid; in the grid the headings are a step up."""
    view = show(small)
    names = []
    for _ in range(30):
        view.press("Tab")
        names.append(
            view.page.evaluate(
                "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"
            )
        )
        if names[-1] == "results":
            break
    assert names[-1] == "results"
    assert {"search input, answer and error", "group by", "columns", "export"} <= set(names)

    view.press("ArrowUp", "ArrowRight", "ArrowRight", "Enter")
    view.foot("sorted by variant, lowest first")
    view.press("ArrowDown", "PageDown", "End")
    view.here("sonnet-4-6")


def test_columns_are_hidden_and_widened_by_keyboard(show):
    """The menu takes them away; Alt and an arrow in a heading makes one wider."""
    view = show(study_run())
    view.click("columns")
    view.page.get_by_role("checkbox", name="input", exact=True).uncheck()
    assert "input" not in [t.strip() for t in view.page.get_by_role("columnheader").all_inner_texts()]

    head = view.page.get_by_role("columnheader", name="sample")
    before = head.bounding_box()["width"]
    view.grid.focus()
    view.press("ArrowUp", "ArrowRight", "Alt+ArrowRight")
    assert head.bounding_box()["width"] == before + 16


def test_a_column_is_widened_by_its_edge(show):
    """Rows and heading stay in line."""
    view = show(study_run())
    head = view.page.get_by_role("columnheader", name="sample").bounding_box()
    x, y = head["x"] + head["width"] - 2, head["y"] + 10
    view.page.mouse.move(x, y)
    view.page.mouse.down()
    view.page.mouse.move(x + 40, y, steps=4)
    view.page.mouse.up()
    view.stage.until(
        lambda: (
            view.page.get_by_role("columnheader", name="sample").bounding_box()["width"] > head["width"] + 30
        )
    )

    cell = view.page.locator(".wbt-row:not([hidden])").first.locator(".wbt-td").nth(1).bounding_box()
    now = view.page.get_by_role("columnheader", name="sample").bounding_box()
    assert abs(cell["x"] - now["x"]) < 1
    assert abs(cell["width"] - now["width"]) < 1


def test_rows_are_selected_for_the_next_cell(show, small):
    """Space takes one, shift and a click all between; the frame has them."""
    view = show(small)
    view.grid.focus()
    view.press(" ")
    view.foot("1 selected")
    view.page.locator(".wbt-row[data-line='5'] .wbt-td").nth(3).click(modifiers=["Shift"])
    view.foot("6 selected")

    assert list(view.widget.selected["sample"]) == ["s0", "s0", "s1", "s1", "s2", "s2"]
    view.stage.until(lambda: view.page.locator(".wbt-row[aria-selected=true]").count() == 6)


def test_groups_are_folded_and_unfolded(show, small):
    """Headings with means; right opens, left closes; the rows follow."""
    view = show(small)
    view.page.get_by_label("group by").select_option("variant")
    view.foot("2 groups")
    assert view.grid.get_attribute("role") == "treegrid"
    heading = view.page.locator(".wbt-heading").first.inner_text()
    assert "1,000 rows, 50 %" in heading
    assert "choice 0." in heading

    view.grid.focus()
    view.press("ArrowRight")
    view.stage.until(lambda: view.page.locator(".wbt-heading[aria-expanded=true]").count() == 1)
    view.press("ArrowDown")
    view.here("s0")
    view.press("ArrowUp", "ArrowLeft")
    view.stage.until(lambda: view.page.locator(".wbt-heading[aria-expanded=true]").count() == 0)


def test_identical_answers_are_one_line(show):
    """With how many and what share."""
    view = show(study_run())
    view.page.get_by_label("group by").select_option("answer")
    view.foot("3 groups")

    assert "billing" in view.page.locator(".wbt-heading").first.inner_text()
    assert "149 rows, 83 %" in view.page.locator(".wbt-heading").first.inner_text()


def test_an_export_says_what_it_did_beside_the_field(show, tmp_path):
    """A path that cannot be is refused there; one that can is written."""
    view = show(study_run())
    view.click("export")
    field = view.page.get_by_label("file to write")
    field.fill(str(tmp_path / "none" / "x.csv"))
    field.press("Enter")
    view.stage.visible(view.page.get_by_text("no such folder"))

    field.fill(str(tmp_path / "x.csv"))
    view.click("write")
    view.stage.visible(view.page.get_by_text("180 rows written"))

    assert (tmp_path / "x.csv").exists()


def test_a_page_that_is_loaded_again_has_the_same_view(show, stage):
    """Order, filter and open row come back from the kernel."""
    view = show(study_run())
    view.click("failed 26")
    view.foot("26 of 180 rows")
    view.grid.focus()
    view.press("ArrowDown", "Enter")
    title = view.open("failed").locator(".wbt-open-title").inner_text()

    again = View(stage, view.widget)

    again.foot("26 of 180 rows")
    again.open(title)
    assert again.page.get_by_role("button", name="failed 26").get_attribute("aria-pressed") == "true"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_hostile_texts_are_texts_in_every_column_and_tab(show, theme):
    """Names, inputs, answers, errors, scorers, models, ids: nothing runs, nothing is fetched."""
    view = show(hostile_run(), against=hostile_run(), options={"theme": theme})
    view.click("columns")
    for box in view.page.get_by_role("checkbox").all():
        box.check()
    view.grid.focus()

    for at in range(0, 2 * len(TEXTS), 9):
        view.widget.tell("opened", **view.widget._opened.open(at, view.widget._arranged))
        view.open("grade")
        for name in ("Difference", "Scores", "Usage", "Raw", "History", "Messages"):
            view.page.get_by_role("tab", name=name).click()
            view.stage.pump()
    for group in ("answer", "variant", "source"):
        view.page.get_by_label("group by").select_option(group)
        view.foot("group")
    view.press("End", "Home")
    view.page.get_by_role("searchbox").fill(TEXTS[0][:40])
    view.foot("holding")

    active = (
        "script, img, iframe, object, embed, form, link, base, video, audio, [onclick], [onerror], [onload]"
    )
    assert view.page.locator(".wbv").locator(active).count() == 0
