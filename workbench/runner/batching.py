"""What a run needs of a client to ask in batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from workbench.reply import Reply
    from workbench.wire import Request
    from workbench.wire.batch import Batch, BatchResult


@dataclass(frozen=True, slots=True)
class Item:
    """One request as a batch takes it.

    Attributes:
        request: As it is sent.
        params: Its JSON.
        api_version: The version it needs.
        key: What its answer is kept under; None where nothing is kept, so that equal requests are all asked.
    """

    request: Request
    params: bytes
    api_version: str
    key: str | None


class Post(Protocol):
    """The way to the batch endpoint and to what is recorded; a client's part in a run."""

    async def recorded(self, request: Request, *, draw: int) -> Reply | None:
        """Return what is recorded, or None."""

    def item(self, request: Request, *, draw: int) -> Item:
        """Return a request as a batch takes it."""

    def kept(self, request: Request, result: BatchResult, batch: Batch, *, draw: int) -> Reply:
        """Make the reply of a result that has a message, and record it."""

    async def create(self, items: Iterable[tuple[str, bytes]], *, api_version: str) -> Batch:
        """Make a batch."""

    async def cancel(self, batch_id: str) -> Batch:
        """Stop a batch."""

    async def wait(self, batch_id: str, *, progress: Callable[[Batch], object]) -> Batch:
        """Wait until a batch has ended."""

    def listed(self) -> AsyncIterator[Batch]:
        """Yield the batches there are, newest first."""

    def results(self, batch_id: str) -> AsyncIterator[tuple[str, BatchResult]]:
        """Yield the results of a batch that has ended."""


@dataclass(frozen=True, slots=True)
class Batching:
    """How a run uses batches.

    Attributes:
        post: The way to the batch endpoint.
        fresh: Whether to make new batches; without, only those that earlier sittings made are finished.
        deadline_s: Seconds after which batches are canceled and what is left is asked live; None: never.
    """

    post: Post
    fresh: bool = True
    deadline_s: float | None = None
