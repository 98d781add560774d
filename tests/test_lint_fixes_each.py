"""What each cure of a finding does to the request, and what it leaves alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rulebook import (
    CALL,
    FORMAT,
    LONG,
    MARK,
    OLD,
    RESULT,
    TODAY,
    TOOL,
    USER,
    body_of,
    document,
    image,
    strict,
    text,
    user,
)
from workbench.lint import lint
from workbench.lint.fixes import fix

HOUR = {**MARK, "ttl": "1h"}


def fixed(body: dict[str, Any], code: str, **around: Any) -> tuple[str, dict[str, Any]]:
    """Lint a body and apply the first fix of *code*."""
    found = next(one for one in lint(body, **{"today": TODAY, **around}) if one.code == code)
    made = fix(body, found)
    assert made is not None
    return made.label, made.body


def test_a_breakpoint_is_added_where_the_warning_says():
    """The end of what is stable gets a 5m breakpoint; a plain text becomes a block for it."""
    label, body = fixed(body_of(system=LONG), "W031")

    assert label == "add breakpoint"
    assert body["system"] == [{"type": "text", "text": LONG, "cache_control": MARK}]


def test_a_fifth_breakpoint_takes_the_place_of_the_last():
    """Where all four are used, the last one moves to the end of what is stable."""
    system = [text(LONG, cache_control=MARK) for _ in range(4)]
    body = body_of(system=system, messages=user(document(source=long_text()), text()))

    label, fresh = fixed(body, "W031")

    assert label == "move the last breakpoint here"
    assert "cache_control" not in fresh["system"][3]
    assert fresh["messages"][0]["content"][0]["cache_control"] == MARK


def long_text() -> dict[str, Any]:
    return {"type": "text", "media_type": "text/plain", "data": LONG}


def test_four_breakpoints_are_kept_the_last_among_them():
    """Those closest before another one go."""
    texts = [text(str(n), cache_control=MARK) if n in {0, 5, 6, 9, 12} else text(str(n)) for n in range(13)]

    _, body = fixed(body_of(messages=user(*texts)), "E030")

    kept = [n for n, one in enumerate(body["messages"][0]["content"]) if "cache_control" in one]
    assert kept == [0, 6, 9, 12]


def test_lifetimes_are_sorted_not_changed():
    """As many 1h as before, now first."""
    body = body_of(
        tools=[{**TOOL, "cache_control": MARK}],
        system=[text(cache_control=HOUR)],
        messages=user(text(cache_control=MARK)),
    )

    _, fresh = fixed(body, "E031")

    assert fresh["tools"][0]["cache_control"] == HOUR
    assert fresh["system"][0]["cache_control"] == MARK
    assert fresh["messages"][0]["content"][0]["cache_control"] == MARK


def test_adaptive_becomes_a_budget_with_room():
    """A model without adaptive thinking gets a budget below max_tokens, and loses the effort it has not."""
    body = body_of(
        model="claude-haiku-4-5",
        max_tokens=1000,
        thinking={"type": "adaptive"},
        output_config={"effort": "high"},
    )

    label, fresh = fixed(body, "W012")

    assert label == "switch to budget 2,048"
    assert fresh["thinking"] == {"type": "enabled", "budget_tokens": 2048}
    assert fresh["max_tokens"] == 3072
    assert "output_config" not in fresh


@pytest.mark.parametrize(
    "fields",
    [
        {"tools": [TOOL], "tool_choice": {"type": "any"}},
        {"max_tokens": 0},
        {"messages": [USER, {"role": "assistant", "content": "{"}]},
    ],
    ids=["forced tool", "pre-warming", "prefill"],
)
def test_no_budget_where_something_else_forbids_it(fields):
    """Thinking is left out instead."""
    body = body_of(**{"model": "claude-haiku-4-5", "thinking": {"type": "adaptive"}, **fields})

    label, fresh = fixed(body, "W012")

    assert label == "leave thinking out"
    assert "thinking" not in fresh


def test_a_budget_becomes_adaptive():
    """A model that decides by itself is let decide."""
    body = body_of(thinking={"type": "enabled", "budget_tokens": 2048, "display": "summarized"})

    label, fresh = fixed(body, "W012")

    assert label == "switch to adaptive"
    assert fresh["thinking"] == {"type": "adaptive", "display": "summarized"}


def test_sampling_parameters_go_together():
    """One click drops all of them."""
    label, body = fixed(body_of(temperature=0, top_p=0.5), "E020")

    assert label == "drop temperature, top_p"
    assert not {"temperature", "top_p"} & body.keys()


def test_effort_goes_down_to_what_the_model_has():
    """The highest level not above the one asked."""
    assert fixed(body_of(output_config={"effort": "xhigh"}), "E013")[1]["output_config"] == {"effort": "high"}


def test_a_retired_model_becomes_its_successor():
    """The recommended one."""
    label, body = fixed(body_of(model="claude-opus-4-20250514"), "E071")

    assert label == f"use {body['model']}"
    assert body["model"] != "claude-opus-4-20250514"


def test_an_unknown_model_without_a_neighbour_has_no_fix():
    """Only a name that is nearly right can be put right."""
    body = body_of(model="gpt")

    assert fix(body, lint(body, today=TODAY).errors[0]) is None


def test_an_unknown_field_goes_and_an_old_spelling_moves():
    """What is known under another name keeps its value."""
    moved = fixed(body_of(thinking={"type": "adaptive", "effort": "low"}), "W008")[1]
    dropped = fixed(body_of(bestOf=3), "E001")

    assert moved["thinking"] == {"type": "adaptive"}
    assert moved["output_config"] == {"effort": "low"}
    assert dropped[0] == "drop bestOf"
    assert "bestOf" not in dropped[1]


def test_max_tokens_is_set_where_it_is_missing():
    """Above a thinking budget, where there is one."""
    body = body_of(max_tokens=..., thinking={"type": "enabled", "budget_tokens": 4000})

    assert fixed(body, "E002")[1]["max_tokens"] == 5024


def test_a_tool_is_renamed_wherever_it_is_named():
    """Its calls and tool_choice follow."""
    body = body_of(
        tools=[{**TOOL, "name": "add two"}],
        tool_choice={"type": "tool", "name": "add two"},
        messages=[USER, {"role": "assistant", "content": [{**CALL, "name": "add two"}]}, *user(RESULT)],
    )

    label, fresh = fixed(body, "E005")

    assert label == "rename it add_two"
    assert "add two" not in str(fresh)


def test_citations_are_switched_on_for_all():
    """All documents, also one inside a tool result."""
    inner = {**RESULT, "content": [document()]}
    body = body_of(
        tools=[TOOL],
        messages=[
            USER,
            {"role": "assistant", "content": [CALL]},
            *user(inner, document(citations={"enabled": True}), document()),
        ],
    )

    label, fresh = fixed(body, "E052")

    content = fresh["messages"][2]["content"]
    assert label == "switch citations on for all"
    assert [one["citations"] for one in (content[0]["content"][0], *content[1:])] == [{"enabled": True}] * 3


def test_citations_are_switched_off_where_the_answer_has_a_format():
    """With structured output there are none to switch on."""
    body = body_of(
        messages=user(document(citations={"enabled": True}), document(), text()),
        output_config={"format": FORMAT},
    )

    assert fixed(body, "E052")[0] == "switch citations off"


def test_a_system_turn_joins_the_system_prompt():
    """Its words stand behind what is there."""
    body = body_of(system="Be kind.", messages=[USER, {"role": "system", "content": "Be brief."}])

    assert fixed(body, "E112")[1]["system"] == "Be kind.\n\nBe brief."


def test_results_come_first_across_merged_turns():
    """Consecutive user messages are one turn."""
    body = body_of(
        tools=[TOOL],
        messages=[USER, {"role": "assistant", "content": [CALL]}, *user(text()), *user(text("b"), RESULT)],
    )

    fresh = fixed(body, "E107")[1]

    assert [one["type"] for one in fresh["messages"][2]["content"]] == ["tool_result", "text"]
    assert "E107" not in lint(fresh, today=TODAY).codes


def test_a_schema_is_closed_in_all_its_parts():
    """Every object, those in lists and definitions too; keywords that are not understood go."""
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "n": {"type": "integer", "minimum": 1},
            "rows": {"type": "array", "items": {"type": "object", "properties": {}}},
        },
        "$defs": {"x": {"type": "object"}},
        "required": ["n", "rows"],
    }
    body = body_of(tools=[strict(schema)])
    for _ in range(2):
        body = fixed(body, "E061")[1]

    assert "E061" not in lint(body, today=TODAY).codes
    assert "minimum" not in str(body)


def test_the_prefill_of_the_only_turn_stays():
    """A request without any turn would be worse."""
    body = body_of(messages=[{"role": "assistant", "content": "{"}])
    found = next(one for one in lint(body, today=TODAY) if one.code == "E108")

    assert fix(body, found) is None


def test_the_pdf_that_is_an_image_needs_a_person():
    """Only text can be sent as text."""
    source = {"type": "base64", "media_type": "application/pdf", "data": image()["source"]["data"]}
    body = body_of(messages=user({"type": "document", "source": source}, text()))
    found = next(one for one in lint(body, today=TODAY) if one.code == "E059")

    assert fix(body, found) is None


def test_the_old_version_keeps_what_it_takes():
    """Under 2023-06-01 only the parameter that is refused goes."""
    body = body_of(model="claude-haiku-4-5", temperature=0.5, top_p=0.9)

    assert fixed(body, "E022", **OLD)[1].keys() >= {"temperature"}
