"""In a real JupyterLab: what a form begins with, what it waits for, and that its answer is seen."""

from __future__ import annotations

import shutil

import pytest

from tests.browser.test_builder import HEAD, Form

TEXT = """
builder = PromptBuilder("Answer: {{question}}", wb.Client(base_url="emulator", store=False), name="begun")
builder
"""
SEEN = """() => {
  const answer = [...document.querySelectorAll('.wb-answers .wb-pane-answer')].find(node => node.textContent.trim());
  if (!answer || !document.querySelector('.wb-answers .wb-good')) return false;
  const box = answer.getBoundingClientRect();
  const panel = answer.closest('.jp-WindowedPanel-outer').getBoundingClientRect();
  return box.top >= panel.top && box.bottom <= panel.bottom;
}"""
"""The answer has ended, and all of it is to be seen."""
PEEP = """() => {
  const panel = document.querySelector('.jp-WindowedPanel-outer'), end = panel.getBoundingClientRect().bottom;
  panel.scrollTop += document.querySelector('.wb-answers').getBoundingClientRect().top - (end - 175);
  return document.querySelector('.wb-answers .wb-pane-answer').getBoundingClientRect().bottom > end;
}"""
"""The frame of the answer is seen at the lower edge, the answer is not."""


@pytest.fixture
def form(page, lab):
    page.page.set_viewport_size({"width": 1400, "height": 800})
    shutil.rmtree(lab.root / "runs/builder-begun", ignore_errors=True)
    return Form(page, lab, HEAD + TEXT, "1 + 1")


def focused(form, field):
    form.lab.page.wait_for_function("field => field === document.activeElement", arg=field.element_handle())


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_the_answer_comes_into_sight_and_the_cursor_stays(form, motion, tmp_path):
    """A missing value is the way to its field; Run there, far above, shows the answer; also where it peeps in."""
    page = form.lab.page
    page.emulate_media(reduced_motion=motion)
    for title in ("Tools", "Thinking & effort", "Output", "Cache", "Settings"):
        form.open(title)
    form.root.get_by_text("the prompt names no model: this one was chosen for it").wait_for()
    assert form.root.locator(".wb-summary").inner_text() == "1 missing value"
    page.screenshot(path=tmp_path / "begun.png")

    form.root.locator(".wb-missing").get_by_role("button", name="{{question}}").click()
    question = form.section("Values").get_by_role("textbox", name="question")
    focused(form, question)
    page.keyboard.type("What is 6 * 7?")
    form.root.locator(".wb-summary").filter(has_text="nothing found").wait_for()
    page.keyboard.press("Control+Enter")

    page.wait_for_function(SEEN)
    page.screenshot(path=tmp_path / "answered.png")
    focused(form, question)
    form.root.get_by_text("Versions: 1").wait_for()
    assert page.evaluate(PEEP)
    page.keyboard.press("Control+Enter")
    form.root.get_by_text("Versions: 2").wait_for()
    page.wait_for_function(SEEN)
    focused(form, question)
    form.calm()


def test_a_cell_run_again_offers_what_was_typed_and_another_cell_does_not(page, lab, tmp_path):
    """What is open elsewhere in the notebook is no draft that was left."""
    shutil.rmtree(lab.root / "runs/builder-begun", ignore_errors=True)
    form = Form(page, lab, HEAD + TEXT, TEXT.replace("builder =", "other =").replace("\nbuilder", "\nother"))
    first = form.root.first
    text = form.section("Messages").first.get_by_role("textbox", name="text", exact=True)
    text.fill("Typed: {{question}}")
    first.locator(".wb-code").filter(has_text="Typed: ").wait_for()

    page.page.locator(".jp-CodeCell").last.locator(".cm-content").click()
    page.command("notebook:run-cell")
    page.output(1).locator(".wb-summary:not(:empty)").wait_for()
    assert form.root.get_by_text("A draft from").count() == 0
    page.page.locator(".jp-CodeCell").first.locator(".cm-content").click()
    page.command("notebook:run-cell")

    page.output(0).get_by_role("status").filter(has_text="A draft from").wait_for()
    page.page.screenshot(path=tmp_path / "offered.png")
    form.calm()


def test_a_form_without_a_model_leads_to_its_menu(form, tmp_path):
    """Pasted without one: said once, and the button puts the cursor into the menu."""
    aside = form.root.locator(".wb-aside")
    aside.get_by_role("tab", name="Paste").click()
    aside.get_by_role("textbox", name="Python, JSON or curl").fill('wb.Prompt("Hi", max_tokens=9)')
    aside.get_by_role("button", name="Rebuild the prompt").click()
    form.root.get_by_text("no model is chosen: choose one at the top of the form").wait_for()
    form.lab.page.screenshot(path=tmp_path / "none.png")

    menu = form.root.locator(".wb-top").get_by_role("combobox", name="model")
    form.root.get_by_role("button", name="Go there").click()
    focused(form, menu)
    form.root.get_by_role("button", name="Run", exact=True).click()
    focused(form, menu)
    assert form.root.get_by_text("no model is chosen").count() == 1
    assert form.root.get_by_text("with_(model").count() == 0
    menu.select_option(label="Haiku: Claude Haiku 4.5 · $1.00 in, $5.00 out per million")
    form.root.locator(".wb-summary").filter(has_text="nothing found").or_(
        form.finding("I074")
    ).first.wait_for()
    form.calm()
