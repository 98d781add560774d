"""A client's part in a run that asks in batches, and the choice between batches and live calls."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, get_args

from workbench.client.batch_calls import BatchCalls
from workbench.errors import UsageError, did_you_mean
from workbench.reply import Reply, Timing
from workbench.runner.batching import Item
from workbench.wire.codec import dumps

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from workbench.client.answers import Answers, Mode, Question
    from workbench.transport import Transport
    from workbench.wire import Request
    from workbench.wire.batch import Batch, BatchResult

Via = Literal["messages", "batch", "auto"]
WAYS: tuple[str, ...] = get_args(Via)

CERTAIN_S = 86_400.0
"""A batch has ended, or what is left of it has expired, after so long.

Source: https://platform.claude.com/docs/en/build-with-claude/batch-processing"""
_LAST = 20
"""Earlier batches that are looked at for how long one takes."""
_FEWEST = 3
_CAUTION = 1.5


class Post(BatchCalls):
    """The batch endpoint and the store, as the runner's `Post` takes them.

    Args:
        connect: Returns the transport.
        ask: Makes the question of a request and its draw.
        answers: Knows what is recorded.
        mode: Where answers may come from.
        betas: ``anthropic-beta``.
        since: When the run's first sitting began: in refresh, what is recorded since is fresh enough.

    Attributes:
        marks: Gives requests breakpoints as they are sent; what was recorded without them is used too.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[Transport]],
        ask: Callable[[Request, int], Question],
        answers: Answers,
        mode: Mode,
        *,
        betas: Iterable[str],
        since: datetime,
    ) -> None:
        super().__init__(connect, betas)
        self._ask = ask
        self._answers = answers
        self._mode = mode
        self._since = since
        self._origin = "claude_api"
        self.marks: Callable[[Request], Request] | None = None

    async def recorded(self, request: Request, *, draw: int) -> Reply | None:
        """Return what is recorded; in refresh only what this run had recorded."""
        if self._mode == "off":
            return None
        question, origin = self._ask(request, draw), await self._answers.origin()
        if self._mode == "live":
            found = self._answers.recorded(question, origin)
            if found is None and self.marks is not None:
                found = self._answers.recorded(self._plain(request, draw), origin)
            return found
        if self._answers.store is None:
            return None
        question = self._plain(request, draw)
        found = self._answers.store.get(question.request, **question.beside, origin=origin)
        made = found.timing.recorded_at if found is not None else None
        return found if made is not None and datetime.fromisoformat(made) >= self._since else None

    def item(self, request: Request, *, draw: int) -> Item:
        """Return a request as a batch takes it."""
        question = self._plain(request, draw)
        kept = self._mode != "off" and self._answers.store is not None
        key = question.key(self._origin) if kept else None
        return Item(question.request, dumps(question.request.wire()), question.api_version, key)

    def kept(self, request: Request, result: BatchResult, batch: Batch, *, draw: int) -> Reply:
        """Make the reply of a result, and record it; its time is that of the whole batch."""
        assert result.message is not None
        question = self._plain(request, draw)
        reply = Reply(
            question.request,
            result.message,
            Timing(
                total_s=batch.took_s or 0.0, recorded_at=datetime.now(UTC).isoformat(timespec="milliseconds")
            ),
            origin=self._origin,
            draw=draw,
            api_version=question.api_version,
            batch=True,
        )
        if self._mode != "off" and self._answers.store is not None:
            self._answers.store.put(reply, betas=question.betas)
        return reply

    async def create(
        self, items: Iterable[tuple[str, bytes]], *, api_version: str, betas: Iterable[str] | None = None
    ) -> Batch:
        """Make a batch, as `BatchCalls.create`."""
        batch = await super().create(items, api_version=api_version, betas=betas)
        self._origin = (await self._connect()).origin
        return batch

    async def get(self, batch_id: str) -> Batch:
        """Return a batch as it stands."""
        batch = await super().get(batch_id)
        self._origin = (await self._connect()).origin
        return batch

    async def fresh(self, via: str, deadline_s: float | None) -> bool:
        """Return whether to make batches.

        ``auto`` makes them where no deadline was given, where a day is left, and where the last batches of
        this workspace took so long that another will be done in time, with half as much again to spare.

        Raises:
            UsageError: No such way, a deadline that is none, or a server that has no batches.
        """
        check_way(via, deadline_s)
        if via == "messages":
            return False
        if (origin := await self._answers.origin()).startswith("url:"):
            if via == "auto":
                return False
            raise UsageError(f"{origin.removeprefix('url:')} has no batches: use via='messages'")
        if via == "batch" or deadline_s is None or deadline_s >= CERTAIN_S:
            return True
        return await self._in_time(deadline_s)

    async def _in_time(self, deadline_s: float) -> bool:
        took: list[float] = []
        looked = 0
        async for batch in self.listed():
            took += [batch.took_s] if batch.took_s is not None else []
            looked += 1
            if looked == _LAST:
                break
        return len(took) >= _FEWEST and max(took) * _CAUTION <= deadline_s

    def _plain(self, request: Request, draw: int) -> Question:
        """Return what is asked in a batch: it cannot stream."""
        question = self._ask(request, draw)
        plain = question.request
        if plain.stream is not None:
            plain = plain.with_(stream=None)
        if self.marks is not None:
            plain = self.marks(plain)
        return question if plain is question.request else replace(question, request=plain)


def check_way(via: str, deadline_s: float | None) -> None:
    """Refuse a way to ask that there is not.

    Raises:
        UsageError: It says which there are.
    """
    if via not in WAYS:
        raise UsageError(f"via {via!r} is none of {', '.join(WAYS)}{did_you_mean(via, WAYS)}")
    if deadline_s is not None and not 0 < deadline_s < float("inf"):
        raise UsageError(f"deadline_s is a number of seconds, not {deadline_s!r}")
    if deadline_s is not None and via == "messages":
        raise UsageError("a deadline is for batches: use via='auto' or via='batch'")
