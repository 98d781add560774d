"""Sending what should not be sent: past HTTP's framing, and past the end of connections."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from workbench.emulator.pace import still_there, until_gone

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.types import Receive, Scope, Send

    from workbench.emulator.faults.fault import Sent

WIRE = "workbench.wire"
"""Under which of a scope's extensions the server hands out the connection."""
_READING_S = 0.03
"""Seconds in which the other side reads what came: a reset throws away what it has not."""


class Wire:
    """The connection beneath the server: bytes no HTTP library would send, and ends it would not make."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._transport.write(data)

    def close(self) -> None:
        """Close the connection once everything is sent."""
        self._transport.close()

    def reset(self) -> None:
        """Close the connection with RST."""
        if (sock := self._transport.get_extra_info("socket")) is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()


class Misbehaviour(Response):
    """An answer that goes wrong.

    Args:
        sent: What goes out.
        ttft_s: Seconds before it begins.
        on_begin: Called when it begins.
        on_end: Called when a whole body is out.
    """

    def __init__(
        self,
        sent: Sent,
        *,
        ttft_s: float = 0.0,
        on_begin: Callable[[], None] | None = None,
        on_end: Callable[[], None] | None = None,
    ) -> None:
        self.sent = sent
        self.status_code = sent.status
        self.background = None
        self.ttft_s = ttft_s
        self.on_begin = on_begin
        self.on_end = on_end
        self.raw_headers = [(b"content-type", sent.kind), *sent.headers]
        if sent.length is not None:
            self.raw_headers.append((b"content-length", str(sent.length).encode()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, and stop when nobody listens any more."""
        gone = asyncio.ensure_future(until_gone(receive))
        try:
            if await still_there(gone, self.ttft_s):
                await self._send(gone, scope.get("extensions", {}).get(WIRE), send)
        finally:
            gone.cancel()

    async def _send(self, gone: asyncio.Future[None], wire: Wire | None, send: Send) -> None:
        sent = self.sent
        if self.on_begin:
            self.on_begin()
        if wire and sent.before:
            wire.write(sent.before)
        if sent.head:
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
        whole = sent.end == "whole"
        async for data, last in self._parts(gone):
            if whole and last and self.on_end:
                self.on_end()  # before the last bytes: who has them may look at once whether they are counted
            await send({"type": "http.response.body", "body": data, "more_body": not (whole and last)})
        if not whole and wire and not gone.done():
            await self._break_off(gone, wire)

    async def _parts(self, gone: asyncio.Future[None]) -> AsyncIterator[tuple[bytes, bool]]:
        """Yield each frame at its time, and whether it is the last; nothing more once nobody listens."""
        frames = iter(self.sent.frames)
        frame = next(frames, None)
        while frame is not None and await still_there(gone, frame.wait_s):
            following = next(frames, None)
            yield frame.data, following is None
            frame = following

    async def _break_off(self, gone: asyncio.Future[None], wire: Wire) -> None:
        if self.sent.tail:
            await still_there(gone, _READING_S)
            wire.write(self.sent.tail)
        if self.sent.end == "close":
            wire.close()
        elif self.sent.end == "reset":
            await still_there(gone, _READING_S)
            wire.reset()
        await gone
