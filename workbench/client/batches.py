"""Message batches: many requests at half the price, answered within a day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from workbench import sync
from workbench.errors import LintError, UsageError, WorkbenchError
from workbench.lint import lint
from workbench.wire.batch import CUSTOM_ID, MOST_REQUESTS, Batch, BatchResult
from workbench.wire.codec import dumps
from workbench.wire.request import Request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator

    from workbench.client.answers import Question
    from workbench.client.batch_calls import BatchCalls

    Asked = Request | Mapping[str, Any]

LINTED = 1000
"""Requests judged before a batch is made; the service judges only when a request's turn comes."""
_LINES = 256
"""Results fetched at once for a plain caller."""


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
