"""What must be true before a call is paid for: its turn, its money, its slot, its intent written."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol

from workbench.errors import APIError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    from workbench.reply import Reply
    from workbench.runner.keeper import Keeper
    from workbench.runner.prefixes import Prefixes, Turn
    from workbench.runner.purse import Hold, Purse
    from workbench.runner.slots import Slots
    from workbench.wire import Request


class Halted(Exception):  # noqa: N818 - no error: the run ends before this call was sent
    """The run stops: the call that asked for leave must not be sent. It never leaves the runner."""


class Permit(Protocol):
    """Leave to send one request, asked for when it is certain that it must be sent."""

    def __call__(self, request: Request) -> AbstractAsyncContextManager[Lease]:
        """Wait for the leave, and give back what it held when the call is over.

        Raises:
            Halted: The run stops.
            IncompleteError: The budget does not reach.
            DiskFullError, JournalError: The intent cannot be written down.
        """


class Desk:
    """Hands out leave to send.

    Args:
        slots: Calls in flight.
        purse: Dollars of the run.
        prefixes: Who writes a shared prefix and who reads it; None where no prompt has a breakpoint.

    Attributes:
        keeper: Writes a prefix whose first call gives no sign before its end; None where nobody does.
    """

    def __init__(self, slots: Slots, purse: Purse, prefixes: Prefixes | None = None) -> None:
        self.slots = slots
        self.purse = purse
        self.prefixes = prefixes
        self.keeper: Keeper | None = None

    @asynccontextmanager
    async def leave(
        self, request: Request, begin: Callable[[], Awaitable[None]], *, batch: bool = False
    ) -> AsyncIterator[Lease]:
        """Wait until *request* may be sent, and settle what was held when the call is over.

        Args:
            request: As it will be sent.
            begin: Writes the intent down; awaited last of all.
            batch: Whether it is charged as one of a batch.
        """
        lease = Lease(await self._turn(request))
        try:
            lease.hold = await self.purse.reserve(request, batch=batch)
            await self.slots.take()
            lease.slots = self.slots
            await begin()
            yield lease
        except APIError as error:
            lease.error = error
            raise
        finally:
            lease.close()

    async def _turn(self, request: Request) -> Turn | None:
        """Wait for a turn at the prefixes of a request; it need not lead where another call can."""
        turn = await self.prefixes.turn(request) if self.prefixes is not None else None
        if turn is None or self.prefixes is None or self.keeper is None or not turn.leads:
            return turn
        try:
            led = await self.keeper.lead(request, turn)
        except BaseException:
            turn.over()
            raise
        if not led:
            return turn
        turn.over()
        return await self.prefixes.turn(request)


class Lease:
    """The leave to send one call; the transport tells it how the call goes.

    Attributes:
        reply: What came of it, once it came.
        error: Why nothing came.
        on_wire: Whether an attempt is on its way.
        losses: Attempts that may have been charged for nothing.
        when_sent: Called when an attempt goes out.
    """

    def __init__(self, turn: Turn | None) -> None:
        self.hold: Hold | None = None
        self.slots: Slots | None = None
        self.reply: Reply | None = None
        self.error: APIError | None = None
        self.on_wire = False
        self.losses = 0
        self.when_sent: Callable[[], None] | None = None
        self._turn = turn

    @property
    def expected(self) -> dict[str, int] | None:
        """Tokens expected from the prompt cache: ``read``, ``write``, and ``total`` of the prompt."""
        return None if self._turn is None else self._turn.expected

    def sends(self) -> None:
        """Note that an attempt goes out."""
        self.on_wire = True
        if self._turn is not None:
            self._turn.sent()
        if self.when_sent is not None:
            self.when_sent()

    def waits(self) -> None:
        """Note that nothing is on its way until the next attempt."""
        self.on_wire = False

    def began(self) -> None:
        """Note that the answer has begun: what it wrote to the prompt cache can be read now."""
        if self._turn is not None:
            self._turn.began()

    def lost(self) -> bool:
        """Note an attempt that may have been charged for nothing; False where another must be waited for."""
        self.losses += 1
        return self.hold is None or self.hold.lost()

    async def again(self) -> None:
        """Wait until there is money for another attempt."""
        if self.hold is not None:
            await self.hold.again()

    def answered(self, reply: Reply) -> None:
        """Note the reply."""
        self.reply = reply
        self.began()

    def close(self) -> None:
        """Give back what was held."""
        if self._turn is not None:
            self._turn.over()
        if self.hold is not None:
            if self.reply is not None:
                self.hold.settle(self.reply)
            else:
                self.hold.release()
        if self.slots is not None:
            self.slots.give(self.reply, self.error)
