"""One column: what was asked, how far the answer is, what it took."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from workbench.errors import APIError, LintError, StreamProtocolError, WorkbenchError
from workbench.lint import Findings
from workbench.widgets.panes import way
from workbench.widgets.panes.judged import NOT_SENT
from workbench.widgets.panes.parts import Growing
from workbench.wire.events import Ping
from workbench.wire.stream import Accumulator

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.reply import Reply
    from workbench.wire import Message, Request, StreamEvent

State = Literal[
    "idle", "queued", "limited", "retrying", "sent", "streaming", "stalled", "done", "stopped", "failed"
]
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
        way: What becomes of its call.
        findings: What lint says of the request.
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
        self.way = way.Way(clock)
        self.findings = Findings()
        self.over = threading.Event()
        self.over.set()
        self.stopping = False
        self.made: dict[str, Any] | None = None
        self.told: object = None
        self._clock = clock
        self._accumulator = Accumulator()
        self._first_at: float | None = None
        self._answer_at: float | None = None
        self._last_at: float | None = None

    @property
    def running(self) -> bool:
        """Whether it is being asked."""
        return self.state not in ENDS and self.state != "idle"

    @property
    def refused(self) -> bool:
        """Whether it was not sent, because the service would refuse it."""
        return isinstance(self.error, LintError) and bool(self.findings.errors)

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

    def look(self) -> None:
        """See what holds it up."""
        if not self.running:
            return
        if self._last_at is None:
            self.state, self.reason = self.way.stands()
        elif (quiet_s := self._clock() - self._last_at) >= way.STALL_S:
            self.state, self.reason = "stalled", way.silence(quiet_s)

    def finish(self, reply: Reply) -> None:
        """Take the complete answer."""
        why = _REASONS.get(reply.message.stop_reason or "", "")
        self.state, self.reason, self.reply = "done", why, reply

    def stop(self, why: str = "") -> None:
        """Leave what has come as it is."""
        if self.state not in ENDS:
            self.state, self.reason, self.partial = "stopped", why, self._came()

    def fail(self, error: WorkbenchError) -> None:
        """Say why there is no answer; what has come stays."""
        if self.state not in ENDS:
            self.state, self.error = "failed", error
            self.reason = NOT_SENT if self.refused else str(error)
            self.partial = self._came()

    def _came(self) -> Message | None:
        try:
            found = self._accumulator.partial
        except StreamProtocolError:
            return None
        return found if found is not None and found.content else None
