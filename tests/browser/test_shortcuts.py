"""In a real JupyterLab: its shortcuts do nothing while the focus is in a view."""

from __future__ import annotations

import pytest

SETUP = """
import workbench as wb
from tests.studies import study_run
from workbench.emulator import start_in_thread
run = study_run(samples=6)
client = wb.Client(base_url=start_in_thread(latency=0.2).url, store=False, mode="off")
prompt = wb.Prompt("Sort: {{input}}", model="claude-haiku-4-5", max_tokens=10)
data = [{"input": str(n), "target": str(n)} for n in range(2000)]
study = wb.Eval("sums", dataset=data, variants=prompt, scorers=[wb.score.number()])
"""
VIEWS = {
    "table": "wb.ResultTable(run)",
    "grading": "wb.GradeQueue(run, who='ada')",
    "columns": "wb.RunView(client, [prompt.render({'input': 'a'})])",
    "builder": "wb.PromptBuilder(prompt, client=client, versions=None)",
    "running": "client.start(study, out='runs/shortcuts', concurrency=1)",
}
KEYS = ["d", "d", "a", "b", "x", "j", "k", "z", "m", "Enter", "Shift+Enter", "Control+Enter"]

STATE = """() => {
  const book = window.jupyterapp.shell.currentWidget.content;
  const cells = book.widgets.map(cell => [cell.model.id, cell.model.type, cell.model.sharedModel.getSource(), cell.model.executionCount]);
  return {cells, at: book.activeCellIndex, mode: book.mode};
}"""
"""What a shortcut would change: the cells, which one is active, and whether it is being edited."""

FOCUS = """([node, kind]) => {
  const found = [...node.querySelectorAll(kind)].find(one => one.checkVisibility() && !one.disabled);
  found?.focus();
  return found !== undefined && document.activeElement === found;
}"""
KINDS = {
    "a control": "button, [tabindex='0']",
    "a field": "input:not([type=checkbox]):not([type=radio]), textarea",
}


@pytest.fixture(scope="module")
def opened(browser, lab):
    """A notebook with one of each view, run once."""
    from tests.browser.conftest import LabPage

    page = LabPage(browser, lab)
    page.open(lab.write("shortcuts.ipynb", SETUP, *VIEWS.values(), "2"))
    page.restart_and_run_all()
    yield page
    page.context.close()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", VIEWS)
def test_no_shortcut_of_jupyterlab_fires_inside(opened, name, kind):
    """Nothing is deleted, inserted, cut, run or left, whatever is pressed on a control or typed into a field."""
    output = opened.output(1 + list(VIEWS).index(name))
    view = output.locator(".wb-builder, .wbv").first
    view.scroll_into_view_if_needed()
    if not opened.page.evaluate(FOCUS, [view.element_handle(), KINDS[kind]]):
        assert (name, kind) in {("running", "a field"), ("columns", "a field")}
        return
    before = opened.page.evaluate(STATE)

    for key in KEYS:
        opened.page.keyboard.press(key)
    opened.page.wait_for_timeout(100)

    assert opened.page.evaluate(STATE) == before
    assert opened.problems == []


def test_outside_of_a_view_they_fire(opened):
    """Else the tests above could not fail."""
    opened.page.locator(".jp-CodeCell").last.locator(".jp-InputPrompt").click()
    before = opened.page.evaluate(STATE)["cells"]

    opened.page.keyboard.press("b")

    assert len(opened.page.evaluate(STATE)["cells"]) == len(before) + 1
