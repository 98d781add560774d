"""Runs for the result table: as many rows as asked for, all of them different, made in seconds."""

from __future__ import annotations

import random
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.studies import JUDGES, MADE
from workbench.journal import Journal
from workbench.prompt import Prompt
from workbench.reply import Timing
from workbench.run import JOURNAL, Result, Run, RunInfo
from workbench.score import Score
from workbench.widgets.table import ResultTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

WORDS = (
    "refund", "invoice", "twice", "charged", "month", "plan", "cancel", "opening", "hours", "crash", "app",
    "late", "parcel",
)  # fmt: skip
VARIANTS = ("haiku-4-5", "sonnet-4-6")


def info(samples: int, *, status: Any = "complete", variants: tuple[str, ...] = VARIANTS) -> RunInfo:
    """Return what a run of that many samples says of itself."""
    prompts = {
        name: Prompt("Ticket: {{input}}", model=f"claude-{name}", max_tokens=40).wire() for name in variants
    }
    return RunInfo(
        name="large",
        variants=tuple({"name": name, "prompt": prompt} for name, prompt in prompts.items()),
        dataset={"name": "tickets", "rows": samples, "sha256": "ab12" * 16},
        scorers=({"name": "choice", "kind": "binary"},),
        status=status,
        started=MADE,
    )


def words(rnd: random.Random, count: int) -> str:
    """Return some words of tickets."""
    return " ".join(rnd.choices(WORDS, k=count))


def row(index: int, rnd: random.Random, variants: tuple[str, ...] = VARIANTS) -> Result:
    """Return one result; every hundredth is an error, every fifth or so is wrong."""
    sample, at = divmod(index, len(variants))
    model = f"claude-{variants[at]}"
    said = words(rnd, rnd.randint(3, 30))
    usage = {"input_tokens": rnd.randint(20, 400), "output_tokens": rnd.randint(5, 300)}
    content = [{"type": "text", "text": said}]
    body = {"id": "m", "type": "message", "role": "assistant", "model": model, "content": content,
            "stop_reason": "end_turn", "usage": usage}  # fmt: skip
    right = rnd.random() < 0.8
    failed = index % 100 == 99
    error = {"type": "overloaded_error", "message": "busy", "status": 529}
    return Result(
        variants[at], f"s{sample}", 0, index, "0" * 64, model,
        None if failed else body,
        error if failed else None,
        {} if failed else {"choice": Score(float(right), "" if right else "another label", said[:20])},
        Timing(ttft_s=rnd.random(), total_s=0.3 + rnd.expovariate(1), recorded_at=MADE),
        origin="emulator", judges=JUDGES, input=f"ticket {sample}: {words(rnd, 12)}", target="x",
    )  # fmt: skip


def large_run(rows: int, *, seed: int = 4) -> Run:
    """Return a run of *rows* results of two variants."""
    rnd = random.Random(seed)
    return Run(info(rows // len(VARIANTS)), tuple(row(index, rnd) for index in range(rows)))


def saved(run: Run, folder: Path) -> Path:
    """Write a run's journal and ``run.json``, without the reports that take as long again."""
    folder.mkdir(parents=True, exist_ok=True)
    with Journal.open(folder / JOURNAL) as journal:
        for result in run.rows:
            journal.append(result.record())
        journal.sync()
    run.info.save(folder)
    return folder


class Told(ResultTable):
    """A table that keeps what it tells its page."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.told: list[dict[str, Any]] = []
        super().__init__(*args, **options)

    def tell(self, kind: str, **body: Any) -> None:
        """Keep a message."""
        self.told.append({"kind": kind, **body})

    def hear(self, kind: str, **body: Any) -> None:
        """Take a message as from the page."""
        self._handle_custom_msg({"kind": kind, **body}, [])

    def last(self, kind: str, n: Any = None) -> dict[str, Any] | None:
        """Return the last message of a kind, of an answer that with its number."""
        found = [m for m in self.told if m["kind"] == kind and (n is None or m.get("n") == n)]
        return found[-1] if found else None

    def asked(self, kind: str, answer: str, **body: Any) -> dict[str, Any]:
        """Ask as the page does and return the answer."""
        n = f"n{len(self.told)}"
        self.hear(kind, n=n, **body)
        found: dict[str, Any] = until(lambda: self.last(answer, n) or self.last("problem", n))
        return found


@contextmanager
def tables() -> Iterator[Callable[..., Told]]:
    """Make tables that keep what they tell; their threads end with this."""
    made: list[Told] = []

    def show(*args: Any, **options: Any) -> Told:
        made.append(Told(*args, **options))
        return made[-1]

    yield show
    for table in made:
        table.close()
        table._background.join(20)


def until(ready: Callable[[], Any], timeout_s: float = 20.0) -> Any:
    """Wait for something another thread does."""
    deadline = time.monotonic() + timeout_s
    while not (found := ready()):
        assert time.monotonic() < deadline, f"not so after {timeout_s} s"
        time.sleep(0.005)
    return found
