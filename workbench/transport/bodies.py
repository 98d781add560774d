"""Reading what came: decoded while it is read, and never past a limit."""

from __future__ import annotations

import asyncio
import sys
import time
import zlib
from typing import TYPE_CHECKING

from workbench.transport.failures import Failure, refused_body

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

_STEP = 256 * 1024
ERROR_BYTES = 256 * 1024
"""Of an error's body this much is read; the rest is not looked at."""


class TooLargeError(Exception):
    """The decoded body passed its limit."""


class Inflater:
    """Decodes gzip or deflate piece by piece; stops at the limit, so that a bomb stays small.

    >>> import gzip
    >>> inflater = Inflater("gzip", limit=1000)
    >>> b"".join(inflater.feed(gzip.compress(b"hello " * 3)))
    b'hello hello hello '
    """

    def __init__(self, encoding: str, limit: int, *, announced: int = 0) -> None:
        if announced > limit:
            raise TooLargeError
        self._left = limit
        self._decoder = zlib.decompressobj(zlib.MAX_WBITS | 32) if encoding in {"gzip", "deflate"} else None
        if self._decoder is None and encoding not in {"", "identity"}:
            raise zlib.error(f"content-encoding {encoding!r} was not asked for")

    def feed(self, data: bytes) -> list[bytes]:
        """Return the decoded pieces.

        Raises:
            TooLargeError: Past the limit.
            zlib.error: Not of that encoding.
        """
        if self._decoder is None:
            return [self._counted(data)]
        pieces = []
        while data and not self._decoder.eof:
            pieces.append(self._counted(self._decoder.decompress(data, _STEP)))
            data = self._decoder.unconsumed_tail
        return pieces

    @property
    def complete(self) -> bool:
        """Whether a compressed body came to its end."""
        return self._decoder is None or self._decoder.eof

    def _counted(self, piece: bytes) -> bytes:
        self._left -= len(piece)
        if self._left < 0:
            raise TooLargeError
        return piece


async def read(response: httpx.Response, limit: int) -> bytes:
    """Return the decoded body.

    Raises:
        Failure: Too large, or not of the encoding its headers name.
    """
    pieces: list[bytes] = []
    async for piece in decoded(response, limit):
        pieces.append(piece)  # noqa: PERF401 - a comprehension would hide the partial body from a debugger
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


async def decoded(response: httpx.Response, limit: int) -> AsyncIterator[bytes]:
    """Yield the decoded body as it comes; raises as `read`."""
    encoding = response.headers.get("content-encoding", "").strip().lower()
    try:
        inflater = Inflater(encoding, limit, announced=_announced(response))
        async for chunk in _raw(response):
            for piece in inflater.feed(chunk):
                yield piece
    except TooLargeError:
        raise refused_body(f"the answer is larger than {limit:,} bytes", response, again=0) from None
    except zlib.error as error:
        raise refused_body(f"the answer is not valid {encoding}: {error}", response, again=None) from error
    if not inflater.complete:
        raise refused_body(f"the {encoding} answer was cut off", response, again=None)


def _raw(response: httpx.Response) -> AsyncIterator[bytes]:
    """The bytes as the socket gave them: httpx's own iterator re-chunks and decodes."""
    stream: AsyncIterator[bytes] = response.stream.__aiter__()  # type: ignore[union-attr]
    return stream


def _announced(response: httpx.Response) -> int:
    length = response.headers.get("content-length", "")
    return int(length) if length.isdigit() and len(length) < 20 else 0


async def lines(response: httpx.Response, limit: int, line_s: float) -> AsyncIterator[bytes]:
    """Yield the lines of a body as they come, without their ends.

    Args:
        response: Its body is unread.
        limit: Bytes of a line at most.
        line_s: Seconds that a line may take to come.

    Raises:
        Failure: A line is longer or later than that, or the body is not of the encoding its headers name.
    """
    pieces: list[bytes] = []
    size = 0
    body = decoded(response, sys.maxsize)
    deadline = time.monotonic() + line_s
    while True:
        try:
            async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                piece = await anext(body, None)
        except TimeoutError:
            raise refused_body(f"no whole line within {line_s:g} s", response, again=0) from None
        if piece is None:
            break
        *whole, rest = piece.split(b"\n")
        for line in whole:
            yield b"".join([*pieces, line])
            pieces, size, deadline = [], 0, time.monotonic() + line_s
        pieces.append(rest)
        size += len(rest)
        if size > limit:
            raise refused_body(f"a line is larger than {limit:,} bytes", response, again=0)
    if size:
        yield b"".join(pieces)


async def read_error(response: httpx.Response) -> bytes:
    """Return the beginning of an error's body; a body that cannot be read is an empty one."""
    pieces: list[bytes] = []
    size = 0
    try:
        async for piece in decoded(response, 64 * ERROR_BYTES):
            pieces.append(piece)
            size += len(piece)
            if size >= ERROR_BYTES:
                break
    except Failure:
        pass
    return b"".join(pieces)[:ERROR_BYTES]
