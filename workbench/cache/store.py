"""Stored replies: paid for once, kept until somebody deletes them.

A `Store` sits on diskcache with a disk class of our own: bytes only, no pickle, nothing evicted, a checksum
for every value, readable by its owner alone. A store that cannot work never stops the work: it says so
once, and the run goes on without it.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import threading
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import diskcache
import platformdirs

from workbench import record
from workbench.cache import disk
from workbench.cache.history import SCANNED as SCAN
from workbench.cache.history import History
from workbench.display import Shown
from workbench.errors import StoreError
from workbench.files import no_space
from workbench.record import Asked, Explanation, Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from workbench.reply import Reply
    from workbench.wire import Request

ENVIRONMENT = "WORKBENCH_STORE"
SCANNED = 400
"""Recordings compared at most to find the nearest one."""

_BUSY_S = 5.0
_SETTINGS = {
    "statistics": 0,
    "tag_index": 1,
    "eviction_policy": "none",
    "size_limit": 2**62,
    "cull_limit": 0,
    "disk_min_file_size": 2**31 - 1,  # values stay inside the database: no orphan files, no torn ones
    "disk_pickle_protocol": 0,
}
_NOTE = "README.txt"
_NOTE_TEXT = "Replies of the Claude API, kept by the workbench: `workbench cache stats|prune`.\n"
_TROUBLE = (sqlite3.Error, diskcache.Timeout, OSError)


@dataclass(frozen=True, slots=True)
class Stats(Shown):
    """What a store holds.

    Attributes:
        path: Its folder.
        replies: Replies kept.
        size_bytes: Their size, without the database's own overhead.
        models: Replies by model.
    """

    path: Path
    replies: int
    size_bytes: int
    models: dict[str, int]

    def __str__(self) -> str:
        head = f"{self.replies:,} replies · {self.size_bytes / 1e6:,.1f} MB · {self.path}"
        width = max(map(len, self.models), default=0)
        lines = [f"  {name:<{width}}  {count:>9,}" for name, count in sorted(self.models.items())]
        return "\n".join([head, *lines])


@dataclass(frozen=True, slots=True)
class Export(Shown):
    """What an export wrote.

    Attributes:
        path: The cassette.
        written: Replies in it.
        missing: Requests that are not recorded.
    """

    path: Path
    written: int
    missing: int

    def __str__(self) -> str:
        rest = f"; {self.missing:,} requests are not recorded: run the study first" if self.missing else ""
        return f"{self.written:,} replies written to {self.path}{rest}"


class Store:
    """Replies on disk, shared by all clients and processes of a user.

    Args:
        path: Folder; default ``WORKBENCH_STORE``, else the user's cache folder.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        chosen = path or os.environ.get(ENVIRONMENT)
        default = Path(platformdirs.user_cache_dir("claude-workbench", appauthor=False)) / "store"
        self.path = Path(chosen).expanduser() if chosen else default
        self.trouble: str | None = None
        """Why the store does not work, where it does not."""
        self._cache: Any = None  # a diskcache.Cache, which has no types
        self._told: set[str] = set()
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        return f"Store({str(self.path)!r})"

    # --- replies -------------------------------------------------------------------------------------

    def get(
        self,
        request: Request,
        *,
        draw: int = 0,
        api_version: str = record.API_VERSION,
        betas: Iterable[str] = (),
        origin: str | None = "claude_api",
    ) -> Reply | None:
        """Return the reply recorded for a request, or None.

        Args:
            request: What would be asked.
            draw: Which of several independent answers.
            api_version: The version it is asked under.
            betas: The betas it is asked with.
            origin: Who has to have answered; None takes the real API, else the emulator, else any server.
        """
        if origin is None:
            return self._any_origin(request, draw=draw, api_version=api_version, betas=betas)
        key = record.key_of(request.key, draw=draw, api_version=api_version, betas=betas, origin=origin)
        return self._at(key, request)

    def put(self, reply: Reply | Record, *, betas: Iterable[str] = ()) -> bool:
        """Keep a reply; incomplete ones are not kept.

        A store that cannot take it says so in a warning; the reply itself is not harmed.

        Returns:
            Whether it is kept.
        """
        entry = reply if isinstance(reply, Record) else Record(reply, tuple(sorted(betas)))
        if not record.keepable(entry.reply):
            return False
        value = record.to_bytes(entry)
        lost = f"; a reply of {len(value):,} bytes could not be kept and would have to be paid again"

        def write(cache: Any) -> bool:
            return bool(cache.set(entry.key, value, tag=entry.reply.request.model))

        return bool(self._try(write, default=False, consequence=lost))

    def __iter__(self) -> Iterator[Record]:
        """Yield every record, in the order of their keys; damaged ones are left out."""
        for (key,) in self._rows("SELECT key FROM Cache ORDER BY key"):
            found = record.from_bytes(self._read(key) or b"")
            if found is not None:
                yield found

    def __len__(self) -> int:
        rows = self._rows("SELECT COUNT(*) FROM Cache")
        return int(rows[0][0]) if rows else 0

    # --- questions -----------------------------------------------------------------------------------

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
        where = f"the store {self.path}"
        if found is not None:
            return Explanation(hit=True, where=where, recorded_at=found.timing.recorded_at)
        asked = Asked(request.wire(), draw, api_version, tuple(betas), origin)
        return record.nearest(asked, self.candidates(request.model), where)

    def candidates(self, model: str) -> Iterator[tuple[Asked, str | None]]:
        """Yield what was recorded lately, of *model* where there is any, with the time of each."""
        select = "SELECT value FROM Cache {} ORDER BY rowid DESC LIMIT ?"
        rows = self._rows(select.format("WHERE tag = ?"), (model, SCANNED))
        for (value,) in rows or self._rows(select.format(""), (SCANNED,)):
            found = record.from_bytes(value) if isinstance(value, bytes) else None
            if found is not None:
                reply = found.reply
                asked = Asked(reply.request.wire(), reply.draw, reply.api_version, found.betas, reply.origin)
                yield asked, reply.timing.recorded_at

    def stats(self) -> Stats:
        """Return how much is kept, by model."""
        rows = self._rows("SELECT tag, COUNT(*), SUM(LENGTH(value)) FROM Cache GROUP BY tag")
        models = {str(tag): int(count) for tag, count, _ in rows}
        return Stats(self.path, sum(models.values()), sum(int(size or 0) for *_, size in rows), models)

    def has(self, key: str) -> bool:
        """Return whether a reply is kept under a key; it is not read, so that it may yet prove damaged."""
        return bool(self._try(lambda cache: key in cache, default=False))

    def history(self, *, models: Iterable[str] | None = None, origin: str = "claude_api") -> History:
        """Return how long the newest answers were, for `workbench.estimate`.

        Args:
            models: Of which models; default all.
            origin: Who has to have answered.
        """
        names = self.stats().models if models is None else dict.fromkeys(models)
        query = "SELECT key, value FROM Cache WHERE tag = ? ORDER BY rowid DESC LIMIT ?"
        return History((row for name in names for row in self._rows(query, (name, SCAN))), origin)

    def export(
        self, asked: Iterable[tuple[Request, int]], path: str | os.PathLike[str], *, stable: bool = False
    ) -> Export:
        """Write what is recorded for some requests to a cassette.

        Args:
            asked: Requests with their draws.
            path: The cassette; an existing one is replaced.
            stable: As in `workbench.record.write`.

        Raises:
            CassetteError: A key is inside a reply.
        """
        wanted = list(asked)
        found = [entry for request, draw in wanted if (entry := self._best(request, draw)) is not None]
        written = record.write(found, path, stable=stable)
        return Export(Path(path), written, len(wanted) - len(found))

    def prune(
        self, *, older_than_days: float | None = None, model: str | None = None, now: datetime | None = None
    ) -> int:
        """Delete replies; with no condition, all of them.

        Args:
            older_than_days: Only those stored longer ago than this.
            model: Only those of this model.
            now: The time to count back from; default the clock's.

        Returns:
            How many were deleted.
        """
        wheres, values = ["1"], list[Any]()
        if older_than_days is not None:
            wheres.append("store_time < ?")
            values.append(((now or datetime.now(UTC)) - timedelta(days=older_than_days)).timestamp())
        if model is not None:
            wheres.append("tag = ?")
            values.append(model)

        def delete(cache: Any) -> int:
            with cache.transact():
                return int(cache._sql(f"DELETE FROM Cache WHERE {' AND '.join(wheres)}", values).rowcount)  # noqa: S608, SLF001 - fixed texts; diskcache has no such query

        return int(self._try(delete, default=0))

    def close(self) -> None:
        """Close the database; the next use opens it again."""
        with self._lock:
            if self._cache is not None:
                with contextlib.suppress(*_TROUBLE):
                    self._cache.close()
                self._cache = None

    # --- reading -------------------------------------------------------------------------------------

    def _at(self, key: str, request: Request) -> Reply | None:
        value = self._read(key)
        if value is None:
            return None
        found = record.from_bytes(value, request)
        if found is None:
            self._tell(
                f"a reply in {self.path} is damaged (its checksum does not fit) and is asked anew", "damaged"
            )
            return None
        return found.reply

    def _any_origin(
        self, request: Request, *, draw: int, api_version: str, betas: Iterable[str]
    ) -> Reply | None:
        prefix = record.key_of(request.key, draw=draw, api_version=api_version, betas=betas, origin="")
        rows = self._rows("SELECT key FROM Cache WHERE key >= ? AND key < ?", (prefix, prefix + "\U0010ffff"))
        for origin in record.preferred(key.removeprefix(prefix) for (key,) in rows):
            reply = self._at(prefix + origin, request)
            if reply is not None:
                return reply
        return None

    def _best(self, request: Request, draw: int) -> Record | None:
        """Return a record of the request under any version, betas and origin; the real API's first."""
        prefix = f"{request.key}|{draw}|"
        rows = self._rows("SELECT key FROM Cache WHERE key >= ? AND key < ?", (prefix, prefix + "\U0010ffff"))
        found = [entry for (key,) in rows if (entry := record.from_bytes(self._read(key) or b"", request))]
        order = record.preferred(entry.reply.origin for entry in found)
        return min(found, key=lambda entry: order.index(entry.reply.origin), default=None)

    def _read(self, key: str) -> bytes | None:
        cache = self._cache
        if cache is not None:
            try:
                value: bytes | None = cache.get(key)
            except _TROUBLE:
                pass
            else:
                return value
        found: bytes | None = self._try(lambda opened: opened.get(key), default=None)
        return found

    def _rows(self, query: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self._try(lambda c: c._sql(query, values).fetchall(), default=[])  # noqa: SLF001
        return rows

    # --- trouble -------------------------------------------------------------------------------------

    def _try(self, action: Any, *, default: Any, consequence: str = "") -> Any:
        """Do *action* with the open database; on trouble say so once and return *default*."""
        if self.trouble is not None:
            return default
        for attempt in (1, 2):
            try:
                return action(self._open())
            except _TROUBLE as error:
                if attempt == 1 and disk.corrupt(error):
                    self._set_aside(error)
                    continue
                self._complain(error, consequence)
                return default
        return default

    def _open(self) -> Any:
        if self._cache is None:
            with self._lock:
                if self._cache is None:
                    self._cache = self._connect()
        return self._cache

    def _connect(self) -> Any:
        """Open for writing; else, on a full disk or in a folder that is read-only, for reading."""
        kind = disk.network_filesystem(self.path)
        if kind:
            raise OSError(f"{kind} is a network file system, which databases do not survive")
        database = self.path / diskcache.core.DBNAME
        try:
            return self._connect_to_write(database)
        except (sqlite3.OperationalError, diskcache.Timeout, OSError) as error:
            readable = disk.read_only(database)
            if readable is None:
                raise
            self._tell(f"the store {self.path} can only be read ({error}): new replies are not kept", "read")
            return readable

    def _connect_to_write(self, database: Path) -> Any:
        self._make_private(database)
        note = self.path / _NOTE
        if database.stat().st_size == 0 and note.exists():
            self._tell(f"the store {database} was empty: whatever it held is gone", "truncated")
        opened = disk.Database(str(self.path), timeout=_BUSY_S, **_SETTINGS)
        if not note.exists():
            disk.create(note, _NOTE_TEXT)
        return opened

    def _make_private(self, database: Path) -> None:
        """Create the folder as 0700 and the database as 0600, before anything is in them."""
        if not self.path.is_dir():
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not database.exists():
            disk.create(database)
        elif stat.S_IMODE(database.stat().st_mode) & 0o077:
            database.chmod(0o600)

    def _set_aside(self, error: BaseException) -> None:
        """Rename a damaged database, so that it can be looked at, and start an empty one."""
        with self._lock:
            self.close()
            database = self.path / diskcache.core.DBNAME
            aside = database.with_name(f"{database.name}.corrupt-{datetime.now(UTC):%Y%m%d-%H%M%S}")
            with contextlib.suppress(OSError):
                database.rename(aside)
                for name in (f"{database.name}-wal", f"{database.name}-shm", _NOTE):
                    database.with_name(name).unlink(missing_ok=True)
        self._tell(f"the store {database} is damaged ({error}); it is set aside as {aside.name}", "corrupt")

    def _complain(self, error: BaseException, consequence: str) -> None:
        text = str(error)
        if "disk is full" in text or (isinstance(error, OSError) and no_space(error)):
            self._tell(f"no space left for the store {self.path}{consequence}. Free some space", "full")
        elif "locked" in text or (isinstance(error, diskcache.Timeout) and os.access(self.path, os.W_OK)):
            self._tell(f"the store {self.path} is busy in another process{consequence}", "busy")
        else:
            self.trouble = text or "it cannot be written"
            self._tell(
                f"working without the store {self.path}: {self.trouble}{consequence}. "
                f"Set {ENVIRONMENT} to a folder on this machine that can be written",
                "off",
            )

    def _tell(self, message: str, kind: str) -> None:
        """Warn, once for each kind of trouble."""
        if kind not in self._told:
            self._told.add(kind)
            warnings.warn(message, stacklevel=2)

    def require(self) -> None:
        """Open the store now.

        Raises:
            StoreError: It does not work; the message says why.
        """
        self._try(lambda cache: cache, default=None)
        if self.trouble is not None:
            raise StoreError(f"the store {self.path} does not work: {self.trouble}")
