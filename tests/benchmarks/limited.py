"""A Messages endpoint that enforces rate limits as the service does: token buckets, headers, 429.

    python tests/benchmarks/limited.py --port 0 --rpm 3000 --otpm 200000 --burst-s 10

No prompt cache; a token of input is four bytes of the body. `GET /_stats` tells what was granted
and refused, and which share of each limit was used. Loopback only; ends with its parent's SIGTERM, or by
itself after ten minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import time
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

from connection import Connection, serve  # type: ignore[import-not-found]  # a script of this folder

KINDS = {"rpm": "requests", "itpm": "input-tokens", "otpm": "output-tokens"}


class Bucket:
    """A limit a minute; *burst_s* seconds of it fit in."""

    def __init__(self, limit: float, burst_s: float) -> None:
        self.limit, self.rate = limit, limit / 60
        self.cap = self.level = max(1.0, self.rate * burst_s)
        self.at, self.used = time.monotonic(), 0.0

    def refill(self) -> None:
        now = time.monotonic()
        self.level = min(self.cap, self.level + (now - self.at) * self.rate)
        self.at = now

    def take(self, amount: float) -> None:
        self.level -= amount
        self.used += amount

    def told(self, kind: str, wall: datetime) -> str:
        left = max(0.0, self.level)
        remaining = int(left) if kind == "requests" else round(left / 1000) * 1000
        full = wall + timedelta(seconds=(self.cap - self.level) / self.rate)
        name = f"anthropic-ratelimit-{kind}"
        return (
            f"{name}-limit: {self.limit:.0f}\r\n{name}-remaining: {min(remaining, int(self.limit))}\r\n"
            f"{name}-reset: {full:%Y-%m-%dT%H:%M:%SZ}\r\n"
        )


class State:
    """What all connections share."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.buckets = {
            KINDS[name]: Bucket(getattr(options, name), options.burst_s)
            for name in KINDS
            if getattr(options, name)
        }
        self.granted = self.refused = self.in_flight = self.most = 0
        self.first: float | None = None
        self.last = 0.0

    def headers(self) -> str:
        wall = datetime.now(UTC)
        date = f"date: {wall:%a, %d %b %Y %H:%M:%S GMT}\r\n"
        return date + "".join(bucket.told(kind, wall) for kind, bucket in self.buckets.items())

    def stats(self) -> dict[str, Any]:
        span = self.last - self.first if self.first is not None else 0.0
        shares = {kind: b.used / (b.cap + b.rate * span) for kind, b in self.buckets.items()}
        return {
            "granted": self.granted,
            "refused": self.refused,
            "span_s": span,
            "shares": shares,
            "most_in_flight": self.most,
        }


class Endpoint(Connection):  # type: ignore[misc]  # for the same reason
    """One connection."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self.state = state

    def take(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"GET /_stats"):
            self.say(200, self.state.stats())
        elif head.startswith(b"POST /v1/messages"):
            self.ask(body)
        else:
            self.say(404, {"type": "error", "error": {"type": "not_found_error", "message": "no such path"}})

    def ask(self, body: bytes) -> None:
        state, tokens = self.state, len(body) // 4
        state.first = state.first or time.monotonic()
        needs = {"requests": 1.0, "input-tokens": tokens, "output-tokens": 1.0}
        for bucket in state.buckets.values():
            bucket.refill()
        wait_s = max(((needs[kind] - b.level) / b.rate for kind, b in state.buckets.items()), default=0.0)
        if wait_s > 0:
            state.refused += 1
            error = {"type": "rate_limit_error", "message": "This request would exceed a rate limit."}
            after = f"retry-after: {max(1, math.ceil(wait_s))}\r\n"
            self.say(429, {"type": "error", "error": error}, after + state.headers())
            return
        output = 20 + zlib.crc32(body) % 160
        for kind, amount in {**needs, "output-tokens": output}.items():
            if kind in state.buckets and not (kind == "output-tokens" and state.options.late):
                state.buckets[kind].take(amount)
        state.in_flight += 1
        state.most = max(state.most, state.in_flight)
        headers = state.headers()
        delay = state.options.latency * (0.7 + 0.6 * (zlib.crc32(body[::-1]) % 1000) / 1000)
        asyncio.get_running_loop().call_later(delay, self.answer, tokens, output, headers)

    def answer(self, tokens: int, output: int, headers: str) -> None:
        state = self.state
        if state.options.late and "output-tokens" in state.buckets:
            state.buckets["output-tokens"].refill()
            state.buckets["output-tokens"].take(output)
        state.in_flight -= 1
        state.granted += 1
        state.last = time.monotonic()
        message = {
            "id": "msg_bench",
            "type": "message",
            "role": "assistant",
            "model": "claude-haiku-4-5-20251001",
            "content": [{"type": "text", "text": "positive"}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": tokens, "output_tokens": output},
        }
        self.say(200, message, headers)

    def say(self, status: int, body: object, headers: str = "") -> None:
        data = json.dumps(body).encode()
        head = (
            f"HTTP/1.1 {status} X\r\nrequest-id: req_bench\r\ncontent-type: application/json\r\n"
            f"content-length: {len(data)}\r\n{headers}\r\n"
        )
        self.write(head.encode() + data)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.3, help="seconds, ±30 %%")
    parser.add_argument("--rpm", type=float, default=0)
    parser.add_argument("--itpm", type=float, default=0)
    parser.add_argument("--otpm", type=float, default=0)
    parser.add_argument("--burst-s", type=float, default=15, help="seconds of a limit that fit in its bucket")
    parser.add_argument(
        "--late", action="store_true", help="charge output when it is made, not when asked for"
    )
    options = parser.parse_args()
    state = State(options)
    await serve(lambda: Endpoint(state), options.port, 600)


if __name__ == "__main__":
    asyncio.run(main())
