"""One measured client in one process; `bench.py` runs it and reads the JSON line it prints.

    python tests/benchmarks/clients.py WHAT URL N IN_FLIGHT

The line has ``cpu`` and ``wall`` seconds past start-up, and ``peak_mb`` of the process.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import tempfile
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    Spent = dict[str, float]


PREFIX_TOKENS = 20_000


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


@contextmanager
def spent() -> Iterator[Spent]:
    """Yield what becomes the CPU and wall seconds of the block."""
    found: Spent = {}
    before, began = cpu(), time.perf_counter()
    yield found
    found.update(cpu=cpu() - before, wall=time.perf_counter() - began)


async def in_flight(call: Callable[[int], Awaitable[object]], n: int, width: int) -> None:
    numbers = iter(range(n))

    async def worker() -> None:
        for number in numbers:
            await call(number)

    await asyncio.gather(*(worker() for _ in range(width)))


async def measured(call: Callable[[int], Awaitable[object]], n: int, width: int) -> Spent:
    """What n calls take after a warm-up."""
    await in_flight(call, 2 * width, width)
    with spent() as found:
        await in_flight(call, n, width)
    return found


def workbench_send(url: str, n: int, width: int) -> Spent:
    import workbench as wb
    from workbench import sync

    with wb.Client(base_url=url, api_key="k", store=False) as client:
        return sync.run(measured(lambda i: client.asend(wb.Request.model_validate(body(i))), n, width))


def sdk_send(url: str, n: int, width: int) -> Spent:
    from anthropic import AsyncAnthropic

    async def go() -> Spent:
        async with AsyncAnthropic(base_url=url, api_key="k") as client:
            return await measured(lambda i: client.messages.create(**body(i)), n, width)

    return asyncio.run(go())


def httpx_send(url: str, n: int, width: int) -> Spent:
    import httpx

    async def go() -> Spent:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(limits=limits, trust_env=False) as client:
            return await measured(lambda i: client.post(f"{url}/v1/messages", json=body(i)), n, width)

    return asyncio.run(go())


def workbench_stream(url: str, n: int, _width: int) -> Spent:
    import workbench as wb

    request = wb.Request.model_validate(body())
    with wb.Client(base_url=url, api_key="k", store=False) as client:
        for _ in client.stream(request):
            pass
        with spent() as found:
            for _ in range(n):
                for _ in client.stream(request):
                    pass
    return found


def sdk_stream(url: str, n: int, _width: int) -> Spent:
    from anthropic import Anthropic

    with Anthropic(base_url=url, api_key="k") as client:

        def once() -> None:
            with client.messages.stream(**body()) as stream:
                for _ in stream:
                    pass

        once()
        with spent() as found:
            for _ in range(n):
                once()
    return found


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


def engine(url: str, n: int, width: int) -> Spent:
    """Runner, journal, store and transport together, tables written; the first run pays for start-up."""
    import workbench as wb

    with (
        tempfile.TemporaryDirectory() as folder,
        wb.Client(base_url=url, api_key="k", store=f"{folder}/s") as client,
    ):
        client.run(study(2 * width), concurrency=width, out=f"{folder}/warm", mode="refresh")
        with spent() as found:
            client.run(study(n), concurrency=width, out=f"{folder}/run", mode="refresh")
    return found


def replay(url: str, n: int, width: int) -> Spent:
    """The same study again, all of it from the store."""
    import workbench as wb

    with (
        tempfile.TemporaryDirectory() as folder,
        wb.Client(base_url=url, api_key="k", store=f"{folder}/s") as client,
    ):
        client.run(study(n), concurrency=width, out=f"{folder}/live")
        client.run(study(n), concurrency=width, out=f"{folder}/warm")
        again = study(n)
        with spent() as found:
            client.run(again, concurrency=width, out=f"{folder}/run")
    return found


def memory(url: str, n: int, width: int) -> Spent:
    """A run for its peak memory; neither pandas nor widgets may be loaded."""
    found = engine(url, n, width)
    loaded = [name for name in ("pandas", "ipywidgets", "matplotlib") if name in sys.modules]
    assert not loaded, loaded
    return found


def shared_prefix(*, marked: bool) -> list[dict[str, Any]]:
    """Return a system prompt of `PREFIX_TOKENS`, a token being four characters."""
    words = "the quick brown fox jumps over a lazy dog while seven wizards quietly juggle "
    text = (words * (4 * PREFIX_TOKENS // len(words) + 1))[: 4 * PREFIX_TOKENS]
    return [{"type": "text", "text": text, **({"cache_control": {"type": "ephemeral"}} if marked else {})}]


def prefix_study(n: int, *, marked: bool) -> Any:
    import workbench as wb

    prompt = wb.Prompt(
        "{{input}}", system=shared_prefix(marked=marked), model="claude-haiku-4-5", max_tokens=64
    )
    rows = [{"id": f"s{i}", "input": f"{i}+2=?", "target": "positive"} for i in range(n)]
    return wb.Eval("bench", dataset=wb.Dataset.load(rows), variants=prompt, scorers=[wb.score.exact()])


def workbench_prefix(url: str, n: int, width: int, *, marked: bool = True) -> Spent:
    """Samples that share a long prompt, streamed as they are by default from the Claude API."""
    import workbench as wb

    with (
        tempfile.TemporaryDirectory() as folder,
        wb.Client(base_url=url, api_key="k", store=f"{folder}/s") as client,
        spent() as found,
    ):
        given = prefix_study(n, marked=marked)
        client.run(given, concurrency=width, out=f"{folder}/run", stream=True)
    return found


def workbench_prefix_unmarked(url: str, n: int, width: int) -> Spent:
    return workbench_prefix(url, n, width, marked=False)


def sdk_prefix(url: str, n: int, width: int) -> Spent:
    from anthropic import AsyncAnthropic

    async def go() -> Spent:
        async with AsyncAnthropic(base_url=url, api_key="k") as client:

            async def ask(i: int) -> object:
                return await client.messages.create(**{**body(i), "system": shared_prefix(marked=True)})

            with spent() as found:
                await in_flight(ask, n, width)
            return found

    return asyncio.run(go())


def import_workbench(*_: object) -> Spent:
    with spent() as found:
        import workbench  # noqa: F401
    return found


def import_workbench_used(*_: object) -> Spent:
    with spent() as found:
        import workbench as wb

        for name in wb.__all__:
            getattr(wb, name)
    return found


def import_anthropic(*_: object) -> Spent:
    with spent() as found:
        import anthropic  # noqa: F401
    return found


if __name__ == "__main__":
    what, url, n, width = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    os.environ.pop("ANTHROPIC_API_KEY", None)
    with tempfile.TemporaryDirectory() as home:
        os.environ["WORKBENCH_STORE"] = f"{home}/store"
        print(json.dumps({**globals()[what](url, n, width), "peak_mb": peak_mb()}))
