"""What is to be found out, before anything is sent."""

from __future__ import annotations

import warnings

import pytest

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
