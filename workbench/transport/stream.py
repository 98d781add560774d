"""One stream while it comes in: bytes to events to a message."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from workbench.errors import APIStatusError, StreamInterruptedError, StreamProtocolError
from workbench.secret import scrub
from workbench.transport import bodies, failures
from workbench.transport.failures import Failure
from workbench.wire.events import Ping, parse_event
from workbench.wire.sse import Decoder
from workbench.wire.stream import Accumulator

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from workbench.transport.limits import Limits
    from workbench.wire import Message
    from workbench.wire.events import StreamEvent

_TAIL_S = 0.5
"""Seconds a connection gets to end after ``message_stop``, so that it can be used again."""


class Incoming:
    """Reads one streamed answer.

    Attributes:
        ttft_s: Seconds from sending to the first content event.
        emitted: Whether the caller has seen an event.
    """

    def __init__(
        self,
        response: httpx.Response,
        limits: Limits,
        sent_at: float,
        emit: Callable[[list[StreamEvent]], None] | None,
        *,
        began: Callable[[], None] = lambda: None,
    ) -> None:
        self.response = response
        self.ttft_s: float | None = None
        self.emitted = False
        self._limits = limits
        self._sent_at = sent_at
        self._emit = emit
        self._began = began
        self._decoder = Decoder()
        self._accumulator = Accumulator()
        self._held: list[StreamEvent] = []

    @property
    def message(self) -> Message:
        """The complete message."""
        return self._accumulator.message

    async def read(self) -> None:
        """Read to the end.

        Raises:
            Failure: Every way a stream can go wrong; a clean end before ``message_stop`` is one.
        """
        kind = self.response.headers.get("content-type", "")
        if not kind.lower().startswith("text/event-stream"):
            raise self._protocol(
                f"asked for a stream, the answer is {failures.visible(kind, 60) or 'untyped'}"
            )
        try:
            await self._read_events()
        except TimeoutError:
            if not self._accumulator.done:
                raise self.interrupted(f"no event for {self._limits.stream_idle_s:g} s") from None
        if not self._accumulator.done:
            raise self.interrupted("the connection ended early")
        try:
            _ = self._accumulator.message
        except StreamProtocolError as error:
            raise self._protocol(error.message) from None

    async def _read_events(self) -> None:
        idle_s = self._limits.stream_idle_s
        clock = asyncio.get_running_loop().time
        async with asyncio.timeout(idle_s) as patience:
            async for chunk in bodies.decoded(self.response, self._limits.stream_bytes):
                # Bytes after message_stop are read, so that the connection can be used again, and ignored.
                if not self._accumulator.done and self._take(chunk):
                    patience.reschedule(clock() + (_TAIL_S if self._accumulator.done else idle_s))
        if not self._accumulator.done:
            try:
                self._decoder.close()
            except StreamProtocolError as error:
                raise self._protocol(error.message) from None

    def _take(self, chunk: bytes) -> bool:
        """Take bytes; return whether there was progress, which pings are not."""
        events: list[StreamEvent] = []
        accumulator, progress = self._accumulator, False
        try:
            for name, data in self._decoder.feed(chunk):
                event = parse_event(name, data)
                accumulator.add(event)
                events.append(event)
                if type(event) is not Ping:
                    progress = True
                    if self.ttft_s is None and event.type.startswith("content_block"):
                        self.ttft_s = time.perf_counter() - self._sent_at
                if accumulator.done:
                    break
        except (StreamProtocolError, APIStatusError) as error:
            if self.emitted:
                self._hand_over(events)
            failed = (
                self._failed(error) if isinstance(error, APIStatusError) else self._protocol(error.message)
            )
            raise failed from None
        if progress:
            self._began()
        self._hand_over(events)
        return progress

    def _hand_over(self, events: list[StreamEvent]) -> None:
        """Give events to the caller, from the first content on: until then it can be tried again."""
        if self._emit is None or not events:
            return
        self._held += events
        if self.ttft_s is not None or self._accumulator.done:
            held, self._held, self.emitted = self._held, [], True
            self._emit(held)

    # --- failures ------------------------------------------------------------------------------------

    def interrupted(self, why: str) -> Failure:
        """Return the failure of a stream that was cut, with what had come."""
        partial = self._partial()
        tokens = partial.usage.output_tokens if partial is not None and partial.usage else None
        came = f"{len(partial.text):,} characters" if partial is not None else "nothing"
        count = f", {tokens} output tokens counted" if tokens else ""
        error = StreamInterruptedError(
            f"{why}: the stream stopped before message_stop{failures.TRIES} ({came} had come{count}); "
            "an incomplete answer is not used",
            partial=partial,
            request_id=failures.request_id(self.response),
        )
        return Failure(error, paid="lost", again=0 if self.emitted else None)

    def _failed(self, error: APIStatusError) -> Failure:
        """Return the failure that an ``error`` event means; it retries like the status it stands for."""
        partial = self._partial()
        where = "at the start of the stream" if partial is None else "in the middle of the stream"
        said = failures.visible(scrub(error.message))
        error.message = f"{error.type or 'error'} {where}: {said}{failures.TRIES}"
        error.args = (error.message,)
        error.request_id = error.request_id or failures.request_id(self.response)
        paid: failures.Paid = "no" if partial is None else "lost"
        return Failure(error, status=error.status, paid=paid, again=0 if self.emitted else None)

    def _protocol(self, why: str) -> Failure:
        text = f"the stream breaks the protocol: {failures.visible(why)}"
        return Failure(
            StreamProtocolError(text, request_id=failures.request_id(self.response)), paid="lost", again=0
        )

    def _partial(self) -> Message | None:
        try:
            return self._accumulator.partial
        except StreamProtocolError:
            return None
