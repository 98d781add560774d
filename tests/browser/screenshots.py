"""Makes the pictures of the README: every view, run in a real JupyterLab, light and dark.

    python -m tests.browser.screenshots [FOLDER [VIEW …]]

Default folder: ``notebooks/images``. Needs Chromium, as the browser tests do. The emulator answers.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.browser import conftest

THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}

BUILDER = """
import workbench as wb
client = wb.Client(store=False, mode="off")
policies = wb.Dataset.load("datasets/policy_documents.jsonl", input="text")
texts = [f"{one.values['title']}\\n\\n{one.input}" for one in policies]
document = {"type": "document", "title": "House rules", "citations": {"enabled": True},
            "source": {"type": "text", "media_type": "text/plain", "data": "\\n\\n".join(texts)},
            "cache_control": {"type": "ephemeral"}}
prompt = wb.Prompt([document, "{{question}}"], system="Answer in one sentence, and cite the passage.",
                   model="claude-sonnet-4-6", max_tokens=300, temperature=0)
builder = wb.PromptBuilder(prompt, client=client, name="policies")
builder.use(wb.Dataset.load("datasets/policy_qa.jsonl"))
builder
"""

PANES = """
import workbench as wb
client = wb.Client(store=False, mode="off")
data = wb.Dataset.load("datasets/policy_qa.jsonl")
document = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "{{document}}"},
            "title": "{{title}}", "citations": {"enabled": True}}
prompt = wb.Prompt([document, "{{question}}"], system="Answer from the document, in one sentence.",
                   model="claude-haiku-4-5", max_tokens=300)
values = data.samples[0].values
view = wb.RunView(client, [prompt.render(values), prompt.with_(model="claude-sonnet-4-6").render(values)])
view
"""

STUDY = """
import workbench as wb
start = wb.Prompt("Review: {{input}}", model="claude-haiku-4-5", max_tokens=10)
labels = start.with_(system="You label reviews. Answer with exactly one word: positive, negative or neutral.")
compared = wb.compare({"open": start, "labels": labels}, models=["claude-haiku-4-5", "claude-sonnet-4-6"],
                      data="datasets/sentiment.jsonl", client=wb.Client(store=False, mode="off"))
run = compared.run
"""

RUNNING = """
import workbench as wb
from workbench.emulator import start_in_thread
slow = start_in_thread(latency=0.4)
client = wb.Client(base_url=slow.url, store=False, mode="off")
prompt = wb.Prompt("Sort: {{input}}", model="claude-haiku-4-5", max_tokens=10)
study = wb.Eval("support-triage", dataset="datasets/support_triage.jsonl", variants=wb.grid(prompt,
                model=["claude-haiku-4-5", "claude-sonnet-4-6"]), scorers=[wb.score.choice()], epochs=3)
running = client.start(study, budget_usd="2.00", concurrency=4, out="runs/shot")
running
"""

VIEWS = {
    "running": [RUNNING],
    "builder": [BUILDER],
    "columns": [PANES],
    "table": [STUDY, "wb.ResultTable(run)"],
    "grading": [STUDY, "wb.GradeQueue(run, rubric='Is the label right for the whole review?')"],
    "pareto": [STUDY, "run.plot.pareto()"],
    "paired": [STUDY, "run.plot.paired()"],
    "compare": [STUDY, "compared"],
}
"""Cells of each picture; the last one's output is taken."""


def main(folder: Path, only: list[str]) -> None:
    """Take every picture in both themes, or only those named."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as driver:
        home, root = Path(temporary) / "home", Path(temporary) / "served"
        home.mkdir()
        root.mkdir()
        with conftest.serving(home, root) as lab:
            browser = driver.chromium.launch(executable_path=conftest.CHROMIUM, args=conftest.FLAGS)
            for view in only or VIEWS:
                _both(browser, lab, view, VIEWS[view], folder)
            browser.close()


def _both(browser: Any, lab: Any, view: str, cells: list[str], folder: Path) -> None:
    page = conftest.LabPage(browser, lab, device_scale_factor=1)
    page.page.set_viewport_size({"width": 1440, "height": 1800})
    page.open(lab.write(f"{view}.ipynb", *[cell.strip() for cell in cells]))
    page.command("application:toggle-left-area")
    page.restart_and_run_all()
    for theme, name in THEMES.items():
        page.page.evaluate(
            "name => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})", name
        )
        page.page.wait_for_timeout(1500)
        _prepare(page.page, view)
        shown = page.page.locator(".jp-CodeCell").last.locator(".jp-OutputArea-output").last
        path = folder / f"{view}-{theme}.png"
        shown.screenshot(path=path)
        print(path, path.stat().st_size)  # noqa: T201 - a script
    assert page.outside == [], page.outside
    page.context.close()


def _prepare(page: Any, view: str) -> None:
    """Bring a view into the state its picture shows."""
    if view == "running":
        page.wait_for_timeout(4000)
    if view == "columns":
        page.locator(".wb-done, [role=status]").first.wait_for(state="attached")
        reference = page.get_by_role("button", name="1").first
        if reference.count():
            reference.hover()
            page.wait_for_timeout(300)
    if view == "table" and page.get_by_role("row").count() > 3:
        page.get_by_role("gridcell", name="s-03").first.click()
        page.wait_for_timeout(500)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else conftest.ROOT / "notebooks" / "images", sys.argv[2:])
