"""What the store asks of a disk: bytes only, private files, and a file system that locks."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

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
        """Return a value from the database; files and pickles are refused."""
        if mode != diskcache.core.MODE_RAW or filename is not None or read or not isinstance(value, bytes):
            raise sqlite3.DatabaseError("a value in the store is not plain bytes")
        return value


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
