"""How an answer goes out: at once, or at the pace of a model."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from workbench.errors import UsageError
from workbench.wire.codec import dumps
from workbench.wire.message import Message
from workbench.wire.stream import events_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.types import Receive, Scope, Send

    from workbench.emulator.limits import Headers

PING = b'event: ping\ndata: {"type":"ping"}\n\n'


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds to the first token, and for each token after it."""

    ttft_s: float = 0.0
    per_token_s: float = 0.0


def latency(value: str | float | tuple[float, float] | None) -> Latency:
    """Read a latency: seconds to the first token, or that and seconds per token.

    Raises:
        UsageError: Not one or two numbers of seconds.

    >>> latency("0.3,0.01"), latency(2)
    (Latency(ttft_s=0.3, per_token_s=0.01), Latency(ttft_s=2.0, per_token_s=0.0))
    """
    if value is None:
        return Latency()
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, tuple) else (value,)
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = []
    if len(numbers) not in {1, 2} or not all(0 <= number <= 3600 for number in numbers):
        raise UsageError(f"latency {value!r} is not SECONDS or TTFT,PER_TOKEN (each from 0 to 3600)")
    return Latency(*numbers)


@dataclass(frozen=True, slots=True)
class Frame:
    """Bytes, and how long to wait before them."""

    data: bytes
    wait_s: float = 0.0


def plain(message: dict[str, Any], per_token_s: float) -> list[Frame]:
    """Return the frames of an answer that is not streamed: one."""
    return [Frame(dumps(message), per_token_s * message["usage"]["output_tokens"])]


def streamed(message: dict[str, Any], per_token_s: float) -> list[Frame]:
    """Return the frames of a streamed answer, paced evenly over its deltas; one where there is no pace."""
    events = list(events_of(Message.model_validate(message)))
    deltas = sum(event["type"] == "content_block_delta" for event in events)
    wait = per_token_s * message["usage"]["output_tokens"] / max(1, deltas)
    frames = [
        Frame(event_bytes(event), wait if event["type"] == "content_block_delta" else 0.0) for event in events
    ]
    frames.insert(1, Frame(PING))
    return frames if wait else [Frame(b"".join(frame.data for frame in frames))]


def event_bytes(event: dict[str, Any]) -> bytes:
    """Return an event as it stands in the stream."""
    return b"event: %b\ndata: %b\n\n" % (event["type"].encode(), dumps(event))


class Outgoing(Response):
    """An answer that is sent frame by frame, and stops when nobody listens any more.

    Args:
        frames: What to send.
        ttft_s: Seconds before the answer begins.
        on_begin: Called when it begins.
        on_end: Called when the last bytes go out.
    """

    def __init__(
        self,
        frames: Sequence[Frame],
        *,
        status: int = 200,
        kind: bytes = b"application/json",
        headers: Headers = (),  # type: ignore[assignment]
        ttft_s: float = 0.0,
        on_begin: Callable[[], None] | None = None,
        on_end: Callable[[], None] | None = None,
    ) -> None:
        self.frames = frames
        self.status_code = status
        self.background = None
        self.ttft_s = ttft_s
        self.on_begin = on_begin
        self.on_end = on_end
        self.raw_headers = [(b"content-type", kind), *headers]
        if len(frames) == 1:
            self.raw_headers.append((b"content-length", str(len(frames[0].data)).encode()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        """Send the answer."""
        paced = self.ttft_s > 0 or any(frame.wait_s > 0 for frame in self.frames)
        gone = asyncio.ensure_future(until_gone(receive)) if paced else None
        try:
            await self._send(gone, send)
        finally:
            if gone is not None:
                gone.cancel()

    async def _send(self, gone: asyncio.Future[None] | None, send: Send) -> None:
        first = self.ttft_s + (self.frames[0].wait_s if len(self.frames) == 1 else 0.0)
        if not await still_there(gone, self.ttft_s):
            return
        if self.on_begin:
            self.on_begin()
        if not await still_there(gone, first - self.ttft_s):
            return
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        last = len(self.frames) - 1
        for index, frame in enumerate(self.frames):
            if last and not await still_there(gone, frame.wait_s):
                return
            if index == last and self.on_end and not (gone and gone.done()):
                self.on_end()  # before the last bytes: who has them may look at once whether they are counted
            await send({"type": "http.response.body", "body": frame.data, "more_body": index < last})


async def until_gone(receive: Receive) -> None:
    """Return when the other side has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def still_there(gone: asyncio.Future[None] | None, wait_s: float) -> bool:
    """Wait, and return whether the other side still listens."""
    if gone is None:
        return True
    if wait_s > 0:
        await asyncio.wait({gone}, timeout=wait_s)
    return not gone.done()
