"""One asks, the others wait: which questions are being asked right now, known to every process of a store.

A question is one byte of a lock file beside the store, far out where the file has no bytes at all, and
asking it means holding the lock of that byte. The system frees it however its process ends, so there is
nothing to clean up and nobody waits for the dead. Two questions that fall on one byte wait for each other,
which costs a moment and no answer.

Where locks do not work, everybody asks.
"""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from workbench.locks import BUSY, REACH, lock_byte, unlock_byte

if TYPE_CHECKING:
    from pathlib import Path

LOCKS: Final = "flights.lock"


class Flights:
    """The questions that this process is asking, and a way to see those of others.

    May be used from any thread. All objects of one folder share what they hold, so that two clients of one
    process are two as well.

    Args:
        folder: The store's.
    """

    def __init__(self, folder: Path) -> None:
        self._file = _file(folder / LOCKS)

    def take(self, key: str) -> bool:
        """Begin to ask; False where somebody else is asking the same. Never waits."""
        return self._file.take(_place(key))

    def release(self, key: str) -> None:
        """Have asked, with whatever outcome."""
        self._file.release(_place(key))


def _place(key: str) -> int:
    return int.from_bytes(blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()) % REACH


class _File:
    """The lock file of one folder; open only while something is held, so that nothing need be closed.

    The places held are kept here too: POSIX locks do not keep two holders of one process apart.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._held: set[int] = set()
        self._lock = threading.Lock()
        self._useless = False

    def take(self, place: int) -> bool:
        with self._lock:
            if place in self._held:
                return False
            free = self._useless or self._locked(place)
            if free:
                self._held.add(place)
            return free

    def release(self, place: int) -> None:
        with self._lock:
            if place not in self._held:
                return
            self._held.discard(place)
            if self._descriptor is not None:
                if self._held:
                    with contextlib.suppress(OSError):
                        unlock_byte(self._descriptor, place)
                else:
                    self._close()

    def _locked(self, place: int) -> bool:
        """Lock a place; True also where no lock can be had, for then nobody has one."""
        try:
            if self._descriptor is None:
                self._descriptor = _open(self._path)
            lock_byte(self._descriptor, place)
        except OSError as error:
            if self._descriptor is not None and error.errno in BUSY:
                if not self._held:
                    self._close()
                return False
            self._useless = True  # read-only, or a file system without locks: not tried again
        return True

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def forget(self) -> None:
        """After a fork: what is held is the parent's, and so is the lock of this object."""
        self._lock = threading.Lock()
        self._held.clear()
        with contextlib.suppress(OSError):
            self._close()


_files: weakref.WeakValueDictionary[str, _File] = weakref.WeakValueDictionary()
_files_lock = threading.Lock()


def _file(path: Path) -> _File:
    name = os.path.realpath(path)
    with _files_lock:
        found = _files.get(name)
        if found is None:
            found = _files[name] = _File(path)
        return found


def _after_fork() -> None:
    global _files_lock  # noqa: PLW0603 - another thread of the parent may have held it
    _files_lock = threading.Lock()
    for file in list(_files.values()):
        file.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _open(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        return os.open(path, flags, 0o600)
    except FileNotFoundError:  # a store that nobody has used yet, or one just wiped
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(path, flags, 0o600)
