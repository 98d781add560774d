"""Every rule has a mechanical cure that cures, or a reason why it has none."""

from __future__ import annotations

import base64
import copy
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.test_lint_rules import (
    CALL,
    EXAMPLES,
    FORMAT,
    LONG,
    MARK,
    OLD,
    RESULT,
    TODAY,
    TOOL,
    USER,
    document,
    image,
    request,
    strict,
    text,
    user,
)
from workbench.lint import RULES, Finding, lint
from workbench.lint.fixes import CURES, NO_FIX, fix, home
from workbench.wire import Request

if TYPE_CHECKING:
    from collections.abc import Iterable

HOUR = {**MARK, "ttl": "1h"}
OWN: dict[str, Any] = {
    "E059": (
        request(
            messages=user(
                {
                    "type": "document",
                    "source": {
                        "type": "base64",
                        "media_type": "application/pdf",
                        "data": base64.b64encode(b"Refunds take thirty days.").decode(),
                    },
                },
                text(),
            )
        ),
        {},
    ),
    "W046": (
        request(
            model="claude-haiku-4-5",
            tools=[
                {
                    "type": "computer_20241022",
                    "name": "computer",
                    "display_width_px": 9,
                    "display_height_px": 9,
                }
            ],
        ),
        {"betas": ["computer-use-2024-10-22", "computer-use-2025-01-24"]},
    ),
    "W084": (
        request(model="claude-haiku-4-5", messages=[LONG * 12], max_tokens=130_000, stream=True),
        {},
    ),
    "E102": (request(messages=user(text(""), text())), {}),
    "E103": (request(messages=user(text(" \n"), text())), {}),
}
"""Examples with a cure, of rules whose own example has none."""


def example(code: str) -> tuple[list[Request], bool, dict[str, Any]]:
    given, around = OWN.get(code) or EXAMPLES[code]
    one = isinstance(given, Request)
    return [given] if one else list(given), one, {"today": TODAY, **around}


def judged(requests: list[Request], one: bool, around: dict[str, Any]) -> list[Finding]:
    return list(lint(requests[0] if one else requests, **around))


@cache
def found_in(code: str) -> tuple[Finding, ...]:
    """Judge the example of a rule, once."""
    return tuple(judged(*example(code)))


def first(code: str) -> Finding:
    return next(one for one in found_in(code) if one.code == code)


def errors(found: Iterable[Finding]) -> set[str]:
    return {one.code for one in found if one.severity == "error"}


def body_of(**fields: Any) -> dict[str, Any]:
    return request(**fields).wire()


def fixed(body: dict[str, Any], code: str, **around: Any) -> tuple[str, dict[str, Any]]:
    """Lint a body and apply the first fix of *code*."""
    found = next(one for one in lint(body, **{"today": TODAY, **around}) if one.code == code)
    made = fix(body, found)
    assert made is not None
    return made.label, made.body


# --- all of them -----------------------------------------------------------------------------------


def test_every_rule_is_decided():
    """A new rule gets a cure or a reason; none has both."""
    codes = {rule.code for rule in RULES}

    assert CURES.keys() | NO_FIX.keys() == codes
    assert not CURES.keys() & NO_FIX.keys()


@pytest.mark.parametrize("code", sorted(CURES))
def test_a_fix_cures(code):
    """After the fix the finding is gone, and no error is there that was not there before."""
    requests, one, around = example(code)
    before, finding = found_in(code), first(code)

    made = [fix(each.wire(), finding) for each in requests]
    after = judged([Request.model_validate(cure.body) for cure in made if cure], one, around)

    assert all(made)
    assert (code, finding.path) not in {(each.code, each.path) for each in after}
    assert errors(after) <= errors(before)


@pytest.mark.parametrize("code", sorted(CURES))
def test_a_fix_has_a_label_and_leaves_the_body_alone(code):
    """A button needs words, and an undo needs the old body."""
    body = example(code)[0][0].wire()
    kept = copy.deepcopy(body)

    cure = fix(body, first(code))

    assert cure is not None
    assert 3 < len(cure.label) < 60
    assert body == kept


DAMAGED = sorted(CURES)


@given(at=st.integers(0, len(DAMAGED) - 1), data=st.data())
@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_a_finding_of_another_body_does_no_harm(at, data):
    """Where the body is not the one that was linted, a fix is made or not; nothing breaks."""
    code = DAMAGED[at]
    finding, body = first(code), example(code)[0][0].wire()
    for _ in range(data.draw(st.integers(1, 3))):
        damage(body, data)

    cure = fix(body, finding)

    assert cure is None or cure.body != body


def damage(body: dict[str, Any], data: st.DataObject) -> None:
    """Replace one thing, somewhere."""
    here: Any = body
    while True:
        keys = list(here) if isinstance(here, dict) else range(len(here))
        if not keys:
            return
        key = data.draw(st.sampled_from(list(keys)))
        if isinstance(here[key], dict | list) and data.draw(st.booleans()):
            here = here[key]
            continue
        here[key] = data.draw(st.sampled_from([None, "", 0, "x", [], {}, [{}], {"type": "text"}, -1, True]))
        return


# --- what each does --------------------------------------------------------------------------------


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


def test_names_in_place_are_kept():
    """A fix found on the rendered request is applied to the prompt with its names."""
    body = body_of(temperature=0, messages=[{"role": "user", "content": "{{question}}"}])
    rendered = copy.deepcopy(body) | {"messages": [USER]}

    cure = fix(body, lint(rendered, today=date(2026, 11, 22)).errors[0])

    assert cure is not None
    assert cure.body["messages"][0]["content"] == "{{question}}"


def test_the_old_version_keeps_what_it_takes():
    """Under 2023-06-01 only the parameter that is refused goes."""
    body = body_of(model="claude-haiku-4-5", temperature=0.5, top_p=0.9)

    assert fixed(body, "E022", **OLD)[1].keys() >= {"temperature"}


# --- a prompt and the request rendered from it --------------------------------------------------------

PAGE = document(source={"type": "text", "media_type": "text/plain", "data": "Within thirty days. " * 900})
SLOT = text("{{pages}}")
BLANK = text("  ")


def rendered(*blocks: Any) -> dict[str, Any]:
    return request(messages=user(*blocks)).wire()


@pytest.mark.parametrize("pages", [2, 3])
def test_where_a_value_became_several_blocks_no_later_block_is_fixed(pages):
    """The fourth block of the request is the second of the prompt: a cure by number hits another one."""
    prompt = rendered(SLOT, BLANK, text("Why?"), text("Who?"))
    sent = rendered(*[PAGE] * pages, BLANK, text("Why?"), text("Who?"))
    empty = next(one for one in lint(sent) if one.code == "E103")

    assert empty.path == f"messages[0].content[{pages}]"
    assert fix(prompt, empty) is not None
    assert fix(prompt, empty, sent) is None
    assert home(prompt, sent, empty.path) == "messages[0].content"


def test_where_a_value_became_one_block_the_others_are_fixed():
    """Nothing has moved."""
    prompt, sent = rendered(SLOT, BLANK, text("Why?")), rendered(PAGE, BLANK, text("Why?"))
    empty = next(one for one in lint(sent) if one.code == "E103")

    cure = fix(prompt, empty, sent)

    assert cure is not None
    assert cure.body["messages"] == user(SLOT, text("Why?"))


def test_a_breakpoint_goes_behind_the_text_that_becomes_a_block():
    """The template carries it over; any other cure of that block would change a text that is not there."""
    prompt, sent = rendered(SLOT, text("Why?")), rendered(PAGE, text("Why?"))
    found = next(one for one in lint(sent) if one.code == "W031")

    cure = fix(prompt, found, sent)

    assert cure is not None
    assert cure.body["messages"][0]["content"][0] == {**SLOT, "cache_control": {"type": "ephemeral"}}
    assert fix(prompt, Finding("E102", "error", found.path, "", ""), sent) is None


@pytest.mark.parametrize("code", sorted(EXAMPLES))
def test_a_prompt_without_values_is_fixed_as_its_request(code):
    """The request that a prompt sends as it is has the same places."""
    sent, _ = EXAMPLES[code]
    if isinstance(sent, Request):
        body = sent.wire()
        for one in lint(sent):
            assert fix(body, one, body) == fix(body, one)
