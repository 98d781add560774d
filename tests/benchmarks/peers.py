"""Whole commands on one data set: `workbench run`, and whatever peers are installed.

    python tests/benchmarks/peers.py                                        # ours and the official SDK's loop
    python tests/benchmarks/peers.py --inspect VENV/bin/python --promptfoo node_modules/.bin/promptfoo
    python tests/benchmarks/peers.py --only prefix --repeats 1

A figure is of a command from its start to its end: Python's or node's own start is part of it. CPU is that of
the command and its children, memory the largest sum over its processes, and what was asked and answered is
what the server counted. pydantic-evals is looked for where Inspect is. Prints Markdown tables, of medians.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import endpoint, stats, units  # type: ignore[import-not-found]  # a script of this folder
from clients import PREFIX_TOKENS, shared_prefix  # type: ignore[import-not-found]
from meter import spend  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Figures = dict[str, float]

HERE = Path(__file__).parent
MODEL = "claude-haiku-4-5"
WORKBENCH = [sys.executable, "-c", "from workbench.cli import main; main()"]
RPM, BURST_S = 1200, 15
STUDY = """
import json
from pathlib import Path
import workbench as wb

lines = Path(__file__).with_name("data.jsonl").read_text("utf-8").splitlines()
rows = [json.loads(line) for line in lines]
system = rows[0]["system"]
mark = {"cache_control": {"type": "ephemeral"}} if MARK else {}
shared = {"system": [{"type": "text", "text": system, **mark}]} if system else {}
prompt = wb.Prompt("{{input}}", model=MODEL, max_tokens=256, **shared)
data = wb.Dataset.load([{name: row[name] for name in ("id", "input", "target")} for row in rows])
study = wb.Eval("peers", dataset=data, variants=prompt, scorers=[wb.score.exact()])
wb.Client(base_url=URL, api_key="k").run(study, concurrency=CONCURRENCY, stream=STREAM, out="script")
"""


@dataclass(frozen=True)
class Task:
    """What a tool is asked to do.

    Attributes:
        folder: Where it works, with `data.jsonl`; its home as well.
        url: The server.
        concurrency: Calls in flight; None leaves it to the tool.
        mark: Whether the shared prompt has a breakpoint.
        times: How often this was asked of the same folder before.
    """

    folder: Path
    url: str
    concurrency: int | None = 50
    mark: bool = False
    times: int = 0


@dataclass(frozen=True)
class Tool:
    """A command line to measure."""

    name: str
    command: Callable[[Task], Sequence[str]]
    adapts: bool = False
    keeps: bool = True
    """Whether it keeps answers, so that a second run may ask less."""


def workbench(task: Task) -> Sequence[str]:
    """Run as a study file would be: from the command line, or, to stream from this server, as a script."""
    concurrency = "auto" if task.concurrency is None else task.concurrency
    values = {"MARK": task.mark, "MODEL": MODEL, "URL": task.url, "CONCURRENCY": concurrency}
    given = {**values, "STREAM": task.mark or None}
    study = task.folder / "study.py"
    study.write_text("".join(f"{k} = {v!r}\n" for k, v in given.items()) + STUDY, "utf-8")
    if task.mark:  # an answer streamed tells when it begins; the Claude API's are, by default
        return [sys.executable, str(study)]
    return [*WORKBENCH, "run", str(study), "--out", str(task.folder / f"run{task.times}")]


def script(name: str, python: str) -> Callable[[Task], Sequence[str]]:
    """Return the command of one of the scripts beside this one."""
    marks = {"peer_sdk.py": "--mark", "peer_inspect.py": "--cache-prompt"}

    def command(task: Task) -> Sequence[str]:
        more = [marks[name]] if task.mark else []
        more += ["--cache"] if name == "peer_inspect.py" else []
        data = str(task.folder / "data.jsonl")
        return [python, str(HERE / name), data, task.url, str(task.concurrency or 0), "--model", MODEL, *more]

    return command


def promptfoo(binary: str) -> Callable[[Task], Sequence[str]]:
    def command(task: Task) -> Sequence[str]:
        rows = [json.loads(line) for line in (task.folder / "data.jsonl").read_text("utf-8").splitlines()]
        mark = {"cache_control": {"type": "ephemeral"}} if task.mark else {}
        system = [{"role": "system", "content": [{"type": "text", "text": rows[0]["system"], **mark}]}]
        turns = [*(system if rows[0]["system"] else []), {"role": "user", "content": "{{q}}"}]
        options = {"apiKey": "k", "apiBaseUrl": task.url, "max_tokens": 256}
        config = {
            "prompts": [json.dumps(turns)],
            "providers": [{"id": f"anthropic:messages:{MODEL}", "config": options}],
            "tests": [
                {"vars": {"q": row["input"]}, "assert": [{"type": "equals", "value": row["target"]}]}
                for row in rows
            ],
        }
        path = task.folder / "promptfoo.json"
        path.write_text(json.dumps(config), "utf-8")
        quiet = ["--no-table", "--no-progress-bar", "--no-share"]
        at_once = [] if task.concurrency is None else ["-j", str(task.concurrency)]
        return [binary, "eval", "-c", str(path), *quiet, *at_once, "-o", str(task.folder / "out.json")]

    return command


def write_data(folder: Path, samples: int, *, prefix: bool = False) -> None:
    """Write the data set: questions of about 100 tokens, or short ones behind a long prompt."""
    system = shared_prefix(marked=False)[0]["text"] if prefix else None
    filler = "" if prefix else "The quick brown fox jumps over a lazy dog. " * 8
    with (folder / "data.jsonl").open("w", encoding="utf-8") as file:
        for i in range(samples):
            text = f"{i}: {filler}[[answer:{7 * i}]]"
            row = {"id": f"s{i}", "input": text, "target": str(7 * i), "system": system}
            file.write(json.dumps(row) + "\n")


class Peers:
    """The tools there are, and how often each figure is taken."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.repeats, self.samples, self.storm = options.repeats, options.samples, options.storm
        self.tools = [Tool("workbench", workbench, adapts=True)]
        self.tools.append(Tool("SDK loop", script("peer_sdk.py", options.sdk or sys.executable), keeps=False))
        if options.inspect:
            self.tools.append(Tool("Inspect", script("peer_inspect.py", options.inspect), adapts=True))
            found = subprocess.run(
                [options.inspect, "-c", "import pydantic_evals"], capture_output=True, check=False
            )
            if not found.returncode:
                name = "peer_pydantic_evals.py"
                self.tools.append(Tool("pydantic-evals", script(name, options.inspect), keeps=False))
        if options.promptfoo:
            binary = shutil.which(options.promptfoo) or sys.exit(f"{options.promptfoo}: no such command")
            self.tools.append(Tool("promptfoo", promptfoo(str(Path(binary).absolute()))))
        for name in ("inspect", "promptfoo"):
            if not getattr(options, name):
                print(f"{name}: not given, skipped", file=sys.stderr)
        if options.tools:
            self.tools = [tool for tool in self.tools if tool.name in options.tools]

    def told(
        self, tool: Tool, server: Sequence[str], samples: int, times: int = 1, **task: Any
    ) -> list[Figures]:
        """Return the medians of a tool's figures, of its first run and of further ones on the same folder."""
        prefix = task.get("mark", False)
        name = "limited.py" if "--rpm" in server else "server.py"
        runs: list[list[Figures]] = []
        for _ in range(self.repeats):
            before: dict[str, Any] = {}
            row = []
            with tempfile.TemporaryDirectory() as place, endpoint(*server, script=name) as url:
                folder = Path(place)
                write_data(folder, samples, prefix=prefix)
                for number in range(times):
                    asked = Task(folder, url, times=number, **task)
                    found = spend(tool.command(asked), folder)
                    counted = stats(url)
                    row.append({**found, **counts(counted, before)})
                    before = counted
                    if found["exit"] not in {0, 4, 100}:
                        print((folder / "said.txt").read_text("utf-8")[-1500:], file=sys.stderr)
            runs.append(row)
            print(tool.name, json.dumps(row), file=sys.stderr, flush=True)
        return [median([row[number] for row in runs]) for number in range(times)]

    def whole(self) -> None:
        """500 samples, cold and again."""
        n = self.samples
        head("tool", "CPU s", "ms CPU a sample", "wall s", "÷ ideal", "peak MB", "requests",
             "again: CPU s", "wall s", "requests")  # fmt: skip
        for tool in self.tools:
            cold, *again = self.told(tool, ["--latency", "0.1"], n, 2 if tool.keeps else 1)
            cells = [f"{cold['cpu']:.1f}", f"{cold['cpu'] / n * 1e3:.1f}", f"{cold['wall']:.1f}"]
            cells += [
                f"{cold['wall'] / (n / 50 * 0.1):.1f}",
                f"{cold['peak_mb']:.0f}",
                f"{cold['requests']:,.0f}",
            ]
            for warm in again:
                cells += [f"{warm['cpu']:.1f}", f"{warm['wall']:.1f}", f"{warm['requests']:,.0f}"]
            line(tool.name, *cells, *(["–"] * (9 - len(cells))))

    def limit(self) -> None:
        """A rate limit that binds: 1,000 samples at 1,200 requests a minute."""
        server = ["--rpm", str(RPM), "--burst-s", str(BURST_S), "--latency", "0.3"]
        head("tool", "in flight", "share of the limit", "429s a success", "answered", "wall s")
        for tool in self.tools:
            if tool.name == "pydantic-evals":  # its task is the SDK's call
                continue
            ways = [None] if tool.name == "workbench" else [50, None] if tool.adapts else [50]
            for at_once in ways:
                (found,) = self.told(tool, server, 2 * self.samples, concurrency=at_once)
                refused = found["refused"] / max(1.0, found["answered"])
                shown = "adaptive" if at_once is None else str(at_once)
                answered = f"{found['answered']:,.0f} of {2 * self.samples:,}"
                line(
                    tool.name,
                    shown,
                    f"{found['share']:.3f}",
                    f"{refused:.2f}",
                    answered,
                    f"{found['wall']:.1f}",
                )

    def prefix(self) -> None:
        """50 samples that share 20,000 tokens, all in flight at once."""
        server = ["--latency", "2", "--ttft", "1", "--cache"]
        head("tool", "prefixes paid for", "that wrote", "requests", "wall s")
        for tool in self.tools:
            if tool.name == "pydantic-evals":  # its task is the SDK's call
                continue
            (found,) = self.told(tool, server, 50, mark=True)
            paid = f"{units(found, PREFIX_TOKENS):.2f}"
            line(
                tool.name,
                paid,
                f"{found['write_requests']:.0f}",
                f"{found['requests']:.0f}",
                f"{found['wall']:.1f}",
            )

    def outage(self) -> None:
        """Nothing but 529 from the first request on, for a while; then all is well."""
        head("tool", "samples", "in flight", "seconds of 529", "requests a call", "answered", "wall s")
        for tool in self.tools:
            long = [(2 * self.samples, 50, self.storm)] if tool.name == "workbench" else []
            for n, at_once, seconds in [*long, (200, 20, 10.0)]:
                server = ["--latency", "0.1", "--storm", f"0:{seconds}:529"]
                (found,) = self.told(tool, server, n, concurrency=at_once)
                each, done = f"{found['requests'] / n:.2f}", f"{found['answered'] / n:.0%}"
                wall = f"{found['wall']:.1f}"
                line(tool.name, f"{n:,}", str(at_once), f"{seconds:.0f}", each, done, wall)


def counts(now: dict[str, Any], before: dict[str, Any]) -> Figures:
    """Return what a server counted since *before*; those of `limited.py` under the names of `server.py`."""
    if "granted" in now:
        return {
            "requests": now["granted"] + now["refused"],
            "answered": now["granted"],
            "refused": now["refused"],
            "share": now["shares"]["requests"],
        }
    names = ("requests", "write", "read", "uncached", "write_requests")
    found = {name: float(now[name] - before.get(name, 0)) for name in names}
    return {**found, "answered": now["different"]}


def median(rows: Sequence[Figures]) -> Figures:
    return {name: statistics.median(row[name] for row in rows) for name in rows[0]}


def head(*names: str) -> None:
    line(*names)
    line("---", *["---:"] * (len(names) - 1))


def line(*cells: str) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    rows = ("whole", "limit", "prefix", "outage")
    parser.add_argument("--inspect", metavar="PYTHON", help="a Python that has inspect-ai")
    parser.add_argument("--promptfoo", metavar="BIN")
    parser.add_argument("--sdk", metavar="PYTHON", help="a Python that has anthropic; default this one")
    parser.add_argument("--only", choices=rows, action="append")
    parser.add_argument("--tools", nargs="*", help="by their names in the tables")
    parser.add_argument("--samples", type=int, default=500)
    parser.add_argument("--storm", type=float, default=60, help="seconds of the long one, for ours")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    peers = Peers(options)
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, medians of {peers.repeats}")
    for name in options.only or rows:
        part = getattr(peers, name)
        print(f"\n{part.__doc__} Load before: {os.getloadavg()[0]:.1f}\n")
        part()


if __name__ == "__main__":
    main()
