"""A run seen by its folder alone: how far its journal is, and whether somebody still writes it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from workbench.client.trials import dollars
from workbench.errors import UsageError
from workbench.journal import in_use
from workbench.journal.scan import Scan, failed, parsed
from workbench.report.words import TIMES, plural
from workbench.run import JOURNAL, Result, RunInfo, state_of
from workbench.show.tally import State, add

if TYPE_CHECKING:
    from decimal import Decimal
    from pathlib import Path

LOOK_S = 1.0
"""Seconds between two looks."""


class Following:
    """Reads what a journal gained since the last look, and counts it.

    Args:
        folder: The run's.

    Attributes:
        state: The figures; `add`ed up by trial, an answer in the place of an earlier error.
        ended: How the run ended, as `Running.state` says it; ``running`` while it goes on.
        reason: Why it stopped early, as ``run.json`` says.
        interval_s: Seconds until a look is worth it.

    Raises:
        UsageError: No run there.
    """

    interval_s = LOOK_S

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / JOURNAL
        self._at = 0
        self._errors: dict[int, str] = {}
        self._answered: set[int] = set()
        info = RunInfo.load(folder)
        self.state = State(info.name, info.planned, _budget(info), _size(info))
        self.ended = "running"
        self.reason = ""
        self.look()

    @property
    def going_on(self) -> bool:
        """Whether somebody writes the journal."""
        return self.ended == "running"

    def look(self) -> bool:
        """Read on; returns whether anything is new."""
        before = self._at, self.ended
        held = in_use(self._path)  # before reading: what was written until it was given back is read
        info = RunInfo.load(self._folder)
        self._read(torn=held)
        self.state.done = len(self._answered) + len(self._errors)
        if not held:
            self.ended = state_of(info, held=held)
            self.reason = info.reason or ""
        return before != (self._at, self.ended)

    def _read(self, *, torn: bool) -> None:
        """Count the records behind the last one; *torn*: the last may still be on its way."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except FileNotFoundError:  # it begins just now
            return
        except OSError as error:
            raise failed(self._path, error) from error
        try:
            scan = Scan(descriptor, self._path, start=self._at)
            for _, body in scan.whole():
                if torn and not scan.ended:
                    break
                self._at = scan.end
                record = parsed(body)
                if record is not None and record.get("type") in ("answer", "error"):
                    self._count(Result.from_record(record))
        except OSError as error:
            raise failed(self._path, error) from error
        finally:
            os.close(descriptor)

    def _count(self, result: Result) -> None:
        """Count a result as a run does: an answer beats an error, and the first answer stays."""
        index = result.index
        if index in self._answered or (index in self._errors and result.error is not None):
            return
        if result.error is None:
            self._answered.add(index)
            self._made_good(index)
        else:
            self._errors[index] = str(result.error.get("type") or "error")
        add(self.state, result)

    def _made_good(self, index: int) -> None:
        kind = self._errors.pop(index, None)
        if kind is not None:
            self.state.errors -= 1
            self.state.faults[kind].count -= 1
            if not self.state.faults[kind].count:
                del self.state.faults[kind]


def _budget(info: RunInfo) -> Decimal | None:
    """Return the run's cap, as far as ``run.json`` says: the folder may be anybody's."""
    cap: Any = info.asked.get("budget_usd") if isinstance(info.asked, dict) else None
    try:
        return dollars(cap)
    except UsageError:
        return None


def _size(info: RunInfo) -> str:
    each = ((len(info.variants), "variant"), (info.samples, "sample"), (info.epochs, "epoch"))
    return f" {TIMES} ".join(plural(n, noun) for n, noun in each)
