"""A study under every fault: what gets done, what it costs, and whether our count is the server's.

python -m tests.benchmarks.faults [--samples 200] [--rate 0.2] [--seed 1] [FAULT ...]

The server is `workbench serve --fault NAME:RATE --seed N` in a process of its own; what it billed is read
from its ledger. Ours has to fit: answers and lost answers are billed, those perhaps paid may be.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from workbench.client import Client
from workbench.dataset import Dataset
from workbench.emulator.faults import FAULTS
from workbench.errors import WorkbenchError
from workbench.evaluation import Eval
from workbench.prompt import Prompt
from workbench.run import Run
from workbench.score import number
from workbench.transport import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVE = "from workbench.cli import main; main()"
BIG = {"huge_body": 0.02}
"""Rates of their own: 16 MiB an answer fill a disk."""
LIMITS = Limits(idle_s=2, stream_idle_s=2)


@dataclass(frozen=True)
class Outcome:
    """What became of a study.

    Attributes:
        done: Samples answered.
        errors: Samples that ended in an error.
        requests: Messages requests that the server got.
        injected: Faults among them.
        billed: Requests that the server charged.
        again: Bodies that it charged more than once.
        lost: Attempts that we call paid and lost.
        perhaps: Attempts that we call perhaps paid.
        seconds: Wall time of the run.
        stopped: Name of the error that ended the run, or nothing.
    """

    fault: str
    done: int
    errors: int
    requests: int
    injected: int
    billed: int
    again: int
    lost: int
    perhaps: int
    seconds: float
    stopped: str = ""

    @property
    def consistent(self) -> bool:
        """Whether the server charged what we say, give or take what we are not sure of."""
        return self.done + self.lost <= self.billed <= self.done + self.lost + self.perhaps

    def row(self) -> str:
        """Return the outcome as a line of the table."""
        calls = (self.done + self.errors) or 1
        cells = [
            self.fault,
            str(self.done),
            str(self.errors) if not self.stopped else f"stopped: {self.stopped}",
            f"{self.requests / calls:.2f}" if not self.stopped else str(self.requests),
            str(self.billed),
            str(self.again),
            f"{self.lost} + {self.perhaps}",
            "yes" if self.consistent else "NO",
        ]
        return f"| {' | '.join(cells)} |"


HEAD = (
    "| fault | done | errors | requests a call | billed | billed again | ours: lost + perhaps paid | fits |\n"
    "|---|---|---|---|---|---|---|---|"
)


@contextlib.contextmanager
def server(fault: str, seed: int) -> Iterator[str]:
    """Serve the emulator with a fault; yields its address."""
    words = [sys.executable, "-c", SERVE, "serve", "--port", "0", "--fault", fault, "--seed", str(seed)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip().removeprefix("listening on ")
        finally:
            process.terminate()


def study(samples: int) -> Eval:
    """Sums, each a body of its own."""
    prompt = Prompt("What is {{input}}?", model="claude-haiku-4-5", max_tokens=40)
    rows = [{"id": f"s{n}", "input": f"{n} + 3", "target": str(n + 3)} for n in range(samples)]
    return Eval(name="faults", dataset=Dataset.load(rows), variants=prompt, scorers=[number()])


def under(fault: str, *, samples: int, rate: float, seed: int, limits: Limits = LIMITS) -> Outcome:
    """Run the study under a fault, and hold our count against the server's."""
    with (
        server(f"{fault}:{rate:g}", seed) as url,
        tempfile.TemporaryDirectory() as place,
        Client(base_url=url, store=Path(place, "store"), limits=limits, timeout_s=30) as client,
    ):
        began, stopped = time.monotonic(), ""
        try:
            streams = FAULTS[fault].applies != "plain" if fault in FAULTS else None
            client.run(study(samples), out=Path(place, "run"), stream=streams)
        except WorkbenchError as error:
            stopped = type(error).__name__
        seconds = time.monotonic() - began
        run = Run.load(Path(place, "run"))
        told = httpx.get(f"{url}/_emulator/ledger").json()
        assert client.transport is not None
        tally = client.transport.tally
        return Outcome(
            fault,
            done=len(run.rows) - len(run.errors),
            errors=len(run.errors),
            requests=told["by_path"].get("/v1/messages", 0),
            injected=sum(told["faults"].values()),
            billed=told["billed"],
            again=told["billed_again"],
            lost=tally.paid_lost,
            perhaps=tally.perhaps_paid,
            seconds=seconds,
            stopped=stopped,
        )


def main() -> None:
    """Print the table."""
    words = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    words.add_argument("faults", nargs="*", metavar="FAULT", help="default: all")
    words.add_argument("--samples", type=int, default=200)
    words.add_argument("--rate", type=float, default=0.2)
    words.add_argument("--seed", type=int, default=1)
    given = words.parse_args()
    print(HEAD)
    for name in given.faults or FAULTS:
        rate = BIG.get(name, given.rate)
        outcome = under(name, samples=given.samples, rate=rate, seed=given.seed)
        print(outcome.row(), flush=True)
        sys.stderr.write(f"{name}: {outcome.seconds:.1f} s, {outcome.injected} injected\n")


if __name__ == "__main__":
    main()
