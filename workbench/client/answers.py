"""Where replies come from: what was recorded, else the service; by mode."""

from __future__ import annotations

import asyncio
import copy
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, Protocol, TypedDict, get_args

from workbench import record
from workbench.cache import Flights
from workbench.catalog import catalog
from workbench.client.preflight import check_streamed, model_cure
from workbench.client.turns import in_turn
from workbench.errors import NotFoundError, ReplayMissError, UsageError
from workbench.platforms import CLAUDE_API, EMULATOR
from workbench.wire.events import event_of
from workbench.wire.stream import events_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator

    from workbench.cache import Store
    from workbench.cassette import Cassette
    from workbench.platforms import Endpoint
    from workbench.reply import Reply
    from workbench.runner import Permit
    from workbench.transport import Transport, Watch
    from workbench.wire import Request
    from workbench.wire.events import StreamEvent

Mode = Literal["live", "refresh", "replay", "off"]
Miss = Literal["alone", "first", "another"]
"""A miss by itself, the first of a run, or a further one, for which no nearest recording is searched."""
MODES: tuple[str, ...] = get_args(Mode)

OLD_VERSION = "2023-06-01"
"""The API version that still knows temperature, top_p and top_k."""

LONG_ANSWER_TOKENS = 21_333
"""Above it an answer may take longer than ten minutes and is always streamed.

Source: the official SDK refuses such requests without streaming (3600 s × max_tokens / 128,000 > 600 s)."""

_SAMPLING = ("temperature", "top_p", "top_k")


def check_mode(mode: str) -> Mode:
    """Return *mode*, or say which there are.

    Raises:
        UsageError: No such mode.
    """
    if mode not in MODES:
        raise UsageError(f"mode {mode!r} is none of {', '.join(MODES)}")
    return mode  # type: ignore[return-value]


def is_long(request: Request) -> bool:
    """Return whether the answer may take longer than ten minutes."""
    return (request.max_tokens or 0) > LONG_ANSWER_TOKENS


def version_for(request: Request, chosen: str | None) -> str:
    """Return the API version to ask under.

    The current one, unless the caller chose, or sampling parameters are set for a model that the catalog
    says still takes them: these exist under the old version only.
    """
    if chosen is not None:
        return chosen
    if any(getattr(request, name) is not None for name in _SAMPLING):
        model = catalog().get(request.model)
        if model is not None and model.sampling_parameters in {"accepted", "temperature_or_top_p"}:
            return OLD_VERSION
    return record.API_VERSION


class Sender(Protocol):
    """Sends one request: a transport, or a cluster of them."""

    async def send(
        self,
        request: Request,
        *,
        api_version: str,
        betas: Iterable[str],
        draw: int,
        total_s: float | None,
        watch: Watch | None,
    ) -> Reply:
        """Ask, and return the reply; raises an `APIError` where there is none."""
        ...


class Beside(TypedDict):
    """What decides an answer beside the request and who answers."""

    draw: int
    api_version: str
    betas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A request with everything else that decides its answer."""

    request: Request
    draw: int
    api_version: str
    betas: tuple[str, ...]

    @property
    def beside(self) -> Beside:
        """What of it stands beside the request, as stores and cassettes take it."""
        return {"draw": self.draw, "api_version": self.api_version, "betas": self.betas}

    def key(self, origin: str) -> str:
        """What its reply is kept under."""
        return record.key_of(self.request.key, **self.beside, origin=origin)


class Answers:
    """Finds or fetches replies; lives on the package's loop.

    Args:
        endpoint: Where live answers come from.
        chosen: Whether the caller named that place, so that replay looks for its replies only.
        store: Replies on disk, or None.
        cassette: Replies in a file, or None.
        connect: Returns the transport; called when something has to be sent, never in replay.
        timeout_s: Longest time for a call; None lets long streams take longer than ten minutes.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        chosen: bool,
        store: Store | None,
        cassette: Cassette | None,
        connect: Callable[[], Awaitable[Transport]],
        timeout_s: float | None,
    ) -> None:
        self._endpoint = endpoint
        self._chosen = chosen
        self.store = store
        self.cassette = cassette
        self._places = [place for place in (cassette, store) if place is not None]
        self._connect = connect
        self.sender: Sender | None = None
        self._timeout_s = timeout_s
        self._flights: dict[str, asyncio.Future[Reply]] = {}
        self._elsewhere = None if store is None else Flights(store.path)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._known_origin: str | None = None
        self._asking = asyncio.Lock()

    def through(self, sender: Sender) -> Answers:
        """Return the same place to find and keep replies, whose requests another sends."""
        other = copy.copy(self)
        other.sender = sender
        return other

    async def reply(
        self,
        question: Question,
        mode: Mode,
        *,
        miss: Miss = "alone",
        since: datetime | None = None,
        permit: Permit | None = None,
    ) -> Reply:
        """Return the reply to a question.

        Args:
            question: What is asked.
            mode: Where it may come from.
            miss: How a miss is worded.
            since: In refresh, what the store took since then is fresh enough, and not paid twice.
            permit: Asked for leave before anything is sent; None needs none.

        Raises:
            ReplayMissError: In replay, where nothing is recorded.
            APIError: As every way that sending can fail.
        """
        if mode == "replay":
            return self._replayed(question, miss)
        if mode == "off":
            return await self._sent(question, permit)
        look = self._lookup(question, await self.origin(), mode, since)
        found = look()
        return found if found is not None else await self._once(question, permit, look)

    def _lookup(
        self, question: Question, origin: str, mode: Mode, since: datetime | None
    ) -> Callable[[], Reply | None]:
        """Return how to look for an answer: live any that is recorded, in refresh one that is fresh."""
        if mode == "live":
            return lambda: self.recorded(question, origin)
        fresh = since or datetime.now(UTC)
        return lambda: self._stored_since(question, origin, fresh)

    async def stream(
        self,
        question: Question,
        mode: Mode,
        emit: Callable[[list[StreamEvent]], None],
        watch: Watch | None = None,
        *,
        check: bool = False,
    ) -> Reply:
        """Hand out the events of an answer as they come, or those of a recorded one at once.

        Args:
            question: What is asked.
            mode: Where the answer may come from.
            emit: Takes events.
            watch: Told what becomes of what is sent; of a recorded answer nothing.
            check: Whether to send nothing that the service would refuse.

        Raises:
            LintError: With *check*, where the service would refuse it.
            ReplayMissError: In replay, where nothing is recorded.
            APIError: As every way that sending can fail.
        """
        found = None
        if mode == "replay":
            found = self._replayed(question)
        elif mode == "live":
            found = self.recorded(question, await self.origin())
        if found is not None:
            emit([event_of(body) for body in events_of(found.message)])
            return found
        if check:
            check_streamed(question, await self.origin())
        transport = await self._connect()
        with self._cure_for(question.request):
            reply = await transport.stream(
                question.request,
                emit,
                api_version=question.api_version,
                betas=question.betas,
                total_s=self._patience(question.request),
                watch=watch,
            )
        reply = replace(reply, draw=question.draw)
        return reply if mode == "off" else self._kept(reply, question)

    async def found(self, question: Question, mode: Mode) -> Reply | None:
        """Return what is recorded and may answer in *mode*, or None; nothing is sent."""
        if mode == "replay":
            each = (self.recorded(question, origin) for origin in self._origins(mode))
            return next((reply for reply in each if reply is not None), None)
        return self.recorded(question, await self.origin()) if mode == "live" else None

    def recorded(self, question: Question, origin: str | None) -> Reply | None:
        """Return what is recorded: in the cassette, else in the store."""
        for place in self._places:
            found = place.get(question.request, **question.beside, origin=origin)
            if found is not None:
                return found
        return None

    def explain(self, question: Question, mode: Mode) -> record.Explanation | None:
        """Say why a question is recorded, or which recording is nearest; None with nothing to look in."""
        told = [
            place.explain(question.request, **question.beside, origin=origin)
            for origin in self._origins(mode)
            for place in self._places
        ]
        return min(told, key=_nearness, default=None)

    def _stored_since(self, question: Question, origin: str, since: datetime) -> Reply | None:
        if self.store is None:
            return None
        found = self.store.get(question.request, **question.beside, origin=origin)
        made = found.timing.recorded_at if found is not None else None
        return found if made is not None and datetime.fromisoformat(made) >= since else None

    # --- replay --------------------------------------------------------------------------------------

    def _replayed(self, question: Question, miss: Miss = "alone") -> Reply:
        each = (self.recorded(question, origin) for origin in self._origins("replay"))
        if (found := next((reply for reply in each if reply is not None), None)) is not None:
            return found
        if miss == "another":
            raise ReplayMissError("Not recorded.")
        start = "Not recorded. " if miss == "alone" else ""
        raise ReplayMissError(f"{start}{self._miss(question)}")

    def _origins(self, mode: Mode) -> tuple[str | None, ...]:
        """Whose replies may answer: live this place's; in replay any, unless the caller named a place."""
        if mode == "replay" and not self._chosen:
            return (None,)
        origin = self._known_origin or self._endpoint.origin
        return (origin, EMULATOR) if origin.startswith("url:") else (origin,)

    def _miss(self, question: Question) -> str:
        """Say which recording is nearest, and how to record this one."""
        near = self.explain(question, "replay")
        if near is None:
            return "Replay has neither a cassette nor a store to answer from: give Client a cassette."
        return f"{near.difference}\n{self._cure()}"

    def _cure(self) -> str:
        where = {CLAUDE_API: "ANTHROPIC_API_KEY=… ", EMULATOR: ""}.get(self._endpoint.origin, "")
        key = where if self._chosen else "ANTHROPIC_API_KEY=… "
        return f"To record: {key}workbench run PATH --mode live, or client.send(…) with mode='live'."

    # --- live ----------------------------------------------------------------------------------------

    async def _once(
        self, question: Question, permit: Permit | None, look: Callable[[], Reply | None]
    ) -> Reply:
        """Ask; whoever asks the same meanwhile gets the same reply, paid once."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:  # a forked child: the flights were its parent's
            self._loop, self._flights = loop, {}
        key = question.key(self._endpoint.origin)
        while (flight := self._flights.get(key)) is not None:
            await asyncio.wait([flight])
            if not flight.cancelled():
                return replace(flight.result(), source="store")
        flight = self._flights[key] = loop.create_future()
        try:
            reply = await self._alone(question, permit, look)
        except asyncio.CancelledError:
            flight.cancel()
            raise
        except BaseException as error:
            flight.set_exception(error)
            flight.exception()  # seen: nobody else may be waiting
            raise
        else:
            flight.set_result(reply)
            return reply
        finally:
            del self._flights[key]

    async def _alone(
        self, question: Question, permit: Permit | None, look: Callable[[], Reply | None]
    ) -> Reply:
        """Ask and keep, or wait for the answer where another process with this store is asking."""

        async def ask() -> Reply:
            return self._kept(await self._sent(question, permit), question)

        if self._elsewhere is None or self.store is None or self.store.trouble is not None:
            return await ask()
        return await in_turn(self._elsewhere, question.key(await self.origin()), look, ask)

    async def _sent(self, question: Question, permit: Permit | None) -> Reply:
        request = question.request
        if is_long(request) and not request.stream:
            request = request.model_copy(update={"stream": True})
        if permit is None:
            return await self._send(request, question)
        asked_at = time.perf_counter()
        async with permit(request) as lease:
            waited_s = time.perf_counter() - asked_at
            reply = await self._send(request, question, lease)
            timing = replace(reply.timing, queue_s=reply.timing.queue_s + waited_s)
            reply = replace(reply, timing=timing)
            lease.answered(reply)
            return reply

    async def _send(self, request: Request, question: Question, watch: Watch | None = None) -> Reply:
        sender = self.sender or await self._connect()
        with self._cure_for(request):
            return await sender.send(
                request,
                api_version=question.api_version,
                betas=question.betas,
                draw=question.draw,
                total_s=self._patience(request),
                watch=watch,
            )

    @contextmanager
    def _cure_for(self, request: Request) -> Iterator[None]:
        """Say what to ask instead of a model that is not there; other servers have models of their own."""
        try:
            yield
        except NotFoundError as error:
            if not (self._known_origin or self._endpoint.origin).startswith("url:"):
                error.add_cure(model_cure(request))
            raise

    def _kept(self, reply: Reply, question: Question) -> Reply:
        if self.store is not None:
            self.store.put(reply, betas=question.betas)
        return reply

    def _patience(self, request: Request) -> float | None:
        """Return the time a call may take where it is not the transport's own: so many tokens may need it."""
        if self._timeout_s is not None:
            return self._timeout_s
        return 3600.0 * (request.max_tokens or 0) / 128_000 if is_long(request) else None

    async def origin(self) -> str:
        """Return under which origin this place's replies are kept.

        A server on this machine may be the emulator on whatever port; it is asked once, before the store is,
        because its replies are kept under one name.
        """
        if self._known_origin is None:
            async with self._asking:
                return self._known_origin or await self._find_origin()
        return self._known_origin

    async def known_origin(self) -> str | None:
        """Return the same, or None where nobody is there to say."""
        await self.origin()
        return self._known_origin

    async def _find_origin(self) -> str:
        origin = self._endpoint.origin
        if origin.startswith("url:") and self._endpoint.loopback:
            transport = await self._connect()
            if not await transport.probe():
                return origin  # nobody is there yet: asked again when somebody may be
            origin = transport.origin
        self._known_origin = origin
        return origin


def _nearness(told: record.Explanation) -> tuple[bool, bool, int]:
    """Order explanations: a hit, then the recording that differs least, then an empty place."""
    return not told.hit, told.path is None, told.fields_differing
