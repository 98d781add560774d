"""A person's grades beside a scorer's numbers, or beside another person's: labels that can be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from workbench.errors import UsageError, did_you_mean
from workbench.report.agreement import Agreement, Preference, agreement, preference
from workbench.report.outcome import shares, yes_no
from workbench.report.words import plural, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from workbench.grades import Grade, Grades, Kind
    from workbench.run import Result, Run
    from workbench.widgets.grading.items import Items
    from workbench.widgets.grading.queue import Queue

HUMAN: Final = "human"
"""How the grader is called where the notebook file could keep it."""

RATINGS: Final = ("1", "2", "3", "4", "5")
VERDICTS: Final = ("failed", "passed")
GOOD: Final = 4
"""Rating from which an answer counts as passed, where the other grader knows only that."""

_Trials = tuple[str, ...]


def compared(run: Run, queue: Queue, judge: str | None, pair: tuple[str, str] | None) -> Agreement:
    """Compare the grades of the queue's grader with those of *judge*.

    Args:
        run: Whose answers they are.
        queue: Whose grades.
        judge: A scorer of the run, or somebody else who graded; None where there is one only.
        pair: The variants, in the order in which grades count them, where pairs were graded.

    Raises:
        UsageError: No such scorer or grader, or a scorer whose numbers are no grades.
    """
    rows = {row.trial_id: row for row in run.rows}
    mine = {trials: grade for trials, grade in queue.said.items() if _of(trials, rows, pair)}
    scorers = [str(s["name"]) for s in run.info.scorers]
    others = [who for who in queue.grades.graders if who != queue.who]
    name = _chosen(judge, scorers, sorted(run.info.judges), others)
    if name in scorers:
        said, labels, notes = _with_scorer(mine, rows, name, queue.kind, pair)
        missing = f"without a number from {visible(name)}"
    else:
        said, labels = _with_person(mine, queue.grades, name, queue.kind, pair), _labels(queue.kind, pair)
        notes, missing = [], f"that {visible(name)} did not grade"
    left, unit = len(mine) - len(said), "answer" if pair is None else "pair"
    graded = [rows[trial] for trials in mine for trial in trials]
    return agreement(
        {_named(trials, rows): words for trials, words in said.items()},
        labels,
        a=HUMAN,
        b=name,
        weighted=labels == RATINGS,
        left_out=[f"Left out: {plural(left, unit)} {missing}."] if left else (),
        notes=notes,
        samples=len({rows[trials[0]].sample_id for trials in said}),
        emulated=emulated(graded),
        unit=unit,
    )


def preferred(run: Run, queue: Queue, items: Items, pair: tuple[str, str]) -> Preference:
    """Count which variant the grader prefers."""
    a, b = pair
    rows = {row.trial_id: row for row in run.rows}
    mine = [
        grade
        for trials, grade in queue.said.items()
        if _of(trials, rows, (a, b)) or _of(trials, rows, (b, a))
    ]
    asked = {item.trials for item in items.each}
    return preference(
        [_pair(grade, rows, a) for grade in mine],
        a=a,
        b=b,
        identical=len(items.identical),
        left_out=items.beside(sum(grade.trials not in asked for grade in mine)),
        emulated=emulated(rows[trial] for grade in mine for trial in grade.trials),
    )


def _of(trials: _Trials, rows: Mapping[str, Result], pair: tuple[str, str] | None) -> bool:
    """Whether all trials are in the run, and of a pair, are of these variants."""
    if not all(trial in rows for trial in trials):
        return False
    return pair is None or tuple(rows[trial].variant for trial in trials) == pair


def _named(trials: _Trials, rows: Mapping[str, Result]) -> str:
    """Return the trial, of a pair what both have in common."""
    row = rows[trials[0]]
    return trials[0] if len(trials) == 1 else f"{row.sample_id}/{row.epoch}"


def _pair(grade: Grade, rows: Mapping[str, Result], a: str) -> tuple[str, float, bool | None]:
    """Return sample, value as *a* sees it, and whether *a* was shown first."""
    first = rows[grade.trials[0]]
    value = grade.value if grade.value is not None else 0.5
    led = rows[grade.shown[0]].variant == a if grade.shown else None
    return first.sample_id, value if first.variant == a else 1 - value, led


def emulated(rows: Iterable[Result]) -> bool:
    """Whether the emulator made any of the answers."""
    return any(row.origin == "emulator" for row in rows)


def _chosen(judge: str | None, scorers: Sequence[str], judges: Sequence[str], others: Sequence[str]) -> str:
    if judge is not None:
        if judge not in scorers and judge not in others:
            known = [*scorers, *others]
            raise UsageError(f"no scorer and no other grader {judge!r} here{did_you_mean(judge, known)}")
        return judge
    if len(judges) == 1:
        return judges[0]
    if not judges and len(others) == 1:
        return others[0]
    listed = ", ".join(repr(name) for name in [*scorers, *others])
    raise UsageError(
        f"agreement with whom? Name one of {listed}" if listed else "nobody else judged this run"
    )


_Labelled = tuple[dict[_Trials, tuple[str, str]], tuple[str, ...], list[str]]


def _with_scorer(
    mine: Mapping[_Trials, Grade],
    rows: Mapping[str, Result],
    scorer: str,
    kind: Kind,
    pair: tuple[str, str] | None,
) -> _Labelled:
    found: dict[_Trials, tuple[float, ...]] = {}
    for trials in mine:
        values = [rows[trial].value(scorer) for trial in trials]
        known = tuple(value for value in values if value is not None)
        if len(known) == len(values):
            found[trials] = known
    if kind == "pair":
        labels = _labels(kind, pair)
        note = f"A higher number of {visible(scorer)} counts as its preference, an equal one as a tie."
        said = {t: (_label(mine[t], pair), _higher(v, labels)) for t, v in found.items()}
        return said, labels, [note]
    numbers = {trials: values[0] for trials, values in found.items()}
    if kind == "pass":
        told = f"1 of {visible(scorer)} counts as passed, less as failed."
        verdicts = {t: (_label(mine[t]), VERDICTS[v == 1]) for t, v in numbers.items()}
        return verdicts, VERDICTS, [] if yes_no(numbers.values()) else [told]
    return _rated(mine, numbers, scorer)


def _rated(mine: Mapping[_Trials, Grade], numbers: Mapping[_Trials, float], scorer: str) -> _Labelled:
    """Put a scorer's numbers and ratings on one scale: yes/no, or 1 to 5."""
    name, values = visible(scorer), numbers.values()
    if yes_no(values):
        note = f"{name} says yes or no, so a rating of {GOOD} or 5 counts as passed."
        said = {t: (VERDICTS[(mine[t].value or 0) >= GOOD], VERDICTS[v == 1]) for t, v in numbers.items()}
        return said, VERDICTS, [note]
    if shares(values):
        steps = {trials: 1 + round(4 * value) for trials, value in numbers.items()}
        notes = [f"0 … 1 of {name} was put on the five ratings, each to the nearest."]
    elif all(value in {1, 2, 3, 4, 5} for value in values):
        steps, notes = {trials: int(value) for trials, value in numbers.items()}, []
    else:
        raise UsageError(
            f"the numbers of {scorer!r} are no grades: neither between 0 and 1 nor 1, 2, 3, 4 or 5; "
            "compare with a scorer whose numbers are"
        )
    return {t: (_label(mine[t]), str(v)) for t, v in steps.items()}, RATINGS, notes


def _with_person(
    mine: Mapping[_Trials, Grade], grades: Grades, who: str, kind: Kind, pair: tuple[str, str] | None
) -> dict[_Trials, tuple[str, str]]:
    theirs = grades.latest(kind, who)
    return {t: (_label(mine[t], pair), _label(theirs[t], pair)) for t in mine if t in theirs}


def _labels(kind: Kind, pair: tuple[str, str] | None) -> tuple[str, ...]:
    if kind == "rating":
        return RATINGS
    return VERDICTS if kind == "pass" or pair is None else (pair[0], "tie", pair[1])


def _label(grade: Grade, pair: tuple[str, str] | None = None) -> str:
    value = grade.value or 0
    if grade.kind == "rating":
        return f"{value:g}"
    if grade.kind == "pass" or pair is None:
        return VERDICTS[value == 1]
    return {1: pair[0], 0.5: "tie", 0: pair[1]}[value]


def _higher(values: Sequence[float], labels: Sequence[str]) -> str:
    first, second = values
    return labels[1] if first == second else labels[0 if first > second else 2]


def summary(grades: Iterable[Grade], kind: Kind, pair: tuple[str, str] | None) -> list[tuple[str, int]]:
    """Count grades by label, every label named."""
    labels = _labels(kind, pair)
    counts = dict.fromkeys(labels, 0)
    for grade in grades:
        counts[_label(grade, pair)] += 1
    return list(counts.items())
