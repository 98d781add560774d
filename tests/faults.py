"""A server on loopback that answers as badly as a test asks: raw bytes on a raw socket."""

from __future__ import annotations

import asyncio
import gzip
import json
import struct
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import pytest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator

    Act = Callable[[asyncio.StreamWriter], Awaitable[None]]

KEY = "sk-ant-api03-canary-canary-canary"
"""A key that may show nowhere."""

MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-haiku-4-5",
    "content": [{"type": "text", "text": "Hello."}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 3, "output_tokens": 2},
}


def http(
    body: bytes | dict[str, Any] | list[Any] | None,
    status: int = 200,
    headers: dict[str, str] | None = None,
    *,
    length: int | None = None,
) -> bytes:
    """Return the bytes of a plain answer."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    all_headers = {
        "content-type": "application/json",
        "request-id": "req_test",
        "content-length": str(len(data) if length is None else length),
        **(headers or {}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in all_headers.items())
    return f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + data


def error(status: int, kind: str = "api_error", **headers: str) -> bytes:
    """Return the bytes of an error answer; underscores in header names become hyphens."""
    body = {"type": "error", "error": {"type": kind, "message": f"{kind} happened"}, "request_id": "req_err"}
    return http(body, status, {name.replace("_", "-"): value for name, value in headers.items()})


def message(**changes: Any) -> bytes:
    """Return the bytes of a good answer with some fields changed; ``...`` leaves one out."""
    body = {name: value for name, value in {**MESSAGE, **changes}.items() if value is not ...}
    return http(body)


def say(data: bytes, *, then: str = "keep") -> Act:
    """Return an act that sends bytes, and then keeps the connection, closes it, or resets it."""

    async def act(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        if then == "close":
            writer.close()
        elif then == "reset":
            await asyncio.sleep(0.02)
            reset(writer)
        elif then == "hang":
            await asyncio.sleep(30)

    return act


def reset(writer: asyncio.StreamWriter) -> None:
    """Close the connection with RST."""
    import socket

    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def drip(data: bytes, *, every_s: float = 0.02, size: int = 1) -> Act:
    """Return an act that sends bytes a few at a time."""

    async def act(writer: asyncio.StreamWriter) -> None:
        for at in range(0, len(data), size):
            writer.write(data[at : at + size])
            await writer.drain()
            await asyncio.sleep(every_s)

    return act


# --- streams ---------------------------------------------------------------------------------------

SSE_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\nrequest-id: req_test\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)


def event(kind: str, **fields: Any) -> bytes:
    """Return one event."""
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def events(*texts: str) -> list[bytes]:
    """Return the events of an answer with one text block."""
    start = {**MESSAGE, "content": [], "stop_reason": None}
    return [
        event("message_start", message=start),
        event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
        *[
            event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})
            for text in texts
        ],
        event("content_block_stop", index=0),
        event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 2}),
        event("message_stop"),
    ]


def chunk(data: bytes) -> bytes:
    """Return *data* as one chunk."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def sse(parts: Iterable[bytes], *, end: bool = True) -> bytes:
    """Return the bytes of a streamed answer; with *end*, the HTTP body is complete."""
    return SSE_HEAD + b"".join(map(chunk, parts)) + (b"0\r\n\r\n" if end else b"")


def gzip_bomb(mib: int) -> bytes:
    """Return a small gzip body of so many MiB of zeros."""
    return http(gzip.compress(b"\0" * (mib << 20), 9), headers={"content-encoding": "gzip"})


# --- the server --------------------------------------------------------------------------------------


@dataclass
class FaultServer:
    """Serves scripted acts, one a request, and good answers after them; a context manager.

    Attributes:
        acts: What the next requests get.
        requests: Heads and bodies that came, POSTs of messages only.
    """

    acts: list[Act | bytes] = field(default_factory=list)
    requests: list[tuple[str, bytes]] = field(default_factory=list)
    otherwise: Act | bytes = field(default_factory=lambda: http(MESSAGE))
    url: str = ""

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)

    @property
    def hits(self) -> int:
        """How many requests came."""
        return len(self.requests)

    def script(self, *acts: Act | bytes) -> None:
        """Set what the next requests get."""
        self.acts[:] = acts
        self.requests.clear()

    def _serve(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._main(ready))
        self._loop.close()

    async def _main(self, ready: threading.Event) -> None:
        self._stop = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ready.set()
        await self._stop.wait()
        server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while not writer.is_closing():
                await self._one(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lengths = [
            line.split(":")[1] for line in head.split("\r\n") if line.lower().startswith("content-length")
        ]
        body = await reader.readexactly(int(lengths[0])) if lengths else b""
        if not head.startswith("POST"):
            writer.write(error(404, "not_found_error"))
            return
        self.requests.append((head, body))
        act = self.acts.pop(0) if self.acts else self.otherwise
        await (say(act) if isinstance(act, bytes) else act)(writer)


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    """One server for a module that says ``server = faults.server``; each test scripts it."""
    with FaultServer() as running:
        yield running
