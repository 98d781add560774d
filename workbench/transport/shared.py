"""The buckets of one key and model group in a small file, so that several processes keep one pace.

Whoever reads or changes it holds the operating system's lock, for microseconds; that lock is gone with its
process. Where the folder cannot be used, or somebody keeps the lock, this process goes on alone.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import math
import os
import secrets
import struct
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from workbench.locks import lock_file, unlock_file
from workbench.transport.bucket import Bucket, State
from workbench.transport.told import Told

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

logger = logging.getLogger("workbench")

_FORM = struct.Struct("<8s17d")  # form, clock, wall clock, three states of five numbers
_NAME = b"wbpace01"
_SALT = "salt"
_TRIES = 100
_PATIENCE = 3
_ALONE_S = 1.0
_JUMP_S = 30.0
_LONGEST_S = 300.0
_OLD_S = 86_400.0


def name_of(folder: Path, *identity: str, make: bool = True) -> str | None:
    """Return a file name that stands for *identity* and says nothing about it, not even to who guesses well.

    Returns:
        The name; None where the folder does not exist and shall not be made.

    Raises:
        OSError: The folder cannot be read or written.
    """
    salt = _salt(folder / _SALT, make=make)
    if salt is None:
        return None
    return hmac.new(salt, "\0".join(identity).encode(), hashlib.sha256).hexdigest()[:32]


def _salt(path: Path, *, make: bool) -> bytes | None:
    """Return the folder's random salt; of two that make it at once both use the first."""
    with suppress(FileNotFoundError):
        return _whole(path.read_bytes())
    if not make:
        return None
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{_SALT}-{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, secrets.token_bytes(32))
    finally:
        os.close(descriptor)
    try:
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    return _whole(path.read_bytes())


def _whole(salt: bytes) -> bytes:
    if len(salt) != 32:
        raise OSError("the salt is not whole")
    return salt


class Shared:
    """One file of buckets.

    Args:
        folder: Of all such files; it is made when there is something to keep.
        identity: Endpoint, key and model group: the file's name tells nothing of them.
        clock: Seconds since this machine started, the same for all processes.
    """

    def __init__(
        self, folder: Path, identity: Sequence[str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._folder = folder
        self._identity = identity
        self._clock = clock
        self._file: int | None = None
        self._alone_until = -math.inf
        self._missed = 0

    def enter(self, buckets: list[Bucket | None], *, write: bool = False) -> bool:
        """Lock, and bring *buckets* up to date.

        Args:
            buckets: This process's; replaced by what the file says.
            write: Make the file if there is none.

        Returns:
            Whether it is locked, and has to be left again soon.
        """
        if not self._lock(make=write):
            return False
        self._load(buckets)
        return True

    def leave(self, buckets: list[Bucket | None]) -> None:
        """Keep what became of *buckets*, and unlock."""
        self._keep(buckets)
        self._unlock()

    def close(self) -> None:
        """Close the file."""
        descriptor, self._file = self._file, None
        if descriptor is not None:
            os.close(descriptor)

    def __del__(self) -> None:
        with suppress(OSError, AttributeError):
            self.close()

    # --- the file ------------------------------------------------------------------------------------

    def _load(self, buckets: list[Bucket | None]) -> None:
        assert self._file is not None
        data = os.pread(self._file, _FORM.size, 0) if hasattr(os, "pread") else _read(self._file)
        for kind, state in enumerate(_states(data, self._clock(), time.time())):
            if state is None:
                continue
            bucket = buckets[kind]
            if bucket is None:
                bucket = buckets[kind] = Bucket(Told(state.rate * 60, state.level), None, state.at)
            bucket.state = state

    def _keep(self, buckets: list[Bucket | None]) -> None:
        assert self._file is not None
        numbers: list[float] = []
        for bucket in buckets:
            numbers += bucket.state if bucket is not None else (0.0,) * 5
        data = _FORM.pack(_NAME, self._clock(), time.time(), *numbers)
        try:
            if hasattr(os, "pwrite"):
                os.pwrite(self._file, data, 0)
            else:
                os.lseek(self._file, 0, os.SEEK_SET)
                os.write(self._file, data)
        except OSError as error:
            self._go_alone(error)

    def _lock(self, *, make: bool) -> bool:
        now = self._clock()
        if now < self._alone_until:
            return False
        try:
            if self._file is None and not self._open(make=make):
                return False
            assert self._file is not None
            for _ in range(_TRIES):
                with suppress(BlockingIOError, PermissionError):
                    lock_file(self._file)
                    self._missed = 0
                    return True
                time.sleep(0.00005)  # whoever has it needs microseconds
        except OSError as error:
            self._go_alone(error)
            return False
        self._missed += 1
        if self._missed >= _PATIENCE:
            self._go_alone(None)
        return False

    def _open(self, *, make: bool) -> bool:
        """Open the file; False where there is none and none is wanted."""
        name = name_of(self._folder, *self._identity, make=make)
        if name is None:
            return False
        flags = os.O_RDWR | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        try:
            self._file = os.open(self._folder / name, flags | (os.O_CREAT if make else 0), 0o600)
        except FileNotFoundError:
            return False
        if make:
            self._tidy()
        return True

    def _tidy(self) -> None:
        """Remove what nobody has written to for a day: an emulator's port is another one each time."""
        now = time.time()
        for path in self._folder.iterdir():
            with suppress(OSError):
                if path.name != _SALT and now - path.stat().st_mtime > _OLD_S:
                    path.unlink()

    def _unlock(self) -> None:
        if self._file is not None:
            with suppress(OSError):
                unlock_file(self._file)

    def _go_alone(self, error: OSError | None) -> None:
        """Share nothing for a while."""
        self._alone_until = self._clock() + _ALONE_S
        logger.debug("the pace is not shared for now: %s", error or "the file is locked")


def _states(data: bytes, now: float, wall: float) -> list[State | None]:
    """Return what a file holds; nothing of what is damaged, from before a restart, or impossible."""
    nothing: list[State | None] = [None, None, None]
    if len(data) != _FORM.size:
        return nothing
    form, then, then_wall, *numbers = _FORM.unpack(data)
    if form != _NAME or not all(map(math.isfinite, (then, then_wall, *numbers))):
        return nothing
    passed = now - then
    if passed < 0 or passed > _LONGEST_S or abs((wall - then_wall) - passed) > _JUMP_S:
        return nothing
    states = (State(*numbers[at : at + 5]) for at in range(0, 15, 5))
    return [state if _possible(state, now) else None for state in states]


def _possible(state: State, now: float) -> bool:
    """Whether a bucket may stand so: a made-up one must not hold a run for ever."""
    rate, cap, level, _, at = state
    return rate > 0 and 1 <= cap <= rate * 60.5 + 1 and -2 * cap <= level <= cap * 1.001 and at <= now + 1


def _read(descriptor: int) -> bytes:
    os.lseek(descriptor, 0, os.SEEK_SET)
    return os.read(descriptor, _FORM.size)
