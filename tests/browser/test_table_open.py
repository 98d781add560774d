"""The row that is open, in a browser: its tabs, the way to the next, grades by key."""

from __future__ import annotations

import pytest

from tests.browser import tables
from tests.studies import study_run
from tests.tables import large_run, saved
from workbench.grades import Grades

small = tables.small
show = tables.show


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


def test_the_next_row_follows_the_filter(show, small):
    """`n` and `N` walk through the failures only, and so do the brackets and the arrows."""
    view = show(small)
    view.click("failed ")
    view.foot("of 2,000 rows")
    first, second = small.failures[:2]
    view.grid.focus()
    view.press("Enter")
    view.open(first.trial_id)

    view.press("n")
    view.open(second.trial_id)
    view.here(second.sample_id)
    view.press("N")
    view.open(first.trial_id)
    view.press("]")
    view.open(second.trial_id)
    view.press("[")
    view.open(first.trial_id)
    view.press("ArrowDown")
    view.open(second.trial_id)


def test_rows_are_graded_by_key_and_the_grade_is_kept(show, tmp_path):
    """Digits rate, `p` passes, `f` fails as in the grading queue; shown at once, and on the disk."""
    folder = saved(large_run(60), tmp_path / "run")
    view = show(folder, who="ada")
    view.grid.focus()

    view.press("4")
    view.here("4 of 5")
    view.press("ArrowDown", "Enter")
    view.open("ungraded")
    view.press("p")
    view.open("graded: passed")
    view.press("n", "f")
    view.open("graded: failed")
    view.here("failed")

    assert {g.trials[0]: g.value for g in Grades.open(folder).latest().values()} == {
        "haiku-4-5/s0/0": 4, "sonnet-4-6/s0/0": 1, "haiku-4-5/s1/0": 0
    }  # fmt: skip
    view.stage.visible(view.page.get_by_role("button", name="ungraded 57"))


def test_the_keys_of_the_table_do_not_work_while_one_types(show):
    """A `5` in the search is no grade."""
    view = show(study_run())
    view.page.get_by_role("searchbox").focus()
    view.press("5", "p", "n", "/")

    assert view.page.get_by_role("searchbox").input_value() == "5pn/"
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


PARTS = """() => [...document.querySelectorAll('.wbt-heading:not([hidden]) .wbt-group-words')].map(words => {
  const room = words.getBoundingClientRect();
  return [...words.children].map(part => {
    const box = part.getBoundingClientRect();
    return [part.textContent, box.top < room.bottom - 1, box.left >= room.left - 1 && box.right <= room.right + 1];
  });
})"""
"""Of each heading the parts of its words: what they say, whether they are seen, whether they are seen whole."""


@pytest.mark.parametrize("width", [1280, 1000, 600])
def test_headings_beside_an_open_row_are_not_cut_in_the_middle(show, width):
    """What there is no room for is left out part by part; the line below the table has all of it."""
    view = show(study_run(), options={"width": width})
    view.page.get_by_label("group by").select_option("answer")
    view.foot("3 groups")
    view.click("unfold all")
    view.stage.until(lambda: view.current() and view.rows() > 4)
    view.page.locator(".wbt-row[data-line='1'] .wbt-td").nth(2).click()
    view.open("Messages")
    view.page.get_by_role("button", name="fold all", exact=True).click()
    view.stage.until(lambda: view.page.locator(".wbt-heading:not([hidden])").count() == 3)

    parts = view.page.evaluate(PARTS)
    view.grid.focus()
    view.press("Home", "ArrowDown")

    assert [heading[0][0] for heading in parts] == ["149 rows, 83 %", "26 rows, 14 %", "5 rows, 3 %"]
    assert all(whole for heading in parts for _, seen, whole in heading if seen)
    assert all(heading[0][1] and heading[0][2] for heading in parts)
    if width > 600:
        assert all(heading[1][1] for heading in parts)
    view.foot("not about an invoice.: 26 rows, 14 % · choice 0.00 (0.00 … 0.15)")
    view.press("ArrowRight", "ArrowDown")
    view.stage.until(lambda: view.page.locator(".wbt-whole").inner_text() == "")
