from __future__ import annotations

from types import SimpleNamespace

import pytest

from workbench import score
from workbench.dataset import Dataset, Sample
from workbench.score.labels import find_labels
from workbench.wire import Message

MOODS = ("positive", "negative", "neutral")


def reply(answer: str) -> SimpleNamespace:
    message = Message.model_validate({"model": "m", "content": [{"type": "text", "text": answer}]})
    return SimpleNamespace(message=message)


@pytest.mark.parametrize(
    ("answer", "labels", "found"),
    [
        ("positive", MOODS, ["positive"]),
        (" **Positive**.\n", MOODS, ["positive"]),
        ("The review is negative.", MOODS, ["negative"]),
        ("Label: neutral", MOODS, ["neutral"]),
        ("positive or negative?", MOODS, ["positive", "negative"]),
        ("It praises, so not negative.\n\npositive", MOODS, ["positive"]),
        ("positive\n\nIt is not negative, because …", MOODS, ["positive"]),
        ("positive\nnegative", MOODS, ["positive", "negative"]),
        ("positively great", MOODS, []),
        ("", MOODS, []),
        ("This is not spam.", ("spam", "not spam"), ["not spam"]),
        ("This is spam.", ("spam", "not spam"), ["spam"]),
        ("The answer is B.", ("A", "B", "C"), ["B"]),
        ("A customer wrote. (C)", ("A", "B", "C"), ["C"]),
        ("a", ("A", "B"), []),
        ("A", ("A", "B"), ["A"]),
        ("C++ it is", ("C++", "C"), ["C++"]),
        ("ÄRGER", ("Ärger", "Freude"), ["Ärger"]),
        ("anything", (), []),
    ],
)
def test_the_label_is_found(answer, labels, found):
    """A line of its own decides; else labels count as whole words, the longest first."""
    assert list(find_labels(answer, labels)) == found


@pytest.mark.parametrize(
    ("answer", "value", "explanation"),
    [
        ("negative", 1, ""),
        ("positive", 0, 'expected "negative", got "positive"'),
        ("negative and neutral", 0, "ambiguous: the answer names negative and neutral"),
        ("bad", 0, "the answer names no label"),
    ],
)
def test_the_label_is_compared(answer, value, explanation):
    """Two labels are ambiguous: 0, with both in the explanation."""
    got = score.choice(MOODS)(Sample("1", "?", "negative"), reply(answer))

    assert (got.value, got.explanation) == (value, explanation)


def test_a_target_that_is_no_label_is_unscored():
    """A mistake of the dataset is not a wrong answer."""
    got = score.choice(MOODS)(Sample("1", "?", "Negative!"), reply("negative"))

    assert got.value is None
    assert 'the target "Negative!" is not among the labels' in got.explanation


def test_the_dataset_teaches_the_labels():
    """Labels are the targets of all samples, in order of appearance; those given are kept."""
    data = Dataset.load(
        [{"input": "a", "target": "x"}, {"input": "b", "target": "y"}, {"input": "c", "target": "x"}]
    )

    learned, given = score.prepare([score.choice(), score.choice(["y", "x", "z"], name="given")], data)

    assert learned == score.choice(["x", "y"])
    assert given == score.choice(["y", "x", "z"], name="given")
    assert learned(data[0], reply("I say x")).value == 1


@pytest.mark.parametrize(("answer", "value"), [("billing", 1), ("Billing.", 1), ("billing or account", 0)])
def test_without_labels_only_the_bare_target_passes(answer, value):
    """Nothing tells then which other words would make it ambiguous."""
    assert score.choice()(Sample("1", "?", "billing"), reply(answer)).value == value
