"""Every rule of the rulebook fires on its example, and none on a clean request."""

from __future__ import annotations

import random
from copy import deepcopy
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.rulebook import (
    CALL,
    EXAMPLES,
    FORMAT,
    LONG,
    RESULT,
    TODAY,
    TOOL,
    USER,
    document,
    request,
    text,
    user,
)
from workbench.catalog import catalog
from workbench.lint import RULES, Finding, body_refusal, lint, refusal, rules_table
from workbench.lint.subject import Subject
from workbench.wire import Request


def refused(asked: Request, **around: Any) -> Finding:
    found = refusal(asked, **around)
    assert found is not None
    return found


@cache
def found(code: str) -> tuple[str, ...]:
    """Return the codes of what is wrong with an example."""
    example, around = EXAMPLES[code]
    if "knows" in around:
        return with_model(example, **around["knows"])
    return lint(example, **{"today": TODAY, **around}).codes


def with_model(example: Request, **knows: Any) -> tuple[str, ...]:
    """Judge a request to a model of which something else is known than the catalog says."""
    model = replace(catalog().model(example.model), **knows)
    subject = Subject(request=example, model=model, today=TODAY)
    return tuple(rule.code for rule in RULES for _ in rule.check(subject))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_each_rule_fires_on_its_example(rule):
    assert rule.code in found(rule.code)


REFUSED = [rule for rule in RULES if rule.status and rule.code != "E063"]


@pytest.mark.parametrize("rule", REFUSED, ids=lambda rule: rule.code)
def test_what_lint_calls_an_error_the_service_refuses(rule):
    example, around = EXAMPLES[rule.code]

    answer = refusal(example, **{"today": TODAY, **around})

    assert answer is not None
    assert answer.status in {400, 404, 413}
    assert answer.message


@pytest.mark.parametrize("code", [code for code in EXAMPLES if code[0] in "WI"])
def test_a_warning_alone_refuses_nothing(code):
    example, around = EXAMPLES[code]
    alone = not any(other.startswith("E") for other in found(code))
    first = example[0] if isinstance(example, list) else example

    answer = refusal(first, **{"today": TODAY, **around})

    # The seed's spelling is a warning for who asks us to send it, a 400 for who sends it raw.
    assert (answer is None) == (alone and code != "W008")


CLEAN = {
    "text": request(),
    "system and history": request(
        system="Be brief.", messages=[USER, {"role": "assistant", "content": "Hello."}, USER]
    ),
    "tool loop": request(
        tools=[TOOL],
        messages=[USER, {"role": "assistant", "content": [text("Let me add."), CALL]}, *user(RESULT, text())],
    ),
    "cited document": request(messages=user(document(citations={"enabled": True}), text())),
    "structured output": request(output_config={"format": FORMAT, "effort": "high"}),
    "adaptive thinking": request(thinking={"type": "adaptive"}, output_config={"effort": "max"}),
    "streamed": request(max_tokens=64_000, stream=True, stop_sequences=["END"], metadata={"user_id": "u"}),
    "new model": request(model="claude-sonnet-5-5", output_config={"effort": "xhigh"}),
}


@pytest.mark.parametrize("clean", CLEAN.values(), ids=CLEAN.keys())
def test_nothing_is_found_in_a_clean_request(clean):
    assert lint(clean, today=TODAY).items == ()


def test_codes_are_unique():
    codes = [rule.code for rule in RULES]

    assert len(codes) == len(set(codes))


def test_every_rule_has_an_example_and_every_example_a_rule():
    assert EXAMPLES.keys() == {rule.code for rule in RULES}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_every_rule_says_what_cure_and_source(rule):
    assert rule.title
    assert rule.what.endswith(".")
    assert rule.cure
    assert rule.source.startswith("https://platform.claude.com/docs/en/")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_errors_have_an_answer_of_the_api_and_others_none(rule):
    assert (rule.severity == "error") == (rule.status is not None) == (rule.error_type is not None)


def test_the_table_lists_every_rule_once():
    assert len(rules_table().splitlines()) == len(RULES) + 2


def test_the_page_of_the_rulebook_is_the_rulebook():
    """Whoever changes a rule makes the page anew; its first lines say how."""
    page = Path(__file__).parents[1] / "workbench" / "lint" / "README.md"

    assert page.read_text().endswith(f"\n\n{rules_table()}\n")


ODD: tuple[Any, ...] = (None, 0, -1, 1.5, True, "", "x", [], {}, [None], {"type": None}, {"type": "text"})


def paths(value: Any, where: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the place of everything inside *value*."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for name, item in inner for path in ((*where, name), *paths(item, (*where, name)))]


@pytest.mark.parametrize("seed", range(20))
def test_odd_json_is_judged_and_never_breaks_a_rule(seed):
    chance = random.Random(seed)
    bodies = [example.wire() for example, _ in EXAMPLES.values() if isinstance(example, Request)]
    small = [body for body in bodies if len(str(body)) < 5000]
    for _ in range(50):
        body = deepcopy(chance.choice(small))
        *way, last = chance.choice(paths(body))
        target = body
        for name in way:
            target = target[name]
        target[last] = deepcopy(chance.choice(ODD))
        try:
            odd = Request.model_validate(body)
        except ValidationError:
            continue

        answer = refusal(odd, today=TODAY)

        assert answer is None or lint(odd, today=TODAY)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"input_schema": {}}, "tools.0.custom.input_schema.type: Field required"),
        ({"input_schema": {"type": "array"}}, "tools.0.custom.input_schema.type: Input should be 'object'"),
    ],
    ids=["no type", "another type"],
)
def test_the_input_of_a_tool_is_an_object(fields, message):
    """The schema of a tool's input says so itself."""
    assert refused(request(tools=[{**TOOL, **fields}]), today=TODAY).message == message


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": 1.5},
        {"properties": {"a": "string"}},
        {"required": "a"},
        {"required": ["a", "a"]},
        {"properties": {"a": {"type": "text"}}},
        {"properties": {"a": {"type": []}}},
        {"properties": {"a": {"enum": "x"}}},
        {"properties": {"a": {"anyOf": []}}},
        {"properties": {"a": {"items": [{"type": "string"}]}}},
        {"properties": {"a": {"minLength": -1}}},
        {"properties": {"a": {"pattern": "("}}},
        {"$defs": {"a": 3}},
    ],
    ids=str,
)
def test_a_malformed_schema_is_refused(schema):
    """Each keyword holds what draft 2020-12 of JSON Schema says."""
    found = refused(request(tools=[{**TOOL, "input_schema": {"type": "object", **schema}}]), today=TODAY)

    assert found.message == (
        "tools.0.custom.input_schema: JSON schema is invalid. It must match JSON Schema draft 2020-12"
        " (https://json-schema.org/draft/2020-12). Learn more about tool use at"
        " https://docs.claude.com/en/docs/tool-use."
    )


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": True, "b": {"type": ["string", "null"]}}, "required": []},
        {"properties": {"a": {"minimum": 0.5, "multipleOf": 2, "maxItems": 3.0, "format": "anything"}}},
        {"properties": {"a": {"$ref": "#/$defs/b"}}, "$defs": {"b": {"x-mine": [1]}}},
        {"properties": {"a": {"pattern": "(?<year>\\d{4})"}}},
        {"properties": {"properties": {"type": "object"}, "required": {"type": "boolean"}}},
    ],
    ids=str,
)
def test_a_wellformed_schema_is_accepted(schema):
    """Unknown keywords hold anything, and a property may be named like a keyword."""
    assert (
        refusal(request(tools=[{**TOOL, "input_schema": {"type": "object", **schema}}]), today=TODAY) is None
    )


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"diagnostics": {"previous_message_id": 5}}, "diagnostics.previous_message_id"),
        ({"container": {"id": 5}}, "container.id"),
        ({"fallbacks": "other"}, "fallbacks"),
        ({"context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "some"}]}}, None),
    ],
    ids=["diagnostics", "container", "fallbacks", "keep"],
)
def test_values_inside_free_objects_are_judged_by_type(fields, path):
    """What no wire model types is typed by the rulebook."""
    path = path or "context_management.edits[0].keep"

    assert (path, "E003") in [(found.path, found.code) for found in lint(request(**fields), today=TODAY)]


def test_a_tool_newer_than_the_catalog_is_no_error():
    """It is passed on, with a note."""
    newer = {"type": "web_search_20270101", "name": "web_search", "depth": 3}

    assert [found.code for found in lint(request(tools=[newer]), today=TODAY)] == ["I047"]


def test_a_tool_version_that_never_was_is_an_error():
    """Only what is dated after the catalog may be known to the service."""
    never = {"type": "web_search_20250101", "name": "web_search"}

    assert refused(request(tools=[never]), today=TODAY).code == "E003"


@pytest.mark.parametrize(
    ("today", "what"),
    [
        (date(2026, 10, 1), "claude-haiku-4-5 is promised until 2026-10-15, 14 days from now"),
        (
            date(2026, 11, 22),
            (
                "claude-haiku-4-5 was promised until 2026-10-15, and may be deprecated any day;"
                " no retirement date is known"
            ),
        ),
    ],
    ids=["before", "after"],
)
def test_a_promise_is_told_by_the_day(today, what):
    """Before its date it is a promise, after it only a fact of the past."""
    [found] = [
        found for found in lint(request(model="claude-haiku-4-5"), today=today) if found.code == "I074"
    ]

    assert found.what == what


def test_since_claude_4_5_max_tokens_may_exceed_the_window():
    """The answer ends with model_context_window_exceeded instead."""
    long = request(model="claude-sonnet-4-5", messages=[LONG * 27], max_tokens=32_000, stream=True)

    assert refusal(long, today=TODAY) is None


def test_json_that_is_no_request_is_refused_in_the_same_words():
    """One rulebook, also for what no model of ours can hold."""
    found = body_refusal({"model": 5, "max_tokens": 1, "messages": []})

    assert found is not None
    assert (found.code, found.status, found.message) == ("E003", 400, "model: Input should be a valid string")


def test_shorthands_of_ours_are_refused_where_the_body_is_known():
    """A plain string is a turn to `Request`, and a 400 to the service."""
    body = {"model": "claude-sonnet-4-6", "max_tokens": 10, "messages": ["Hi"]}

    found = refused(Request.model_validate(body), today=TODAY, body=body)

    assert found.path == "messages[0]"
