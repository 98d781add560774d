"""A budget for everything a run pays: the worst case is put aside before a call, the rest given back after.

What is spent can so never pass the budget, however many calls are in flight and in whatever order they end::

    hold = await purse.reserve(request)      # waits while the budget is tied up in other calls
    try:
        reply = await send(request, watch=…) # whose `lost` is the hold's
        hold.settle(reply)
    finally:
        hold.release()                       # gives back what is still held: after `settle`, nothing

Judges, cache warm-ups, errors asked again: whatever else spends in a run reserves from the same purse.
A cent that a call may have cost although its answer was lost is counted too, in `Purse.perhaps`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from decimal import Decimal
from typing import TYPE_CHECKING

from workbench.cost import dollars, list_prices
from workbench.cost.rates import Refusal
from workbench.cost.worst import today
from workbench.errors import BudgetError, IncompleteError
from workbench.runner.worst import ONE, ZERO, Worst, worst_case

if TYPE_CHECKING:
    from workbench.reply import Reply
    from workbench.wire import Request


class Hold:
    """Dollars put aside for one call; made by `Purse.reserve`.

    Attributes:
        amount: Dollars held now.
    """

    __slots__ = ("_purse", "_worst", "amount")

    def __init__(self, purse: Purse | None, worst: Worst) -> None:
        self._purse = purse
        self._worst = worst
        self.amount = worst.dollars

    def settle(self, reply: Reply) -> None:
        """Pay for an answer and give the rest back; what was recorded before costs nothing."""
        if self._purse is None:
            return
        if reply.source == "live":
            self._purse.pay(reply, self._worst)
        self.release()

    def lost(self) -> bool:
        """Count an attempt as perhaps paid, at its worst case, and put aside as much for the next.

        To be told also of the last attempt, and of one that was cut off; `release` then gives back what was
        put aside for a next one that never came.

        Returns:
            Whether the budget has room for another attempt.
        """
        if self._purse is None:
            return True
        held, self.amount = self.amount, ZERO
        self.amount = self._purse.lose(self._worst.dollars, held)
        return self.amount > 0

    async def again(self) -> None:
        """Put aside as much for the next attempt as for the first, as soon as that fits; in turn with others.

        Raises:
            BudgetError: It can never fit.
        """
        if self._purse is not None and not self.amount:
            await self._purse.once_more(self._worst.dollars)
            self.amount = self._worst.dollars

    def release(self) -> None:
        """Give back what is held: nothing was sent, or nothing more will be charged. Again does no harm."""
        held, self.amount = self.amount, ZERO
        if self._purse is not None and held:
            self._purse.give_back(held)


_FREE = Hold(None, Worst(ZERO, 0))


class Purse:
    """The budget of one run; used in one event loop.

    Args:
        cap: Dollars that the run may pay; None: no limit, and nothing is counted.
        spent: Dollars that earlier sittings paid.
        perhaps: Dollars that earlier sittings may have paid for answers that were lost.
        unpriced: A model among those paid for whose price is not known.

    Attributes:
        spent: Dollars paid, exactly: by the usage of the answers.
        perhaps: Dollars that lost answers, and those without usage, may have cost: each at its worst case.
        reserved: Dollars put aside for calls in flight.
    """

    def __init__(
        self,
        cap: Decimal | None,
        *,
        spent: Decimal = ZERO,
        perhaps: Decimal = ZERO,
        unpriced: str | None = None,
    ) -> None:
        self.cap = cap
        self.spent = spent
        self.perhaps = perhaps
        self.reserved = ZERO
        self._unpriced = unpriced
        self._out = 0
        self._stretch: dict[str, Decimal] = {}
        self._waiting: deque[tuple[Decimal, asyncio.Future[None]]] = deque()

    async def reserve(self, request: Request, *, batch: bool = False) -> Hold:
        """Put aside the most that a request may cost.

        Waits, first come first served, while that does not fit and other calls are in flight: they give
        back what they did not need.

        Args:
            request: As it will be sent.
            batch: At the price of the batch endpoint.

        Raises:
            IncompleteError: It can never fit, or the model has no known price.
        """
        if self.cap is None:
            return _FREE
        if self._unpriced is not None:
            raise self._unkept(self._unpriced)
        worst = worst_case(request, batch=batch, stretch=self._stretch.get(request.model, ONE))
        if isinstance(worst, Refusal):
            raise self._unkept(request.model, worst.reason)
        if worst.dollars and (self._waiting or not self._fits(worst.dollars)):
            await self._turn(worst.dollars)
        else:
            self._put_aside(worst.dollars)
        return Hold(self, worst)

    # --- what a hold says ------------------------------------------------------------------------------

    def pay(self, reply: Reply, worst: Worst) -> None:
        """Count what an answer cost."""
        bill, model = reply.cost, reply.message.model or reply.request.model
        if bill.total is not None:
            self.spent += bill.total
        elif list_prices(model, today()):  # the price is known, the usage is not
            self.perhaps += worst.dollars
        else:
            self.spent += bill.known
            self._unpriced = model
        self._learn(reply, worst)

    def lose(self, worst: Decimal, held: Decimal) -> Decimal:
        """Count a lost attempt, and put as much aside again where it fits; returns what is."""
        self.perhaps += worst
        if held:
            self._take_back(held)
        again = worst if self._fits(worst) and self._unpriced is None else ZERO
        if again:
            self._put_aside(again)
        self._serve()
        return again

    async def once_more(self, amount: Decimal) -> None:
        """Put an amount aside again; raises as `reserve`."""
        if self._waiting or not self._fits(amount):
            await self._turn(amount)
        else:
            self._put_aside(amount)

    def give_back(self, held: Decimal) -> None:
        """Take back what a call did not need."""
        self._take_back(held)
        self._serve()

    # --- the queue -------------------------------------------------------------------------------------

    async def _turn(self, amount: Decimal) -> None:
        """Wait until the amount was put aside."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((amount, turn))
        self._serve()
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled() and turn.exception() is None:
                self._take_back(amount)  # served in the moment of the cancellation
            self._serve()
            raise

    def _serve(self) -> None:
        """Put aside for those who wait, in their order, what fits; nobody waits for what cannot come."""
        while self._waiting:
            amount, turn = self._waiting[0]
            if turn.done():
                pass
            elif self._unpriced is not None:
                turn.set_exception(self._unkept(self._unpriced))
            elif self._fits(amount):
                self._put_aside(amount)
                turn.set_result(None)
            elif not self._out:
                turn.set_exception(self._used_up(amount))
            else:
                return
            self._waiting.popleft()

    def _fits(self, amount: Decimal) -> bool:
        return self.cap is not None and self.spent + self.perhaps + self.reserved + amount <= self.cap

    def _put_aside(self, amount: Decimal) -> None:
        self._out += 1 if amount else 0
        self.reserved += amount

    def _take_back(self, amount: Decimal) -> None:
        self._out -= 1
        self.reserved = self.reserved - amount if self._out else ZERO  # no rounding is left behind

    def _learn(self, reply: Reply, worst: Worst) -> None:
        """Raise the estimates of a model's input where an answer shows them to be too low."""
        usage = reply.usage
        if usage is not None and usage.known and usage.total_input > worst.input_tokens:
            found = Decimal(usage.total_input) / max(1, worst.input_tokens)
            self._stretch[reply.request.model] = found * self._stretch.get(reply.request.model, ONE)

    # --- what is said ----------------------------------------------------------------------------------

    def _used_up(self, amount: Decimal) -> BudgetError:
        lost = f"{dollars(self.perhaps)} perhaps paid, " if self.perhaps else ""
        return BudgetError(
            f"the budget of ${self.cap} is used up ({dollars(self.spent)} spent, {lost}this call may cost "
            f"{dollars(amount)}); what is answered is kept, and a larger budget goes on"
        )

    def _unkept(self, model: str, reason: str = "") -> IncompleteError:
        why = "" if not reason or reason.startswith("no price is known") else f" here ({reason})"
        return IncompleteError(
            f"{model} has no known price{why}, so the budget of ${self.cap} cannot be kept; "
            "go on without budget_usd"
        )
