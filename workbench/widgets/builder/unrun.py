"""What was typed and never run: kept on the disk beside the versions, for the form that is opened next.

Each form has a file of its own, ``draft-….json``, one version as `versions` writes it with the number 0. So
no form writes over what another one holds, and a kernel that is killed leaves its file behind.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from workbench import files
from workbench.errors import WireError
from workbench.widgets.builder.draft import alike
from workbench.widgets.builder.names import names_of
from workbench.widgets.builder.versions import Version, as_line, as_version, copied, moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from workbench.widgets.builder.draft import Draft
    from workbench.widgets.builder.versions import Versions

FILES = "draft-*.json"
_OPEN: WeakSet[Unrun] = WeakSet()
"""Those of this process: what they hold is written before another one looks, and stays theirs."""


@dataclass(frozen=True, slots=True)
class Found:
    """A draft that another form left."""

    path: Path
    data: bytes
    draft: Version

    def drop(self) -> None:
        """Delete the file, unless something else stands in it by now."""
        with contextlib.suppress(OSError):
            if self.path.read_bytes() == self.data:
                self.path.unlink()


class Unrun:
    """The draft of one form on the disk, and those that others left.

    Args:
        draft: What is typed into.
        versions: Beside what; where they have no file, nothing is read or written.
        given: Returns the values that were not typed: those of a dataset's row.

    Attributes:
        folder: Where the files are; None: nowhere.
        path: The file of this form; it is there while something is typed.
        cell: The cell that made the form, and which run of it.
        problems: Files that hold no draft.
        failed: Why the draft is in memory only; empty where it is not.
        taken: What was restored here.
    """

    def __init__(self, draft: Draft, versions: Versions, given: Callable[[], Mapping[str, Any]]) -> None:
        self._draft, self._versions, self._given = draft, versions, given
        self._lock = threading.RLock()
        self.folder = versions.path.parent.absolute() if versions.path is not None else None
        self._written: Version | None = None
        self.taken: Version | None = None
        self.problems: tuple[str, ...] = ()
        self.failed = ""
        self._found: list[Found] = []
        self.cell = running_cell()
        self.rebase()
        if self.folder is not None:
            self.path = self.folder / f"draft-{secrets.token_hex(4)}.json"
            self._look(self.folder)
            _OPEN.add(self)

    def rebase(self) -> None:
        """Take what stands in the form for what the notebook put there: nobody typed it."""
        self._base = self._typed(self._now())

    @property
    def idle(self) -> bool:
        """Whether nothing is typed that is not in the notebook or in a version."""
        return self._idle(self._now())

    def keep(self) -> None:
        """Write what is typed and was never run; where there is nothing of the kind, no file stays.

        What is wrong with the disk is said in `failed`, never raised.
        """
        if self.folder is None:
            return
        with self._lock:
            now = self._now()
            # What was restored and taken back by an undo is still nowhere else.
            wanted = self._unless_run(self.taken) if self._idle(now) else now
            try:
                self._put(wanted)
                self.failed = ""
            except (OSError, WireError) as error:
                why = error.strerror if isinstance(error, OSError) else error
                self.failed = f"{self.folder}: what is typed here is kept in memory only ({why})"
            else:
                self._sort_out(now)

    @property
    def offered(self) -> Version | None:
        """The newest draft that another form left; or the one restored here, where that was taken back."""
        if self.taken is not None:
            return self._unless_run(self.taken) if self.idle else None
        return self._found[0].draft if self._found else None

    @property
    def others(self) -> int:
        """How many older ones there are."""
        return len(self._found) - (self.taken is None and bool(self._found))

    @property
    def restored(self) -> bool:
        """Whether what was restored stands in the form as it was."""
        return self.taken is not None and _same(self._now(), self.taken)

    def take(self, put: Callable[[Version], object]) -> None:
        """Let *put* bring the draft on offer into the form; its file goes once this form's own is written."""
        offered = self.offered
        if offered is None:
            return
        put(offered)
        with self._lock:
            found = [one for one in self._found if one.draft is offered]
            self._found = [one for one in self._found if one.draft is not offered]
            self.taken = offered
        self.keep()
        if not self.failed:
            for one in found:
                one.drop()

    def discard(self) -> None:
        """Delete the draft on offer."""
        with self._lock:
            if self.taken is not None:
                self.taken = None
            elif self._found:
                self._found.pop(0).drop()
        self.keep()

    def close(self) -> None:
        """Write what is typed; the file stays for the next form."""
        self.keep()
        _OPEN.discard(self)

    # --- inside --------------------------------------------------------------------------------------

    def _now(self) -> Version:
        with self._draft.lock:
            body = self._draft.body
            values = {name: value for name, value in self._draft.values.items() if value not in (None, "")}
        return Version(0, datetime.now(UTC).isoformat(timespec="seconds"), copied(body), copied(values))

    def _idle(self, now: Version) -> bool:
        return _same(self._typed(now), self._base) or self._unless_run(now) is None

    def _typed(self, now: Version) -> Version:
        """Return *now* without the values of a row."""
        row = copied(self._given())
        return replace(now, values={n: v for n, v in now.values.items() if not alike(row.get(n), v)})

    def _unless_run(self, draft: Version | None) -> Version | None:
        if draft is None or any(_same(draft, one) for one in self._versions.list()[::-1]):
            return None
        return draft

    def _put(self, wanted: Version | None) -> None:
        if wanted is None:
            if self._written is not None:
                self.path.unlink(missing_ok=True)
        elif self._written is None or not _equal(wanted, self._written):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            files.write(self.path, as_line(wanted), private=True)
        else:
            return
        self._written = wanted

    def _look(self, folder: Path) -> None:
        """Find what other forms left; what is still open in another cell is left to that form."""
        beside = [one for one in [*_OPEN] if one.folder == folder]
        for one in beside:
            one.keep()
        read = list(_read(folder, {one.path for one in beside if not self._replaces(one)}))
        self.problems = tuple(one for one in read if isinstance(one, str))
        self._found = [one for one in read if isinstance(one, Found)]
        self._found.sort(key=lambda one: moment(one.draft.at) or datetime.now(UTC), reverse=True)
        self._sort_out(self._base)

    def _replaces(self, other: Unrun) -> bool:
        """Whether the cell of this form was run again: the one it made before is out of sight."""
        (cell, run), (before, run_before) = self.cell, other.cell
        return cell is not None and cell == before and run != run_before

    def _sort_out(self, now: Version) -> None:
        """Drop the drafts that are not lost: they stand in the form, or were run."""
        for one in [*self._found]:
            if _same(one.draft, now) or self._unless_run(one.draft) is None:
                self._found.remove(one)
                one.drop()


def running_cell() -> tuple[str | None, str | None]:
    """Return the id of the notebook's cell that runs, and of this run; None where nobody says."""
    from IPython.core.getipython import get_ipython

    parent: dict[str, Any] = getattr(getattr(get_ipython(), "kernel", None), "get_parent", dict)()
    cell, run = (parent.get("metadata") or {}).get("cellId"), (parent.get("header") or {}).get("msg_id")
    return (cell if isinstance(cell, str) else None), (run if isinstance(run, str) else None)


def _read(folder: Path, without: set[Path]) -> Iterator[Found | str]:
    for path in sorted(one for one in folder.glob(FILES) if one not in without):
        try:
            data = path.read_bytes()
        except OSError as error:
            yield f"{path.name}: the draft cannot be read ({error.strerror})"
            continue
        draft = as_version(data)
        if draft is None or not isinstance(draft.body.get("messages"), list) or moment(draft.at) is None:
            yield f"{path.name}: no draft of a form; the file is left as it is"
        else:
            yield Found(path, data, draft)


def _same(a: Version, b: Version) -> bool:
    """Whether two hold the same prompt and the same values of its names."""
    if not alike(a.body, b.body):
        return False
    names = {name for used in names_of(a.body, {}).values() for name in used}
    return all(alike(_value(a, name), _value(b, name)) for name in names)


def _value(version: Version, name: str) -> Any:
    value = version.values.get(name)
    return None if value == "" else value


def _equal(a: Version, b: Version) -> bool:
    return alike(a.body, b.body) and alike(a.values, b.values)
