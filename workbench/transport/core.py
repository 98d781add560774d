"""The transport: requests out, replies in."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from workbench.errors import UsageError, WireError
from workbench.reply import Reply, Timing
from workbench.retry import Budget
from workbench.transport import bodies, connection, failures
from workbench.transport.attempts import Attempts, Call, Progress, service_time
from workbench.transport.failures import WIRE_ERRORS, Failure
from workbench.transport.limits import Limits, Tally, sleep
from workbench.transport.requests import MESSAGES, Requests
from workbench.transport.stream import Incoming
from workbench.transport.turnstile import Turnstile
from workbench.wire import Message, Request
from workbench.wire.base import parse
from workbench.wire.codec import dumps, loads

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
    from pathlib import Path

    import httpx

    from workbench.platforms import Endpoint
    from workbench.transport.watch import Watch
    from workbench.wire.events import StreamEvent

T = TypeVar("T")

logger = logging.getLogger("workbench")

ATTEMPTS = 4
EMULATOR_HEADER = "x-workbench-emulator"
_PERHAPS_DONE = frozenset({408, 500, 502, 504})
"""Statuses after which what was asked for may have been made all the same."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class _Answer(NamedTuple):
    message: Message
    response: httpx.Response
    ttft_s: float | None = None


class Transport:
    """Sends to one endpoint over one HTTP client, which lives on the loop that first uses it.

    There is no redirect, no cookie and no authentication behind it: httpx's client is left out, and its
    transport interface spoken directly.

    Args:
        endpoint: Where to, and with which key.
        limits: Times and sizes.
        attempts: Requests sent at most for one call.
        budget: Retries shared by everything that uses this transport.
        mount: Another httpx transport, for tests.
        jitter: Returns random numbers in [0, 1).
        pause: Sleeps.
        clock: Tells the seconds that `pause` lets pass.
        shared: Folder in which the processes of a user share their pace; None shares nothing.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        limits: Limits | None = None,
        attempts: int = ATTEMPTS,
        budget: Budget | None = None,
        mount: httpx.AsyncBaseTransport | None = None,
        jitter: Callable[[], float] = random.random,
        pause: Callable[[float], Awaitable[None]] = sleep,
        clock: Callable[[], float] = time.monotonic,
        shared: Path | None = None,
    ) -> None:
        if endpoint.base_url is None:
            raise UsageError("the emulator has no address before it runs")
        self.endpoint = endpoint
        self.limits = limits or Limits()
        self.tally = Tally()
        self.rate_limits: dict[str, dict[str, str]] = {}
        """The ``anthropic-…`` limit headers of the last answer, by model."""
        self.origin = endpoint.origin
        """Who answers: an emulator is recognised by the header of its replies."""
        self._attempts = Attempts(
            endpoint,
            self.limits,
            self.tally,
            most=attempts,
            budget=budget or Budget(),
            jitter=jitter,
            pause=pause,
            clock=clock,
            folder=shared,
        )
        self.pace = self._attempts.turns
        """What holds calls back: its ``note`` says it in words."""
        self._given = mount
        self._mount: httpx.AsyncBaseTransport | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False
        self._requests = Requests(endpoint, self.limits)
        self._turnstile = Turnstile()

    # --- what is asked -------------------------------------------------------------------------------

    async def send(
        self,
        request: Request,
        *,
        api_version: str = "2026-10-21",
        betas: Iterable[str] = (),
        draw: int = 0,
        total_s: float | None = None,
        watch: Watch | None = None,
    ) -> Reply:
        """Ask, and return the reply; a request with ``stream`` is streamed, so that its first token is timed.

        A *watch* is told when the answer begins, and of attempts that may have been charged for nothing.

        Raises:
            APIError: As every way this can fail.
        """
        call = _call(request, api_version, betas, total_s)
        progress = Progress(time.perf_counter(), watch=watch)
        attempt = self._plain_answer if not request.stream else self._streamed_answer
        answer = await self._attempts.run(call, progress, lambda: attempt(call, progress))
        progress.ended_at = time.perf_counter()
        await self._turnstile.enter()
        return self._reply(request, call, progress, answer, draw=draw)

    async def stream(
        self,
        request: Request,
        emit: Callable[[list[StreamEvent]], None],
        *,
        api_version: str = "2026-10-21",
        betas: Iterable[str] = (),
        total_s: float | None = None,
        watch: Watch | None = None,
    ) -> Reply:
        """Ask, hand events to *emit* as they come, and return the reply at the end.

        Nothing is sent again once something was emitted. A *watch* is told as in `send`; an `Onlooker` also
        of what holds the call up.

        Raises:
            StreamInterruptedError: The stream was cut; carries what had come.
            APIError: As every other way this can fail.
        """
        call = _call(request.with_(stream=True), api_version, betas, total_s)
        progress = Progress(time.perf_counter(), watch=watch)
        answer = await self._attempts.run(call, progress, lambda: self._streamed_answer(call, progress, emit))
        progress.ended_at = time.perf_counter()
        return self._reply(request, call, progress, answer)

    async def json(self, call: Call) -> Any:
        """Ask anything else of the API and return the JSON it answers.

        Raises:
            APIError: As every way this can fail.
        """
        progress = Progress(time.perf_counter())
        return (await self._attempts.run(call, progress, lambda: self._plain(call, progress, _as_object)))[0]

    async def probe(self) -> bool:
        """Look who answers, once and without insisting: `origin` then says whether it is an emulator.

        Returns:
            Whether there is anybody at all; one who is too busy to say who he is, is there.
        """
        call = Call("GET", "/v1/models?limit=1")
        try:
            async with asyncio.timeout(self.limits.connect_s):
                response = await self._open(call)
                self._note(response, call)
                await _close(response)
        except TimeoutError:
            logger.debug("%s did not say who it is", self.endpoint.base_url)
        except Failure:
            logger.debug("%s cannot be reached", self.endpoint.base_url)
            return False
        return True

    async def aclose(self) -> None:
        """Close the connections; a call that would try again from here on fails instead."""
        self._closed = True
        mount, self._mount = self._mount, None
        if mount is not None and mount is not self._given:
            await mount.aclose()

    async def make(self, call: Call) -> Any:
        """Ask for something to be made, as `json`; not again where it may have been made already.

        Raises:
            APIError: As every way this can fail.
        """
        progress = Progress(time.perf_counter())

        async def once() -> tuple[dict[str, Any], httpx.Response]:
            try:
                return await self._plain(call, progress, _as_object)
            except Failure as failure:
                if failure.paid != "no" or failure.status in _PERHAPS_DONE:
                    failure.again = 0
                raise

        return (await self._attempts.run(call, progress, once))[0]

    async def lines(self, call: Call) -> AsyncGenerator[bytes, None]:
        """Ask, and yield the lines of the answer as they come; of what was taken nothing is kept.

        An answer that breaks off is not asked for again: only the reader knows what is missing.

        Raises:
            APIError: As every way this can fail.
        """
        progress = Progress(time.perf_counter())
        response = await self._attempts.run(call, progress, lambda: self._opened(call))
        limits = self.limits
        try:
            async for line in bodies.lines(response, limits.body_bytes, call.total_s or limits.total_s):
                yield line
        except Failure as failure:
            raise failures.with_tries(failure.error, 1, progress.elapsed()) from None
        except WIRE_ERRORS as error:
            broken = failures.broken(error, self.endpoint, answered=True, idle_s=limits.idle_s).error
            raise failures.with_tries(broken, 1, progress.elapsed()) from failures.bare(error)
        finally:
            await _close(response)

    async def _opened(self, call: Call) -> httpx.Response:
        response = await self._open(call)
        try:
            await self._check_status(response, call)
        except WIRE_ERRORS as error:
            await _close(response)
            raise failures.broken(error, self.endpoint, answered=True, idle_s=self.limits.idle_s) from error
        except BaseException:
            await _close(response)
            raise
        return response

    # --- one attempt ---------------------------------------------------------------------------------

    async def _open(self, call: Call, *, stream: bool = False) -> httpx.Response:
        """Send one request and return its response with the body unread."""
        idle_s = self.limits.stream_idle_s if stream else self.limits.idle_s
        request = self._requests.made(call, stream=stream, idle_s=idle_s)
        try:
            return await self._http().handle_async_request(request)
        except WIRE_ERRORS as error:
            raise failures.broken(error, self.endpoint, answered=False, idle_s=idle_s) from error

    async def _plain_answer(self, call: Call, progress: Progress) -> _Answer:
        answer = _Answer(*await self._plain(call, progress, _as_message))
        progress.usage = answer.message.usage
        return answer

    async def _plain(
        self, call: Call, progress: Progress, reader: Callable[[httpx.Response, bytes], T]
    ) -> tuple[T, httpx.Response]:
        response = await self._open(call)
        try:
            await self._check_status(response, call, progress)
            progress.began()
            body = await bodies.read(response, self.limits.body_bytes)
        except WIRE_ERRORS as error:
            raise failures.broken(error, self.endpoint, answered=True, idle_s=self.limits.idle_s) from error
        finally:
            await _close(response)
        return reader(response, body), response

    async def _streamed_answer(
        self, call: Call, progress: Progress, emit: Callable[[list[StreamEvent]], None] | None = None
    ) -> _Answer:
        sent_at = time.perf_counter()
        response = await self._open(call, stream=True)
        incoming = Incoming(response, self.limits, sent_at, emit, began=progress.began)
        try:
            await self._check_status(response, call, progress)
            await incoming.read()
        except WIRE_ERRORS as error:
            raise incoming.interrupted("the connection broke") from error
        finally:
            await _close(response)
        progress.usage = incoming.message.usage
        return _Answer(incoming.message, response, incoming.ttft_s)

    async def _check_status(
        self, response: httpx.Response, call: Call, progress: Progress | None = None
    ) -> None:
        self._note(response, call, progress)
        status = response.status_code
        if status in _REDIRECTS:
            raise failures.redirected(response)
        if not 200 <= status < 300:
            body = await bodies.read_error(response)
            raise failures.refused_status(
                response, body, self.endpoint.key, now=service_time(response.headers)
            )

    def _note(self, response: httpx.Response, call: Call, progress: Progress | None = None) -> None:
        """Keep what the headers say about limits, and about who answers."""
        self.pace.answered = True
        found = {}
        for name, value in response.headers.raw:
            lower = name.lower()
            if lower.startswith((b"anthropic-ratelimit-", b"anthropic-priority-", b"anthropic-fast-")):
                found[lower.decode("ascii", "replace")] = value.decode("ascii", "replace")
            elif lower == EMULATOR_HEADER.encode():
                self.origin = "emulator"
        if found:
            self.rate_limits[call.model or ""] = found
            if progress is not None:
                date, refused = response.headers.get("date"), response.status_code == 429
                self.pace.heard(progress, found, date, refused=refused)

    # --- the reply -----------------------------------------------------------------------------------

    def _reply(
        self,
        request: Request,
        call: Call,
        progress: Progress,
        answer: _Answer,
        *,
        draw: int = 0,
    ) -> Reply:
        timing = Timing(
            queue_s=progress.queue_s,
            ttft_s=answer.ttft_s,
            total_s=progress.ended_at - progress.attempt_at,
            attempts=progress.tries,
            recorded_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            lost=progress.lost,
            wasted=progress.wasted,
        )
        reply = Reply(
            request=request,
            message=answer.message,
            timing=timing,
            origin=self.origin,
            request_id=failures.request_id(answer.response),
            draw=draw,
            api_version=call.api_version,
        )
        if logger.isEnabledFor(logging.INFO):
            _log(reply, answer.response.status_code)
        return reply

    # --- the client ----------------------------------------------------------------------------------

    def _http(self) -> httpx.AsyncBaseTransport:
        """Return the HTTP transport of the running loop: after a fork, or on another loop, a fresh one.

        Raises:
            Failure: The transport is closed: what is opened now, nobody would close.
        """
        if self._closed:
            raise failures.closed(self.endpoint)
        running = asyncio.get_running_loop()
        if self._mount is None or self._loop is not running:
            self._loop = running
            self._mount = self._given or connection.over_aiohttp(self.endpoint)
        return self._mount


async def _close(response: httpx.Response) -> None:
    """Give the connection back; what goes wrong here says nothing about the answer."""
    try:
        await response.aclose()
    except WIRE_ERRORS:
        logger.debug("closing a response failed", exc_info=False)


def _call(request: Request, api_version: str, betas: Iterable[str], total_s: float | None) -> Call:
    body = dumps(request.wire())
    return Call("POST", MESSAGES, body, api_version, tuple(betas), request.model, total_s, request)


def _as_object(response: httpx.Response, body: bytes) -> dict[str, Any]:
    """Return the body as a JSON object.

    Raises:
        Failure: It is none.
    """
    try:
        data = loads(body)
    except WireError as error:
        kind = response.headers.get("content-type", "no content-type")
        what = "an empty body" if not body else f"{error} ({failures.visible(kind, 60)})"
        raise failures.refused_body(what, response, body) from None
    if not isinstance(data, dict):
        raise failures.refused_body(f"JSON {type(data).__name__} instead of an object", response, body)
    return data


def _as_message(response: httpx.Response, body: bytes) -> Message:
    data = _as_object(response, body)
    if data.get("type", "message") != "message":
        raise failures.refused_body(f"an object of type {data.get('type')!r}", response, body)
    try:
        return parse(Message, data)
    except WireError as error:
        raise failures.refused_body(str(error), response, body) from None


def _log(reply: Reply, status: int) -> None:
    usage = reply.usage
    logger.info(
        "%s · %d · in %s out %s · %.2f s · %s",
        reply.request.model,
        status,
        usage.total_input if usage else "?",
        usage.output_tokens if usage else "?",
        reply.timing.total_s,
        reply.request_id or "no request id",
    )
