"""The grading queue without a page: order, blindness, undo, resuming, what it says of agreement."""

from __future__ import annotations

import getpass
import json
import warnings
from dataclasses import replace
from typing import Any

import pytest

from tests.studies import hostile_run, study_run
from workbench.dataset import Dataset
from workbench.errors import UsageError
from workbench.evaluation import Eval
from workbench.grades import Grade, Grades
from workbench.prompt import Prompt
from workbench.report.words import EMULATED
from workbench.score import exact
from workbench.widgets.grading import GradeQueue
from workbench.widgets.grading.queue import Queue

PAIR = ("haiku-4-5", "sonnet-4-6")


def saying(run, said):
    """Return a run whose answers are what *said* makes of each row."""
    rows = [
        row
        if row.body is None
        else replace(row, body={**row.body, "content": [{"type": "text", "text": said(row)}]})
        for row in run.rows
    ]
    return replace(run, rows=tuple(rows))


def unlike(run):
    """Return a run in which no two answers are the same."""
    return saying(run, lambda row: f"answer {row.index}")


class Heard:
    """What a queue tells the page."""

    def __init__(self, queue):
        self.queue = queue
        self.told: list[dict[str, Any]] = []
        queue.tell = lambda kind, **body: self.told.append({"kind": kind, **body})

    def says(self, kind, **body):
        """Send a message as the page does; return what the kernel tells it last."""
        self.queue._receive(None, {"kind": kind, **body}, [])
        return self.told[-1] if self.told else {}


@pytest.fixture
def folder(tmp_path):
    """The folder of a small run whose answers all differ."""
    return unlike(study_run(samples=6)).save(tmp_path / "run")


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
    assert "A random 5 of 17, fixed by the seed." in queue.items.left_out


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


# --- blind -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"kind": "pass"}, {"pair": PAIR}], ids=str)
def test_nothing_that_is_sent_tells_who_answered(folder, options):
    """Before an item is graded no variant, model, score, cost or trial id is in any message."""
    queue = GradeQueue(folder, who="ada", **options)
    heard = Heard(queue)
    heard.says("ready")
    for item in range(len(queue.items.each)):
        heard.says("skip", item=item)
    sent = json.dumps(heard.told)

    for word in ("claude", "haiku", "sonnet", "choice", "$", "req_"):
        assert word not in sent


def test_who_answered_is_told_after_the_grade(folder):
    """`reveal` is refused before, and answered after."""
    heard = Heard(GradeQueue(folder, who="ada"))
    before = heard.says("reveal", n="1", item=0)
    heard.says("grade", item=0, value=3)
    after = heard.says("reveal", n="2", item=0)

    assert before["kind"] == "problem"
    assert before["n"] == "1"
    assert after["kind"] == "revealed"
    assert "claude-" in after["html"]


def test_a_recommended_model_of_a_refusal_is_hidden(folder):
    """What the service recommends instead would tell which model refused."""
    run = study_run(samples=1)
    details = {"type": "refusal", "category": "cyber", "recommended_model": "claude-opus-4-8"}
    body = {**(run.rows[0].body or {}), "stop_reason": "refusal", "stop_details": details, "content": []}
    queue = GradeQueue(replace(run, rows=(replace(run.rows[0], body=body),)))
    state = Heard(queue).says("ready")

    assert "refused" in state["item"]["answers"][0]["view"]["html"]
    assert "claude" not in json.dumps(state)


# --- what was asked ------------------------------------------------------------------------------------


def stored(tmp_path, **columns):
    """Save a run together with its study; return the folder."""
    data = Dataset.load(
        [{"id": f"t-{n:03}", "input": f"ask {n}", "target": "x", **columns} for n in range(4)]
    )
    run = unlike(study_run(samples=4))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        prompts = [
            Prompt("{{input}}", model="claude-haiku-4-5", max_tokens=5, name=n)
            for n in run.info.variant_names
        ]
        Eval("e", dataset=data, variants=prompts, scorers=exact()).save(tmp_path / "run")
    return run.save(tmp_path / "run")


def test_the_whole_sample_is_shown(tmp_path):
    """With the study in the folder the input is not cut, and the other columns are there, folded."""
    folder = stored(tmp_path, passage="the passage " * 400)
    queue = GradeQueue(folder)
    state = Heard(queue).says("ready")
    html = state["item"]["question_html"]

    number = int(queue.items.each[0].sample.removeprefix("t-"))
    assert f"ask {number}" in html
    assert "the passage the passage" in html
    assert "4,800 characters" in html


def test_samples_that_are_not_the_runs_are_not_shown(tmp_path):
    """Another file of samples in the folder: what the result keeps is shown."""
    folder = stored(tmp_path)
    lines = (folder / "samples.jsonl").read_text().replace("t-0", "u-0")
    (folder / "samples.jsonl").write_text(lines)
    html = Heard(GradeQueue(folder)).says("ready")["item"]["question_html"]

    assert "I was charged twice this month" in html


def test_a_conversation_is_shown_turn_by_turn(monkeypatch):
    """An input of turns is no JSON to read."""
    run = study_run(samples=1)
    queue = GradeQueue(run)
    turns = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}]
    monkeypatch.setattr(queue._asked, "fields", lambda _: (turns, {}))
    html = Heard(queue).says("ready")["item"]["question_html"]

    assert "Hello" in html
    assert "{" not in html


def test_a_long_input_is_folded():
    """The answer stays in sight; how much is folded is said."""
    run = study_run(samples=1)
    queue = GradeQueue(replace(run, rows=tuple(replace(row, input="word " * 380) for row in run.rows)))
    html = Heard(queue).says("ready")["item"]["question_html"]

    assert "<details>" in html
    assert "1,900 characters" in html


# --- for the next cell -----------------------------------------------------------------------------------


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


# --- without a kernel --------------------------------------------------------------------------------------


def test_the_saved_view_counts_and_names_nobody(folder):
    """Progress, counts, agreement, how to go on; no grader and no note is in the notebook's file."""
    queue = GradeQueue(folder, who="zelda")
    heard = Heard(queue)
    heard.says("grade", item=0, value=4, note="a private remark")
    bundle = queue._repr_mimebundle_()
    saved = json.dumps(bundle)

    assert "1 of 17 answers graded" in bundle["text/plain"]
    assert "human and choice" in bundle["text/plain"]
    assert "run this cell again" in bundle["text/plain"]
    assert EMULATED in bundle["text/plain"].replace("\n", " ")
    for word in ("zelda", "private remark", getpass.getuser() + '"'):
        assert word not in saved
        assert word not in json.dumps(queue.get_state(), default=str).replace(queue._esm, "")


def test_an_empty_queue_shows(folder):
    """Nothing graded and nothing to grade are no errors."""
    run = GradeQueue(folder).run
    empty = GradeQueue(replace(run, rows=()))

    assert "0 of 0 answers graded" in str(empty)
    assert Heard(empty).says("ready")["item"] is None


def test_grades_in_memory_are_told_to_be_lost():
    """A run without a folder: grading works, and says what it costs."""
    queue = GradeQueue(study_run(samples=2), who="ada")
    state = Heard(queue).says("grade", item=0, value=3)

    assert state["done"] == 1
    assert any("lost with the kernel" in remark for remark in state["remarks"])


def test_another_graders_file_may_grow_meanwhile(folder):
    """Grades added by another process are in the frame after the next look."""
    queue = GradeQueue(folder, who="ada")
    Grades.open(folder).add(Grade(queue.items.each[0].trials, "rating", 5, "bob", "2026-11-23T10:00:00Z"))
    Heard(queue).says("ready")

    assert list(queue.frame()["who"]) == ["bob"]


def test_hostile_texts_are_inert_where_they_are_saved():
    """Names, answers and notes of every hostile kind: no tag and no control in the file."""
    queue = GradeQueue(hostile_run(), who="ada")
    heard = Heard(queue)
    for item, one in enumerate(queue.items.each):
        heard.says("grade", item=item, value=1 + item % 5, note=one.sample)
    bundle = queue._repr_mimebundle_()

    assert "<script" not in bundle["text/html"].lower()
    assert "<img" not in bundle["text/html"].lower()
    assert "\x1b" not in bundle["text/plain"] + bundle["text/html"]
    assert len(queue.frame()) == len(queue.items.each)
