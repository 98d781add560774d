"""Measure columns that stream: frames of the page and CPU of the kernel, through the real widget.

    python tests/benchmarks/streaming.py          # on a bare page, about half a minute; prints a Markdown table
    python tests/benchmarks/streaming.py --lab    # in JupyterLab
    python tests/benchmarks/streaming.py --help

Four columns take 50 updates a second of 42 characters each. They come from a client that makes the events up,
so the kernel's figure is that of the view: taking events, joining them, Markdown, messages.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.browser.conftest import CHROMIUM, FLAGS  # noqa: E402 - the folder above is found first
from tests.browser.stage import Stage  # noqa: E402
from workbench.reply import Reply, Timing  # noqa: E402
from workbench.widgets.panes import RunView  # noqa: E402
from workbench.wire import Message, Request, event_of  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

LINE = "Forty-two characters make one update now. "
assert len(LINE) == 42

WATCH = """() => {
  const found = window.wbFrames = {gaps: [], long: [], began: performance.now()};
  let last = performance.now();
  const frame = now => { found.gaps.push(now - last); last = now; window.wbFrame = requestAnimationFrame(frame); };
  requestAnimationFrame(now => { last = now; window.wbFrame = requestAnimationFrame(frame); });
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

    class endpoint:  # noqa: N801 - an attribute
        origin = "emulator"

    def __init__(self, pace: Pace) -> None:
        self._pace = pace

    def stream(self, request: Request) -> Stream:
        """Return events that come at the pace."""
        return Stream(request, self._pace)


def requests(pace: Pace) -> list[Request]:
    """Return a request for each column."""
    one = Request(model="claude-haiku-4-5", max_tokens=1000, messages=["Write."])
    return [one.with_(max_tokens=1000 + number) for number in range(pace.panes)]


def bare(pace: Pace, folder: Path) -> dict[str, Any]:
    """Measure on a bare page; Playwright's share of this process's CPU is measured alone and taken off."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
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
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        measured = bare(pace, Path(folder))
    print(
        "| where | fps | frames > 50 ms | worst frame | long tasks (> 50 ms) | kernel CPU | wall | messages |"
    )
    print("|---|---|---|---|---|---|---|---|")
    print(
        f"| bare page | {measured['fps']:.0f} | {measured['slow']} | {measured['worst_ms']:.0f} ms"
        f" | {measured['long']} | {measured['kernel_share']:.1%} of a core"
        f" | {measured['wall_s']:.1f} s | {measured['messages']} |"
    )


if __name__ == "__main__":
    main()
