"""Every rule of the rulebook fires on its example, and none on a clean request."""

from __future__ import annotations

import base64
import random
from copy import deepcopy
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from workbench.catalog import catalog
from workbench.lint import RULES, Finding, body_refusal, lint, refusal, rules_table
from workbench.lint.subject import Subject
from workbench.wire import Request

TODAY = date(2026, 11, 22)
LONG = "Refunds are paid within thirty days of purchase, if the item is unused. " * 450
MARK = {"type": "ephemeral"}
PNG = base64.b64encode(
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (9000).to_bytes(4, "big") + (10).to_bytes(4, "big") + b"\0" * 9
).decode()
PDF = base64.b64encode(b"%PDF-1.4" + b"/Type /Page " * 101).decode()
USER = {"role": "user", "content": "Hi"}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "add", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "4"}
TOOL = {"name": "add", "description": "Add two numbers.", "input_schema": {"type": "object"}}
FORMAT = {
    "type": "json_schema",
    "schema": {"type": "object", "properties": {}, "additionalProperties": False},
}
SERVER = {"type": "url", "name": "wiki", "url": "https://wiki.example/mcp"}


def refused(asked: Request, **around: Any) -> Finding:
    found = refusal(asked, **around)
    assert found is not None
    return found


def request(**fields: Any) -> Request:
    """Return a clean request with some fields of its own."""
    body = {"model": "claude-sonnet-4-6", "max_tokens": 4000, "messages": [USER], **fields}
    return Request.model_validate({name: value for name, value in body.items() if value is not ...})


def user(*blocks: Any) -> list[Any]:
    return [{"role": "user", "content": list(blocks)}]


def document(**fields: Any) -> dict[str, Any]:
    return {
        "type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": "Refunds take thirty days."},
        **fields,
    }


def image(data: str = PNG, media_type: str = "image/png") -> dict[str, Any]:
    return {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": data}}


def text(words: str = "Who pays?", **fields: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **fields}


def strict(schema: dict[str, Any]) -> dict[str, Any]:
    return {**TOOL, "strict": True, "input_schema": schema}


def study(count: int, **mark: Any) -> list[Request]:
    """Return requests that share a long system prompt and ask different questions."""
    system = [text(LONG, **mark)]
    return [request(system=system, messages=[f"Question {n}: who pays?"]) for n in range(count)]


def effort(level: str | None, marked: bool = True) -> Request:
    system = [text(LONG, **({"cache_control": MARK} if marked else {}))]
    return request(system=system, output_config={"effort": level} if level else {})


def system_after(role: str) -> list[Any]:
    before = USER if role == "user" else {"role": "assistant", "content": "Yes."}
    return [USER, before, {"role": "system", "content": "Be brief."}, USER]


Example = tuple[Any, dict[str, Any]]

OLD = {"api_version": "2023-06-01"}
BATCH = {"endpoint": "batch"}
PAST = {"today": date(2025, 1, 1)}
MCP = {"betas": ["mcp-client-2025-11-20"]}
OPTIONAL = {
    "type": "object",
    "additionalProperties": False,
    "properties": {f"p{n}": {"type": "string"} for n in range(25)},
}

EXAMPLES: dict[str, Example] = {
    "E001": (request(thinking={"type": "adaptive", "speed": 1}), {}),
    "E002": (request(max_tokens=...), {}),
    "E003": (request(service_tier="gold"), {}),
    "E004": (request(thinking={"type": "enabled", "budget_tokens": 500}), {}),
    "E005": (request(tools=[{**TOOL, "name": "add two"}]), {}),
    "E006": (request(stop_sequences=["\n"]), {}),
    "W008": (request(thinking={"type": "adaptive", "effort": "low"}), {}),
    "E010": (request(model="claude-haiku-4-5", thinking={"type": "adaptive"}), {}),
    "W012": (request(thinking={"type": "enabled", "budget_tokens": 2048}), {}),
    "E013": (request(output_config={"effort": "xhigh"}), {}),
    "E014": (
        request(model="claude-opus-5", thinking={"type": "disabled"}, output_config={"effort": "max"}),
        {},
    ),
    "E015": (request(max_tokens=2000, thinking={"type": "enabled", "budget_tokens": 2000}), {}),
    "W016": (request(model="claude-opus-5", max_tokens=500), {}),
    "I017": (request(model="claude-opus-5", thinking={"type": "adaptive"}), {}),
    "I018": (request(model="claude-3-5-sonnet-20241022", output_config={"effort": "high"}), PAST),
    "E020": (request(temperature=1), {}),
    "E021": (request(model="claude-opus-5", temperature=0), OLD),
    "E022": (request(model="claude-haiku-4-5", temperature=0.5, top_p=0.9), OLD),
    "E023": (request(thinking={"type": "adaptive"}, top_k=5), OLD),
    "I024": (request(temperature=0), OLD),
    "E030": (request(messages=user(*[text(str(n), cache_control=MARK) for n in range(5)])), {}),
    "E031": (
        request(messages=user(text(cache_control=MARK), text(cache_control={**MARK, "ttl": "1h"}))),
        {},
    ),
    "E032": (request(messages=user(text(cache_control=MARK)), cache_control={**MARK, "ttl": "1h"}), {}),
    "E033": (request(tools=[TOOL, {**TOOL, "name": "b", "defer_loading": True, "cache_control": MARK}]), {}),
    "E034": (request(cache_control=MARK), {**OLD, "platform": "bedrock_invoke"}),
    "E035": (request(max_tokens=0, stream=True), {}),
    "W030": (request(messages=user(text(cache_control=MARK))), {}),
    "W031": (request(system=LONG), {}),
    "W032": ([request(messages=user(text(f"{n} {LONG}", cache_control=MARK))) for n in range(3)], {}),
    "W033": (
        request(
            messages=[
                {"role": "user", "content": [text("Begin.")]},
                {"role": "assistant", "content": [text(f"Step {n}.") for n in range(25)]},
                {"role": "user", "content": [text("Go on.", cache_control=MARK)]},
            ]
        ),
        {},
    ),
    "W034": ([effort(None), effort("low"), effort(None), effort("low")], {}),
    "W035": (study(2, cache_control={**MARK, "ttl": "1h"}), {}),
    "W036": (study(5, cache_control={**MARK, "ttl": "1h"}), {}),
    "I037": (request(system=[text(LONG, cache_control=MARK)]), {}),
    "W037": (study(5, cache_control=MARK), BATCH),
    "W038": (request(max_tokens=0, system="Be brief.", messages=user(text(cache_control=MARK))), {}),
    "I039": (request(model="claude-fable-5-2", system=[text(LONG, cache_control=MARK)]), {}),
    "W132": ([request(messages=[f"{LONG} Question {n}"]) for n in range(5)], {}),
    "E040": (request(tools=[TOOL, TOOL]), {}),
    "E041": (
        request(
            thinking={"type": "enabled", "budget_tokens": 1024}, tools=[TOOL], tool_choice={"type": "any"}
        ),
        {},
    ),
    "E042": (request(model="claude-opus-5-5", tools=[TOOL], tool_choice={"type": "any"}), {}),
    "I043": (request(model="claude-fable-5-2", tools=[TOOL], tool_choice={"type": "any"}), {}),
    "E044": (request(tools=[TOOL], tool_choice={"type": "tool", "name": "sub"}), {}),
    "E045": (
        request(
            model="claude-opus-5-5",
            tools=[
                {
                    "type": "computer_20251124",
                    "name": "computer",
                    "display_width_px": 9,
                    "display_height_px": 9,
                }
            ],
        ),
        {"betas": ["computer-use-2025-11-24"]},
    ),
    "W046": (request(tools=[{"type": "computer_toolset_20260801"}]), {}),
    "I047": (request(tools=[{"type": "web_search_20270101", "name": "web_search"}]), {}),
    "E048": (
        request(
            tools=[
                {
                    "type": "web_search_20250305",
                    "name": "web_search",
                    "allowed_domains": ["a.example"],
                    "blocked_domains": ["b.example"],
                }
            ]
        ),
        {},
    ),
    "E049": (request(model="claude-opus-5", tools=[{"type": "browser_toolset_20260801"}] * 2), {}),
    "E140": (request(tools=[{**TOOL, "defer_loading": True}]), {}),
    "E141": (
        request(
            tools=[TOOL],
            messages=[
                USER,
                {"role": "assistant", "content": [CALL]},
                *user({**RESULT, "content": [{"type": "tool_reference", "tool_name": "sub"}]}),
            ],
        ),
        {},
    ),
    "E142": (request(mcp_servers=[SERVER]), MCP),
    "E143": (request(tools=[{"type": "mcp_toolset", "mcp_server_name": "wiki"}]), MCP),
    "E144": (request(mcp_servers=[{**SERVER, "url": "http://wiki.example/mcp"}]), MCP),
    "E145": (request(container={"skills": [{"type": "anthropic", "skill_id": "pdf"}]}), {}),
    "E146": (
        request(
            context_management={
                "edits": [{"type": "clear_tool_uses_20250919"}, {"type": "clear_thinking_20251015"}]
            }
        ),
        {"betas": ["context-management-2025-06-27"]},
    ),
    "E147": (
        request(
            context_management={
                "edits": [{"type": "compact_20260112", "trigger": {"type": "input_tokens", "value": 9}}]
            }
        ),
        {"betas": ["compact-2026-01-12"]},
    ),
    "W148": (request(tools=[{"name": "add", "input_schema": {"type": "object"}}]), {}),
    "E050": (
        request(messages=[USER, {"role": "assistant", "content": [document()]}, USER]),
        {},
    ),
    "E051": (
        request(
            messages=user(
                text(
                    citations=[
                        {
                            "type": "char_location",
                            "cited_text": "x",
                            "document_index": 0,
                            "document_title": None,
                            "start_char_index": 0,
                            "end_char_index": 1,
                        }
                    ]
                )
            )
        ),
        {},
    ),
    "E052": (request(messages=user(document(citations={"enabled": True}), document(), text())), {}),
    "E053": (
        request(
            model="claude-3-haiku-20240307", messages=user(document(citations={"enabled": True}), text())
        ),
        {**OLD, **PAST},
    ),
    "E054": (request(messages=user(image("iVBORw0KGgo" + "A" * 14_000_000))), {}),
    "E055": (request(messages=user(image(media_type="image/jpeg"))), {}),
    "E056": (request(messages=user(image())), {}),
    "W056": (request(messages=user(*[image()] * 21)), {}),
    "E057": (
        request(
            model="claude-haiku-4-5",
            messages=user(
                *[{"type": "image", "source": {"type": "url", "url": "https://a.example/1.png"}}] * 101
            ),
        ),
        {},
    ),
    "E058": (
        request(
            model="claude-haiku-4-5",
            messages=user(
                {
                    "type": "document",
                    "source": {"type": "base64", "media_type": "application/pdf", "data": PDF},
                }
            ),
        ),
        {},
    ),
    "E059": (
        request(
            messages=user(
                {
                    "type": "document",
                    "source": {"type": "base64", "media_type": "application/pdf", "data": PNG},
                }
            )
        ),
        {},
    ),
    "E060": (
        request(
            messages=user(document(citations={"enabled": True}), text()), output_config={"format": FORMAT}
        ),
        {},
    ),
    "E061": (request(tools=[strict({"type": "object", "properties": {}})]), {}),
    "E062": (request(tools=[strict(OPTIONAL)]), {}),
    "E063": (request(output_config={"format": FORMAT}), {"knows": {"structured_outputs": False}}),
    "I064": (request(model="claude-haiku-5-5", output_config={"format": FORMAT}), {}),
    "E065": (request(tools=[{**TOOL, "input_schema": {"type": "object", "properties": 1.5}}]), {}),
    "E070": (request(model="claude-haiku-45"), {}),
    "E071": (request(model="claude-opus-4-20250514"), {}),
    "W072": (request(model="claude-sonnet-4-5"), {}),
    "W073": (request(model="claude-opus-4-20250514"), {**OLD, "platform": "vertex"}),
    "I074": (request(model="claude-haiku-4-5"), {}),
    "I075": (request(model="claude-mythos-5-1"), {}),
    "I076": (request(model="my-deployment"), {"platform": "foundry"}),
    "E080": (request(max_tokens=200_000, stream=True), {}),
    "E081": (request(messages=["x" * 34_000_000]), {}),
    "E082": (request(messages=["Hi"] * 100_001), {}),
    "E083": (request(model="claude-haiku-4-5", messages=[LONG * 40]), {}),
    "E084": (
        request(model="claude-opus-4-1", messages=[LONG * 27], max_tokens=32_000, stream=True),
        {"platform": "vertex"},
    ),
    "W084": (request(model="claude-haiku-4-5", messages=[LONG * 24], max_tokens=60_000, stream=True), {}),
    "W085": (request(max_tokens=32_000), {}),
    "E086": (request(model="claude-haiku-4-5", inference_geo="us"), {}),
    "E087": (request(speed="fast"), {}),
    "W088": (request(model="claude-opus-4-6", speed="fast"), {}),
    "E089": (request(stream=True), BATCH),
    "E090": (request(), {"api_version": "2026-01-01"}),
    "E091": (request(), {"betas": ["time-travel-2026-01-01"]}),
    "E092": (request(output_config={"task_budget": {"type": "tokens", "total": 9000}}), {}),
    "W093": (request(), {"betas": ["files-api-2025-04-14"]}),
    "W094": (request(), {"betas": ["mcp-client-2025-04-04"]}),
    "I095": (request(), {"betas": ["time-travel-2027-01-01"]}),
    "E096": (request(), {"platform": "bedrock_messages"}),
    "W097": (request(), {"api_version": "2023-01-01"}),
    "E098": (request(inference_geo="us"), {"platform": "vertex"}),
    "E100": (request(messages=[]), {}),
    "E101": (request(messages=[{"role": "user", "content": ""}, USER]), {}),
    "E102": (request(messages=user(text(""))), {}),
    "E103": (request(messages=user(text(" \n"))), {}),
    "E104": (request(messages=user(CALL)), {}),
    "E105": (request(messages=[USER, {"role": "assistant", "content": [CALL]}, USER], tools=[TOOL]), {}),
    "E106": (request(messages=user(RESULT), tools=[TOOL]), {}),
    "E107": (
        request(
            messages=[USER, {"role": "assistant", "content": [CALL]}, *user(text(), RESULT)], tools=[TOOL]
        ),
        {},
    ),
    "E108": (request(messages=[USER, {"role": "assistant", "content": "{"}]), {}),
    "E109": (
        request(
            model="claude-haiku-4-5",
            thinking={"type": "enabled", "budget_tokens": 1024},
            messages=[USER, {"role": "assistant", "content": "{"}],
        ),
        {},
    ),
    "E110": (
        request(
            model="claude-haiku-4-5",
            output_config={"format": FORMAT},
            messages=[USER, {"role": "assistant", "content": "{"}],
        ),
        {},
    ),
    "E111": (request(model="claude-haiku-4-5", messages=[USER, {"role": "assistant", "content": "A: "}]), {}),
    "E112": (request(messages=[USER, {"role": "system", "content": "Be brief."}]), {}),
    "E113": (request(model="claude-opus-5", messages=system_after("assistant")), {}),
    "E114": (
        request(messages=[USER, {"role": "assistant", "content": [CALL, CALL]}, *user(RESULT)], tools=[TOOL]),
        {},
    ),
    "W115": (
        request(
            thinking={"type": "adaptive"},
            messages=[USER, {"role": "assistant", "content": [CALL]}, *user(RESULT)],
            tools=[TOOL],
        ),
        {},
    ),
    "W116": (request(messages=[{"role": "assistant", "content": "Hello."}, USER]), {}),
    "W117": (
        request(
            messages=user(
                text(
                    citations=[
                        {
                            "type": "web_search_result_location",
                            "cited_text": "x",
                            "url": "u",
                            "encrypted_index": "e",
                        }
                    ]
                )
            )
        ),
        OLD,
    ),
    "W118": (request(messages=[USER, {"role": "assistant", "content": [CALL]}, *user(RESULT)]), {}),
}


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
