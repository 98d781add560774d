"""One measured client in one process; `bench.py` runs it and reads the JSON line it prints.

python tests/benchmarks/clients.py WHAT URL N IN_FLIGHT
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import tempfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


def body(number: int = 0) -> dict[str, Any]:
    """A request of its own for every number: equal ones would be asked once."""
    text = f"Is this review positive or negative? Number {number} was wonderful."
    return {"model": "claude-haiku-4-5", "max_tokens": 64, "messages": [{"role": "user", "content": text}]}


def cpu() -> float:
    """User and system seconds of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def in_flight(call: Callable[[int], Awaitable[object]], n: int, width: int) -> None:
    numbers = iter(range(n))

    async def worker() -> None:
        for number in numbers:
            await call(number)

    await asyncio.gather(*(worker() for _ in range(width)))


async def measured(call: Callable[[int], Awaitable[object]], n: int, width: int) -> float:
    """CPU seconds of n calls after a warm-up."""
    await in_flight(call, 2 * width, width)
    before = cpu()
    await in_flight(call, n, width)
    return cpu() - before


def workbench_send(url: str, n: int, width: int) -> float:
    import workbench as wb
    from workbench import sync

    with wb.Client(base_url=url, api_key="k", store=False) as client:
        return sync.run(measured(lambda i: client.asend(wb.Request.model_validate(body(i))), n, width))


def sdk_send(url: str, n: int, width: int) -> float:
    from anthropic import AsyncAnthropic

    async def go() -> float:
        async with AsyncAnthropic(base_url=url, api_key="k") as client:
            return await measured(lambda i: client.messages.create(**body(i)), n, width)

    return asyncio.run(go())


def httpx_send(url: str, n: int, width: int) -> float:
    import httpx

    async def go() -> float:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(limits=limits, trust_env=False) as client:
            return await measured(lambda i: client.post(f"{url}/v1/messages", json=body(i)), n, width)

    return asyncio.run(go())


def workbench_stream(url: str, n: int, _width: int) -> float:
    import workbench as wb

    request = wb.Request.model_validate(body())
    with wb.Client(base_url=url, api_key="k", store=False) as client:
        for _ in client.stream(request):
            pass
        before = cpu()
        for _ in range(n):
            for _ in client.stream(request):
                pass
        return cpu() - before


def sdk_stream(url: str, n: int, _width: int) -> float:
    from anthropic import Anthropic

    with Anthropic(base_url=url, api_key="k") as client:

        def once() -> None:
            with client.messages.stream(**body()) as stream:
                for _ in stream:
                    pass

        once()
        before = cpu()
        for _ in range(n):
            once()
        return cpu() - before


def study(n: int) -> Any:
    import workbench as wb

    rows = [
        {"id": f"s{i}", "input": f"Review number {i}: it was wonderful.", "target": "positive"}
        for i in range(n)
    ]
    prompt = wb.Prompt(
        "Is this review positive or negative? {{input}}", model="claude-haiku-4-5", max_tokens=64
    )
    return wb.Eval("bench", dataset=wb.Dataset.load(rows), variants=prompt, scorers=[wb.score.exact()])


def workbench_engine(url: str, n: int, width: int) -> float:
    """Runner, journal, store and transport together; the first run pays for start-up."""
    import workbench as wb

    with (
        tempfile.TemporaryDirectory() as folder,
        wb.Client(base_url=url, api_key="k", store=f"{folder}/s") as client,
    ):
        client.run(study(2 * width), concurrency=width, out=f"{folder}/warm", mode="refresh")
        before = cpu()
        client.run(study(n), concurrency=width, out=f"{folder}/run", mode="refresh")
        return cpu() - before


def workbench_replay(url: str, n: int, width: int) -> float:
    """The same study again, all of it from the store."""
    import workbench as wb

    with (
        tempfile.TemporaryDirectory() as folder,
        wb.Client(base_url=url, api_key="k", store=f"{folder}/s") as client,
    ):
        client.run(study(n), concurrency=width, out=f"{folder}/live")
        client.run(study(n), concurrency=width, out=f"{folder}/warm")
        again = study(n)
        before = cpu()
        client.run(again, concurrency=width, out=f"{folder}/run")
        return cpu() - before


def memory(url: str, n: int, width: int) -> float:
    """Peak memory in MB; neither pandas nor widgets may be loaded."""
    workbench_engine(url, n, width)
    loaded = [name for name in ("pandas", "ipywidgets", "matplotlib") if name in sys.modules]
    assert not loaded, loaded
    return peak_mb()


def import_workbench(*_: object) -> float:
    before = cpu()
    import workbench  # noqa: F401

    return cpu() - before


def import_workbench_used(*_: object) -> float:
    before = cpu()
    import workbench as wb

    for name in wb.__all__:
        getattr(wb, name)
    return cpu() - before


def import_anthropic(*_: object) -> float:
    before = cpu()
    import anthropic  # noqa: F401

    return cpu() - before


if __name__ == "__main__":
    what, url, n, width = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    os.environ.pop("ANTHROPIC_API_KEY", None)
    with tempfile.TemporaryDirectory() as home:
        os.environ["WORKBENCH_STORE"] = f"{home}/store"
        print(
            json.dumps({"what": what, "value": globals()[what](url, n, width), "n": n, "peak_mb": peak_mb()})
        )
