"""What was run before: an append-only list of prompts with their answers."""

from __future__ import annotations

import contextlib
import os
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.display import Shown
from workbench.errors import DiskFullError, JournalError, WireError
from workbench.files import no_space
from workbench.report.words import visible
from workbench.wire.base import plain
from workbench.wire.codec import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FILE = "versions.jsonl"
Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Version(Shown):
    """A prompt that was run.

    Attributes:
        n: 1, 2, 3 …
        at: When, ISO 8601 in UTC.
        body: The request body, names in place.
        values: The sample values it was filled with.
        reply: ``text``, ``usage``, ``cost`` and ``origin`` of the answer; None: there was none.
        note: The user's own words.
    """

    n: int
    at: str
    body: Body
    values: Body = field(default_factory=dict)
    reply: Body | None = None
    note: str = ""

    def __str__(self) -> str:
        head = [
            f"version {self.n}",
            self.at[:16].replace("T", " "),
            str(self.body.get("model") or "no model"),
        ]
        said = str((self.reply or {}).get("text") or "no answer")
        return visible("\n".join([" · ".join([*head, *([self.note] if self.note else [])]), said]))


class Versions:
    """The versions of one prompt, the oldest first.

    Attributes:
        path: The file, a JSON object a line; None keeps them in memory only.
        problems: What could not be read, with its line; the rest is there all the same.
    """

    def __init__(
        self, path: Path | None, kept: tuple[Version, ...] = (), problems: tuple[str, ...] = ()
    ) -> None:
        self.path = path
        self.problems = problems
        self._kept = [*kept]

    @classmethod
    def open(cls, folder: Path | str | None) -> Versions:
        """Open the versions in a folder; it is made when the first one is added.

        A line cut off at the end, by a power cut or a full disk, is left out and overwritten by nothing: the
        next version begins on a line of its own.

        Raises:
            JournalError: The file is there and cannot be read.
        """
        if folder is None:
            return cls(None)
        path = Path(folder) / FILE
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return cls(path)
        except OSError as error:
            raise JournalError(f"{path}: the versions cannot be read ({error.strerror})") from error
        read = list(_read(data, path))
        kept = tuple(one for one in read if isinstance(one, Version))
        return cls(path, kept, tuple(one for one in read if isinstance(one, str)))

    def add(
        self,
        body: Mapping[str, Any],
        *,
        values: Mapping[str, Any] | None = None,
        reply: Mapping[str, Any] | None = None,
        note: str = "",
        at: datetime | None = None,
    ) -> Version:
        """Append a version; it is on the disk when this returns.

        Args:
            body: The request body, names in place.
            values: The sample values it was filled with.
            reply: ``text``, ``usage``, ``cost`` and ``origin`` of the answer.
            note: The user's own words.
            at: When; now without it.

        Raises:
            DiskFullError: No space left; the version is kept in memory.
            JournalError: It cannot be written; the version is kept in memory.
        """
        when = (at or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds")
        n = self._kept[-1].n + 1 if self._kept else 1
        given = copied(reply) if reply is not None else None
        version = Version(n, when, copied(body), copied(values or {}), given, note)
        self._kept.append(version)
        if self.path is not None:
            self._write(self.path, as_line(version))
        return version

    def _write(self, path: Path, line: bytes) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                _append(descriptor, line)
            finally:
                os.close(descriptor)
        except OSError as error:
            where = f"{path}: the version is kept in memory only"
            if no_space(error):
                raise DiskFullError(f"{where}: no space left on the disk; make room and run again") from error
            raise JournalError(
                f"{where}: it cannot be written ({error.strerror}); check the folder"
            ) from error

    def list(self) -> tuple[Version, ...]:
        """Return all versions, the oldest first."""
        return tuple(self._kept)

    @property
    def last(self) -> Version | None:
        """The newest one."""
        return self._kept[-1] if self._kept else None

    def __len__(self) -> int:
        return len(self._kept)


def _append(descriptor: int, line: bytes) -> None:
    """Write a line whole and sync it; where that fails, nothing of it stays."""
    end = os.lseek(descriptor, 0, os.SEEK_END)
    if end and os.pread(descriptor, 1, end - 1) != b"\n":
        line = b"\n" + line
    try:
        rest = memoryview(line)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, end)
        raise


def as_line(version: Version) -> bytes:
    """Return a version as it stands in a file."""
    return dumps(asdict(version)) + b"\n"


def copied(value: Mapping[str, Any]) -> Body:
    """Return the JSON of *value* as it is now; what is no JSON as its text."""
    copied: Body = {str(key): _json(item) for key, item in value.items()}
    return copied


def _json(value: Any) -> Any:
    value = plain(value)
    if isinstance(value, dict):
        return {str(key): _json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_json(item) for item in value]
    return value if value is None or isinstance(value, str | int | float) else str(value)


def _read(data: bytes, path: Path) -> Iterator[Version | str]:
    """Yield the versions of a file, and in their places what is wrong with other lines."""
    *lines, torn = data.split(b"\n")
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield as_version(line) or f"{path}:{number}: no version; the line is left out"
    if torn.strip():
        # A whole version without its line end was written whole: only the end was lost.
        yield as_version(torn) or f"{path}:{len(lines) + 1}: cut off while it was written; it is left out"


def as_version(line: bytes) -> Version | None:
    """Return the version of a line, None where it is none."""
    try:
        row = loads(line)
    except WireError:
        return None
    if not isinstance(row, dict):
        return None
    n, at, body, values = row.get("n"), row.get("at"), row.get("body"), row.get("values", {})
    reply, note = row.get("reply"), row.get("note", "")
    if not isinstance(n, int) or not isinstance(at, str) or not isinstance(body, dict):
        return None
    if not isinstance(values, dict) or not isinstance(reply, dict | None) or not isinstance(note, str):
        return None
    return Version(n, at, body, values, reply, note)


def moment(at: str) -> datetime | None:
    """Return a time of a version by the clock on the wall; None where a file holds something else.

    >>> moment("yesterday")
    """
    try:
        return datetime.fromisoformat(at).astimezone()
    except (ValueError, OverflowError, OSError):
        return None
