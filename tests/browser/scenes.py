"""What a reader may have before them: every rich view in its states, walked through one look at a time."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import workbench as wb
from tests.answers import ON, POLICY
from tests.studies import study_run
from workbench.widgets.builder import PromptBuilder
from workbench.widgets.grading import GradeQueue
from workbench.widgets.panes import RunView
from workbench.widgets.running import RunningView
from workbench.widgets.table import ResultTable

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from tests.browser.stage import Stage

ASKED = "How long are returns free?"
DOCUMENT = {
    "type": "document",
    "source": {"type": "text", "media_type": "text/plain", "data": POLICY},
    "title": "Policy",
    **ON,
}
PLACE = {"type": "char_location", "document_index": 0, "document_title": "Policy"}
QUOTE = {**PLACE, "cited_text": "Returns are free for 30 days.", "start_char_index": 0, "end_char_index": 29}
WRONG = {**PLACE, "cited_text": "Returns are never free.", "start_char_index": 0, "end_char_index": 23}
TOOL = {"name": "look_up", "description": "Looks things up.", "input_schema": {"type": "object"}}
ANSWERS = [
    {
        "model": "claude-haiku-4-5",
        "content": [
            {"type": "text", "text": "For **30 days**.", "citations": [QUOTE]},
            {"type": "text", "text": " Never, `says` one.", "citations": [WRONG]},
        ],
    },
    {
        "model": "claude-sonnet-4-6",
        "content": [
            {"type": "thinking", "thinking": "The policy says so.", "signature": "s"},
            {"type": "text", "text": "I look it up."},
            {"type": "tool_use", "id": "toolu_1", "name": "look_up", "input": {"what": "returns"}},
        ],
    },
    {"model": "claude-opus-4-8", "error": {"status": 529, "message": "Overloaded"}},
]

Emulators = Any
Look = str


def table(stage: Stage, folder: Path, _: Emulators) -> Generator[Look]:
    """The result table: as it opens, filtered, a row opened on each of its tabs, both menus."""
    run = study_run(samples=20).save(folder / "run")
    view = ResultTable(run)
    page = stage.show(view, height=1400)
    stage.visible(page.locator(".wbt-row .wb-good, .wbt-row .wb-bad").first)
    yield "rows"
    page.get_by_role("button", name="failed").first.click()
    stage.pump()
    yield "filtered"
    page.locator(".wbt-row:not([hidden])").first.dblclick()
    stage.visible(page.get_by_role("tab", name="Messages"))
    for tab in page.locator(".wbt-open").get_by_role("tab").all():
        tab.click()
        stage.pump()
        yield f"opened, {tab.inner_text()}"
    for menu in ("columns", "export"):
        page.get_by_role("button", name=menu, exact=True).click()
        stage.pump()
    yield "menus"
    view.close()


def _graded(stage: Stage, queue: GradeQueue, keys: str) -> Generator[Look]:
    page = stage.show(queue)
    stage.visible(page.locator(".wb-grade-answer").first)
    yield "the first"
    page.keyboard.press("Tab")
    page.keyboard.press("?")
    page.keyboard.press(keys[0])
    stage.visible(page.get_by_text("reveal who answered"))
    page.get_by_text("reveal who answered").click()
    stage.visible(page.locator(".wb-grade-revealed table"))
    yield "help, and who answered"
    page.keyboard.press("[")
    stage.visible(page.get_by_role("region", name="item 1 of"))
    yield "one that is graded"
    page.keyboard.press("]")
    stage.visible(page.get_by_role("region", name="item 2 of"))
    for n, key in enumerate(keys[1:], 2):
        page.keyboard.press(key)
        stage.visible(page.locator(".wb-grade-head strong").filter(has_text=f"{n} of"))
    page.get_by_role("button", name="what the grades say").click()
    stage.visible(page.locator(".wb-grade-end table").first)
    yield "what the grades say"
    queue.close()


def rating(stage: Stage, folder: Path, _: Emulators) -> Generator[Look]:
    """The grading queue from 1 to 5."""
    run = study_run(samples=6).save(folder / "run")
    rubric = "**5** is right and short.\n\n- 1: wrong\n\n[more](https://example.com)"
    yield from _graded(stage, GradeQueue(run, who="ada", rubric=rubric, sample=4), "4251")


def passing(stage: Stage, folder: Path, _: Emulators) -> Generator[Look]:
    """The grading queue of pass and fail."""
    run = study_run(samples=6).save(folder / "run")
    yield from _graded(stage, GradeQueue(run, kind="pass", who="ada", sample=4), "pffp")


def pairs(stage: Stage, folder: Path, _: Emulators) -> Generator[Look]:
    """The grading queue of pairs."""
    run = study_run(samples=6)
    rows = [
        row
        if row.body is None
        else replace(row, body={**row.body, "content": [{"type": "text", "text": f"answer {row.index}"}]})
        for row in run.rows
    ]
    saved = replace(run, rows=tuple(rows)).save(folder / "run")
    queue = GradeQueue(saved, pair=("haiku-4-5", "sonnet-4-6"), who="ada", sample=4)
    yield from _graded(stage, queue, "atba")


def columns(stage: Stage, folder: Path, start_emulator: Emulators) -> Generator[Look]:
    """Three columns: one that cites, one that thinks and calls a tool, one that failed."""
    url = start_emulator(script=ANSWERS).url
    with wb.Client(base_url=url, store=folder / "store", max_retries=0) as client:
        yield from _columns(stage, client)


def _columns(stage: Stage, client: wb.Client) -> Generator[Look]:
    turn = {"role": "user", "content": [DOCUMENT, {"type": "text", "text": ASKED}]}
    asked = [
        wb.Request.model_validate({"model": model, "max_tokens": 900, "messages": [turn], **more})
        for model, more in [
            ("claude-haiku-4-5", {}),
            ("claude-sonnet-4-6", {"tools": [TOOL]}),
            ("claude-opus-4-8", {}),
        ]
    ]
    view = RunView(client, asked, autostart=False)
    page = stage.show(view, height=1400)
    stage.pump()
    yield "not asked"
    view.start()
    stage.until(lambda: not view.running)
    first = stage.visible(page.get_by_role("button", name="citation 1"))
    stage.visible(page.get_by_text("Overloaded").first)
    yield "ended"
    page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
    stage.pump()
    yield "unfolded"
    first.focus()
    stage.visible(page.get_by_role("tooltip"))
    yield "a citation's passage"
    page.get_by_role("button", name="citation 2").focus()
    stage.visible(page.get_by_role("tooltip").get_by_text("not verified"))
    yield "a wrong citation's passage"
    first.click()
    stage.visible(page.locator("mark"))
    yield "its source"
    for button in page.get_by_role("toolbar").get_by_role("button").all():
        button.click()
        stage.pump()
        yield f"after {button.get_attribute('aria-label') or button.inner_text()}"


def running(stage: Stage, folder: Path, start_emulator: Emulators) -> Generator[Look]:
    """A run in the background: going on with errors, stopping, ended."""
    go = threading.Event()
    with wb.Client(base_url=start_emulator(latency="0").url, mode="off") as client:
        try:
            yield from _running(stage, folder / "run", client, go)
        finally:
            go.set()


def _running(stage: Stage, folder: Path, client: wb.Client, go: threading.Event) -> Generator[Look]:
    data = [{"input": f"{i} + 2", "target": str(i + 2)} for i in range(24)]
    prompt = wb.Prompt("Solve: {{input}}", model="claude-haiku-4-5", max_tokens=20)
    study = wb.Eval("triage", dataset=data, variants=prompt, scorers=[wb.score.number()])

    def wait(event: Any) -> None:
        if event.done >= 6:
            go.wait(60)

    going = client.start(study, out=folder, concurrency=2, budget_usd="2", on_event=wait)
    view = RunningView(going)
    page = stage.show(view)
    bar = stage.visible(page.get_by_role("progressbar", name="triage"))
    stage.until(lambda: bar.get_attribute("aria-valuenow") == "6")
    fault = "3 × rate_limit_error: This request would exceed your rate limit"
    note = "limited by output tokens per minute"
    view.tell("state", **{**view._figures(), "faults": [fault], "note": note})
    stage.visible(page.get_by_text("rate_limit_error"))
    yield "going on"
    page.get_by_role("button", name="Stop", exact=True).click()
    stage.visible(page.get_by_role("button", name="Stop now", exact=True))
    yield "stopping"
    go.set()
    going.result(30)
    stage.visible(page.get_by_role("table").first)
    yield "ended"


def aside(stage: Stage, folder: Path, _: Emulators) -> Generator[Look]:
    """The builder's right side: findings of every severity, tokens by section, each tab."""
    long = {**DOCUMENT, "source": {**DOCUMENT["source"], "data": POLICY * 200}}  # type: ignore[dict-item]
    prompt = wb.Prompt(
        [long, "Answer: {{question}} for {{who}}"],
        model="claude-haiku-4-5",
        max_tokens=500,
        system=[{"type": "text", "text": "Be brief. " * 900, "cache_control": {"type": "ephemeral"}}],
        tools=[TOOL],
        effort="high",
    )
    builder = PromptBuilder(prompt, versions=None)
    page = stage.show(builder.aside, width=620, height=1400)
    stage.visible(page.locator(".wb-finding").first)
    for name in ("Python", "JSON", "curl", "Paste"):
        page.get_by_role("tab", name=name).click()
        stage.pump()
        yield name
    page.get_by_role("textbox").fill("{")
    page.get_by_role("button", name="Rebuild the prompt").click()
    stage.visible(page.get_by_role("alert").filter(has_text="JSON"))
    yield "a text that is none"
    builder.close()


SCENES: dict[str, Callable[[Stage, Path, Emulators], Generator[Look]]] = {
    "table": table,
    "rating": rating,
    "pass": passing,
    "pair": pairs,
    "columns": columns,
    "running": running,
    "aside": aside,
}
