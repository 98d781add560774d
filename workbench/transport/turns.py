"""The turn of every attempt: behind what the service asked for, an outage, and the pace."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from workbench.catalog import catalog
from workbench.transport.breaker import Breaker
from workbench.transport.pace import Ticket
from workbench.transport.paces import Paces, known
from workbench.transport.watch import Onlooker

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from workbench.platforms import Endpoint
    from workbench.transport.attempts import Call, Progress
    from workbench.transport.failures import Failure
    from workbench.transport.limits import Gate
    from workbench.wire import Usage

_SHORTEST_S = 0.001


class OutageError(Exception):
    """An outage lasted longer than a call sits it out. It never leaves the transport.

    Attributes:
        failure: The last one seen.
        seconds: How long the outage has lasted.
    """

    def __init__(self, failure: Failure, seconds: float) -> None:
        super().__init__(failure.error.message)
        self.failure = failure
        self.seconds = seconds


class _Line:
    """The calls of one model group that wait for their turn: first come, first served."""

    def __init__(self) -> None:
        self.head = asyncio.Lock()
        self.waiting = 0
        self._note = ""
        self._onlookers: list[Onlooker] = []

    def enter(self, onlooker: Onlooker | None) -> None:
        """Join the line; what holds up its first holds up all."""
        self.waiting += 1
        if onlooker is not None:
            self._onlookers.append(onlooker)
            onlooker.held(self._note)

    def says(self, note: str) -> None:
        """Tell those in the line what holds it up."""
        if note != self._note:
            self._note = note
            for onlooker in self._onlookers:
                onlooker.held(note)

    def leave(self, onlooker: Onlooker | None) -> None:
        """Leave it; with the last one goes what was said."""
        self.waiting -= 1
        if onlooker is not None:
            self._onlookers.remove(onlooker)
        if not self.waiting:
            self._note = ""


class Turns:
    """Whose turn it is. This is `Transport.pace`.

    Args:
        endpoint: Where to.
        outage_s: How long a call sits out an outage.
        jitter: Returns random numbers in [0, 1).
        pause: Sleeps.
        clock: Tells the seconds that *pause* lets pass.
        folder: Where processes share their pace; None for this process alone.

    Attributes:
        waiting: Calls that wait for their turn now.
        held: Calls that had to wait for the pace so far.
        answered: Whether the service has ever answered.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        outage_s: float,
        jitter: Callable[[], float],
        pause: Callable[[float], Awaitable[None]],
        clock: Callable[[], float],
        folder: Path | None = None,
    ) -> None:
        self.waiting = 0
        self.held = 0
        self.answered = False
        self._note = ""
        self._endpoint = endpoint
        self._outage_s = outage_s
        self._jitter = jitter
        self._pause = pause
        self._clock = clock
        self._folder = folder
        self._loop: asyncio.AbstractEventLoop | None = None
        self._paces: Paces | None = None
        self._lines: dict[str, _Line] = {}
        self._groups: dict[str | None, str] = {}
        self._place = Breaker(clock, jitter)
        self._models: dict[str, Breaker] = {}

    @property
    def note(self) -> str:
        """What holds calls back now, in a few words; empty where nothing does."""
        return self._note if self.waiting else ""

    @property
    def known(self) -> bool:
        """Whether the service has told its limits."""
        return self._paces is not None and self._paces.known

    @property
    def share(self) -> float:
        """Which part of the limits is this process's; ask and set it on the loop."""
        return self._shared_paces().share

    @share.setter
    def share(self, share: float) -> None:
        self._shared_paces().share = share

    @property
    def gate(self) -> Gate:
        """The waits that the service asked for."""
        return self._shared_paces().gate

    # --- before an attempt ---------------------------------------------------------------------------

    def at_once(self, call: Call, progress: Progress) -> bool:
        """Take the turn, where nobody and nothing is in the way."""
        group = self.group(call.model)
        if self.waiting:
            line = self._lines.get(group)
            if line is not None and line.waiting:
                return False
        if self.gate.left_s(group) > 0:
            return False
        if progress.patient:
            own = self._models.get(group)
            if not self._place.closed or not (own is None or own.closed):
                return False
        return self._take(call, progress, group)[0] <= 0

    async def wait(self, call: Call, progress: Progress) -> float:
        """Wait for the turn, and return the seconds waited.

        Raises:
            OutageError: An outage lasts too long.
        """
        group, began = self.group(call.model), self._clock()
        line = self._lines.setdefault(group, _Line())
        onlooker = progress.watch if isinstance(progress.watch, Onlooker) else None
        self.waiting += 1
        line.enter(onlooker)
        counted = False
        try:
            while True:
                if self.gate.left_s(group) > 0:
                    self._says(line, f"the service asks to wait {self.gate.left_s(group):.0f} s")
                    await self.gate.enter(group, self._jitter)
                async with line.head:
                    if progress.patient:
                        await self._sit_out(group, line, progress, began)
                    wait_s, word = self._take(call, progress, group)
                    while wait_s > 0 and self.gate.left_s(group) <= 0:
                        self.held += not counted
                        counted = True
                        self._says(line, f"limited by {word} per minute", whose=f" of {group}")
                        await self._pause(max(wait_s, _SHORTEST_S))
                        wait_s, word = self._take(call, progress, group)
                    if wait_s <= 0 and self.gate.left_s(group) <= 0:
                        return self._clock() - began
                    self._leave(progress)
        except asyncio.CancelledError:
            self._leave(progress)
            raise
        finally:
            self.waiting -= 1
            line.leave(onlooker)

    def _says(self, line: _Line, note: str, *, whose: str = "") -> None:
        self._note = note
        line.says(f"{note}{whose}")

    async def _sit_out(self, group: str, line: _Line, progress: Progress, began: float) -> None:
        """Wait until every breaker lets one pass, and take the passes."""
        while True:
            shut = next((b for b in self._breakers(group) if b.wait_s() != 0), None)
            if shut is None:
                break
            wait_s, now = shut.wait_s(), self._clock()
            self._says(line, "the service has trouble; one call tries for all")
            left_s = self._outage_s - progress.outage_s - (now - began)
            if left_s <= 0 and shut.last is not None:
                raise OutageError(progress.last or shut.last, now - shut.since)
            if wait_s is None:
                await shut.changed()
            else:
                await self._pause(min(wait_s, max(left_s, _SHORTEST_S)))
        passes = [breaker.enter() for breaker in self._breakers(group)]
        progress.passes = [one for one in passes if one is not None]
        if progress.passes:
            progress.outage_s += self._clock() - began

    def _take(self, call: Call, progress: Progress, group: str) -> tuple[float, str]:
        if call.request is None:
            return 0.0, ""
        pace = self._shared_paces().of(group, fast=call.request.speed == "fast")
        ticket = Ticket(call.request, len(call.body) if isinstance(call.body, bytes) else 0)
        wait_s, word = pace.take(ticket)
        if wait_s <= 0:
            progress.pace, progress.ticket = pace, ticket
        return wait_s, word

    def _leave(self, progress: Progress) -> None:
        """Give back what was taken for an attempt that does not go out."""
        pace, ticket, passes = progress.pace, progress.ticket, progress.passes
        progress.pace, progress.ticket, progress.passes = None, None, []
        if pace is not None and ticket is not None:
            pace.unsent(ticket)
        for one in passes:
            one.breaker.ended(one)

    # --- during and after it -------------------------------------------------------------------------

    def heard(self, progress: Progress, found: Mapping[str, str], date: str | None, *, refused: bool) -> None:
        """Take what the headers of an answer tell of limits."""
        if progress.pace is not None and progress.ticket is not None:
            progress.pace.hear(progress.ticket, found, date, refused=refused)

    def succeeded(self, call: Call, progress: Progress, usage: Usage | None) -> None:
        """Note a good answer."""
        if progress.pace is not None and progress.ticket is not None:
            progress.pace.answered(progress.ticket, usage)
        if not progress.passes and self._place.all_well and not self._models:
            return
        self._well(call, progress)

    def failed(self, call: Call, progress: Progress, failure: Failure, *, alone: bool) -> bool:
        """Note a failure; return whether it belongs to an outage that is known, so that it does not count."""
        if progress.pace is not None and progress.ticket is not None:
            progress.pace.failed(progress.ticket, failure.status, paid=failure.paid != "no")
        if failure.outage is None:
            if failure.status is not None:
                self._well(call, progress)
            else:
                self._over(progress)
            return False
        if failure.status is None and not self.answered:
            self._over(progress)
            return False
        group = self.group(call.model)
        breaker = self._place if failure.outage == "place" else self._of(group)
        passes = {one.breaker: one for one in progress.passes}
        progress.passes = []
        free = breaker.failed(passes.pop(breaker, None), failure, alone=alone)
        for one in passes.values():
            one.breaker.succeeded(one)
        return free

    def trip(self, call: Call, failure: Failure) -> bool:
        """Call it an outage, where so much fails that nothing more shall be tried at once.

        Returns:
            Whether it is one: then the call waits with the others.
        """
        if failure.outage is None or (failure.status is None and not self.answered):
            return False
        breaker = self._place if failure.outage == "place" else self._of(self.group(call.model))
        breaker.trip(failure)
        return True

    def stopped(self, progress: Progress) -> None:
        """Note an attempt that was cancelled on its way."""
        if progress.pace is not None and progress.ticket is not None:
            progress.pace.failed(progress.ticket, None, paid=True)
        self._over(progress)

    def hold(self, call: Call, seconds: float) -> None:
        """Let nobody of the call's model group pass for so many seconds."""
        self.gate.hold(self.group(call.model), seconds)

    def _well(self, call: Call, progress: Progress) -> None:
        passes = {one.breaker: one for one in progress.passes}
        progress.passes = []
        group = self.group(call.model)
        for breaker in self._breakers(group):
            breaker.succeeded(passes.get(breaker))
            if not self.waiting:
                breaker.nobody_waits()

    def _over(self, progress: Progress) -> None:
        passes, progress.passes = progress.passes, []
        for one in passes:
            one.breaker.ended(one)

    # --- who shares what -----------------------------------------------------------------------------

    def group(self, model: str | None) -> str:
        """Return the model group whose limits a model shares."""
        found = self._groups.get(model)
        if found is None:
            found = self._groups[model] = catalog().group(model) if model else ""
        return found

    def _breakers(self, group: str) -> tuple[Breaker, ...]:
        own = self._models.get(group)
        return (self._place,) if own is None else (self._place, own)

    def _of(self, group: str) -> Breaker:
        found = self._models.get(group)
        if found is None:
            found = self._models[group] = Breaker(self._clock, self._jitter)
        return found

    def _shared_paces(self) -> Paces:
        """Return the paces of the running loop; a transport with a clock of its own has its own."""
        running = asyncio.get_running_loop()
        if self._paces is None or self._loop is not running:
            if self._loop is not None:
                self._lines = {}
            self._loop = running
            own = self._clock is not time.monotonic
            self._paces = (
                Paces(self._endpoint, self._pause, self._clock, self._folder)
                if own
                else known.of(self._endpoint, self._folder)
            )
        return self._paces
