"""One column: what was asked, how far the answer is, what it took."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from workbench.errors import APIError, StreamProtocolError, WorkbenchError
from workbench.widgets.panes.parts import Growing
from workbench.wire.events import Ping
from workbench.wire.stream import Accumulator

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.reply import Reply
    from workbench.wire import Message, Request, StreamEvent

State = Literal["idle", "queued", "limited", "retrying", "streaming", "stalled", "done", "stopped", "failed"]
"""``idle`` is not asked yet. The last three are ends."""

_numbers = itertools.count(1)

_REASONS: Final = {
    "refusal": "refused",
    "max_tokens": "cut off at max_tokens",
    "model_context_window_exceeded": "cut off: the context window is full",
    "pause_turn": "paused, and can go on",
    "tool_use": "waits for tool results",
}

ENDS: Final = frozenset({"done", "stopped", "failed"})
STALL_S: Final = 10.0
"""Seconds without an event after which a stream is called stalled; pings are none."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn that is over."""

    request: Request
    reply: Reply


class Column:
    """One column of a run view. It is changed on the package's loop only.

    Args:
        label: Its heading.
        request: What is asked; None where what was given is no request.
        clock: Seconds that only go forward.
        earlier: The turns before this one.

    Attributes:
        number: Its own, never used again.
        state: How far it is.
        reason: Why it is so, in words; empty where the state says all.
        reply: The complete answer.
        error: Why there is none.
        partial: What had come of an answer that was stopped or broke.
        growing: The parts of the answer as they come.
        over: Set when it has ended, is shown, and who wanted to know was told.
        stopping: Whether it shall stop.
        made: How the page shows its end, once that is made.
    """

    def __init__(
        self,
        label: str,
        request: Request | None,
        *,
        clock: Callable[[], float],
        earlier: tuple[Turn, ...] = (),
    ) -> None:
        self.number = next(_numbers)
        self.label = label
        self.request = request
        self.earlier = earlier
        self.state: State = "idle"
        self.reason = ""
        self.reply: Reply | None = None
        self.error: WorkbenchError | None = None
        self.partial: Message | None = None
        self.growing = Growing()
        self.over = threading.Event()
        self.over.set()
        self.stopping = False
        self.made: dict[str, Any] | None = None
        self.told: object = None
        self._clock = clock
        self._accumulator = Accumulator()
        self._failures = self._perhaps = 0
        self._first_at: float | None = None
        self._answer_at: float | None = None
        self._last_at: float | None = None

    @property
    def running(self) -> bool:
        """Whether it is being asked."""
        return self.state not in ENDS and self.state != "idle"

    @property
    def waiting(self) -> bool:
        """Whether it is being asked, and nothing has come yet."""
        return self.running and self._last_at is None

    @property
    def message(self) -> Message | None:
        """The answer, complete or as far as it came."""
        return self.reply.message if self.reply is not None else self.partial

    @property
    def answer_s(self) -> float | None:
        """Seconds from sending to the first token of the answer, thinking apart; None where not measured."""
        reply = self.reply
        if reply is None or reply.cached or reply.timing.ttft_s is None:
            return None
        if self._answer_at is None or self._first_at is None:
            return None
        # Seen here a little later than it came in: never later than the end.
        return min(reply.timing.ttft_s + self._answer_at - self._first_at, reply.timing.total_s)

    def queue(self) -> None:
        """Begin to wait."""
        self.state, self.reason, self.stopping = "queued", "", False
        self.over.clear()

    def take(self, event: StreamEvent) -> None:
        """Take the next event of the answer."""
        if isinstance(event, Ping):
            return
        now = self._last_at = self._clock()
        self.state, self.reason = "streaming", ""
        try:
            self._accumulator.add(event)
        except (StreamProtocolError, APIError):
            return  # whoever sends meets the same, and raises it
        if self._first_at is None and event.type.startswith("content_block"):
            self._first_at = now
        if self.growing.take(event) == "text" and self._answer_at is None:
            self._answer_at = now

    def missed(self, attempts: int, *, own: bool) -> None:
        """Note attempts that failed and are made again: its own, or those of one of several that wait."""
        if own:
            self._failures += attempts
        else:
            self._perhaps += attempts

    def look(self, note: str) -> None:
        """See what holds it up.

        Args:
            note: What holds calls back now, in the words of the transport.
        """
        if not self.running:
            return
        if self._last_at is not None:
            quiet = self._clock() - self._last_at
            if quiet >= STALL_S:
                self.state, self.reason = "stalled", f"nothing has come for {quiet // 10 * 10:.0f} s"
        elif note:
            self.state, self.reason = "limited", note
        elif self._failures:
            self.state, self.reason = "retrying", f"{_attempts(self._failures)} failed; the next follows"
        else:
            more = f"; {_attempts(self._perhaps)} of those that wait failed" if self._perhaps else ""
            self.state, self.reason = "queued", f"waiting for the first token{more}"

    def finish(self, reply: Reply) -> None:
        """Take the complete answer."""
        why = _REASONS.get(reply.message.stop_reason or "", "")
        self.state, self.reason, self.reply = "done", why, reply

    def stop(self, why: str = "before the end") -> None:
        """Leave what has come as it is."""
        if self.state not in ENDS:
            self.state, self.reason, self.partial = "stopped", why, self._came()

    def fail(self, error: WorkbenchError) -> None:
        """Say why there is no answer; what has come stays."""
        if self.state not in ENDS:
            self.state, self.reason, self.error = "failed", str(error), error
            self.partial = self._came()

    def _came(self) -> Message | None:
        try:
            found = self._accumulator.partial
        except StreamProtocolError:
            return None
        return found if found is not None and found.content else None


def _attempts(count: int) -> str:
    return "an attempt" if count == 1 else f"{count} attempts"
