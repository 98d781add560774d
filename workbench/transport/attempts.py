"""One call, several attempts: when to try again, and what to say when it was for nothing."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import httpx

from workbench import retry
from workbench.errors import APIError, APITimeoutError, WorkbenchError
from workbench.transport import failures
from workbench.transport.failures import Failure
from workbench.transport.turns import OutageError, Turns
from workbench.transport.watch import Onlooker

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from workbench.platforms import Endpoint
    from workbench.retry import Budget
    from workbench.transport.breaker import Pass
    from workbench.transport.limits import Limits, Tally
    from workbench.transport.pace import Pace, Ticket
    from workbench.transport.spool import Spool
    from workbench.transport.watch import Watch
    from workbench.wire import Request, Usage

T = TypeVar("T")

logger = logging.getLogger("workbench")

_TOO_MANY = (
    "; not tried again, because too many calls have failed of late: "
    "wait a moment or lower the concurrency, then ask again"
)
"""What is said where retries are used up."""


@dataclass(frozen=True, slots=True)
class Call:
    """One thing to ask, however often it takes.

    Attributes:
        method: HTTP method.
        path: Below the base URL, with its query.
        body: JSON bytes, a `Spool` of them, or None.
        api_version: ``anthropic-version``.
        betas: ``anthropic-beta``.
        model: Model asked for; waits are shared among calls of one model.
        total_s: Longest time for the whole call, its turn in the queue apart; None takes the transport's own.
        request: What the body says, where it is one for an answer: those have a pace.
    """

    method: str
    path: str
    body: bytes | Spool | None = None
    api_version: str = "2026-10-21"
    betas: tuple[str, ...] = ()
    model: str | None = None
    total_s: float | None = None
    request: Request | None = None


@dataclass(slots=True)
class Progress:
    """How far a call has come: for the error it may end in, and for its timing.

    Attributes:
        tries: Attempts made.
        free: Those among them that failed in an outage already known: they count for nothing.
        queue_s: Seconds waited for a turn, or before another attempt.
        outage_s: Seconds among them that an outage took.
        lost: Attempts that may have been charged for nothing.
        wasted: Those among them whose answer had begun.
        usage: Of the answer.
        patient: Whether the call waits at all.
        pace: What the attempt draws from, with its ticket.
        passes: What an attempt in an outage has to give back.
    """

    started: float
    tries: int = 0
    free: int = 0
    queue_s: float = 0.0
    attempt_at: float = 0.0
    ended_at: float = 0.0
    outage_s: float = 0.0
    last: Failure | None = None
    lost: int = 0
    wasted: int = 0
    usage: Usage | None = None
    patient: bool = True
    watch: Watch | None = None
    pace: Pace | None = None
    ticket: Ticket | None = None
    passes: list[Pass] = field(default_factory=list)
    _untold: bool = True

    def elapsed(self) -> float:
        """Return the seconds since the call began."""
        return time.perf_counter() - self.started

    def sends(self) -> None:
        """Note an attempt that goes out now."""
        self.tries += 1
        if self.watch is not None:
            self.watch.sends()
        self.attempt_at = time.perf_counter()

    def began(self) -> None:
        """Note that the answer has begun, for the first time or again."""
        watch, self._untold = (self.watch, False) if self._untold else (None, False)
        if watch is not None:
            watch.began()

    def charged(self) -> bool:
        """Note an attempt that may have been charged for nothing; return whether to try again."""
        self.lost += 1
        return self.watch is None or self.watch.lost()


class Attempts:
    """Tries calls of one endpoint until they work, are not worth another try, or their time is up."""

    def __init__(
        self,
        endpoint: Endpoint,
        limits: Limits,
        tally: Tally,
        *,
        most: int,
        budget: Budget,
        jitter: Callable[[], float],
        pause: Callable[[float], Awaitable[None]],
        clock: Callable[[], float],
        folder: Path | None = None,
    ) -> None:
        self._place = endpoint.base_url or endpoint.name
        self._limits = limits
        self._tally = tally
        self._most = most
        self._budget = budget
        self._jitter = jitter
        self._pause = pause
        self._under_way = 0
        self.turns = Turns(
            endpoint, outage_s=limits.outage_s, jitter=jitter, pause=pause, clock=clock, folder=folder
        )

    async def run(self, call: Call, progress: Progress, attempt: Callable[[], Awaitable[T]]) -> T:
        """Attempt until it works, is not worth another attempt, or time is up."""
        total_s = call.total_s or self._limits.total_s
        progress.patient = self._most > 1
        self._under_way += 1
        try:
            async with asyncio.timeout(total_s) as deadline:
                return await self._attempt_all(call, progress, attempt, deadline)
        except TimeoutError:
            pass
        except OutageError as outage:
            raise self._given_up(outage, call, progress) from None
        finally:
            self._under_way -= 1
        last = f"; the last attempt failed: {progress.last.error.message}" if progress.last else ""
        late = APITimeoutError(f"no complete answer from {self._place} within {total_s:g} s{last}")
        raise self._final(late, call, progress)

    async def _attempt_all(
        self,
        call: Call,
        progress: Progress,
        attempt: Callable[[], Awaitable[T]],
        deadline: asyncio.Timeout,
    ) -> T:
        turns = self.turns
        while True:
            if not turns.at_once(call, progress):
                await self._turn(call, progress, deadline)
            self._tally.sent += 1
            progress.sends()
            try:
                done = await attempt()
            except Failure as failure:
                await self._before_retry(failure, call, progress)
            except asyncio.CancelledError:  # out of time, or stopped, with a request on its way
                self._tally.perhaps_paid += 1
                progress.charged()
                turns.stopped(progress)
                raise
            else:
                turns.succeeded(call, progress, progress.usage)
                self._budget.refund()
                return done

    async def _turn(self, call: Call, progress: Progress, deadline: asyncio.Timeout) -> None:
        """Wait for one's turn; the time of the call stands still meanwhile."""
        now = asyncio.get_running_loop().time
        left_s = (deadline.when() or now()) - now()
        deadline.reschedule(None)
        progress.queue_s += await self.turns.wait(call, progress)
        deadline.reschedule(now() + left_s)

    async def _before_retry(self, failure: Failure, call: Call, progress: Progress) -> None:
        """Wait for the next attempt, or raise where there is none."""
        progress.last = failure
        self._tally.perhaps_paid += failure.paid == "perhaps"
        self._tally.paid_lost += failure.paid == "lost"
        progress.wasted += failure.paid == "lost"
        shared = progress.patient and failure.again is None and self._under_way > 1
        free = self.turns.failed(call, progress, failure, alone=not shared) and shared
        owed = failure.paid != "no" and not progress.charged()
        counted = progress.tries - progress.free - free
        verdict = self._judge(failure, max(1, counted))
        wait, reason = verdict.wait_s, ""
        # All calls of the group wait then: that many are refused at one moment is no storm.
        told_to_wait = failure.status == 429 and verdict.asked_s is not None
        if verdict.reason == "asked to wait too long":
            reason = (
                f"; it asks to wait {verdict.asked_s:,.0f} s, more than {self._limits.wait_s:g}: go on later"
            )
        elif wait is not None and not free and counted >= min(self._most, 1 + _again(failure)):
            wait = None
        elif wait is not None and not free and not told_to_wait and not self._budget.take():
            free = shared and self.turns.trip(call, failure)
            if not free:
                wait, reason = None, _TOO_MANY
        if wait is None:
            failure.error.message += reason
            cause = failure.__cause__
            raise self._final(failure.error, call, progress) from (failures.bare(cause) if cause else None)
        progress.free += free
        self._tally.retried += 1
        if verdict.asked_s is not None:
            self.turns.hold(call, verdict.asked_s)
        elif free:
            wait = 0.0  # it waits with the others until the outage is over
        self._log_retry(failure, call, progress, wait)
        if isinstance(progress.watch, Onlooker):
            progress.watch.missed(failure.error.message.replace(failures.TRIES, ""), wait)
        await self._rest(progress, wait, owed=owed)

    async def _rest(self, progress: Progress, seconds: float, *, owed: bool) -> None:
        """Wait between two attempts; where that is owed, for its money too."""
        if progress.watch is not None:
            progress.watch.waits()
            if owed:
                await _money_for(progress.watch)
        if seconds > 0:
            progress.queue_s += seconds
            await self._pause(seconds)

    def _judge(self, failure: Failure, attempt: int) -> retry.Verdict:
        headers = failure.headers if failure.headers is not None else httpx.Headers()
        return retry.judge(
            attempt,
            status=failure.status,
            error_code=failure.error_code,
            retry_after=headers.get("retry-after"),
            retry_after_ms=headers.get("retry-after-ms"),
            should_retry=headers.get("x-should-retry"),
            jitter=self._jitter(),
            cap_s=self._limits.wait_s,
            now=service_time(headers),
        )

    def _given_up(self, outage: OutageError, call: Call, progress: Progress) -> APIError:
        error = outage.failure.error
        if progress.last is None:  # another call's: this one was never sent
            error = failures.copied(error)
        error.message += f"; the outage lasted {outage.seconds:.0f} s and more"
        error.outage = True
        return self._final(error, call, progress)

    def _final(self, error: APIError, call: Call, progress: Progress) -> APIError:
        error.model = call.model
        error.lost, error.wasted = progress.lost, progress.wasted
        failed = failures.with_tries(error, progress.tries, progress.elapsed())
        logger.info("%s failed: %s", call.model or call.path, failed.message)
        return failed

    def _log_retry(self, failure: Failure, call: Call, progress: Progress, wait: float) -> None:
        logger.info(
            "%s · attempt %d failed (%s%s) · waiting %.2f s · %s",
            call.model or call.path,
            progress.tries,
            failure.error.message.replace(failures.TRIES, ""),
            {"no": "", "perhaps": "; perhaps paid", "lost": "; paid, lost"}[failure.paid],
            wait,
            failure.error.request_id or "no request id",
        )


async def _money_for(watch: Watch) -> None:
    """Wait until another attempt can be borne; what it raises holds no frames, in which the key would be."""
    try:
        await watch.again()
    except WorkbenchError as error:
        failures.bare(error)
        raise error from None


def _again(failure: Failure) -> int:
    return failure.again if failure.again is not None else 1_000_000


def service_time(headers: httpx.Headers) -> float:
    """Return the time the service has: its own clock where it says so, else ours."""
    return retry.timestamp(headers.get("date", "")) or time.time()
