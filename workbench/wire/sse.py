"""Server-sent events: bytes in, frames out, linear in the bytes and the same for every split of them.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
"""

from __future__ import annotations

import re
from typing import NamedTuple

from workbench.errors import StreamProtocolError

MIB = 1024 * 1024
_BOM = b"\xef\xbb\xbf"

# Possessive repeats (``*+``) never go back, so each pattern reads a byte once.
_PLAIN = re.compile(rb"(?:event: ?([^\r\n]*+)\r?\n)?data: ?([^\r\n]*+)\r?\n\r?\n")
_NOISE = re.compile(rb"(?:(?::[^\r\n]*+)?(?:\r\n?|\n))++")
_LINES = re.compile(rb"(?:[^\r\n]++(?:\r\n?|\n))++")
_END = re.compile(rb"\r\n?|\n")


class Frame(NamedTuple):
    """One event as it was framed; ``event`` is None where the stream did not name it."""

    event: str | None
    data: str


class Decoder:
    r"""Cuts a byte stream into frames.

    Line ends are CR LF, CR or LF, and nothing else: U+2028 is text. ``id``, ``retry``, comments and unknown
    fields are read over. What follows the last blank line is no event, as the standard says.

    Args:
        max_line: Longest line accepted, in bytes.
        max_event: Largest event accepted, in bytes of its lines.

    >>> decoder = Decoder()
    >>> decoder.feed(b'event: ping\nda'), decoder.feed(b'ta: {}\n\n')
    ([], [Frame(event='ping', data='{}')])
    """

    def __init__(self, *, max_line: int = 8 * MIB, max_event: int = 16 * MIB) -> None:
        self._max_line = max_line
        self._max_event = max_event
        # A slice no longer than a limit cannot hold a whole line or event that breaks it.
        self._slice = max(1, min(MIB, max_line, max_event))
        self._head: bytes | None = b""
        self._line = bytearray()
        self._event = bytearray()
        self._after_cr = False
        self._error: StreamProtocolError | None = None

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames that *data* completes.

        Raises:
            StreamProtocolError: A limit was passed, or text is not UTF-8. Frames before the fault are
                returned first; the call that has none to give raises, and so does every later one.
        """
        frames: list[Frame] = []
        if self._error is None:
            try:
                self._read(data, frames)
            except StreamProtocolError as error:
                self._error = error
                self._line.clear()
                self._event.clear()
        if self._error is not None and not frames:
            raise self._error
        return frames

    def close(self) -> None:
        """End the stream; an event still open is dropped.

        Raises:
            StreamProtocolError: A fault that `feed` has not raised yet.
        """
        if self._error is not None:
            raise self._error

    def _read(self, data: bytes, frames: list[Frame]) -> None:
        if self._head is not None:
            data = self._without_bom(data)
        if len(data) <= self._slice:
            self._read_slice(data, frames)
            return
        for start in range(0, len(data), self._slice):
            self._read_slice(data[start : start + self._slice], frames)

    def _without_bom(self, data: bytes) -> bytes:
        data = (self._head or b"") + data
        if len(data) < len(_BOM) and _BOM.startswith(data):
            self._head = data
            return b""
        self._head = None
        return data.removeprefix(_BOM)

    def _read_slice(self, data: bytes, frames: list[Frame]) -> None:
        if not data:
            return
        at = 0
        if self._after_cr and data.startswith(b"\n"):
            at = 1
            if self._event:
                self._event += b"\n"
        self._after_cr = data.endswith(b"\r")
        if self._line:
            at = self._finish_line(data, at)
        end = len(data)
        while at < end:
            if not self._event:
                plain = _PLAIN.match(data, at)
                if plain:
                    frames.append(_frame(*plain.groups()))
                    at = plain.end()
                    continue
            at = self._step(data, at, frames)

    def _step(self, data: bytes, at: int, frames: list[Frame]) -> int:
        """Read the blank line, the whole lines or the start of a line at *at*; return where they end."""
        if self._event:
            blank = _END.match(data, at)
            if blank:
                self._dispatch(frames)
                return blank.end()
        else:
            noise = _NOISE.match(data, at)
            if noise:
                return noise.end()
        lines = _LINES.match(data, at)
        if lines:
            self._keep(lines.group())
            return lines.end()
        self._extend_line(data[at:])
        return len(data)

    def _finish_line(self, data: bytes, at: int) -> int:
        """Read on in the line that earlier bytes began; return where it ends."""
        end = _END.search(data, at)
        if end is None:
            self._extend_line(data[at:])
            return len(data)
        self._extend_line(data[at : end.start()])
        line = bytes(self._line)
        self._line.clear()
        if self._event or not line.startswith(b":"):
            self._keep(line + end.group())
        return end.end()

    def _extend_line(self, part: bytes) -> None:
        self._line += part
        if len(self._line) > self._max_line:
            raise StreamProtocolError(f"a line of the event stream is longer than {self._max_line:,} bytes")

    def _keep(self, lines: bytes) -> None:
        self._event += lines
        if len(self._event) > self._max_event:
            raise StreamProtocolError(f"an event of the stream is larger than {self._max_event:,} bytes")

    def _dispatch(self, frames: list[Frame]) -> None:
        block = bytes(self._event)
        self._event.clear()
        name: bytes | None = None
        data: list[bytes] = []
        for line in _END.split(block):
            field, _, value = line.partition(b":")
            if field == b"data":
                data.append(value.removeprefix(b" "))
            elif field == b"event":
                name = value.removeprefix(b" ")
        if data:
            frames.append(_frame(name, b"\n".join(data)))


def _frame(event: bytes | None, data: bytes) -> Frame:
    try:
        return Frame(event.decode() if event else None, data.decode())
    except UnicodeDecodeError as error:
        raise StreamProtocolError(f"the event stream is not UTF-8: {error.reason}") from error
