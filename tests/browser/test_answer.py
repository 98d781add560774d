"""front/answer.js on a bare page: references that can be read, pinned and left again; hostile texts inert."""

from __future__ import annotations

import pytest

from tests.answers import answer, asked
from tests.hostile import TEXTS
from tests.nouns import message, request
from workbench.show.safe import Html
from workbench.show.transcript import answer_view, source_view
from workbench.widgets.view import View, _source

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
    from workbench.show.parts import style

    Answer._css = f"{style()}\n{_source(('kit', 'answer'), 'css')}"


def cite(page, n):
    return page.get_by_role("button", name=f"citation {n}:")


def test_the_page_has_a_button_for_each_reference(stage):
    """Its name says the source, the place and the verdict."""
    page = stage.show(Answer(answer(), asked()))
    stage.visible(cite(page, 1))

    names = [one.get_attribute("aria-label") for one in page.locator(".wb-cite").all()]
    print(names, stage.shot("answer"))
    stage.calm()
