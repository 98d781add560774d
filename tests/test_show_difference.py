"""show/difference.py: what differs, in words beside every colour, and nothing unescaped in it."""

from __future__ import annotations

import pytest

from tests.answers import CALL, FREE, said
from tests.hostile import LONG, NAMES, TEXTS
from tests.inert import Reader, assert_inert
from tests.nouns import message, request
from workbench.report.differ import MAX_TEXT
from workbench.show.difference import (
    MOST,
    json_difference,
    message_difference,
    prompt_difference,
    text_difference,
)


def read(html: str) -> Reader:
    return assert_inert(html)


def call(**arguments: object) -> dict[str, object]:
    return {**CALL, "input": arguments}


# --- texts -------------------------------------------------------------------------------------------------


def test_what_is_the_same_is_said_in_one_line():
    """No text is shown where nothing differs."""
    assert read(text_difference("One. Two.", "One. Two.")).shown == "both are the same"
    assert read(text_difference("", "")).shown == "both are empty"
    assert read(json_difference({"a": 1}, {"a": 1})).shown == "both are the same"
    assert read(prompt_difference({"a": 1}, {"a": 1})).shown == "both are the same"
    assert read(message_difference(said("x"), said("x"))).shown == "both are the same"


def test_blanks_alone_are_said_to_be_blanks():
    """Not the same, and nothing to read."""
    assert "blanks and line ends only" in read(text_difference("One.\nTwo.", "One.\n\nTwo.")).shown


def test_each_kind_of_change_is_named_in_words():
    """Colours only repeat it: what is gone is struck out, what is new underlined."""
    a = "The shop opens at nine. Dogs may come in."
    b = "The shop opens at ten. Parking costs money here."

    seen = read(text_difference(a, b, names=("haiku", "sonnet")))

    assert "1 sentence changed, 1 only in haiku, 1 only in sonnet, nothing the same" in seen.shown
    assert seen.inside["small"] == "changedonly in haikuonly in sonnet"
    assert seen.inside["del"] == "nineDogs may come in."
    assert seen.inside["ins"] == "tenParking costs money here."


def test_sentences_that_are_the_same_are_folded_away_from_changes():
    """Two stand on each side of a change, the rest is counted and can be opened."""
    same = " ".join(f"Sentence number {n} stays." for n in range(20))

    seen = read(text_difference(f"Alpha one. {same} Omega.", f"Beta two. {same} Psi."))

    assert "… 16 sentences the same" in seen.inside["summary"]
    assert "Sentence number 7 stays." in seen.inside["details"]
    assert "Sentence number 1 stays." not in seen.inside["details"]


def test_hundreds_of_changes_are_counted():
    """A page carries so many, and says how many are hidden."""
    a = "".join(f"Old {n} alpha.\n" for n in range(MOST + 50))
    b = "".join(f"Xyz {n} alpha.\n" for n in range(MOST + 50))

    seen = read(text_difference(a, b))

    assert seen.elements.count("small") == MOST
    assert "… and 50 more changes" in seen.shown


@pytest.mark.parametrize("name", list(LONG))
def test_megabytes_are_compared_up_to_a_limit_that_is_named(name):
    """And stay few enough for a page."""
    made = text_difference(LONG[name], f"Before. {LONG[name]}")

    assert f"up to {MAX_TEXT:,} characters" in read(made).shown
    assert len(made) < 8_000_000


# --- fields ------------------------------------------------------------------------------------------------


def test_fields_stand_with_their_path_and_both_values():
    """What is absent is said to be absent; null is null."""
    seen = read(json_difference({"input": {"city": "Lyon", "x": None}}, {"input": {"city": "Nice"}}))

    assert "2 fields differ" in seen.shown
    assert seen.inside["code"] == "input.cityinput.x"
    assert seen.inside["del"] == '"Lyon"null'
    assert seen.inside["ins"] == '"Nice"'
    assert "absent" in seen.shown


def test_tool_calls_are_compared_argument_by_argument():
    """The order of keys does not count; calls of different tools are only in one of the two."""
    other = {**CALL, "name": "get_time", "input": {"zone": "CET"}}
    a = said("Same.", call(city="Lyon", days=3))
    b = said("Same.", call(days=3, city="Nice"), other)

    seen = read(message_difference(a, b))

    assert seen.inside["h4"] == "tool call · get_weathertool call only in B · get_time"
    assert "input.city" in seen.inside["code"]
    assert "input.days" not in seen.inside["code"]
    assert seen.shown.startswith("both are the same")


def test_a_call_that_was_cut_off_is_compared_too():
    """What came of its input is what is compared."""
    cut = {"type": "tool_use", "id": "t", "name": "get_weather", "partial_json": '{"ci'}

    assert "get_weather" in read(message_difference(said(call(city="Lyon")), said(cut))).shown


def test_how_two_answers_ended_is_said_where_it_differs():
    """So is how often they cite."""
    shown = read(message_difference(said(("x", FREE)), said("x", stop_reason="max_tokens"))).shown

    assert "ended by: end_turn in A, max_tokens in B" in shown
    assert "citations: 1 in A, 0 in B" in shown


def test_prompts_differ_by_settings_and_by_sentences():
    """Short values stand in a table, texts sentence by sentence under their path."""
    a = {"model": "m-1", "system": f"Answer briefly. {'Be kind to everyone. ' * 3}", "messages": ["Hi"]}
    b = {**a, "model": "m-2", "system": f"Answer at length. {'Be kind to everyone. ' * 3}"}

    seen = read(prompt_difference(a, b))

    assert "2 fields differ" in seen.shown
    assert "modelsystem[0].text" in seen.inside["code"]
    assert seen.inside["del"] == '"m-1"briefly'
    assert seen.inside["ins"] == '"m-2"at length'


def test_a_text_and_its_one_block_are_the_same_prompt():
    """The wire takes both, and means the same."""
    block = [{"type": "text", "text": "Hi"}]
    a = {"system": "Hi", "messages": ["Hi"]}
    b = {"system": block, "messages": [{"role": "user", "content": block}]}

    assert read(prompt_difference(a, b)).shown == "both are the same"


def test_files_are_not_compared_by_sentences():
    """Of base64 its beginning is shown; nobody reads it."""
    a, b = ({"data": letter * 5000} for letter in "AB")

    made = prompt_difference(a, b)

    assert len(made) < 2000
    assert "sentence" not in read(made).shown


def test_json_nested_a_thousand_deep_is_shown():
    """What a hostile tool call holds breaks no view."""
    deep: dict[str, object] = {}
    inner = deep
    for _ in range(3000):
        inner["a"] = {}
        inner = inner["a"]  # type: ignore[assignment]

    assert "1 field differs" in read(json_difference(deep, {"b": 1, "a": 2}.get("a"))).shown


# --- hostile -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hostile", TEXTS, ids=NAMES)
def test_hostile_texts_stay_texts_in_every_difference(hostile):
    """As texts, keys, values, names, answers and requests: no element but ours."""
    read(text_difference(hostile, f"{hostile} Other.", names=(hostile, hostile)))
    read(text_difference(f"One {hostile} two.", f"One {hostile} three."))
    read(json_difference({hostile: hostile}, {hostile: [hostile]}, names=(hostile, "B")))
    read(message_difference(message(hostile), message(f"{hostile}!"), names=(hostile, hostile)))
    read(prompt_difference(request(hostile).wire(), request(f"{hostile} x").wire()))
