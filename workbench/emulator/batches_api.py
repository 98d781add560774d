"""The routes of message batches.

Source: https://platform.claude.com/docs/en/api/creating-message-batches
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

from starlette.responses import StreamingResponse
from starlette.routing import Route

from workbench.emulator import body as bodies
from workbench.emulator.auth import caller
from workbench.emulator.faults.sending import WIRE
from workbench.emulator.pace import Frame, Outgoing
from workbench.emulator.pages import bad, page
from workbench.errors import WireError
from workbench.wire.codec import dumps, loads

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from starlette.requests import Request as HTTPRequest
    from starlette.responses import Response

    from workbench.emulator.auth import Caller
    from workbench.emulator.batches import Batches
    from workbench.emulator.batches_shelf import Item
    from workbench.emulator.faults.sending import Wire

PATH = "/v1/messages/batches"
MOST_REQUESTS = 100_000
MOST_BYTES = 256 * 2**20
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_CHUNK = 256 * 1024
READING_S = 0.03
"""Seconds in which the other side reads what came, before the connection is broken."""
_KINDS = frozenset({"", "results", "cancel"})


def shape_of(path: str) -> str | None:
    """Return a batch path without its id, for counting; None where it is none.

    >>> shape_of("/v1/messages/batches/msgbatch_01/results")
    '/v1/messages/batches/ID/results'
    """
    if path == PATH:
        return PATH
    head, _, tail = path.removeprefix(f"{PATH}/").partition("/")
    if not path.startswith(f"{PATH}/") or not head or tail not in _KINDS:
        return None
    return f"{PATH}/ID/{tail}".rstrip("/")


class BatchesAPI:
    """Answers for `Batches` over HTTP."""

    def __init__(self, batches: Batches) -> None:
        self.batches = batches

    def routes(self) -> list[Route]:
        """Return every route."""
        return [
            Route(PATH, self._create, methods=["POST"]),
            Route(PATH, self._list, methods=["GET"]),
            Route(f"{PATH}/{{id}}", self._get, methods=["GET"]),
            Route(f"{PATH}/{{id}}", self._delete, methods=["DELETE"]),
            Route(f"{PATH}/{{id}}/cancel", self._cancel, methods=["POST"]),
            Route(f"{PATH}/{{id}}/results", self._results, methods=["GET"]),
        ]

    async def _create(self, http: HTTPRequest) -> Response:
        who = caller(http.headers)
        raw = await bodies.read(http.headers, http.receive, limit=MOST_BYTES)
        items = await asyncio.to_thread(read_items, raw)
        return self._shown(await self.batches.create(items, who), http, who)

    async def _list(self, http: HTTPRequest) -> Response:
        who = caller(http.headers)
        found, more = page(self.batches.of(who), http.query_params, kind="message batch")
        host, now = http.headers["host"], self.batches.now()
        return _json(
            {
                "data": [batch.json(host, now) for batch in found],
                "has_more": more,
                "first_id": found[0].id if found else None,
                "last_id": found[-1].id if found else None,
            },
            who,
        )

    async def _get(self, http: HTTPRequest) -> Response:
        who = caller(http.headers)
        return self._shown(self.batches.get(http.path_params["id"], who), http, who)

    async def _cancel(self, http: HTTPRequest) -> Response:
        who = caller(http.headers)
        return self._shown(await self.batches.cancel(http.path_params["id"], who), http, who)

    async def _delete(self, http: HTTPRequest) -> Response:
        who = caller(http.headers)
        await self.batches.delete(http.path_params["id"], who)
        return _json({"id": http.path_params["id"], "type": "message_batch_deleted"}, who)

    async def _results(self, http: HTTPRequest) -> Response:
        who = caller(http.headers)
        cut = self.batches.cuts > 0
        lines = self.batches.results(http.path_params["id"], who)
        headers = {"anthropic-workspace-id": who.workspace}
        wire = http.scope.get("extensions", {}).get(WIRE) if cut else None
        return StreamingResponse(_chunks(lines, wire), media_type="application/x-jsonl", headers=headers)

    def _shown(self, batch: Any, http: HTTPRequest, who: Caller) -> Response:
        return _json(batch.json(http.headers["host"], self.batches.now()), who)


def read_items(raw: bytes) -> list[Item]:
    """Read the body of a create; what is wrong with ``params`` shows only when they are answered.

    Raises:
        BadRequestError: Not JSON, or not requests with names of their own, in the words of the API.

    >>> read_items(b'{"requests": []}')
    Traceback (most recent call last):
    ...
    workbench.errors.BadRequestError: requests: List should have at least 1 item after validation, not 0
    """
    try:
        body = loads(raw)
    except WireError as error:
        raise bad(f"The request body is not valid JSON: {str(error)[:200]}") from None
    if not isinstance(body, dict):
        raise bad("Input should be an object")
    if "requests" not in body:
        raise bad("requests: Field required")
    for name in body:
        if name != "requests":
            raise bad(f"{name[:80]}: Extra inputs are not permitted")
    rows = body["requests"]
    if not isinstance(rows, list):
        raise bad("requests: Input should be a valid list")
    if not rows:
        raise bad("requests: List should have at least 1 item after validation, not 0")
    if len(rows) > MOST_REQUESTS:
        many = f"at most {MOST_REQUESTS} items after validation, not {len(rows)}"
        raise bad(f"requests: List should have {many}")
    return _named(rows)


def _named(rows: list[Any]) -> list[Item]:
    items: list[Item] = []
    seen: set[str] = set()
    for index, row in enumerate(rows):
        name = _custom_id(row, f"requests.{index}")
        if name in seen:
            raise bad(
                f"requests: custom_id's must be unique within a batch. Duplicate custom_id found: {name}"
            )
        seen.add(name)
        items.append((name, dumps(row["params"])))
        rows[index] = None  # a batch may be large: two copies of it are enough
    return items


def _custom_id(row: Any, where: str) -> str:
    if not isinstance(row, dict):
        raise bad(f"{where}: Input should be an object")
    for field in ("custom_id", "params"):
        if field not in row:
            raise bad(f"{where}.{field}: Field required")
    for field in row:
        if field not in {"custom_id", "params"}:
            raise bad(f"{where}.{field[:80]}: Extra inputs are not permitted")
    if not isinstance(row["params"], dict):
        raise bad(f"{where}.params: Input should be an object")
    name = row["custom_id"]
    if isinstance(name, str) and _ID.fullmatch(name):
        return name
    raise bad(f"{where}.custom_id: {_wrong(name)}")


def _wrong(name: Any) -> str:
    if not isinstance(name, str):
        return "Input should be a valid string"
    if not name:
        return "String should have at least 1 character"
    if len(name) > 64:
        return "String should have at most 64 characters"
    return "String should match pattern '^[a-zA-Z0-9_-]{1,64}$'"


async def _chunks(lines: Iterator[bytes], wire: Wire | None) -> AsyncIterator[bytes]:
    """Yield lines joined to pieces worth a write; then, where a *wire* is given, break it."""
    some: list[bytes] = []
    size = 0
    for line in lines:
        some.append(line)
        size += len(line)
        if size >= _CHUNK:
            yield b"".join(some)
            some, size = [], 0
            await asyncio.sleep(0)
    yield b"".join(some)
    if wire is not None:
        await asyncio.sleep(READING_S)
        wire.reset()


def _json(value: dict[str, Any], who: Caller) -> Response:
    return Outgoing([Frame(dumps(value))], headers=[(b"anthropic-workspace-id", who.workspace.encode())])
