"""In a real JupyterLab: the quickstart shows what it promises; hostile texts run and load nothing."""

from __future__ import annotations

import pytest

from tests.browser.conftest import IDLE

SHOWN = [
    "display(*map(nouns.message, TEXTS[::2]))",
    "display(*map(nouns.reply, TEXTS[1::2]))",
    "display(*nouns.hostile_runs(), nouns.explanation('$1 and $2, $$3$$'))",
    "display(Findings(tuple(one for text in TEXTS for one in nouns.findings(text))))",
]
"""Cells that show every hostile text; JupyterLab shows 50 outputs of a cell at most."""

FORMULA = "from IPython.display import HTML; HTML('$x$')"
"""JupyterLab sets what stands between dollar signs as a formula; once it has, ours must still be dollars."""

HEAD = """
from IPython.display import display
from tests import nouns
from tests.hostile import TEXTS
from workbench.lint import Findings
"""

WATCH = """
window.titles = [];
const title = Object.getOwnPropertyDescriptor(Document.prototype, 'title');
Object.defineProperty(document, 'title', {
  get: () => title.get.call(document),
  set: words => { window.titles.push(words); title.set.call(document, words); },
});
"""
"""JupyterLab keeps setting the title itself: what was ever set is kept."""

ACTIVE = (
    "script, img, iframe, object, embed, form, input, button, link, base, video, audio, mjx-container, math"
)


def test_the_quickstart_runs_from_top_to_bottom(page):
    """What a newcomer does first: open it, run all, read the table and the receipt."""
    page.open("notebooks/01_quickstart.ipynb")

    page.restart_and_run_all()

    summary = page.table("choice (95 %)")
    assert summary.get_by_role("rowheader").all_inner_texts() == [
        "open · haiku-4-5",
        "open · sonnet-4-6",
        "labels · haiku-4-5",
        "labels · sonnet-4-6",
    ]
    row = summary.get_by_role("row", name="labels · haiku-4-5").get_by_role("cell").all_inner_texts()
    assert row[:2] == ["0.40", "0.30 … 0.51"]
    receipt = page.table("at list price")
    assert receipt.get_by_role("rowheader").all_inner_texts() == ["input, uncached", "output", "total"]
    assert page.errors() == []
    assert page.problems == []
    assert page.outside == []


NOTEBOOKS = {
    "02_prompt_builder": ".wb-builder",
    "03_compare_models": ".wbv [role=grid]",
    "04_regression_in_ci": ".jp-RenderedSVG",
    "05_citations": ".wbv .wb-pane",
    "06_tools_and_thinking": ".wbv .wb-pane",
}
"""What must be seen of each notebook, beside its text."""


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_and_its_views_live(page, name):
    """From top to bottom in a fresh kernel, in the dark theme, with nothing asked of the network."""
    page.open(f"notebooks/{name}.ipynb")
    page.page.evaluate(
        "() => window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"
    )

    page.restart_and_run_all()

    page.page.locator(NOTEBOOKS[name]).first.wait_for()
    assert page.page.get_by_text("Error displaying widget").count() == 0
    assert (page.errors(), page.problems, page.outside) == ([], [], [])


KEPT = """
import workbench as wb
prompt = wb.Prompt("Review: {{input}}", model="claude-haiku-4-5", max_tokens=10)
client = wb.Client(store=False, mode="off")
run = wb.compare(prompt, data="datasets/sentiment.jsonl", client=client, out="runs/kept").run
"""


def test_after_a_kernel_restart_a_run_comes_back_from_its_journal(page, lab):
    """The folder is enough: no cell that asked is run again."""
    page.open(lab.write("kept.ipynb", KEPT, "import workbench as wb\nwb.ResultTable('runs/kept')"))
    page.restart_and_run_all()
    page.page.get_by_role("gridcell", name="s-01").first.wait_for()

    page.command("kernelmenu:restart")
    page.page.locator(".jp-Dialog").get_by_role("button", name="Confirm").click()
    page.page.locator(".jp-CodeCell").last.locator(".cm-content").click()
    page.page.wait_for_function(IDLE)
    page.command("notebook:run-cell")

    page.page.get_by_role("gridcell", name="s-01").first.wait_for()
    assert (page.errors(), page.problems, page.outside) == ([], [], [])


def test_the_guard_passes_and_says_so(page):
    """The gate's verdict is the last thing one sees."""
    page.open("evals/sentiment.ipynb")

    page.restart_and_run_all()

    page.output(-1).get_by_text("PASS", exact=True).wait_for()
    assert page.output(-1).get_by_role("rowheader", name="difference").is_visible()
    assert (page.errors(), page.problems, page.outside) == ([], [], [])


def test_hostile_texts_run_and_load_nothing(page, lab):
    """Output of a cell just run is trusted: JupyterLab cleans nothing, only the escaping protects."""
    page.page.add_init_script(WATCH)
    page.open(lab.write("hostile.ipynb", HEAD, *SHOWN, FORMULA))

    page.restart_and_run_all()
    page.poke()

    page.output(-1).locator("mjx-container").wait_for()

    for cell in range(1, len(SHOWN) + 1):
        views = page.output(cell).locator(".wb")
        assert views.count() > 0
        assert views.locator(ACTIVE).count() == 0
    assert not [title for title in page.page.evaluate("window.titles") if "PWNED" in title]
    assert (page.dialogs, page.outside, page.problems, page.errors()) == ([], [], [], [])


LIVE = [
    "from pathlib import Path\nfrom tests import views\nviews.table(Path('runs'))",
    "views.queue(Path('runs'))",
    "views.columns(Path('runs'))",
    "views.builder(Path('runs'))",
    "views.running(Path('runs'))",
]
"""Cells that show every view full of hostile texts."""

FORGED = ":is(script, iframe, object, embed, form, link, base, video, audio, [onclick], [onerror])"


def test_live_views_of_hostile_texts_run_and_load_nothing(page, lab):
    """Also after the notebook was saved and opened again: JupyterLab trusts what it has run itself."""
    page.page.add_init_script(WATCH)
    name = lab.write("views.ipynb", *LIVE)
    page.open(name)
    page.restart_and_run_all()
    page.page.locator(".wbv").nth(3).wait_for()
    page.poke()
    page.command("docmanager:save")
    page.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")

    page.open(name)
    page.page.locator(".wbv").nth(3).wait_for()
    page.poke()

    assert page.page.locator(f".jp-OutputArea-output {FORGED}").count() == 0
    assert not [title for title in page.page.evaluate("window.titles") if "PWNED" in title]
    assert (page.dialogs, page.outside, page.problems, page.errors()) == ([], [], [], [])
