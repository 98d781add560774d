"""What the result table takes with 1,000, 10,000 and 100,000 rows, in a real Chromium; prints a table.

    python -m tests.benchmarks.tables                 # a bare page, about two minutes
    python -m tests.benchmarks.tables --lab           # a real JupyterLab too, two minutes more
    python -m tests.benchmarks.tables --rows 1000

Each size has a process of its own. The run lies in a journal, every row is different. First paint is from
making the widget to the first row with its text on the page, the static view made on the way; in
JupyterLab from pressing run. Long tasks are those the browser itself reports (50 ms and more) over all
that is done; beside them stands the longest of a page that only scrolls an empty box, then and there: what is
not ours but the machine's.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

from tests.browser import conftest as labs
from tests.browser.stage import Stage
from tests.tables import large_run, saved

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = (1_000, 10_000, 100_000)
PATIENCE_S = 120

WATCH = """() => {
  window.wbTasks = [];
  const note = list => { for (const task of list.getEntries()) window.wbTasks.push(task.duration); };
  new PerformanceObserver(note).observe({type: 'longtask'});
}"""
"""Notes every task of the main thread of 50 ms or more."""

SCROLL = """() => {
  const grid = document.querySelector('.wbt-grid'), frames = [];
  let last = performance.now(), n = 0;
  window.wbFrames = null;
  const step = now => {
    frames.push(now - last);
    last = now;
    grid.scrollTop += 400;
    if (++n < 180) requestAnimationFrame(step); else window.wbFrames = frames.slice(1);
  };
  requestAnimationFrame(step);
}"""
"""180 frames, 15 rows further with each."""

FIRST = "document.querySelector('.wbt-row:not([hidden]):not(.wbt-coming) .wbt-td')?.textContent"
DRAWN = (
    "[...document.querySelectorAll('.wbt-row:not([hidden])')].sort((a, b) => a.dataset.line - b.dataset.line)"
)
TOP = f"{DRAWN}[0]?.children[0].textContent"
COUNT = "(document.querySelector('.wbt-grid')?.getAttribute('aria-rowcount') ?? '')"
SORTED = "(document.querySelector('.wbt-th[aria-sort=ascending]')?.textContent ?? '')"
HEADED = "(document.querySelector('.wbt-summary table') !== null)"
FIGURES = "(document.querySelector('.wbt-summary')?.innerText ?? '').includes('how these')"
EMPTY = """() => {
  const box = document.createElement('div'), tall = document.createElement('p');
  box.className = 'wbt-grid';
  box.style = 'height:400px;overflow:auto';
  tall.style.height = '90000px';
  box.append(tall);
  document.body.append(box);
}"""
"""A page with nothing of ours on it, to be scrolled."""

HALF = """() => {
  const grid = document.querySelector('.wbt-grid');
  grid.scrollTop = (grid.scrollHeight - grid.clientHeight) / 2;
}"""
BACK = "() => { document.querySelector('.wbt-grid').scrollTop = 0; }"


def middle(rows: int) -> str:
    """Return what is true once the rows in the middle are drawn with their texts."""
    coming = "rows.every(row => !row.classList.contains('wbt-coming'))"
    return (
        f"(rows => rows.length > 0 && {coming} && Math.abs(rows[0].dataset.line - {rows // 2}) < 60)({DRAWN})"
    )


def resident_mb() -> float:
    """Memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


class Bare(Stage):
    """A stage whose page is there before the clock starts."""

    def prepare(self) -> None:
        """Open the page."""
        super()._open("light", 1280, 900)
        self.page.evaluate(WATCH)
        self.page.evaluate("() => document.body.append(document.createElement('p'))")

    def _open(self, theme: str, width: int, height: int) -> None:
        """Open nothing: `prepare` did."""

    def wait(self, ready: Callable[[], Any]) -> float:
        """Pump until *ready*; return the milliseconds it took."""
        began = time.perf_counter()
        while not ready():
            assert time.perf_counter() - began < PATIENCE_S
            self.pump()
        return (time.perf_counter() - began) * 1000


def page_mb(page: Any) -> float:
    """Memory of the page's scripts after a collection."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    found = session.send("Runtime.getHeapUsage")
    session.detach()
    return float(found["usedSize"]) / 1e6


def bare(folder: str, rows: int) -> dict[str, Any]:
    """Measure a table of *rows* rows on a bare page."""
    from workbench.run import Run
    from workbench.widgets.table import ResultTable

    run = Run.load(folder)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=labs.CHROMIUM, args=labs.FLAGS)
        stage = Bare(browser, Path(folder))
        stage.prepare()
        gc.collect()
        kernel, heap = resident_mb(), page_mb(stage.page)
        began = time.perf_counter()
        table = ResultTable(run)
        bundle = table._repr_mimebundle_()
        made = (time.perf_counter() - began) * 1000
        stage.show(table)
        stage.wait(lambda: stage.page.evaluate(FIRST))
        found: dict[str, Any] = {
            "first paint, ms": (time.perf_counter() - began) * 1000,
            "of it in the kernel, ms": made,
        }
        found["figures there, ms after"] = stage.wait(lambda: stage.page.evaluate(HEADED))
        found["and prices, ms after that"] = stage.wait(lambda: stage.page.evaluate(FIGURES))
        gc.collect()
        found["kernel, MB added"] = resident_mb() - kernel
        found |= used(stage, rows)
        gc.collect()
        found["kernel, MB added once answers were searched"] = resident_mb() - kernel
        found["page, MB added"] = page_mb(stage.page) - heap
        found["saved cell, kB"] = len(json.dumps(bundle)) / 1000
        found["longest task, ms"] = max([0, *stage.page.evaluate("window.wbTasks")])
        table.close()
        stage.calm()
        stage.close()
        found |= empty(browser, Path(folder))
        browser.close()
    return found


def empty(browser: Any, folder: Path) -> dict[str, Any]:
    """Measure a page that scrolls nothing."""
    stage = Bare(browser, folder)
    stage.prepare()
    stage.page.evaluate(EMPTY)
    stage.page.evaluate(SCROLL)
    stage.page.wait_for_function("() => window.wbFrames", timeout=PATIENCE_S * 1000)
    frames, tasks = stage.page.evaluate("[window.wbFrames, window.wbTasks]")
    stage.close()
    mean = sum(frames) / len(frames)
    return {"an empty page: mean frame, ms": mean, "its longest task, ms": max([0, *tasks])}


def used(stage: Bare, rows: int) -> dict[str, Any]:
    """Sort, search, jump and scroll."""
    page = stage.page
    found: dict[str, Any] = {}

    def sorted_by(name: str) -> float:
        before = page.evaluate(TOP)
        page.get_by_role("columnheader", name=name).click()
        return stage.wait(lambda: page.evaluate(TOP) not in (before, "…"))

    def searched(words: str) -> float:
        page.get_by_role("searchbox").fill(words)
        return stage.wait(lambda: page.evaluate(COUNT) == str((rows // 100 if words else rows) + 1))

    found["sort by latency, ms"] = sorted_by("latency")
    found["sort by cost, ms"] = sorted_by("cost")
    for title, words in (("first", "overloaded_error"), ("again", "overloaded_err")):
        found[f"search, {title}, ms"] = searched(words)
        searched("")
    page.evaluate(HALF)
    found["jump to the middle, ms"] = stage.wait(lambda: page.evaluate(middle(rows)))
    page.evaluate(BACK)
    page.evaluate(SCROLL)
    stage.wait(lambda: page.evaluate("window.wbFrames !== null"))
    return found | scrolled(page)


def scrolled(page: Any) -> dict[str, float]:
    """Return what the frames took."""
    frames = page.evaluate("window.wbFrames")
    return {"180 scrolled frames: mean, ms": sum(frames) / len(frames), "worst frame, ms": max(frames)}


# --- a real JupyterLab ---------------------------------------------------------------------------------


def lab(folder: str, rows: int) -> dict[str, Any]:
    """Measure the same table in a notebook."""
    with (
        tempfile.TemporaryDirectory() as home,
        tempfile.TemporaryDirectory() as root,
        labs.serving(Path(home), Path(root)) as served,
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(executable_path=labs.CHROMIUM, args=labs.FLAGS)
        imports = "from workbench.run import Run\nfrom workbench.widgets.table import ResultTable"
        served.write("table.ipynb", f"{imports}\nrun = Run.load({folder!r})", "ResultTable(run)")
        shown = labs.LabPage(browser, served)
        shown.open("table.ipynb")
        found = measured(shown, rows)
        shown.context.close()
        found |= empty(browser, Path(folder))
        browser.close()
    return found


def measured(shown: labs.LabPage, rows: int) -> dict[str, Any]:
    """Run the cells, the second with the clock on; then use the table."""
    page = shown.page
    patient = {"timeout": PATIENCE_S * 1000}

    def wait(script: str) -> float:
        began = time.perf_counter()
        page.wait_for_function(script, polling="raf", **patient)
        return (time.perf_counter() - began) * 1000

    page.locator(".jp-CodeCell .cm-content").first.click()
    shown.command("notebook:run-cell-and-select-next")
    wait("() => document.querySelector('.jp-InputPrompt')?.textContent.startsWith('[1]')")
    page.evaluate(WATCH)
    began = time.perf_counter()
    shown.command("notebook:run-cell")
    wait(f"() => Boolean({FIRST})")
    found: dict[str, Any] = {"first paint, ms": (time.perf_counter() - began) * 1000}
    found["figures there, ms after"] = wait(f"() => {HEADED}")
    found["and prices, ms after that"] = wait(f"() => {FIGURES}")
    for name in ("latency", "cost"):
        page.locator(".wbt-grid").get_by_role("columnheader", name=name).click()
        found[f"sort by {name}, ms"] = wait(f"() => {SORTED}.startsWith('{name}')")
    search = page.get_by_role("searchbox", name="search input")
    for title, words in (("first", "overloaded_error"), ("again", "overloaded_err")):
        search.fill(words)
        found[f"search, {title}, ms"] = wait(f"() => {COUNT} === '{rows // 100 + 1}'")
        search.fill("")
        wait(f"() => {COUNT} === '{rows + 1}'")
    page.evaluate(HALF)
    found["jump to the middle, ms"] = wait(f"() => {middle(rows)}")
    page.evaluate(BACK)
    page.evaluate(SCROLL)
    wait("() => window.wbFrames !== null")
    return found | scrolled(page) | {"longest task, ms": max([0, *page.evaluate("window.wbTasks")])}


# --- all of it -----------------------------------------------------------------------------------------


def child(what: str, folder: str, rows: int) -> dict[str, Any]:
    """Measure in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.tables", "--child", what, folder, str(rows)]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def table(found: dict[int, dict[str, Any]]) -> str:
    """Return a Markdown table, a column per size."""
    names = list(dict.fromkeys(name for each in found.values() for name in each))
    lines = [f"| | {' | '.join(f'{rows:,} rows' for rows in found)} |", f"| --- |{' ---: |' * len(found)}"]
    for name in names:
        cells = [f"{each[name]:,.0f}" if each[name] >= 10 else f"{each[name]:.1f}" for each in found.values()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Make the runs, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, action="append")
    parser.add_argument("--lab", action="store_true", help="in a real JupyterLab too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        sizes = options.rows or SIZES
        folders = {rows: str(saved(large_run(rows), Path(root) / str(rows))) for rows in sizes}
        print(f"Python {platform.python_version()}, load {Path('/proc/loadavg').read_text().split()[0]}\n")
        for what in ("bare", *(["lab"] if options.lab else [])):
            print({"bare": "On a bare page:\n", "lab": "\nIn JupyterLab:\n"}[what])
            print(table({rows: child(what, folder, rows) for rows, folder in folders.items()}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        _, _, kind, where, count = sys.argv
        print(json.dumps({"bare": bare, "lab": lab}[kind](where, int(count))))
    else:
        main()
