"""CPU of one request and of one stream event, through `Transport`; user and system time of this process.

    python tests/benchmarks/transport.py http://127.0.0.1:8100

The server has to answer at once (it is another process); the figures exclude start-up and warm-up.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys

from workbench.platforms import resolve
from workbench.transport import Transport
from workbench.wire import Request

PROMPT = "What is the answer? " * 50


def cpu() -> float:
    """Return the seconds of CPU this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def drive(transport: Transport, n: int, at_once: int, *, stream: bool) -> float:
    """Send *n* requests, so many in flight; return the CPU seconds."""
    todo = iter(range(n))

    async def worker() -> None:
        for i in todo:
            body = {"model": "claude-haiku-4-5", "max_tokens": 256, "messages": [f"{i}: {PROMPT}"]}
            await transport.send(Request.model_validate({**body, "stream": True} if stream else body))

    before = cpu()
    await asyncio.gather(*(worker() for _ in range(at_once)))
    return cpu() - before


async def measure(url: str) -> dict[str, float]:
    """Return milliseconds of CPU per request and microseconds per stream event."""
    transport = Transport(resolve(base_url=url, environ={}))
    events = 0

    def count(batch: list[object]) -> None:
        nonlocal events
        events += len(batch)

    one = Request.model_validate({"model": "claude-haiku-4-5", "max_tokens": 256, "messages": [PROMPT]})
    await transport.stream(one, count)  # type: ignore[arg-type]
    await drive(transport, 200, 50, stream=False)
    plain = min([await drive(transport, 1000, 50, stream=False) for _ in range(3)]) / 1000
    streamed = min([await drive(transport, 200, 10, stream=True) for _ in range(3)]) / 200
    await transport.aclose()
    return {
        "cpu_ms_a_request_at_50": round(plain * 1e3, 3),
        "cpu_ms_a_stream": round(streamed * 1e3, 3),
        "events_a_stream": events,
        "cpu_us_an_event": round(streamed / events * 1e6, 1),
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(sys.argv[1]))))
