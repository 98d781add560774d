"""The result table in a browser: 100,000 rows by mouse and by keyboard, hostile texts in every column."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from tests.hostile import TEXTS
from tests.studies import hostile_run, study_run
from tests.tables import large_run, saved
from workbench.grades import Grades
from workbench.run import Run
from workbench.score import Score
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


@pytest.fixture(scope="module")
def small():
    """A run of 2,000 rows, for what does not depend on how many there are."""
    return large_run(2000)


class View:
    """The table on the stage, and what a reader sees of it."""

    def __init__(self, stage, widget, **options):
        self.stage, self.widget = stage, widget
        self.page = stage.show(widget, **options)
        self.grid = self.page.locator(".wbt-grid")
        stage.until(lambda: self.rows() > 0)

    def rows(self):
        """How many lines are drawn with what they say."""
        return self.page.locator(".wbt-row:not([hidden]):not(.wbt-coming)").count()

    def foot(self, words):
        """Wait until the line below the table says so."""
        self.stage.until(lambda: words in self.page.locator(".wbt-foot").inner_text())

    def here(self, words):
        """Wait until the current row says so, and return what it says."""
        self.stage.until(lambda: words in (self.current() or ""))
        return self.current()

    def current(self):
        """Return what the current row says, None while it is not drawn."""
        found = self.page.locator(".wbt-row.wbt-here:not(.wbt-coming):not([hidden])")
        return found.inner_text() if found.count() == 1 else None

    def column(self, title):
        """Return what the rows in sight have in a column, from top to bottom."""
        heads = self.grid.get_by_role("columnheader").all_inner_texts()
        at = next(n for n, head in enumerate(heads) if head.split("\n")[0].rstrip(" ↑↓") == title)
        script = """(at) => [...document.querySelectorAll('.wbt-row:not([hidden])')]
          .sort((a, b) => a.dataset.line - b.dataset.line).map(row => row.children[at].textContent)"""
        return self.page.evaluate(script, at)

    def press(self, *keys):
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)
            self.stage.pump()

    def click(self, name):
        """Press a button, once it is there."""
        self.stage.visible(self.page.get_by_role("button", name=name)).click()

    def open(self, words):
        """Wait until the row that is open says so."""
        pane = self.page.locator(".wbt-open")
        self.stage.until(lambda: pane.is_visible() and words in pane.inner_text())
        return pane


@pytest.fixture
def show(stage):
    """Show tables; afterwards nothing went wrong and their threads have ended."""
    made = []

    def shown(*args, options=None, **named):
        widget = ResultTable(*args, **named)
        made.append(widget)
        return View(stage, widget, **(options or {}))

    yield shown
    stage.calm()
    for widget in made:
        widget.close()
        widget._background.join(20)


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


def test_a_row_opens_with_its_tabs(show, small):
    """Enter opens; tabs are reached with arrows; Escape closes and the focus is back in the grid."""
    view = show(small)
    view.grid.focus()
    view.press("ArrowDown", "Enter")
    pane = view.open("sonnet-4-6/s0/0")
    view.open(small.rows[1].text[:30])

    for name, words in (
        ("Difference", "haiku-4-5"),
        ("Scores", "choice"),
        ("Citations", "cites nothing"),
        ("Usage", "API version"),
        ("Raw", '"variant": "sonnet-4-6"'),
        ("History", "the same sample"),
    ):
        view.page.get_by_role("tab", selected=True).press("ArrowRight")
        assert view.page.get_by_role("tab", selected=True).inner_text() == name
        view.open(words)
    view.press("Escape")
    assert pane.is_hidden()
    assert view.page.evaluate("document.activeElement.className") == "wbt-grid"


def test_the_next_row_follows_the_filter(show, run):
    """`n` and `p` walk through the failures only; the arrows do so too."""
    view = show(run)
    view.click("failed ")
    view.foot("of 100,000 rows")
    first, second = run.failures[:2]
    view.grid.focus()
    view.press("Enter")
    view.open(first.trial_id)

    view.press("n")
    view.open(second.trial_id)
    view.here(second.sample_id)
    view.press("p")
    view.open(first.trial_id)
    view.press("ArrowDown")
    view.open(second.trial_id)


def test_rows_are_graded_by_key_and_the_grade_is_kept(show, tmp_path):
    """Digits rate, `y` passes, `f` fails; shown at once, and on the disk."""
    folder = saved(large_run(60), tmp_path / "run")
    view = show(folder, who="ada")
    view.grid.focus()

    view.press("4")
    view.here("4 of 5")
    view.press("ArrowDown", "Enter")
    view.open("ungraded")
    view.press("f")
    view.open("graded: failed")
    view.here("failed")

    assert {g.trials[0]: g.value for g in Grades.open(folder).latest().values()} == {
        "haiku-4-5/s0/0": 4, "sonnet-4-6/s0/0": 0
    }  # fmt: skip
    view.stage.visible(view.page.get_by_role("button", name="ungraded 58"))


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


def test_the_keys_of_the_table_do_not_work_while_one_types(show):
    """A `5` in the search is no grade."""
    view = show(study_run())
    view.page.get_by_role("searchbox").focus()
    view.press("5", "y", "n", "/")

    assert view.page.get_by_role("searchbox").input_value() == "5yn/"
    assert len(view.widget.grades) == 0


def in_sight(view, row):
    """Return which columns of a drawn row lie whole within the grid, by their headings."""
    script = """row => {
      const grid = document.querySelector('.wbt-grid').getBoundingClientRect();
      const heads = [...document.querySelectorAll('.wbt-th .wbt-name')].map(head => head.textContent.replace(/ [↑↓]$/, ''));
      const found = [...document.querySelectorAll('.wbt-row:not([hidden])')].find(one => one.dataset.line == row);
      return heads.filter((_, at) => {
        const cell = found.children[at].getBoundingClientRect();
        const over = document.elementFromPoint(cell.left + 4, cell.top + 8);
        return cell.left >= grid.left - 1 && cell.right <= grid.right + 1 && over === found.children[at];
      });
    }"""
    return set(view.page.evaluate(script, row))


@pytest.mark.parametrize(("width", "column"), [(1200, "input"), (1000, "latency"), (700, "verdict")])
def test_a_row_that_is_open_can_be_told_from_the_next(show, small, width, column):
    """Whichever cell was clicked: sample, variant, verdict and answer stay in sight, the others follow."""
    view = show(small, options={"width": width})
    cell = view.grid.get_by_role("columnheader", name=column)
    cell.scroll_into_view_if_needed()
    box = cell.bounding_box()
    view.page.mouse.click(min(box["x"] + 10, width - 40), box["y"] + box["height"] + 40)
    view.open("Messages")
    view.stage.until(lambda: {"sample", "variant", "verdict", "answer"} <= in_sight(view, 1))

    view.grid.focus()
    view.press("ArrowRight", *["ArrowRight"] * 9)
    view.press("Escape")

    heads = [head.split("\n")[0] for head in view.grid.get_by_role("columnheader").all_inner_texts()]
    assert set(heads) >= {"#", "input", "latency, s", "source"}
    assert heads[0] == ("sample" if width == 700 else "#")


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
