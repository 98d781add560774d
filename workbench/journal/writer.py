"""Writing a journal: one process at a time, and nothing that was synced is ever lost."""

from __future__ import annotations

import errno
import os
import sys
import threading
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from workbench.errors import JournalError
from workbench.journal.scan import Scan, failed
from workbench.locks import BUSY, lock_file
from workbench.wire.codec import dumps

if TYPE_CHECKING:
    from types import TracebackType


class Journal:
    """A journal open for appending; one process at a time may hold it.

    ``append`` is cheap and promises nothing; after ``write`` a record survives the process, after ``sync``
    the machine. All may be called from any thread, so that one fsync on a thread serves all that was
    appended meanwhile::

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
        self._safe = self._end = self._next = end
        self._waiting: list[bytes] = []
        self._unsynced: list[bytes] = []
        self._closed = False
        self._taking = threading.Lock()
        self._writing = threading.Lock()
        self._syncing = threading.Lock()

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Self:
        """Open or create the journal at *path*, lock it, and cut a torn tail.

        The lock is the operating system's: it is gone with the process, however that ended.

        Raises:
            JournalError: Another process holds it, it is damaged before its tail, or it cannot be opened.
        """
        path = Path(path)
        descriptor = open_locked(path)
        try:
            scan = Scan(descriptor, path)
            for _ in scan:
                pass
            end = _mend_tail(descriptor, scan)
            if not scan.size:
                sync_folder(path.parent)
        except BaseException as error:
            os.close(descriptor)  # and with it goes the lock
            if isinstance(error, OSError):
                raise failed(path, error) from error
            raise
        return cls(path, descriptor, end=end, dropped=scan.size - scan.end)

    def append(self, record: dict[str, Any]) -> int:
        """Put *record* behind those before it; it is written by the next `sync`.

        Returns:
            Its place, the byte it will begin at: `Reader.at` finds it there once it is written.

        Raises:
            JournalError: The journal is closed.
        """
        line = frame(record)
        with self._taking:
            if self._closed:
                raise JournalError(f"{self.path} is closed; open it again to append")
            self._waiting.append(line)
            place = self._next
            self._next += len(line)
        return place

    def write(self) -> None:
        """Give what was appended to the system: a kill loses none of it, a power cut may.

        Does not wait for the disk, whatever another thread does.

        Raises:
            DiskFullError: No space. The records wait on; call again when there is some.
            JournalError: The file cannot be written.
        """
        with self._writing:
            self._put_down()

    def sync(self) -> None:
        """Write what was appended and wait until it is on the disk: one write, one fsync, however many.

        Raises:
            DiskFullError: No space. The records wait on; call again when there is some.
            JournalError: The file cannot be written.
        """
        with self._syncing:
            with self._writing:
                self._put_down()
                records, end = len(self._unsynced), self._end
            if not records:
                return
            try:
                os.fsync(self._descriptor)
            except OSError as error:
                with self._writing:
                    data = b"".join(self._unsynced)
                    self._take_up()
                raise failed(self.path, error, data) from error
            with self._writing:
                del self._unsynced[:records]
                self._safe = end

    def _put_down(self) -> None:
        batch = tuple(self._waiting)
        data = b"".join(batch)
        try:
            if data:
                write_all(self._descriptor, data, self._end)
        except OSError as error:
            self._cut_back()
            raise failed(self.path, error, data) from error
        self._end += len(data)
        self._unsynced += batch
        del self._waiting[: len(batch)]

    def _take_up(self) -> None:
        """After an fsync that failed nobody knows what reached the disk: all of it is written again."""
        self._waiting[:0] = self._unsynced
        self._unsynced.clear()
        self._end = self._safe
        self._cut_back()

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


def in_use(path: Path) -> bool:
    """Return whether some process, this one too, writes a journal."""
    try:
        descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    except OSError:  # it is not there, or nobody may write it
        return False
    try:
        lock_file(descriptor)
    except OSError as error:
        return error.errno in BUSY
    finally:
        os.close(descriptor)  # and with it goes the lock
    return False


def frame(record: dict[str, Any]) -> bytes:
    r"""Return the line for *record*.

    >>> frame({"a": 1})
    b'561bacaf 7 {"a":1}\n'
    """
    body = dumps(record)
    return b"%08x %d %s\n" % (zlib.crc32(body), len(body), body)


def _mend_tail(descriptor: int, scan: Scan) -> int:
    """Cut what follows the last whole record, add a line end it lacks; return where the next one goes."""
    end = scan.end
    if end < scan.size:
        os.ftruncate(descriptor, end)
    if not scan.ended:
        write_all(descriptor, b"\n", end)
        end += 1
    os.fsync(descriptor)
    return end


def open_locked(path: Path) -> int:
    """Open a file for reading and writing, made where it is missing, and lock it for this process.

    Raises:
        JournalError: Another process holds it, or it cannot be opened.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
    except OSError as error:
        raise failed(path, error) from error
    try:
        lock_file(descriptor)
    except OSError as error:
        os.close(descriptor)
        if error.errno in BUSY:
            raise JournalError(
                f"{path} is in use by another process; wait until that run ends or stop it, then try again"
            ) from error
        raise failed(path, error) from error
    return descriptor


def write_all(descriptor: int, data: bytes, at: int) -> None:
    """Write all of *data* from byte *at* on."""
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


def sync_folder(folder: Path) -> None:
    """Make the names of new files as safe as their content.

    Windows has no folders to sync, some file systems refuse it, and some folders may be written but not read:
    nothing more can be done there.

    Raises:
        JournalError, DiskFullError: The disk fails.
    """
    if sys.platform == "win32":
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EPERM}:
            raise failed(folder, error) from error
