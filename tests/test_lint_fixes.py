"""Every rule has a cure that cures, or a reason why it has none; a prompt is cured as what it becomes."""

from __future__ import annotations

import base64
import copy
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rulebook import EXAMPLES, LONG, TODAY, USER, body_of, document, request, text, user
from workbench.lint import RULES, Finding, lint
from workbench.lint.fixes import CURES, NO_FIX, fix, home
from workbench.wire import Request

if TYPE_CHECKING:
    from collections.abc import Iterable

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


def test_names_in_place_are_kept():
    """A fix found on the rendered request is applied to the prompt with its names."""
    body = body_of(temperature=0, messages=[{"role": "user", "content": "{{question}}"}])
    rendered = copy.deepcopy(body) | {"messages": [USER]}

    cure = fix(body, lint(rendered, today=date(2026, 11, 22)).errors[0])

    assert cure is not None
    assert cure.body["messages"][0]["content"] == "{{question}}"
