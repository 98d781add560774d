"""In a real JupyterLab: all of the builder is named, readable and reachable, in both themes."""

from __future__ import annotations

from tests.browser.test_axe import RULES, Axe
from tests.browser.test_builder import HEAD, POLICY, Form

FULL = """
import shutil
from pathlib import Path
from tests.forms import base64_of, pdf, png

def held(kind, media_type, content):
    return {"type": kind, "source": {"type": "base64", "media_type": media_type, "data": base64_of(content)}}

def add(a: int) -> int:
    "Add one."
    return a + 1

words = {"type": "text", "text": "A part."}
asked = [
    policy | {"cache_control": {"type": "ephemeral"}},
    held("image", "image/png", png(64, 48)), held("document", "application/pdf", pdf(2)),
    {"type": "document", "source": {"type": "content", "content": [words]}},
    {"type": "search_result", "source": "https://example.com", "title": "Found", "content": [words]},
    {"type": "newer_block", "held": 1}, {"type": "text", "text": "Answer: {{question}} for {{who}}"},
]
call = {"type": "tool_use", "id": "toolu_1", "name": "add", "input": {"a": 1}}
result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "2"}
body = {
    "model": "claude-haiku-4-5", "max_tokens": 900, "system": "Be brief.", "stop_sequences": ["END"],
    "messages": [
        {"role": "user", "content": asked},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "Hm.", "signature": "x"}, words, call]},
        {"role": "user", "content": [result, words]},
    ],
    "thinking": {"type": "enabled", "budget_tokens": 2048}, "temperature": 0.5, "mcp_servers": [],
    "output_config": {"task_budget": {"type": "tokens", "total": 64000}}, "tool_choice": {"type": "auto"},
    "tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 3}],
}
place = Path("runs/builder-axe")
shutil.rmtree(place, ignore_errors=True)
place.mkdir(parents=True)
(place / "draft-strange.json").write_text("{}")
left = PromptBuilder(versions=place)
left.draft.set("messages[0].content", "What is 6 * 7?")
left.close()
builder = PromptBuilder(body, wb.Client(base_url="emulator", store=False), versions=place)
builder.add_tool(add)
builder.use([{"id": "a", "input": "q", "question": "When?", "who": "me"}])
builder
"""
"""Every kind of block and tool, what another form left, and a file that is no draft."""

THEME = "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})"
PAINTED = """light => document.body.dataset.jpThemeLight === light
  && !document.getElementById('jupyterlab-splash')"""
SEEN = """
html, body { height: 100%; }
.widget-dropdown > select { background-image: none !important; }
.wb-pane-body { contain: none !important; }
"""
"""JupyterLab's body has no height and hides what overflows: to axe all in it is hidden, and no contrast is
measured. The same holds for what is scrolled away, so the page is as high as the form. The arrow that
ipywidgets paints behind a menu keeps axe from measuring its words; of containment it does not know what lies above what."""


def wrong_in(form, at, *, measured, kinds=("violations", "incomplete")):
    """Return what axe finds wrong, or cannot decide, in the form in JupyterLab's two themes.

    Args:
        form: The form.
        at: What it shows.
        measured: Texts whose contrast was measured, at least: what axe takes for hidden passes.
        kinds: What counts.
    """
    found = []
    for theme, light in (("JupyterLab Light", "true"), ("JupyterLab Dark", "false")):
        form.lab.page.evaluate(THEME, theme)
        form.lab.page.wait_for_function(PAINTED, arg=light)
        response = Axe().run(form.lab.page, context=".wb-builder", options=RULES).response
        found += [
            f"{at}, {theme}: {rule['id']}: {node['html'][:160]}: {' '.join(node['failureSummary'].split())[:240]}"
            for kind in kinds
            for rule in response[kind]
            for node in rule["nodes"]
        ]
        seen = [
            node
            for rule in response["passes"]
            for node in rule["nodes"]
            if rule["id"] == "color-contrast" and (node["any"][0]["data"] or {}).get("contrastRatio")
        ]
        assert len(seen) >= measured
    return found


def test_the_whole_form_passes_axe(page, lab):
    """Every section and turn unfolded; then an answer, what differs, and the form of a test case."""
    page.page.set_viewport_size({"width": 1400, "height": 8000})
    form = Form(page, lab, HEAD + POLICY + FULL)
    page.page.add_style_tag(content=SEEN)
    for head in form.root.locator(".wb-head").all():
        if head.get_attribute("aria-expanded") != "true":
            head.click()
    form.root.get_by_role("status").filter(has_text="A draft from").wait_for()
    form.root.get_by_role("alert").filter(has_text="draft-strange.json").wait_for()
    form.root.get_by_role("button", name="Compare on …").click()
    limit = form.section("Output").get_by_role("textbox", name="max_tokens")
    limit.fill("many")
    limit.press("Tab")
    form.section("Output").get_by_role("alert").filter(has_text="max_tokens is a whole number").wait_for()

    wrong = wrong_in(form, "unfolded", measured=250)

    form.root.get_by_role("button", name="Restore the draft").click()
    form.root.get_by_role("status").filter(has_text="is back").wait_for()
    form.root.get_by_role("button", name="Run", exact=True).click()
    form.root.get_by_text("Versions: 1").wait_for()
    form.root.locator(".wb-history").get_by_role("button", name="Diff").click()
    form.root.locator(".wb-history").get_by_text("the same prompt").wait_for()
    wrong += wrong_in(form, "run", measured=120)

    form.root.locator(".wb-answers").get_by_role("button", name="Save as test case").click()
    form.root.locator(".wb-answers").get_by_role("textbox", name="dataset").wait_for()
    # What lies below the form of the test case cannot be measured; it was before.
    wrong += wrong_in(form, "test case", measured=120, kinds=("violations",))
    assert not wrong, "\n".join(wrong)
    form.calm()
