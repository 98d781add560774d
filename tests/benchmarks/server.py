"""A Messages endpoint that costs next to nothing, so that a benchmark measures its client.

    python tests/benchmarks/server.py --port 0 --latency 0.1 --events 200
    python tests/benchmarks/server.py --latency 2 --ttft 1 --cache
    python tests/benchmarks/server.py --storm 0:10:529

Answers `POST /v1/messages` with `positive`, or with X where the body has `[[answer:X]]`; with a stream
of `--events` text deltas where it asks for one. `--cache` keeps the books of a prompt cache: a prefix that
ends at a breakpoint can be read once the first answer to it has begun; a token is four characters.
`--storm` begins START seconds after the first request. `GET /_stats` tells what came and what was answered.
Loopback only; ends with its parent's SIGTERM, or by itself after half an hour. `limited.py` has rate limits.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from connection import Connection, serve  # type: ignore[import-not-found]  # a script of this folder

if TYPE_CHECKING:
    from collections.abc import Iterator

USAGE = {
    "input_tokens": 40,
    "output_tokens": 4,
    "cache_creation_input_tokens": 0,
    "cache_read_input_tokens": 0,
}
MESSAGE = {
    "id": "msg_bench",
    "type": "message",
    "role": "assistant",
    "model": "claude-haiku-4-5-20251001",
    "content": [{"type": "text", "text": "positive"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": USAGE,
}
HEAD = "HTTP/1.1 {status} X\r\nrequest-id: req_bench\r\ncontent-type: {kind}\r\ncontent-length: {n}\r\n\r\n"
LOOKS_BACK = 20
"""Blocks before a breakpoint at which an earlier entry is found."""


def whole(data: bytes, kind: str = "application/json", status: int = 200) -> bytes:
    return HEAD.format(status=status, kind=kind, n=len(data)).encode() + data


def refusal(status: int, kind: str) -> bytes:
    error = {"type": kind, "message": "injected by the benchmark"}
    return whole(json.dumps({"type": "error", "error": error}).encode(), status=status)


def event(kind: str, **fields: object) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def plain(text: str, usage: dict[str, int]) -> tuple[bytes, bytes]:
    """Return what is sent of an answer when it begins, and what when it is done."""
    message = {**MESSAGE, "content": [{"type": "text", "text": text}], "usage": usage}
    return b"", whole(json.dumps(message).encode())


def streamed(text: str, usage: dict[str, int], deltas: int) -> tuple[bytes, bytes]:
    start = event("message_start", message={**MESSAGE, "content": [], "stop_reason": None, "usage": usage})
    start += event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    body = event("content_block_delta", index=0, delta={"type": "text_delta", "text": text}) * deltas
    body += event("content_block_stop", index=0)
    body += event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": deltas})
    body += event("message_stop")
    sent = whole(start + body, "text/event-stream")
    return sent[: -len(body)], sent[-len(body) :]


def blocks(body: dict[str, Any]) -> Iterator[tuple[str, bytes, bool]]:
    """Yield the parts of a prompt in the order of the cache: role, content, whether it has a breakpoint."""
    for tool in body.get("tools") or ():
        rest = {key: value for key, value in tool.items() if key != "cache_control"}
        yield "tool", json.dumps(rest).encode(), "cache_control" in tool
    turns = [("system", body.get("system") or ())]
    turns += [(turn["role"], turn["content"]) for turn in body["messages"]]
    for role, content in turns:
        for block in [{"text": content}] if isinstance(content, str) else content:
            rest = {key: value for key, value in block.items() if key != "cache_control"}
            text = rest["text"] if "text" in rest else json.dumps(rest)
            yield role, text.encode(), "cache_control" in block


class State:
    """What all connections share."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.seen = Counter[str]()
        self.status = Counter[int]()
        self.bodies = Counter[bytes]()
        self.ready: dict[bytes, float] = {}
        self.in_flight = self.most = 0
        self.first = self.last = 0.0
        self.plain = plain("positive", USAGE)
        self.stream = streamed("a few words ", USAGE, options.events)

    def stats(self) -> dict[str, Any]:
        names = ("requests", "write", "read", "uncached", "write_requests", "hung_up")
        return {
            **{name: self.seen[name] for name in names},
            "answered": sum(self.bodies.values()),
            "different": len(self.bodies),
            "by_status": {str(status): n for status, n in self.status.items()},
            "most_in_flight": self.most,
            "span_s": self.last - self.first,
        }

    def stormy(self, now: float) -> int:
        """Return the status of the storm that rages now, or 0."""
        if not self.options.storm:
            return 0
        start, seconds, status = (float(part) for part in self.options.storm.split(":"))
        return int(status) if start <= now - self.first < start + seconds else 0

    def usage(self, raw: bytes, now: float) -> dict[str, int]:
        """Return what the prompt cache makes of a request, and remember what it writes."""
        body = json.loads(raw)
        digest, characters, entries = hashlib.blake2b(body["model"].encode()), 0, []
        for role, content, marked in blocks(body):
            characters += len(content)
            digest.update(role.encode() + content)
            entries.append((digest.digest(), characters // 4, marked))
        if "cache_control" in body:
            entries[-1] = (*entries[-1][:2], True)
        last = max((i for i, (_, _, marked) in enumerate(entries) if marked), default=-1)
        window = reversed(entries[max(0, last + 1 - LOOKS_BACK) : last + 1])
        read = next((n for key, n, _ in window if self.ready.get(key, now + 1) <= now), 0)
        long_enough = last >= 0 and entries[last][1] >= self.options.cache_min_tokens
        write = max(0, entries[last][1] - read) if long_enough else 0
        begins = now + (self.options.ttft or self.options.latency)
        for key, tokens, marked in entries[: last + 1]:
            if marked and tokens >= self.options.cache_min_tokens:
                self.ready.setdefault(key, begins)
        fresh = max(1, characters // 4) - read - write
        self.seen.update({"write": write, "read": read, "uncached": fresh, "write_requests": write > 0})
        books = {
            "input_tokens": fresh,
            "cache_creation_input_tokens": write,
            "cache_read_input_tokens": read,
        }
        return {**books, "output_tokens": 4}


class Endpoint(Connection):  # type: ignore[misc]  # for the same reason
    """One connection."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self.state = state

    def take(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"GET /_stats"):
            self.write(whole(json.dumps(self.state.stats()).encode()))
        elif head.split(b" ", 2)[1].split(b"?")[0] == b"/v1/messages":
            self.ask(body)
        else:
            self.write(refusal(404, "not_found_error"))

    def ask(self, body: bytes) -> None:
        state, options, now = self.state, self.state.options, time.monotonic()
        state.first = state.first or now
        state.seen["requests"] += 1
        if status := state.stormy(now):
            state.status[status] += 1
            self.write(refusal(status, "overloaded_error" if status == 529 else "api_error"))
            return
        state.in_flight += 1
        state.most = max(state.most, state.in_flight)
        begin, rest = self.answer(body, now)
        later = asyncio.get_running_loop().call_later
        if options.ttft and begin:
            later(options.ttft, self.write, begin)
            later(options.latency, self.finish, rest, body)
        else:
            later(options.latency, self.finish, begin + rest, body)

    def answer(self, body: bytes, now: float) -> tuple[bytes, bytes]:
        state = self.state
        streams = b'"stream":true' in body or b'"stream": true' in body
        _, found, tail = body.rpartition(b"[[answer:")
        if not found and not state.options.cache:
            return state.stream if streams else state.plain
        text = tail.partition(b"]]")[0].decode() if found else "positive"
        usage = state.usage(body, now) if state.options.cache else USAGE
        return streamed(text, usage, 1) if streams else plain(text, usage)

    def finish(self, data: bytes, body: bytes) -> None:
        state = self.state
        state.in_flight -= 1
        if self.transport.is_closing():
            state.seen["hung_up"] += 1
            return
        state.status[200] += 1
        state.bodies[hashlib.blake2b(body, digest_size=16).digest()] += 1
        state.last = time.monotonic()
        self.write(data)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.1, help="seconds to the end of an answer")
    parser.add_argument("--ttft", type=float, default=0, help="seconds to the first event")
    parser.add_argument("--events", type=int, default=200, help="text deltas in a stream")
    parser.add_argument("--cache", action="store_true", help="keep the books of a prompt cache")
    parser.add_argument("--cache-min-tokens", type=int, default=1024)
    parser.add_argument("--storm", default="", metavar="START:SECONDS:STATUS")
    state = State(parser.parse_args())
    await serve(lambda: Endpoint(state), state.options.port, 1800)


if __name__ == "__main__":
    asyncio.run(main())
