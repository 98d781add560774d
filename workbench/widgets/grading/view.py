"""`GradeQueue`: human grading in a notebook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from workbench.errors import UsageError, WorkbenchError, did_you_mean
from workbench.grades import KINDS, Grades, grader
from workbench.report.words import EMULATED, plural
from workbench.run import Run
from workbench.show.safe import Html, markdown, visible
from workbench.widgets.given import run_or_folder
from workbench.widgets.grading.asked import Asked
from workbench.widgets.grading.items import Item, Items, ordered, pair_of, pairs, singles
from workbench.widgets.grading.judged import compared, emulated, preferred, summary
from workbench.widgets.grading.pages import answers, question, reveal, source
from workbench.widgets.grading.queue import Queue
from workbench.widgets.grading.still import GO_ON, IN_MEMORY, findings, progress, still
from workbench.widgets.view import View

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from workbench.grades import Kind
    from workbench.report.agreement import Agreement, Preference
    from workbench.run import Result

SIDES: Final = {"a": 1.0, "b": 0.0, "t": 0.5}
"""What the page says of a pair, and its grade where A is the first trial."""

RUBRICS: Final = {
    "rating": "1 is the worst, 5 the best.",
    "pass": "Pass what you would send as it is.",
    "pair": "Which answer is better? A tie is allowed.",
}
"""What is asked where no rubric says more."""


class GradeQueue(View, front=("answer", "grade")):
    """Grade a run's answers by hand: one at a time, blind, by keyboard.

    Variant, model, scores and cost stay hidden until an item is graded. Every grade is on the disk, in
    ``grades.jsonl`` beside the run, before the next item comes; a new queue goes on where the last one ended.

    Of a run that is not complete the answers so far are asked; a queue made later has the rest too, in an
    order that does not change what was there.

    Args:
        run: The run, or its folder.
        kind: ``rating`` 1 … 5, ``pass`` or fail, ``pair``: which of two variants answers better; default
            ``pair`` where a pair is given, else ``rating``.
        pair: The two variants to compare; of a run with two variants it may be left out.
        rubric: What to look for, as Markdown; it stays in sight.
        who: Who grades; default the login name. Of a mail address the first part is kept.
        sample: Grade a random part of so many items; default all.
        seed: Fixes order, part and sides.

    Raises:
        UsageError: No run there, or arguments that do not fit it.
        JournalError: The grades there cannot be read.
    """

    def __init__(
        self,
        run: Run | str | Path,
        *,
        kind: Kind | None = None,
        pair: tuple[str, str] | None = None,
        rubric: str = "",
        who: str | None = None,
        sample: int | None = None,
        seed: int = 0,
    ) -> None:
        given = run_or_folder(run, "GradeQueue")
        self.run = given if isinstance(given, Run) else Run.load(Path(given))
        self.kind: Kind = _kind(kind, pair)
        self.rubric = rubric
        self.pair = pair_of(self.run, self.kind, pair)
        if sample is not None and (type(sample) is not int or sample < 1):
            raise UsageError(f"sample={sample!r}: give a whole number of 1 or more, or leave it out")
        self._counted = None if self.pair is None else ordered(self.run, self.pair)
        self.items = _items(self.run, self._counted, sample, seed)
        self._grades = Grades.open(self.run.folder)
        self._queue = Queue(self.items.each, self._grades, kind=self.kind, who=grader(who))
        self._asked = Asked(self.run)
        self._emulated = emulated(row for item in self.items.each for row in item.rows)
        super().__init__()

    # --- for the next cell --------------------------------------------------------------------------

    @property
    def grades(self) -> Grades:
        """All grades of the run, everybody's."""
        return self._grades

    @property
    def progress(self) -> str:
        """How far this grader went: ``12 of 60 answers graded``."""
        return progress(self._queue.done, len(self._queue), pairs=self.pair is not None)

    def frame(self) -> pd.DataFrame:
        """Return one row per grade in force, everybody's, of this kind."""
        import pandas as pd

        rows = {row.trial_id: row for row in self.run.rows}
        counted = self._counted
        records = []
        for grade in self._grades.valid(self.kind):
            known = [rows[trial] for trial in grade.trials if trial in rows]
            if len(known) < len(grade.trials) or (counted and tuple(r.variant for r in known) != counted):
                continue
            head = {"sample": known[0].sample_id, "epoch": known[0].epoch}
            who = (
                {"variant": known[0].variant, "trial": grade.trials[0]}
                if counted is None
                else {
                    "variant_a": counted[0],
                    "variant_b": counted[1],
                    "shown_first": _first(grade.shown, rows),
                }
            )
            tail = {"value": grade.value, "score": grade.score.value, "note": grade.note}
            records.append({**head, **who, **tail, "who": grade.who, "at": grade.at})
        names = self._columns()
        return pd.DataFrame({name: _series([record[name] for record in records]) for name in names})

    def _columns(self) -> list[str]:
        who = ["variant", "trial"] if self.pair is None else ["variant_a", "variant_b", "shown_first"]
        return ["sample", "epoch", *who, "value", "score", "note", "who", "at"]

    def agreement(self, judge: str | None = None) -> Agreement:
        """Compare these grades with a scorer's numbers, or with those of another grader.

        Args:
            judge: A scorer of the run or the name of somebody who graded it; default the only one there is.

        Raises:
            UsageError: No such scorer or grader, or its numbers are no grades.
        """
        self._grades.refresh()
        return compared(self.run, self._queue, judge, self._counted)

    def preference(self) -> Preference:
        """Return which of the pair's variants the grader prefers, and whether the side mattered.

        Raises:
            UsageError: This queue does not compare pairs.
        """
        if self.pair is None:
            raise UsageError("this queue grades single answers; for a preference give pair=(a, b)")
        return preferred(self.run, self._queue, self.items, self.pair)

    # --- what the page says -------------------------------------------------------------------------

    def _hear_ready(self) -> None:
        self._grades.refresh()
        self._show()

    def _hear_grade(self, item: Any, value: Any, note: Any = None, n: Any = None) -> None:
        said = self._value(self._queue.checked(item), value)
        self._queue.grade(item, said, None if note is None else str(note))
        self._show(n=n)

    def _hear_note(self, item: Any, note: Any) -> None:
        if self._queue.note(item, str(note)):
            self._show(said="Note kept.")

    def _hear_undo(self, n: Any = None) -> None:
        position = self._queue.undo()
        self._show(n=n, said=f"The grade of item {position + 1} is withdrawn.")

    def _hear_skip(self, item: Any, n: Any = None) -> None:
        self._queue.skip(item)
        self._show(n=n, said="Skipped: it comes again at the end.")

    def _hear_go(self, by: Any, n: Any = None) -> None:
        self._queue.step(-1 if by == -1 else 1)
        self._show(n=n)

    def _hear_reveal(self, n: Any, item: Any) -> None:
        """Say who made an answer; only of one that is graded."""
        position = self._queue.checked(item)
        if self._queue.grade_of(position) is None:
            raise UsageError("grade it first: who made an answer is hidden until then")
        self.tell("revealed", n=n, html=reveal(self.items.each[position]))

    def _hear_source(self, n: Any, item: Any, side: Any, cite: Any) -> None:
        shown = self.items.each[self._queue.checked(item)]
        if side not in range(len(shown.rows)):
            raise UsageError("no such answer; show the queue again")
        self.tell("source", n=n, **source(shown, self._asked, side, cite))

    def _hear_findings(self, n: Any) -> None:
        """Say what the grades so far amount to; asked for at the end, so that it sways nobody."""
        self.tell("findings", n=n, html=findings(self._found()))

    # --- what is sent -------------------------------------------------------------------------------

    def _show(self, *, n: Any = None, said: str = "") -> None:
        """Send the whole state: where we are, the item, what was said of it.

        Args:
            n: Number of the question that this answers, if it answers one.
            said: What to tell beside it, for who does not see it.
        """
        queue = self._queue
        last = queue.last
        self.tell(
            "state",
            n=n,
            grading=self.kind,
            total=len(queue),
            done=queue.done,
            skipped=queue.skipped,
            progress=self.progress,
            who=visible(queue.who),
            rubric_html=markdown(self.rubric or RUBRICS[self.kind]),
            remarks=[visible(remark) for remark in self._remarks()],
            warning=EMULATED if self._emulated else "",
            item=None if queue.position is None else self._item(queue.position),
            last=None if last is None else {"item": last, "words": self._words(last)},
            said=said,
        )

    def _item(self, position: int) -> dict[str, Any]:
        item: Item = self.items.each[position]
        grade = self._queue.grade_of(position)
        return {
            "at": position,
            "question_html": question(item, self._asked),
            "answers": answers(item, self._asked),
            "value": None if grade is None or grade.value is None else self._shown(position, grade.value),
            "note": self._queue.note_of(position),
        }

    def _words(self, position: int) -> str:
        grade = self._queue.grade_of(position)
        if grade is None or grade.value is None:
            return ""
        if self.kind != "pair":
            return grade.words
        return {"a": "A is better", "b": "B is better", "t": "a tie"}[str(self._shown(position, grade.value))]

    def _value(self, position: int, said: Any) -> float:
        """Return what the page says as a grade has it: of a pair ``a``, ``b`` or ``t``, else a number."""
        if self.kind != "pair":
            if type(said) is not int:
                raise UsageError(f"{said!r} is no grade")
            return said
        if said not in SIDES:
            raise UsageError(f"{said!r} is no choice: a, b or t")
        return SIDES[said] if self._straight(position) else 1 - SIDES[said]

    def _shown(self, position: int, value: float) -> float | str:
        """Return a grade as the page has it."""
        if self.kind != "pair":
            return value
        mine = value if self._straight(position) else 1 - value
        return next(side for side, worth in SIDES.items() if worth == mine)

    def _straight(self, position: int) -> bool:
        """Whether A is the first that a grade counts."""
        item = self.items.each[position]
        return item.shown[0] == item.trials[0]

    def _remarks(self) -> list[str]:
        found = [*self.items.left_out]
        if self.items.identical:
            found.append(f"{plural(len(self.items.identical), 'pair')} of identical answers: not asked.")
        if self._grades.dropped:
            found.append(
                f"{self._grades.dropped:,} bytes of a grade that was not written whole were left out."
            )
        return [*found, *([] if self.run.folder is not None else [IN_MEMORY])]

    def _found(self) -> list[Agreement | Preference]:
        """Return what the grades say; nothing where there is nobody to compare with."""
        found: list[Agreement | Preference] = []
        if self._queue.graded and self.pair is not None:
            found.append(self.preference())
        try:
            made = self.agreement()
        except WorkbenchError:  # no single judge, or one whose numbers are no grades
            return found
        return [*found, made] if made.n else found

    def _static(self) -> tuple[Html, str]:
        counts = summary(self._queue.graded, self.kind, self._counted)
        remarks = [*self._remarks(), GO_ON]
        return still(self.run.name, self.progress, counts, self._found(), remarks, emulated=self._emulated)


def _kind(kind: Kind | None, pair: Sequence[str] | None) -> Kind:
    if kind is None:
        return "rating" if pair is None else "pair"
    if kind not in KINDS:
        raise UsageError(
            f"no grade is of kind {kind!r}{did_you_mean(str(kind), KINDS)}; kinds: {', '.join(KINDS)}"
        )
    return kind


def _items(run: Run, pair: tuple[str, str] | None, sample: int | None, seed: int) -> Items:
    return (
        singles(run, sample=sample, seed=seed) if pair is None else pairs(run, pair, sample=sample, seed=seed)
    )


def _series(values: list[Any]) -> pd.Series:
    """Return a column; half a character, as data sets sometimes have, is kept exact."""
    import pandas as pd

    try:
        return pd.Series(values)
    except UnicodeEncodeError:
        return pd.Series(values, dtype=object)


def _first(shown: Sequence[str], rows: Mapping[str, Result]) -> str | None:
    """Return the variant that was shown first, None where nobody noted it."""
    return rows[shown[0]].variant if shown and shown[0] in rows else None
