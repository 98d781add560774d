"""In a real JupyterLab: a prompt is built by clicks, checked, mended, pasted, taken back and run."""

from __future__ import annotations

import pytest

HEAD = """
import workbench as wb
from workbench.widgets.builder import PromptBuilder
"""
EMPTY = "builder = PromptBuilder(client=wb.Client(base_url='emulator', store=False), versions=None)\nbuilder"
POLICY = """
text = "Refunds are given within 30 days of the purchase. Shipping is not refunded. " * 120
policy = {"type": "document", "title": "Returns",
          "source": {"type": "text", "media_type": "text/plain", "data": text}}
"""
CITED = """
prompt = wb.Prompt([policy, "Answer: {{question}}"], model="claude-sonnet-4-6", max_tokens=500,
                   system="Be brief.", thinking={"type": "disabled"})
builder = PromptBuilder(prompt, versions=None)
builder
"""
ANSWER = "print('ANSWER', builder.reply.text if builder.reply else None, builder.prompt.variables)"


class Form:
    """The builder on a page, by what its controls are called."""

    def __init__(self, page, lab, *cells) -> None:
        self.lab = page
        page.open(lab.write("builder.ipynb", *cells))
        page.restart_and_run_all()
        self.root = page.page.locator(".wb-builder")
        self.root.locator(".wb-summary:not(:empty)").wait_for()

    def section(self, title):
        head = self.lab.page.get_by_role("button", name=title, exact=True)
        return self.root.locator(".wb-section").filter(has=head)

    def open(self, title):
        head = self.root.get_by_role("button", name=title, exact=True)
        if head.get_attribute("aria-expanded") != "true":
            head.click()
        return self.section(title)

    def findings(self):
        return self.root.get_by_role("list", name="findings")

    def finding(self, code):
        return self.findings().get_by_role("listitem").filter(has_text=code)

    def calm(self):
        # JupyterLab's own: what it had asked of the kernel that was restarted.
        problems = [one for one in self.lab.problems if "Canceled future for" not in one]
        assert (self.lab.errors(), problems, self.lab.outside, self.lab.dialogs) == ([], [], [], [])


def test_a_prompt_is_built_by_clicks_and_run(page, lab, tmp_path):
    """System, a document with citations, a question with a value; the answer streams and is a live value."""
    form = Form(page, lab, HEAD + EMPTY, ANSWER)

    form.section("System").get_by_role("button", name="Add text", exact=True).click()
    system = form.section("System").get_by_role("textbox", name="text", exact=True)
    system.wait_for()
    page.page.wait_for_function("field => field === document.activeElement", arg=system.element_handle())
    page.page.keyboard.type("Answer from the policy only.")
    documents = form.section("Documents")
    documents.get_by_role("button", name="Add text", exact=True).click()
    documents.get_by_role("textbox", name="text", exact=True).fill(
        "Refunds are given within 30 days. Shipping is extra."
    )
    documents.get_by_role("textbox", name="title", exact=True).fill("Returns policy")
    documents.get_by_role("checkbox", name="citations").check()
    form.section("Messages").get_by_role("textbox", name="text", exact=True).fill("{{question}}")
    form.open("Values").get_by_role("textbox", name="question").fill("How long can I return things?")
    form.root.get_by_role("button", name="Run", exact=True).click()
    form.root.get_by_text("Versions: 1").wait_for()

    answer = form.root.locator(".wb-answers")
    answer.get_by_text("30 days", exact=False).first.wait_for()
    page.page.screenshot(path=tmp_path / "built.png")
    page.page.locator(".jp-CodeCell").last.click()
    page.command("notebook:run-cell")
    page.output(-1).get_by_text("('question',)").wait_for()
    assert "30 days" in page.output(-1).inner_text()
    assert form.root.get_by_text("Versions: 1").is_visible()
    form.calm()


def test_breakpoints_change_what_lint_says(page, lab):
    """Placed in the row, counted, dropped under Cache; the fix button does the same; undo takes it back."""
    form = Form(page, lab, HEAD + POLICY + CITED)
    form.finding("W031").wait_for()
    menu = form.section("Documents").get_by_role("combobox", name="cache")

    menu.select_option("5 minutes")
    form.finding("W031").wait_for(state="detached")
    assert form.section("Documents").get_by_text("1 of 4", exact=True).is_visible()
    assert form.root.locator(".wb-part-cached").first.is_visible()

    form.open("Cache").get_by_role("combobox", name="kept").select_option("off")
    form.finding("W031").wait_for()
    assert menu.evaluate("menu => menu.selectedOptions[0].text") == "off"

    form.finding("W031").get_by_role("button", name="add breakpoint").click()
    form.finding("W031").wait_for(state="detached")
    assert form.section("Cache").get_by_text("breakpoints: 1 of 4").is_visible()

    form.root.get_by_role("button", name="Undo", exact=True).click()
    form.finding("W031").wait_for()
    form.calm()


def test_a_finding_leads_to_its_field_and_typing_keeps_it(page, lab):
    """A click opens the section and puts the cursor there; no key reaches JupyterLab."""
    cell = CITED.replace("max_tokens=500", "max_tokens=900_000")
    form = Form(page, lab, HEAD + POLICY + cell, "1 + 1")
    cells = page.page.locator(".jp-CodeCell").count()

    form.finding("E080").get_by_role("button", name="max_tokens", exact=True).click()
    limit = form.section("Output").get_by_role("textbox", name="max_tokens")
    limit.wait_for()
    page.page.wait_for_function("field => field === document.activeElement", arg=limit.element_handle())
    limit.press("Control+a")
    page.page.keyboard.type("800")
    page.page.keyboard.press("Tab")
    form.finding("E080").wait_for(state="detached")

    text = form.section("Messages").get_by_role("textbox", name="text", exact=True)
    text.click()
    text.press("End")
    for key in "abdd now":
        page.page.keyboard.press(key if key != " " else "Space")
    page.page.wait_for_timeout(300)
    assert text.input_value() == "Answer: {{question}}abdd now"
    assert text.evaluate("field => field === document.activeElement")
    form.root.get_by_role("button", name="Redo", exact=True).evaluate("button => button.focus()")
    form.root.get_by_role("button", name="Undo", exact=True).focus()
    for key in ("d", "d", "a", "b", "x", "Escape", "j"):
        page.page.keyboard.press(key)
    assert page.page.locator(".jp-CodeCell").count() == cells
    form.calm()


def test_json_pasted_rebuilds_the_prompt(page, lab):
    """Any of the three texts; nonsense is said with its line, and changes nothing."""
    form = Form(page, lab, HEAD + POLICY + CITED, "print('MODEL', builder.prompt.model)")
    aside = form.root.locator(".wb-aside")
    aside.get_by_role("tab", name="JSON").click()
    aside.get_by_text('"model": "claude-sonnet-4-6"').wait_for()

    aside.get_by_role("tab", name="Paste").click()
    box = aside.get_by_role("textbox", name="Python, JSON or curl")
    box.fill("{ nonsense")
    aside.get_by_role("button", name="Rebuild the prompt").click()
    aside.get_by_role("alert").filter(has_text="line 1").wait_for()
    assert box.input_value() == "{ nonsense"
    box.fill(
        '{"model": "claude-opus-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Pasted"}]}'
    )
    aside.get_by_role("button", name="Rebuild the prompt").click()

    aside.get_by_text("rebuilt: claude-opus-5, 1 turn").wait_for()
    assert form.section("Messages").get_by_role("textbox", name="text", exact=True).input_value() == "Pasted"
    form.calm()


def test_a_large_file_is_uploaded(page, lab, tmp_path):
    """JupyterLab drops the connection over a message of 10 MB: files go in parts."""
    file = tmp_path / "policy.txt"
    file.write_text("Refunds are given within thirty days. " * 320_000)
    form = Form(page, lab, HEAD + EMPTY)

    with page.page.expect_file_chooser() as chooser:
        form.root.get_by_role("button", name="Upload").click()
    chooser.value.set_files(file)

    form.section("Documents").get_by_text("policy.txt: text, 12,160,000 characters").wait_for()
    form.section("Documents").get_by_text("too many to edit here").wait_for()
    form.calm()


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_the_right_side_stays_in_sight(page, lab, tmp_path, theme):
    """Scrolled to its end the form still has its findings beside it, in both themes."""
    page.page.set_viewport_size({"width": 1400, "height": 800})
    form = Form(page, lab, HEAD + POLICY + CITED)
    page.page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
    for title in ("Values", "Tools", "Thinking & effort", "Output", "Cache", "Settings"):
        form.open(title)
    page.page.screenshot(path=tmp_path / "top.png")

    form.root.get_by_role("button", name="Settings", exact=True).scroll_into_view_if_needed()
    page.page.wait_for_timeout(300)

    page.page.screenshot(path=tmp_path / "scrolled.png")
    box = form.root.locator(".wb-summary").bounding_box()
    assert box is not None
    assert 0 <= box["y"] <= 800
    width = form.root.evaluate("node => [node.scrollWidth, node.clientWidth]")
    assert width[0] <= width[1] + 1
    form.calm()
