"""A 200 with a bad body is an error of ours; an odd one is kept as it came."""

from __future__ import annotations

import gzip
import json
import resource
import time
from typing import TYPE_CHECKING

import pytest

from tests import faults
from tests.faults import drip, http, message, say
from tests.sending import REQUEST, caught, send, transport
from workbench import sync
from workbench.errors import APIResponseValidationError
from workbench.transport import Limits

if TYPE_CHECKING:
    from workbench.reply import Reply

server = faults.server

NOT_ANSWERS = {
    "truncated_json_clean": http(json.dumps(faults.MESSAGE).encode()[:80]),
    "empty_200": http(b""),
    "html_200": http(b"<html>Welcome to the hotel's network</html>", headers={"content-type": "text/html"}),
    "json_null": http(b"null"),
    "json_list": http([]),
    "json_error_200": http({"type": "error", "error": {"type": "api_error", "message": "no"}}),
    "missing_content": message(content=...),
    "content_null": message(content=None),
    "content_text": message(content="Hello."),
    "bad_utf8": http(json.dumps(faults.MESSAGE).encode().replace(b"Hello", b"H\xff\xfello")),
    "deep_json": http(b'{"content":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "usage_text": message(usage="lots"),
}


@pytest.mark.parametrize("name", NOT_ANSWERS)
def test_a_200_that_is_no_answer_is_an_error(server, name):
    """Retried once, then typed, with the beginning of what came."""
    failed = caught(APIResponseValidationError, server, *[NOT_ANSWERS[name]] * 4)

    assert server.hits == 2
    assert len(failed.body) <= 2000
    assert failed.request_id == "req_test"


@pytest.mark.parametrize(
    "act",
    [
        say(http(json.dumps(faults.MESSAGE).encode()[:80], length=200), then="close"),
        say(
            http(
                gzip.compress(json.dumps(faults.MESSAGE).encode())[:-20], headers={"content-encoding": "gzip"}
            )
        ),
        say(http(b"not gzip at all", headers={"content-encoding": "gzip"})),
        drip(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n", size=47),
    ],
    ids=["truncated_json", "short_gzip", "bad_gzip", "bad_chunk"],
)
def test_a_damaged_body_is_paid_and_lost(server, act):
    """Tried again; the tally says what the first attempt may have cost."""

    async def go() -> tuple[Reply, int]:
        out = transport(server)
        try:
            return await out.send(REQUEST), out.tally.paid_lost
        finally:
            await out.aclose()

    server.script(act)
    reply, lost = sync.run(go())

    assert (reply.text, lost) == ("Hello.", 1)


@pytest.mark.parametrize(
    ("usage", "known"),
    [
        (b"null", None),
        (b'{"input_tokens": -5, "output_tokens": 2}', False),
        (b'{"input_tokens": NaN, "output_tokens": 2}', False),
    ],
    ids=["missing_usage", "negative_usage", "nan_number"],
)
def test_odd_usage_is_kept_and_not_priced(server, usage, known):
    """The answer is good; its cost is unknown, never 0."""
    body = json.dumps({**faults.MESSAGE, "usage": "HERE"}).encode().replace(b'"HERE"', usage)

    reply = send(server, http(body))

    assert reply.text == "Hello."
    assert reply.cost.total is None
    assert (reply.usage.known if reply.usage else None) is known


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("content", [{"type": "hologram", "depth": 3}]),
        ("stop_reason", "bored"),
        ("mood", {"good": True}),
        ("seed", 2**100),
    ],
    ids=["unknown_block", "unknown_stop_reason", "extra_fields", "huge_int"],
)
def test_what_is_newer_than_this_code_is_kept(server, field, value):
    """Unknown things pass through untouched."""
    assert send(server, message(**{field: value})).message.wire()[field] == value


@pytest.mark.parametrize(
    "text", ["\ud800", "\x00\x01", "\u2028"], ids=["lone_surrogate", "nul_chars", "u2028"]
)
def test_odd_characters_survive_both_ways(server, text):
    """In the answer and in the request."""
    reply = send(
        server, message(content=[{"type": "text", "text": text}]), request=REQUEST.with_(system=text)
    )

    assert reply.text == text
    assert json.loads(server.requests[0][1])["system"] == text


def test_duplicate_keys_and_a_byte_order_mark_do_no_harm(server):
    """dup_keys, bom."""
    body = b"\xef\xbb\xbf" + json.dumps(faults.MESSAGE).encode()[:-1] + b', "role": "assistant"}'

    assert send(server, http(body)).text == "Hello."


def test_a_compressed_answer_is_read(server):
    """gzip, as any server may send it."""
    body = gzip.compress(json.dumps(faults.MESSAGE).encode())

    assert send(server, http(body, headers={"content-encoding": "gzip"})).text == "Hello."


def test_a_gzip_bomb_stays_small(server):
    """256 MiB in 256 KiB: refused at the limit, in time and memory."""
    bomb = faults.gzip_bomb(256)
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()

    caught(APIResponseValidationError, server, bomb)

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before <= 100 * 1024
    assert time.monotonic() - began < 20
    assert server.hits == 1


def test_a_huge_body_is_read_below_the_limit(server):
    """16 MiB of text is an answer; above the limit it is none."""
    big = message(content=[{"type": "text", "text": "x" * (16 << 20)}])

    assert len(send(server, big).text) == 16 << 20
    caught(APIResponseValidationError, server, big, limits=Limits(body_bytes=1 << 20))
