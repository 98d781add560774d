"""Reading a journal: one record after the other, or one by its place; never the whole file."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import threading
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import DiskFullError, JournalError, WireError
from workbench.files import no_space
from workbench.wire.codec import loads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

CHUNK = 1 << 20
"""Bytes read at once: a scan holds so much, or one record where that is longer."""
NEAR = 1 << 14
"""Bytes between two records up to which both are read at once."""

_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)
_HEADER = re.compile(rb"([0-9a-f]{8}) ([0-9]{1,12}) ")
_HEADERS = re.compile(rb"(?=([0-9a-f]{8}) ([0-9]{1,12}) )")
"""Headers wherever they begin, also inside of what looks like another one."""
_LONGEST = 8 + 1 + 12 + 1
"""Bytes of the longest header."""
_ENDS = frozenset({b"\n", b"", b"\0"})
"""What may follow a record; its line end alone may be missing, at the end of the file or before zeros."""


class Records:
    """The records of a journal, each with its place, one after the other.

    The file is not changed and not locked: a running journal may be read.

    Attributes:
        path: The file.
        dropped: Bytes of a torn tail that were left out; known when all were read.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.dropped = 0

    def __iter__(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Read the file.

        Raises:
            JournalError: It cannot be read, or a record before its tail is damaged.
        """
        try:
            descriptor = os.open(self.path, _READ)
        except OSError as error:
            raise failed(self.path, error) from error
        try:
            scan = Scan(descriptor, self.path)
            for place, body in scan:
                record = parsed(body)
                if record is None:
                    scan.stop_at(place)
                    break
                yield place, record
            self.dropped = scan.size - scan.end
        except OSError as error:
            raise failed(self.path, error) from error
        finally:
            os.close(descriptor)


def read(path: str | os.PathLike[str]) -> tuple[list[dict[str, Any]], int]:
    """Return the whole records of a journal, and how many bytes of a torn tail were left out.

    All of it is held in memory; `Records` gives one after the other.

    Raises:
        JournalError: It cannot be read, or a record before its tail is damaged.
    """
    records = Records(path)
    return [record for _, record in records], records.dropped


class Reader:
    """Gives single records of a journal by their place; the file stays open between two.

    May be used from any thread, and while the journal is written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path).absolute()  # a program may change its folder
        self._descriptor = -1
        self._opening = threading.Lock()
        self._last: tuple[int, dict[str, Any]] = (-1, {})

    def at(self, place: int) -> dict[str, Any]:
        """Return the record that begins at *place*.

        Raises:
            JournalError: The journal is gone, or no whole record is there.
        """
        known, record = self._last
        if known == place:
            return record
        found = parsed(self._body(place))
        if found is None:
            raise JournalError(
                f"{self.path}: no whole record at byte {place}; the journal was changed or replaced: "
                "load the run again"
            )
        self._last = (place, found)
        return found

    def bodies(self, places: Sequence[int]) -> Iterator[bytes | None]:
        """Yield the JSON that lies at each of *places*, which rise; None where `at` says why there is none.

        Neighbours are read together: a quarter of the time of so many `at`, which parse besides.
        """
        start, raw = 0, b""
        for n, place in enumerate(places):
            body = _body_within(raw, place - start)
            if body is None:
                with contextlib.suppress(JournalError):
                    start, raw = place, self._get(read_at, _together(places, n), place)
                    # Not in it: longer than what is read at once, the last of the file, or not whole.
                    body = _body_within(raw, 0) or self._body(place)
            yield body

    def _body(self, place: int) -> bytes | None:
        found: bytes | None = self._get(body_at, place)
        return found

    def _get(self, get: Callable[..., Any], *asked: int) -> Any:
        """Return what *get* gets of the open file."""
        try:
            with self._opening:
                if self._descriptor < 0:
                    self._descriptor = os.open(self.path, _READ)
                return get(self._descriptor, *asked)
        except OSError as error:
            raise JournalError(
                f"{self.path}: {error.strerror or error}; if the folder was moved, load the run from there"
            ) from error
        finally:
            if sys.platform == "win32":  # an open file could not be moved or deleted there
                self.close()

    def close(self) -> None:
        """Close the file; the next `at` opens it again."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def __del__(self) -> None:
        self.close()


class Scan:
    """One pass over an open journal: the place and the body of every whole record.

    Attributes:
        size: Bytes of the file when the pass began.
        end: Where the last whole record ends.
        ended: Whether a line end is there.
    """

    def __init__(self, descriptor: int, path: Path, *, start: int = 0) -> None:
        self.size = os.fstat(descriptor).st_size
        self.end = start
        self.ended = True
        self._descriptor = descriptor
        self._path = path
        self._number = 0

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        """Read on until the tail.

        Raises:
            JournalError: Whole records follow one that is not whole.
        """
        for place, body in self.whole():
            self._number += 1
            yield place, body
        self._refuse_damage()

    def stop_at(self, place: int) -> None:
        """End the pass before the record at *place*, which turned out not to be one.

        Raises:
            JournalError: Whole records follow it.
        """
        self.end, self._number = place, self._number - 1
        self._refuse_damage()

    def whole(self) -> Iterator[tuple[int, bytes]]:
        """Yield records until one is not whole.

        A record whose line end alone is missing is whole: it is never dropped.
        """
        start, raw, at = self.end, b"", 0
        while start + at < self.size:
            header = _HEADER.match(raw, at)
            begin = header.end() if header else at + _LONGEST
            end = begin + int(header[2]) if header else begin
            if end >= len(raw) and start + len(raw) < self.size:
                if not self._may_end(start + end, known=header is not None):
                    return
                more = self._read(max(CHUNK, end + 1 - len(raw)), start + len(raw))
                start, raw, at = start + at, raw[at:] + more, 0
                continue
            if header is None or not _is_whole(raw, header, end):
                return
            place, at = start + at, end + raw.startswith(b"\n", end)
            self.end, self.ended = start + at, at > end
            yield place, raw[begin:end]

    def _may_end(self, end: int, *, known: bool) -> bool:
        """Tell whether a record may end at byte *end*: what a broken header says is not read for nothing."""
        return not known or (end <= self.size and self._read(1, end) in _ENDS)

    def _read(self, size: int, at: int) -> bytes:
        """Read no further than the file went when the pass began: it may be growing."""
        return read_at(self._descriptor, min(size, self.size - at), at)

    def later(self) -> int | None:
        """Return where the next whole record behind a broken one begins, None where there is none."""
        start = self.end + 1
        while start < self.size:
            raw = self._read(CHUNK + _LONGEST, start)
            for header in _HEADERS.finditer(raw):
                if header.start() >= CHUNK:
                    break
                place = start + header.start()
                body = body_at(self._descriptor, place, ended=True)
                if body is not None and parsed(body) is not None:
                    return place
            start += CHUNK
        return None

    def _refuse_damage(self) -> None:
        """Raise where a whole record follows the broken one: that is damage, not a torn tail."""
        if self.end < self.size and self.later() is not None:
            raise JournalError(
                f"{self._path}: record {self._number + 1} at byte {self.end} is damaged and whole records "
                f"follow it; restore the file from a copy, or keep what is whole: "
                f"`workbench salvage {self._path.parent}`"
            )


def _is_whole(raw: bytes, header: re.Match[bytes], end: int) -> bool:
    if raw[end : end + 1] not in _ENDS or end > len(raw):
        return False
    return zlib.crc32(memoryview(raw)[header.end() : end]) == int(header[1], 16)


def body_at(descriptor: int, place: int, *, ended: bool = False) -> bytes | None:
    """Return the body of the whole record at *place*, None where there is none; *ended*: with a line end."""
    head = read_at(descriptor, 4096, place)
    header = _HEADER.match(head)
    if header is None:
        return None
    end = header.end() + int(header[2])
    line_end = read_at(descriptor, 1, place + end)
    if line_end not in ({b"\n"} if ended else _ENDS):
        return None
    raw = head if end <= len(head) else head + read_at(descriptor, end - len(head), place + len(head))
    body = raw[header.end() : end]
    whole = len(raw) >= end and zlib.crc32(body) == int(header[1], 16)
    return body if whole else None


def _body_within(raw: bytes, at: int) -> bytes | None:
    """Return the body of the record that begins at *at* and ends within *raw*, line end and all."""
    header = _HEADER.match(raw, at)
    if header is None:
        return None
    end = header.end() + int(header[2])
    body = raw[header.end() : end]
    whole = end < len(raw) and raw[end : end + 1] in _ENDS and zlib.crc32(body) == int(header[1], 16)
    return body if whole else None


def _together(places: Sequence[int], first: int) -> int:
    """Return how many bytes from the record *first* on are read for it and its neighbours."""
    start = last = places[first]
    for at in range(first + 1, len(places)):
        if places[at] - last > NEAR or places[at] - start > CHUNK:
            break
        last = places[at]
    return last - start + NEAR


def parsed(body: bytes | None) -> dict[str, Any] | None:
    """Return the record whose JSON *body* is, or None."""
    try:
        record = None if body is None else loads(body)
    except WireError:
        return None
    return record if isinstance(record, dict) else None


def read_at(descriptor: int, size: int, at: int) -> bytes:
    """Return *size* bytes from *at* on; fewer at the end of the file only."""
    parts = []
    while size > 0:
        if hasattr(os, "pread"):
            part = os.pread(descriptor, min(size, 1 << 30), at)
        else:  # Windows: whoever reads here has the descriptor to himself
            os.lseek(descriptor, at, os.SEEK_SET)
            part = os.read(descriptor, min(size, 1 << 30))
        if not part:
            break
        parts.append(part)
        at += len(part)
        size -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def failed(path: Path, error: OSError, data: bytes = b"") -> JournalError | DiskFullError:
    """Return our error for one of the system's; *data* is what could not be written."""
    if no_space(error):
        return DiskFullError(
            f"{path}: no space left for {len(data):,} bytes; "
            "free some and resume, nothing that was saved is lost"
        )
    return JournalError(f"{path}: {error.strerror or error}; check that the folder exists and can be written")
