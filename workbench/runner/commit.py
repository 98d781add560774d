"""Group commit: one fsync for all records that came while the last one ran.

A record is appended at once, written before the next call goes out, and synced in the background: a kill
loses nothing that came before the last call, and a result counts when the disk has it. Nobody waits for the
disk before sending, or all calls would go out together, behind each other's answers.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workbench.journal import Reader
from workbench.run import keep

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.journal import Journal
    from workbench.run import Result

MOST_WAITING = 256
"""Results that may wait for their commit before whoever brings more waits too."""


@dataclass(slots=True)
class _Batch:
    """What one fsync makes safe."""

    results: list[tuple[int, Result]] = field(default_factory=list)
    """Results, each with the place of its record."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    error: BaseException | None = None


class Committer:
    """Puts records on disk, and only then calls results done.

    The fsync runs in a thread, one at a time, so that the loop goes on reading answers.

    Args:
        journal: Where records go.
        done: Called in the loop with the results of a batch once they are safe, in order of arrival; they
            know where their record lies and hold no more than tables need.
    """

    def __init__(self, journal: Journal, done: Callable[[list[Result]], None]) -> None:
        self._journal = journal
        self._done = done
        self._reader = Reader(journal.path)
        self._batch = _Batch()
        self._syncing: _Batch | None = None
        self._task: asyncio.Task[None] | None = None
        self._dirty = False
        """Whether a record was appended that no fsync has taken up yet."""
        self._unsafe: list[tuple[int, Result]] = []
        """Results of batches that failed: the journal keeps their records for its next sync."""
        self._unheard: BaseException | None = None
        """What went wrong while nobody waited."""

    def note(self, record: dict[str, Any]) -> None:
        """Take a record; it goes out with the next `write`, `flush` or commit."""
        self._journal.append(record)
        self._dirty = True

    def put(self, result: Result) -> None:
        """Take a result; it is done when it is on disk."""
        self._batch.results.append((self._journal.append(result.record()), result))
        self._dirty = True

    async def add(self, result: Result) -> None:
        """Take a result, and see that it gets to disk without being waited for; wait where many do."""
        self.put(result)
        self._complain()
        if len(self._batch.results) >= MOST_WAITING:
            await self.flush()
        else:
            self._start()

    def write(self, record: dict[str, Any]) -> None:
        """Write a record, and what was taken before it: a kill cannot lose them, and the disk has them soon.

        Raises:
            DiskFullError: No space left.
            JournalError: The journal cannot be written.
        """
        self._complain()
        self.note(record)
        self._journal.write()
        self._start()

    async def flush(self) -> None:
        """Wait until everything taken so far is on disk.

        Raises:
            DiskFullError: No space left.
            JournalError: The journal cannot be written.
        """
        batch = self._batch if self._dirty else self._syncing
        if batch is None:
            self._complain()
            return
        self._start()
        await batch.over.wait()
        if batch.error is not None:
            self._unheard = None
            raise batch.error

    def _start(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._commit())

    def _complain(self) -> None:
        """Raise what went wrong while nobody waited."""
        error, self._unheard = self._unheard, None
        if error is not None:
            raise error

    async def _commit(self) -> None:
        try:
            while self._dirty:
                batch, self._batch, self._dirty = self._batch, _Batch(), False
                self._syncing = batch
                await self._sync(batch)
                self._syncing = None
        finally:
            self._syncing = self._task = None

    async def _sync(self, batch: _Batch) -> None:
        self._unsafe += batch.results
        try:
            await asyncio.get_running_loop().run_in_executor(None, self._journal.sync)
            safe, self._unsafe = self._unsafe, []
            self._done([keep(result, self._reader, place) for place, result in safe])
        except asyncio.CancelledError as error:
            batch.error = error
            raise
        except BaseException as error:  # noqa: BLE001 - raised where somebody waits for this batch, or writes next
            batch.error = self._unheard = error
        finally:
            batch.over.set()
