"""An answer while it is written: one object for ``for`` and for ``async for``."""

from __future__ import annotations

import asyncio
import queue
from typing import TYPE_CHECKING

from workbench import sync
from workbench.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
    from types import TracebackType
    from typing import Any, Self

    from workbench.reply import Reply
    from workbench.wire.events import StreamEvent

    Emit = Callable[[list[StreamEvent]], None]
    Start = Callable[[Emit], Coroutine[Any, Any, Reply]]


class Stream:
    """The events of one answer; nothing is sent before the first is asked for.

    ::

        with client.stream(request) as stream:
            for event in stream:
                ...
        stream.reply

    Leaving the block early stops the stream. Iterating raises what sending would raise; a stream that was
    cut raises `StreamInterruptedError` after the events that came.
    """

    def __init__(self, start: Start) -> None:
        self._start = start
        self._begun = False
        self._reply: Reply | None = None
        self._stop: Callable[[], object] = lambda: None

    @property
    def reply(self) -> Reply:
        """The complete reply.

        Raises:
            UsageError: The stream has not come to its end.
        """
        if self._reply is None:
            raise UsageError("the stream has no reply yet: iterate over its events first")
        return self._reply

    def __iter__(self) -> Iterator[StreamEvent]:
        self._once()
        batches: queue.SimpleQueue[list[StreamEvent] | None] = queue.SimpleQueue()
        future = sync.submit(self._start(batches.put))
        self._stop = future.cancel
        future.add_done_callback(lambda _: batches.put(None))
        try:
            while (batch := batches.get()) is not None:
                yield from batch
            self._reply = future.result()
        finally:
            future.cancel()

    async def __aiter__(self) -> AsyncIterator[StreamEvent]:
        self._once()
        here = asyncio.get_running_loop()
        batches: asyncio.Queue[list[StreamEvent] | None] = asyncio.Queue()

        def put(batch: list[StreamEvent] | None) -> None:
            here.call_soon_threadsafe(batches.put_nowait, batch)

        future = sync.submit(self._start(put))
        self._stop = future.cancel
        future.add_done_callback(lambda _: put(None))
        try:
            while (batch := await batches.get()) is not None:
                for event in batch:
                    yield event
            self._reply = future.result()
        finally:
            future.cancel()

    def close(self) -> None:
        """Stop the stream, if it still runs."""
        self._stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _once(self) -> None:
        if self._begun:
            raise UsageError("a stream can be read once; call client.stream again")
        self._begun = True
