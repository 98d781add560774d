"""Keeping the whole records of a damaged journal."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import JournalError
from workbench.journal.scan import Scan, failed, read_at
from workbench.journal.writer import open_locked, sync_folder, write_all


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What a salvage kept and what it lost.

    Attributes:
        path: The journal.
        kept: Whole records in it now.
        lost: The damaged stretches of the old file: first byte and length of each.
        aside: Where the damaged file lies now; None where nothing was damaged and nothing changed.
    """

    path: Path
    kept: int
    lost: tuple[tuple[int, int], ...]
    aside: Path | None

    def __str__(self) -> str:
        if self.aside is None:
            return f"{self.path}: {self.kept:,} records, none damaged; nothing was changed"
        places = ", ".join(f"{length:,} bytes at byte {place}" for place, length in self.lost)
        return (
            f"{self.path}: {self.kept:,} whole records kept, {places} lost\n"
            f"the damaged file is now {self.aside}; resume the run to ask again what was lost"
        )


def salvage(path: str | os.PathLike[str]) -> Salvaged:
    """Write the whole records of a damaged journal to a new one in its place; the old file is kept beside it.

    A journal that is whole, or has a torn tail only, is left as it is: opening it cuts that.

    Raises:
        JournalError: It is not there, in use by another process, or cannot be read or written.
        DiskFullError: No space for the copy; nothing was changed.
    """
    path = Path(path)
    if not path.is_file():
        raise JournalError(f"{path}: no journal there; name the folder of a run")
    descriptor = open_locked(path)
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        kept, whole, lost = _stretches(descriptor, path)
        if not lost:
            return Salvaged(path, kept, (), None)
        _copy(descriptor, whole, new)
        aside = _set_aside(path)
        new.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise failed(path, error) from error
    finally:
        os.close(descriptor)
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
    return Salvaged(path, kept, lost, aside)


def _stretches(descriptor: int, path: Path) -> tuple[int, list[tuple[int, int]], tuple[tuple[int, int], ...]]:
    """Return how many records are whole, the stretches they fill, and the damaged ones between.

    Whole stretches are first and last byte, damaged ones first byte and length. A torn tail is no damage.
    """
    scan = Scan(descriptor, path)
    kept, whole, lost = 0, list[tuple[int, int]](), list[tuple[int, int]]()
    while True:
        start = scan.end
        kept += sum(1 for _ in scan.whole())
        whole.append((start, scan.end))
        later = scan.later() if scan.end < scan.size else None
        if later is None:
            return kept, whole, tuple(lost)
        lost.append((scan.end, later - scan.end))
        scan.end = later


def _copy(descriptor: int, stretches: list[tuple[int, int]], new: Path) -> None:
    to, at = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600), 0
    try:
        for start, end in stretches:
            place = start
            while place < end:
                part = read_at(descriptor, min(1 << 20, end - place), place)
                write_all(to, part, at)
                place, at = place + len(part), at + len(part)
        os.fsync(to)
    finally:
        os.close(to)


def _set_aside(path: Path) -> Path:
    """Give the damaged file a second name; its own name is never without a file."""
    names = (path.with_name(f"{path.stem}.damaged-{n}{path.suffix}") for n in range(1, 1000))
    aside = next(name for name in names if not name.exists())
    try:
        os.link(path, aside)
    except OSError:  # a file system without links
        shutil.copyfile(path, aside)
    return aside
