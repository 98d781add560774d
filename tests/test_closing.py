"""A client that is closed, or let go, while calls are on their way: they end, and nothing stays open."""

from __future__ import annotations

import asyncio
import gc

import pytest

from tests.faults import FaultServer, error, message
from workbench import sync
from workbench.errors import APIConnectionError
from workbench.platforms import resolve
from workbench.transport import Limits, Transport, connection
from workbench.wire import Request

REQUEST = Request.model_validate({"model": "claude-haiku-4-5", "max_tokens": 9, "messages": ["Hi"]})


def test_a_call_that_waits_for_its_next_attempt_ends_and_opens_nothing():
    """What it would open then, nobody would close."""

    async def go(url: str) -> APIConnectionError:
        waits = asyncio.Event()
        goes_on = asyncio.Event()

        async def pause(_seconds: float) -> None:
            waits.set()
            await goes_on.wait()

        endpoint = resolve(base_url=url, api_key="sk-ant-test", environ={})
        out = Transport(endpoint, limits=Limits(total_s=20), pause=pause)
        call = asyncio.create_task(out.send(REQUEST))
        await asyncio.wait({call, asyncio.create_task(waits.wait())}, return_when="FIRST_COMPLETED")
        await out.aclose()
        goes_on.set()
        with pytest.raises(APIConnectionError, match="the client was closed") as failed:
            await call
        return failed.value

    before = set(connection._sessions)
    with FaultServer() as server:
        server.script(error(500, "api_error"), message())
        failed = sync.run(go(server.url))
        assert len(server.requests) == 1
    gc.collect()
    assert [session for session in set(connection._sessions) - before if not session.closed] == []
    assert "had answered" in str(failed)
