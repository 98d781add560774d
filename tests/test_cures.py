"""What a notebook's first words may get wrong, and what then is said to do."""

from __future__ import annotations

import re

import pytest

import workbench as wb
from tests.studies import study_run
from workbench.errors import PromptError, UsageError

PROMPT = wb.Prompt("Add: {{input}}", model="claude-haiku-4-5", max_tokens=10)
DATA = [{"input": "2 + 2", "target": "4"}]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"prompt": []}, "prompt is empty; give at least one"),
        ({"prompt": {}}, "prompt is empty; give at least one"),
        ({"prompt": PROMPT, "models": []}, "models is empty; give at least one, or leave it out"),
        ({"prompt": PROMPT, "effort": ()}, "effort is empty; give at least one, or leave it out"),
    ],
)
def test_a_comparison_of_nothing_says_what_is_empty(given, said):
    """Not what became of it further in; nothing is sent."""
    with pytest.raises(PromptError) as caught:
        wb.compare(**given, data=DATA)

    assert str(caught.value) == f"compare has nothing to ask: {said}"


def test_a_variant_that_is_not_there_is_told_those_that_are():
    """Where one is near it alone is named, else all are."""
    run = study_run(samples=2)
    first, second, *_ = run.info.variant_names
    listed = ", ".join(repr(name) for name in run.info.variant_names)

    with pytest.raises(UsageError, match=re.escape(f"no variant 'qqq' in this run; there are {listed}")):
        wb.GradeQueue(run, pair=("qqq", second))
    with pytest.raises(UsageError, match=re.escape(f"did you mean {first!r}")):
        wb.GradeQueue(run, pair=(first + "s", second))


def test_the_cure_of_a_wrong_baseline_is_a_call_that_works():
    """The baseline stands inside the parentheses, not behind them."""
    with pytest.raises(UsageError, match=r"ResultTable\(against=client\.run\(study\)\)$"):
        wb.ResultTable(study_run(samples=2), against=5)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"not int: GradeQueue\(client\.run\(study\)\)$"):
        wb.GradeQueue(5)  # type: ignore[arg-type]
