"""What happened: one `Result` per trial, and the `Run` that holds them and knows its folder."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from workbench import report
from workbench.cost import Receipt, cost
from workbench.display import Shown
from workbench.errors import JournalError, UsageError, did_you_mean
from workbench.journal import Journal, read
from workbench.reply import Timing
from workbench.score import Score
from workbench.wire import Message, Usage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from workbench.evaluation import Trial
    from workbench.reply import Reply

JOURNAL, INFO = "journal.jsonl", "run.json"

Status = Literal["running", "complete", "interrupted", "stopped"]


@dataclass(frozen=True)
class Result(Shown):
    """The outcome of one trial: an answer with its scores, or an error; never both.

    Attributes:
        index: Place of the trial in the evaluation's order.
        key: The request's key.
        model: The model asked for.
        body: The message as JSON, or None.
        error: ``type``, ``message``, ``status`` and ``request_id`` of what went wrong, or None.
        judges: Names of the scorers that decide whether it passed.
    """

    variant: str
    sample_id: str
    epoch: int
    index: int
    key: str
    model: str
    body: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    scores: Mapping[str, Score] = field(default_factory=dict)
    timing: Timing = field(default_factory=Timing)
    source: str = "live"
    origin: str = "claude_api"
    request_id: str | None = None
    api_version: str = "2026-10-21"
    batch: bool = False
    judges: frozenset[str] = frozenset()

    @classmethod
    def answered(
        cls, trial: Trial, key: str, reply: Reply, scores: Mapping[str, Score], judges: frozenset[str]
    ) -> Self:
        """Make the result of a trial that was answered."""
        return cls(
            trial.variant.name,
            trial.sample.id,
            trial.epoch,
            trial.index,
            key,
            reply.request.model,
            reply.message.wire(),
            None,
            scores,
            reply.timing,
            reply.source,
            reply.origin,
            reply.request_id,
            reply.api_version,
            reply.batch,
            judges,
        )

    @classmethod
    def from_record(cls, record: Mapping[str, Any], judges: frozenset[str] = frozenset()) -> Self:
        """Read a record of the journal, of type ``answer`` or ``error``."""
        return cls(
            record["variant"],
            record["sample"],
            record["epoch"],
            record["index"],
            record["key"],
            record["model"],
            record.get("message"),
            record.get("error"),
            {name: Score(*parts) for name, parts in record.get("scores", {}).items()},
            Timing(**record.get("timing", {})),
            record.get("source", "live"),
            record.get("origin", "claude_api"),
            record.get("request_id"),
            record.get("api_version", "2026-10-21"),
            record.get("batch", False),
            judges,
        )

    def record(self) -> dict[str, Any]:
        """Return the journal's record of this result."""
        timing = self.timing
        return {
            "type": "answer" if self.error is None else "error",
            "index": self.index,
            "variant": self.variant,
            "sample": self.sample_id,
            "epoch": self.epoch,
            "key": self.key,
            "model": self.model,
            "message": self.body,
            "error": self.error,
            "scores": {name: [s.value, s.explanation, s.answer] for name, s in self.scores.items()},
            "timing": {
                "queue_s": timing.queue_s,
                "ttft_s": timing.ttft_s,
                "total_s": timing.total_s,
                "attempts": timing.attempts,
                "recorded_at": timing.recorded_at,
            },
            "source": self.source,
            "origin": self.origin,
            "request_id": self.request_id,
            "api_version": self.api_version,
            "batch": self.batch,
        }

    @property
    def trial_id(self) -> str:
        """``variant/sample/epoch``."""
        return f"{self.variant}/{self.sample_id}/{self.epoch}"

    @cached_property
    def message(self) -> Message | None:
        """The answer, or None where there was an error."""
        return None if self.body is None else Message.model_validate(self.body)

    @cached_property
    def usage(self) -> Usage | None:
        """Tokens, as the service counted them; None where it did not."""
        usage = self.body.get("usage") if self.body else None
        return None if usage is None else Usage.model_validate(usage)

    @property
    def text(self) -> str:
        """The answer's text; empty where there was an error."""
        return self.message.text if self.message is not None else ""

    @cached_property
    def cost(self) -> Receipt:
        """List price of the answer, at the rates in force when it was made."""
        made = self.timing.recorded_at
        at = date.fromisoformat(made[:10]) if made else None
        return cost(self.usage, model=self.model, at=at, batch=self.batch)

    @property
    def passed(self) -> bool | None:
        """Whether every judging scorer gave 1; None for errors and where a judge gave no number."""
        values = [self.scores[name].value if name in self.scores else None for name in self.judges]
        if self.error is not None or not values or None in values:
            return None
        return all(value == 1 for value in values)

    def __str__(self) -> str:
        head = f"{self.trial_id} · {self.model}"
        if self.error is not None:
            return f"{head}\nerror: {self.error.get('type')}: {self.error.get('message')}"
        return "\n".join([head, *(_said(name, s) for name, s in self.scores.items()), str(self.message)])


def _said(name: str, score: Score) -> str:
    value = "unscored" if score.value is None else f"{score.value:g}"
    return f"{name} {value}: {score.explanation}" if score.explanation else f"{name} {value}"


@dataclass(frozen=True)
class RunInfo:
    """What ``run.json`` says of a run.

    Attributes:
        fingerprint: Of the evaluation; only the same study can be resumed.
        variants: ``name`` and ``prompt`` (its JSON) of each, in order.
        dataset: ``name``, ``rows``, ``sha256``.
        scorers: ``name`` and ``kind`` of each, in order.
        status: ``running`` until it ends; a run found in that state was killed.
        reason: Why it stopped early, for people.
        started: ISO 8601, UTC.
        finished: ISO 8601, UTC; None while running.
        perhaps_paid: Calls whose answer was never recorded: the service may have charged for them.
        version: Of this package.
    """

    name: str
    fingerprint: str = ""
    variants: tuple[Mapping[str, Any], ...] = ()
    dataset: Mapping[str, Any] = field(default_factory=dict)
    scorers: tuple[Mapping[str, Any], ...] = ()
    epochs: int = 1
    status: Status = "running"
    reason: str | None = None
    started: str | None = None
    finished: str | None = None
    perhaps_paid: int = 0
    version: str = ""

    @property
    def variant_names(self) -> tuple[str, ...]:
        """Names of the variants, in order."""
        return tuple(variant["name"] for variant in self.variants)

    @property
    def samples(self) -> int:
        """How many samples the study asks about."""
        return int(self.dataset.get("rows", 0))

    @property
    def planned(self) -> int:
        """How many answers a complete run has."""
        return len(self.variants) * self.samples * self.epochs

    @property
    def judges(self) -> frozenset[str]:
        """Scorers that decide whether a result passed: the yes/no ones, else those that give a score."""
        return judges((s["name"], s["kind"]) for s in self.scorers)

    def save(self, folder: Path) -> None:
        """Write ``run.json``."""
        text = json.dumps(asdict(self), indent=1, ensure_ascii=True)
        write(folder / INFO, text + "\n")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read ``run.json``.

        Raises:
            UsageError: No such file, or not what `save` wrote.
        """
        path = folder / INFO
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            for name in ("variants", "scorers"):
                data[name] = tuple(data[name])
            known = cls.__dataclass_fields__
            return cls(**{name: value for name, value in data.items() if name in known})
        except FileNotFoundError as error:
            raise UsageError(f"{folder}: no run here ({INFO} is missing)") from error
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise UsageError(f"{path}: cannot be read ({error}); the answers are in {JOURNAL}") from error


def judges(scorers: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Return the scorers that decide whether a result passed, of pairs of name and kind.

    >>> sorted(judges([("exact", "binary"), ("length", "measure"), ("fluent", "score")]))
    ['exact']
    """
    kinds = dict(scorers)
    binary = frozenset(name for name, kind in kinds.items() if kind == "binary")
    return binary or frozenset(name for name, kind in kinds.items() if kind == "score")


@dataclass(frozen=True, eq=False)
class Run(Shown):
    """A study's results, complete or not.

    Attributes:
        info: What was run, and how it ended.
        rows: The results, in the evaluation's order.
        folder: Where its journal lies; None for a run held in memory only.
    """

    info: RunInfo
    rows: tuple[Result, ...]
    folder: Path | None = None

    @property
    def name(self) -> str:
        """The study's name."""
        return self.info.name

    @property
    def status(self) -> Status:
        """``complete``, ``interrupted`` (Ctrl-C), ``stopped`` (an error of every call), ``running``."""
        return self.info.status

    def __len__(self) -> int:
        return len(self.rows)

    def results(self, *, passed: bool | None = None, variant: str | None = None) -> tuple[Result, ...]:
        """Return results, all or some.

        Args:
            passed: True or False for those that passed or failed; errors and unscored are neither.
            variant: Only those of this variant.
        """
        if variant is not None:
            self._known(variant)
        return tuple(
            row
            for row in self.rows
            if (passed is None or row.passed is passed) and (variant is None or row.variant == variant)
        )

    @property
    def failures(self) -> tuple[Result, ...]:
        """Results that were judged and did not pass."""
        return self.results(passed=False)

    @property
    def errors(self) -> tuple[Result, ...]:
        """Trials that ended in an error: neither right nor wrong."""
        return tuple(row for row in self.rows if row.error is not None)

    def summary(self) -> report.Table:
        """Return the table: one row per variant, with intervals, prices and a verdict in words."""
        return self._summary

    @cached_property
    def _summary(self) -> report.Table:
        return report.summary(
            self.rows,
            name=self.info.name,
            variants=self.info.variant_names,
            scorers=tuple((s["name"], s["kind"]) for s in self.info.scorers),
            samples=self.info.samples,
            epochs=self.info.epochs,
        )

    def compare(self, a: str, b: str, *, scorer: str | None = None) -> report.Comparison:
        """Compare two variants on the samples both answered.

        Args:
            a: The one to start from.
            b: The one that may be better or worse.
            scorer: Which score; the first one by default.
        """
        self._known(a)
        self._known(b)
        names = [s["name"] for s in self.info.scorers]
        chosen = scorer if scorer is not None else next(iter(names), "")
        if chosen not in names:
            raise UsageError(f"no scorer {chosen!r} in this run{did_you_mean(chosen, names)}")
        return report.compare(self.rows, a, b, scorer=chosen)

    def receipt(self) -> report.RunReceipt:
        """Return what the answers cost: at list price, and what this run paid."""
        return report.receipt(self.rows, perhaps_paid=self.info.perhaps_paid)

    def frame(self) -> pd.DataFrame:
        """Return one row per trial: answer, scores, error, tokens, dollars, seconds, where it came from."""
        import pandas as pd

        names = [s["name"] for s in self.info.scorers]
        return pd.DataFrame([_row(row, names) for row in self.rows])

    def save(self, folder: str | Path) -> Path:
        """Write journal, ``run.json`` and reports into *folder*; `load` needs nothing else."""
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        path = target / JOURNAL
        if self.folder is None or path.resolve() != (self.folder / JOURNAL).resolve():
            if path.exists():
                raise UsageError(f"{path} exists; give a folder of its own")
            with Journal.open(path) as journal:
                for row in self.rows:
                    journal.append(row.record())
                journal.sync()
        self.info.save(target)
        self.write_reports(target)
        return target

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read a run from its folder, also one that is not finished.

        Raises:
            UsageError: No run there.
            JournalError: The journal is damaged before its tail.
        """
        path = Path(folder)
        info = RunInfo.load(path)
        records, _ = read(path / JOURNAL)
        results, lost = settle(records, info.judges)
        rows = tuple(results[index] for index in sorted(results))
        return cls(replace(info, perhaps_paid=lost), rows, path)

    def write_reports(self, folder: str | Path | None = None) -> None:
        """Write ``table.txt``, ``table.csv`` and ``receipt.txt``."""
        target = Path(folder) if folder is not None else self.folder
        if target is None:
            raise UsageError("this run has no folder; give one")
        table = self.summary()
        write(target / "table.txt", f"{table}\n")
        write(target / "table.csv", table.to_csv())
        write(target / "receipt.txt", f"{self.receipt()}\n")

    def with_status(self, status: Status, reason: str | None = None) -> Run:
        """Return the same run with another ending."""
        return replace(self, info=replace(self.info, status=status, reason=reason))

    def _known(self, variant: str) -> None:
        names = self.info.variant_names
        if variant not in names:
            raise UsageError(f"no variant {variant!r} in this run{did_you_mean(variant, names)}")

    def __str__(self) -> str:
        return str(self.summary())


def settle(
    records: Iterable[Mapping[str, Any]], judges: frozenset[str] = frozenset()
) -> tuple[dict[int, Result], int]:
    """Reduce a journal to one result per trial.

    An answer beats an error, and the first answer stays.

    Returns:
        Results by index, and how many calls were begun whose end was never recorded.
    """
    results: dict[int, Result] = {}
    begun: Counter[int] = Counter()
    for record in records:
        kind = record.get("type")
        if kind in _STEPS:
            begun[record["index"]] += _STEPS[kind]
        if kind in ("answer", "error"):
            result = _result(record, judges)
            known = results.get(result.index)
            if known is None or known.error is not None:
                results[result.index] = result
    return results, sum(n for n in begun.values() if n > 0)


_STEPS = {"intent": 1, "unsent": -1, "answer": -1, "error": -1}
"""What each type of record does to the number of calls in flight."""


def _result(record: Mapping[str, Any], judges: frozenset[str]) -> Result:
    try:
        return Result.from_record(record, judges)
    except (KeyError, TypeError, AttributeError) as error:
        where = f"{record.get('variant')}/{record.get('sample')}/{record.get('epoch')}"
        raise JournalError(f"the record of {where} is not one of this program ({error!r})") from error


def write(path: Path, text: str) -> None:
    """Write a text file at once: under a temporary name, then renamed."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("w", encoding="utf-8", newline="\n", errors="backslashreplace") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _row(row: Result, scorers: list[str]) -> dict[str, Any]:
    usage, error = row.usage, row.error or {}
    total = row.cost.total if row.body is not None else None
    return {
        "variant": row.variant,
        "sample": row.sample_id,
        "epoch": row.epoch,
        "model": row.model,
        "answer": row.text if row.error is None else None,
        **{name: row.scores[name].value if name in row.scores else None for name in scorers},
        "passed": row.passed,
        "error_type": error.get("type"),
        "error": error.get("message"),
        "stop_reason": row.body.get("stop_reason") if row.body else None,
        "input_tokens": usage.input_tokens if usage else None,
        "cache_write_tokens": usage.cache_creation_input_tokens if usage else None,
        "cache_read_tokens": usage.cache_read_input_tokens if usage else None,
        "output_tokens": usage.output_tokens if usage else None,
        "cost_usd": None if total is None else float(total),
        "latency_s": row.timing.total_s if row.error is None else None,
        "ttft_s": row.timing.ttft_s,
        "source": row.source,
        "origin": row.origin,
        "request_id": row.request_id,
    }
