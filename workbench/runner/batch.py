"""A study through the batch endpoint: the same trials and the same table at half the price, within a day.

What is recorded is answered at once. The rest goes out in batches of at most 100,000 requests and 256 MB;
their results come back line by line into the journal. A trial whose request failed in a way that may pass, or
expired, is asked in one more batch where many were, else live. Where requests mark a prefix to live an hour
and several share it, one of them is asked live first, so that the others can read what it wrote.

Batches belong to the service: they go on when this process ends, and a resumed run picks them up by the ids
in its journal.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from typing import TYPE_CHECKING, Any

from workbench.errors import APIError, APIStatusError, IncompleteError, NotFoundError
from workbench.runner.engine import Engine, Event
from workbench.runner.pieces import Known, Piece, lasting_prefix, trial_at

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from workbench.evaluation import Eval, Trial
    from workbench.journal import Journal
    from workbench.runner.batching import Batching, Item
    from workbench.runner.engine import Send
    from workbench.runner.purse import Hold
    from workbench.wire import Request
    from workbench.wire.batch import Batch, BatchResult

logger = logging.getLogger("workbench")

FEW = 20
"""So many trials are not worth another batch: they are asked live."""
MOST_BATCHES = 2
"""Batches that a trial is part of at most, before it is asked live."""
_LOOKS_S = (0.0, 1.0, 4.0)
"""When to look for a batch that may just have been made although no answer came."""


def engine_for(
    batches: Batching | None, evaluation: Eval, send: Send, *, journal: Journal, **options: Any
) -> Engine:
    """Return what runs a study: live, or in batches where it is asked for or some are under way."""
    known = Known.of(journal.path) if batches is not None else Known()
    if batches is None or not (batches.fresh or known.pending):
        return Engine(evaluation, send, journal=journal, **options)
    return BatchEngine(evaluation, send, journal=journal, batches=batches, known=known, **options)


class BatchEngine(Engine):
    """One sitting of a run that asks in batches.

    Args:
        *args: Those of `Engine`.
        batches: How it uses them.
        known: What the run's journal says of its batches.
        **options: Those of `Engine`.
    """

    def __init__(
        self,
        *args: Any,
        batches: Batching,
        known: Known,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self._batches = batches
        self._post = batches.post
        self._known = known
        self._running: dict[str, Piece] = {}
        self._tries: Counter[int] = Counter()
        """Batches that came to nothing, by trial."""
        self._final: set[int] = set()
        """Trials whose error will not pass: not asked again in this sitting."""
        self._waiting: set[int] = set()
        self._keys: set[str] = set()
        self._canceled = 0
        self._late = False

    async def run(self) -> None:
        """Ask what is open, in batches first; returns or raises as `Engine.run`."""
        try:
            await self._in_batches()
        finally:
            await self._commits.flush()
        await super().run()

    def _open_trials(self) -> Iterator[Trial]:
        for trial in super()._open_trials():
            if trial.index not in self._final and trial.index not in self._waiting:
                yield trial

    async def _in_batches(self) -> None:
        alarm = None
        if self._batches.deadline_s is not None:
            alarm = asyncio.create_task(self._call_off(self._batches.deadline_s))
        try:
            found = [piece for piece in self._known.pending if await self._is_made(piece)]
            await self._finish_all(found)
            while self._batches.fresh and not self._late:
                made = [piece async for piece in self._made()]
                if not made:
                    break
                await self._finish_all(made)
        except asyncio.CancelledError:
            self._say_how_to_go_on()
            raise
        finally:
            if alarm is not None:
                alarm.cancel()

    # --- making batches ------------------------------------------------------------------------------

    async def _made(self) -> AsyncIterator[Piece]:
        """Make batches of what is open, and yield each."""
        self._keys.clear()
        open_pieces: dict[str, Piece] = {}
        short = False
        async for trial, item in self._to_ask():
            hold = await self._put_aside(item.request)
            if hold is None:  # the budget is tied up in these batches: what is left comes after them
                short = True
                break
            piece = open_pieces.setdefault(item.api_version, Piece.new(item.api_version))
            if not piece.has_room(len(item.params)):
                yield await self._make(piece)
                piece = open_pieces[item.api_version] = Piece.new(item.api_version)
            piece.add(trial.index, len(item.params), hold)
        for piece in open_pieces.values():
            yield await self._make(piece)
        if short:
            logger.info(
                "the budget does not reach for all trials at once: the others follow in another batch"
            )

    async def _to_ask(self) -> AsyncIterator[tuple[Trial, Item]]:
        """Yield what a batch is to ask; answer what is recorded, and lead prefixes that live an hour."""
        leaders: dict[str, tuple[Trial, Item] | None] = {}
        most = MOST_BATCHES if len(self._tries) > FEW else 1
        for trial in (one for one in self._open_trials() if self._tries[one.index] < most):
            request = trial.request
            reply = await self._post.recorded(request, draw=trial.epoch)
            if reply is not None:
                await self._commits.add(self._judged(trial, request, reply, None))
                continue
            item = self._post.item(request, draw=trial.epoch)
            if item.key in self._keys:  # its twin is asked: it is answered by what that brings
                continue
            if item.key is not None:
                self._keys.add(item.key)
            prefix = lasting_prefix(item.request) if self._plan.prefixes is not None else None
            if prefix is None:
                yield trial, item
            elif prefix not in leaders:
                leaders[prefix] = trial, item
            else:
                first, leaders[prefix] = leaders[prefix], None
                if first is not None and not await self._led_by(*first):
                    yield first
                yield trial, item
        for alone in leaders.values():
            if alone is not None:
                yield alone

    async def _led_by(self, trial: Trial, item: Item) -> bool:
        """Ask live what the others of a prefix wait for; not where the batch has taken the money for that."""
        hold = await self._put_aside(item.request, batch=False)
        if hold is None:
            return False
        hold.release()
        await self._ask(trial)
        return True

    async def _put_aside(self, request: Request, *, batch: bool = True) -> Hold | None:
        """Put a request's money aside; None where it does not fit while other calls are out.

        Raises:
            IncompleteError: It can never fit.
        """
        try:
            async with asyncio.timeout(0):  # a reservation that fits does not wait
                return await self.desk.purse.reserve(request, batch=batch)
        except TimeoutError:
            return None

    async def _make(self, piece: Piece) -> Piece:
        """Make a batch: the journal knows of it before the service does."""
        try:
            await self._step(piece, "asked")
            piece.id = (await self._created(piece)).id
            self._watch(piece)
            await self._step(piece, "made")
        except BaseException:
            piece.release()
            raise
        logger.info("%s · %d requests in a batch", piece.id, len(piece.indexes))
        return piece

    async def _created(self, piece: Piece) -> Batch:
        try:
            return await self._post.create(self._items(piece), api_version=piece.api_version)
        except APIError as error:
            if _surely_refused(error):
                await self._step(piece, "void")
                raise
            if (found := await self._found(piece)) is None:
                raise  # it may still appear: the journal has it, and a resumed run looks again
            return found

    def _items(self, piece: Piece) -> Iterator[tuple[str, bytes]]:
        for index in piece.indexes:
            trial = trial_at(self._evaluation, index)
            request = trial.request
            yield piece.name(index, request.key), self._post.item(request, draw=trial.epoch).params

    async def _is_made(self, piece: Piece) -> bool:
        """Find out whether a batch that an earlier sitting was about to make is there."""
        if piece.id is None:
            found = await self._found(piece)
            if found is None:
                await self._step(piece, "void")
                return False
            piece.id = found.id
            await self._step(piece, "made")
        self._watch(piece)
        return True

    def _watch(self, piece: Piece) -> None:
        assert piece.id is not None
        self._known.ids.add(piece.id)
        self._running[piece.id] = piece
        self._waiting.update(piece.indexes)

    async def _found(self, piece: Piece) -> Batch | None:
        """Look for a batch whose creation was never confirmed; only its results say whose it is."""
        for pause_s in _LOOKS_S:
            await asyncio.sleep(pause_s)
            async for batch in self._post.listed():
                if piece.is_younger_than(batch):
                    break
                if batch.id not in self._known.ids and piece.may_be(batch) and await self._is(piece, batch):
                    return batch
        return None

    async def _is(self, piece: Piece, batch: Batch) -> bool:
        if batch.archived_at is not None:
            return False  # nobody can tell any more
        await self._post.wait(batch.id, progress=self._looked_at)
        async for name, _ in self._post.results(batch.id):
            return piece.index(name) is not None
        return False

    async def _step(self, piece: Piece, state: str) -> None:
        self._commits.note(piece.record(state))
        await self._commits.flush()

    # --- their results -------------------------------------------------------------------------------

    async def _finish_all(self, pieces: list[Piece]) -> None:
        """Wait for batches, side by side, and take their results.

        Raises:
            IncompleteError: Somebody canceled one of them.
        """
        tasks = [asyncio.create_task(self._finish(piece)) for piece in pieces]
        if not tasks:
            return
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            for piece in pieces:
                piece.release()
        for error in ended:
            if isinstance(error, Exception):
                raise error
        if self._canceled and not self._late:
            raise IncompleteError(
                f"{self._canceled:,} requests were canceled with their batch; what was answered is kept: "
                "resume to ask the others again"
            )

    async def _finish(self, piece: Piece) -> None:
        assert piece.id is not None
        try:
            batch = await self._post.wait(piece.id, progress=self._looked_at)
            if batch.archived_at is not None:
                logger.warning("%s is older than 29 days: its results are gone and asked again", batch.id)
            else:
                async for name, result in self._post.results(batch.id):
                    await self._take(piece, batch, name, result)
        except NotFoundError as error:
            error.add_cure(
                "A batch of this run is not there: go on with the key and workspace it was made with, or, "
                "where it was deleted, begin anew in another folder"
            )
            raise
        await self._commits.flush()
        await self._step(piece, "over")
        self._waiting.difference_update(piece.indexes)
        del self._running[piece.id]

    async def _take(self, piece: Piece, batch: Batch, name: str, result: BatchResult) -> None:
        index = piece.index(name)
        known = self.results.get(index) if index is not None else None
        if index is None or (known is not None and known.error is None):
            return  # not asked by this run, or taken by an earlier sitting
        trial = trial_at(self._evaluation, index)
        request = trial.request
        hold = piece.holds.pop(index, None)
        if result.message is not None:
            reply = self._post.kept(request, result, batch, draw=trial.epoch)
            await self._commits.add(self._judged(trial, request, reply, None))
            if hold is not None:
                hold.settle(reply)
            elif self.desk.purse.cap is not None:  # an earlier sitting made this batch
                self.desk.purse.spent += reply.cost.known
            return
        if hold is not None:
            hold.release()
        self._came_to_nothing(trial, request, result)

    def _came_to_nothing(self, trial: Trial, request: Request, result: BatchResult) -> None:
        error = result.failure
        assert error is not None
        if result.type == "canceled":
            self._canceled += 1
        elif result.type == "errored" and not error.retryable:
            self._final.add(trial.index)
            self._failed(trial, request, error, sent=False)
        self._tries[trial.index] += 1

    # --- while they run ------------------------------------------------------------------------------

    def _looked_at(self, batch: Batch) -> None:
        logger.debug("%s", batch)
        if self._on_event is not None:
            note = "" if batch.ended else f"{batch.id} {batch.processing_status}"
            self._on_event(Event("retried", batch.id, None, len(self.results), self._total, note))

    async def _call_off(self, seconds: float) -> None:
        """At the deadline, cancel what runs: its trials are then asked live."""
        await asyncio.sleep(seconds)
        self._late = True
        for batch_id in tuple(self._running):
            try:
                await self._post.cancel(batch_id)
            except APIError as error:
                logger.info("%s could not be canceled: %s", batch_id, error)

    def _say_how_to_go_on(self) -> None:
        for batch_id in self._running:
            logger.warning(
                "%s goes on at the service: resume this run to have its results, or stop it with "
                "client.batches.cancel(%r)",
                batch_id,
                batch_id,
            )


def _surely_refused(error: APIError) -> bool:
    """Return whether a batch was certainly not made."""
    return isinstance(error, APIStatusError) and error.status not in {408, 500, 502, 504}
