"""The order of work of one grader: what comes next, what was said, undo. No widget in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.errors import UsageError
from workbench.grades import Grade, now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.grades import Grades, Kind
    from workbench.widgets.grading.items import Item


class Queue:
    """Walks one grader through items; every grade is on the disk before the next item comes.

    Attributes:
        items: What is to be graded, in order.
        grades: Where grades are kept.
        kind: What is asked.
        who: Who grades.
        position: Which item is being looked at; None when none is left.
        last: The item graded last in this sitting; None before, and after an undo.
    """

    def __init__(self, items: Sequence[Item], grades: Grades, *, kind: Kind, who: str) -> None:
        self.items = tuple(items)
        self.grades = grades
        self.kind = kind
        self.who = who
        self.last: int | None = None
        self._places = {item.trials: i for i, item in enumerate(self.items)}
        self._skipped: set[int] = set()
        self._notes: dict[int, str] = {}
        self._known = -1
        self._said: dict[tuple[str, ...], Grade] = {}
        self.position = self._next(0)

    def __len__(self) -> int:
        return len(self.items)

    @property
    def said(self) -> dict[tuple[str, ...], Grade]:
        """The grades of this grader that are in force, by trials."""
        if self._known != len(self.grades):
            self._known = len(self.grades)
            self._said = self.grades.latest(self.kind, self.who)
        return self._said

    def grade_of(self, position: int) -> Grade | None:
        """What this grader said of an item."""
        return self.said.get(self.items[position].trials)

    @property
    def graded(self) -> tuple[Grade, ...]:
        """The grades in force of the items of this queue."""
        return tuple(grade for trials, grade in self.said.items() if trials in self._places)

    @property
    def done(self) -> int:
        """How many items are graded."""
        return sum(item.trials in self.said for item in self.items)

    @property
    def skipped(self) -> int:
        """How many were put off and are not graded yet."""
        return sum(self.grade_of(i) is None for i in self._skipped)

    def note_of(self, position: int) -> str:
        """The note on an item: typed meanwhile, or kept with its grade."""
        grade = self.grade_of(position)
        return self._notes.get(position, grade.note if grade else "")

    def grade(self, position: int, value: float, note: str | None = None) -> None:
        """Keep a grade, and go on to the next item.

        Args:
            position: Which item; one graded before gets its new grade.
            value: As `Grade.value`.
            note: Why; what was typed before where None.

        Raises:
            UsageError: No such item or value.
            DiskFullError, JournalError: It could not be kept; the item stays.
        """
        item = self.items[self.checked(position)]
        before = self.grade_of(position)
        said = self.note_of(position) if note is None else note.strip()
        made = Grade(item.trials, self.kind, value, self.who, now(), said, item.shown)
        if before is None or (before.value, before.note) != (made.value, made.note):
            self.grades.add(made)
        self._notes.pop(position, None)
        self._skipped.discard(position)
        self.last = position
        self.position = self._next(position + 1)

    def note(self, position: int, text: str) -> bool:
        """Keep what was typed: with the grade where there is one, else until it is graded.

        Returns:
            Whether the grade has it, and it is on the disk.

        Raises:
            UsageError: No such item.
            DiskFullError, JournalError: It could not be kept.
        """
        item = self.items[self.checked(position)]
        grade, said = self.grade_of(position), text.strip()
        if grade is None:
            self._notes[position] = text
            return False
        if said != grade.note:
            self.grades.add(Grade(item.trials, self.kind, grade.value, self.who, now(), said, grade.shown))
        return True

    def undo(self) -> int:
        """Withdraw the grade given last, also in an earlier sitting; its note stays. Return its item.

        Raises:
            UsageError: There is none.
            DiskFullError, JournalError: The withdrawal could not be kept.
        """
        given = self._given()
        if not given:
            raise UsageError("there is no grade to undo")
        position = self._places[given[-1].trials]
        note = self.note_of(position)
        self.grades.withdraw(given[-1])
        self._notes[position] = note
        self._skipped.discard(position)
        self.position, self.last = position, None
        return position

    def skip(self, position: int) -> None:
        """Put an item off: it comes again when all others are graded."""
        if self.grade_of(self.checked(position)) is None:
            self._skipped.discard(position)
            self._skipped.add(position)
        self.position = self._next(position + 1, besides=position)

    def go(self, position: int) -> None:
        """Look at an item, graded or not."""
        self.position = self.checked(position)

    def step(self, by: int) -> None:
        """Look at the item before or after this one, graded or not; stay where there is none."""
        here = len(self) if self.position is None else self.position
        if self.items:
            self.position = min(max(here + by, 0), len(self) - 1)

    def _given(self) -> list[Grade]:
        """Return the grades in force, in the order in which they were given: a new note is no new grade."""
        order: dict[tuple[str, ...], float] = {}
        for grade in self.grades.all:
            mine = (grade.who, grade.kind) == (self.who, self.kind) and grade.trials in self._places
            if mine and order.get(grade.trials) != grade.value:
                order.pop(grade.trials, None)
                if grade.value is not None:
                    order[grade.trials] = grade.value
        return [self.said[trials] for trials in order]

    def checked(self, position: int) -> int:
        """Return *position*, which a page sent.

        Raises:
            UsageError: No such item.
        """
        if type(position) is not int or not 0 <= position < len(self):
            raise UsageError(f"there is no item {position!r}; show the queue again")
        return position

    def _next(self, start: int, besides: int | None = None) -> int | None:
        """Return the next item without grade, from *start* round: those that were skipped come last."""
        order: list[int] = [*range(start, len(self)), *range(min(start, len(self)))]
        open_: list[int] = [i for i in order if self.items[i].trials not in self.said]
        fresh: list[int] = [i for i in open_ if i not in self._skipped and i != besides]
        if fresh:
            return fresh[0]
        again = [i for i in open_ if i != besides] or open_
        return again[0] if again else None
