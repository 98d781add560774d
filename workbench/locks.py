"""Locks of the operating system on an open file: gone with whoever held them, however that ended.

All of them try once and raise `OSError` with one of `BUSY` where somebody else holds the lock. What only one
system has is imported when it is used.
"""

from __future__ import annotations

import errno
import os
import struct
import sys
from typing import Final

BUSY: Final = frozenset({errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK})
"""Errors that mean: somebody else holds it."""
REACH: Final = (1 << 30) if sys.platform == "win32" else (1 << 62)
"""Bytes that can be locked one by one; Windows' C library counts them in 32 bits."""

_FLOCK: Final = struct.Struct("hhqqi4x")
"""Linux's ``struct flock`` where a long has 64 bits."""


def lock_file(descriptor: int) -> None:
    """Lock a whole file. On Windows that is one byte far behind its end, so that others may read it."""
    if sys.platform == "win32":
        lock_byte(descriptor, REACH)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def unlock_file(descriptor: int) -> None:
    """Give a whole file back."""
    if sys.platform == "win32":
        unlock_byte(descriptor, REACH)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_UN)


def lock_byte(descriptor: int, place: int) -> None:
    """Lock one byte, 0 … `REACH`, whether the file has it or not."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(descriptor, place, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    elif sys.platform == "linux" and sys.maxsize > 1 << 32:
        import fcntl

        # Of the open file, not of the process: no other descriptor of this process can lose it.
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, place, 1, 0))
    else:
        import fcntl

        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)


def unlock_byte(descriptor: int, place: int) -> None:
    """Give one byte back."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(descriptor, place, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
    elif sys.platform == "linux" and sys.maxsize > 1 << 32:
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _FLOCK.pack(fcntl.F_UNLCK, os.SEEK_SET, place, 1, 0))
    else:
        import fcntl

        fcntl.lockf(descriptor, fcntl.LOCK_UN, 1, place)
