"""Charts in a real browser, with its own fonts: no text over another, transparent, nothing asked for."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from tests.charted import charted_run
from tests.hostile import TEXTS
from workbench.show.page import write_report

KINDS = ["pareto", "latency", "scores", "paired", "cache", "power"]
LONG = [f"claude-sonnet-4-6 · effort high · prompt with examples v{n}" for n in range(1, 9)]
RUNS = {"one": 1, "two": 2, "eight long names": LONG, "thirty": 30}

CROWDED = """() => {
  const found = [];
  for (const svg of document.querySelectorAll('svg')) {
    const frame = svg.getBoundingClientRect();
    const boxes = [...svg.querySelectorAll('text')].map(node => [node.textContent, node.getBoundingClientRect()]);
    boxes.forEach(([words, a], i) => {
      if (a.left < frame.left || a.right > frame.right || a.top < frame.top || a.bottom > frame.bottom)
        found.push(['outside', words]);
      for (const [other, b] of boxes.slice(i + 1))
        // Lines of text stand close: their boxes may share the room that no letter uses.
        if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3)
          found.push([words, other]);
    });
  }
  return found;
}"""

PIXELS = """img => {
  const canvas = document.createElement('canvas');
  canvas.width = img.naturalWidth;
  canvas.height = img.naturalHeight;
  const brush = canvas.getContext('2d');
  brush.drawImage(img, 0, 0);
  const data = brush.getImageData(0, 0, canvas.width, canvas.height).data;
  let inked = 0;
  for (let i = 3; i < data.length; i += 4) inked += data[i] > 128;
  return {width: canvas.width, corner: data[3], inked};
}"""


class Sheet:
    """A page that may reach nothing, and notes what it tried."""

    def __init__(self, browser) -> None:
        self.context = browser.new_context(viewport={"width": 1000, "height": 700})
        self.page = self.context.new_page()
        self.outside: list[str] = []
        self.problems: list[str] = []
        self.context.route("**/*", self._route)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", lambda said: self.problems.append(said.text))

    def _route(self, route) -> None:
        if route.request.url.startswith(("data:", "file:")):
            route.continue_()
        else:
            self.outside.append(route.request.url)
            route.abort()


@pytest.fixture
def sheet(browser):
    """A bare page."""
    opened = Sheet(browser)
    yield opened
    opened.context.close()


@pytest.mark.parametrize("variants", RUNS.values(), ids=list(RUNS))
def test_no_text_lies_over_another_or_outside(sheet, variants):
    """Of six charts of one, two, eight and thirty variants."""
    run = charted_run(variants, origin="emulator")
    pictures = [getattr(run.plot, kind)().svg() for kind in KINDS]

    sheet.page.set_content("".join(pictures))

    assert sheet.page.locator("svg").count() == len(KINDS)
    assert sheet.page.evaluate(CROWDED) == []


def test_labels_of_dots_in_one_place_do_not_overlap(sheet):
    """Eleven variants of one price and one score."""
    run = charted_run(1)
    rows = tuple(replace(row, variant=f"the same again {n}") for n in range(11) for row in run.rows)
    variants = tuple({**run.info.variants[0], "name": f"the same again {n}"} for n in range(11))
    same = replace(run, rows=rows, info=replace(run.info, variants=variants))

    sheet.page.set_content(same.plot.pareto().svg())

    assert sheet.page.evaluate(CROWDED) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_is_drawn_on_whatever_ground_it_stands(sheet, kind):
    """As an image, as notebooks show it: the ground shows through, the ink does not."""
    data = base64.b64encode(getattr(charted_run(origin="emulator").plot, kind)().svg().encode()).decode()
    sheet.page.set_content(f'<img alt="" src="data:image/svg+xml;base64,{data}">')
    image = sheet.page.locator("img")
    sheet.page.wait_for_function("document.querySelector('img').complete")

    found = image.evaluate(PIXELS)

    assert found["width"] == 760
    assert found["corner"] == 0
    assert found["inked"] > 2000


def test_hostile_names_stay_texts(sheet):
    """Inline in a page, where a script would run."""
    for start in range(0, len(TEXTS), 16):
        run = charted_run(TEXTS[start : start + 16], samples=4, scorers=((TEXTS[start], "binary"),))
        pictures = [getattr(run.plot, kind)().svg() for kind in KINDS]
        sheet.page.set_content(f"<title>calm</title>{''.join(pictures)}")
        sheet.page.locator("svg").first.hover(force=True)

        assert [found for found in sheet.page.evaluate(CROWDED) if found[0] == "outside"] == []
        assert sheet.page.title() == "calm"
        assert sheet.page.locator("script, img, a, iframe, form, use, image").count() == 0

    assert sheet.outside == sheet.problems == []


def test_the_report_shows_both_charts_and_asks_for_nothing(sheet, tmp_path):
    """Its policy lets them through; a reader hears their names."""
    path = write_report(charted_run(origin="emulator"), tmp_path / "report.html")

    sheet.page.goto(path.as_uri())

    for name in ("support-triage · cost and choice", "support-triage · scores"):
        assert sheet.page.get_by_role("img", name=name).is_visible()
    assert sheet.page.evaluate(CROWDED) == []
    assert sheet.outside == sheet.problems == []
