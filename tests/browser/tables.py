"""The result table on the stage, and what a reader sees of it."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from tests.tables import large_run
from workbench.widgets.table import ResultTable


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
        texts = found.all_inner_texts()  # at once: while one waits nothing is handed over
        return texts[0] if len(texts) == 1 else None

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


@contextmanager
def shown(stage):
    """Give a function that shows tables; afterwards nothing went wrong and their threads have ended."""
    made = []

    def show(*args, options=None, **named):
        widget = ResultTable(*args, **named)
        made.append(widget)
        return View(stage, widget, **(options or {}))

    yield show
    stage.calm()
    for widget in made:
        widget.close()
        widget._background.join(20)


@pytest.fixture(scope="module")
def small():
    """A run of 2,000 rows, for what does not depend on how many there are."""
    return large_run(2000)


@pytest.fixture
def show(stage):
    """Show tables; afterwards nothing went wrong and their threads have ended."""
    with shown(stage) as made:
        yield made
