"""In a real Chromium: hostile texts run nothing and load nothing, in the report and in every noun's view."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.hostile import NAMES, TEXTS
from tests.studies import hostile_run, study_run
from workbench.show.page import report_page
from workbench.show.parts import framed
from workbench.show.safe import Html, markdown, text

if TYPE_CHECKING:
    from pathlib import Path

ACTIVE = (
    "script, img, iframe, object, embed, form, input, button, link, base, video, audio, [onclick], [onerror]"
)


class Visit:
    """Opens a page, pokes at it as a reader would, and notes everything it tried."""

    def __init__(self, browser, path: Path, **options):
        self.requests: list[str] = []
        self.dialogs: list[str] = []
        self.errors: list[str] = []
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("dialog", self.dismiss)
        self.page.on("console", lambda message: self.errors.append(message.text))
        self.page.goto(path.as_uri())
        self.title = self.page.title()

    def dismiss(self, dialog) -> None:
        """Note a dialog and close it."""
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def poke(self) -> None:
        """Open every fold, move over and focus what can be."""
        for fold in self.page.locator("summary").all():
            if fold.is_visible():
                fold.click()
        for _ in range(20):
            self.page.keyboard.press("Tab")
        self.page.mouse.wheel(0, 4000)
        self.page.wait_for_timeout(300)

    def foreign(self) -> list[str]:
        """Requests for anything but the page itself."""
        return self.requests[1:]


def saved(tmp_path: Path, html: str) -> Path:
    path = tmp_path / "page.html"
    path.write_text(html, encoding="utf-8")
    return path


def bare(body: Html) -> str:
    """Return a page without any policy, as a notebook has none: only the escaping protects."""
    return f"<!doctype html><meta charset=utf-8><title>calm</title>{framed(body)}"


def test_a_report_full_of_hostile_texts_runs_and_loads_nothing(browser, tmp_path):
    """Variant names, prompts, answers, errors and ids are all hostile; the page stays a page."""
    visit = Visit(browser, saved(tmp_path, report_page(hostile_run())))

    visit.poke()

    assert visit.foreign() == []
    assert visit.dialogs == []
    assert visit.errors == []
    assert visit.page.title() == visit.title
    assert visit.page.locator(ACTIVE).count() == 0


@pytest.mark.parametrize("name", ["text", "markdown"])
def test_without_any_policy_the_texts_still_run_and_load_nothing(browser, tmp_path, name):
    """A notebook has no content policy, and the output is trusted."""
    make = {"text": text, "markdown": markdown}[name]
    body = Html("".join(make(hostile) for hostile in TEXTS))
    visit = Visit(browser, saved(tmp_path, bare(body)))

    visit.poke()

    assert visit.foreign() == []
    assert visit.dialogs == []
    assert visit.page.title() == "calm"
    assert visit.page.locator(ACTIVE).count() == 0
    assert visit.page.locator("a:not([rel*=noopener])").count() == 0


def test_nothing_covers_the_page(browser, tmp_path):
    """Styles of a text do not apply."""
    visit = Visit(browser, saved(tmp_path, bare(Html("".join(text(hostile) for hostile in TEXTS)))))

    fixed = visit.page.evaluate(
        "[...document.querySelectorAll('*')].filter(e => getComputedStyle(e).position === 'fixed').length"
    )
    assert fixed == 0


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_fits_its_window(browser, tmp_path, width, scheme):
    """Tables scroll inside their own box; the page never scrolls sideways."""
    options = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    visit = Visit(browser, saved(tmp_path, report_page(study_run())), **options)

    visit.poke()

    assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_ids_and_names_of_texts_are_listed():
    """Every hostile text has a name of its own."""
    assert len(set(NAMES)) == len(TEXTS)
