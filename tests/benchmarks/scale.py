"""What a large study takes: one process runs it, a fresh one loads it and makes table, report and frame.

    python tests/benchmarks/scale.py              # 100,000 samples, about three minutes; prints a table
    python tests/benchmarks/scale.py --samples 5000

The requests are tiny and go to the endpoint of `server.py` in another process. Memory is the peak of the
measured process, CPU its user and system time, start-up included.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import endpoint  # type: ignore[import-not-found]  # a script of this folder
from clients import cpu, study  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from collections.abc import Callable

IN_FLIGHT = 50


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measured(step: Callable[[], object]) -> dict[str, float]:
    """CPU and wall seconds of a step, and the process's peak after it."""
    before, began = cpu(), time.perf_counter()
    step()
    return {"cpu": cpu() - before, "wall": time.perf_counter() - began, "peak_mb": peak_mb()}


def run(url: str, samples: int, folder: str) -> dict[str, Any]:
    """Ask all samples through a client with its store, as a user would."""
    import workbench as wb

    found: dict[str, Any] = {"imported": {"cpu": cpu(), "wall": 0, "peak_mb": peak_mb()}}
    evaluations: list[wb.Eval] = []
    found["study made"] = measured(lambda: evaluations.append(study(samples)))
    with wb.Client(base_url=url, api_key="k", store=f"{folder}/store") as client:
        found["run"] = measured(
            lambda: client.run(evaluations[0], concurrency=IN_FLIGHT, out=f"{folder}/run")
        )
    return found


def load(_url: str, samples: int, folder: str) -> dict[str, Any]:
    """Make everything of the run that its folder allows."""
    import workbench as wb
    from workbench.show.page import report_page

    found: dict[str, Any] = {"imported": {"cpu": cpu(), "wall": 0, "peak_mb": peak_mb()}}
    runs: list[wb.Run] = []
    found["Run.load"] = measured(lambda: runs.append(wb.Run.load(f"{folder}/run")))
    (loaded,) = runs
    assert (len(loaded), loaded.status) == (samples, "complete")
    found["table"] = measured(lambda: str(loaded.summary()))
    found["receipt"] = measured(lambda: str(loaded.receipt()))
    found["HTML report"] = measured(lambda: report_page(loaded))
    found["frame, pandas and Parquet written"] = measured(loaded.frame)
    found["frame again"] = measured(loaded.frame)
    return found


def child(what: str, url: str, samples: int, folder: str) -> dict[str, Any]:
    command = [sys.executable, __file__, "--child", what, url, str(samples), folder]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("ANTHROPIC_", "COVERAGE"))}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment, check=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def table(parts: dict[str, dict[str, Any]], samples: int, sizes: dict[str, int]) -> str:
    lines = [
        "| step | CPU s | µs CPU a sample | wall s | peak MB |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for process, steps in parts.items():
        for name, step in steps.items():
            each = step["cpu"] / samples * 1e6
            lines.append(
                f"| {process}: {name} | {step['cpu']:.1f} | {each:,.0f} | {step['wall']:.1f} "
                f"| {step['peak_mb']:.0f} |"
            )
    lines += ["", "| file | MB | bytes a sample |", "| --- | ---: | ---: |"]
    lines += [f"| {name} | {size / 1e6:.1f} | {size / samples:.0f} |" for name, size in sizes.items()]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=100_000)
    samples = parser.parse_args().samples
    with tempfile.TemporaryDirectory() as folder, endpoint("--latency", "0.02") as url:
        parts = {what: child(what, url, samples, folder) for what in ("run", "load")}
        every = [path for path in Path(folder).rglob("*") if path.is_file()]
        sizes = {path.name: path.stat().st_size for path in every if path.parent.name == "run"}
        sizes["the store"] = sum(p.stat().st_size for p in every if p.parent.name != "run")
        print(f"{samples:,} samples, {IN_FLIGHT} in flight; Python {platform.python_version()}\n")
        print(table(parts, samples, sizes))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        what, url, samples, folder = sys.argv[2:]
        print(json.dumps({"run": run, "load": load}[what](url, int(samples), folder)))
    else:
        main()
