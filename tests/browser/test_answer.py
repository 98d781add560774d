"""front/answer.js on a bare page: references that can be read, pinned and left again; hostile texts inert."""

from __future__ import annotations

import pytest

from tests.answers import FREE, PAGE, WRONG, answer, asked, said
from tests.hostile import TEXTS
from tests.nouns import message, request
from workbench.show.parts import style
from workbench.show.safe import Html
from workbench.show.transcript import answer_view, source_view
from workbench.widgets.view import View, _source

ACTIVE = "script, img, iframe, object, embed, form, input, link, base, video, audio, [onclick], [onerror]"
"""What a text would need to run or load something."""

FIXED = "[...document.querySelectorAll('*')].filter(e => getComputedStyle(e).position === 'fixed').length"

FRONT = """
export default wb.view(({root, link}) => {
  const place = wb.el("div", {});
  wb.put(root, place);
  link.on("answer", message => {
    wb.answer(place, message.view, {source: n => link.ask("source", {which: n})});
  });
});
"""


class Answer(View):
    """One answer, as a larger view shows it."""

    _esm: str
    _css: str

    def __init__(self, said, given=None):
        super().__init__()
        self.said, self.given = said, given

    def _static(self):
        return Html(), ""

    def _hear_ready(self):
        self.tell("answer", view=answer_view(self.said, self.given))

    def _hear_source(self, n, which):
        self.tell("source", n=n, **source_view(self.given, self.said, which))


@pytest.fixture(scope="module", autouse=True)
def module():
    """The kit, the answer, and a small view."""
    Answer._esm = f"{_source(('kit', 'answer'), 'js')}\n{FRONT}"
    Answer._css = f"{style()}\n{_source(('kit', 'answer'), 'css')}"


def shown(stage, said=None, given=None, **options):
    """Show an answer and return the page once its text is there."""
    page = stage.show(Answer(said or answer(), given or asked()), **options)
    stage.visible(page.locator(".wb-said"))
    return page


def cite(page, n):
    return page.get_by_role("button", name=f"citation {n}:")


def pane(page):
    return page.get_by_role("complementary")


def test_each_reference_is_a_button_that_says_what_it_is(stage):
    """Its name holds the source, the place and the verdict; nothing is left to the eye alone."""
    page = shown(stage)

    assert cite(page, 1).get_attribute("aria-label") == "citation 1: Policy · characters 0 to 30, verified"
    assert cite(page, 2).inner_text() == "[2]"
    assert page.locator("sup.wb-ref button").count() == 3
    stage.calm()


@pytest.mark.parametrize("way", ["hover", "focus"])
def test_pointing_at_a_reference_shows_the_passage(stage, way):
    """The quote, its source and place, and that it was compared."""
    page = shown(stage)

    getattr(cite(page, 2), way)()

    tip = stage.visible(page.get_by_role("tooltip"))
    assert [line for line in tip.inner_text().split("\n") if line] == [
        "After that a fee of 5 euros applies. ",
        "Policy · characters 30 to 67",
        "✓ verified: stands there character for character",
    ]
    assert cite(page, 2).get_attribute("aria-describedby") == tip.get_attribute("id")
    stage.calm()


@pytest.mark.parametrize("way", ["hover", "focus"])
def test_escape_closes_the_passage(stage, way):
    """Also where the pointer opened it and the focus is elsewhere."""
    page = shown(stage)
    getattr(cite(page, 1), way)()
    stage.visible(page.get_by_role("tooltip"))

    page.keyboard.press("Escape")

    assert page.get_by_role("tooltip").count() == 0


def test_the_passage_goes_when_the_pointer_leaves_and_stays_under_it(stage):
    """It can be pointed at, so that a long quote can be scrolled."""
    page = shown(stage)
    cite(page, 1).hover()
    tip = stage.visible(page.get_by_role("tooltip"))

    tip.hover()
    page.wait_for_timeout(250)
    assert tip.count() == 1
    page.mouse.move(600, 500)

    stage.until(lambda: page.get_by_role("tooltip").count() == 0)


def test_tab_reaches_every_reference_in_order(stage):
    """Folds and references are stops of the Tab key, in the order of the text."""
    page = shown(stage)
    page.locator("summary").first.focus()
    names = []
    for _ in range(3):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.getAttribute('aria-label').slice(0, 10)"))

    assert names == ["citation 1", "citation 2", "citation 3"]


def test_a_click_pins_the_source_with_the_passage_in_sight(stage):
    """The focus moves there; the mark is inside what can be seen of a long document."""
    page = shown(stage)

    cite(page, 3).click()

    stage.visible(pane(page).locator("mark"))
    assert pane(page).locator("mark").inner_text() == "The cellar floods at 42 mm of rain."
    assert pane(page).get_attribute("aria-label") == "source of citation 3: Handbook"
    assert page.evaluate("document.activeElement.closest('aside') !== null")
    body, mark = (
        pane(page).locator(".wb-source-body").bounding_box(),
        pane(page).locator("mark").bounding_box(),
    )
    assert body["y"] <= mark["y"]
    assert mark["y"] + mark["height"] <= body["y"] + body["height"]
    assert cite(page, 3).get_attribute("aria-expanded") == "true"
    assert page.get_by_role("tooltip").count() == 0
    stage.calm()


@pytest.mark.parametrize("way", ["button", "Escape"])
def test_closing_the_source_takes_the_focus_back(stage, way):
    """To the reference it was opened from, and no passage pops up there."""
    page = shown(stage)
    cite(page, 2).click()
    stage.visible(pane(page).locator("mark"))

    if way == "button":
        page.get_by_role("button", name="close the source").click()
    else:
        page.keyboard.press("Escape")

    assert pane(page).count() == 0
    assert page.evaluate("document.activeElement.dataset.n") == "2"
    assert cite(page, 2).get_attribute("aria-expanded") == "false"
    assert page.get_by_role("tooltip").count() == 0


def test_another_reference_takes_the_pane_over(stage):
    """There is one pane, with the source asked for last."""
    page = shown(stage)
    cite(page, 1).click()
    stage.visible(pane(page).locator("mark"))

    cite(page, 2).click()

    stage.until(lambda: pane(page).locator("mark").inner_text() == "After that a fee of 5 euros applies. ")
    assert pane(page).count() == 1
    assert cite(page, 1).get_attribute("aria-expanded") == "false"


def test_a_verdict_stands_in_words_beside_its_colour(stage):
    """A check mark only where every character was compared; a wrong quote is marked in the text."""
    said_wrong = said(("a", FREE), ("b", WRONG), ("c", PAGE))
    page = shown(stage, said_wrong)

    assert [one.inner_text() for one in page.locator(".wb-cite").all()] == ["[1]", "[2 ✗]", "[3]"]
    words = []
    for n in (1, 2, 3):
        cite(page, n).focus()
        words.append(stage.visible(page.locator(".wb-cite-word")).inner_text().partition(":")[0])

    assert words == ["✓ verified", "✗ not verified", "not compared"]


def test_a_source_that_cannot_be_read_says_so_in_the_pane(stage):
    """The answer stays, the message stands where the text would."""
    page = shown(stage)
    stage._widget.said = said("nothing cited any more")

    cite(page, 1).click()

    alert = stage.visible(pane(page).get_by_role("alert"))
    assert alert.inner_text() == "the source cannot be shown: there is no reference 1; the answer has 0"
    assert page.locator(".wb-said").is_visible()


def test_a_longer_answer_keeps_folds_focus_and_source(stage):
    """While an answer streams it is shown again and again; who reads it is not disturbed."""
    page = shown(stage)
    page.locator("summary").first.click()
    cite(page, 1).click()
    stage.visible(pane(page).locator("mark"))
    cite(page, 2).focus()
    widget = stage._widget

    longer = widget.said.model_copy(update={"content": (*widget.said.content, *said(" More.").content)})
    widget.tell("answer", view=answer_view(longer, widget.given))
    stage.visible(page.get_by_text("More."))

    assert page.locator("details").first.get_attribute("open") is not None
    assert page.evaluate("document.activeElement.dataset.n") == "2"
    assert pane(page).locator("mark").is_visible()
    assert cite(page, 1).get_attribute("aria-expanded") == "true"


def test_a_reference_inside_a_link_stands_behind_it(stage):
    """A button is never part of a link."""
    page = shown(stage, said("[see", (" here", FREE), "](https://a.example)"))

    assert page.locator("a .wb-cite").count() == 0
    assert cite(page, 1).is_visible()


def test_an_answer_full_of_hostile_texts_runs_and_loads_nothing(stage):
    """Every text as answer, thinking, tool name, quote, title and source: read, hovered, pinned."""
    longest = max(TEXTS, key=len)
    content = [block for hostile in TEXTS for block in message(hostile).content]
    page = shown(stage, message(longest).model_copy(update={"content": tuple(content)}), request(longest))
    stage.until(lambda: page.locator(".wb-cite").count() >= len(TEXTS))

    page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
    for n in range(0, page.locator(".wb-cite").count(), 7):
        button = page.locator(".wb-cite").nth(n)
        button.focus()
        button.click()
        stage.until(lambda: pane(page).get_by_text("reading the source").count() == 0)

    assert page.locator(ACTIVE).count() == 0
    assert page.locator(".wb-said a:not([rel*=noopener]), aside a:not([rel*=noopener])").count() == 0
    assert page.evaluate(FIXED) == 0
    stage.calm()


@pytest.mark.parametrize("width", [360, 700, 1200])
def test_nothing_is_clipped_at_any_width(stage, width):
    """In a narrow column the source stands below the answer, in a wide one beside it."""
    page = shown(stage, width=width)
    cite(page, 3).click()
    stage.visible(pane(page).locator("mark"))

    text, source = page.locator(".wb-said").bounding_box(), pane(page).bounding_box()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    beside = source["x"] >= text["x"] + text["width"]
    below = source["y"] >= text["y"] + text["height"]
    assert (beside, below) == ((True, False) if width == 1200 else (False, True))


@pytest.mark.parametrize("width", [120, 200, 260, 300, 420])
def test_a_reference_stays_on_the_line_of_its_word(stage, width):
    """A browser breaks a line before a button; here it does not."""
    page = shown(stage, width=width)

    lines = page.evaluate(
        "[...document.querySelectorAll('.wb-kept')].map(kept => kept.getClientRects().length)"
    )
    assert lines == [1, 1, 1]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pictures_to_look_at(stage, theme):
    """An answer with three citations, thinking and a tool call; a passage; a source; a difference."""
    page = shown(stage, theme=theme, height=620)
    cite(page, 2).hover()
    stage.visible(page.get_by_role("tooltip"))
    first = stage.shot(f"passage-{theme}")
    cite(page, 3).click()
    stage.visible(pane(page).locator("mark"))
    second = stage.shot(f"source-{theme}")

    assert first.stat().st_size > 10_000
    assert second.stat().st_size > 10_000
    stage.calm()
