"""The SSE decoder: the same frames for every split, linear, limited."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import StreamProtocolError
from workbench.wire.sse import MIB, Decoder, Frame


def decoded(*chunks: bytes, **limits: int) -> list[Frame]:
    decoder = Decoder(**limits)
    frames = [frame for chunk in chunks for frame in decoder.feed(chunk)]
    decoder.close()
    return frames


def until_error(chunks: list[bytes], **limits: int) -> tuple[list[Frame], str]:
    """All frames, then the words of the error, or nothing."""
    decoder = Decoder(**limits)
    frames: list[Frame] = []
    try:
        for chunk in chunks:
            frames += decoder.feed(chunk)
        decoder.close()
    except StreamProtocolError as error:
        return frames, str(error)
    return frames, ""


@pytest.mark.parametrize(
    ("stream", "frames"),
    [
        pytest.param(b'event: ping\ndata: {"a": 1}\n\n', [("ping", '{"a": 1}')], id="usual"),
        pytest.param(b"data: x\n\n", [(None, "x")], id="no event field"),
        pytest.param(b"event:ping\ndata:x\n\n", [("ping", "x")], id="no space"),
        pytest.param(b"data:  x\n\n", [(None, " x")], id="only one space is taken"),
        pytest.param(b"data: x\nevent: ping\n\n", [("ping", "x")], id="event after data"),
        pytest.param(b"event: a\nevent: b\ndata: x\n\n", [("b", "x")], id="last event name"),
        pytest.param(b"event: \ndata: x\n\n", [(None, "x")], id="empty event name"),
        pytest.param(b"event: a\r\ndata: x\r\n\r\n", [("a", "x")], id="crlf"),
        pytest.param(b"event: a\rdata: x\r\r", [("a", "x")], id="cr"),
        pytest.param(b"event: a\r\ndata: x\n\r\ndata: y\r\r", [("a", "x"), (None, "y")], id="mixed"),
        pytest.param(b"data: x\ndata\ndata: y\n\n", [(None, "x\n\ny")], id="multi-line data"),
        pytest.param(b": hello\n\n:\n: there\ndata: x\n: in it\n\n", [(None, "x")], id="comments"),
        pytest.param(b"id: 7\nretry: 5\nfoo: bar\ndata: x\n\n", [(None, "x")], id="other fields"),
        pytest.param(b"\xef\xbb\xbfdata: x\n\n", [(None, "x")], id="bom"),
        pytest.param(b"\xef\xbb\xbf\xef\xbb\xbfdata: x\n\n", [], id="second bom is text"),
        pytest.param(
            "data: a\u2028b\u2029c\x85d\x0be\n\n".encode(), [(None, "a\u2028b\u2029c\x85d\x0be")], id="u2028"
        ),
        pytest.param(b"event: ping\n\ndata: x\n\n", [(None, "x")], id="no data is no event"),
        pytest.param(b"data:\n\n", [(None, "")], id="empty data"),
        pytest.param(b"\n\n\r\n\rdata: x\n\n\n\n", [(None, "x")], id="blank lines"),
        pytest.param(b"data: x\n\ndata: y\n", [(None, "x")], id="what follows the last blank line"),
        pytest.param(b"", [], id="nothing"),
        pytest.param(b"\xef\xbb", [], id="half a bom"),
    ],
)
def test_frames_for_every_split_in_two(stream, frames):
    """The standard's rules hold however the bytes are cut, one by one included."""
    expected = [Frame(*frame) for frame in frames]

    assert decoded(stream) == expected
    assert decoded(*(stream[i : i + 1] for i in range(len(stream)))) == expected
    for cut in range(len(stream)):
        assert decoded(stream[:cut], stream[cut:]) == expected


PIECES = st.sampled_from(
    [
        *[b"data: ", b"data", b"event: ", b"id: 1", b":", b"{}", b"xxxxx", b"\xff", b"\xef\xbb\xbf"],
        *[b"\n", b"\r", b"\r\n", b"\n\n", "é\u2028".encode()],
        *[b"data: {}\n\n", b"event: ping\r\ndata: {}\r\n\r\n"],
    ]
)


@given(st.lists(PIECES, max_size=40).map(b"".join), st.lists(st.integers(0, 200), max_size=12), st.booleans())
def test_every_split_gives_the_same(stream, cuts, tight):
    """Any bytes in any split: the same frames, then the same error."""
    limits = {"max_line": 20, "max_event": 30} if tight else {}
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    chunks = [stream[a:b] for a, b in pairwise(edges)]

    assert until_error(chunks, **limits) == until_error([stream], **limits)


def test_frames_before_a_fault_are_given_first():
    """Invalid UTF-8 ends the stream; what came before it in the same chunk is not lost."""
    decoder = Decoder()

    assert decoder.feed(b"data: x\n\ndata: \xff\n\ndata: y\n\n") == [Frame(None, "x")]
    for _ in range(2):
        with pytest.raises(StreamProtocolError, match="not UTF-8"):
            decoder.feed(b"data: z\n\n")
    with pytest.raises(StreamProtocolError, match="not UTF-8"):
        decoder.close()


def test_a_line_at_the_limit_passes_and_one_byte_more_does_not():
    """``max_line`` counts the bytes of the line without its end."""
    assert decoded(b"data: 1234\n\n", max_line=10) == [Frame(None, "1234")]
    with pytest.raises(StreamProtocolError, match="longer than 10 bytes"):
        decoded(b"data: 12345\n\n", max_line=10)


FLOODS = {
    "giant line": b"data: " + b"x" * 16 * MIB,
    "endless event": (b"data: " + b"x" * 1000 + b"\n") * (17 * 1024),
    "endless short lines": b"data: x\n" * (17 * MIB // 8),
    "endless unknown fields": b"x\n" * (17 * MIB // 2),
    "endless cr": b"data: x\r" * (17 * MIB // 8),
}


@pytest.mark.parametrize("step", [1500, 65536, 32 * MIB])
@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_ends_in_an_error_soon(flood, step):
    """16 MiB of one line or one event end in a typed error; a quadratic reader would take minutes."""
    stream = FLOODS[flood]
    chunks = [stream[at : at + step] for at in range(0, len(stream), step)]
    began = time.process_time()

    frames, error = until_error(chunks)

    assert frames == []
    assert "event" in error
    assert time.process_time() - began < 10


def test_comments_between_events_are_no_event():
    """Signs of life add nothing to an event, however many there are."""
    assert decoded(*[b": keep alive\n\n"] * 100, b"data: x\n\n", max_line=20, max_event=40) == [
        Frame(None, "x")
    ]
