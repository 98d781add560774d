"""Sending from the workers of a Dask cluster: they hold the sockets, the driver everything else.

The driver keeps journal, store, budget and order, and hands out small shards of requests; each worker sends
its shard with a transport of its own and returns the replies. Workers take key and address from their own
environment, so that no key goes through the scheduler. Whatever was returned is safe; when a worker dies, the
requests it had are marked perhaps paid and asked by another.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from workbench import sync
from workbench.errors import APIConnectionError, APIError, UsageError
from workbench.platforms import resolve
from workbench.record import Record, from_bytes, to_bytes
from workbench.transport import Limits, Transport
from workbench.wire import Request
from workbench.wire.codec import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbench.reply import Reply
    from workbench.transport import Watch

SHARD = 16
"""Requests in a shard at most: what dies with a worker is no more than its shards."""
GATHER_S = 0.005
"""How long requests are gathered for a shard."""
LOOK_S = 0.5
"""How often the scheduler is asked which workers there are."""
PATIENCE_S = 60.0
"""How long a cluster without a single worker is waited for."""
DEATHS = 3
"""Workers that may die of one request before it is given up."""


class Question(NamedTuple):
    """One request as it travels: JSON, and what decides its answer beside it."""

    body: bytes
    api_version: str
    betas: tuple[str, ...]
    draw: int
    total_s: float | None


class Shard(NamedTuple):
    """What one worker is to send.

    Attributes:
        base_url: Where to.
        share: Its part of the rate limits, 0 … 1.
    """

    questions: tuple[Question, ...]
    base_url: str
    share: float
    limits: Limits
    attempts: int


# --- on a worker -------------------------------------------------------------------------------------

_transports: dict[tuple[int, str, Limits, int], Transport] = {}
_making = threading.Lock()


def answer(shard: Shard) -> list[bytes | APIError]:
    """Send a shard and return its replies, or the errors in their place; runs on a worker."""
    return sync.run(_answer_all(_transport(shard), shard))


def _transport(shard: Shard) -> Transport:
    """Return this process's transport to a place; shards that run side by side use it together."""
    key = (os.getpid(), shard.base_url, shard.limits, shard.attempts)
    with _making:
        if key not in _transports:
            endpoint = resolve(base_url=shard.base_url)
            _transports[key] = Transport(endpoint, limits=shard.limits, attempts=shard.attempts)
        return _transports[key]


async def _answer_all(transport: Transport, shard: Shard) -> list[bytes | APIError]:
    transport.pace.share = shard.share
    return await asyncio.gather(*(_answer(transport, question) for question in shard.questions))


async def _answer(transport: Transport, question: Question) -> bytes | APIError:
    try:
        reply = await transport.send(
            Request.model_validate(loads(question.body)),
            api_version=question.api_version,
            betas=question.betas,
            draw=question.draw,
            total_s=question.total_s,
        )
    except APIError as error:
        return error
    return to_bytes(Record(reply, question.betas))


# --- on the driver -----------------------------------------------------------------------------------


@dataclass(eq=False)
class _Ask:
    """One request waiting for its reply."""

    request: Request
    question: Question
    watch: Watch | None
    reply: asyncio.Future[Reply]
    deaths: int = 0


@dataclass(eq=False)
class _Sent:
    """A shard on a worker."""

    worker: str
    asks: list[_Ask]
    future: Any = field(default=None)


class Cluster:
    """Sends through the workers of a Dask cluster; to a run it is what a transport is.

    Args:
        cluster: A ``dask.distributed.Client``, a cluster object, or a scheduler's address.
        base_url: Where the workers send to.
        limits: Times and sizes, on each worker.
        attempts: Requests sent at most for one call.
    """

    def __init__(self, cluster: Any, base_url: str, *, limits: Limits, attempts: int) -> None:
        self._client, self._own = _client_of(cluster)
        self._base_url = base_url
        self._limits = limits
        self._attempts = attempts
        self._workers: tuple[str, ...] = ()
        self._waiting: list[_Ask] = []
        self._sent: set[_Sent] = set()
        self._unpaid: set[asyncio.Task[None]] = set()
        self._looker: asyncio.Task[None] | None = None
        self._alone_s = 0.0
        self._dealing = False

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
        """Have a worker ask, and return the reply.

        Raises:
            APIError: As every way this can fail on the worker; `APIConnectionError` too where there is none.
        """
        if self._looker is None:
            await self._look()
            self._looker = asyncio.create_task(self._keep_looking())
        question = Question(dumps(request.wire()), api_version, tuple(betas), draw, total_s)
        ask = _Ask(request, question, watch, asyncio.get_running_loop().create_future())
        self._waiting.append(ask)
        self._deal_soon()
        return await ask.reply

    async def aclose(self) -> None:
        """Stop looking, take back what is on its way, and close what was opened here."""
        if self._looker is not None:
            self._looker.cancel()
            self._looker = None
        for sent in self._sent:
            self._client.cancel([sent.future], asynchronous=False)
        self._sent.clear()
        if self._own:
            await asyncio.to_thread(self._client.close)

    # --- handing out -------------------------------------------------------------------------------

    def _deal_soon(self) -> None:
        if not self._dealing:
            self._dealing = True
            asyncio.get_running_loop().call_later(GATHER_S, self._deal)

    def _deal(self) -> None:
        """Divide what waits among the workers, the least busy first."""
        self._dealing = False
        self._waiting = [ask for ask in self._waiting if not ask.reply.done()]
        while self._waiting and self._workers:
            busy = dict.fromkeys(self._workers, 0)
            for sent in self._sent:
                busy[sent.worker] = busy.get(sent.worker, 0) + len(sent.asks)
            worker = min(self._workers, key=busy.__getitem__)
            size = min(SHARD, -(-len(self._waiting) // len(self._workers)))
            asks, self._waiting = self._waiting[:size], self._waiting[size:]
            self._submit(worker, asks)

    def _submit(self, worker: str, asks: list[_Ask]) -> None:
        questions = tuple(ask.question for ask in asks)
        shard = Shard(questions, self._base_url, 1 / len(self._workers), self._limits, self._attempts)
        sent = _Sent(worker, asks)
        sent.future = self._client.submit(
            answer, shard, workers=[worker], allow_other_workers=False, pure=False, retries=0
        )
        self._sent.add(sent)
        for ask in asks:
            if ask.watch is not None:
                ask.watch.sends()
        loop = asyncio.get_running_loop()

        def over(future: Any) -> None:  # called on a thread of Dask's
            said = future.result() if future.status == "finished" else None
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(self._over, sent, said)

        sent.future.add_done_callback(over)

    def _over(self, sent: _Sent, said: list[bytes | APIError] | None) -> None:
        if sent not in self._sent:
            return
        self._sent.discard(sent)
        if said is None:
            self._again(sent)
            return
        for ask, one in zip(sent.asks, said, strict=True):
            self._answered(ask, one)

    def _answered(self, ask: _Ask, said: bytes | APIError) -> None:
        if ask.reply.done():
            return
        if isinstance(said, APIError):
            ask.reply.set_exception(said)
            return
        record = from_bytes(said, ask.request, "live")
        if record is None:
            ask.reply.set_exception(APIConnectionError("a worker returned a damaged reply: perhaps paid"))
            return
        if ask.watch is not None:
            ask.watch.began()
        ask.reply.set_result(_with_deaths(record.reply, ask.deaths))

    def _again(self, sent: _Sent) -> None:
        """Ask elsewhere what a worker took with it; it may have been charged."""
        for ask in sent.asks:
            if ask.reply.done():
                continue
            ask.deaths += 1
            borne = ask.watch is None or ask.watch.lost()
            if ask.deaths >= DEATHS:
                gone = APIConnectionError(f"{ask.deaths} workers died with this request: perhaps paid")
                ask.reply.set_exception(gone)
                continue
            if ask.watch is not None:
                ask.watch.waits()
            if borne:
                self._waiting.append(ask)
            else:
                self._unpaid.add(asyncio.ensure_future(self._when_paid(ask)))
        self._deal_soon()

    async def _when_paid(self, ask: _Ask) -> None:
        """Ask again when there is money for it."""
        try:
            assert ask.watch is not None  # else there was nothing to wait for
            await ask.watch.again()
        except Exception as error:  # noqa: BLE001 - whatever forbids it is the caller's to hear
            if not ask.reply.done():
                ask.reply.set_exception(error)
        else:
            self._waiting.append(ask)
            self._deal_soon()
        finally:
            self._unpaid = {task for task in self._unpaid if not task.done()}

    # --- who is there ------------------------------------------------------------------------------

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            await self._look()

    async def _look(self) -> None:
        """See which workers there are; what those had that are gone is asked again."""
        known = await asyncio.to_thread(self._known)
        self._workers = known
        for sent in [each for each in self._sent if each.worker not in known]:
            self._sent.discard(sent)
            self._client.cancel([sent.future], asynchronous=False)
            self._again(sent)
        self._alone_s = 0.0 if known else self._alone_s + LOOK_S
        if self._alone_s > PATIENCE_S:
            for ask in self._waiting:
                if not ask.reply.done():
                    gone = f"the cluster has had no worker for {PATIENCE_S:g} s; start one and resume"
                    ask.reply.set_exception(APIConnectionError(gone))
            self._waiting.clear()
        if self._waiting:
            self._deal_soon()

    def _known(self) -> tuple[str, ...]:
        try:
            return tuple(self._client.scheduler_info(n_workers=-1).get("workers", ()))
        except (OSError, TimeoutError):  # the scheduler is away: nobody can be reached for now
            return ()


def _with_deaths(reply: Reply, deaths: int) -> Reply:
    """Count what workers took with them among the attempts that may have been charged."""
    timing = reply.timing
    if not deaths:
        return reply
    counted = replace(timing, attempts=timing.attempts + deaths, lost=timing.lost + deaths)
    return replace(reply, timing=counted)


def _client_of(cluster: Any) -> tuple[Any, bool]:
    """Return a Dask client for what was given, and whether it was made here.

    Raises:
        UsageError: Dask is not installed, or the client is one of async code.
    """
    try:
        from distributed import Client
    except ImportError:
        raise UsageError("running on a cluster needs Dask: pip install 'claude-workbench[dask]'") from None
    if not isinstance(cluster, Client):
        return Client(cluster, set_as_default=False), True  # type: ignore[no-untyped-call]
    if cluster.asynchronous:
        raise UsageError("give a plain dask.distributed.Client, not one made with asynchronous=True")
    return cluster, False
