from __future__ import annotations

import pickle
from types import SimpleNamespace
from typing import Any

import pytest

from workbench import score
from workbench.dataset import Dataset, Sample
from workbench.errors import DatasetError, UsageError
from workbench.score import Score
from workbench.wire import Message


def reply(*content: Any, **more: Any) -> Any:
    """Return a reply whose content is text or blocks."""
    blocks = [{"type": "text", "text": block} if isinstance(block, str) else block for block in content]
    return SimpleNamespace(message=Message.model_validate({"model": "m", "content": blocks}), **more)


def value(scorer: Any, target: Any, *content: Any) -> float | None:
    return score.apply(scorer, Sample("1", "?", target), reply(*content)).value


@pytest.mark.parametrize(
    ("scorer", "target", "answer", "expected"),
    [
        (score.exact(), "Paris", " Paris\n", 1),
        (score.exact(), "Paris", "paris", 0),
        (score.exact(), "Paris", "Paris.", 0),
        (score.exact(ignore_case=True), "STRASSE", "straße", 1),
        (score.exact(strip=False), "Paris", "Paris ", 0),
        (score.exact(), ["4", "four"], "four", 1),
        (score.exact(), 4, "4", 1),
        (score.exact(), True, "true", 1),
        (score.exact(), "caf\u00e9", "cafe\u0301", 0),
        (score.includes(), "Paris", "It is Paris, of course.", 1),
        (score.includes(), "Paris", "It is paris", 0),
        (score.includes(ignore_case=True), "Paris", "It is PARIS", 1),
        (score.includes(), ["a b", "c"], "xcx", 1),
        (score.includes(), "", "anything", None),
        (score.regex(r"\d{3}"), None, "abc 123", 1),
        (score.regex(r"^\d{3}$"), None, "abc 123", 0),
        (score.regex(r"Answer: (\w+)", group=1), "yes", "Answer: yes", 1),
        (score.regex(r"Answer: (\w+)", group=1), "yes", "Answer: no", 0),
        (score.regex(r"(?i)answer: (?P<a>.+)", group="a"), "yes", "ANSWER:  yes ", 1),
        (score.regex(r"a(b)?", group=1), "", "a", 1),
    ],
)
def test_text_is_compared(scorer, target, answer, expected):
    """What exact, includes and regex say of an answer."""
    assert value(scorer, target, answer) == expected


def test_a_wrong_answer_is_explained():
    """The explanation holds what was expected and what came, cut to a line."""
    got = score.exact()(Sample("1", "?", ["a", "b"]), reply("c\n" + "x" * 500))

    assert got.explanation.startswith('expected "a" or "b", got "c xxx')
    assert len(got.explanation) < 160


def test_the_answer_is_the_text_blocks_joined_exactly():
    """Nothing is put between the blocks of a cited answer."""
    assert value(score.exact(), "Paris is big", "Paris ", "is big") == 1


def test_thinking_is_never_graded_by_accident():
    """What stands only in the thinking does not count, unless the view says so."""
    content = ({"type": "thinking", "thinking": "42", "signature": ""}, "I do not know")

    assert value(score.includes(), "42", *content) == 0
    assert value(score.includes(view="thinking"), "42", *content) == 1


@pytest.mark.parametrize(
    ("view", "content", "seen"),
    [
        ("json", '```json\n{"b": 1, "a": [2]}\n```', '{"a":[2],"b":1}'),
        ("raw", "x", '[{"type":"text","text":"x"}]'),
        (
            "tool_calls",
            {"type": "tool_use", "id": "t", "name": "get", "input": {"b": 1}},
            '[{"name":"get","input":{"b":1}}]',
        ),
        (
            "citations",
            {
                "type": "text",
                "text": "x",
                "citations": [{"type": "char_location", "cited_text": "q", "document_index": 0,
                               "start_char_index": 0, "end_char_index": 1}],
            },
            '[{"type":"char_location","cited_text":"q","document_index":0,"start_char_index":0,"end_char_index":1}]',
        ),
    ],
)  # fmt: skip
def test_views(view, content, seen):
    """Each view is one text."""
    assert score.look(reply(content).message, view) == seen


def test_an_object_target_is_compared_in_one_form():
    """With the json view, the order of keys does not count."""
    assert value(score.exact(view="json"), {"a": 1, "b": 2}, '{"b": 2, "a": 1}') == 1


def test_a_view_that_cannot_be_made_is_a_wrong_answer():
    """An answer that is not JSON scores 0 in the json view, with the reason."""
    got = score.exact(view="json")(Sample("1", "?", "{}"), reply("{"))

    assert got.value == 0
    assert got.explanation.startswith("the answer is not JSON: ")


def test_an_unknown_view_is_refused_early():
    """While the study is written, with the nearest name."""
    with pytest.raises(UsageError, match="unknown view 'anwser'; did you mean 'answer'"):
        score.exact(view="anwser")  # type: ignore[arg-type]


def test_without_target_there_is_no_score():
    """Unscored is not zero."""
    got = score.exact()(Sample("1", "?"), reply("x"))

    assert got == Score(None, "the sample has no target")


@pytest.mark.parametrize(
    ("pattern", "text"),
    [("(a|aa)+$", "a" * 60 + "!"), ("(a?){60}a{60}$", "a" * 59 + "!"), (r"^(([a-z])+.)+[A-Z]$", "a" * 60)],
)
def test_a_pattern_that_never_ends_is_stopped(pattern, text):
    """Within two seconds, and unscored: neither the answer nor the sample is at fault."""
    import time

    start = time.perf_counter()
    got = score.regex(pattern)(Sample("1", "?"), reply(text))

    assert time.perf_counter() - start < 10
    assert got.value in {None, 0.0}


def test_a_stopped_pattern_says_so():
    """The explanation names the limit and the cure."""
    got = score.regex("(a|aa)+$")(Sample("1", "?"), reply("a" * 60 + "!"))

    assert got.explanation == "the pattern was stopped after 1 s; make it simpler"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: score.regex("("), "is not a regular expression: "),
        (lambda: score.regex("a", group=1), "has no group 1"),
        (lambda: score.regex("(a)", group="x"), "has no group 'x'"),
    ],
)
def test_a_bad_pattern_is_refused_early(make, message):
    """Before anything is sent."""
    with pytest.raises(UsageError, match=message):
        make()


def test_a_plain_function_is_a_scorer():
    """It takes sample and message, and is named after itself; what it returns is the score."""

    def shout(sample, message) -> bool:
        return bool(message.text == sample.target.upper())

    made = score.as_scorer(shout)

    assert (made.name, made.kind) == ("shout", "binary")
    assert value(shout, "a", "A") == 1


@pytest.mark.parametrize(
    ("returned", "expected"),
    [
        (True, Score(1.0)),
        (0.5, Score(0.5)),
        (2, Score(2.0)),
        (Score(0.3, "so"), Score(0.3, "so")),
        (None, Score(None, "the scorer said nothing")),
        (float("nan"), Score(None, "nan is no score")),
        (Score(float("inf"), "why"), Score(None, "inf is no score. why")),
        (
            "yes",
            Score(
                None,
                "scorer error: TypeError: returned str; a scorer returns a Score, a number, a bool or None",
            ),
        ),
    ],
)
def test_what_a_function_returns_becomes_a_score(returned, expected):
    """Numbers and booleans are values; nothing and nonsense leave the reply unscored."""
    assert score.apply(lambda sample, message: returned, Sample("1", "?"), reply("x")) == expected


def test_numpy_numbers_are_values():
    """What numpy returns is a number like any other."""
    import numpy as np

    assert score.apply(lambda sample, message: np.float64(0.5), Sample("1", "?"), reply("x")).value == 0.5
    assert score.apply(lambda sample, message: np.True_, Sample("1", "?"), reply("x")).value == 1


def test_a_failing_scorer_costs_one_score():
    """The error is in the explanation, and nothing is raised."""
    got = score.apply(lambda sample, message: dict[str, int]()["x"], Sample("1", "?"), reply("x"))

    assert got == Score(None, "scorer error: KeyError: 'x'")


def test_the_decorator_names_and_sorts():
    """Name and kind may be given."""

    @score.scorer(name="tone", kind="measure")
    def judge(sample, message):
        return 1

    assert (judge.name, judge.kind) == ("tone", "measure")


def test_what_cannot_be_called_is_no_scorer():
    """A string in the list of scorers is refused."""
    with pytest.raises(UsageError, match="not 'exact'"):
        score.as_scorer("exact")  # type: ignore[arg-type]


def test_prepare_asks_for_targets():
    """A dataset without targets is refused when a scorer compares with them, and only then."""
    data = Dataset.load(["a", "b"], name="d")

    assert len(score.prepare([score.length(), score.regex("a")], data)) == 2
    with pytest.raises(DatasetError, match='d: row 1: "target" is missing'):
        score.prepare([score.exact()], data)


ALL = [
    score.exact(),
    score.includes(),
    score.regex("a"),
    score.number(),
    score.json_valid({"type": "object"}),
    score.json_path("a.b"),
    score.choice(["a", "b"]),
    score.length(max=3),
    score.latency(max_s=1),
    score.cost(max_usd="0.01"),
    score.citations_valid(),
]


@pytest.mark.parametrize("scorer", ALL, ids=lambda scorer: scorer.name)
def test_every_scorer_is_frozen_data(scorer):
    """It is equal to its copy, cannot be changed, and says what its numbers mean."""
    assert pickle.loads(pickle.dumps(scorer)) == scorer
    assert hash(scorer) == hash(pickle.loads(pickle.dumps(scorer)))
    assert scorer.kind == "binary"
    with pytest.raises(AttributeError):
        scorer.name = "x"
