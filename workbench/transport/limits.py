"""What bounds a client: times, sizes, and the waits that all of its tasks share."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Times in seconds, sizes in bytes.

    Attributes:
        connect_s: For a connection to stand.
        idle_s: Between two reads of a plain answer, the first included.
        stream_idle_s: Between two events of a stream; pings are no progress.
        total_s: For a whole call, all attempts and the waits between them; its turn in the queue apart.
        body_bytes: Of a decoded answer.
        stream_bytes: Of a decoded stream, whose events say everything in many more words.
        wait_s: The longest wait the service may ask for.
        outage_s: How long a call sits out an outage that others have noticed too.
    """

    connect_s: float = 5.0
    idle_s: float = 120.0
    stream_idle_s: float = 60.0
    total_s: float = 600.0
    body_bytes: int = 32 * MIB
    stream_bytes: int = 128 * MIB
    wait_s: float = 60.0
    outage_s: float = 300.0


@dataclass(slots=True)
class Tally:
    """What a client has sent, and what may have been paid for nothing.

    Attributes:
        sent: Requests that went out, retries included.
        retried: Retries among them.
        perhaps_paid: Attempts that broke, or were stopped, before an answer: the service may have worked on
            them.
        paid_lost: Attempts whose answer began and was unusable: paid, and lost.
    """

    sent: int = 0
    retried: int = 0
    perhaps_paid: int = 0
    paid_lost: int = 0


class Gate:
    """Holds back every task of a model group when the service asked one of them to wait."""

    def __init__(
        self, sleep: Callable[[float], Awaitable[None]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._sleep = sleep
        self._clock = clock
        self._until: dict[str, float] = {}

    def hold(self, group: str, seconds: float) -> None:
        """Let nobody of *group* pass for so many seconds."""
        self._until[group] = max(self._until.get(group, 0.0), self._clock() + seconds)

    def left_s(self, group: str) -> float:
        """Return the seconds for which nobody of *group* may pass; 0 or less where everybody may."""
        until = self._until.get(group)
        return 0.0 if until is None else until - self._clock()

    async def enter(self, group: str, jitter: Callable[[], float]) -> float:
        """Wait for one's turn and return the seconds waited; the tasks held leave at different moments."""
        if group not in self._until:
            return 0.0
        started = self._clock()
        while (left := self._until.get(group, 0.0) - self._clock()) > 0:
            await self._sleep(left + jitter() * min(left, 1.0))
        return self._clock() - started


async def sleep(seconds: float) -> None:
    """Sleep on the loop's monotonic clock."""
    await asyncio.sleep(seconds)
