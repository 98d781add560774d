"""In a real JupyterLab: a prompt is built by clicks, checked, mended, pasted, taken back and run."""

from __future__ import annotations

import shutil

import pytest

from tests.browser.conftest import IDLE
from tests.forms import pdf, png

HEAD = """
import workbench as wb
from workbench.widgets.builder import PromptBuilder
"""
EMPTY = "builder = PromptBuilder(client=wb.Client(base_url='emulator', store=False), versions=None)\nbuilder"
POLICY = """
text = "Refunds are given within 30 days of the purchase. Shipping is not refunded. " * 120
policy = {"type": "document", "title": "Returns", "citations": {"enabled": True},
          "source": {"type": "text", "media_type": "text/plain", "data": text}}
"""
CITED = """
prompt = wb.Prompt([policy, "Answer: {{question}}"], model="claude-sonnet-4-6", max_tokens=500,
                   system="Be brief.", thinking={"type": "disabled"})
builder = PromptBuilder(prompt, versions=None)
builder
"""
SLOW = (
    POLICY
    + """
from workbench.emulator import start_in_thread
client = wb.Client(base_url=start_in_thread(latency="0.1,2").url, store=False)
"""
)
SLOWER = """
from workbench.emulator import start_in_thread
client = wb.Client(base_url=start_in_thread(latency="0.1,1").url, store=False)
"""
TEXTS = """shown => JSON.stringify(
  [...document.querySelectorAll('.wb-turn textarea')].map(field => field.value)) === shown"""
DRAFTS = """
from pathlib import Path
builder.settle()
print("DRAFTS", len([*Path("runs/builder-lost").glob("draft-*.json")]))
"""
ANSWER = "print('ANSWER', builder.reply.text if builder.reply else None, builder.prompt.variables)"


class Form:
    """The builder on a page, by what its controls are called."""

    def __init__(self, page, lab, *cells) -> None:
        self.lab = page
        page.open(lab.write("builder.ipynb", *cells))
        page.restart_and_run_all()
        self.root = page.page.locator(".wb-builder")
        self.root.locator(".wb-summary:not(:empty)").first.wait_for()

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
        found = (self.lab.errors(), self.lab.problems, self.lab.outside, self.lab.dialogs)
        assert found == ([], [], [], [])


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

    menu.select_option("5 min")
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


def test_files_of_every_kind_are_uploaded_or_refused(page, lab, tmp_path):
    """A PDF, an image with its preview, a large text; what is broken or too large is said, the rest is kept."""
    files = {
        "policy.pdf": pdf(2),
        "chart.png": png(640, 480),
        "broken.pdf": pdf(2)[:200],
        "huge.pdf": b"%PDF-1.7" + bytes(33 * 1024 * 1024),
        "long.txt": b"Refunds are given within thirty days. " * 320_000,
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    form = Form(page, lab, HEAD + EMPTY)
    documents = form.section("Documents")

    def upload(*names):
        with page.page.expect_file_chooser() as chooser:
            form.root.get_by_role("button", name="Upload …").click()
        chooser.value.set_files([tmp_path / name for name in names])

    upload("broken.pdf", "policy.pdf")
    documents.get_by_text("policy.pdf: PDF, 2 pages, about").wait_for()
    broken = documents.get_by_role("alert").filter(has_text="broken.pdf: the PDF is broken or cut off")
    assert broken.is_visible()
    upload("chart.png")
    documents.get_by_text("chart.png: PNG, 640 × 480 px, 414 tokens, $0.00").wait_for()
    picture = documents.get_by_role("img", name="the image, small")
    picture.wait_for()
    assert picture.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [640, 480]
    assert not broken.is_visible()
    upload("huge.pdf")
    documents.get_by_text("huge.pdf: 34.6 MB, and a request has 32 MB at most").wait_for()
    page.page.screenshot(path=tmp_path / "files.png")

    assert documents.get_by_role("textbox", name="title").input_value() == "policy.pdf"
    assert documents.get_by_text("1 document · 1 image").is_visible()
    assert page.page.get_by_text("Click to show javascript error").count() == 0
    # JupyterLab drops the connection over a message of 10 MB: files go in parts.
    upload("long.txt")
    documents.get_by_text("long.txt: text, 12,160,000 characters").wait_for()
    documents.get_by_text("too many to edit here").wait_for()
    form.calm()


def test_what_is_in_the_fields_is_what_runs(page, lab):
    """The cursor is in the empty turn; Ctrl+Enter takes what stands in a field nobody left; Ctrl+Z undoes."""
    form = Form(
        page, lab, HEAD + EMPTY, "print('SENT', builder.versions.last and builder.versions.last.body)"
    )
    text = form.section("Messages").get_by_role("textbox", name="text", exact=True)
    page.page.wait_for_function("field => field === document.activeElement", arg=text.element_handle())
    page.page.keyboard.type("What is 6 * 7?")

    limit = form.open("Output").get_by_role("textbox", name="max_tokens")
    limit.fill("3000")
    form.open("Output").get_by_role("textbox", name="stop sequences").fill("END")
    limit.click()
    limit.fill("2222")
    page.page.keyboard.press("Control+Enter")
    form.root.get_by_text("Versions: 1").wait_for()
    schema = form.section("Output").get_by_role("textbox", name="answer as JSON")
    schema.fill('{"type": "object", "properties": {}, "additionalProperties": false}')
    form.root.get_by_role("button", name="Run", exact=True).click()
    form.root.get_by_text("Versions: 2").wait_for()
    page.page.locator(".jp-CodeCell").last.click()
    page.command("notebook:run-cell")
    page.output(-1).get_by_text("SENT").wait_for()

    sent = page.output(-1).inner_text()
    for part in ("'max_tokens': 2222", "'stop_sequences': ['END']", "'additionalProperties': False"):
        assert part in sent, part

    # A row that moves to the end keeps the focus, on the button that is still on.
    messages = form.section("Messages")
    messages.get_by_role("button", name="duplicate text").click()
    messages.get_by_role("textbox", name="text", exact=True).first.fill("first")
    down = messages.get_by_role("button", name="down text").first
    down.focus()
    down.press("Enter")
    page.page.wait_for_function("document.activeElement.getAttribute('aria-label') === 'up text'")
    # Each undo builds rows anew, and leaves the cursor in the form for the next one.
    for shown in ('["What is 6 * 7?","first"]', '["first","What is 6 * 7?"]'):
        page.page.wait_for_function(TEXTS, arg=shown)
        page.page.wait_for_function("document.activeElement.closest('.wb-turn') !== null")
        page.page.keyboard.press("Control+z")
    page.page.wait_for_function(TEXTS, arg='["What is 6 * 7?","What is 6 * 7?"]')
    form.calm()


def test_models_are_compared_stopped_and_kept(page, lab):
    """Copy, count, two columns that stream, Stop, the versions and what differs, a test case and its row."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    (lab.root / "cases.jsonl").unlink(missing_ok=True)
    short = CITED.replace("prompt,", "prompt, client=client,").replace("=500", "=8")
    form = Form(page, lab, HEAD + SLOW + short)
    form.open("Values").get_by_role("textbox", name="question").fill("How long can I return things?")
    aside = form.root.locator(".wb-aside")

    aside.get_by_role("button", name="Copy Python").click()
    aside.get_by_text("copied", exact=True).wait_for()
    copied = page.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("import workbench as wb")
    assert '"question": "How long can I return things?"' in copied
    aside.get_by_role("button", name="Count exactly").click()
    aside.get_by_text("the service counts 1,").wait_for()
    aside.get_by_text("exactly 1,").wait_for()

    form.root.get_by_role("button", name="Compare on …").click()
    models = form.root.get_by_role("listbox", name="compare on")
    models.select_option(label=models.get_by_text("Claude Opus 4.5").inner_text())
    form.root.get_by_role("button", name="Compare on 1 …").wait_for()
    form.root.get_by_role("button", name="Run", exact=True).click()
    columns = form.root.locator(".wb-answers").get_by_role("region")
    for at in range(2):
        columns.nth(at).get_by_text("The source says").wait_for()
    form.root.locator(".wb-run").get_by_role("button", name="Stop", exact=True).click()
    history = form.root.locator(".wb-history")
    history.get_by_text("Versions: 2").wait_for()
    history.get_by_text("· stopped").nth(1).wait_for()

    models.select_option([])
    question = form.section("Messages").get_by_role("textbox", name="text", exact=True)
    question.fill("Answer in one word: {{question}}")
    question.press("Control+Enter")
    history.get_by_text("Versions: 3").wait_for()
    history.get_by_role("button", name="Diff").first.click()
    history.get_by_text("From version 1 (A) to version 3 (B)").wait_for()
    assert history.get_by_text("Answer in one word").first.is_visible()
    history.get_by_role("button", name="Restore").last.click()
    page.page.wait_for_function(
        "field => field.value === 'Answer: {{question}}'", arg=question.element_handle()
    )

    columns.first.get_by_role("button", name="Save as test case").click()
    case = columns.first.get_by_role("textbox", name="dataset")
    case.fill("cases.jsonl")
    columns.first.get_by_role("button", name="Save", exact=True).click()
    columns.first.get_by_text("in cases.jsonl").wait_for()
    form.section("Values").get_by_text("of 1 in cases · case_1").wait_for()
    form.calm()


def test_a_reloaded_page_and_a_restarted_kernel_lose_nothing(page, lab):
    """Fields, the right side and a running answer are there after a reload; what ran, after a restart."""
    shutil.rmtree(lab.root / "runs/builder-kept", ignore_errors=True)
    kept = CITED.replace("prompt, versions=None", "prompt, client=client, name='kept'")
    form = Form(page, lab, HEAD + POLICY + SLOWER + kept)
    form.open("Values").get_by_role("textbox", name="question").fill("How long can I return things?")
    limit = form.open("Output").get_by_role("textbox", name="max_tokens")
    limit.fill("77")
    form.root.get_by_role("button", name="Run", exact=True).click()
    form.root.locator(".wb-answers").get_by_text("The source says").wait_for()
    page.command("docmanager:save")
    page.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")

    page.page.reload()
    form.root.locator(".wb-summary:not(:empty)").wait_for()

    form.root.locator(".wb-answers").get_by_text("The source says").wait_for()
    assert limit.input_value() == "77"
    assert form.section("Values").get_by_role("textbox", name="question").input_value().startswith("How long")
    assert form.section("Documents").get_by_role("textbox", name="title").input_value() == "Returns"
    form.finding("W031").wait_for()
    form.root.get_by_text("at most 77 tokens").first.wait_for()
    form.root.locator(".wb-run").get_by_role("button", name="Stop", exact=True).click()
    form.root.get_by_text("Versions: 1").wait_for()

    page.command("kernelmenu:restart")
    page.page.locator(".jp-Dialog").get_by_role("button", name="Confirm").click()
    page.page.wait_for_function(IDLE)
    page.page.locator(".jp-CodeCell").first.locator(".cm-content").click()
    page.command("notebook:run-cell")
    offer = form.root.get_by_text("version 1 of")
    offer.wait_for()
    assert form.open("Output").get_by_role("textbox", name="max_tokens").input_value() == "500"
    form.root.locator(".wb-top").get_by_role("button", name="Restore").click()
    offer.wait_for(state="hidden")
    assert form.open("Output").get_by_role("textbox", name="max_tokens").input_value() == "77"
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


def test_what_was_typed_and_never_run_outlives_the_kernel(page, lab, tmp_path):
    """Typed, the kernel restarted, the cell run again: the draft is offered, and put back by keyboard."""
    shutil.rmtree(lab.root / "runs/builder-lost", ignore_errors=True)
    cell = CITED.replace("prompt, versions=None", "prompt, name='lost'")
    form = Form(page, lab, HEAD + POLICY + cell, DRAFTS)
    question = form.section("Messages").get_by_role("textbox", name="text", exact=True)
    question.fill("Typed and never run: {{question}}")
    form.open("Values").get_by_role("textbox", name="question").fill("How long?")
    page.page.locator(".jp-CodeCell").last.click()
    page.command("notebook:run-cell")
    page.output(-1).get_by_text("DRAFTS 1").wait_for()
    drafts = lab.root / "runs/builder-lost"

    page.command("kernelmenu:restart")
    page.page.locator(".jp-Dialog").get_by_role("button", name="Confirm").click()
    page.page.wait_for_function(IDLE)
    page.page.locator(".jp-CodeCell").first.locator(".cm-content").click()
    page.command("notebook:run-cell")

    offer = form.root.get_by_role("status").filter(has_text="A draft from")
    offer.wait_for()
    assert offer.get_attribute("aria-live") == "polite"
    page.page.screenshot(path=tmp_path / "offered.png")
    assert question.input_value() == "Answer: {{question}}"
    assert [path.name.split("-")[0] for path in drafts.iterdir()] == ["draft"]
    restore = form.root.get_by_role("button", name="Restore the draft that was never run", exact=True)
    restore.focus()
    page.page.keyboard.press("Enter")
    page.page.wait_for_function(TEXTS, arg='["Typed and never run: {{question}}"]')
    form.root.get_by_role("status").filter(has_text="is back; Undo takes it out again").wait_for()
    page.page.wait_for_function("document.activeElement.closest('.wb-top') !== null")
    assert form.open("Values").get_by_role("textbox", name="question").input_value() == "How long?"

    form.root.get_by_role("button", name="Undo", exact=True).click()
    offer.wait_for()
    assert question.input_value() == "Answer: {{question}}"
    form.root.get_by_role("button", name="Discard the draft that was never run", exact=True).click()
    form.root.get_by_role("status").filter(has_text="The draft is deleted").wait_for()
    assert list(drafts.iterdir()) == []
    form.calm()
