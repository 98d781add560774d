"""An append-only file of records that survives a kill at any byte.

One record a line: ``crc32 length json``, the checksum in 8 hex digits, the length in bytes. A record counts
only when all three agree, so a torn write is seen and cut, and a whole record is never dropped.
"""

from __future__ import annotations

import errno
import os
import re
import sys
import threading
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from workbench.errors import DiskFullError, JournalError, WireError
from workbench.files import no_space
from workbench.wire.codec import dumps, loads

if TYPE_CHECKING:
    from types import TracebackType

_HEADER = re.compile(rb"([0-9a-f]{8}) ([0-9]{1,12}) ")


class Journal:
    """A journal open for appending; one process at a time may hold it.

    ``append`` is cheap and promises nothing; a record is safe when the next ``sync`` returned. Both may be
    called from any thread, so that one fsync on a thread serves all that was appended meanwhile::

        with Journal.open(folder / "journal.jsonl") as journal:
            journal.append({"kind": "answer", "trial": "a/1/0"})
            journal.sync()

    Attributes:
        path: The file.
        dropped: Bytes of a torn tail that were cut off on opening.
    """

    def __init__(self, path: Path, descriptor: int, *, end: int, dropped: int) -> None:
        self.path = path
        self.dropped = dropped
        self._descriptor = descriptor
        self._end = end
        self._waiting: list[bytes] = []
        self._closed = False
        self._taking = threading.Lock()
        self._syncing = threading.Lock()

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Self:
        """Open or create the journal at *path*, lock it, and cut a torn tail.

        The lock is the operating system's: it is gone with the process, however that ended.

        Raises:
            JournalError: Another process holds it, it is damaged before its tail, or it cannot be opened.
        """
        path = Path(path)
        descriptor = _open_locked(path)
        try:
            raw = _read_all(descriptor)
            found = _scan(raw, path)
            end = _mend_tail(descriptor, raw, found.end)
            if not raw:
                _sync_folder(path.parent)
        except OSError as error:
            os.close(descriptor)
            raise _failed(path, error) from error
        except JournalError:
            os.close(descriptor)
            raise
        return cls(path, descriptor, end=end, dropped=len(raw) - found.end)

    def append(self, record: dict[str, Any]) -> None:
        """Put *record* behind those before it; it is written by the next `sync`.

        Raises:
            JournalError: The journal is closed.
        """
        line = frame(record)
        with self._taking:
            if self._closed:
                raise JournalError(f"{self.path} is closed; open it again to append")
            self._waiting.append(line)

    def sync(self) -> None:
        """Write what was appended and wait until it is on the disk: one write, one fsync, however many.

        Raises:
            DiskFullError: No space. The records wait on; call again when there is some.
            JournalError: The file cannot be written.
        """
        with self._syncing:
            batch = tuple(self._waiting)
            if batch:
                self._write(b"".join(batch))
                del self._waiting[: len(batch)]

    def _write(self, data: bytes) -> None:
        try:
            _write_all(self._descriptor, data, self._end)
            os.fsync(self._descriptor)
        except OSError as error:
            self._cut_back()
            raise _failed(self.path, error, data) from error
        self._end += len(data)

    def close(self) -> None:
        """Sync, and give the lock back; from now on nothing is taken.

        Raises:
            DiskFullError, JournalError: As `sync`. What waited is lost, the journal is closed all the same.
        """
        with self._taking:
            if self._closed:
                return
            self._closed = True
        try:
            self.sync()
        finally:
            with self._syncing:  # another thread's sync may still be writing
                os.close(self._descriptor)
                self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _cut_back(self) -> None:
        """Take back a partial write; if even that fails, the next open cuts it."""
        try:
            os.ftruncate(self._descriptor, self._end)
        except OSError:
            return


def read(path: str | os.PathLike[str]) -> tuple[list[dict[str, Any]], int]:
    """Return the whole records of a journal, and how many bytes of a torn tail were left out.

    The file is not changed and not locked: a running journal may be read.

    Raises:
        JournalError: It cannot be read, or a record before its tail is damaged.
    """
    path = Path(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise _failed(path, error) from error
    found = _scan(raw, path)
    return found.records, len(raw) - found.end


def frame(record: dict[str, Any]) -> bytes:
    r"""Return the line for *record*.

    >>> frame({"a": 1})
    b'561bacaf 7 {"a":1}\n'
    """
    body = dumps(record)
    return b"%08x %d %s\n" % (zlib.crc32(body), len(body), body)


@dataclass(frozen=True, slots=True)
class _Found:
    records: list[dict[str, Any]]
    end: int
    """Where the last whole record ends."""


def _scan(raw: bytes, path: Path) -> _Found:
    """Read the records of *raw*; what is not whole may only be the tail."""
    records: list[dict[str, Any]] = []
    at = 0
    while at < len(raw):
        found = _record(raw, at)
        if found is None:
            _refuse_damage(raw, at, path, number=len(records) + 1)
            break
        record, at = found
        records.append(record)
    return _Found(records, at)


def _record(raw: bytes, at: int) -> tuple[dict[str, Any], int] | None:
    """Return the record that begins at *at* and where it ends; None where none is whole there.

    A record whose line end alone is missing is whole: it is never dropped.
    """
    header = _HEADER.match(raw, at)
    if header is None:
        return None
    end = header.end() + int(header[2])
    if raw[end : end + 1] not in {b"\n", b"", b"\0"}:
        return None
    body = raw[header.end() : end]
    if len(body) != int(header[2]) or b"%08x" % zlib.crc32(body) != header[1]:
        return None
    try:
        record = loads(body)
    except WireError:
        return None
    return (record, end + raw.startswith(b"\n", end)) if isinstance(record, dict) else None


def _refuse_damage(raw: bytes, at: int, path: Path, *, number: int) -> None:
    """Raise where a whole record follows the broken one at *at*: that is damage, not a torn tail."""
    for header in _HEADER.finditer(raw, at + 1):
        later = _record(raw, header.start())
        if later is not None and raw.startswith(b"\n", later[1] - 1):
            raise JournalError(
                f"{path}: record {number} at byte {at} is damaged and whole records follow it; "
                f"restore the file from a copy, or cut it to {at} bytes to go on from record {number}"
            )


def _mend_tail(descriptor: int, raw: bytes, end: int) -> int:
    """Cut what follows *end*, add a line end that is missing; return where the next record goes."""
    if end < len(raw):
        os.ftruncate(descriptor, end)
    if end and not raw.startswith(b"\n", end - 1):
        _write_all(descriptor, b"\n", end)
        end += 1
    os.fsync(descriptor)
    return end


def _open_locked(path: Path) -> int:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
    except OSError as error:
        raise _failed(path, error) from error
    try:
        _lock(descriptor)
    except OSError as error:
        os.close(descriptor)
        if error.errno in {errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK}:
            raise JournalError(
                f"{path} is in use by another process; wait until that run ends or stop it, then try again"
            ) from error
        raise _failed(path, error) from error
    return descriptor


def _lock(descriptor: int) -> None:
    """Lock an open file for this process, or raise at once; the system frees it, however the process ends."""
    if sys.platform == "win32":  # locks are mandatory there: one byte far behind the end leaves all readable
        import msvcrt

        os.lseek(descriptor, 1 << 62, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _write_all(descriptor: int, data: bytes, at: int) -> None:
    view = memoryview(data)
    while view:
        written = _write_at(descriptor, view, at)
        at += written
        view = view[written:]


def _write_at(descriptor: int, data: memoryview, at: int) -> int:
    if hasattr(os, "pwrite"):
        return os.pwrite(descriptor, data, at)
    os.lseek(descriptor, at, os.SEEK_SET)  # Windows: nobody else moves it, the journal is locked
    return os.write(descriptor, data)


def _read_all(descriptor: int) -> bytes:
    os.lseek(descriptor, 0, os.SEEK_SET)
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        return file.read()


def _sync_folder(folder: Path) -> None:
    """Make a new file's name as safe as its content; Windows has no folders to sync."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _failed(path: Path, error: OSError, data: bytes = b"") -> JournalError | DiskFullError:
    if no_space(error):
        return DiskFullError(
            f"{path}: no space left for {len(data):,} bytes; "
            "free some and resume, nothing that was saved is lost"
        )
    return JournalError(f"{path}: {error.strerror or error}; check that the folder exists and can be written")
