"""Group commit: one fsync for all answers that arrived while the last one ran."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.journal import Journal
    from workbench.run import Result


class Committer:
    """Puts results on disk and only then calls them done.

    The fsync runs in a thread, so that the loop goes on reading answers meanwhile.

    Args:
        journal: Where results go.
        done: Called with each result once it is safe, in order of arrival.
    """

    def __init__(self, journal: Journal, done: Callable[[Result], None]) -> None:
        self._journal = journal
        self._done = done
        self._waiting: list[Result] = []
        self._sync: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """Results written but not yet known to be on disk."""
        return len(self._waiting)

    def add(self, result: Result) -> None:
        """Append a result; it is done after the next `flush`.

        Raises:
            DiskFullError: No space left.
        """
        self._journal.append(result.record())
        self._waiting.append(result)

    async def flush(self) -> None:
        """Wait until everything added so far is on disk.

        Raises:
            DiskFullError: No space left.
        """
        if self._sync is not None:  # began before our result was added: it may not hold it
            await asyncio.shield(self._sync)
        if self._waiting:
            if self._sync is None:
                self._sync = asyncio.create_task(self._commit())
            await asyncio.shield(self._sync)

    async def _commit(self) -> None:
        batch, self._waiting = self._waiting, []
        try:
            await asyncio.get_running_loop().run_in_executor(None, self._journal.sync)
        finally:
            self._sync = None
        for result in batch:
            self._done(result)
