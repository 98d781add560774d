"""The emulator on a loopback port: blocking for the command line, or on a thread of this process."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from workbench.emulator.app import Emulator
from workbench.emulator.faults.sending import WIRE, Wire
from workbench.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

HOST = "127.0.0.1"
MOST_CONNECTIONS = 2000
HEADER_LIMIT = 64 * 2**10
IDLE_S = 75
"""An idle connection lives longer than clients keep theirs, so that no request meets a closing one."""
SILENT_S = 30
"""A connection that has not sent a whole request head by then is closed."""


class _Protocol(H11Protocol):
    """HTTP/1.1 that does not wait for ever, and whose own errors have the API's shape."""

    def connection_made(self, transport: Any) -> None:
        """Start the clock of the first request."""
        super().connection_made(transport)
        self.app = _with_wire(self.app, Wire(transport))
        if len(self.connections) > MOST_CONNECTIONS:
            transport.close()
            return
        self._silence = self.loop.call_later(SILENT_S, self._close_if_silent)

    @property
    def _asked(self) -> bool:
        """Whether a whole request head has come. uvicorn types this as always so."""
        return getattr(self, "cycle", None) is not None

    def connection_lost(self, exc: Exception | None) -> None:
        if hasattr(self, "_silence"):
            self._silence.cancel()
        super().connection_lost(exc)

    def _close_if_silent(self) -> None:
        if not self._asked:
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        body = (
            b'{"type":"error","error":{"type":"invalid_request_error","message":"%b"},"request_id":null}'
            % (msg.encode("ascii", "replace").replace(b'"', b"'"))
        )
        head = b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nx-workbench-emulator: 1\r\n"
        self.transport.write(head + b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        self.transport.close()


def _with_wire(app: Any, wire: Wire) -> Any:
    """Return *app* given the connection, for faults beneath HTTP."""

    async def wired(scope: Any, receive: Any, send: Any) -> None:
        scope["extensions"] = {WIRE: wire}
        await app(scope, receive, send)

    return wired


class _Server(uvicorn.Server):
    """A server that leaves signals to its caller and says when it is ready."""

    def __init__(self, app: Emulator, on_ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=_Protocol,
                ws="none",
                loop="asyncio",
                lifespan="off",
                log_config=None,
                log_level="error",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=IDLE_S,
                timeout_graceful_shutdown=2,
                h11_max_incomplete_event_size=HEADER_LIMIT,
            )
        )
        self._app = app
        self._on_ready = on_ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._app.batches.start()
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        self._app.batches.close()


def serve(
    port: int = 8787,
    *,
    latency: str | float | None = None,
    limits: str | None = None,
    script: str | Path | None = None,
    lenient: bool = False,
    faults: str | Iterable[str] | Mapping[str, float] = (),
    seed: int = 0,
    storm: str | None = None,
    batch_s: float | None = None,
    data: str | Path | None = None,
) -> None:
    """Serve the emulator on loopback until SIGINT or SIGTERM.

    Prints ``listening on http://127.0.0.1:PORT`` when it is ready.

    Args:
        port: 0 picks a free one.
        latency: Seconds to the first token, or ``"TTFT,PER_TOKEN"``.
        limits: Rate-limit tier to enforce.
        script: File of scripted answers.
        lenient: Answer also what the API would refuse.
        faults: What goes wrong, as of `Emulator`.
        seed: Which requests the faults hit.
        storm: ``START:SECONDS:STATUS``: a time in which all requests are refused.
        batch_s: Seconds a batch takes; the time to the first token where not said.
        data: Folder that keeps batches over a restart.

    Raises:
        UsageError: An option that makes no sense, or a port that is taken.
    """
    app = Emulator(
        limits=limits,
        latency=latency,
        script=script,
        lenient=lenient,
        faults=faults,
        seed=seed,
        storm=storm,
        batch_s=batch_s,
        data=data,
    )
    listener = _listener(port)
    url = _url(listener)
    server = _Server(app, lambda: _say(f"listening on {url}"))
    with _stopping(server):
        asyncio.run(server.serve([listener]))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@contextlib.contextmanager
def _stopping(server: _Server) -> Iterator[None]:
    """Let SIGINT and SIGTERM end the server in good order."""

    def stop(*_: object) -> None:
        server.should_exit = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass(frozen=True)
class Running:
    """An emulator running on a thread.

    Attributes:
        url: Its base URL.
        app: The application, for its counters.
    """

    url: str
    app: Emulator
    _server: _Server
    _thread: threading.Thread

    def stop(self) -> None:
        """Stop it, and wait until it has stopped."""
        self._server.should_exit = True
        self._thread.join(timeout=10)

    def ledger(self) -> dict[str, Any]:
        """Return what the server counted."""
        return self.app.service.ledger.json()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_in_thread(
    *,
    port: int = 0,
    latency: str | float | tuple[float, float] | None = None,
    limits: str | None = None,
    script: str | Path | list[Mapping[str, Any]] | None = None,
    lenient: bool = False,
    faults: str | Iterable[str] | Mapping[str, float] = (),
    seed: int = 0,
    storm: str | None = None,
    batch_s: float | None = None,
    data: str | Path | None = None,
) -> Running:
    """Start an emulator on a daemon thread of this process; it is ready when this returns.

    Args:
        port: 0 picks a free one.
        latency: Seconds to the first token, or ``"TTFT,PER_TOKEN"``.
        limits: Rate-limit tier to enforce.
        script: File of scripted answers, or rules as dictionaries.
        lenient: Answer also what the API would refuse.
        faults: What goes wrong, as of `Emulator`.
        seed: Which requests the faults hit.
        storm: ``START:SECONDS:STATUS``: a time in which all requests are refused.
        batch_s: Seconds a batch takes; the time to the first token where not said.
        data: Folder that keeps batches over a restart.

    Raises:
        UsageError: An option that makes no sense, or a port that is taken.
    """
    app = Emulator(
        limits=limits,
        latency=latency,
        script=script,
        lenient=lenient,
        faults=faults,
        seed=seed,
        storm=storm,
        batch_s=batch_s,
        data=data,
    )
    listener = _listener(port)
    ready = threading.Event()
    server = _Server(app, ready.set)
    thread = threading.Thread(
        target=lambda: asyncio.run(server.serve([listener])), name="workbench-emulator", daemon=True
    )
    thread.start()
    if not ready.wait(timeout=10):
        raise UsageError("the emulator did not start within 10 s")
    return Running(_url(listener), app, server, thread)


def _listener(port: int) -> socket.socket:
    # asyncio switches Nagle off only where the protocol is named; else each answer waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise UsageError(f"cannot listen on {HOST}:{port} ({error}); port 0 picks a free one") from error
    return listener


def _url(listener: socket.socket) -> str:
    return f"http://{HOST}:{listener.getsockname()[1]}"
