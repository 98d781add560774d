"""Message batches: their whole life, from ``in_progress`` over ``canceling`` to ``ended``.

Requests are answered in the background, one after another and in no order one could rely on; results can be
read once all are. Source: https://platform.claude.com/docs/en/build-with-claude/batch-processing
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from workbench.emulator import body as bodies
from workbench.emulator.auth import Caller
from workbench.emulator.batches_shelf import Folder, Memory
from workbench.emulator.batches_state import Batch
from workbench.emulator.guard import error_body
from workbench.errors import APIStatusError, BadRequestError, IncompleteError, NotFoundError
from workbench.wire.codec import loads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from workbench.emulator.batches_shelf import Item, Kept, Shelf
    from workbench.emulator.service import Service

JSON = dict[str, Any]
logger = logging.getLogger("workbench.emulator")

_AT_ONCE = 16
"""Items answered before others of the process have their turn, and the disk its sync."""


class Batches:
    """All batches of an emulator.

    Args:
        service: Answers the requests.
        seconds: How long a batch takes; its items are answered evenly over that time.
        folder: Keeps them over a restart; None for memory only.
        clock: Tells the wall time.

    Attributes:
        cuts: So many of the next streams of results break off in their middle.
    """

    def __init__(
        self,
        service: Service,
        *,
        seconds: float = 0.0,
        folder: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.seconds = seconds
        self.cuts = 0
        self._service = service
        self._clock = clock
        self._passed_s = 0.0
        self._known: dict[str, Batch] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._woken: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._shelf: Shelf = Memory() if folder is None else Folder(folder)
        for kept in self._shelf.load() if isinstance(self._shelf, Folder) else ():
            self._restore(kept)

    # --- what callers ask ----------------------------------------------------------------------------

    def now(self) -> float:
        """Return the time of the batches: the wall clock's, and what `pass_time` added."""
        return self._clock() + self._passed_s

    def pass_time(self, seconds: float) -> None:
        """Let time pass for batches at once: 86,400 s make those in progress expire. From any thread."""
        self._passed_s += seconds
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake)

    async def create(self, items: list[Item], caller: Caller) -> Batch:
        """Take a new batch, and begin with it."""
        batch = Batch(f"msgbatch_01{os.urandom(11).hex()}", caller, self.now(), len(items), items)
        await asyncio.to_thread(self._shelf.put, batch.id, batch.state(), items)
        self._known[batch.id] = batch
        self.start()
        return batch

    def get(self, batch_id: str, caller: Caller) -> Batch:
        """Return a batch of the caller's workspace.

        Raises:
            NotFoundError: It has none of that id.
        """
        batch = self._known.get(batch_id)
        if batch is None or batch.deleted or batch.caller.workspace != caller.workspace:
            raise _not_found(f"Message Batch {batch_id[:80]} not found.")
        return batch

    def of(self, caller: Caller) -> list[Batch]:
        """Return the batches of the caller's workspace, newest first."""
        mine = (b for b in self._known.values() if b.caller.workspace == caller.workspace and not b.deleted)
        return sorted(mine, key=lambda batch: batch.created_at, reverse=True)

    async def cancel(self, batch_id: str, caller: Caller) -> Batch:
        """Stop answering: what has no answer yet is canceled.

        Raises:
            NotFoundError: There is no such batch.
            BadRequestError: It has ended.
        """
        batch = self.get(batch_id, caller)
        if batch.ended_at is not None:
            raise _bad("This Message Batch has ended and cannot be canceled.")
        if batch.cancel_initiated_at is None:
            batch.cancel_initiated_at = self.now()
            await asyncio.to_thread(self._shelf.update, batch.id, batch.state())
            self._wake()
        return batch

    async def delete(self, batch_id: str, caller: Caller) -> None:
        """Forget a batch that has ended.

        Raises:
            NotFoundError: There is no such batch.
            BadRequestError: It has not ended.
        """
        batch = self.get(batch_id, caller)
        if batch.ended_at is None:
            raise _bad("In progress batches cannot be deleted. Consider canceling the batch instead.")
        batch.deleted = True
        await asyncio.to_thread(self._shelf.drop, batch.id, batch.state())

    def results(self, batch_id: str, caller: Caller) -> Iterator[bytes]:
        """Return the results of a batch that has ended, as JSON lines.

        Raises:
            NotFoundError: There is no such batch, it has not ended, or its results are gone for age.
        """
        batch = self.get(batch_id, caller)
        if batch.ended_at is None or batch.archived(self.now()):
            raise _not_found(f"Message Batch {batch.id} has no available results.")
        lines = self._shelf.lines(batch.id)
        if self.cuts:
            self.cuts -= 1
            return _half(lines, batch.total // 2)
        return lines

    # --- the work ------------------------------------------------------------------------------------

    def start(self) -> None:
        """Go on with whatever has not ended; needs a running loop."""
        self._loop = asyncio.get_running_loop()
        if self._woken is None:
            self._woken = asyncio.Event()
        for batch in self._known.values():
            if batch.ended_at is None and batch.id not in self._tasks:
                self._tasks[batch.id] = task = self._loop.create_task(self._work(batch))
                task.add_done_callback(partial(self._done, batch.id))

    def close(self) -> None:
        """Give the folder back."""
        if isinstance(self._shelf, Folder):
            self._shelf.close()

    def _done(self, batch_id: str, _: asyncio.Task[None]) -> None:
        del self._tasks[batch_id]

    async def _work(self, batch: Batch) -> None:
        order = batch.order()
        while batch.position < batch.total and batch.status == "in_progress":
            now = self.now()
            if now >= batch.expires_at:
                break
            if (wait_s := self._due(batch) - now) > 0:
                await self._nap(min(wait_s, batch.expires_at - now))
                continue
            some = order[batch.position : batch.position + _AT_ONCE]
            if self.seconds > 0:
                some = some[:1]
            await self._keep(batch, [self._answer(batch, *batch.items[index]) for index in some])
            await asyncio.sleep(0)
        left = "canceled" if batch.status == "canceling" else "expired"
        rest = [
            {"custom_id": batch.items[index][0], "result": {"type": left}}
            for index in order[batch.position :]
        ]
        await self._keep(batch, rest)
        batch.ended_at = self.now()
        await self._safely(self._shelf.update, batch.id, batch.state())
        batch.items = []

    def _due(self, batch: Batch) -> float:
        return batch.created_at + self.seconds * (batch.position + 1) / batch.total

    async def _nap(self, seconds: float) -> None:
        assert self._woken is not None
        self._woken.clear()
        try:
            await asyncio.wait_for(self._woken.wait(), timeout=seconds)
        except TimeoutError:
            return

    def _wake(self) -> None:
        if self._woken is not None:
            self._woken.set()

    async def _keep(self, batch: Batch, results: list[JSON]) -> None:
        if not results:
            return
        self._shelf.add(batch.id, results)
        await self._safely(self._shelf.sync, batch.id)
        for result in results:
            self._tally(batch, result["result"])

    async def _safely(self, write: Callable[..., None], *what: Any) -> None:
        """Write, and try again while the disk is full: the batch waits, nothing of it is lost."""
        while True:
            try:
                await asyncio.to_thread(write, *what)
            except (OSError, IncompleteError):
                logger.exception("a batch cannot be kept; trying again in a second")
                await asyncio.sleep(1)
            else:
                return

    def _tally(self, batch: Batch, result: JSON) -> None:
        """Count a result, and bill it: only answers cost something."""
        batch.position += 1
        batch.counts[result["type"]] += 1
        if result["type"] == "succeeded":
            self._service.ledger.bill_batch_item(result["message"]["usage"], batch.tokens)

    def _answer(self, batch: Batch, custom_id: str, params: bytes) -> JSON:
        try:
            body, request = bodies.parse(params, endpoint="batch")
            found = self._service.exchange(body, request, batch.caller, endpoint="batch")
        except APIStatusError as error:
            return {"custom_id": custom_id, "result": _errored(error, None)}
        except Exception:  # one item must not hold up the others, as in `Guard`
            logger.exception("the emulator failed")
            fault = APIStatusError("Internal server error", status=500, type="api_error")
            return {"custom_id": custom_id, "result": _errored(fault, _worker_id(custom_id))}
        if found.error is not None or found.message is None:
            assert found.error is not None
            return {"custom_id": custom_id, "result": _errored(found.error, _worker_id(custom_id))}
        self._service.begin_batch_item(found)
        found.message["usage"]["service_tier"] = "batch"
        return {"custom_id": custom_id, "result": {"type": "succeeded", "message": found.message}}

    def _restore(self, kept: Kept) -> None:
        state = kept.state
        caller = Caller(state["workspace"], state["api_version"], tuple(state["betas"]))
        batch = Batch(
            state["id"],
            caller,
            state["created_at"],
            state["total"],
            kept.items,
            cancel_initiated_at=state["cancel_initiated_at"],
            ended_at=state["ended_at"],
            deleted=state["deleted"],
        )
        self._known[batch.id] = batch
        if batch.ended_at is None:
            for line in kept.results:
                self._tally(batch, line["result"])
        else:
            batch.counts.update(state["counts"])
            batch.tokens.update(state["tokens"])
            batch.position = batch.total
            self._service.ledger.restore_batch(batch.counts["succeeded"], batch.tokens)


def _half(lines: Iterator[bytes], after: int) -> Iterator[bytes]:
    for index, line in enumerate(lines):
        if index == after:
            yield line[: len(line) // 2]
            return
        yield line


def _errored(error: APIStatusError, request_id: str | None) -> JSON:
    return {"type": "errored", "error": loads(error_body(error, request_id))}


def _worker_id(custom_id: str) -> str:
    return f"workerreq_01{random.Random(custom_id).randbytes(11).hex()}"  # noqa: S311 - not a secret


def _not_found(message: str) -> NotFoundError:
    return NotFoundError(message, status=404, type="not_found_error")


def _bad(message: str) -> BadRequestError:
    return BadRequestError(message, status=400, type="invalid_request_error")
