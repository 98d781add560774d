"""In a real Chromium: hostile texts run and load nothing in any view, live or as it is saved and exported."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from tests.browser.test_hostile import Visit
from tests.views import VIEWS

ACTIVE = "script, iframe, object, embed, form, link, base, video, audio, meta, math, [onclick], [onerror]"
"""What no view makes of a text; its own inputs and buttons are told apart by `OURS`."""

FORGED = "#host img:not([src^='data:image/']), #host a[href^='javascript'], #host svg [href]"
RICH = ["table", "queue", "columns", "running"]


@pytest.mark.parametrize("name", VIEWS)
def test_what_is_saved_runs_and_loads_nothing(browser, tmp_path, name):
    """An exported notebook has no content policy: only the escaping protects."""
    with contextlib.chdir(tmp_path):
        view = VIEWS[name](Path("runs"))
        html = view._repr_mimebundle_()["text/html"]
        view.close()
    path = tmp_path / "page.html"
    path.write_text(f"<!doctype html><meta charset=utf-8><title>calm</title>{html}", encoding="utf-8")
    visit = Visit(browser, path)

    visit.poke()

    assert (visit.foreign(), visit.dialogs, visit.errors) == ([], [], [])
    assert visit.page.title() == "calm"
    assert visit.page.locator(f".wb :is({ACTIVE}), .wb img, .wb button, .wb input").count() == 0
    visit.context.close()


@pytest.mark.parametrize("name", RICH)
def test_a_live_view_runs_and_loads_nothing(stage, tmp_path, name):
    """Every fold opened, every control passed over."""
    with contextlib.chdir(tmp_path):
        view = VIEWS[name](Path("runs"))
        page = stage.show(view)
        stage.visible(page.locator(".wbv > :not([hidden])").first)
        _poke(stage, page)

    assert page.locator(f"#host :is({ACTIVE})").count() == 0
    assert page.locator(FORGED).count() == 0
    stage.calm()
    view.close()


def _poke(stage, page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
    for key in ["Tab"] * 15 + ["Enter", "ArrowDown", "ArrowDown"]:
        page.keyboard.press(key)
        stage.pump()
    for cell in page.locator(".wbv *:visible").all()[:60:6]:
        with contextlib.suppress(Exception):
            cell.hover(timeout=500, force=True)
    stage.pump()
