"""What people say of answers: grades, kept beside the run they are about.

``grades.jsonl`` lies in the run's folder. It is a journal (see `workbench.journal`): append-only, synced
before a grade counts, its torn tail cut; only its owner may read it. Nothing in it is ever changed or
deleted: a later grade of the same person on the same answers replaces an earlier one, a withdrawal takes it
back, and `Grades.history` still tells of all.

>>> grades = Grades.open(None)
>>> grades.add(Grade(("a/1/0",), "rating", 4, "ada", "2026-11-23T10:00:00Z", "short, but right"))
>>> grades.scores("rating")["a/1/0"].value
0.75
"""

from __future__ import annotations

import getpass
import os
import threading
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, Final, Literal, Self, get_args

from workbench.errors import JournalError, UsageError
from workbench.journal import Journal
from workbench.journal.scan import Scan, failed, parsed
from workbench.locks import BUSY
from workbench.score import Score

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Kind = Literal["rating", "pass", "pair"]
"""``rating``: 1 (bad) … 5 (good). ``pass``: 1 or 0. ``pair``: which of two answers is better."""

GRADES: Final = "grades.jsonl"
FORMAT: Final = "claude-workbench grades"
VERSION: Final = 1
MAX_NOTE: Final = 10_000
"""Characters of a note that are kept."""

_VALUES: Final = {"rating": (1, 2, 3, 4, 5), "pass": (0, 1), "pair": (0, 0.5, 1)}
KINDS: Final[tuple[str, ...]] = get_args(Kind)
_PATIENCE_S: Final = 5.0
"""How long a grade waits for another process that is writing one."""


@dataclass(frozen=True, slots=True)
class Grade:
    """What one person said of one answer, or of two.

    Attributes:
        trials: The trial graded; of a pair both, in the order in which *value* counts them.
        kind: What was asked.
        value: ``rating`` 1 … 5, ``pass`` 1 or 0, ``pair`` 1 where the first is better, 0 where the second is,
            0.5 a tie. None withdraws what the same person said before.
        who: Who said it: a name, never a mail address.
        at: When, ISO 8601 in UTC.
        note: Why, in their own words.
        shown: Of a pair: the trials in the order in which they were shown, A first; empty where unknown.

    Raises:
        UsageError: No such kind, no such value, or not one trial (of a pair: not two).
    """

    trials: tuple[str, ...]
    kind: Kind
    value: float | None
    who: str
    at: str
    note: str = ""
    shown: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no table could count."""
        if self.kind not in KINDS:
            raise UsageError(f"no grade is of kind {self.kind!r}; kinds are {', '.join(KINDS)}")
        if self.value is not None and self.value not in _VALUES[self.kind]:
            named = ", ".join(f"{value:g}" for value in _VALUES[self.kind])
            raise UsageError(f"a {self.kind} is one of {named}, not {self.value!r}")
        if len(set(self.trials)) != (2 if self.kind == "pair" else 1):
            raise UsageError(f"a {self.kind} is about {_about(self.kind)}, not {self.trials!r}")
        if self.shown and sorted(self.shown) != sorted(self.trials):
            raise UsageError(f"shown were {self.shown!r}, graded {self.trials!r}")

    @property
    def withdrawn(self) -> bool:
        """Whether this takes back what was said before."""
        return self.value is None

    @property
    def score(self) -> Score:
        """The grade as a number from 0 to 1, with who and when.

        A rating is (value - 1) / 4, so that 1 is 0 and 5 is 1; a pass is 1 or 0; of a pair it is the share
        of the win that the first trial got: 1, 0.5 or 0.
        """
        if self.value is None:
            return Score(None, f"withdrawn by {self.who}, {self.at}")
        value = (self.value - 1) / 4 if self.kind == "rating" else float(self.value)
        said = f"{self.words} by {self.who}, {self.at}"
        return Score(value, f"{said}: {self.note}" if self.note else said)

    @property
    def words(self) -> str:
        """What was said: ``rated 4 of 5``, ``passed``, ``the first is better``."""
        if self.value is None:
            return "withdrawn"
        if self.kind == "rating":
            return f"rated {self.value:g} of 5"
        return _WORDS[self.kind][self.value]

    def record(self) -> dict[str, Any]:
        """Return the file's record of this grade."""
        made: dict[str, Any] = {
            "type": "grade",
            "trials": list(self.trials),
            "kind": self.kind,
            "value": self.value,
            "who": self.who,
            "at": self.at,
            "note": self.note,
        }
        return {**made, "shown": list(self.shown)} if self.shown else made

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Read a record of the file, of type ``grade``.

        Raises:
            UsageError, KeyError, TypeError: It is not one.
        """
        return cls(
            tuple(map(str, record["trials"])),
            record["kind"],
            record["value"],
            str(record["who"]),
            str(record["at"]),
            str(record.get("note", "")),
            tuple(map(str, record.get("shown", ()))),
        )


_WORDS: Final[dict[str, dict[float, str]]] = {
    "pass": {1: "passed", 0: "failed"},
    "pair": {1: "the first is better", 0: "the second is better", 0.5: "a tie"},
}


class Grades:
    """The grades of a run: what everybody said of its answers, in the order in which they said it.

    Several processes may add to one file; each sees the others' grades when it adds one, or on `refresh`.
    May be used from any thread.

    Attributes:
        path: The file; None for grades held in memory only.
        dropped: Bytes of a torn tail (a grade that was being written when the power went) that were left out.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.dropped = 0
        self._all: list[Grade] = []
        self._end = 0
        self._lock = threading.RLock()

    @classmethod
    def open(cls, folder: str | os.PathLike[str] | None) -> Self:
        """Read the grades of the run in *folder*; None keeps them in memory only.

        A file is made with the first grade, not before.

        Raises:
            UsageError: No such folder.
            JournalError: The file cannot be read, is damaged before its tail, or is not one of grades.
        """
        if folder is None:
            return cls()
        if not Path(folder).is_dir():
            raise UsageError(f"{os.fspath(folder)}: no such folder; name the folder of a run")
        made = cls(Path(folder).absolute() / GRADES)
        made.refresh()
        return made

    def add(self, grade: Grade) -> None:
        """Append one grade; when this returns it is on the disk.

        Raises:
            DiskFullError: No space; the grade does not count.
            JournalError: The file cannot be written; the grade does not count.
        """
        note = grade.note if len(grade.note) <= MAX_NOTE else f"{grade.note[: MAX_NOTE - 1]}…"
        kept = replace(grade, note=note)
        with self._lock:
            if self.path is None:
                self._all.append(kept)
                return
            with _opened(self.path) as journal:
                cut = journal.dropped
                if not self.path.stat().st_size:
                    journal.append({"type": "header", "format": FORMAT, "version": VERSION})
                journal.append(kept.record())
                journal.sync()
            self.refresh()
            self.dropped += cut

    def withdraw(self, grade: Grade, *, at: str | None = None) -> None:
        """Take *grade* back: a record of its own, nothing is deleted."""
        self.add(replace(grade, value=None, at=at or now(), note="", shown=()))

    def refresh(self) -> int:
        """Read what other processes added since; return how many grades are new.

        Raises:
            JournalError: The file cannot be read, is damaged before its tail, or is not one of grades.
        """
        with self._lock:
            if self.path is None:
                return 0
            known = len(self._all)
            try:
                descriptor = os.open(self.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
            except FileNotFoundError:
                self._all.clear()
                self._end = self.dropped = 0
                return 0
            except OSError as error:
                raise failed(self.path, error) from error
            try:
                self._read(descriptor)
            except OSError as error:
                raise failed(self.path, error) from error
            finally:
                os.close(descriptor)
            return max(0, len(self._all) - known)

    def _read(self, descriptor: int) -> None:
        assert self.path is not None
        if os.fstat(descriptor).st_size < self._end:  # another file lies there now
            self._all.clear()
            self._end = 0
        scan = Scan(descriptor, self.path, start=self._end)
        for place, body in scan:
            self._take(parsed(body), place)
            self._end = scan.end
        self.dropped = scan.size - scan.end

    def _take(self, record: Mapping[str, Any] | None, place: int) -> None:
        """Count one record; the first is the header."""
        try:
            if place == 0:
                _check_header(record)
            elif (grade := _grade(record)) is not None:
                self._all.append(grade)
        except (UsageError, KeyError, TypeError, ValueError) as error:
            raise JournalError(
                f"{self.path}: the record at byte {place} is not one of this program ({error}); "
                "restore the file from a copy, or set it aside: grading then begins anew"
            ) from error

    def __len__(self) -> int:
        """Return how many grades were ever given, with those replaced and withdrawn."""
        return len(self._all)

    @property
    def all(self) -> tuple[Grade, ...]:
        """Every grade and withdrawal, in the order in which they were given."""
        with self._lock:
            return tuple(self._all)

    @property
    def graders(self) -> tuple[str, ...]:
        """Who graded, in order of their first grade."""
        return tuple(dict.fromkeys(grade.who for grade in self.all))

    def valid(self, kind: Kind | None = None, who: str | None = None) -> tuple[Grade, ...]:
        """Return what counts: the last grade of each person, kind and trials, unless it was withdrawn."""
        last: dict[tuple[str, str, tuple[str, ...]], Grade] = {}
        for grade in self.all:
            if (kind is None or grade.kind == kind) and (who is None or grade.who == who):
                key = (grade.who, grade.kind, grade.trials)
                last.pop(key, None)  # the order is that of the last word
                last[key] = grade
        return tuple(grade for grade in last.values() if not grade.withdrawn)

    def latest(self, kind: Kind | None = None, who: str | None = None) -> dict[tuple[str, ...], Grade]:
        """Return the grade in force by trials; where several people graded the same, the last one given."""
        return {grade.trials: grade for grade in self.valid(kind, who)}

    def history(self, trial_id: str) -> tuple[Grade, ...]:
        """Return all that was ever said of a trial, withdrawals too, oldest first."""
        return tuple(grade for grade in self.all if trial_id in grade.trials)

    def scores(self, kind: Kind = "rating", who: str | None = None) -> dict[str, Score]:
        """Return a score from 0 to 1 for every trial graded; of several people's grades, the mean.

        Of a pair, the second trial gets what the first did not.
        """
        found: dict[str, list[tuple[float, str]]] = {}
        for grade in self.valid(kind, who):
            score = grade.score
            value = 0.0 if score.value is None else score.value
            for trial, each in zip(grade.trials, (value, 1 - value), strict=False):
                found.setdefault(trial, []).append((each, score.explanation))
        return {
            trial: Score(fmean(value for value, _ in said), "; ".join(why for _, why in said))
            for trial, said in found.items()
        }

    def __repr__(self) -> str:
        return f"Grades({len(self):,} given, {str(self.path) if self.path else 'in memory'})"


def _check_header(record: Mapping[str, Any] | None) -> None:
    if record is None or record.get("format") != FORMAT or record.get("version") != VERSION:
        raise ValueError("another format, or a later version of it")


def _grade(record: Mapping[str, Any] | None) -> Grade | None:
    """Return the grade of a record; None for what a later version may note beside grades."""
    if record is None:
        raise ValueError("no JSON object")
    return Grade.from_record(record) if record["type"] == "grade" else None


def _opened(path: Path) -> Journal:
    """Open the file for one grade; another process has it for a few milliseconds only."""
    end = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return Journal.open(path)
        except JournalError as error:
            cause = error.__cause__
            busy = isinstance(cause, OSError) and cause.errno in BUSY
            if not busy or time.monotonic() > end:
                raise
        time.sleep(0.005)


def _about(kind: str) -> str:
    return "two different trials" if kind == "pair" else "one trial"


def now() -> str:
    """Return the time as a grade notes it: ISO 8601, UTC, whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def grader(who: str | None = None) -> str:
    """Return the name that goes into a grade: *who*, else the login name; of a mail address its first part.

    >>> grader("ada@example.com"), grader("  Ada  Lovelace ")
    ('ada', 'Ada Lovelace')

    Raises:
        UsageError: *who* is blank.
    """
    if who is None:
        try:
            who = getpass.getuser()
        except (OSError, KeyError, ImportError):  # no such user: a container with a bare user id
            return "somebody"
    name = " ".join(who.split("@")[0].split())[:80]
    if not name:
        raise UsageError(f"who={who!r} names nobody; give a name, or leave it out for the login name")
    return name


def graded(grades: Iterable[Grade]) -> dict[float, int]:
    """Count grades by value, from the lowest."""
    counts: dict[float, int] = {}
    for grade in grades:
        if grade.value is not None:
            counts[grade.value] = counts.get(grade.value, 0) + 1
    return dict(sorted(counts.items()))
