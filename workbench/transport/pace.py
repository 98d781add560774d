"""The pace of one model group: as fast as its limits allow, and no faster.

Nothing is held, and nothing counted, until the service has told its limits. From then on every call takes its
share of requests, input and output tokens out of buckets that refill as the service's do; what it really used
and what the service says is left correct them.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from workbench.retry import timestamp
from workbench.transport import told as headers
from workbench.transport.bucket import Bucket

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from workbench.transport.bucket import Mark
    from workbench.transport.guess import Expected, Guess
    from workbench.transport.shared import Shared
    from workbench.transport.told import Told
    from workbench.wire import Request, Usage

_WORDS = ("requests", "input tokens", "output tokens")
_INPUT, _OUTPUT = 1, 2
_FREE = (0.0, 0.0, 0.0)
_UNMARKED = (None, None, None)


class Ticket:
    """A call's share.

    Attributes:
        request: What is sent.
        size: Bytes of its body.
        expected: What it may use, where that was looked at.
        charged: Requests, input and output tokens taken.
        marks: Where each bucket stood then.
    """

    __slots__ = ("charged", "expected", "marks", "request", "sent", "size")

    def __init__(self, request: Request, size: int) -> None:
        self.request = request
        self.size = size
        self.sent = 0
        self.expected: Expected | None = None
        self.charged: Sequence[float] = _FREE
        self.marks: Sequence[Mark | None] = _UNMARKED


class Pace:
    """The limits of one model group, and who draws from them.

    Args:
        clock: Seconds that only go forward.
        guess: What calls will use.
        shared: Where other processes see the same buckets; None keeps them to this one.
        fast: Whether this is fast mode, which has limits of its own.
        wall: Seconds since the epoch, where the service does not tell its own time.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        guess: Guess,
        *,
        shared: Shared | None = None,
        fast: bool = False,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._guess = guess
        self._shared = shared
        self._fast = fast
        self._wall = wall
        self._buckets: list[Bucket | None] = [None, None, None]
        self._open: set[Ticket] = set()
        self._sent = 0
        self._making = 0.0  # output tokens charged to answers under way
        self._owed = [0.0, 0.0, 0.0]  # corrections not yet made
        self._alone = [0.0, 0.0, 0.0]  # taken while the shared buckets were out of reach
        if shared is not None and shared.enter(self._buckets):
            shared.leave(self._buckets)
        self.share = 1.0
        """Which part of the limits is ours, where others on other machines have the rest."""
        self.known = any(self._buckets)
        """Whether the service has told a limit."""

    # --- before a call -------------------------------------------------------------------------------

    def take(self, ticket: Ticket) -> tuple[float, str]:
        """Take the share of a call that would go out now.

        Returns:
            0 where it was taken; else the seconds to wait before asking again, and for what.
        """
        if not self.known:
            self._sent += 1
            self._open.add(ticket)
            ticket.sent = self._sent
            return 0.0, ""
        need = self._need(ticket)
        if self._shared is None:
            return self._take(ticket, need)
        entered = self._enter()
        try:
            wait_s, word = self._take(ticket, need)
        finally:
            if entered is not None:
                entered.leave(self._buckets)
        if entered is None and not wait_s:  # the others are told with the next look
            self._alone = [taken - amount for taken, amount in zip(self._alone, need, strict=True)]
        return wait_s, word

    def _enter(self, *, write: bool = False) -> Shared | None:
        """Bring the buckets up to date with other processes; returned is what has to be left again."""
        if self._shared is None:
            return None
        entered = self._shared.enter(self._buckets, write=write)
        if entered and any(self._alone):
            self._put_right(self._alone)
            self._alone = [0.0, 0.0, 0.0]
        self._put_right(self._owed)
        self._owed = [0.0, 0.0, 0.0]
        return self._shared if entered else None

    def _need(self, ticket: Ticket) -> Sequence[float]:
        if ticket.expected is None:
            ticket.expected = self._guess.of(ticket.request, ticket.size)
        return ticket.expected.need

    def _take(self, ticket: Ticket, need: Sequence[float]) -> tuple[float, str]:
        now, wait_s, word = self._clock(), 0.0, ""
        for bucket, amount, name in zip(self._buckets, need, _WORDS, strict=True):
            if bucket is not None:
                bucket.refill(now)
                left_s = bucket.wait_s(amount)
                if left_s > wait_s:
                    wait_s, word = left_s, name
        if not wait_s:
            self._out(ticket, need)
        return wait_s, word

    def _out(self, ticket: Ticket, need: Sequence[float]) -> None:
        self._sent += 1
        self._open.add(ticket)
        ticket.sent = self._sent
        self._charge(ticket, need)

    def _charge(self, ticket: Ticket, need: Sequence[float]) -> None:
        ticket.charged = need
        ticket.marks = [
            bucket.charge(amount, ticket.sent) if bucket is not None else None
            for bucket, amount in zip(self._buckets, need, strict=True)
        ]
        self._making += need[_OUTPUT]

    # --- while it is on its way ----------------------------------------------------------------------

    def hear(self, ticket: Ticket, found: Mapping[str, str], date: str | None, *, refused: bool) -> None:
        """Take what the headers of an answer tell.

        Args:
            ticket: The call's.
            found: The headers.
            date: The time the service has, as its header says.
            refused: Whether the answer is a 429.
        """
        told = headers.read(found, fast=self._fast)
        if not any(told):
            return
        if self.share != 1:
            told = tuple(one and one.part(self.share) for one in told)
        shared = self._enter(write=True)
        try:
            self._hear(ticket, told, date, refused=refused)
        finally:
            if shared is not None:
                shared.leave(self._buckets)

    def _hear(self, ticket: Ticket, told: Sequence[Told | None], date: str | None, *, refused: bool) -> None:
        now, first = self._clock(), not self.known
        if refused:
            self._give_back(ticket)
        for kind, one in enumerate(told):
            if one is None:
                continue
            bucket = self._buckets[kind]
            full_in_s = None
            if bucket is None or not bucket.sized:
                service_s = timestamp(date) if date else None
                full_in_s = headers.seconds_until(one.reset, service_s or self._wall())
            if bucket is None:
                self._buckets[kind] = Bucket(one, full_in_s, now)
                continue
            bucket.refill(now)
            bucket.size(one, full_in_s)
            mark = ticket.marks[kind]
            if refused:
                bucket.empty(one)
            elif mark is not None:
                making = self._making if kind == _OUTPUT else 0.0
                bucket.hear(one, mark, under_way=making, sent=self._sent)
        if first:  # where another process knew the limits, it did not know of these calls
            self.known = True
            self._charge_late(ticket)

    def _charge_late(self, ticket: Ticket) -> None:
        """Charge the calls that went out before limits were known; this one is in what was told."""
        for other in self._open:
            if not any(other.charged):
                need = self._need(other)
                self._charge(other, (0.0, 0.0, need[_OUTPUT]) if other is ticket else need)

    # --- after it ------------------------------------------------------------------------------------

    def answered(self, ticket: Ticket, usage: Usage | None) -> None:
        """Put right what was charged, now that it is known what was used."""
        if ticket.expected is not None and usage is not None and usage.known:
            real_input, real_output = self._guess.learn(ticket.expected, usage, ticket.request.model)
            charged = ticket.charged
            # Of a call that was sent before limits were known, the input was in what the service told first.
            over = charged[_INPUT] - real_input if charged[_INPUT] else 0.0
            self._correct((0.0, over, charged[_OUTPUT] - real_output))
        self._close(ticket)

    def failed(self, ticket: Ticket, status: int | None, *, paid: bool) -> None:
        """Give back what a call that was not answered has not used; the request itself may have counted."""
        if ticket not in self._open:
            return
        if not paid and ticket.expected is not None:
            self._correct((float(status == 429), ticket.charged[_INPUT], ticket.charged[_OUTPUT]))
        self._close(ticket)

    def unsent(self, ticket: Ticket) -> None:
        """Give everything back: the call did not go out after all."""
        if ticket in self._open:
            self._correct(ticket.charged)
            self._close(ticket)

    def _give_back(self, ticket: Ticket) -> None:
        for bucket, amount in zip(self._buckets, ticket.charged, strict=True):
            if bucket is not None:
                bucket.correct(amount)
        self._close(ticket)

    def _correct(self, amounts: Sequence[float]) -> None:
        if self._shared is None:
            self._put_right(amounts)
        else:  # with the next look at the shared buckets
            self._owed = [owed + amount for owed, amount in zip(self._owed, amounts, strict=True)]

    def _put_right(self, amounts: Sequence[float]) -> None:
        for bucket, amount in zip(self._buckets, amounts, strict=True):
            if bucket is not None and amount:
                bucket.correct(amount)

    def _close(self, ticket: Ticket) -> None:
        if ticket in self._open:
            self._open.remove(ticket)
            self._making -= ticket.charged[_OUTPUT]
