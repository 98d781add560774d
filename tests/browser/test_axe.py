"""Accessibility, held by axe-core: names, roles, contrast, in both themes; and by keyboard what axe cannot see."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.scenes import SCENES
from tests.nouns import NOUNS
from tests.views import VIEWS

if TYPE_CHECKING:
    from tests.browser.stage import Stage

Axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
HOST = "#host"


class Reader:
    """Looks at what is shown, in each theme, with axe's eyes."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.wrong: list[str] = []
        self.measured = 0
        """Texts whose contrast axe could measure: of what it takes for hidden it says nothing."""

    def look(self, at: str, *, unfolded: bool = False) -> None:
        """Note what axe finds wrong: where, which rule, the element, and why."""
        if unfolded:
            self._stage.page.evaluate(
                "document.querySelectorAll('details').forEach(fold => { fold.open = true; })"
            )
        for theme in ("light", "dark", "none"):
            self._stage.paint(theme)
            response = Axe().run(self._stage.page, context=HOST, options=RULES).response
            self.measured += sum(
                len(rule["nodes"]) for rule in response["passes"] if rule["id"] == "color-contrast"
            )
            self.wrong += [
                f"{at}, {theme}: {rule['id']}: {node['html'][:160]}: {' '.join(node['failureSummary'].split())[:240]}"
                for rule in response["violations"]
                for node in rule["nodes"]
            ]

    def calm(self) -> None:
        """Assert that nothing was wrong, and that it was looked at."""
        assert self.measured, "axe measured no contrast"
        assert not self.wrong, "\n".join(dict.fromkeys(self.wrong))


@pytest.mark.parametrize("name", SCENES)
def test_a_view_passes_axe_in_every_state(stage, tmp_path, start_emulator, name):
    """No violation of WCAG 2.1 A and AA that axe can find, colour contrast included, light, dark and none."""
    reader = Reader(stage)
    with contextlib.chdir(tmp_path):
        for look in SCENES[name](stage, tmp_path, start_emulator):
            reader.look(look)

    reader.calm()
    stage.calm()


def static(stage: Stage, html: str) -> None:
    """Put what is saved into a notebook on the page."""
    stage.bare()
    stage.page.evaluate("html => { document.getElementById('host').innerHTML = html; }", html)


def test_every_noun_passes_axe(stage):
    """What a notebook holds without a kernel, in both themes of JupyterLab and where there is none."""
    reader = Reader(stage)
    static(stage, "".join(make()._repr_mimebundle_().get("text/html", "") for make in NOUNS.values()))

    reader.look("as shown", unfolded=True)

    reader.calm()


@pytest.mark.parametrize("name", VIEWS)
def test_what_a_view_saves_passes_axe(stage, tmp_path, name):
    """Also where every name and text is hostile."""
    reader = Reader(stage)
    with contextlib.chdir(tmp_path):
        view = VIEWS[name](Path("runs"))
        static(stage, view._repr_mimebundle_()["text/html"])
        view.close()

    reader.look(name, unfolded=True)

    reader.calm()


CONTROLS = "button, input, select, textarea, summary, a[href], [tabindex='0']"
LOOKS = {
    "table": "opened, Messages",
    "rating": "one that is graded",
    "pass": "the first",
    "pair": "what the grades say",
    "columns": "its source",
    "running": "going on",
    "aside": "Paste",
}
"""Where the Tab key is followed through a view."""

MISSED = """([controls, root]) => {
  const seen = window.wbSeen;
  return [...document.querySelectorAll(`${root} :is(${controls})`)]
    .filter(node => node.checkVisibility({visibilityProperty: true}) && !node.disabled && node.tabIndex >= 0 && !seen.has(node))
    .map(node => node.outerHTML.slice(0, 160));
}"""
START = """() => {
  const start = document.createElement('button');
  document.getElementById('host').before(start);
  start.focus();
  window.wbSeen = new Set([start]);
}"""
STEP = """() => {
  const node = document.activeElement, known = window.wbSeen.has(node);
  window.wbSeen.add(node);
  return known || node === document.body ? null : getComputedStyle(node).outlineStyle;
}"""


@pytest.mark.parametrize("name", LOOKS)
def test_tab_reaches_every_control_and_shows_where_it_is(stage, tmp_path, start_emulator, name):
    """From the first control to the last, each with a ring around it; the focus is caught nowhere."""
    with (
        contextlib.chdir(tmp_path),
        contextlib.closing(SCENES[name](stage, tmp_path, start_emulator)) as walked,
    ):
        assert LOOKS[name] in walked
        stage.page.evaluate(START)
        rings: list[str] = []
        for _ in range(200):
            stage.page.keyboard.press("Tab")
            ring = stage.page.evaluate(STEP)
            if ring is None:
                break
            rings.append(ring)
        missed = stage.page.evaluate(MISSED, [CONTROLS, "#host"])

    assert missed == []
    assert set(rings) <= {"solid", "auto"}
    assert 0 < len(rings) < 200
