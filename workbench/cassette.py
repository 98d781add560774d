"""Cassettes: recorded replies as a text file that is committed beside the study it belongs to.

The first line is a header, every other line one reply, sorted by key: the same replies give the same bytes.
There is no header of HTTP in it, and none is written while a key can be found inside.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench import record
from workbench.errors import CassetteError, WireError
from workbench.record import FORMAT, VERSION, Asked, Explanation, Record
from workbench.wire import Request
from workbench.wire.base import parse
from workbench.wire.codec import loads

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    from workbench.reply import Reply
    from workbench.secret import Secret

_SCANNED = 2000
_CURE = "restore the file from version control, or record it anew with --mode live"


class Cassette:
    """Replies read from a file.

    Attributes:
        path: The file.
    """

    def __init__(self, path: Path, entries: dict[str, tuple[int, dict[str, Any]]]) -> None:
        self.path = path
        self._entries = entries
        self._origins: dict[str, list[str]] = {}
        for key in entries:
            head, _, origin = key.rpartition("|url:") if "|url:" in key else key.rpartition("|")
            self._origins.setdefault(head + "|", []).append("url:" + origin if "|url:" in key else origin)

    def __repr__(self) -> str:
        return f"Cassette({str(self.path)!r}, {len(self)} replies)"

    def __len__(self) -> int:
        return len(self._entries)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Cassette:
        """Read a cassette.

        Raises:
            CassetteError: The file is missing, torn, edited into nonsense, or of an unknown version; the
                message names file, line and cure.
        """
        file = Path(path)
        try:
            data = file.read_bytes()
        except OSError as error:
            raise CassetteError(f"{file}: cannot be read ({error.strerror}); {_CURE}") from error
        lines = data.split(b"\n")
        if lines.pop() != b"":
            raise CassetteError(f"{file}:{len(lines) + 1}: the last line is cut off; {_CURE}")
        count = _check_header(file, lines[0] if lines else b"")
        entries: dict[str, tuple[int, dict[str, Any]]] = {}
        for number, line in enumerate(lines[1:], 2):
            key, entry = _entry(file, number, line)
            if key in entries:
                raise CassetteError(
                    f"{file}:{number}: the same request as line {entries[key][0]}; keep one of them"
                )
            entries[key] = (number, entry)
        if len(entries) != count:
            raise CassetteError(
                f"{file}: holds {len(entries)} of the {count} replies its header names; {_CURE}"
            )
        return cls(file, entries)

    def get(
        self,
        request: Request,
        *,
        draw: int = 0,
        api_version: str = record.API_VERSION,
        betas: Iterable[str] = (),
        origin: str | None = None,
    ) -> Reply | None:
        """Return the reply recorded for a request, or None; the arguments are those of `Store.get`."""
        prefix = record.key_of(request.key, draw=draw, api_version=api_version, betas=betas, origin="")
        origins = [origin] if origin is not None else record.preferred(self._origins.get(prefix, ()))
        for candidate in origins:
            found = self._entries.get(prefix + candidate)
            if found is not None:
                return self._record(*found, request).reply
        return None

    def __iter__(self) -> Iterator[Record]:
        for number, entry in self._entries.values():
            yield self._record(number, entry)

    def explain(
        self,
        request: Request,
        *,
        draw: int = 0,
        api_version: str = record.API_VERSION,
        betas: Iterable[str] = (),
        origin: str | None = None,
    ) -> Explanation:
        """Say whether a request is recorded; if not, which recording is nearest and where it differs."""
        found = self.get(request, draw=draw, api_version=api_version, betas=betas, origin=origin)
        if found is not None:
            return Explanation(hit=True, where=str(self.path), recorded_at=found.timing.recorded_at)
        asked = Asked(request.wire(), draw, api_version, tuple(betas), origin)
        return record.nearest(asked, self.candidates(request.model), str(self.path))

    def nearest(self, request: Request, *, api_version: str = record.API_VERSION) -> Explanation:
        """Return `explain` for the first draw of a request."""
        return self.explain(request, api_version=api_version)

    def candidates(self, model: str) -> Iterator[tuple[Asked, str | None]]:
        """Yield what is recorded, of *model* where there is any, with the time of each."""
        entries = [entry for _, entry in self._entries.values()]
        same = [entry for entry in entries if entry["request"].get("model") == model]
        for entry in (same or entries)[:_SCANNED]:
            asked = Asked(
                entry["request"], entry["draw"], entry["api_version"], tuple(entry["betas"]), entry["origin"]
            )
            yield asked, (entry.get("timing") or {}).get("recorded_at")

    def _record(self, number: int, entry: dict[str, Any], request: Request | None = None) -> Record:
        try:
            return record.from_json(entry, request or parse(Request, entry["request"]), "cassette")
        except (WireError, KeyError, TypeError, AttributeError) as error:
            raise CassetteError(f"{self.path}:{number}: not a recorded reply: {error}; {_CURE}") from error

    @staticmethod
    def export(
        replies: Iterable[Reply | Record],
        path: str | os.PathLike[str],
        *,
        stable: bool = False,
        secrets: Iterable[Secret | str | None] = (),
    ) -> int:
        """Write replies to a cassette; the arguments are those of `workbench.record.write`."""
        return record.write(replies, path, stable=stable, secrets=secrets)


def _check_header(file: Path, line: bytes) -> int:
    try:
        header = loads(line)
    except WireError:
        header = None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise CassetteError(
            f"{file}:1: not a cassette: its first line has to name the format {FORMAT!r}; {_CURE}"
        )
    if header.get("version") != VERSION:
        version = header.get("version")
        raise CassetteError(
            f"{file}:1: cassette version {version} is unknown, this is version {VERSION}; upgrade"
        )
    count = header.get("records")
    return count if isinstance(count, int) else -1


def _entry(file: Path, number: int, line: bytes) -> tuple[str, dict[str, Any]]:
    """Return the key and the JSON of one line; the key is made from the line, so an edit moves it."""
    try:
        entry = loads(line)
        key = record.key_of(
            record.body_key(entry["request"]),
            draw=entry["draw"],
            api_version=entry["api_version"],
            betas=entry["betas"],
            origin=entry["origin"],
        )
        entry["message"]["content"]
    except WireError as error:
        raise CassetteError(f"{file}:{number}: {error}; {_CURE}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise CassetteError(f"{file}:{number}: not a recorded reply ({error}); {_CURE}") from error
    return key, entry
