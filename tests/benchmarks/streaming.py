"""Measure columns that stream: frames of the page and CPU of the kernel, through the real widget.

    python tests/benchmarks/streaming.py          # on a bare page, 15 s; prints a Markdown table
    python tests/benchmarks/streaming.py --lab    # in JupyterLab too, a minute
    python tests/benchmarks/streaming.py --help

Four columns take 50 updates a second of 42 characters each. They come from a client that makes the events up,
so the kernel's figure is that of the view: taking events, joining them, Markdown, messages.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.browser import conftest as lab  # noqa: E402 - the folder above is found first
from tests.browser.conftest import CHROMIUM, FLAGS  # noqa: E402
from tests.browser.stage import Stage  # noqa: E402
from workbench.reply import Reply, Timing  # noqa: E402
from workbench.widgets.panes import RunView  # noqa: E402
from workbench.wire import Message, Request, event_of  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

LINE = "Forty-two characters make one update now. "
assert len(LINE) == 42

WATCH = """() => {
  const found = window.wbFrames = {gaps: [], long: []};
  let last = performance.now();
  const next = () => { window.wbFrame = requestAnimationFrame(frame); };
  const frame = now => { found.gaps.push(now - last); last = now; next(); };
  requestAnimationFrame(now => { last = now; next(); });
  new PerformanceObserver(list => found.long.push(...list.getEntries().map(one => one.duration)))
    .observe({entryTypes: ['longtask']});
}"""
READ = "() => { cancelAnimationFrame(window.wbFrame); return window.wbFrames; }"


@dataclass
class Pace:
    """How much comes, and how fast."""

    panes: int = 4
    rate: float = 50.0
    seconds: float = 8.0
    paragraph: int = 8

    def piece(self, number: int) -> str:
        """Return an update: a paragraph ends now and then, as in prose."""
        return (
            LINE[:-2] + "\n\n" if self.paragraph and number % self.paragraph == self.paragraph - 1 else LINE
        )


class Stream:
    """The events of one answer, at a pace."""

    def __init__(self, request: Request, pace: Pace) -> None:
        self._request, self._pace = request, pace
        self.reply: Reply

    async def __aiter__(self) -> AsyncIterator[Any]:
        message: dict[str, Any] = {"model": self._request.model, "content": []}
        yield event_of({"type": "message_start", "message": message})
        yield event_of(
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        )
        loop = asyncio.get_running_loop()
        began, count = loop.time(), int(self._pace.rate * self._pace.seconds)
        for number in range(count):
            await asyncio.sleep(max(0.0, began + number / self._pace.rate - loop.time()))
            delta = {"type": "text_delta", "text": self._pace.piece(number)}
            yield event_of({"type": "content_block_delta", "index": 0, "delta": delta})
        text = "".join(map(self._pace.piece, range(count)))
        usage = {"input_tokens": 10, "output_tokens": count * 10}
        whole = {
            **message,
            "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn",
            "usage": usage,
        }
        timing = Timing(ttft_s=0.1, total_s=self._pace.seconds)
        self.reply = Reply(self._request, Message.model_validate(whole), timing, origin="emulator")


class MadeUp:
    """What a run view needs of a client."""

    transport = None
    endpoint = SimpleNamespace(origin="emulator")
    api_version = None
    betas = ()

    def __init__(self, pace: Pace) -> None:
        self._pace = pace

    def stream(self, request: Request, **_: Any) -> Stream:
        """Return events that come at the pace."""
        return Stream(request, self._pace)


def requests(pace: Pace) -> list[Request]:
    """Return a request for each column."""
    one = Request(model="claude-haiku-4-5", max_tokens=1000, messages=["Write."])
    return [one.with_(max_tokens=1000 + number) for number in range(pace.panes)]


SHOW = """
import sys, time
sys.path.insert(0, {folder!r})
from streaming import MadeUp, Pace, RunView, requests
pace = Pace({panes}, {rate}, {seconds})
RunView(MadeUp(Pace(1, 50, 0.1)), requests(pace)[:1]).wait()  # what is imported once is not measured
view = RunView(MadeUp(pace), requests(pace), autostart=False)
view
"""
RUN = """
began, used = time.perf_counter(), time.process_time()
view.start(); view.wait()
wall_s = time.perf_counter() - began
print("measured", (time.process_time() - used) / wall_s, wall_s, view._count)
"""


@contextlib.contextmanager
def served(home: Path) -> Iterator[lab.Lab]:
    """Yield a JupyterLab with an empty folder."""
    root = home / "served"
    root.mkdir()
    for name, value in lab.QUIET.items():
        setting = home / f"config/lab/user-settings/{name}.jupyterlab-settings"
        setting.parent.mkdir(parents=True, exist_ok=True)
        setting.write_text(value)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found = lab.Lab(f"http://127.0.0.1:{port}", secrets.token_hex(16), root)
    log = home / "server.log"
    command = [sys.executable, "-m", "jupyterlab", *lab.options(found, port)]
    with (
        log.open("wb") as out,
        subprocess.Popen(
            command, stdout=out, stderr=out, env=lab.environment(home), start_new_session=True
        ) as server,
    ):
        try:
            lab.wait_until_up(found, server, log)
            yield found
        finally:
            lab.stop(server)


def in_lab(pace: Pace, folder: Path) -> dict[str, Any]:
    """Measure in JupyterLab: the CPU is the whole kernel's, messages and the waiting cell included."""
    from playwright.sync_api import sync_playwright

    here = str(Path(__file__).parent)
    show = SHOW.format(folder=here, panes=pace.panes, rate=pace.rate, seconds=pace.seconds)
    with served(folder) as found, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = lab.LabPage(browser, found)
        page.open(found.write("streaming.ipynb", show, RUN))
        page.command("notebook:run-cell-and-select-next")
        page.page.locator(".wb-pane").nth(pace.panes - 1).wait_for()
        page.page.evaluate(WATCH)
        page.command("notebook:run-cell-and-select-next")
        said = page.output(1).get_by_text("measured")
        said.wait_for()
        frames = page.page.evaluate(READ)
        _, share, wall_s, count = said.inner_text().split()
        page.page.screenshot(path=folder.parent / "streaming-lab.png")
        browser.close()
    return {**figures(frames), "wall_s": float(wall_s), "kernel_share": float(share), "messages": count}


def bare(pace: Pace, folder: Path) -> dict[str, Any]:
    """Measure on a bare page: the CPU is that of the threads on which the view works."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        RunView(MadeUp(Pace(1, 50, 0.1)), requests(pace)[:1]).wait()  # type: ignore[arg-type]
        stage = Stage(browser, folder)
        view = RunView(MadeUp(pace), requests(pace), autostart=False)  # type: ignore[arg-type]
        page = stage.show(view)
        meter = Meter()
        meter.loop()
        page.evaluate(WATCH)
        began = time.perf_counter()
        view.start()
        while view.running:
            stage.pump()
            page.wait_for_timeout(5)
        wall_s = time.perf_counter() - began
        found = page.evaluate(READ)
        cpu_s = meter.loop()
        stage.calm()
        browser.close()
    return {**figures(found), "wall_s": wall_s, "kernel_share": cpu_s / wall_s, "messages": view._count}


class Meter:
    """CPU seconds of the threads on which the view works: the package's loop and its helpers."""

    def __init__(self) -> None:
        self._last: dict[int, float] = {}

    def loop(self) -> float:
        """Return the seconds since the last look."""
        used = 0.0
        for thread in threading.enumerate():
            name = thread.name
            if thread.native_id is None or not (name == "workbench" or name.startswith("asyncio_")):
                continue
            now = time.clock_gettime(_clock_of(thread.native_id))
            used += now - self._last.get(thread.native_id, 0.0)
            self._last[thread.native_id] = now
        return used


def _clock_of(thread: int) -> int:
    """Return the CPU clock of a thread, as the C library makes it: CPUCLOCK_PERTHREAD | CPUCLOCK_SCHED."""
    return (~thread << 3) | 6


def figures(found: dict[str, Any]) -> dict[str, Any]:
    """Return what frames and long tasks say."""
    gaps, long = found["gaps"], found["long"]
    return {
        "fps": 1000 * len(gaps) / sum(gaps),
        "slow": sum(gap > 50 for gap in gaps),
        "worst_ms": max(gaps),
        "long": len(long),
        "long_ms": max(long, default=0.0),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--panes", type=int, default=4)
    parser.add_argument("--rate", type=float, default=50.0, help="updates a second in each column")
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--lab", action="store_true", help="in JupyterLab")
    args = parser.parse_args()
    pace = Pace(args.panes, args.rate, args.seconds)
    ways: list[tuple[str, Callable[[Pace, Path], dict[str, Any]]]] = [("bare page", bare)]
    if args.lab:
        ways.append(("JupyterLab", in_lab))
    print(
        "| where | fps | frames > 50 ms | worst frame | long tasks | longest | kernel CPU | wall | messages |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for name, measure in ways:
        with tempfile.TemporaryDirectory() as folder:
            print(row(name, measure(pace, Path(folder))))


def row(name: str, found: dict[str, Any]) -> str:
    """Return a row of the table; a long task is one of more than 50 ms, as browsers count them."""
    cells = (
        name,
        f"{found['fps']:.0f}",
        found["slow"],
        f"{found['worst_ms']:.0f} ms",
        found["long"],
        f"{found['long_ms']:.0f} ms",
        f"{found['kernel_share']:.1%} of a core",
        f"{found['wall_s']:.1f} s",
        found["messages"],
    )
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    main()
