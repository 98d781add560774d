"""What grades come to: frames, agreement with judges and people, preference."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import queues
from tests.queues import PAIR, Heard, unlike
from tests.studies import study_run
from workbench.errors import UsageError
from workbench.widgets.grading import GradeQueue

folder = queues.folder


def test_the_frame_has_a_row_per_grade(folder):
    """Everybody's grades in force, with scores, as columns for the next cell."""
    Heard(GradeQueue(folder, who="bob")).says("grade", item=0, value=5)
    queue = GradeQueue(folder, who="ada")
    heard = Heard(queue)
    heard.says("grade", item=0, value=2, note="meh")
    heard.says("grade", item=1, value=3)
    heard.says("undo")
    frame = queue.frame()

    assert list(frame["who"]) == ["bob", "ada"]
    assert list(frame["score"]) == [1.0, 0.25]
    assert list(frame["note"]) == ["", "meh"]
    assert frame["trial"][0] == queue.items.each[0].trials[0]


def test_the_frame_of_pairs_names_variants_and_sides(folder):
    """Who won is counted for the first variant; which answer stood left is there."""
    queue = GradeQueue(folder, pair=PAIR, who="ada")
    assert list(queue.frame().columns)[:5] == ["sample", "epoch", "variant_a", "variant_b", "shown_first"]
    Heard(queue).says("grade", item=0, value="a")
    frame = queue.frame()

    assert (frame["variant_a"][0], frame["variant_b"][0]) == PAIR
    assert frame["shown_first"][0] == queue.items.each[0].rows[0].variant


def grade_all(queue, judge):
    """Let a rule grade every item."""
    heard = Heard(queue)
    for i, item in enumerate(queue.items.each):
        heard.says("grade", item=i, value=judge(item))
    return queue


def test_verdicts_are_compared_with_the_only_judge(folder):
    """Passing what the scorer passed is full agreement."""
    queue = grade_all(GradeQueue(folder, kind="pass", who="ada"), lambda item: int(item.rows[0].passed))
    found = queue.agreement()

    assert (found.a, found.b) == ("human", "choice")
    assert found.n == 17
    assert found.kappa.estimate == 1.0
    assert found.emulated


def test_ratings_are_compared_with_yes_and_no(folder):
    """4 and 5 count as passed, and that is said."""
    queue = grade_all(GradeQueue(folder, who="ada"), lambda item: 4 if item.rows[0].passed else 3)
    found = queue.agreement("choice")

    assert found.kappa.estimate == 1.0
    assert any("rating of 4 or 5 counts as passed" in line for line in found.notes)


@pytest.mark.parametrize(
    ("numbers", "rated", "note"),
    [((0.0, 0.25, 0.5, 0.75, 1.0), (1, 2, 3, 4, 5), True), ((1, 2, 3, 4, 5), (1, 2, 3, 4, 5), False)],
    ids=["shares", "ratings"],
)
def test_ratings_are_compared_with_numbers(numbers, rated, note):
    """A judge from 0 to 1, or from 1 to 5, is put on the scale of ratings; kappa is weighted."""
    run = scored(numbers)
    queue = grade_all(GradeQueue(run, who="ada"), lambda item: rated[item.rows[0].index % 5])
    found = queue.agreement("choice")

    assert found.weighted
    assert found.agreed.estimate == 1.0
    assert bool(found.notes) is note


def scored(numbers):
    """Return a run whose judge gave these numbers, one after the other."""
    run = unlike(study_run(samples=6))
    rows = [
        row
        if row.error
        else replace(row, scores={"choice": replace(row.scores["choice"], value=numbers[row.index % 5])})
        for row in run.rows
    ]
    return replace(run, rows=tuple(rows))


def test_numbers_that_are_no_grades_are_refused():
    """Latency is no judge of quality: said, with the cure."""
    queue = grade_all(GradeQueue(scored((120, 30.5, 7, 9, 11)), who="ada"), lambda _: 3)

    with pytest.raises(UsageError, match="no grades"):
        queue.agreement("choice")


def test_unscored_answers_are_left_out_and_counted():
    """No number from the judge is no disagreement."""
    queue = grade_all(GradeQueue(scored((1.0, None, 0.0, 1.0, 1.0)), kind="pass", who="ada"), lambda _: 1)
    found = queue.agreement()

    assert found.n + 4 == len(queue.items.each)
    assert found.left_out == ("Left out: 4 answers without a number from choice.",)


def test_two_people_are_compared(folder):
    """The name of another grader compares with what they said; what they did not grade is left out."""
    grade_all(GradeQueue(folder, who="bob", sample=10), lambda _: 3)
    queue = grade_all(GradeQueue(folder, who="ada"), lambda item: 3 + item.rows[0].index % 2)
    found = queue.agreement("bob")

    assert found.n == 10
    assert "7 answers that bob did not grade" in found.left_out[0]


@pytest.mark.parametrize("judge", ["choise", "nobody"])
def test_an_unknown_judge_is_told(folder, judge):
    """Neither scorer nor grader: the nearest name is offered."""
    with pytest.raises(UsageError, match="no scorer and no other grader"):
        GradeQueue(folder, who="ada").agreement(judge)


def test_pairs_are_compared_with_a_scorer(folder):
    """A higher score is the scorer's preference."""

    def better(item):
        first, second = (row.value("choice") for row in item.rows)
        return "t" if first == second else "a" if first > second else "b"

    queue = grade_all(GradeQueue(folder, pair=PAIR, who="ada"), better)
    found = queue.agreement("choice")

    assert found.agreed.estimate == 1.0
    assert "6 pairs" in found.verdict
    assert found.labels == (PAIR[0], "tie", PAIR[1])


def test_preference_counts_wins_and_sides(folder):
    """Always choosing the left answer shows as position bias, not as a preference."""
    queue = grade_all(GradeQueue(folder, pair=PAIR, who="ada"), lambda _: "a")
    found = queue.preference()

    assert found.first.estimate == 1.0
    assert found.wins + found.losses == len(queue.items.each)
    assert found.wins == sum(item.rows[0].variant == PAIR[0] for item in queue.items.each)


def test_other_pairs_are_not_counted(folder):
    """Grades of another pair of variants in the same file stay out of this one's figures."""
    third = GradeQueue(folder).run.info.variant_names[2]
    grade_all(GradeQueue(folder, pair=(PAIR[0], third), who="ada"), lambda _: "a")
    queue = GradeQueue(folder, pair=PAIR, who="ada")

    assert queue.preference().n == 0
    assert queue.agreement("choice").n == 0
    assert len(queue.frame()) == 0


def test_a_preference_needs_pairs(folder):
    """Single answers prefer nobody."""
    with pytest.raises(UsageError, match="pair="):
        GradeQueue(folder).preference()
