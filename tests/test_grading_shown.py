"""What a grader is shown: nobody's name, all that was asked, and no text that acts."""

from __future__ import annotations

import getpass
import json
import warnings
from dataclasses import replace

import pytest

from tests import queues
from tests.queues import PAIR, Heard, unlike
from tests.studies import hostile_run, study_run
from workbench.dataset import Dataset
from workbench.evaluation import Eval
from workbench.grades import Grade, Grades
from workbench.prompt import Prompt
from workbench.report.words import EMULATED
from workbench.score import exact
from workbench.widgets.grading import GradeQueue

folder = queues.folder


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
