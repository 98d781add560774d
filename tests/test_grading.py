"""The grading queue without a page: order, walking, undo, what it refuses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import queues
from tests.queues import PAIR, Heard, saying, unlike
from tests.studies import study_run
from workbench.errors import UsageError
from workbench.grades import Grades
from workbench.widgets.grading import GradeQueue
from workbench.widgets.grading.queue import Queue

folder = queues.folder


# --- order -------------------------------------------------------------------------------------------


def test_the_order_is_shuffled_and_fixed(folder):
    """The same seed gives the same order, whatever the run's own; another seed another one."""
    first, again, other = (GradeQueue(folder, seed=seed) for seed in (1, 1, 2))
    trials = [[item.trials for item in queue.items.each] for queue in (first, again, other)]

    assert trials[0] == trials[1]
    assert trials[0] != trials[2]
    assert sorted(trials[0]) == sorted(trials[2])
    assert trials[0] != sorted(trials[0])


def test_a_run_that_grew_keeps_its_order(folder):
    """What was there is asked in the order it was; new answers come between."""
    whole = GradeQueue(folder)
    part = GradeQueue(replace(whole.run, rows=whole.run.rows[:9]))
    known = {item.trials for item in part.items.each}

    kept = [item.trials for item in whole.items.each if item.trials in known]
    assert kept == [item.trials for item in part.items.each]


def test_errors_are_nothing_to_grade(folder):
    """An error is no answer: it is counted, not asked."""
    queue = GradeQueue(folder)

    assert len(queue.items.each) == 17
    assert queue.items.left_out == ("1 trial ended in an error: nothing to grade.",)


def test_a_part_is_random_and_fixed(folder):
    """A sample is the first of the shuffled order, and is said to be one."""
    queue = GradeQueue(folder, sample=5)

    assert queue.items.each == GradeQueue(folder).items.each[:5]
    assert "This queue asks a random 5 of 17, fixed by the seed." in queue.items.left_out


def test_sides_of_pairs_are_random_and_fixed(tmp_path):
    """A stands left about as often as right; the same seed gives the same sides."""
    run = unlike(study_run(samples=60))
    queue, again = GradeQueue(run, pair=PAIR), GradeQueue(run, pair=PAIR)
    led = [item.rows[0].variant == PAIR[0] for item in queue.items.each]

    assert 15 < sum(led) < len(led) - 15
    assert [item.shown for item in again.items.each] == [item.shown for item in queue.items.each]


def test_identical_answers_are_not_asked():
    """Two answers that nobody could tell apart are no pair to grade; they are counted."""
    run = saying(study_run(samples=6), lambda row: row.sample_id if row.index % 2 else f"{row.sample_id} \n")
    queue = GradeQueue(run, pair=PAIR)

    assert queue.items.each == ()
    assert len(queue.items.identical) == 6
    assert queue.preference().identical == 6


def test_an_answer_alone_is_no_pair(folder):
    """Where the other variant ended in an error there is nothing to compare with."""
    run = GradeQueue(folder).run
    failed = replace(run.rows[1], body=None, error={"type": "api_error", "message": "x"})
    queue = GradeQueue(replace(run, rows=(run.rows[0], failed, *run.rows[2:])), pair=PAIR)

    assert (len(queue.items.each), queue.items.alone, queue.items.errors) == (5, 1, 1)
    assert "1 answer without the other variant's to compare with." in queue.items.left_out


def test_naming_the_pair_the_other_way_round_finds_the_same_grades(folder):
    """Grades count a pair in the run's order, whoever is named first."""
    queue = GradeQueue(folder, pair=PAIR, who="ada")
    Heard(queue).says("grade", item=0, value="a", note="")

    turned = GradeQueue(folder, pair=PAIR[::-1], who="ada")
    assert turned.progress.startswith("1 of")
    assert queue.preference().rate.estimate == 1 - turned.preference().rate.estimate


# --- walking -----------------------------------------------------------------------------------------


def test_a_grade_goes_on_to_the_next(folder):
    """The grade is on the disk when the next item comes."""
    queue = GradeQueue(folder, who="ada")
    state = Heard(queue).says("grade", item=0, value=4, note=" fine ")

    assert [(g.value, g.note) for g in Grades.open(folder).all] == [(4, "fine")]
    assert (state["item"]["at"], state["done"], state["last"]) == (1, 1, {"item": 0, "words": "rated 4 of 5"})


def test_a_new_queue_goes_on_at_the_first_ungraded(folder):
    """After a restart the file alone says where to go on."""
    heard = Heard(GradeQueue(folder, who="ada"))
    for item in (0, 1, 3):
        heard.says("grade", item=item, value=3)

    state = Heard(GradeQueue(folder, who="ada")).says("ready")
    assert (state["item"]["at"], state["progress"]) == (2, "3 of 17 answers graded")


def test_everybody_has_a_queue_of_their_own(folder):
    """What one grader did leaves the other's work undone."""
    Heard(GradeQueue(folder, who="ada")).says("grade", item=0, value=3)

    assert GradeQueue(folder, who="bob").progress == "0 of 17 answers graded"


def test_kinds_do_not_mix(folder):
    """A rating is no verdict: each kind has its own progress in one file."""
    Heard(GradeQueue(folder, who="ada")).says("grade", item=0, value=3)
    Heard(GradeQueue(folder, kind="pass", who="ada")).says("grade", item=1, value=0)

    assert GradeQueue(folder, who="ada").progress == "1 of 17 answers graded"
    assert GradeQueue(folder, kind="pass", who="ada").progress == "1 of 17 answers graded"


def test_undo_goes_back_step_by_step_also_after_a_restart(folder):
    """The last grade is withdrawn, then the one before, in whatever sitting it was given."""
    heard = Heard(GradeQueue(folder, who="ada"))
    for item, value in enumerate((5, 4, 3)):
        heard.says("grade", item=item, value=value, note=f"note {item}")

    later = Heard(GradeQueue(folder, who="ada"))
    first, second = later.says("undo"), later.says("undo")

    assert (first["item"]["at"], second["item"]["at"], second["done"]) == (2, 1, 1)
    assert second["item"]["note"] == "note 1"
    assert [g.value for g in Grades.open(folder).valid()] == [5]


def test_a_new_note_is_no_new_grade_to_undo(folder):
    """Undo takes back the grade given last, not the one whose note was touched last."""
    heard = Heard(GradeQueue(folder, who="ada"))
    for item in range(3):
        heard.says("grade", item=item, value=3)
    heard.says("note", item=0, note="later")

    assert heard.says("undo")["item"]["at"] == 2


def test_nothing_to_undo_is_told(folder):
    """No grade: a message, no change."""
    said = Heard(GradeQueue(folder, who="ada")).says("undo")

    assert (said["kind"], said["text"]) == ("problem", "there is no grade to undo")


def test_a_note_before_the_grade_waits_for_it(folder):
    """It is kept in the kernel, and written with the grade; the page need not send it again."""
    queue = GradeQueue(folder, who="ada")
    heard = Heard(queue)
    heard.says("note", item=0, note="why")

    assert len(queue.grades) == 0
    assert heard.says("ready")["item"]["note"] == "why"
    heard.says("grade", item=0, value=2)
    assert queue.grades.all[0].note == "why"


def test_a_note_after_the_grade_changes_it(folder):
    """The note of a graded item is written at once; the same note is not written twice."""
    queue = GradeQueue(folder, who="ada")
    heard = Heard(queue)
    heard.says("grade", item=0, value=2)
    heard.says("note", item=0, note="why")
    heard.says("note", item=0, note="why ")

    assert [(g.value, g.note) for g in queue.grades.all] == [(2, ""), (2, "why")]
    assert len(queue.grades.valid()) == 1


def test_grading_again_replaces(folder):
    """A second grade of an item counts instead of the first; the same one is not written again."""
    queue = GradeQueue(folder, who="ada")
    heard = Heard(queue)
    for value in (2, 4, 4):
        heard.says("grade", item=0, value=value, note="")

    assert [g.value for g in queue.grades.all] == [2, 4]
    assert [g.value for g in queue.grades.valid()] == [4]


def test_skipped_items_wait_until_the_end():
    """What was put off comes after all others, in the order in which the queue has it."""
    items = GradeQueue(unlike(study_run(samples=1))).items.each
    queue = Queue(items, Grades(), kind="rating", who="ada")
    seen = []
    queue.skip(0)
    while queue.position is not None:
        seen.append(queue.position)
        queue.grade(queue.position, 3)

    assert seen == [1, 2, 0]
    assert queue.skipped == 0


def test_a_lonely_skip_stays():
    """The last item left cannot be put off: it is shown again."""
    items = GradeQueue(unlike(study_run(samples=1))).items.each[:1]
    queue = Queue(items, Grades(), kind="rating", who="ada")
    queue.skip(0)

    assert queue.position == 0


def test_stepping_stays_inside():
    """Before the first and behind the last item there is none."""
    items = GradeQueue(unlike(study_run(samples=1))).items.each
    queue = Queue(items, Grades(), kind="rating", who="ada")
    queue.step(-1)
    assert queue.position == 0
    for _ in range(5):
        queue.step(1)
    assert queue.position == 2


@pytest.mark.parametrize(
    "message",
    [
        {"kind": "grade", "item": 99, "value": 3},
        {"kind": "grade", "item": -1, "value": 3},
        {"kind": "grade", "item": "0", "value": 3},
        {"kind": "grade", "item": True, "value": 3},
        {"kind": "grade", "item": 0, "value": 9},
        {"kind": "grade", "item": 0, "value": "a"},
        {"kind": "grade", "item": 0, "value": None},
        {"kind": "grade", "item": 0, "value": True},
        {"kind": "skip", "item": None},
        {"kind": "note", "item": 99, "note": "x"},
        {"kind": "grade"},
    ],
    ids=str,
)
def test_what_no_page_of_ours_says_is_refused(folder, message):
    """A message with a wrong item or value is a problem said to the page; nothing is kept."""
    queue = GradeQueue(folder, who="ada")
    said = Heard(queue).says(**message)

    assert said["kind"] == "problem"
    assert len(queue.grades) == 0


@pytest.mark.parametrize(("side", "wins"), [("a", 0), ("b", 1), ("t", 0.5)])
def test_a_choice_is_counted_for_the_variant_that_stood_there(folder, side, wins):
    """A and B are sides; the grade says which variant won."""
    queue = GradeQueue(folder, pair=PAIR, who="ada")
    place = next(i for i, item in enumerate(queue.items.each) if item.shown[0] != item.trials[0])
    state = Heard(queue).says("grade", item=place, value=side)

    (grade,) = queue.grades.all
    assert grade.value == wins
    assert grade.shown == grade.trials[::-1]
    assert state["last"]["words"] == {"a": "A is better", "b": "B is better", "t": "a tie"}[side]


# --- arguments -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"kind": "stars"}, "no grade is of kind"),
        ({"kind": "rating", "pair": PAIR}, "pair= is for grades of kind 'pair'"),
        ({"kind": "pair"}, "give pair="),
        ({"pair": ("haiku-4-5", "haiku-4-5")}, "two different variants"),
        ({"pair": ("haiku-4-5", "sonet-4-6")}, "did you mean"),
        ({"pair": "haiku-4-5"}, "two different variants"),
        ({"sample": 0}, "1 or more"),
        ({"sample": 2.5}, "1 or more"),
        ({"who": " "}, "names nobody"),
    ],
    ids=str,
)
def test_arguments_that_do_not_fit_are_refused(folder, options, said):
    """Told when the queue is made, with the cure."""
    with pytest.raises(UsageError, match=said):
        GradeQueue(folder, **options)


def test_a_run_of_two_variants_needs_no_pair(folder):
    """There is only one pair."""
    run = GradeQueue(folder).run
    two = replace(run, info=replace(run.info, variants=run.info.variants[:2]))

    assert GradeQueue(two, kind="pair").pair == PAIR


def test_no_run_is_told(tmp_path):
    """A folder without a run."""
    with pytest.raises(UsageError, match="no run here"):
        GradeQueue(tmp_path)
