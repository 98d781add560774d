"""Kill a run again and again, resume it from its folder alone, and count from outside what that cost.

    python tests/benchmarks/kills.py                    # 200 kills over 1,000 samples, ten at once: 8 minutes
    python tests/benchmarks/kills.py --kills 50 --wipe  # the home folder and the store are lost at every kill

The server is `workbench serve`; its ledger says what was billed, the journal what was kept. Most kills come
while calls are in flight; one in ten comes at any time since the process was started. How long a process may
live is drawn so that the kills are spread over the whole run. Prints a table; exits with 1 if a figure is
not what it should be.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[2]
WORKBENCH = [sys.executable, "-c", "from workbench.cli import main; main()"]
AT_ONCE = 10
MEASURED = {"p50_s", "p95_s", "first_token_s", "latency_s", "ttft_s", "request_id", "source"}
"""What two runs against a live server can never have in common."""
LOADING = 0.1
"""Share of the kills that come at any time, not only while calls are in flight."""
STUDY = """
import workbench as wb

data = wb.Dataset.load([{{"id": str(n), "input": f"{{n}} + 2", "target": str(n + 2)}} for n in range({n})])
prompt = wb.Prompt("Solve: {{{{input}}}}", model="claude-haiku-4-5", max_tokens=50)
study = wb.Eval("sums", dataset=data, variants=prompt, scorers=[wb.score.number(), wb.score.length()])
"""


@dataclass
class Tally:
    """What was seen.

    Attributes:
        kills: Processes killed while they ran.
        samples: Answers that the run needs.
        asked: Requests that came to the server: all that could be charged for.
        billed: Answers that it began, and so charged for.
        in_flight: Calls whose end was not on disk, over all kills.
        over: Requests of one life that were not kept, and more than were in flight.
        lost: Answers that were on disk at a kill and are not, or not the same, in the end.
        different: Files and frames that differ from those of an unbroken run.
        seconds: How long it all took.
    """

    samples: int
    kills: int = 0
    asked: int = 0
    billed: int = 0
    in_flight: int = 0
    over: int = 0
    lost: int = 0
    different: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        """Nothing lost, nothing paid twice but what was in flight, the same in the end."""
        return not (self.lost or self.over or self.different) and self.beyond == 0

    @property
    def beyond(self) -> int:
        """Questions asked again that were not in flight at a kill."""
        return max(0, self.asked - self.samples - self.in_flight)

    def __str__(self) -> str:
        rows = [
            ("kills", f"{self.kills:,}"),
            ("samples", f"{self.samples:,}"),
            (
                "in flight at the kills",
                f"{self.in_flight:,} ({self.in_flight / max(1, self.kills):.1f} a kill)",
            ),
            ("asked again", f"{self.asked - self.samples:,}"),
            ("asked again beyond those in flight", f"{self.beyond:,}"),
            ("paid twice: billed again by the server", f"{self.billed - self.samples:,}"),
            ("results lost", f"{self.lost:,}"),
            ("unlike an unbroken run", ", ".join(self.different) or "nothing"),
            ("seconds", f"{self.seconds:,.0f}"),
        ]
        return "\n".join(["| what | figure |", "| --- | --- |", *(f"| {a} | {b} |" for a, b in rows)])


class Harness:
    """One run, many lives."""

    def __init__(
        self, place: Path, url: str, *, samples: int, latency_s: float, wipe: bool, seed: int
    ) -> None:
        self.url = url
        self.tally = Tally(samples)
        self._place = place
        self._latency_s = latency_s
        self._wipe = wipe
        self._dice = random.Random(seed)
        self._folder = place / "r"
        self._study = place / "study.py"
        self._study.write_text(STUDY.format(n=samples))
        self._kept: dict[int, str] = {}
        self._open = 0
        self._start_s = 1.0

    def run(self, kills: int) -> Tally:
        """Kill *kills* times, then let it finish, then compare."""
        began = time.monotonic()
        for left in range(kills, 0, -1):
            if not self._live(left):
                break
        self._finish()
        self.tally.seconds = time.monotonic() - began
        return self.tally

    def _live(self, left: int) -> bool:
        """Let it live for a moment, kill it, and look at what is there; False where it ended by itself."""
        asked = self._asked()
        with self._resumed() as process:
            if self._dice.random() < LOADING:
                killed = _alive_after(process, self._dice.uniform(0, self._start_s))
            else:
                killed = self._wait_for_calls(process) and _alive_after(process, self._life_s(left))
            process.kill()
        if not killed and process.returncode == 0:
            return False
        if not killed:
            sys.exit(f"a life ended by itself: {_tail(self._place)}")
        self.tally.kills += 1
        time.sleep(self._latency_s + 0.05)  # the server finishes what it has begun
        self._look(self._asked() - asked)
        if self._wipe:
            shutil.rmtree(self._place / "home", ignore_errors=True)
        return True

    def _life_s(self, left: int) -> float:
        """Draw how long calls may be in flight, so that the kills that are left spread over what is left."""
        share = (self.tally.samples - len(self._kept)) / left / AT_ONCE
        return self._dice.uniform(0, 2 * self._latency_s * (share + 0.5))

    def _wait_for_calls(self, process: subprocess.Popen[bytes]) -> bool:
        began, before = time.monotonic(), self._asked()
        while self._asked() == before:
            if process.poll() is not None:
                return False
            time.sleep(0.02)
        self._start_s = time.monotonic() - began
        return True

    def _asked(self) -> int:
        return int(self._ledger()["by_path"].get("/v1/messages", 0))

    def _look(self, asked: int) -> None:
        """Compare what came to the server in this life with what came to the disk."""
        answered, open_calls = _journal(self._folder)
        self.tally.over += max(0, asked - (len(answered) - len(self._kept)) - AT_ONCE)
        self.tally.in_flight += open_calls - self._open
        self._open = open_calls
        self._lost(answered)
        self._kept = answered

    def _lost(self, answered: dict[int, str]) -> None:
        self.tally.lost += sum(answered.get(index) != text for index, text in self._kept.items())

    def _finish(self) -> None:
        with self._resumed() as process:
            process.wait()
        if process.returncode:
            sys.exit(f"it did not finish: {_tail(self._place)}")
        answered, _ = _journal(self._folder)
        self._lost(answered)
        self.tally.lost += self.tally.samples - len(answered)
        self.tally.asked, self.tally.billed = self._asked(), self._ledger()["billed"]
        self._compare("anew", exact=False, home="fresh")
        if not self._wipe:  # the same answers, read from the store by one unbroken run
            self._compare("again", exact=True, home="home")

    def _compare(self, name: str, *, exact: bool, home: str) -> None:
        with self._started("run", self._study, "--out", self._place / name, home=home) as process:
            process.wait()
        ours, other = self._folder, self._place / name
        same = {
            "table.txt": _text(ours, exact=exact) == _text(other, exact=exact),
            "table.csv": _csv(ours, exact=exact) == _csv(other, exact=exact),
            "frame": _frame(ours) == _frame(other),
        }
        self.tally.different += [f"{file} of {name}" for file, is_same in same.items() if not is_same]

    @contextlib.contextmanager
    def _resumed(self) -> Iterator[subprocess.Popen[bytes]]:
        if (self._folder / "study.json").exists():
            words: tuple[Any, ...] = ("resume", self._folder)
        else:  # killed before it had begun
            words = ("run", self._study, "--out", self._folder, "--resume")
        with self._started(*words) as process:
            yield process

    @contextlib.contextmanager
    def _started(self, *words: Any, home: str = "home") -> Iterator[subprocess.Popen[bytes]]:
        place = self._place / home
        place.mkdir(exist_ok=True)
        with (self._place / "said.txt").open("wb") as said:
            command = [*WORKBENCH, *map(str, words), "--base-url", self.url, "--concurrency", str(AT_ONCE)]
            environment = _environment(place)
            with subprocess.Popen(command, stdout=said, stderr=said, env=environment) as process:
                yield process

    def _ledger(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}/_emulator/ledger") as answer:
            found: dict[str, Any] = json.load(answer)
        return found


def _alive_after(process: subprocess.Popen[bytes], seconds: float) -> bool:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=seconds)
    return process.poll() is None


def _environment(home: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ANTHROPIC_", "COVERAGE", "XDG_"))}
    kept.pop("WORKBENCH_STORE", None)
    return {**kept, "HOME": str(home), "PYTHONPATH": str(ROOT)}


def _tail(place: Path) -> str:
    return (place / "said.txt").read_text(errors="replace")[-1000:]


def _journal(folder: Path) -> tuple[dict[int, str], int]:
    """Return the answers on disk by index, and how many calls were begun and have no end."""
    from workbench.journal import read

    if not (folder / "journal.jsonl").exists():
        return {}, 0
    answers: dict[int, str] = {}
    begun = 0
    for record in read(folder / "journal.jsonl")[0]:
        begun += record["type"] == "intent"
        if record["type"] == "answer":
            begun -= record["source"] == "live"
            answers.setdefault(record["index"], json.dumps(record, sort_keys=True))
        begun -= record["type"] in {"unsent", "error"}
    return answers, begun


def _text(folder: Path, *, exact: bool) -> str:
    text = (folder / "table.txt").read_text()
    return text if exact else re.sub(r"(< )?\d+\.\d+ s", "- s", text).replace(" ", "")


def _csv(folder: Path, *, exact: bool) -> Any:
    text = (folder / "table.csv").read_text()
    return text if exact else [_unmeasured(row) for row in csv.DictReader(text.splitlines())]


def _frame(folder: Path) -> list[dict[str, str]]:
    from workbench.run import Run

    return [_unmeasured(row) for row in Run.load(folder).frame().to_dict("records")]


def _unmeasured(row: Mapping[Any, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in row.items() if name not in MEASURED}


@contextlib.contextmanager
def server(latency_s: float) -> Iterator[str]:
    """Serve the emulator in a process of its own."""
    words = [*WORKBENCH, "serve", "--port", "0", "--latency", str(latency_s)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()


def harness(
    *, kills: int = 200, samples: int = 1000, latency_s: float = 0.1, wipe: bool = False, seed: int = 0
) -> Tally:
    """Run it all in a temporary folder."""
    with tempfile.TemporaryDirectory() as place, server(latency_s) as url:
        here = Harness(Path(place), url, samples=samples, latency_s=latency_s, wipe=wipe, seed=seed)
        return here.run(kills)


def main() -> None:
    """Read the command line, run, print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--kills", type=int, default=200)
    options.add_argument("--samples", type=int, default=1000)
    options.add_argument("--latency", type=float, default=0.1, help="seconds that an answer takes")
    options.add_argument(
        "--wipe", action="store_true", help="lose the home folder and the store at every kill"
    )
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    sys.path.insert(0, str(ROOT))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server ends too
    tally = harness(
        kills=given.kills,
        samples=given.samples,
        latency_s=given.latency,
        wipe=given.wipe,
        seed=given.seed,
    )
    sys.stdout.write(f"{tally}\n")
    sys.exit(0 if tally.good else 1)


if __name__ == "__main__":
    main()
