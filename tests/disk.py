"""A disk without space, for those who write to it."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def fill(monkeypatch: pytest.MonkeyPatch, room: int = 0, *, times: int | None = None) -> None:
    """Let no file grow beyond *room* bytes: each write past it finds no space, or only the first *times*."""
    real = os.pwrite
    failed: list[int] = []

    def pwrite(descriptor: int, data: bytes, at: int) -> int:
        if at + len(data) > room and (times is None or len(failed) < times):
            failed.append(at)
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, data, at)

    monkeypatch.setattr(os, "pwrite", pwrite)
