"""The view of a run that goes on: Stop, reload, the table in the end; and once in a real JupyterLab."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

import workbench as wb
from tests.browser.conftest import IDLE
from tests.hostile import NAMES, TEXTS
from workbench.show.tally import State, add
from workbench.widgets.running import RunningView

if TYPE_CHECKING:
    from workbench.client.running import Running


def study(n=24, name="support-triage"):
    data = [{"input": f"{i} + 2", "target": str(i + 2)} for i in range(n)]
    prompt = wb.Prompt("Solve: {{input}}", model="claude-haiku-4-5", max_tokens=20)
    return wb.Eval(name, dataset=data, variants=prompt, scorers=[wb.score.number()])


@pytest.fixture
def go():
    """Set to let a run go on that waits at its sixth answer."""
    return threading.Event()


@pytest.fixture
def until_six(go):
    """Have a run wait there, so that its view can be looked at."""

    def told(event):
        if event.done >= 6:
            go.wait(60)

    return told


@pytest.fixture
def begin(start_emulator, tmp_path, go):
    """Start runs against a server of a given pace; they are stopped with the test."""
    clients: list[wb.Client] = []
    begun: list[Running] = []

    def start(latency="0", **options):
        clients.append(wb.Client(base_url=start_emulator(latency=latency).url, mode="off"))
        begun.append(clients[-1].start(study(), out=tmp_path / "r", concurrency=2, **options))
        return begun[-1]

    yield start
    go.set()
    for running in begun:
        running.stop()
        running.stop()
        running.result(20)
    for client in clients:
        client.close()


def test_the_bar_follows_the_run_and_its_table_takes_its_place(stage, begin, until_six, go):
    """Values for a screen reader, words for everybody, the verdict in the end."""
    page = stage.show(RunningView(begin(budget_usd="2.00", on_event=until_six)))

    bar = stage.visible(page.get_by_role("progressbar", name="support-triage"))
    stage.until(lambda: bar.get_attribute("aria-valuenow") == "6")
    going = page.locator(".wb-run").inner_text()

    assert bar.get_attribute("aria-valuemax") == "24"
    assert "of $2.00" in going
    assert "asked of the emulator" in going
    stage.shot("running-going")
    go.set()
    table = stage.visible(page.get_by_role("table").first)
    assert table.get_by_role("columnheader", name="number (95 %)").is_visible()
    assert not page.get_by_role("progressbar").is_visible()
    assert not page.get_by_role("button").is_visible()
    stage.shot("running-ended")
    stage.calm()


def test_stop_finishes_what_is_in_flight_and_then_offers_to_stop_now(stage, begin):
    """Two presses of a real button, by keyboard; the words say what each does, and how to go on."""
    running = begin("60")
    page = stage.show(RunningView(running), theme="dark")
    stop = stage.visible(page.get_by_role("button", name="Stop", exact=True))
    stop.focus()
    page.keyboard.press("Enter")
    now = stage.visible(page.get_by_role("button", name="Stop now", exact=True))
    stage.shot("running-stopping-dark")
    now.focus()
    page.keyboard.press("Enter")

    stage.visible(page.get_by_text("goes on").first)
    assert running.state == "interrupted"
    stage.shot("running-interrupted-dark")
    stage.calm()


FOCUS = "() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"


def test_who_stops_by_keyboard_stays_in_the_view(stage, begin):
    """On the button until it goes, then on what takes the view's place: no key is lost."""
    page = stage.show(RunningView(begin("60")))
    stage.visible(page.get_by_role("button", name="Stop", exact=True)).focus()

    page.keyboard.press("Enter")
    stage.visible(page.get_by_role("button", name="Stop now", exact=True))
    between = page.evaluate(FOCUS)
    page.keyboard.press("Enter")
    over = stage.visible(page.get_by_role("region", name="support-triage, over"))

    assert between == "Stop now"
    assert page.evaluate(FOCUS) == "support-triage, over"
    assert over.get_attribute("tabindex") == "-1"
    stage.shot("running-stopped-focus")
    stage.calm()


def test_the_end_of_a_run_takes_no_focus(stage, begin, until_six, go):
    """Whoever is elsewhere stays there."""
    page = stage.show(RunningView(begin(on_event=until_six)))
    stage.visible(page.get_by_role("progressbar"))
    page.evaluate("() => document.body.append(document.createElement('input'))")
    page.locator("body > input").focus()

    go.set()
    stage.visible(page.get_by_role("region", name="support-triage, over"))

    assert page.evaluate("() => document.activeElement.tagName") == "INPUT"
    stage.calm()


def test_a_page_shown_anew_gets_everything(stage, begin, until_six, go):
    """After a reload the view of a running run comes back, and so does that of one that is over."""
    running = begin(on_event=until_six)
    view = RunningView(running)
    stage.show(view)
    stage.until(lambda: running.progress.done == 6)

    page = stage.show(view)
    again = stage.visible(page.get_by_role("progressbar")).get_attribute("aria-valuenow")
    go.set()
    running.result(30)
    page = stage.show(view)

    stage.visible(page.get_by_role("columnheader", name="number (95 %)"))
    assert again == "6"
    stage.calm()


def test_a_view_by_folder_shows_the_run_and_has_no_stop(stage, begin, tmp_path):
    """As after a kernel restart: what is there, how it ended, how to go on."""
    running = begin()
    running.result(30)

    page = stage.show(RunningView(tmp_path / "r"))

    stage.visible(page.get_by_role("columnheader", name="number (95 %)"))
    assert not page.get_by_role("button").is_visible()


class Hostile:
    """A run all of whose words are hostile."""

    def __init__(self, words):
        self.progress = State(words, 2, size=words, note=words)
        error = {"type": words, "message": words}
        add(self.progress, type("Result", (), {"error": error, "index": 0}))
        self.state, self.sentence, self.done, self.stoppable = "running", words, False, True

    def listen(self, _):
        return lambda: None


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_errors_are_grouped_and_hostile_words_stay_words(stage, theme):
    """Nothing runs, nothing is loaded, nothing becomes an element."""
    first: Any = Hostile(TEXTS[0])
    view = RunningView(first)

    for name, words in zip(NAMES, TEXTS, strict=True):
        first.__init__(words)
        page = stage.show(view, theme=theme) if name == NAMES[0] else stage.page
        view._changed()
        stage.pump()
        assert page.locator(".wb-run-faults li").count() == 1
        assert page.locator(".wb-run-faults li *, .wb-run-head * *").count() == 0

    stage.shot(f"running-hostile-{theme}")
    stage.calm()


CELLS = (
    """
import workbench as wb
from workbench.emulator import start_in_thread

server = start_in_thread(latency="0.3")
client = wb.Client(base_url=server.url, mode="off")
data = [{"input": f"{i} + 2", "target": str(i + 2)} for i in range(400)]
prompt = wb.Prompt("Solve: {{input}}", model="claude-haiku-4-5", max_tokens=20)
study = wb.Eval("support-triage", dataset=data, variants=prompt, scorers=[wb.score.number()])
""",
    "running = client.start(study, out='in-background', concurrency=2); running",
    "print('the next cell', 20 + 3)",
    "await client.arun(study, out='awaited', concurrency=2)",
    "print([(name, wb.Run.load(name).status) for name in ('in-background', 'awaited')])",
)


def test_in_jupyterlab_a_run_goes_on_while_cells_run_comes_back_and_stops(page, lab):
    """Stop after a later cell, a reload in the middle, the interrupt of an awaited cell: each run is marked."""
    name = lab.write("background.ipynb", *CELLS)
    page.open(name)
    for _ in range(3):
        page.command("notebook:run-cell-and-select-next")
    page.output(2).get_by_text("the next cell 23").wait_for()
    bar = page.output(1).get_by_role("progressbar", name="support-triage")
    bar.wait_for()
    page.command("docmanager:save")
    page.page.wait_for_function("!window.jupyterapp.shell.currentWidget.context.model.dirty")

    page.page.reload()
    page.page.wait_for_function(IDLE)
    bar.wait_for()
    stop = page.output(1).get_by_role("button", name="Stop", exact=True)
    stop.click()
    page.output(1).get_by_text("client.resume('in-background') goes on").wait_for()

    page.page.locator(".jp-CodeCell").nth(3).click()
    page.command("notebook:run-cell-and-select-next")
    page.output(3).get_by_role("progressbar").wait_for()
    page.command("notebook:interrupt-kernel")
    page.output(3).get_by_text("CancelledError").first.wait_for()
    page.page.wait_for_function(IDLE)
    page.page.locator(".jp-CodeCell").nth(4).click()
    page.command("notebook:run-cell")

    page.output(4).get_by_text("[('in-background', 'interrupted'), ('awaited', 'interrupted')]").wait_for()
    assert "client.resume('awaited') goes on" in page.output(3).inner_text()
    assert (page.problems, page.outside) == ([], [])
