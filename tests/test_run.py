"""Results and runs: kept, found again, shown."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from tests.test_report import BODY, failed, result
from workbench.dataset import Dataset
from workbench.errors import JournalError, UsageError
from workbench.evaluation import Eval
from workbench.grades import GRADES, Grade, Grades
from workbench.journal import frame
from workbench.prompt import Prompt
from workbench.run import INFO, JOURNAL, Recalled, Result, Run, RunInfo, judges, settle
from workbench.score import Score, length

INFO_OF_TWO = RunInfo(
    "study",
    fingerprint="f",
    variants=({"name": "a", "prompt": {}}, {"name": "b", "prompt": {}}),
    dataset={"name": "data", "rows": 3, "sha256": "s"},
    scorers=({"name": "correct", "kind": "binary"}, {"name": "length", "kind": "measure"}),
    status="complete",
)
JUDGES = frozenset({"correct"})


def rows():
    """Three samples, two variants: b fails on the second and errs on the third."""
    made = [
        result("a", 1), result("b", 1), result("a", 2), result("b", 2, 0.0), result("a", 3), failed("b", 3),
    ]  # fmt: skip
    return tuple(
        Result.from_record({**row.record(), "index": place}, JUDGES) for place, row in enumerate(made)
    )


def run():
    return Run(INFO_OF_TWO, rows())


def test_a_record_is_read_back_as_the_same_result():
    """Answers and errors, with all they carry."""
    for row in rows():
        assert Result.from_record(json.loads(json.dumps(row.record())), JUDGES) == row


def test_passed_is_what_the_judges_say():
    """True, False, and None for an error."""
    assert [row.passed for row in rows()] == [True, True, True, False, True, None]


def test_an_unscored_answer_neither_passed_nor_failed():
    """No number from a judge: no verdict."""
    assert result("a", 1, None, judges=JUDGES).passed is None


def test_measures_do_not_judge():
    """Yes/no scorers decide; where there are none, those that give a score."""
    assert judges([("correct", "binary"), ("fluent", "score")]) == {"correct"}
    assert judges([("fluent", "score"), ("length", "measure")]) == {"fluent"}
    assert judges([("length", "measure")]) == frozenset()


def test_message_and_usage_are_models():
    """What came as JSON is read when it is asked for."""
    row = result("a", 1)

    assert (row.text, row.usage.total_input, row.trial_id) == ("x", 1000, "a/1/0")


def test_cost_is_of_the_day_it_was_made():
    """List price from usage, model and date."""
    assert result("a", 1).cost.total == Decimal("0.0015")


def test_results_are_filtered():
    """By variant, by verdict, by both."""
    found = run()

    assert [r.trial_id for r in found.results(passed=False)] == ["b/2/0"]
    assert [r.trial_id for r in found.results(variant="b")] == ["b/1/0", "b/2/0", "b/3/0"]
    assert [r.trial_id for r in found.results(variant="b", passed=True)] == ["b/1/0"]
    assert [r.trial_id for r in found.failures] == ["b/2/0"]
    assert [r.trial_id for r in found.errors] == ["b/3/0"]


def test_an_unknown_variant_gets_the_nearest_name():
    """A typo is no empty result."""
    wide = Run(RunInfo("s", variants=({"name": "haiku-4-5", "prompt": {}},)), ())

    with pytest.raises(UsageError, match="did you mean 'haiku-4-5'"):
        wide.results(variant="haiku-45")


def test_an_unknown_scorer_gets_the_nearest_name():
    """Comparisons are by a scorer of the run."""
    with pytest.raises(UsageError, match="did you mean 'correct'"):
        run().compare("a", "b", scorer="corect")


def test_compare_takes_the_first_scorer():
    """Without being told which."""
    assert (run().compare("a", "b").scorer, run().compare("a", "b").n) == ("correct", 2)


def test_text_of_a_run_is_its_table_and_what_failed():
    """The noun shows itself."""
    assert str(run()) == f"{run().summary()}\n1 × overloaded_error: Overloaded"


def test_frame_has_a_row_per_trial():
    """Errors have no answer, no cost, no latency."""
    frame_ = run().frame()

    assert list(frame_["variant"]) == ["a", "b"] * 3
    assert list(frame_["correct"].fillna(-1)) == [1.0, 1.0, 1.0, 0.0, 1.0, -1.0]
    assert frame_["error_type"].iloc[5] == "overloaded_error"
    assert frame_[["answer", "cost_usd", "latency_s"]].iloc[5].isna().all()
    assert frame_["input_tokens"].iloc[0] == 1000


def test_save_and_load_is_the_same_run(tmp_path):
    """The folder is enough."""
    run().save(tmp_path / "run")

    again = Run.load(tmp_path / "run")

    assert (again.info, again.rows) == (run().info, run().rows)
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == [
        JOURNAL, "receipt.txt", INFO, "table.csv", "table.txt",
    ]  # fmt: skip


def test_a_moved_folder_can_be_loaded(tmp_path):
    """Nothing in it names its place."""
    run().save(tmp_path / "run")
    (tmp_path / "run").rename(tmp_path / "moved")

    assert str(Run.load(tmp_path / "moved").summary()) == str(run().summary())


def test_save_does_not_overwrite_another_run(tmp_path):
    """A journal there is somebody's answers."""
    run().save(tmp_path / "run")

    with pytest.raises(UsageError, match="give a folder of its own"):
        run().save(tmp_path / "run")


def test_grades_and_study_go_where_the_run_is_saved(tmp_path):
    """Whoever saves a run somewhere else has all of it there; grades stay their owner's to read."""
    own, other = run().save(tmp_path / "own"), tmp_path / "other"
    data = Dataset.load([{"input": "?"}])
    study = Eval("e", dataset=data, variants=Prompt("{{input}}", model="m", max_tokens=9), scorers=[length()])
    study.save(own)
    grade = Grade((run().rows[0].trial_id,), "rating", 4, "ada", "2026-11-23T10:00:00Z", "short")
    Grades.open(own).add(grade)

    Run.load(own).save(other)

    assert Grades.open(other).all == (grade,)
    assert Eval.load(other).fingerprint == study.fingerprint
    modes = [{path.name: path.stat().st_mode for path in folder.iterdir()} for folder in (own, other)]
    assert modes[0] == modes[1]


def test_a_run_takes_no_grades_of_another(tmp_path):
    """Grades that lie in the new folder are somebody's; nothing is written there."""
    Grades.open(tmp_path).add(Grade(("a/1/0",), "pass", 1, "ada", "2026-11-23T10:00:00Z"))

    with pytest.raises(UsageError, match="grades of another run"):
        run().save(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == [GRADES]


def test_a_save_that_failed_can_be_made_again(tmp_path):
    """The grades that an earlier try left are the same ones."""
    own, other = run().save(tmp_path / "own"), tmp_path / "other"
    Grades.open(own).add(Grade(("a/1/0",), "pass", 1, "ada", "2026-11-23T10:00:00Z"))
    Run.load(own).save(other)
    (other / JOURNAL).unlink()

    Run.load(own).save(other)

    assert len(Grades.open(other)) == 1
    assert (other / JOURNAL).exists()


def test_a_loaded_run_saves_into_its_own_folder(tmp_path):
    """Reports are written again, the journal stays."""
    run().save(tmp_path / "run")
    (tmp_path / "run" / "table.txt").unlink()

    Run.load(tmp_path / "run").save(tmp_path / "run")

    assert (tmp_path / "run" / "table.txt").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "no run here"),
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"name": "x"}', "cannot be read"),
    ],
    ids=["missing", "torn", "a list", "half"],
)
def test_a_folder_without_a_run_is_said(tmp_path, text, message):
    """One line with the cure, never a traceback of json."""
    if text is not None:
        (tmp_path / INFO).write_text(text)

    with pytest.raises(UsageError, match=message):
        Run.load(tmp_path)


def test_fields_newer_than_this_code_are_ignored(tmp_path):
    """A folder of a later version can be read."""
    run().save(tmp_path / "run")
    path = tmp_path / "run" / INFO
    path.write_text(json.dumps({**json.loads(path.read_text()), "new": 1}))

    assert len(Run.load(tmp_path / "run")) == 6


def test_a_strange_record_is_named(tmp_path):
    """A whole record that is no result of ours."""
    run().save(tmp_path / "run")
    with (tmp_path / "run" / JOURNAL).open("ab") as file:
        file.write(frame({"type": "answer", "variant": "a", "sample": "9", "epoch": 0}))

    with pytest.raises(JournalError, match="the record of a/9/0"):
        Run.load(tmp_path / "run")


def test_records_of_types_newer_than_this_code_are_passed_over():
    """A later version may note more."""
    assert settle([{"type": "new", "anything": 1}]) == Recalled({}, 0, ())


def test_an_answer_beats_an_error_and_the_first_answer_stays():
    """Whatever the order, never two results of one trial."""
    error = failed("a", 1).record()
    first, second = result("a", 1).record(), result("a", 1, 0.0).record()

    for records in ([error, first, second], [first, error, second]):
        assert settle(records)[0][0].scores["correct"].value == 1.0


def test_calls_without_an_end_are_counted():
    """Begun twice, ended once: one is perhaps paid."""
    intent = {"type": "intent", "index": 0, "key": "k"}

    assert settle([intent, intent, result("a", 1).record()])[1] == 1


def test_an_intent_taken_back_is_no_call():
    """Stopped before it was sent."""
    assert settle([{"type": "intent", "index": 0, "key": "k"}, {"type": "unsent", "index": 0}])[1] == 0


def test_what_was_asked_survives_the_folder(tmp_path):
    """A failure can be read without the dataset."""
    row = result("a", 1, input="What is 1 + 1?", target="2")

    Run(INFO_OF_TWO, (row,)).save(tmp_path / "run")

    (again,) = Run.load(tmp_path / "run").rows
    assert (again.input, again.target) == ("What is 1 + 1?", "2")


def test_surrogates_survive_the_folder(tmp_path):
    """Half a character, as models sometimes send, is kept exact and breaks no file."""
    body = {**BODY, "content": [{"type": "text", "text": "\ud83d"}]}
    row = result("a", "\ud83d", body=body, scores={"correct": Score(1.0, "\ud83d")})

    Run(INFO_OF_TWO, (row,)).save(tmp_path / "run")

    (again,) = Run.load(tmp_path / "run").rows
    assert (again.text, again.sample_id) == ("\ud83d", "\ud83d")


def test_text_of_a_result_says_what_the_scorers_said():
    """What was asked, verdicts and answer, or the error."""
    row = result("a", 1, scores={"correct": Score(0.0, "expected y")}, input="y?", target="y")

    assert str(row).splitlines() == [
        "a/1/0 · claude-haiku-4-5",
        "asked: y?",
        "correct 0: expected y",
        "answer: x",
    ]
    assert str(failed("a", 1)).splitlines()[1] == "error: overloaded_error: Overloaded"


def test_an_answer_without_a_call_makes_up_for_no_later_one():
    """What came from the store was never begun; a call begun after it and cut off is still in doubt."""
    records = [result("a", 1).record(), {"type": "intent", "index": 0, "key": "k"}]

    assert settle(records)[1] == 1
