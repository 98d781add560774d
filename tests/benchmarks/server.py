"""A Messages endpoint that costs next to nothing, so that a benchmark measures its client.

    python tests/benchmarks/server.py --port 0 --latency 0.1 --events 200

Answers `POST /v1/messages` with one fixed message, or with a stream of `--events` text deltas where the
body asks for a stream. Loopback only; ends with its parent's SIGTERM, or by itself after ten minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import json

MESSAGE = {
    "id": "msg_bench",
    "type": "message",
    "role": "assistant",
    "model": "claude-haiku-4-5-20251001",
    "content": [{"type": "text", "text": "positive"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {
        "input_tokens": 40,
        "output_tokens": 4,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
    },
}
HEAD = b"HTTP/1.1 200 OK\r\nrequest-id: req_bench\r\ncontent-type: "


def event(kind: str, **fields: object) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def stream_body(deltas: int) -> bytes:
    start = event("message_start", message={**MESSAGE, "content": [], "stop_reason": None})
    block = event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    delta = {"type": "text_delta", "text": "a few words "}
    middle = event("content_block_delta", index=0, delta=delta) * deltas
    stop = event("content_block_stop", index=0)
    end = event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": deltas})
    return start + block + middle + stop + end + event("message_stop")


class Endpoint(asyncio.Protocol):
    def __init__(self, latency: float, events: int) -> None:
        body = json.dumps(MESSAGE).encode()
        self.plain = HEAD + b"application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body
        body = stream_body(events)
        self.stream = HEAD + b"text/event-stream\r\ncontent-length: %d\r\n\r\n" % len(body) + body
        self.latency = latency
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, separator, rest = self.buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        lower = head.lower()
        at = lower.find(b"content-length:")
        length = int(lower[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(rest) < length:
            return
        self.buffer = rest[length:]
        compact = rest[:length].replace(b" ", b"")
        answer = self.stream if b'"stream":true' in compact else self.plain
        asyncio.get_running_loop().call_later(self.latency, self.answer, answer)

    def answer(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(data)  # type: ignore[attr-defined]


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.1, help="seconds")
    parser.add_argument("--events", type=int, default=200, help="text deltas in a stream")
    options = parser.parse_args()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Endpoint(options.latency, options.events), "127.0.0.1", options.port, backlog=512
    )
    port = server.sockets[0].getsockname()[1]
    print(f"listening on http://127.0.0.1:{port}", flush=True)
    await asyncio.sleep(600)


if __name__ == "__main__":
    asyncio.run(main())
