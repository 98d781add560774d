"""A service made up in the process: it answers in made-up time, with limits and outages."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import httpx

from tests import faults
from tests.virtual import clock
from workbench.errors import APIError
from workbench.platforms import resolve
from workbench.runner.slots import Slots
from workbench.transport import Transport
from workbench.wire import Request

if TYPE_CHECKING:
    from collections.abc import Callable

START = datetime(2026, 11, 22, 10, tzinfo=UTC)
URL = "https://service.example"


def request(
    number: int, *, words: int = 40, max_tokens: int = 400, model: str = "claude-haiku-4-5"
) -> Request:
    """A request of its own for every number."""
    text = f"{number} " + "word " * words
    return Request.model_validate({"model": model, "max_tokens": max_tokens, "messages": [text]})


@dataclass
class Limit:
    """A bucket as the service keeps it."""

    per_minute: float
    burst_s: float = 60.0
    level: float = -1.0
    at: float = 0.0
    used: float = 0.0

    def __post_init__(self) -> None:
        self.rate = self.per_minute / 60
        self.cap = self.rate * self.burst_s
        self.level = self.cap if self.level < 0 else self.level

    def refill(self, now: float) -> None:
        self.level = min(self.cap, self.level + (now - self.at) * self.rate)
        self.at = now

    def take(self, amount: float) -> None:
        self.level -= amount
        self.used += amount

    @property
    def share(self) -> float:
        """How much of what was allowed until now was used."""
        return self.used / (self.cap + self.rate * clock())


@dataclass
class Service(httpx.AsyncBaseTransport):
    """Answers after *latency_s*; refuses what the limits do not allow.

    Attributes:
        fault: Returns the status of an error for a moment, or None.
        late: Whether output is charged when it is made, not when it is asked for.
        rounded: Whether tokens left are told in thousands.
    """

    limits: dict[str, Limit] = field(default_factory=dict)
    latency_s: float = 0.5
    outputs: tuple[int, int] = (40, 60)
    fault: Callable[[float], int | None] = lambda _now: None
    late: bool = False
    rounded: bool = False
    told: bool = True
    seed: int = 1
    statuses: Counter[int] = field(default_factory=Counter)
    asked_at: list[float] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0

    async def handle_async_request(self, asked: httpx.Request) -> httpx.Response:
        body = json.loads(asked.content)
        self.asked_at.append(clock())
        self.asked.append(int(body["messages"][0]["content"].split()[0]))
        self.in_flight += 1
        self.most_in_flight = max(self.in_flight, self.most_in_flight)
        try:
            return await self._answer(body)
        finally:
            self.in_flight -= 1

    async def _answer(self, body: dict[str, Any]) -> httpx.Response:
        now = clock()
        chance = random.Random(f"{self.seed}{json.dumps(body)}")
        if (status := self.fault(now)) is not None:
            await asyncio.sleep(0.05)
            return self._error(status, {})
        tokens = len(json.dumps(body["messages"])) // 4
        output = min(chance.randint(*self.outputs), body["max_tokens"])
        needs = {"requests": 1.0, "input-tokens": float(tokens), "output-tokens": 1.0}
        for limit in self.limits.values():
            limit.refill(now)
        wait = max(((needs[k] - b.level) / b.rate for k, b in self.limits.items()), default=0.0)
        if wait > 0:
            return self._error(429, {"retry-after": str(max(1, int(wait + 0.999))), **self._headers()})
        charges = {"requests": 1.0, "input-tokens": float(tokens), "output-tokens": float(output)}
        for kind, limit in self.limits.items():
            if not (self.late and kind == "output-tokens"):
                limit.take(charges[kind])
        headers = self._headers()
        await asyncio.sleep(self.latency_s * chance.uniform(0.7, 1.3))
        if self.late and "output-tokens" in self.limits:
            self.limits["output-tokens"].refill(clock())
            self.limits["output-tokens"].take(output)
        self.statuses[200] += 1
        usage = {"input_tokens": tokens, "output_tokens": output}
        return httpx.Response(200, headers=headers, stream=_Body({**faults.MESSAGE, "usage": usage}))

    def _error(self, status: int, headers: dict[str, str]) -> httpx.Response:
        self.statuses[status] += 1
        body = {"type": "error", "error": {"type": "some_error", "message": "no"}}
        return httpx.Response(status, headers=headers, stream=_Body(body))

    def _headers(self) -> dict[str, str]:
        if not self.told:
            return {}
        wall = START + timedelta(seconds=clock())
        found = {"date": f"{wall:%a, %d %b %Y %H:%M:%S GMT}"}
        for kind, limit in self.limits.items():
            left = max(0.0, limit.level)
            if self.rounded and kind != "requests":
                left = round(left / 1000) * 1000
            full = wall + timedelta(seconds=(limit.cap - limit.level) / limit.rate)
            name = f"anthropic-ratelimit-{kind}"
            found |= {
                f"{name}-limit": f"{limit.per_minute:.0f}",
                f"{name}-remaining": f"{int(left)}",
                f"{name}-reset": f"{full:%Y-%m-%dT%H:%M:%SZ}",
            }
        return found


class _Body(httpx.AsyncByteStream):
    def __init__(self, body: dict[str, Any]) -> None:
        self._data = json.dumps(body).encode()

    async def __aiter__(self) -> Any:
        yield self._data


async def drive(
    out: Transport,
    calls: int = 10**6,
    *,
    concurrency: int | Literal["auto"] = "auto",
    seconds: float = 60,
    words: int = 40,
) -> list[APIError]:
    """Ask so many calls, or for so long, as a run does; return what failed."""
    slots = Slots(concurrency, pacing=lambda: out.pace, clock=clock)
    numbers, failed = iter(range(calls)), list[APIError]()

    async def worker() -> None:
        for number in numbers:
            if clock() > seconds:
                return
            await slots.take()
            reply = error = None
            try:
                reply = await out.send(request(number, words=words))
            except APIError as caught:
                error = caught
                failed.append(caught)
            finally:
                slots.give(reply, error)

    await asyncio.gather(*(worker() for _ in range(slots.most)))
    return failed


def transport(service: Service, **options: Any) -> Transport:
    """A transport to *service*, in the time of the running loop."""
    chance = random.Random(7)
    endpoint = resolve(base_url=options.pop("url", URL), api_key=options.pop("key", "k"), environ={})
    return Transport(
        endpoint, mount=service, jitter=chance.random, pause=asyncio.sleep, clock=clock, **options
    )
