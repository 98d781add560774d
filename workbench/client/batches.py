"""Message batches: many requests at half the price, answered within a day."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from workbench import sync
from workbench.errors import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    IncompleteError,
    InternalServerError,
    LintError,
    UsageError,
    WireError,
    WorkbenchError,
)
from workbench.lint import lint
from workbench.transport import Call
from workbench.transport.spool import Spool
from workbench.wire.base import parse
from workbench.wire.batch import CUSTOM_ID, MOST_BYTES, MOST_REQUESTS, Batch, BatchResult, read_result
from workbench.wire.codec import dumps, loads
from workbench.wire.request import Request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator

    from workbench.client.answers import Question
    from workbench.transport import Transport

    Asked = Request | Mapping[str, Any]

PATH = "/v1/messages/batches"
LINTED = 1000
"""Requests judged before a batch is made; the service judges only when a request's turn comes."""
_PAGE = 100
_PLAIN_PATH = re.compile(r"[\w./~%?=&-]+", re.ASCII)
"""What the rest of an address may be made of: anything else is not asked for."""
_MOST_POLL_S = 60.0
_FAILURES = 5
"""Polls that may fail in a row before a wait gives up."""
_IDLE_READS = 3
"""Reads of results in a row that may bring nothing new."""
_PAUSE_S = 1.0
_LINES = 256
_BYTES_A_SECOND = 250_000
"""So slow may an upload be, beyond the time a call may take anyway."""

logger = logging.getLogger("workbench")


class BatchCalls:
    """The endpoints, to be awaited on the package's loop; what a run uses, and `Batches` underneath.

    Args:
        connect: Returns the transport.
        betas: ``anthropic-beta``.
    """

    def __init__(self, connect: Callable[[], Awaitable[Transport]], betas: Iterable[str] = ()) -> None:
        self._connect = connect
        self._betas = tuple(betas)

    async def create(
        self, items: Iterable[tuple[str, bytes]], *, api_version: str, betas: Iterable[str] | None = None
    ) -> Batch:
        """Make a batch of names and the JSON of their ``params``; it goes out from disk, not from memory.

        Not tried again where the batch may have been made although no answer came.

        Raises:
            UsageError: Too large, or no requests at all.
            APIError: As every way that asking can fail.
        """
        transport = await self._connect()
        chosen = self._betas if betas is None else tuple(betas)
        with Spool() as body:
            await asyncio.to_thread(_fill, body, items)
            patience_s = transport.limits.total_s + body.size / _BYTES_A_SECOND
            call = Call("POST", PATH, body, api_version, chosen, None, patience_s)
            return _batch(await transport.make(call))

    async def get(self, batch_id: str) -> Batch:
        """Return a batch as it stands."""
        return _batch(await self._json("GET", batch_id))

    async def cancel(self, batch_id: str) -> Batch:
        """Stop a batch; what has an answer by then keeps it."""
        return _batch(await self._json("POST", batch_id, "/cancel"))

    async def delete(self, batch_id: str) -> None:
        """Delete a batch that has ended, and its results."""
        await self._json("DELETE", batch_id)

    async def listed(self) -> AsyncIterator[Batch]:
        """Yield the workspace's batches, newest first, page by page."""
        query = {"limit": str(_PAGE)}
        transport = await self._connect()
        while True:
            page = await transport.json(Call("GET", f"{PATH}?{urlencode(query)}"))
            rows = page.get("data")
            if not isinstance(rows, list):
                raise APIResponseValidationError('not a list of batches: "data" is missing', body=str(page))
            for row in rows:
                yield _batch(row)
            last = page.get("last_id")
            if not page.get("has_more") or not last or last == query.get("after_id"):
                return
            query["after_id"] = str(last)

    async def results(self, batch_id: str) -> AsyncIterator[tuple[str, BatchResult]]:
        """Yield the outcomes of a batch that has ended, each name once, in no order.

        They come line by line and are not kept. A stream that breaks off is asked for again, until
        three in a row bring nothing new.

        Raises:
            IncompleteError: The batch has not ended, or its results are gone for age.
            APIError: As every way that asking can fail.
        """
        batch = await self.get(batch_id)
        if not batch.ended:
            raise IncompleteError(f"{batch.id} is {batch.processing_status}: wait until it has ended")
        if batch.archived_at:
            raise IncompleteError(f"the results of {batch.id} are gone: they are kept for 29 days")
        transport = await self._connect()
        seen: set[str] = set()
        idle = 0
        while True:
            before = len(seen)
            try:
                async for name, result in _lines(transport, _results_path(batch, transport), seen):
                    yield name, result
                _check_whole(batch, len(seen))
            except (APIConnectionError, APIResponseValidationError) as error:
                idle = idle + 1 if len(seen) == before else 0
                if idle == _IDLE_READS:
                    raise
                logger.info("results of %s broke off after %d: %s", batch.id, len(seen), error)
                await asyncio.sleep(idle * _PAUSE_S)
            else:
                return

    async def wait(
        self,
        batch_id: str,
        *,
        start_s: float | None = None,
        timeout_s: float | None = None,
        progress: Callable[[Batch], object] | None = None,
    ) -> Batch:
        """Ask again and again, ever more rarely, until a batch has ended; that costs nothing.

        Args:
            batch_id: Which one.
            start_s: Seconds to the second look; default a second, more for large batches, less where the
                emulator answers.
            timeout_s: Seconds after which to give up waiting; None waits as long as it takes.
            progress: Told after each look.

        Raises:
            IncompleteError: It has not ended in time; it goes on.
            APIError: Several looks in a row failed.
        """
        begun, pause_s, failed = time.monotonic(), start_s, 0
        while True:
            batch, error = await self._look(batch_id)
            if batch is not None:
                failed = 0
                if progress is not None:
                    progress(batch)
                if batch.ended:
                    return batch
                pause_s = pause_s or await self._first_pause(batch)
            elif (failed := failed + 1) >= _FAILURES and error is not None:
                raise error
            left_s = None if timeout_s is None else begun + timeout_s - time.monotonic()
            if left_s is not None and left_s <= 0:
                raise IncompleteError(
                    f"{batch_id} has not ended within {timeout_s:g} s; it goes on: wait again, or cancel it"
                )
            pause_s = pause_s or 1.0
            shaken_s = pause_s * random.uniform(0.8, 1.2)  # noqa: S311 - spreads polls, guards nothing
            await asyncio.sleep(shaken_s if left_s is None else min(shaken_s, left_s))
            pause_s = min(pause_s * 1.5, _MOST_POLL_S)

    async def _look(self, batch_id: str) -> tuple[Batch | None, APIError | None]:
        """Look once; a failure that may pass is returned, not raised: the batch goes on all the same."""
        try:
            return await self.get(batch_id), None
        except (APIConnectionError, InternalServerError, APIResponseValidationError) as error:
            logger.info("%s could not be looked at: %s", batch_id, error)
            return None, error

    async def _first_pause(self, batch: Batch) -> float:
        if (await self._connect()).origin == "emulator":
            return 0.02
        return min(30.0, max(1.0, batch.request_counts.total / 500))

    async def _json(self, method: str, batch_id: str, tail: str = "") -> Any:
        transport = await self._connect()
        return await transport.json(Call(method, f"{PATH}/{quote(batch_id, safe='')}{tail}"))


class Batches:
    """The Message Batches API; nothing of it is stored.

    ::

        batch = client.batches.create({"a": request, "b": other})
        client.batches.wait(batch.id)
        for name, result in client.batches.results(batch.id):
            ...

    Args:
        calls: The endpoints.
        question: Makes of a request what is asked, in today's spelling and with the version it needs.
    """

    def __init__(self, calls: BatchCalls, question: Callable[[Asked], Question]) -> None:
        self._calls = calls
        self._question = question

    def create(
        self, requests: Mapping[str, Asked] | Iterable[Asked | tuple[str, Asked]], *, check: bool = True
    ) -> Batch:
        """Make a batch.

        Args:
            requests: By name; or pairs of name and request, or requests alone, which are then named
                ``request-0``, ``request-1``, … The service gives results back by these names.
            check: Lint the first 1,000 of them before anything is sent.

        Raises:
            LintError: The service would refuse a request; nothing was sent.
            UsageError: A name that cannot be or comes twice, no request, too many, too large, or requests
                that need different API versions.
            APIError: As every way that asking can fail. Where no answer came the batch may still have been
                made: look at `list` before making it again.
        """
        named = list(_named(requests))
        if not named:
            raise UsageError("a batch needs at least one request")
        if len(named) > MOST_REQUESTS:
            raise UsageError(
                f"a batch takes at most {MOST_REQUESTS:,} requests, not {len(named):,}; split it"
            )
        questions = [(name, self._question(asked)) for name, asked in named]
        versions = sorted({question.api_version for _, question in questions})
        if len(versions) > 1:
            raise UsageError(
                f"these requests need different API versions ({' and '.join(versions)}): "
                "make a batch of each, or give Client an api_version"
            )
        if check:
            _check(questions)
        items = ((name, dumps(question.request.wire())) for name, question in questions)
        return sync.run(self._calls.create(items, api_version=versions[0], betas=questions[0][1].betas))

    def get(self, batch_id: str) -> Batch:
        """Return a batch as it stands.

        Raises:
            NotFoundError: The workspace has none of that id.
        """
        return sync.run(self._calls.get(batch_id))

    def list(self) -> Iterator[Batch]:
        """Yield the workspace's batches, newest first; pages are fetched as they are needed."""
        yield from _plainly(self._calls.listed(), 1)

    def results(self, batch_id: str) -> Iterator[tuple[str, BatchResult]]:
        """Yield name and outcome of every request, in no order, as they come from the service.

        Raises:
            IncompleteError: The batch has not ended, or its results are gone for age.
            APIError: As every way that asking can fail.
        """
        yield from _plainly(self._calls.results(batch_id), _LINES)

    async def aresults(self, batch_id: str) -> AsyncIterator[tuple[str, BatchResult]]:
        """Yield what `results` does, from any event loop."""
        outcomes = self._calls.results(batch_id)
        try:
            while True:
                some, error = await sync.wait(_some(outcomes, _LINES))
                for outcome in some:
                    yield outcome
                if error is not None:
                    raise error
                if not some:
                    return
        finally:
            await sync.wait(_closed(outcomes))

    def cancel(self, batch_id: str) -> Batch:
        """Stop a batch; what has an answer by then keeps it, and is charged."""
        return sync.run(self._calls.cancel(batch_id))

    def delete(self, batch_id: str) -> None:
        """Delete a batch that has ended, and its results."""
        sync.run(self._calls.delete(batch_id))

    def wait(
        self,
        batch_id: str,
        *,
        timeout_s: float | None = None,
        progress: Callable[[Batch], object] | None = None,
    ) -> Batch:
        """Wait until a batch has ended, and return it; Ctrl-C ends the waiting, not the batch.

        Raises:
            IncompleteError: It has not ended in time; it goes on.
        """
        return sync.run(self._calls.wait(batch_id, timeout_s=timeout_s, progress=progress))

    async def awaited(
        self,
        batch_id: str,
        *,
        timeout_s: float | None = None,
        progress: Callable[[Batch], object] | None = None,
    ) -> Batch:
        """Wait, as `wait`, from any event loop."""
        return await sync.wait(self._calls.wait(batch_id, timeout_s=timeout_s, progress=progress))


def _fill(body: Spool, items: Iterable[tuple[str, bytes]]) -> None:
    """Write the JSON of a batch.

    Raises:
        UsageError: It is too large, or empty.
    """
    start, count = b'{"requests":[', 0
    for name, params in items:
        body.write(b'%b{"custom_id":%b,"params":%b}' % (start, dumps(name), params))
        start, count = b",", count + 1
        if body.size > MOST_BYTES:
            raise UsageError(f"a batch takes at most {MOST_BYTES / 1e6:,.0f} MB; split it")
    if not count:
        raise UsageError("a batch needs at least one request")
    body.write(b"]}")


def _named(
    requests: Mapping[str, Asked] | Iterable[Asked | tuple[str, Asked]],
) -> Iterator[tuple[str, Asked]]:
    """Yield every request with its name.

    Raises:
        UsageError: A name that cannot be, or comes twice.
    """
    if isinstance(requests, Request) or (isinstance(requests, Mapping) and "messages" in requests):
        raise UsageError("a batch takes requests by name: create({'a': request})")
    pairs: Iterable[Any] = requests.items() if isinstance(requests, Mapping) else requests
    seen: set[str] = set()
    for number, each in enumerate(pairs):
        name, asked = each if isinstance(each, tuple) else (f"request-{number}", each)
        if not isinstance(name, str) or not CUSTOM_ID.fullmatch(name):
            raise UsageError(f"{name!r} cannot name a request: 1 to 64 letters, digits, _ and - can")
        if name in seen:
            raise UsageError(f"two requests are named {name!r}; each needs a name of its own")
        seen.add(name)
        yield name, asked


def _check(questions: list[tuple[str, Question]]) -> None:
    refused = []
    for name, question in questions[:LINTED]:
        found = lint(
            question.request, api_version=question.api_version, betas=question.betas, endpoint="batch"
        )
        refused += [f"{name}: {one}" for one in found.errors]
    if refused:
        told = "the service would refuse requests of this batch; nothing was sent (check=False sends it):"
        more = [f"… and {len(refused) - 5:,} more"] if len(refused) > 5 else []
        raise LintError("\n".join([told, *refused[:5], *more]))


def _check_whole(batch: Batch, seen: int) -> None:
    """Refuse results that end too early: a clean end is no end while requests are missing."""
    total = batch.request_counts.total
    if seen < total:
        raise APIResponseValidationError(
            f"the results of {batch.id} lack {total - seen:,} of {total:,} requests"
        )


async def _lines(transport: Transport, path: str, seen: set[str]) -> AsyncIterator[tuple[str, BatchResult]]:
    """Yield the outcomes whose names were not seen yet, and note these."""
    async with contextlib.aclosing(transport.lines(Call("GET", path))) as lines:
        async for line in lines:
            if not line.strip():
                continue
            try:
                name, result = read_result(loads(line))
            except WireError as error:
                shown = line[:2000].decode("utf-8", "replace")
                raise APIResponseValidationError(f"unreadable batch results: {error}", body=shown) from None
            if name not in seen:
                seen.add(name)
                yield name, result


def _results_path(batch: Batch, transport: Transport) -> str:
    """Return where results are: what the batch says if that is the endpoint's own host, else the usual path.

    The key goes with the request, so it goes nowhere else.
    """
    usual = f"{PATH}/{quote(batch.id, safe='')}/results"
    base = f"{transport.endpoint.base_url}/"
    told = (batch.results_url or "").partition(base)
    return f"/{told[2]}" if told[1] and not told[0] and _PLAIN_PATH.fullmatch(told[2]) else usual


def _batch(body: Any) -> Batch:
    try:
        return parse(Batch, body)
    except WireError as error:
        raise APIResponseValidationError(f"not a message batch: {error}", body=str(body)) from None


def _plainly(items: AsyncIterator[Any], at_once: int) -> Iterator[Any]:
    """Yield what an asynchronous iterator of the package's loop yields, fetched some at a time."""
    try:
        while True:
            some, error = sync.run(_some(items, at_once))
            yield from some
            if error is not None:
                raise error
            if not some:
                return
    finally:
        sync.run(_closed(items))


async def _some(items: AsyncIterator[Any], most: int) -> tuple[list[Any], WorkbenchError | None]:
    """Return the next few, and the error that came after them."""
    some: list[Any] = []
    try:
        while len(some) < most:
            some.append(await anext(items))
    except StopAsyncIteration:
        pass
    except WorkbenchError as error:
        return some, error
    return some, None


async def _closed(items: Any) -> None:
    await items.aclose()
