"""What is to be found out, before anything is sent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from decimal import Decimal

import pytest

from tests.commands import ROOT
from workbench import score
from workbench.dataset import Dataset, Sample
from workbench.errors import DatasetError, PromptError, UsageError
from workbench.evaluation import Eval
from workbench.prompt import Prompt, grid
from workbench.score import exact, includes, length

DATA = Dataset.load([{"input": "1 + 1", "target": "2"}, {"input": "2 + 2", "target": "4"}], name="sums")
HAIKU = Prompt("Solve: {{input}}", model="claude-haiku-4-5", max_tokens=9, name="haiku")
SONNET = HAIKU.with_(model="claude-sonnet-4-6", name="sonnet")


def study(**changes):
    return Eval(
        **{"name": "sums", "dataset": DATA, "variants": [HAIKU, SONNET], "scorers": [exact()], **changes}
    )


def test_trials_go_sample_by_sample():
    """A run cut short has asked every variant the same samples."""
    ids = [trial.id for trial in study(epochs=2).trials()]

    assert ids == [
        "haiku/1/0", "sonnet/1/0", "haiku/1/1", "sonnet/1/1",
        "haiku/2/0", "sonnet/2/0", "haiku/2/1", "sonnet/2/1",
    ]  # fmt: skip


def test_trials_are_numbered_in_order():
    """The index is the place in the evaluation's order."""
    assert [trial.index for trial in study().trials()] == [0, 1, 2, 3]


def test_requests_are_rendered():
    """`requests` is what lint and estimate get."""
    requests = study().requests()

    assert [r.messages[0].content for r in requests] == ["Solve: 1 + 1"] * 2 + ["Solve: 2 + 2"] * 2


def test_length_is_the_number_of_trials():
    """2 variants, 2 samples, 3 epochs."""
    assert len(study(epochs=3)) == 12


def test_one_prompt_is_one_variant():
    """A prompt alone needs no list."""
    assert [v.name for v in study(variants=HAIKU).variants] == ["haiku"]


def test_a_prompt_without_name_is_called_prompt():
    """A study of one prompt needs no names."""
    assert study(variants=HAIKU.with_(name=None)).variants[0].name == "prompt"


def test_prompts_may_come_by_name():
    """The name given wins over the prompt's own."""
    made = study(variants={"a": HAIKU, "b": SONNET})

    assert [variant.name for variant in made.variants] == ["a", "b"]
    assert made.variants[1].prompt == SONNET


def test_a_grid_is_taken_as_it_is():
    """Variants keep their names."""
    found = study(variants=grid(HAIKU.with_(name=None), model=["claude-haiku-4-5", "claude-sonnet-4-6"]))

    assert [v.name for v in found.variants] == ["haiku-4-5", "sonnet-4-6"]


def test_a_dataset_may_be_a_list():
    """Whatever `Dataset.load` reads."""
    assert len(study(dataset=[{"input": "1", "target": "1"}]).dataset) == 1


def test_limit_takes_the_first_samples():
    """The same study, smaller."""
    assert [t.sample.id for t in study().limit(1).trials()] == ["1", "1"]


def test_limit_of_nothing_is_refused():
    """A study of no samples finds nothing out."""
    with pytest.raises(UsageError, match="leaves no sample"):
        study().limit(0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"variants": [HAIKU, HAIKU]}, "variant 'haiku' occurs more than once"),
        ({"variants": []}, "has no variants"),
        ({"variants": ["text"]}, "not str"),
        ({"scorers": [exact(), exact()]}, "scorer 'exact' occurs more than once"),
        ({"epochs": 0}, "epochs must be a whole number of 1 or more, not 0"),
        ({"epochs": 1.5}, "not 1.5"),
        ({"name": ""}, "needs a name"),
    ],
)
def test_what_cannot_work_is_said_before_anything_is_sent(changes, message):
    """Each mistake has its sentence."""
    with pytest.raises(UsageError, match=message):
        study(**changes)


def test_an_undefined_placeholder_is_refused():
    """Every sample must have a value for every name."""
    with pytest.raises(PromptError, match="context"):
        study(variants=Prompt("{{context}}", model="m", max_tokens=1))


def test_a_scorer_without_targets_is_refused():
    """A scorer that compares needs something to compare with."""
    with pytest.raises(DatasetError, match="target"):
        study(dataset=Dataset("bare", (Sample("1", "?"),)))


def test_a_scorer_that_needs_no_target_is_fine():
    """Length can be measured without one."""
    assert len(study(dataset=Dataset("bare", (Sample("1", "?"),)), scorers=length())) == 2


def test_an_unused_column_is_a_warning_at_the_callers_line():
    """Perhaps a placeholder was forgotten."""
    data = [{"input": "1", "target": "1", "context": "c"}]

    with pytest.warns(UserWarning, match="no prompt of 'sums' uses: context") as caught:
        Eval("sums", dataset=data, variants=HAIKU, scorers=[exact()])

    assert caught[0].filename == __file__


def test_a_column_that_one_of_the_prompts_uses_is_used():
    """Prompts of one study may use different columns."""
    data = [{"input": "1", "target": "1", "context": "c"}]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        study(
            dataset=data, variants=[HAIKU, Prompt("{{context}} {{input}}", name="b", model="m", max_tokens=1)]
        )


@pytest.mark.parametrize(
    "changes",
    [
        {"dataset": DATA.head(1)},
        {"variants": [HAIKU]},
        {"variants": [HAIKU, SONNET.with_(max_tokens=10)]},
        {"scorers": [includes()]},
        {"scorers": [exact(ignore_case=True)]},
        {"scorers": [includes(name="exact")]},
        {"epochs": 2},
    ],
    ids=["samples", "variants", "prompt", "scorers", "a scorer's setting", "a scorer's kind", "epochs"],
)
def test_another_study_has_another_fingerprint(changes):
    """Whatever changes the questions changes the print."""
    assert study(**changes).fingerprint != study().fingerprint


def test_the_same_study_has_the_same_fingerprint():
    """Two objects, one study; the name does not count."""
    assert study(name="other").fingerprint == study().fingerprint


def test_a_scorers_own_objects_do_not_change_the_fingerprint():
    """What differs in every process, an address say, would make every resume another study."""

    def judge(sample, message):
        return 1

    def other(sample, message):
        return 1

    other.__name__ = "judge"

    assert study(scorers=[judge]).fingerprint == study(scorers=[other]).fingerprint


def test_limit_has_a_fingerprint_of_its_own():
    """A part is not the whole."""
    whole = study()

    assert whole.limit(1).fingerprint != whole.fingerprint


def test_text_says_how_many_requests():
    """The noun shows itself."""
    assert str(study(epochs=2)) == (
        "sums · 2 variants × 2 samples × 2 epochs = 8 requests\n  haiku\n  sonnet\n  scored by exact"
    )


# --- as files ----------------------------------------------------------------------------------------

SCORERS = (
    score.exact(ignore_case=True, strip=False, view="thinking"),
    score.includes(name="holds"),
    score.regex(r"(\w+) (?P<rest>.*)", group="rest"),
    score.regex("x", name="x"),
    score.choice(),
    score.choice(["2", "4", "none"], name="given"),
    score.number(tolerance=0.5),
    score.json_valid({"type": "object", "required": ["a"]}),
    score.json_valid(fenced=True, name="any json"),
    score.json_path("a.b[0]", equals=None),
    score.json_path("a.b[1]", equals={"c": [1, 2.5]}),
    score.json_path("a"),
    score.length(max=5, unit="chars"),
    score.length(name="measured"),
    score.latency(max_s=2.5),
    score.latency(name="time"),
    score.cost(max_usd="0.01"),
    score.cost(name="money"),
    score.citations_valid(),
)


def kept(evaluation, folder):
    evaluation.save(folder)
    return Eval.load(folder)


def test_a_study_comes_back_from_its_files(tmp_path):
    """The same questions, the same judges, the same print."""
    tools = [{"name": "f", "description": "{{input}}", "input_schema": {"type": "object"}}]
    prompts = grid(HAIKU.with_(tools=tools), model=["claude-haiku-4-5", "claude-sonnet-4-6"])
    evaluation = study(variants=prompts, scorers=SCORERS, epochs=3)

    found = kept(evaluation, tmp_path)

    assert found.fingerprint == evaluation.fingerprint
    assert found.scorers == evaluation.scorers
    assert found.variants == evaluation.variants
    assert [v.prompt.name for v in found.variants] == [v.prompt.name for v in evaluation.variants]
    assert (found.name, found.epochs, str(found)) == (evaluation.name, 3, str(evaluation))
    assert [r.wire() for r in found.requests()] == [r.wire() for r in evaluation.requests()]


def test_every_scorer_of_the_package_comes_back():
    """One that is added there needs its place here."""
    makers = {name for name in score.__all__ if name.islower() and name not in {"apply", "as_scorer"}}
    made = {type(one).__name__ for one in SCORERS}

    others = {"look", "prepare", "scorer"}
    names = {type_name.lower() for type_name in made}
    assert {name.replace("_", "") for name in makers - others} == names


@pytest.mark.parametrize(
    "sample",
    [
        Sample("1", "é \u2028 \x00", "2"),
        Sample("1", "\ud800", "lone"),
        Sample("1", {"b": [1, 2.5, None, True]}, ["a", "b"]),
        Sample("1", 10**30, 0.1 + 0.2),
        Sample("1", "x", 1, {"input": "another"}, {"source": {"page": 3}}),
        Sample("1", None, None),
    ],
    ids=["odd characters", "surrogate", "data", "numbers", "values of its own", "nothing"],
)
def test_samples_come_back_exactly(tmp_path, sample):
    """Ids, inputs, targets, values and metadata, to the last bit."""
    evaluation = study(dataset=Dataset("odd", (sample,)), scorers=length())

    found = kept(evaluation, tmp_path)

    assert found.dataset == evaluation.dataset
    assert found.dataset.sha256 == evaluation.dataset.sha256


def test_a_limited_study_keeps_its_part_alone(tmp_path):
    """What was not asked about is not written."""
    found = kept(study().limit(1), tmp_path)

    assert [sample.id for sample in found.dataset] == ["1"]
    assert len((tmp_path / "samples.jsonl").read_text().splitlines()) == 1


def test_a_studys_files_are_private(tmp_path):
    """They hold what the journal holds."""
    study().save(tmp_path)

    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


@pytest.mark.parametrize(
    "judge",
    [
        lambda sample, message: 1,
        score.scorer(name="mine")(lambda sample, message: 1),
        type("Own", (score.text.Exact,), {})(name="own"),
        score.number(tolerance=Decimal("0.1")),  # type: ignore[arg-type]
    ],
    ids=["function", "decorated", "subclass", "a setting that is no JSON"],
)
def test_code_is_not_kept(tmp_path, judge):
    """Saving works; loading says which scorer is missing."""
    evaluation = study(scorers=[judge])
    evaluation.save(tmp_path)

    with pytest.raises(UsageError, match=f"the scorer {evaluation.scorers[0].name!r} is code of yours"):
        Eval.load(tmp_path)


HOSTILE = [
    {"scorer": "os.system", "settings": {"command": "touch pwned"}},
    {"scorer": "builtins.eval", "settings": {"name": "open('pwned', 'w')"}},
    {"scorer": "__reduce__", "settings": {}},
    {"scorer": "exact", "settings": {"name": "x", "function": "os.system"}},
    {"scorer": "exact", "settings": {"__class__": "os.system"}},
    {"scorer": "exact", "settings": ["os.system"]},
    {"scorer": "exact", "settings": {"name": {"py/object": "os.system"}}},
    {"scorer": "regex", "settings": {"pattern": ["("]}},
    {"scorer": "regex", "settings": {"pattern": "("}},
    {"scorer": "json_valid", "settings": {"schema": "not JSON"}},
    {"scorer": "json_valid", "settings": {"schema": "[1]"}},
    {"scorer": "cost", "settings": {"max_usd": "__import__('os')"}},
    {"scorer": ["exact"], "settings": {}},
    {"scorer": "exact"},
    {},
    "exact",
    [],
]


@pytest.mark.parametrize("spec", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_scorer_is_refused(tmp_path, spec):
    """Names in a file choose among our scorers; settings are plain; the error is one of ours."""
    study().save(tmp_path)
    head = json.loads((tmp_path / "study.json").read_text())
    head["scorers"][0]["spec"] = spec
    (tmp_path / "study.json").write_text(json.dumps(head))

    with pytest.raises(UsageError):
        Eval.load(tmp_path)


@pytest.mark.parametrize("field", ["name", "epochs", "variants", "scorers", "dataset", "fingerprint"])
@pytest.mark.parametrize("value", [None, 3, "x", [[]], {"a": 1}, [{"name": 1}]], ids=repr)
def test_a_mangled_study_is_refused(tmp_path, field, value):
    """Whatever stands there: no raw error."""
    study().save(tmp_path)
    head = json.loads((tmp_path / "study.json").read_text())
    (tmp_path / "study.json").write_text(json.dumps(head | {field: value}))

    try:
        found = Eval.load(tmp_path)
    except UsageError:
        return
    assert found.fingerprint == study().fingerprint  # a name is only a name


@pytest.mark.parametrize("line", ["", "x", "[]", "null", '{"id": 1}', '{"id": "1", "values": []}', '{"id"'])
def test_mangled_samples_are_refused(tmp_path, line):
    """Whatever stands there: no raw error."""
    study().save(tmp_path)
    (tmp_path / "samples.jsonl").write_text(f"{line}\n")

    with pytest.raises(UsageError, match=r"samples\.jsonl was changed"):
        Eval.load(tmp_path)


def test_code_that_lies_in_the_folder_is_not_run(tmp_path):
    """Neither modules named as ours nor start-up files; a process of its own, standing there."""
    study().save(tmp_path)
    for name in (
        "sitecustomize.py",
        "conftest.py",
        "workbench_eval.py",
        "samples.py",
        "study.py",
        "score.py",
    ):
        (tmp_path / name).write_text("open('pwned', 'w')")
    code = "from workbench.evaluation import Eval; print(len(Eval.load('.')))"

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "4\n"
    assert not (tmp_path / "pwned").exists()
