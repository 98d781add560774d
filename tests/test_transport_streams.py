"""A stream becomes the same message, and a broken one is one kind of error."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests import faults
from tests.faults import FaultServer, chunk, drip, event, events, http, say, sse
from tests.sending import REQUEST, caught, send, transport
from workbench import sync
from workbench.errors import (
    APIError,
    APIStatusError,
    OverloadedError,
    StreamInterruptedError,
    StreamProtocolError,
)
from workbench.transport import Limits

if TYPE_CHECKING:
    from workbench.reply import Reply
    from workbench.wire.events import StreamEvent

server = faults.server

STREAMED = REQUEST.with_(stream=True)
GOOD = sse(events("Hel", "lo."))


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
