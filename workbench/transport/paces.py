"""The paces of a process: one for each key and model group, shared by all clients."""

from __future__ import annotations

import asyncio
import threading
import time
import weakref
from typing import TYPE_CHECKING

from workbench.transport.guess import Guess
from workbench.transport.limits import Gate, sleep
from workbench.transport.pace import Pace
from workbench.transport.shared import Shared

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from workbench.platforms import Endpoint


class Paces:
    """The paces of one key at one endpoint, by model group, and the waits the service asked for.

    All clients of a process share them, on one loop.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        pause: Callable[[float], Awaitable[None]],
        clock: Callable[[], float],
        folder: Path | None = None,
    ) -> None:
        self.gate = Gate(pause, clock)
        self.folder = folder
        self._clock = clock
        self._identity = (endpoint.base_url or "", endpoint.key.reveal())
        self._guess = Guess()
        self._paces: dict[tuple[str, bool], Pace] = {}
        self._share = 1.0

    @property
    def share(self) -> float:
        """Which part of the limits is this process's, 0 … 1; set where a cluster divides them."""
        return self._share

    @share.setter
    def share(self, share: float) -> None:
        self._share = share
        for pace in self._paces.values():
            pace.share = share

    def of(self, group: str, *, fast: bool) -> Pace:
        """Return the pace of a model group."""
        found = self._paces.get((group, fast))
        if found is None:
            shared = self._shared(f"{group}/fast" if fast else group)
            found = Pace(self._clock, self._guess, shared=shared, fast=fast)
            found.share = self._share
            self._paces[group, fast] = found
        return found

    @property
    def known(self) -> bool:
        """Whether the service has told a limit."""
        return any(pace.known for pace in self._paces.values())

    def _shared(self, group: str) -> Shared | None:
        if self.folder is None:
            return None
        return Shared(self.folder, (*self._identity, group), self._clock)


class Known:
    """The paces in use in this process; each goes with the last transport that uses it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loops: weakref.WeakKeyDictionary[
            asyncio.AbstractEventLoop, weakref.WeakValueDictionary[tuple[object, ...], Paces]
        ] = weakref.WeakKeyDictionary()

    def of(self, endpoint: Endpoint, folder: Path | None) -> Paces:
        """Return the paces of an endpoint and key on the running loop."""
        identity = (endpoint.base_url, hash(endpoint.key.reveal()), folder)
        with self._lock:
            paces = self._loops.setdefault(asyncio.get_running_loop(), weakref.WeakValueDictionary())
            found = paces.get(identity)
            if found is None:
                found = paces[identity] = Paces(endpoint, sleep, time.monotonic, folder)
            return found


known = Known()
