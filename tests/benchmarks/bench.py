"""Measure the figures of the README: CPU, wall and memory, ours and the official SDK's in one run.

    python tests/benchmarks/bench.py                # about six minutes; prints a Markdown table
    python tests/benchmarks/bench.py --only engine  # one group of rows; see --help

Every client is a process of its own against the endpoint of `server.py` in another process. CPU is user and
system time past start-up: its ratios hold on a noisy machine. Wall times do not: those rows, marked with *,
need a machine with nothing else to do.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clients import PREFIX_TOKENS  # type: ignore[import-not-found]  # a script of this folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
EVENTS = 500
LATENCY = 0.1
TTFT = 1.0
IN_FLIGHT = (10, 50, 200)


@contextmanager
def endpoint(*options: str, script: str = "server.py") -> Iterator[str]:
    """Yield the address of a server in a process of its own."""
    command = [sys.executable, str(HERE / script), "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().split()[-1]
        finally:
            server.terminate()


def stats(url: str) -> dict[str, Any]:
    """Return what the server counted."""
    with urllib.request.urlopen(f"{url}/_stats") as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def units(counted: dict[str, Any], prefix_tokens: int) -> float:
    """Return what was paid for input in prompts of *prefix_tokens*: a write costs 1.25, a read 0.1."""
    paid = counted["write"] * 1.25 + counted["read"] * 0.1 + counted["uncached"]
    return float(paid / prefix_tokens)


class Bench:
    """What is measured, how often, and the table of it."""

    def __init__(self, repeats: int, n: int) -> None:
        self.repeats, self.n = repeats, n
        self.rows: list[tuple[str, str, str, str, str]] = []

    def measure(
        self, what: str, url: str = "-", n: int = 0, width: int = 50, *, repeats: int | None = None
    ) -> dict[str, float]:
        """Return the medians of a client's figures."""
        command = [sys.executable, str(HERE / "clients.py"), what, url, str(n), str(width)]
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("ANTHROPIC_", "COVERAGE"))}
        found: list[dict[str, float]] = []
        for _ in range(repeats or self.repeats):
            done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
            if done.returncode:
                sys.exit(f"{what}: {done.stderr[-2000:]}")
            found.append(json.loads(done.stdout.splitlines()[-1]))
        return {field: statistics.median(row[field] for row in found) for field in found[0]}

    def row(self, name: str, goal: str, unit: str, ours: float | None, theirs: float | None = None) -> None:
        shown = ["–" if value is None else f"{value:,.2f} {unit}".strip() for value in (ours, theirs)]
        ratio = f"{theirs / ours:.1f}" if ours and theirs else "–"
        self.rows.append((name, goal, shown[0], shown[1], ratio))
        print(" | ".join(self.rows[-1]), file=sys.stderr, flush=True)

    def table(self) -> str:
        head = ("figure", "goal", "workbench", "official SDK", "SDK ÷ workbench")
        return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ("---",) * 5, *self.rows))


def transport(bench: Bench) -> None:
    """CPU and wall of requests through the client, no store."""
    n, each, loop = bench.n, {}, {}
    with endpoint("--latency", str(LATENCY)) as url:
        for width in IN_FLIGHT:
            each[width] = bench.measure("workbench_send", url, n, width)["cpu"] / n * 1e3
            loop[width] = bench.measure("sdk_send", url, n, width)
            goal = "≤ 0.8" if width != 10 else "–"
            theirs = loop[width]["cpu"] / n * 1e3
            bench.row(f"request, {width} in flight", goal, "ms CPU", each[width], theirs)
        across = [max(values) / min(values) for values in (each.values(), [s["cpu"] for s in loop.values()])]
        bench.row("dearest ÷ cheapest of the three", "≤ 1.3", "", *across)
        plain = bench.measure("httpx_send", url, n)["cpu"] / n * 1e3
        bench.row("plain httpx instead of the SDK, 50 in flight", "–", "ms CPU", None, plain)
        for width in IN_FLIGHT[1:]:
            wall = loop[width]["wall"] / (n / width * LATENCY)
            bench.row(f"* wall ÷ ideal, a bare loop, {width} in flight", "–", "", None, wall)


def engine(bench: Bench) -> None:
    """Whole runs: journal, store, scores and tables."""
    n = bench.n
    goals = {50: ("≤ 2", "≤ 1.15"), 200: ("–", "≤ 1.9")}
    with endpoint("--latency", str(LATENCY)) as url:
        for width, (cpu_goal, wall_goal) in goals.items():
            found = bench.measure("engine", url, n, width)
            bench.row(
                f"whole engine, a sample, {width} in flight", cpu_goal, "ms CPU", found["cpu"] / n * 1e3
            )
            ideal = n / width * LATENCY
            bench.row(
                f"* wall ÷ ideal, whole engine, {width} in flight", wall_goal, "", found["wall"] / ideal
            )


def prefix(bench: Bench) -> None:
    """50 samples that share a prompt, all in flight: what their input costs, and what waiting for it does."""
    n, paid, wall = 50, {}, {}
    for what in ("workbench_prefix", "workbench_prefix_unmarked", "sdk_prefix"):
        found = []
        for _ in range(bench.repeats):  # each with a cache that is empty
            with endpoint("--latency", str(2 * TTFT), "--ttft", str(TTFT), "--cache") as url:
                spent = bench.measure(what, url, n, n, repeats=1)
                found.append((units(stats(url), PREFIX_TOKENS), spent["wall"]))
        paid[what], wall[what] = (statistics.median(values) for values in zip(*found, strict=True))
    bench.row(
        "input of 50 samples, in prefixes of 20k tokens",
        "≤ 6.2",
        "",
        paid["workbench_prefix"],
        paid["sdk_prefix"],
    )
    extra = (wall["workbench_prefix"] - wall["workbench_prefix_unmarked"]) / TTFT
    bench.row("* extra wall for it, in times to the first token", "≤ 1.1", "", extra)


def memory(bench: Bench) -> None:
    """The peak of a process with start-up, a run of 100 samples and one of 500."""
    with endpoint("--latency", str(LATENCY)) as url:
        bench.row("peak memory, 500 samples", "≤ 100", "MB", bench.measure("memory", url, 500)["peak_mb"])


def replay(bench: Bench) -> None:
    """A run all of whose answers are in the store."""
    n = 5 * bench.n
    with endpoint("--latency", "0") as url:
        per_second = n / bench.measure("replay", url, n)["cpu"]
    bench.row("warm replay", "≥ 5,000", "samples a CPU second", per_second)


def stream(bench: Bench) -> None:
    """Streams of 500 text deltas through the client."""
    n = 20
    with endpoint("--latency", "0", "--events", str(EVENTS)) as url:
        per = [
            bench.measure(w, url, n)["cpu"] / (n * EVENTS) * 1e6 for w in ("workbench_stream", "sdk_stream")
        ]
    bench.row("stream, an event", "≤ 31", "µs CPU", *per)


def imports(bench: Bench) -> None:
    """What a first line costs."""
    bare, used, theirs = (
        bench.measure(what)["cpu"] * 1e3
        for what in ("import_workbench", "import_workbench_used", "import_anthropic")
    )
    bench.row("`import workbench`", "≤ ¼ of the SDK's", "ms CPU", bare, theirs)
    bench.row("the same, every public name used", "–", "ms CPU", used, theirs)


PARTS: dict[str, Callable[[Bench], None]] = {
    part.__name__: part for part in (transport, engine, prefix, memory, replay, stream, imports)
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", choices=list(PARTS), action="append")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--n", type=int, default=1000, help="calls of a measurement")
    options = parser.parse_args()
    bench = Bench(options.repeats, options.n)
    for name in options.only or PARTS:
        PARTS[name](bench)
    machine = f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    print(f"{machine}, medians of {bench.repeats}\n\n{bench.table()}")


if __name__ == "__main__":
    main()
