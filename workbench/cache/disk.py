"""What the store asks of a disk: bytes only, private files, and a file system that locks."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import weakref
from pathlib import Path
from typing import Any, NoReturn

import diskcache

_NETWORK = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "fuse.sshfs", "fuse.glusterfs")


class BytesDisk(diskcache.Disk):
    """Text keys, bytes values, nothing else: what a stranger put into the file is never unpickled.

    Source: CVE-2025-69872, open in every release of diskcache; its JSONDisk does not close it.
    """

    def put(self, key: Any) -> tuple[str, bool]:
        """Return a key as the database holds it."""
        if not isinstance(key, str):
            raise TypeError(f"keys of the store are text, not {type(key).__name__}")
        return key, True

    def get(self, key: Any, raw: Any) -> str:
        """Return a key from the database; anything but plain text is refused."""
        if not raw or not isinstance(key, str):
            raise sqlite3.DatabaseError("a key in the store is not text")
        return key

    def store(self, value: Any, read: Any, key: Any = None) -> tuple[int, int, None, sqlite3.Binary]:  # noqa: ARG002
        """Return a value as the database holds it."""
        if read or not isinstance(value, bytes):
            raise TypeError(f"values of the store are bytes, not {type(value).__name__}")
        return 0, diskcache.core.MODE_RAW, None, sqlite3.Binary(value)

    def fetch(self, mode: Any, filename: Any, value: Any, read: Any) -> bytes:
        """Return a value from the database; files and pickles are not read."""
        return plain(mode, filename, value, read=read)


class Database(diskcache.Cache):
    """A `diskcache.Cache` that closes the connections of all its threads, not of the calling one alone.

    diskcache leaves those of other threads to the garbage collector, of which Python 3.13 complains.
    """

    def __init__(self, directory: str, **settings: Any) -> None:
        self._opened: list[sqlite3.Connection] = []
        close = weakref.finalize(self, _close, self._opened)
        try:
            super().__init__(directory, disk=BytesDisk, **settings)  # type: ignore[no-untyped-call]
        except BaseException:
            close()
            raise

    @property
    def _con(self) -> sqlite3.Connection:
        """The connection of this thread; overrides the one place where diskcache connects."""
        local, process = self._local, os.getpid()
        if getattr(local, "pid", process) != process:  # after a fork: the parent's are not ours to close
            local = self._local = threading.local()
            self._opened.clear()
        connection: sqlite3.Connection | None = getattr(local, "con", None)
        if connection is None:
            path = Path(self._directory, diskcache.core.DBNAME)
            connection = sqlite3.connect(
                path, timeout=self._timeout, isolation_level=None, check_same_thread=False
            )
            local.con, local.pid = connection, process
            self._opened.append(connection)
            self._tune(connection)
        return connection

    def _tune(self, connection: sqlite3.Connection) -> None:
        """Set the pragmas, which hold for one connection each; a new file has none yet."""
        with contextlib.suppress(sqlite3.OperationalError):
            for key, value in connection.execute("SELECT key, value FROM Settings").fetchall():
                if key.startswith("sqlite_"):
                    self.reset(key, value, update=False)  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """Close every connection; the next use opens a new one."""
        self._local = threading.local()
        _close(self._opened)


def _close(connections: list[sqlite3.Connection]) -> None:
    while connections:
        with contextlib.suppress(sqlite3.Error):
            connections.pop().close()


def plain(mode: Any, filename: Any, value: Any, *, read: Any = False) -> bytes:
    """Return a value that is plain bytes inside the database; anything else stays unread and is empty.

    Empty bytes have no checksum that fits, so such a value is one damaged reply, not a damaged store.
    """
    if mode != diskcache.core.MODE_RAW or filename is not None or read or not isinstance(value, bytes):
        return b""
    return value


class ReadOnly:
    """What the store uses of a `diskcache.Cache`, for a database that cannot be written."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._sql = connection.execute
        self.close = connection.close

    def get(self, key: str) -> bytes | None:
        """Return the value of a key."""
        query = "SELECT mode, filename, value FROM Cache WHERE key = ? AND raw = 1"
        row = self._sql(query, (key,)).fetchone()
        return None if row is None else plain(*row)

    def set(self, key: str, value: bytes, tag: str) -> bool:  # noqa: ARG002 - as in diskcache
        """Keep nothing; that was said when the store was opened."""
        return False

    def transact(self) -> NoReturn:
        """Refuse to change anything."""
        raise sqlite3.OperationalError("the database can only be read")


def read_only(database: Path) -> ReadOnly | None:
    """Open a database for reading; None where there is none that can be read."""
    for how in ("mode=ro", "mode=ro&immutable=1"):  # the second needs no lock file beside it
        try:
            place = f"{database.absolute().as_uri()}?{how}"
            connection = sqlite3.connect(place, uri=True, check_same_thread=False)
        except sqlite3.Error:
            continue
        try:
            connection.execute("SELECT COUNT(*) FROM Cache").fetchone()
        except sqlite3.Error:
            connection.close()
        else:
            return ReadOnly(connection)
    return None


def create(path: Path, text: str = "") -> None:
    """Create a file that only its owner can read; an existing one is left as it is."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0), 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as file:
        file.write(text)


def corrupt(error: BaseException) -> bool:
    """Return whether an error says that the file is damaged, not merely busy, full or read-only."""
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)


def network_filesystem(path: Path) -> str | None:
    """Return the name of the network file system that holds *path*, or None; known on Linux only."""
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
        place = str(path.absolute())
    except OSError:
        return None
    best = ("", "")
    for line in mounts:
        _, point, kind, *_ = (*line.split(" "), "", "", "")
        inside = place == point or place.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best[0]):
            best = (point, kind)
    return best[1] if best[1] in _NETWORK else None
