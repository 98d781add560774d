"""A study's results and their folder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from workbench import report
from workbench.baseline import Baseline, only
from workbench.display import Shown
from workbench.errors import UsageError, did_you_mean
from workbench.journal import Journal, in_use
from workbench.report import failed
from workbench.run.beside import carry
from workbench.run.info import RunInfo, Status, state_of, write
from workbench.run.onward import ask_again
from workbench.run.recall import recall

if TYPE_CHECKING:
    import pandas as pd

    from workbench.report.charts import Plots
    from workbench.run.result import Result
    from workbench.run.warmed import Warmed

JOURNAL = "journal.jsonl"
BATCH = 1000
"""Rows held at once where all of them are gone through."""


@dataclass(frozen=True, eq=False, repr=False)
class Run(Shown):
    """A study's results, complete or not.

    Attributes:
        info: What was run, and how it ended.
        rows: The results, in the evaluation's order.
        folder: Where its journal lies; None for a run held in memory only.
        warmed: Calls that only kept the prompt cache warm: paid, but no result.
    """

    info: RunInfo
    rows: tuple[Result, ...]
    folder: Path | None = None
    warmed: tuple[Warmed, ...] = ()

    @property
    def name(self) -> str:
        """The study's name."""
        return self.info.name

    @property
    def status(self) -> Status:
        """``complete``, ``interrupted`` (Ctrl-C), ``stopped`` (an error of every call), ``running``."""
        return self.info.status

    @property
    def state(self) -> str:
        """The status as it is now: ``killed`` where nobody goes on with a run though nobody ended it."""
        return state_of(self.info, held=self.folder is None or in_use(self.folder / JOURNAL))

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
            summed=self._bills,
        )

    @cached_property
    def _bills(self) -> report.Bills:
        return report.bills(self.rows)

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
        return report.receipt(
            self.rows,
            perhaps_paid=self.info.perhaps_paid,
            summed=self._bills,
            limits={v["name"]: v["prompt"].get("max_tokens") for v in self.info.variants},
            warmed=self.warmed,
        )

    def cache(self) -> report.CacheReport:
        """Return what the prompt cache did, per variant: expected against actual, dollars saved and lost."""
        return report.cache_report(
            self.rows,
            variants=self.info.variant_names,
            added=self.info.added,
            summed=self._bills,
            diagnosed={v["name"] for v in self.info.variants if "diagnostics" in v["prompt"]},
            warmed=self.warmed,
        )

    @cached_property
    def plot(self) -> Plots:
        """The run as charts: ``plot.pareto()``, ``latency``, ``scores``, ``paired``, ``cache``, ``power``."""
        from workbench.report.charts import Plots

        return Plots.of(
            self.rows,
            name=self.info.name,
            variants=self.info.variant_names,
            scorers=tuple((s["name"], s["kind"]) for s in self.info.scorers),
            samples=self.info.samples,
            epochs=self.info.epochs,
            summed=self._bills,
            report=self.cache,
        )

    def frame(self) -> pd.DataFrame:
        """Return one row per trial: answer, scores, error, tokens, dollars, seconds, where it came from."""
        from workbench.run.frame import frame

        names = [s["name"] for s in self.info.scorers]
        return frame(self.rows, names, None if self.folder is None else self.folder / JOURNAL)

    def bless(
        self,
        path: str | Path,
        *,
        reason: str,
        variant: str | None = None,
        scorer: str | None = None,
    ) -> Baseline:
        """Make these numbers the standard that `workbench.gate` holds later runs to.

        Args:
            path: The file to write, beside the suite, to be committed.
            reason: Why these numbers are good enough, for whoever reads the review.
            variant: Whose answers; default the run's only variant.
            scorer: Whose numbers; default the only one that judges.

        Raises:
            UsageError: The run is not complete, or it has several variants or scorers and none is named.
        """
        if self.status != "complete" or self.errors:
            raise UsageError(
                f"only a complete run without errors can be blessed; this one is {self.status}, "
                f"with {len(self.errors)} errors"
            )
        name = variant or only(self.info.variant_names, "variant")
        judge = scorer or only(tuple(sorted(self.info.judges)), "scorer")
        rows = self.results(variant=name)
        blessed = Baseline(
            self.name,
            name,
            judge,
            str(self.info.dataset.get("sha256", "")),
            reason,
            report.sample_means(rows, judge),
            emulated=any(row.origin == "emulator" for row in rows),
        )
        blessed.save(path)
        return blessed

    def save(self, folder: str | Path) -> Path:
        """Write journal, ``run.json``, reports, study and grades into *folder*; `load` needs nothing else.

        Raises:
            UsageError: Another run lies there, or its grades.
            DiskFullError, JournalError: It cannot be written, or what lies beside it cannot be read.
        """
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        path = target / JOURNAL
        if self.folder is None or path.resolve() != (self.folder / JOURNAL).resolve():
            if path.exists():
                raise UsageError(f"{path} exists; give a folder of its own")
            carry(self.folder, target)
            with Journal.open(path) as journal:
                for n, row in enumerate(self.rows, 1):
                    journal.append(row.record())
                    if n % BATCH == 0:
                        journal.sync()
                for call in self.warmed:
                    journal.append(call.record())
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
        results, lost, warmed = recall(path / JOURNAL, info.judges)
        rows = tuple(results[index] for index in sorted(results))
        return cls(replace(info, perhaps_paid=lost), rows, path, warmed)

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

    def __repr__(self) -> str:
        # A line, however many rows: tracebacks, and asyncio too, make one of whatever they hold.
        return f"Run({self.name!r}, {self.status}, {len(self):,} results, {str(self.folder)!r})"

    def __str__(self) -> str:
        found = self.errors
        if not found:
            return str(self.summary())
        told = failed.counted(row.error for row in found if row.error is not None)
        cure = ask_again(found, self.folder)
        return "\n".join([str(self.summary()), *told, *([cure] if cure else [])])
