"""One trial on its way: leave to send it, and whether it was sent."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from workbench.evaluation import Trial
    from workbench.runner.engine import Engine
    from workbench.runner.lease import Lease
    from workbench.wire import Request


class Call:
    """One trial on its way: whether it was sent, and what was expected of it."""

    def __init__(self, engine: Engine, trial: Trial, request: Request) -> None:
        self.sent = False
        self.expected: dict[str, int] | None = None
        self._lease: Lease | None = None
        self._engine = engine
        self._trial = trial
        self._asked = request

    @asynccontextmanager
    async def permit(self, request: Request) -> AsyncIterator[Lease]:
        """Ask for leave to send *request*, the trial's own or one of its forms; the engine's `Permit`."""
        engine, worker = self._engine, asyncio.current_task()

        async def begin() -> None:
            await engine.begin(self._trial, self._asked)
            self.sent = True
            engine.in_doubt += 1

        async with engine.desk.leave(request, begin) as lease:
            self._lease = lease
            lease.when_sent = lambda: engine.ahead.gone(self._trial.index)
            if worker is not None:
                engine.sending[worker] = lease
            try:
                yield lease
            finally:
                self.expected = lease.expected
                if worker is not None:
                    engine.sending.pop(worker, None)

    @property
    def never_went_out(self) -> bool:
        """Whether nothing of it can have been charged: it waited for its moment, and no attempt was lost."""
        lease = self._lease
        return lease is None or not (lease.on_wire or lease.losses)

    def take_back(self) -> None:
        """It was never sent after all."""
        if self.sent:
            self._engine.unsent(self._trial)
        self.over()

    def over(self) -> None:
        """Its end is known."""
        if self.sent:
            self.sent = False
            self._engine.in_doubt -= 1
