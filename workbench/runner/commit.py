"""Group commit: one write and one fsync for all records that came while the last one ran."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workbench.journal import Reader
from workbench.run import keep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from workbench.journal import Journal
    from workbench.run import Result

MOST_WAITING = 256
"""Results that may wait for their commit before whoever brings more waits too."""


@dataclass(slots=True)
class _Batch:
    records: list[dict[str, Any]] = field(default_factory=list)
    """What the journal has not taken yet."""
    results: list[tuple[int, Result]] = field(default_factory=list)
    """Results, each with the number of its record."""
    places: list[int] = field(default_factory=list)
    """Where each record lies, once it was handed to the journal."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    error: BaseException | None = None


class Committer:
    """Puts records on disk, and only then calls results done.

    Writing and fsync run in a thread, one batch at a time, so that the loop goes on reading answers and
    the journal is never used by two at once.

    Args:
        journal: Where records go.
        done: Called in the loop with the results of a batch once they are safe, in order of arrival; they
            know where their record lies and hold no more than tables need.
    """

    def __init__(self, journal: Journal, done: Callable[[list[Result]], None]) -> None:
        self._journal = journal
        self._done = done
        self._batch = _Batch()
        self._writing: _Batch | None = None
        self._task: asyncio.Task[None] | None = None
        self._reader = Reader(journal.path)
        self._unsafe: list[_Batch] = []
        """Results of batches that failed: the journal keeps their records for its next sync."""

    def note(self, record: dict[str, Any]) -> None:
        """Take a record into the next batch."""
        self._batch.records.append(record)

    def put(self, result: Result) -> None:
        """Take a result into the next batch; it is done when that is on disk."""
        self._batch.results.append((len(self._batch.records), result))
        self._batch.records.append(result.record())

    async def add(self, result: Result) -> None:
        """Take a result, and see that it gets to disk without being waited for; wait where many do."""
        self.put(result)
        if len(self._batch.results) >= MOST_WAITING:
            await self.flush()
        elif self._task is None:
            self._task = asyncio.create_task(self._commit())

    async def flush(self) -> None:
        """Wait until everything taken so far is on disk.

        Raises:
            DiskFullError: No space left.
            JournalError: The journal cannot be written.
        """
        batch = self._batch if self._batch.records else self._writing
        if batch is None:
            return
        if self._task is None:
            self._task = asyncio.create_task(self._commit())
        await batch.over.wait()
        if batch.error is not None:
            raise batch.error

    async def _commit(self) -> None:
        try:
            while self._batch.records:
                self._writing, self._batch = self._batch, _Batch()
                await self._write(self._writing)
        finally:
            self._writing = self._task = None

    async def _write(self, batch: _Batch) -> None:
        self._unsafe.append(batch)
        try:
            await asyncio.get_running_loop().run_in_executor(None, self._sync, batch)
            safe = [each for each in self._unsafe if not each.records]
            self._unsafe = [each for each in self._unsafe if each.records]
            self._done([result for each in safe for result in self._kept(each)])
        except Exception as error:  # noqa: BLE001 - handed to everyone who waits for this batch
            batch.error = error
        except BaseException as error:
            batch.error = error
            raise
        finally:
            batch.over.set()

    def _sync(self, batch: _Batch) -> None:
        batch.places += [self._journal.append(record) for record in batch.records]
        batch.records = []
        self._journal.sync()

    def _kept(self, batch: _Batch) -> Iterator[Result]:
        """Yield the results of a batch that is safe: what they said is in the journal and leaves memory."""
        for number, result in batch.results:
            yield keep(result, self._reader, batch.places[number])
