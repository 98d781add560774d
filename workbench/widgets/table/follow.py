"""A run that lies in a folder: read once, then what its journal gained; and whether somebody writes it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import JournalError, UsageError
from workbench.journal import Reader, in_use
from workbench.journal.scan import Scan, failed, parsed
from workbench.run import INFO, JOURNAL, Result, Run, RunInfo, keep, state_of
from workbench.run.warmed import Warmed

if TYPE_CHECKING:
    from collections.abc import Mapping

_OPEN = os.O_RDONLY | getattr(os, "O_BINARY", 0)


class Followed:
    """A run's folder, read bit by bit; the journal is neither locked nor changed.

    Attributes:
        folder: The run's folder.
        info: What ``run.json`` said last.
        state: How the run is: ``running`` while somebody holds its journal, ``killed`` where nobody does
            though nobody ended it; else what `info` says.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self.info = RunInfo.load(self.folder)
        self.warmed: list[Warmed] = []
        self._path = self.folder / JOURNAL
        self._reader = Reader(self._path)
        self._end = 0
        self._seen: tuple[Any, ...] = ()
        self.state = "running"

    @property
    def running(self) -> bool:
        """Whether somebody goes on with it now."""
        return self.state == "running"

    @property
    def unfinished(self) -> bool:
        """Whether more may come: what was stopped or killed may be resumed."""
        return self.state != "complete"

    def moved(self) -> bool:
        """Whether a look is worth it: it runs, or its files are others than at the last look.

        Whether somebody writes it is not tried while nothing moves: who resumes it needs that very lock.
        """
        return self.running or (self.unfinished and self._stamps() != self._seen)

    def _stamps(self) -> tuple[Any, ...]:
        found: list[Any] = []
        for path in (self._path, self.folder / INFO):
            try:
                known = path.stat()
            except OSError:
                found.append(None)
            else:
                found.append((known.st_size, known.st_mtime_ns, known.st_ino))
        return tuple(found)

    def read(self) -> list[Result]:
        """Return the results that came since the last time; none is held here.

        Raises:
            JournalError: The journal cannot be read, is damaged before its tail, or another one lies there.
        """
        # What is written after these looks is read the next time: nothing is missed.
        self._seen = self._stamps()
        held = in_use(self._path)
        self.info = self._looked()
        self.state = state_of(self.info, held=held)
        try:
            descriptor = os.open(self._path, _OPEN)
        except FileNotFoundError:
            if self._end or self.info.status != "running":
                raise JournalError(
                    f"{self._path}: gone; if the folder was moved, load it from there"
                ) from None
            return []  # it has only just begun
        except OSError as error:
            raise failed(self._path, error) from error
        try:
            return self._read(descriptor)
        except OSError as error:
            raise failed(self._path, error) from error
        finally:
            os.close(descriptor)

    def _read(self, descriptor: int) -> list[Result]:
        size = os.fstat(descriptor).st_size
        if size < self._end:
            raise JournalError(f"{self._path}: shorter than before; another run lies there, load it again")
        if size == self._end:
            return []
        scan = Scan(descriptor, self._path, start=self._end)
        # A record that is being written is torn for a moment, the last of a killed run for ever: only a run
        # that was ended is looked at for damage.
        records = scan.whole() if self.info.status == "running" else iter(scan)
        found = []
        for place, body in records:
            record = parsed(body)
            if record is None:
                break
            if (result := self._result(record, place)) is not None:
                found.append(result)
            self._end = scan.end
        return found

    def _result(self, record: Mapping[str, Any], place: int) -> Result | None:
        kind = record.get("type")
        try:
            if kind == "warm":
                self.warmed.append(Warmed.from_record(record))
            if kind in ("answer", "error"):
                return keep(Result.from_record(record, self.info.judges), self._reader, place)
        except (KeyError, TypeError, AttributeError) as error:
            raise JournalError(
                f"{self._path}: the record at byte {place} is not one of this program"
            ) from error
        return None

    def _looked(self) -> RunInfo:
        try:
            return RunInfo.load(self.folder)
        except UsageError:
            return self.info  # being replaced, or gone: the journal says which

    def run(self, rows: list[Result]) -> Run:
        """Return the run with *rows*, in the study's order."""
        ordered = tuple(sorted(rows, key=lambda row: row.index))
        return Run(replace(self.info), ordered, self.folder, tuple(self.warmed))
