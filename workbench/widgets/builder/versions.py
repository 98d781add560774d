"""What was run before: an append-only list of prompts with their answers."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = "versions.jsonl"


@dataclass(frozen=True, slots=True)
class Version:
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
    body: dict[str, Any]
    values: dict[str, Any] = field(default_factory=dict)
    reply: dict[str, Any] | None = None
    note: str = ""


class Versions:
    """The versions of one prompt, the oldest first."""

    def __init__(self, path: Path | None, kept: list[Version], problems: tuple[str, ...] = ()) -> None:
        self.path = path
        self.problems = problems
        self._kept = kept

    @classmethod
    def open(cls, folder: Path | str | None) -> Versions:
        """Open the versions in a folder, made when the first one is added; None keeps them in memory only."""
        path = None if folder is None else Path(folder) / FILE
        kept = []
        if path is not None and path.exists():
            kept = [Version(**json.loads(line)) for line in path.read_text("utf-8").splitlines()]
        return cls(path, kept)

    def add(
        self,
        body: Mapping[str, Any],
        *,
        values: Mapping[str, Any] | None = None,
        reply: Mapping[str, Any] | None = None,
        note: str = "",
        at: datetime | None = None,
    ) -> Version:
        """Append a version; it is on the disk when this returns."""
        when = (at or datetime.now(UTC)).isoformat(timespec="seconds")
        n = len(self._kept) + 1
        version = Version(n, when, dict(body), dict(values or {}), dict(reply) if reply else None, note)
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(version)) + "\n")
                file.flush()
                os.fsync(file.fileno())
        self._kept.append(version)
        return version

    def list(self) -> tuple[Version, ...]:
        """Return all versions, the oldest first."""
        return tuple(self._kept)

    @property
    def last(self) -> Version | None:
        """The newest one."""
        return self._kept[-1] if self._kept else None
