"""The endpoints of message batches: made once, waited for with patience, read line by line.

Source: https://platform.claude.com/docs/en/build-with-claude/batch-processing
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import re
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from workbench.errors import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    IncompleteError,
    InternalServerError,
    UsageError,
    WireError,
)
from workbench.transport import Call
from workbench.transport.spool import Spool
from workbench.wire.base import parse
from workbench.wire.batch import MOST_BYTES, Batch, BatchResult, read_result
from workbench.wire.codec import dumps, loads

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

    from workbench.transport import Transport

PATH = "/v1/messages/batches"
_PAGE = 100
_PLAIN_PATH = re.compile(r"[\w./~%?=&-]+", re.ASCII)
"""What the rest of an address may be made of: anything else is not asked for."""
_MOST_POLL_S = 60.0
_FAILURES = 5
"""Polls that may fail in a row before a wait gives up."""
_IDLE_READS = 3
"""Reads of results in a row that may bring nothing new."""
_PAUSE_S = 1.0
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
