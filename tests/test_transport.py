"""Every fault of a service ends as an answer, a retry, or an error of ours; nothing raw comes through."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import resource
import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest

from tests import faults
from tests.faults import FaultServer, chunk, drip, error, event, events, http, message, say, sse
from workbench import sync
from workbench.errors import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    OverloadedError,
    PermissionDeniedError,
    RateLimitError,
    RedirectError,
    StreamInterruptedError,
    StreamProtocolError,
)
from workbench.platforms import resolve
from workbench.retry import Budget
from workbench.transport import Limits, Transport
from workbench.transport.limits import Gate
from workbench.wire import Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.reply import Reply
    from workbench.wire.events import StreamEvent

KEY = "sk-ant-api03-canary-canary-canary"
REQUEST = Request.model_validate({"model": "claude-haiku-4-5", "max_tokens": 9, "messages": ["Hi"]})
STREAMED = REQUEST.with_(stream=True)
FAST = Limits(connect_s=1, idle_s=0.3, stream_idle_s=0.3, total_s=5)
GOOD = sse(events("Hel", "lo."))


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    """One server for the module; each test scripts it."""
    with FaultServer() as running:
        yield running


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


# --- plain answers -----------------------------------------------------------------------------------


def test_an_answer_becomes_a_reply(server):
    """Message, request id, timing and origin are all there."""
    reply = send(server, http(faults.MESSAGE))

    assert (reply.text, reply.request_id, reply.timing.attempts) == ("Hello.", "req_test", 1)
    assert reply.origin == f"url:{server.url}"
    assert reply.timing.total_s > 0
    assert reply.timing.ttft_s is None


def test_the_request_carries_key_version_and_agent(server):
    """The key is in its header only; the body is the request's JSON."""
    send(server, http(faults.MESSAGE))

    head, body = server.requests[0]
    assert f"x-api-key: {KEY}" in head
    assert "anthropic-version: 2026-10-21" in head
    assert "user-agent: claude-workbench/" in head.lower()
    assert "authorization" not in head.lower()
    assert json.loads(body) == REQUEST.wire()


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_a_passing_trouble_is_retried(server, status):
    """The SDK's list of statuses, tried again until it works."""
    assert send(server, error(status), error(status)).timing.attempts == 3


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422])
def test_a_refusal_is_not_retried(server, status):
    """What is wrong stays wrong: one request, one error."""
    with pytest.raises(APIStatusError) as info:
        send(server, error(status, "invalid_request_error"))

    assert (info.value.status, info.value.request_id, server.hits) == (status, "req_test", 1)
    assert info.value.type == "invalid_request_error"


def test_four_attempts_and_no_more(server):
    """The error says how often it was tried."""
    failed = caught(OverloadedError, server, *[error(529, "overloaded_error")] * 9)

    assert server.hits == 4
    assert "after 4 tries" in str(failed)


@pytest.mark.parametrize(
    ("status", "word", "hits"),
    [(400, "true", 2), (500, "false", 1), (401, "true", 1), (403, "true", 1)],
    ids=["400-yes", "500-no", "401-never", "403-never"],
)
def test_x_should_retry_goes_before_the_status(server, status, word, hits):
    """Except where a key is wrong: that is never tried again."""
    server.script(error(status, x_should_retry=word))
    if hits == 2:
        send(server, error(status, x_should_retry=word))
    else:
        with pytest.raises(APIStatusError):
            send(server, error(status, x_should_retry=word))

    assert server.hits == hits


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"retry_after": "1"}, 1.0, 2.0),
        ({"retry_after_ms": "200"}, 0.2, 0.4),
        (
            {"retry_after": formatdate(1795341602, usegmt=True), "date": formatdate(1795341600, usegmt=True)},
            2,
            3,
        ),
        ({"retry_after": "nan"}, 0.0, 0.5),
        ({"retry_after": "-5"}, 0.0, 0.5),
        ({"retry_after": "soon"}, 0.0, 0.5),
        ({"retry_after": "1e999"}, 0.0, 0.5),
        ({"retry_after": ""}, 0.0, 0.5),
    ],
    ids=["seconds", "ms", "date", "nan", "negative", "text", "1e999", "empty"],
)
def test_the_wait_asked_for_is_the_wait(server, headers, least, most):
    """Garbage is no answer; a date counts from the server's own clock."""
    waits: list[float] = []

    send(server, error(429, **headers), waits=waits)

    assert least <= waits[0] <= most


def test_too_long_a_wait_is_an_error_that_names_it(server):
    """86,400 seconds are not slept."""
    failed = caught(RateLimitError, server, error(429, "rate_limit_error", retry_after="86400"))

    assert "86,400 s" in str(failed)
    assert failed.retry_after_s == 86400
    assert server.hits == 1


def test_a_spend_limit_is_not_retried(server):
    """The tier's cap lifts next month, not in eight seconds."""
    body = {"type": "error", "error": {"type": "rate_limit_error", "message": "cap"}}
    body["error"]["details"] = {"error_code": "enforced_spend_limit_reached"}  # type: ignore[index]

    failed = caught(RateLimitError, server, http(body, 429))

    assert (failed.error_code, server.hits) == ("enforced_spend_limit_reached", 1)


def test_retries_share_a_budget(server):
    """When it is used up, the next failure is final."""
    failed = caught(OverloadedError, server, *[error(529)] * 9, budget=Budget(capacity=5))

    assert server.hits == 2
    assert "retry budget used up" in str(failed)


def test_a_wait_holds_back_every_task(server):
    """A 429 with retry-after stops the others of that model too, each for its own jittered time."""
    clock, waits = [100.0], list[float]()

    async def pause(seconds: float) -> None:
        waits.append(seconds)
        clock[0] += seconds

    gate = Gate(pause, lambda: clock[0])
    gate.hold("claude-haiku-4-5", 2.0)

    waited = sync.run(gate.enter("claude-haiku-4-5", lambda: 0.25))

    assert waits == [2.25]
    assert waited == 2.25
    assert sync.run(gate.enter("claude-opus-5", lambda: 0.25)) == 0


def test_401_says_what_to_check(server):
    """The cure stands in the message."""
    assert "ANTHROPIC_API_KEY" in str(caught(AuthenticationError, server, error(401, "authentication_error")))
    caught(PermissionDeniedError, server, error(403, "permission_error"))


@pytest.mark.parametrize(
    "act",
    [say(b"", then="reset"), say(b"", then="close")],
    ids=["reset_before_response", "close_no_response"],
)
def test_a_broken_connection_is_retried(server, act):
    """And the attempt is counted as perhaps paid."""

    async def go() -> tuple[Reply, int]:
        out = transport(server)
        try:
            return await out.send(REQUEST), out.tally.perhaps_paid
        finally:
            await out.aclose()

    server.script(act)
    reply, perhaps_paid = sync.run(go())

    assert (reply.timing.attempts, perhaps_paid) == (2, 1)


def test_silence_is_a_timeout(server):
    """hang_no_response: the idle timeout, tried again, then typed."""
    failed = caught(APITimeoutError, server, *[say(b"", then="hang")] * 4)

    assert "0.3 s" in str(failed)
    assert server.hits == 4


def test_a_drip_meets_the_deadline(server):
    """drip_forever: bytes come, the answer does not; the total deadline fires."""
    limits = Limits(idle_s=5, total_s=0.6)
    began = time.monotonic()

    failed = caught(APITimeoutError, server, drip(http(b" " * 9999)), limits=limits)

    assert 0.5 < time.monotonic() - began < 4
    assert "within 0.6 s" in str(failed)


def test_a_slow_answer_is_an_answer(server):
    """slow_first_byte and drip, as long as bytes keep coming."""
    assert send(server, drip(message(), every_s=0.001, size=4)).text == "Hello."


def test_early_hints_are_read_over(server):
    """103 before 200."""
    hints = b"HTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n"

    assert send(server, hints + message()).text == "Hello."


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_never_followed(server, status):
    """The sink gets nothing; the error names its host."""
    with FaultServer() as sink:
        place = {"location": f"{sink.url}/v1/messages"}

        failed = caught(RedirectError, server, http(b"", status, place))

        assert "127.0.0.1" in str(failed)
        assert (sink.hits, server.hits) == (0, 1)


def test_a_dead_server_is_named_with_its_cure():
    """Connection refused: where, how often, what to do."""
    with FaultServer() as gone:
        url = gone.url
    gone.url = url

    failed = caught(APIConnectionError, gone)

    assert str(failed).startswith(f"cannot reach {url} (connection refused after 4 tries in 0 s)")
    assert "workbench serve" in str(failed)


def test_a_header_bomb_is_refused(server):
    """20,000 header lines: a typed error, and little memory."""
    lines = b"".join(b"x-%d: y\r\n" % i for i in range(20_000))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    caught(APIConnectionError, server, *[say(b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n", then="close")] * 4)

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024


# --- 200 with a bad body -----------------------------------------------------------------------------

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


# --- streams -----------------------------------------------------------------------------------------


def stream(server: FaultServer, *acts: Any, **options: Any) -> tuple[list[StreamEvent], Reply | APIError]:
    """Stream one request; return the events seen, and the reply or the error."""
    server.script(*acts)
    seen: list[StreamEvent] = []

    async def go() -> Reply | APIError:
        out = transport(server, **options)
        try:
            return await out.stream(REQUEST, seen.extend)
        except APIError as failed:
            return failed
        finally:
            await out.aclose()

    return seen, sync.run(go())


def test_a_stream_becomes_the_same_message(server):
    """And its first token is timed."""
    reply = send(server, GOOD, request=STREAMED)

    assert (reply.text, reply.message.stop_reason) == ("Hello.", "end_turn")
    assert reply.timing.ttft_s is not None
    assert reply.timing.ttft_s <= reply.timing.total_s


def test_events_are_handed_out_as_they_come(server):
    """The caller sees every event of the wire, in order."""
    seen, reply = stream(server, GOOD)

    assert (seen[0].type, seen[-1].type) == ("message_start", "message_stop")
    assert reply.text == "Hello."  # type: ignore[union-attr]


CUTS = {
    "stream_reset_first": say(SSE := faults.SSE_HEAD + chunk(events("Hel")[0]), then="reset"),
    "stream_reset_mid": say(sse(events("Hel", "lo.")[:3], end=False), then="reset"),
    "stream_reset_last": say(sse(events("Hel", "lo.")[:-1], end=False), then="reset"),
    "stream_fin_mid": say(sse(events("Hel", "lo.")[:3])),
    "stream_fin_mid_unclean": say(sse(events("Hel", "lo.")[:3], end=False), then="close"),
    "stream_stall": say(sse(events("Hel", "lo.")[:3], end=False), then="hang"),
}


@pytest.mark.parametrize("name", CUTS)
def test_a_cut_stream_is_an_error_with_its_beginning(server, name):
    """Above all the clean cut: an incomplete answer never passes for a complete one."""
    failed = caught(StreamInterruptedError, server, *[CUTS[name]] * 4, request=STREAMED)

    assert server.hits == 4
    assert failed.request_id == "req_test"
    assert "message_stop" in str(failed)
    if "first" not in name:
        assert failed.partial.text.startswith("Hel")


def test_a_cut_stream_is_asked_again_as_a_whole(server):
    """An evaluation gets its answer; the first attempt is counted as lost."""
    reply = send(server, CUTS["stream_fin_mid"], GOOD, request=STREAMED)

    assert (reply.text, reply.timing.attempts) == ("Hello.", 2)


def test_a_stream_that_was_seen_is_not_asked_again(server):
    """Somebody read its beginning: they decide."""
    seen, failed = stream(server, CUTS["stream_fin_mid"], GOOD)

    assert isinstance(failed, StreamInterruptedError)
    assert server.hits == 1
    assert len(seen) == 3


def test_pings_are_no_progress(server):
    """stream_ping_forever: the idle timeout fires all the same."""
    began = time.monotonic()

    act = drip(sse([*events("Hel")[:3], *[event("ping")] * 500], end=False), every_s=0.01, size=60)
    _, failed = stream(server, act)

    assert isinstance(failed, StreamInterruptedError)
    assert time.monotonic() - began < 4.5


def test_an_overloaded_start_is_retried(server):
    """stream_overloaded_first: like the 529 it stands for."""
    failing = sse([event("error", error={"type": "overloaded_error", "message": "busy"})])

    assert send(server, failing, GOOD, request=STREAMED).timing.attempts == 2
    seen, reply = stream(server, failing, GOOD)
    assert reply.text == "Hello."  # type: ignore[union-attr]
    assert len(seen) == len(events("Hel", "lo."))


def test_an_overload_in_the_middle_is_discarded_and_retried(server):
    """stream_overloaded_mid: nothing of the first attempt is left in the answer."""
    failing = sse([*events("XX")[:3], event("error", error={"type": "overloaded_error", "message": "busy"})])

    assert send(server, failing, GOOD, request=STREAMED).text == "Hello."
    seen, failed = stream(server, drip(failing, size=len(failing) - 150), GOOD)
    assert type(failed) is OverloadedError
    assert seen


def test_an_unknown_error_event_is_not_retried(server):
    """stream_error_unknown: typed, with the service's own words."""
    failing = sse([*events("XX")[:3], event("error", error={"type": "odd_error", "message": "hm"})])

    failed = caught(APIStatusError, server, failing, request=STREAMED)

    assert (failed.type, server.hits) == ("odd_error", 1)


PROTOCOL = {
    "stream_bad_json": sse([events("x")[0], b"event: content_block_start\ndata: {nope\n\n"]),
    "stream_bad_utf8": sse([events("x")[0], b'event: ping\ndata: {"type": "ping\xff\xfe"}\n\n']),
    "stream_index_gap": sse(
        [events("x")[0], event("content_block_start", index=3, content_block={"type": "text", "text": ""})]
    ),
    "stream_dup_start": sse([events("x")[0], *events("x")]),
    "stream_as_json": http(faults.MESSAGE),
    "stream_giant_line": sse([b"data: " + b"x" * (9 << 20)]),
    "stream_endless_event": sse([b"data: " + b"x" * (1 << 20) + b"\n"] * 17),
}


@pytest.mark.parametrize("name", PROTOCOL)
def test_a_stream_that_breaks_its_rules_is_one_kind_of_error(server, name):
    """Typed, not retried, whatever the breach."""
    began = time.monotonic()

    caught(StreamProtocolError, server, PROTOCOL[name], request=STREAMED, limits=Limits(total_s=10))

    assert server.hits == 1
    assert time.monotonic() - began < 20


def test_a_stream_without_event_names_is_read(server):
    """stream_no_event_field: the type stands in the JSON."""
    bare = [part.split(b"\n", 1)[1] for part in events("Hel", "lo.")]

    assert send(server, sse(bare), request=STREAMED).text == "Hello."


def test_text_after_message_stop_is_not_the_answers(server):
    """stream_after_stop: late bytes are read and ignored."""
    late = event("content_block_delta", index=0, delta={"type": "text_delta", "text": " MORE"})

    assert send(server, sse([*events("Hel", "lo."), late]), request=STREAMED).text == "Hello."


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_any_split_of_the_bytes_gives_the_same_answer(server, size):
    """stream_one_byte and others."""
    assert send(server, drip(GOOD, every_s=0, size=size), request=STREAMED).text == "Hello."


# --- what is kept, what is hidden --------------------------------------------------------------------


def test_rate_limit_headers_are_kept_by_pattern(server):
    """Also those of priority and fast mode; nothing else."""
    headers = {
        "anthropic-ratelimit-requests-remaining": "7",
        "anthropic-fast-input-tokens-limit": "9",
        "x-y": "z",
    }
    server.script(http(faults.MESSAGE, headers=headers))

    async def go() -> dict[str, dict[str, str]]:
        out = transport(server)
        await out.send(REQUEST)
        await out.aclose()
        return out.rate_limits

    assert sync.run(go()) == {
        "claude-haiku-4-5": {
            "anthropic-ratelimit-requests-remaining": "7",
            "anthropic-fast-input-tokens-limit": "9",
        }
    }


def test_an_emulator_is_known_by_its_header(server):
    """Its replies are kept under one origin, whatever its port."""
    assert send(server, http(faults.MESSAGE, headers={"x-workbench-emulator": "1"})).origin == "emulator"


def test_one_line_is_logged_and_no_body_or_key(server, caplog):
    """Model, status, tokens, seconds, request id."""
    caplog.set_level(logging.DEBUG)

    send(server, error(529), http(faults.MESSAGE))

    lines = [record.getMessage() for record in caplog.records if record.name == "workbench"]
    assert "claude-haiku-4-5 · 200 · in 3 out 2" in lines[-1]
    assert "attempt 1 failed" in lines[0]
    everything = "\n".join(record.getMessage() for record in caplog.records)
    assert KEY not in everything
    assert "Hello." not in everything


def test_an_error_that_echoes_the_key_does_not_show_it(server):
    """Scrubbed where it enters, escapes made visible."""
    body = {"type": "error", "error": {"type": "invalid_request_error", "message": f"bad \x1b[31m {KEY}"}}

    failed = caught(BadRequestError, server, http(body, 400))

    assert KEY not in str(failed) + repr(failed)
    assert "\x1b" not in str(failed)


def test_no_frame_of_an_error_holds_the_key():
    """Tracebacks with locals are shown in notebooks: ours hold no header."""
    with FaultServer() as gone:
        pass
    gone.otherwise = b""

    with pytest.raises(APIConnectionError) as info:
        send(gone)

    shown: list[str] = []
    seen: BaseException | None = info.value
    while seen is not None:
        trace = seen.__traceback__
        while trace is not None:
            frame = trace.tb_frame
            if "/tests/" not in frame.f_code.co_filename:
                shown += [repr(value) for value in frame.f_locals.values()]
            trace = trace.tb_next
        seen = seen.__cause__ or seen.__context__
    assert KEY not in "\n".join(shown)


def test_cancelling_stops_at_once(server):
    """A notebook's Stop works while the server is silent."""
    server.script(say(b"", then="hang"))

    async def go() -> float:
        out = transport(server, limits=Limits())
        task = asyncio.create_task(out.send(REQUEST))
        await asyncio.sleep(0.1)
        began = time.monotonic()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await out.aclose()
        return time.monotonic() - began

    assert sync.run(go()) < 1


def test_a_call_that_was_stopped_is_perhaps_paid(server):
    """The request had left; nobody knows what became of it."""
    server.script(say(b"", then="hang"))

    async def go() -> int:
        out = transport(server, limits=Limits())
        task = asyncio.create_task(out.send(REQUEST))
        while not server.hits:  # noqa: ASYNC110 - the server knows no events
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await out.aclose()
        return out.tally.perhaps_paid

    assert sync.run(go()) == 1


def test_time_that_runs_out_between_two_attempts_makes_nothing_perhaps_paid(server):
    """Only a request on its way may be charged for."""
    server.script(error(529, "overloaded_error"))

    async def pause(seconds: float) -> None:
        await asyncio.Event().wait()

    async def go() -> int:
        endpoint = resolve(base_url=server.url, api_key=KEY, environ={})
        out = Transport(endpoint, limits=Limits(total_s=0.2), pause=pause)
        with pytest.raises(APITimeoutError, match="overloaded"):
            await out.send(REQUEST)
        await out.aclose()
        return out.tally.perhaps_paid

    assert sync.run(go()) == 0


def test_many_at_once_share_connections(server):
    """50 in flight, all answered."""
    server.script()

    async def go() -> int:
        out = transport(server)
        replies = await asyncio.gather(*(out.send(REQUEST) for _ in range(50)))
        await out.aclose()
        return len(replies)

    assert sync.run(go()) == 50
