"""The way out, opened when something is sent and not before."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from workbench import sync
from workbench.transport import Limits, Transport

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from workbench.platforms import Endpoint
    from workbench.retry import Budget


class Link:
    """The way out: the emulator where it is needed, and the transport; made when something is sent."""

    def __init__(
        self,
        endpoint: Endpoint,
        limits: Limits,
        attempts: int,
        budget: Budget,
        shared: Path | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._shared = shared
        self._limits = limits
        self.attempts = attempts
        self._budget = budget
        self._emulator: Any = None
        self._opening: asyncio.Lock | None = None
        self._forget: Callable[[], None] = lambda: None
        self.transport: Transport | None = None

    @property
    def url(self) -> str | None:
        """Where the emulator of this process listens, once it runs."""
        return self._emulator.url if self._emulator is not None else None

    async def connect(self) -> Transport:
        """Return the transport."""
        if self.transport is not None:
            return self.transport
        if self._opening is None:
            self._opening = asyncio.Lock()
        async with self._opening:
            if self.transport is None:
                endpoint = await self._started() if self._endpoint.base_url is None else self._endpoint
                self.transport = Transport(
                    endpoint,
                    limits=self._limits,
                    attempts=self.attempts,
                    budget=self._budget,
                    shared=self._shared,
                )
                self._forget = sync.at_exit(self.aclose)
        return self.transport

    async def _started(self) -> Endpoint:
        from workbench import emulator

        self._emulator = await asyncio.to_thread(emulator.start_in_thread)
        return replace(self._endpoint, base_url=self._emulator.url)

    async def aclose(self) -> None:
        """Close what is open."""
        self._forget()
        transport, self.transport = self.transport, None
        emulator, self._emulator, self._opening = self._emulator, None, None
        if transport is not None:
            await transport.aclose()
        if emulator is not None:
            emulator.stop()

    def drop(self) -> None:
        """Close from wherever the garbage collector runs, without waiting."""
        if self.transport is not None:
            sync.submit(self.aclose())
