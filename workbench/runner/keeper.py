"""Keeps prefixes warm that calls still to come will read, and writes those whose first call gives no sign."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol

from workbench.errors import APIError, BadRequestError, WorkbenchError
from workbench.run import Warmed
from workbench.runner.lease import Halted, Lease
from workbench.runner.verdict import describe, stops
from workbench.runner.warm import prewarm_pays, refresh_pays, warming

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from workbench.reply import Reply
    from workbench.runner.ahead import Ahead
    from workbench.runner.commit import Committer
    from workbench.runner.lease import Desk, Permit
    from workbench.runner.prefixes import Prefixes, Turn
    from workbench.runner.warm import Warming
    from workbench.wire import Request

logger = logging.getLogger("workbench")

LEAD_S = 30.0
"""So many seconds before an entry is gone it is read once more: long enough for a call that is held back."""
LOOKS = 3
"""How often in that time the entries are looked through."""


class Warmer(Protocol):
    """Sends a request that only warms the prompt cache; a client's part in a run."""

    def may_warm(self, request: Request) -> bool:
        """Return whether the service takes such a request."""

    async def warm(self, request: Request, *, permit: Permit) -> Reply:
        """Send it; what comes back is kept nowhere."""


class Keeper:
    """Sends the calls of a run that only warm the prompt cache.

    They are paid for like any other: money is put aside, the intent is on disk before they leave, and what
    they cost is in the journal. What goes wrong with one ends nothing: the next trial finds it too.

    Args:
        prefixes: What is written, and until when it lives.
        warmer: Sends.
        ahead: Who is still to come.
        desk: Whose money and slots are used.
        commits: Where the journal's records go.
        halted: Whether the run stops.
        lead_s: Seconds before its end at which an entry is kept.
        sleep: Waits.

    Attributes:
        warmed: The calls that came to an end.
        lost: Calls sent whose end is not known: perhaps paid.
        calls: Those under way.
    """

    def __init__(
        self,
        prefixes: Prefixes,
        warmer: Warmer,
        *,
        ahead: Ahead,
        desk: Desk,
        commits: Committer,
        halted: Callable[[], bool],
        lead_s: float | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.warmed: list[Warmed] = []
        self.lost = 0
        self.calls: set[asyncio.Task[bool]] = set()
        self._prefixes = prefixes
        self._warmer = warmer
        self._ahead = ahead
        self._desk = desk
        self._commits = commits
        self._halted = halted
        self._lead_s = LEAD_S if lead_s is None else lead_s
        self._sleep = sleep
        self._useless: set[str] = set()
        """Models whose cache nothing is known to come of, or whose service takes no such request."""
        self._stopped = False

    # --- keeping -------------------------------------------------------------------------------------

    async def keep(self) -> None:
        """Look through the entries, again and again; ended by being cancelled."""
        while not self._stopped:
            await self._sleep(self._lead_s / LOOKS)
            await self.look()

    async def look(self) -> None:
        """Read once more what will be gone soon and is still to be read, where that pays."""
        covered: set[str] = set()
        tasks = []
        for key in self._prefixes.due(self._lead_s):
            if key in covered:
                continue  # a longer prefix that is read keeps what it begins with
            if (found := self._worth(key)) is not None:
                variant, warm = found
                covered.update(warm.keys)
                tasks.append(self._start(variant, warm, slot=False))
        if tasks:
            await asyncio.wait(tasks)

    def _worth(self, key: str) -> tuple[str, Warming] | None:
        """Return the call that keeps a prefix, and for whom; None where nobody comes or it does not pay."""
        reader = self._ahead.reader(key)
        if reader is None:
            return None
        trial, request = reader
        warm = warming(request, key)
        if warm is None or not self._possible(warm) or not refresh_pays(warm, self._prefixes.times_kept(key)):
            return None
        return trial.variant.name, warm

    # --- writing before the first trial ----------------------------------------------------------------

    async def lead(self, request: Request, turn: Turn) -> bool:
        """Write what *turn* would write for others; returns whether that was done, and a new turn is due.

        Args:
            request: The trial's, as it will be sent.
            turn: It leads.
        """
        found = self._led(request, turn)
        if found is None:
            return False
        started = self._prefixes.now()
        task = self._start(*found, slot=True)
        await asyncio.wait([task])  # it goes on when whoever waits here is stopped
        if task.cancelled() or task.exception() is not None or not task.result():
            return False
        turn.warmed(found[1].keys, started)
        return True

    def _led(self, request: Request, turn: Turn) -> tuple[str, Warming] | None:
        if self._desk.slots.most < 2:  # one at a time: nobody could go meanwhile
            return None
        if not prewarm_pays(request, streamed=bool(request.stream), batch=False):
            return None
        shared = [key for key in turn.writes if self._ahead.readers(key) > 1]  # itself is one of them
        reader = self._ahead.reader(shared[-1]) if shared else None
        warm = warming(request, shared[-1]) if shared else None
        if reader is None or warm is None or not self._possible(warm):
            return None
        return reader[0].variant.name, warm

    # --- sending -------------------------------------------------------------------------------------

    def _possible(self, warm: Warming) -> bool:
        if self._stopped or self._halted() or warm.request.model in self._useless:
            return False
        return self._warmer.may_warm(warm.request)

    def _start(self, variant: str, warm: Warming, *, slot: bool) -> asyncio.Task[bool]:
        task = asyncio.create_task(self._send(variant, warm, slot=slot))
        self.calls.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[bool]) -> None:
        self.calls.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._stopped = True
            logger.warning("prefixes are kept warm no more: %r", error)

    async def _send(self, variant: str, warm: Warming, *, slot: bool) -> bool:
        """Send one call; returns whether the prefix is warm now."""
        call = _Call(self, warm.request, slot=slot)
        started = self._prefixes.now()
        try:
            reply = await self._warmer.warm(warm.request, permit=call.permit)
        except Halted:
            return False
        except asyncio.CancelledError:
            if call.never_went_out:
                call.take_back()
            raise
        except APIError as error:
            self._failed(variant, warm.request, error, call)
            return False
        except (WorkbenchError, TimeoutError) as error:  # no money to spare, no space on the disk
            if call.never_went_out:
                call.take_back()
            logger.debug("not kept warm: %s", error)
            return False
        self._note(Warmed.answered(variant, reply), call)
        usage = reply.usage
        if usage is None or not (usage.cache_read_input_tokens or usage.cache_creation_input_tokens):
            self._useless.add(warm.request.model)
            return False
        self._prefixes.kept(warm.keys, started)
        return True

    def _failed(self, variant: str, request: Request, error: APIError, call: _Call) -> None:
        self._stopped = self._stopped or stops(error)  # the next trial finds out, and ends the run
        if isinstance(error, BadRequestError):
            self._useless.add(request.model)
        logger.info("a prefix was not kept warm: %s", error)
        if call.sent:
            said = describe(error)
            self._note(Warmed(variant, request.model, error=said, request_id=error.request_id), call)

    def _note(self, warmed: Warmed, call: _Call) -> None:
        call.over()
        self.warmed.append(warmed)
        self._commits.note(warmed.record())

    async def reserve(self, lease: Lease, request: Request, *, slot: bool) -> None:
        """Take money, which must be there now, and a slot: a call that only keeps takes none from a trial.

        Raises:
            TimeoutError, IncompleteError: The budget has nothing to spare.
        """
        async with asyncio.timeout(0):  # a reservation that fits does not wait
            lease.hold = await self._desk.purse.reserve(request)
        if slot:
            await self._desk.slots.take()
            lease.slots = self._desk.slots

    async def begin(self, request: Request) -> None:
        """Put the intent on disk.

        Raises:
            Halted: The run stops.
            DiskFullError, JournalError: It cannot be written.
        """
        self._commits.note({"type": "intent", "index": None, "key": request.key})
        try:
            await self._commits.flush()
        except BaseException:
            self.unsent()
            raise
        if self._halted():
            self.unsent()
            raise Halted

    def unsent(self) -> None:
        """Take an intent back: nothing was charged."""
        self._commits.note({"type": "unsent", "index": None})


def keeper_for(
    warmer: Warmer | None, ahead: Ahead, desk: Desk, commits: Committer, halted: Callable[[], bool]
) -> Keeper | None:
    """Return what keeps a run's prefixes warm; None where it has none, or nobody who sends."""
    if warmer is None or desk.prefixes is None:
        return None
    return Keeper(desk.prefixes, warmer, ahead=ahead, desk=desk, commits=commits, halted=halted)


class _Call:
    """One call on its way."""

    def __init__(self, keeper: Keeper, request: Request, *, slot: bool) -> None:
        self.sent = False
        self._lease = Lease(None)
        self._keeper = keeper
        self._request = request
        self._slot = slot

    @asynccontextmanager
    async def permit(self, request: Request) -> AsyncIterator[Lease]:
        """Give leave to send: money, slot, intent; the keeper's `Permit`."""
        lease = self._lease
        try:
            await self._keeper.reserve(lease, request, slot=self._slot)
            await self._keeper.begin(self._request)
            self.sent = True
            self._keeper.lost += 1
            yield lease
        except APIError as error:
            lease.error = error
            raise
        finally:
            lease.close()

    @property
    def never_went_out(self) -> bool:
        """Whether nothing of it can have been charged."""
        return not (self._lease.on_wire or self._lease.losses)

    def take_back(self) -> None:
        """It was never sent after all."""
        if self.sent:
            self._keeper.unsent()
        self.over()

    def over(self) -> None:
        """Its end is known."""
        if self.sent:
            self.sent = False
            self._keeper.lost -= 1
