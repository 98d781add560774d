"""Error statuses, and what goes wrong below the answer: connections, headers, pace."""

from __future__ import annotations

import re
import time
from email.utils import formatdate
from itertools import repeat
from typing import TYPE_CHECKING

from workbench.emulator import pace
from workbench.emulator.faults.fault import JSON_KIND, SSE_KIND, Asked, Fault, Sent, refused
from workbench.emulator.pace import Frame

if TYPE_CHECKING:
    from collections.abc import Callable

SINK = "/_emulator/sink"
"""Where redirects point: nobody should ever ask there."""
LISTED = (408, 409, 429, 500, 502, 503, 504, 529)
_STATUS = re.compile(r"http_([45]\d\d)")
_GARBAGE = (b"nan", b"-5", b"soon", b"1e999", b"")
_HINTS = b"HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n"
_BOMB_LINES = 20_000
_DRIP_BYTES = 24


def of_status(name: str) -> Fault | None:
    """Return the fault ``http_NNN``, for any status of an error."""
    match = _STATUS.fullmatch(name)
    if match is None:
        return None
    status = int(match[1])
    return Fault(name, f"The service answers {status}.", lambda asked: refused(asked, status), bills=False)


def whole(asked: Asked) -> Sent:
    """Return the answer as it should be."""
    raw = b"".join(frame.data for frame in (pace.streamed if asked.streams else pace.plain)(asked.message, 0))
    return Sent([Frame(raw)], kind=_kind(asked), length=len(raw))


def _kind(asked: Asked) -> bytes:
    return SSE_KIND if asked.streams else JSON_KIND


def _with(status: int, name: bytes, value: bytes) -> Callable[[Asked], Sent]:
    return lambda asked: refused(asked, status, [(name, value)])


def _garbage(asked: Asked) -> Sent:
    return refused(asked, 429, [(b"retry-after", _GARBAGE[asked.turn % len(_GARBAGE)])])


def _date(asked: Asked) -> Sent:
    return refused(asked, 429, [(b"retry-after", formatdate(int(time.time()) + 1, usegmt=True).encode())])


def _redirect(status: int) -> Callable[[Asked], Sent]:
    def make(asked: Asked) -> Sent:
        place = f"http://localhost:{asked.port}{SINK}".encode()
        return Sent([Frame(b"")], status=status, headers=[(b"location", place)], length=0)

    return make


def _drip_forever(asked: Asked) -> Sent:
    byte = b":" if asked.streams else b" "  # what a reader takes for the start of something
    return Sent(repeat(Frame(byte, 0.05)), kind=_kind(asked))


def _drip(asked: Asked) -> Sent:
    (frame,) = whole(asked).frames
    raw = frame.data
    parts = [Frame(raw[at : at + _DRIP_BYTES], 0.002) for at in range(0, len(raw), _DRIP_BYTES)]
    return Sent(parts, kind=_kind(asked), length=len(raw))


def _slow(asked: Asked) -> Sent:
    (frame,) = whole(asked).frames
    return Sent([Frame(frame.data, 0.5)], kind=_kind(asked), length=len(frame.data))


def _early_hints(asked: Asked) -> Sent:
    (frame,) = whole(asked).frames
    return Sent([frame], kind=_kind(asked), length=len(frame.data), before=_HINTS)


def _header_bomb(asked: Asked) -> Sent:
    (frame,) = whole(asked).frames
    bomb = [(b"x-bomb-%d" % number, b"y") for number in range(_BOMB_LINES)]
    return Sent([frame], kind=_kind(asked), length=len(frame.data), headers=bomb)


FAULTS = (
    *(fault for status in LISTED if (fault := of_status(f"http_{status}"))),
    Fault(
        "http_400_should_retry",
        "400, and x-should-retry says yes.",
        _with(400, b"x-should-retry", b"true"),
        bills=False,
    ),
    Fault(
        "http_500_no_retry",
        "500, and x-should-retry says no.",
        _with(500, b"x-should-retry", b"false"),
        bills=False,
    ),
    Fault("http_429_after1", "429 with retry-after of 1 s.", _with(429, b"retry-after", b"1"), bills=False),
    Fault(
        "http_429_ms", "429 with retry-after-ms of 200.", _with(429, b"retry-after-ms", b"200"), bills=False
    ),
    Fault("http_429_date", "429 with a retry-after date, a second from now.", _date, bills=False),
    Fault(
        "http_429_huge", "429 with retry-after of a day.", _with(429, b"retry-after", b"86400"), bills=False
    ),
    Fault(
        "http_429_garbage",
        "429 whose retry-after is nan, -5, a word, 1e999 or empty, in turn.",
        _garbage,
        bills=False,
    ),
    Fault("http_401", "The service refuses the key.", lambda asked: refused(asked, 401), bills=False),
    Fault(
        "reset_before_response",
        "The model works, and the connection is reset before the answer.",
        lambda _: Sent(head=False, end="reset"),
    ),
    Fault(
        "close_no_response",
        "The connection is closed before any work.",
        lambda _: Sent(head=False, end="close"),
        bills=False,
    ),
    Fault(
        "hang_no_response",
        "Nothing is answered, and the connection stays open.",
        lambda _: Sent(head=False, end="hang"),
        bills=False,
    ),
    Fault("drip_forever", "A byte each 50 ms that never makes an answer.", _drip_forever),
    Fault("redirect_307", "A redirect that keeps the method.", _redirect(307), bills=False),
    Fault("redirect_302", "A redirect that turns POST into GET.", _redirect(302), bills=False),
    Fault("early_hints", "A 103 before the answer.", _early_hints, answers=True),
    Fault("drip", "The answer, a few bytes at a time.", _drip, answers=True),
    Fault("slow_first_byte", "The answer, half a second late.", _slow, answers=True),
    Fault("header_bomb", "20,000 header lines before the answer.", _header_bomb),
)
