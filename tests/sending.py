"""A transport that waits for nothing, and a server that answers it as a test says."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults import KEY, FaultServer
from workbench import sync
from workbench.platforms import resolve
from workbench.transport import Limits, Transport
from workbench.wire import Request

if TYPE_CHECKING:
    from workbench.errors import APIError
    from workbench.reply import Reply

REQUEST = Request.model_validate({"model": "claude-haiku-4-5", "max_tokens": 9, "messages": ["Hi"]})
FAST = Limits(connect_s=1, idle_s=0.3, stream_idle_s=0.3, total_s=5)


def transport(server: FaultServer, waits: list[float] | None = None, **options: Any) -> Transport:
    """A transport that does not really wait: waits are written into *waits*."""
    seen = waits if waits is not None else []
    clock = [0.0]

    async def pause(seconds: float) -> None:
        seen.append(seconds)
        clock[0] += seconds
        await asyncio.sleep(0)

    options.setdefault("limits", FAST)
    endpoint = resolve(base_url=server.url, api_key=KEY, environ={})
    return Transport(endpoint, jitter=lambda: 0.5, pause=pause, clock=lambda: clock[0], **options)


def send(server: FaultServer, *acts: Any, request: Request = REQUEST, **options: Any) -> Reply:
    """Send one request to a server that answers with *acts*."""
    server.script(*acts)

    async def go() -> Reply:
        out = transport(server, **options)
        try:
            return await out.send(request)
        finally:
            await out.aclose()

    return sync.run(go())


def caught(kind: type[APIError], server: FaultServer, *acts: Any, **options: Any) -> Any:
    """Return the error of that very class."""
    with pytest.raises(kind) as info:
        send(server, *acts, **options)
    assert type(info.value) is kind
    return info.value
