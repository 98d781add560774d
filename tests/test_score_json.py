from __future__ import annotations

import json
import time
import warnings
from types import SimpleNamespace
from typing import Any

import pytest

from workbench import score
from workbench.dataset import Sample
from workbench.errors import UsageError
from workbench.wire import Message

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string", "pattern": "^[A-Z]"}, "age": {"type": "integer"}},
    "required": ["name"],
    "additionalProperties": False,
}


def judge(scorer: Any, answer: str, target: Any = None) -> score.Score:
    message = Message.model_validate({"model": "m", "content": [{"type": "text", "text": answer}]})
    return score.apply(scorer, Sample("1", "?", target), SimpleNamespace(message=message))


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ('{"a": 1}', 1),
        (" [1]\n", 1),
        ('"text"', 1),
        ('"NaN"', 1),
        ('"\\ud800"', 1),
        ("123456789012345678901234567890", 1),
        ('Here: {"a": 1}', 0),
        ('```json\n{"a": 1}\n```', 0),
        ("{'a': 1}", 0),
        ('{"a": 1,}', 0),
        ("NaN", 0),
        ('{"a": -Infinity}', 0),
        ("", 0),
        ("[" * 100_000, 0),
    ],
)
def test_json_valid_wants_json_and_nothing_else(answer, value):
    """No text around, no fence, no NaN."""
    assert judge(score.json_valid(), answer).value == value


def test_a_fence_may_be_allowed():
    """One fence around the whole."""
    assert judge(score.json_valid(fenced=True), '```json\n{"a": 1}\n```').value == 1
    assert judge(score.json_valid(fenced=True), 'So:\n```json\n{"a": 1}\n```').value == 0


def test_invalid_json_is_explained():
    """With line and column."""
    assert (
        judge(score.json_valid(), '{"a":\n}').explanation
        == "the answer is not JSON: expecting value at line 2, column 1"
    )


@pytest.mark.parametrize(
    ("answer", "explanation"),
    [
        ('{"name": "Ada", "age": 36}', ""),
        ('{"age": 36}', "$: 'name' is a required property"),
        ('{"name": "Ada", "age": "36"}', "$.age: '36' is not of type 'integer'"),
        ('{"name": "ada"}', "$.name: 'ada' does not match ^[A-Z]"),
    ],
)
def test_a_schema_is_checked(answer, explanation):
    """The explanation names the place and the problem."""
    got = judge(score.json_valid(PERSON), answer)

    assert (got.value, got.explanation) == (float(not explanation), explanation)


def test_a_pattern_in_a_schema_is_stopped():
    """A schema's pattern has the same time limit as the regex scorer."""
    start = time.perf_counter()
    got = judge(score.json_valid({"type": "string", "pattern": "(a|aa)+$"}), json.dumps("a" * 60 + "!"))

    assert time.perf_counter() - start < 10
    assert got.value == 0
    assert "was stopped after 1 s" in got.explanation


def test_a_schema_fetches_nothing():
    """A reference to elsewhere is a scorer error, not a request."""
    with warnings.catch_warnings(action="error"):
        got = judge(score.json_valid({"$ref": "http://127.0.0.1:9/schema.json"}), "{}")

    assert got.value is None
    assert "scorer error" in got.explanation


def test_a_wrong_schema_is_refused_early():
    """While the study is written."""
    with pytest.raises(UsageError, match="not a JSON Schema: "):
        score.json_valid({"type": "strnig"})


ANSWER = '{"label": "a", "items": [{"id": 1, "x.y": true}, {"id": 2.0}, {}], "none": null}'


@pytest.mark.parametrize(
    ("path", "target", "value"),
    [
        ("label", "a", 1),
        ("$.label", "a", 1),
        ("label", ["b", "a"], 1),
        ("label", "b", 0),
        ("items[0].id", 1, 1),
        ("items[0].id", "1", 1),
        ("items[0].id", True, 0),
        ("items[1].id", 2, 1),
        ("items[-2].id", 2, 1),
        ("items[*].id", [1, 2], 1),
        ("items[*].id", [2, 1], 0),
        ('items[0]["x.y"]', True, 1),
        ("items[0]['x.y']", "true", 1),
        ("items[9].id", 1, 0),
        ("label.deeper", "a", 0),
        ("label[0]", "a", 0),
        ("missing", "a", 0),
        ("", {"label": "a"}, 0),
    ],
)
def test_the_value_at_the_path_is_compared(path, target, value):
    """1 is 1.0, true is not 1, a text may stand for a number."""
    assert judge(score.json_path(path or "$"), ANSWER, target).value == value


def test_a_missing_path_is_told_from_a_wrong_value():
    """The explanation says which."""
    assert judge(score.json_path("x.y"), "{}", 1).explanation == "there is nothing at x.y"
    assert judge(score.json_path("x"), '{"x": 2}', 1).explanation == "x: expected 1, got 2"
    assert judge(score.json_path("x"), "no", 1).explanation.startswith("the answer is not JSON: ")


def test_a_fixed_value_may_be_compared():
    """Then no target is needed, and null is a value."""
    scorer = score.json_path("none", equals=None)

    assert not scorer.needs_target
    assert judge(scorer, ANSWER).value == 1


def test_a_fence_around_json_is_taken_off():
    """json_path grades the content, json_valid the form."""
    assert judge(score.json_path("a"), '```\n{"a": 5}\n```', 5).value == 1


@pytest.mark.parametrize("path", ["a[", "a[x]", "a..b", "[0", 'a["b]'])
def test_a_path_that_cannot_be_read_is_refused_early(path):
    """With an example of one that can."""
    with pytest.raises(UsageError, match="cannot be read from"):
        score.json_path(path)


def test_a_tool_call_may_be_graded():
    """The view tool_calls is JSON too."""
    message = Message.model_validate(
        {"model": "m", "content": [{"type": "tool_use", "id": "t", "name": "get", "input": {"city": "Oslo"}}]}
    )
    scorer = score.json_path("[0].input.city", view="tool_calls", name="city")

    got = scorer(Sample("1", "?", "Oslo"), SimpleNamespace(message=message))

    assert (scorer.name, got.value) == ("city", 1)


def test_a_number_beyond_reading_is_a_wrong_answer():
    """What is not JSON scores 0, also where Python refuses to read its digits; it is no scorer's error."""
    assert judge(score.json_valid(), "[" + "1" * 5000, None).value == 0.0
