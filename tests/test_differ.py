"""report/differ.py: texts aligned by sentence and word, JSON by field."""

from __future__ import annotations

import json
import random
from difflib import SequenceMatcher

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile import LONG, NAMES, TEXTS
from workbench.report import differ
from workbench.report.differ import ABSENT, MAX_TEXT, Change, FieldChange, sentences, spans, structure
from workbench.report.segments import segments, words

some_text = st.text(alphabet="ab AB.!?\n\t0123-`|\"'eg。", max_size=200)
some_json = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.floats(0, 2) | st.text("ab", max_size=2),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abc ", max_size=2), inner, max_size=4)
    ),
    max_leaves=20,
)


def kinds(a: str, b: str) -> list[str]:
    return [change.kind for change in sentences(a, b)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is. He left.", ["It is. ", "He left."]),
        ("Costs 3.50 euros. Fine.", ["Costs 3.50 euros. ", "Fine."]),
        ("Use it, e.g. Monday, i.e. soon. Then go.", ["Use it, e.g. Monday, i.e. soon. ", "Then go."]),
        ("Dr. No met Mrs. Ho. They left.", ["Dr. No met Mrs. Ho. ", "They left."]),
        ("J. R. Smith of the U.S. Army came.", ["J. R. Smith of the U.S. Army came."]),
        ("Das gilt z.B. Montag bzw. Dienstag. Ende.", ["Das gilt z.B. Montag bzw. Dienstag. ", "Ende."]),
        ("It is B. Because of John F. Kennedy.", ["It is B. ", "Because of John F. Kennedy."]),
        ("He was born in 1999. Then he left.", ["He was born in 1999. ", "Then he left."]),
        ("1. First\n2. Second", ["1. First\n", "2. Second"]),
        ('He said "Stop!" Then he left.', ['He said "Stop!" ', "Then he left."]),
        ("Wait... What? (Really.) Yes!", ["Wait... ", "What? ", "(Really.) ", "Yes!"]),
        ("He asked why? and left.", ["He asked why? and left."]),
        ("See example.com. Visit v2.0.1 now.", ["See example.com. ", "Visit v2.0.1 now."]),
        ("今日は。明日も。", ["今日は。", "明日も。"]),
        ("    x = 1. Y\n    z", ["    x = 1. Y\n", "    z"]),
        ("```\na. B\nc! D\n```\nOne. F.", ["```\n", "a. B\n", "c! D\n", "```\n", "One. ", "F."]),
        ("| a. B | c! D |\n", ["| a. B | c! D |\n"]),
        ("One\n\nTwo", ["One\n\n", "Two"]),
        ("", []),
    ],
)
def test_a_text_falls_into_its_sentences(text, expected):
    """Not at decimals, abbreviations or initials, and never inside a line of code or of a table."""
    assert segments(text) == expected


def test_a_sentence_broken_for_its_length_is_one():
    """A long line that goes on in lower case is the same sentence; a short line is its own."""
    wrapped = "This line was broken by an editor that knows only\neighty columns. Next.\n"

    assert segments(wrapped) == [
        "This line was broken by an editor that knows only\neighty columns. ",
        "Next.\n",
    ]
    assert segments("short\nline\n") == ["short\n", "line\n"]


@given(some_text)
def test_sentences_and_words_joined_are_the_text(text):
    """Nothing is lost and nothing is made up."""
    assert "".join(segments(text)) == text
    assert "".join(words(text)) == text


@given(some_text, some_text)
def test_a_difference_holds_both_texts_whole(a, b):
    """The first sides joined are the first text, the second sides the second."""
    found = sentences(a, b)

    assert "".join(change.a for change in found) == a
    assert "".join(change.b for change in found) == b


@given(some_text, some_text)
def test_the_kind_says_what_the_sides_hold(a, b):
    """Same is the same but for blanks at the end, gone has no second side, new no first, changed has both."""
    for change in (*sentences(a, b), *spans(a, b)):
        if change.kind == "same":
            assert change.a.rstrip() == change.b.rstrip()
        else:
            assert (bool(change.a), bool(change.b)) == {
                "changed": (True, True),
                "gone": (True, False),
                "new": (False, True),
            }[change.kind]


@pytest.mark.parametrize("hostile", TEXTS, ids=NAMES)
def test_hostile_texts_are_compared_like_any_other(hostile):
    """Whatever they hold, both texts come back whole."""
    found = sentences(hostile, f"Before. {hostile}")

    assert "".join(change.a for change in found) == hostile
    assert "".join(change.b for change in found) == f"Before. {hostile}"


def test_a_changed_sentence_stands_beside_what_it_was():
    """Where the words in common are many it was changed; else one is gone and another new."""
    assert kinds("The cat sat on the mat. Old.", "The cat sat on a mat. Fresh.") == ["changed", "gone", "new"]


def test_a_new_sentence_does_not_move_those_after_it():
    """The others stay the same."""
    assert kinds("One is here. Two is there.", "Zero comes first. One is here. Two is there.") == [
        "new",
        "same",
        "same",
    ]


def test_changed_sentences_find_each_other_past_a_new_one():
    """Who belongs to whom is decided by the words in common, not by the place."""
    a = "The shop opens at nine. The shop is closed on Sunday."
    b = "Welcome, dear customers. The shop opens at ten. The shop is closed on Monday."

    assert kinds(a, b) == ["new", "changed", "changed"]


def test_words_that_differ_are_shown_together():
    """A blank between two changed words is part of the change."""
    assert spans("the quick brown fox", "the slow red fox") == (
        Change("same", "the ", "the "),
        Change("changed", "quick brown", "slow red"),
        Change("same", " fox", " fox"),
    )


def test_blanks_at_the_end_of_a_sentence_do_not_count():
    """A line end more is no other sentence; indentation is."""
    assert kinds("One.\n\nTwo.", "One. \nTwo.\n") == ["same", "same"]
    assert kinds("a\n    b", "a\n  b") == ["same", "changed"]


def test_a_text_past_the_limit_is_compared_as_one_piece():
    """What is past it is kept whole, and said to be the same or changed."""
    long = "A word. " * (MAX_TEXT // 8)

    assert sentences(long + "Tail one.", long + "Tail two.")[-1] == Change(
        "changed", "Tail one.", "Tail two."
    )
    assert sentences(long + "Tail.", long + "Tail.")[-1] == Change("same", "Tail.", "Tail.")


def looked_at(monkeypatch, a: str, b: str) -> int:
    """Count the pairs of equal pieces that a comparison of two texts may look at."""
    seen = 0

    class Counting(SequenceMatcher[str]):
        a: list[str]
        b2j: dict[str, list[int]]

        def find_longest_match(self, alo=0, ahi=None, blo=0, bhi=None):
            nonlocal seen
            seen += sum(len(self.b2j.get(each, ())) for each in self.a[alo:ahi])
            return super().find_longest_match(alo, ahi, blo, bhi)

    monkeypatch.setattr(differ, "SequenceMatcher", Counting)
    found = sentences(a, b)
    assert "".join(change.a for change in found) == a
    assert "".join(change.b for change in found) == b
    return seen


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Ha.\n" * 50_000, "Ha.\n" * 49_000 + "Ho.\n" * 1000),
        ("Ha.\nHo.\n" * 25_000, "Ho.\nHo.\nHa.\n" * 16_000),
        ("".join(f"{n % 50}.\n" for n in range(50_000)), "".join(f"{n * 7 % 50}.\n" for n in range(50_000))),
        ("." * 200_000, "." * 199_999 + "x"),
        ("\n" * 200_000, "\n" * 100_000 + "x"),
        ("a " * 100_000, "b " * 100_000),
        (LONG["3 MB"], LONG["3 MB"] + "x"),
        (LONG["3 MB of tags"], LONG["wide emoji"]),
    ],
    ids=["one sentence", "two sentences", "fifty sentences", "stops", "lines", "no end", "3 MB", "tags"],
)
def test_no_text_makes_a_comparison_square(monkeypatch, a, b):
    """200 kB of a few sentences repeated would be billions of pairs; it is a few millions at most."""
    assert looked_at(monkeypatch, a, b) < 20_000_000


def test_a_shuffled_text_is_no_slower(monkeypatch):
    """The worst order of different sentences stays far from every pair."""
    drawn = random.Random(1)
    pieces = [f"Sentence {drawn.random()} stands here.\n" for _ in range(4000)]
    mixed = drawn.sample(pieces, len(pieces))

    assert looked_at(monkeypatch, "".join(pieces), "".join(mixed)) < 4_000_000


# --- structure ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ({"input": {"city": "Lyon"}}, {"input": {"city": "Nice"}}, [("input.city", "Lyon", "Nice")]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, []),
        ([1, 2], [2, 1], [("[0]", ABSENT, 2), ("[1]", 2, ABSENT)]),
        ({"a": 1}, {"a": 1.0}, [("a", 1, 1.0)]),
        ({"a": 1}, {"a": True}, [("a", 1, True)]),
        ({}, {"a": None}, [("a", ABSENT, None)]),
        ({"a": None}, {}, [("a", None, ABSENT)]),
        ([1, 2, 3], [0, 1, 2, 3], [("[0]", ABSENT, 0)]),
        ({"m": [{"c": "x"}]}, {"m": [{"c": "y"}]}, [("m[0].c", "x", "y")]),
        ({"a.b": {"": 1}}, {"a.b": {"": 2}}, [('["a.b"][""]', 1, 2)]),
        ("x", {"a": 1}, [("", "x", {"a": 1})]),
        ((1,), [1], []),
    ],
    ids=[
        "value", "key order", "list order", "int and float", "int and bool", "null is new", "null is gone",
        "put in front", "nested", "odd keys", "other shape", "tuples are lists",
    ],
)  # fmt: skip
def test_what_differs_is_named_by_its_path(a, b, expected):
    """Order of keys does not count, order of lists does; what is absent is not null."""
    assert [(c.path, c.before, c.after) for c in structure(a, b)] == expected


@given(some_json)
def test_a_value_does_not_differ_from_itself(value):
    """Whatever it is."""
    assert structure(value, value) == ()


@given(some_json, some_json)
def test_what_differs_one_way_differs_the_other(a, b):
    """Lists are aligned from the left, so the changes may be others; that there are any is not."""
    differ = json.dumps(a, sort_keys=True) != json.dumps(b, sort_keys=True)
    assert bool(structure(a, b)) == bool(structure(b, a)) == differ


def test_json_nested_a_thousand_deep_is_compared():
    """What a hostile tool call holds ends no comparison."""
    deep: dict[str, object] = {}
    inner = deep
    for _ in range(5000):
        inner["a"] = {}
        inner = inner["a"]  # type: ignore[assignment]

    assert structure(deep, deep) == ()
    assert len(structure(deep, {"a": 1})) == 1


def test_a_long_list_is_compared_place_by_place():
    """Ten thousand items are not aligned, and still compared."""
    items = list(range(10_000))

    assert structure(items, [*items[:5000], -1, *items[5001:]]) == (FieldChange("[5000]", 5000, -1),)
