"""Measure the figures of the README: CPU and memory, ours and the official SDK's in one run.

    python tests/benchmarks/bench.py            # about three minutes; prints a Markdown table

Every figure is the CPU time (user + system) of a client in a process of its own, start-up left out, against
the endpoint of `server.py` in another process. CPU ratios hold on a noisy machine; wall times would not.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
EVENTS = 500


@contextmanager
def endpoint(*options: str) -> Iterator[str]:
    command = [sys.executable, str(HERE / "server.py"), "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().split()[-1]
        finally:
            server.terminate()


def measure(
    what: str, url: str = "-", n: int = 0, width: int = 50, *, repeats: int = 3
) -> list[dict[str, Any]]:
    command = [sys.executable, str(HERE / "clients.py"), what, url, str(n), str(width)]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("ANTHROPIC_", "COVERAGE"))}
    rows = []
    for _ in range(repeats):
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        if done.returncode:
            sys.exit(f"{what}: {done.stderr[-2000:]}")
        rows.append(json.loads(done.stdout.splitlines()[-1]))
    return rows


def median(rows: list[dict[str, Any]], field: str = "value") -> float:
    return float(statistics.median(row[field] for row in rows))


def table(rows: list[tuple[str, str, str, str, str]]) -> str:
    head = ("figure", "workbench", "bar", "official SDK", "SDK ÷ workbench")
    lines = [" | ".join(cells) for cells in (head, ("---",) * 5, *rows)]
    return "\n".join(f"| {line} |" for line in lines)


def main() -> None:
    rows: list[tuple[str, str, str, str, str]] = []

    def row(name: str, ours: float, bar: str, unit: str, theirs: float | None = None) -> None:
        other = ("–", "–") if theirs is None else (f"{theirs:,.2f} {unit}", f"{theirs / ours:.1f}")
        rows.append((name, f"{ours:,.2f} {unit}", bar, *other))
        print(rows[-1], file=sys.stderr, flush=True)

    with endpoint("--latency", "0.1") as url:
        n = 1000
        ours, theirs = (median(measure(w, url, n)) / n * 1e3 for w in ("workbench_send", "sdk_send"))
        row("request, 50 in flight", ours, "≤ 1.0 ms", "ms CPU", theirs)
        plain = median(measure("httpx_send", url, n)) / n * 1e3
        rows.append(("the same by plain httpx", "–", "–", f"{plain:,.2f} ms CPU", f"{plain / ours:.1f}"))
        engine = measure("workbench_engine", url, n)
        row("whole engine, a sample live, 50 in flight", median(engine) / n * 1e3, "≤ 2 ms", "ms CPU")
        memory = measure("memory", url, 500, repeats=1)
        row("peak memory, 500 samples", median(memory), "≤ 100 MB", "MB")
    with endpoint("--latency", "0") as url:
        replay = median(measure("workbench_replay", url, 5000))
        row("warm replay", 5000 / replay, "≥ 5,000", "samples a CPU second")
    with endpoint("--latency", "0", "--events", str(EVENTS)) as url:
        per = [median(measure(w, url, 20)) / (20 * EVENTS) * 1e6 for w in ("workbench_stream", "sdk_stream")]
        row("stream, an event", per[0], "≤ 31 µs", "µs CPU", per[1])
    bare, used, theirs = (
        median(measure(w, repeats=5)) * 1e3
        for w in ("import_workbench", "import_workbench_used", "import_anthropic")
    )
    row("`import workbench`", bare, "≤ ¼ of the SDK's", "ms CPU", theirs)
    row("the same, every public name used", used, "–", "ms CPU", theirs)
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, medians\n\n{table(rows)}")


if __name__ == "__main__":
    main()
