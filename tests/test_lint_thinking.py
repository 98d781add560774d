"""What each model takes of thinking and effort, as the table of the documentation has it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from workbench.lint import lint, refusal
from workbench.wire import Request

ADAPTIVE = "adaptive thinking is not supported on this model"
USE = 'Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.'
FIVE = "low medium high xhigh max"
FOUR = "low medium high max"
PAST = date(2025, 11, 1)

# model: accepted thinking types; effort levels; combinations refused although each part is accepted
TABLE = {
    "claude-fable-5-2": ("adaptive", FIVE, ""),
    "claude-fable-5-1": ("adaptive", FIVE, ""),
    "claude-mythos-5-1": ("adaptive", FIVE, ""),
    "claude-fable-5": ("adaptive", FIVE, ""),
    "claude-mythos-5": ("adaptive", FIVE, ""),
    "claude-mythos-preview": ("adaptive enabled", FOUR, ""),
    "claude-opus-5-5": ("adaptive", FIVE, ""),
    "claude-opus-5": ("adaptive disabled", FIVE, "disabled/xhigh disabled/max"),
    "claude-opus-4-8": ("adaptive disabled", FIVE, ""),
    "claude-opus-4-7": ("adaptive disabled", FIVE, ""),
    "claude-opus-4-6": ("adaptive enabled disabled", FOUR, ""),
    "claude-sonnet-4-6": ("adaptive enabled disabled", FOUR, ""),
    "claude-opus-4-5": ("enabled disabled", "low medium high", ""),
    "claude-sonnet-5-5": ("adaptive between_tools", FIVE, "between_tools/xhigh between_tools/max"),
    "claude-sonnet-5": ("adaptive disabled", FIVE, ""),
    "claude-haiku-5-5": ("adaptive disabled", FIVE, "disabled/xhigh disabled/max"),
    "claude-sonnet-4-5": ("enabled disabled", "", ""),
    "claude-haiku-4-5": ("enabled disabled", "", ""),
    "claude-opus-4-1-20250805": ("enabled disabled", "", ""),
    "claude-opus-4-20250514": ("enabled disabled", "", ""),
    "claude-sonnet-4-20250514": ("enabled disabled", "", ""),
    "claude-3-7-sonnet-20250219": ("enabled disabled", "", ""),
}
FORMS = ("adaptive", "enabled", "disabled", "between_tools")
CASES = [
    (model, form, effort) for model in TABLE for form in (None, *FORMS) for effort in (None, *FIVE.split())
]


def request(model: str, form: str | None, effort: str | None, **fields: Any) -> Request:
    thinking = {"type": form, **({"budget_tokens": 1024} if form == "enabled" else {})}
    body: dict[str, Any] = {"model": model, "max_tokens": 4000, "messages": ["Hi"], **fields}
    if form:
        body["thinking"] = thinking
    if effort:
        body["output_config"] = {"effort": effort}
    return Request.model_validate(body)


@pytest.mark.parametrize(("model", "form", "effort"), CASES, ids=str)
def test_a_model_takes_what_the_table_says_and_refuses_the_rest(model, form, effort):
    forms, efforts, not_together = TABLE[model]
    taken = (form is None or form in forms.split()) and (effort is None or effort in efforts.split())
    expected = taken and f"{form}/{effort}" not in not_together.split()

    # Before the older ones retired; the newer ones are not dated backwards.
    answer = refusal(request(model, form, effort), today=PAST)

    assert (answer is None) == expected


MESSAGES = [
    ("claude-haiku-4-5", "adaptive", None, ADAPTIVE),
    ("claude-opus-4-5", "adaptive", None, ADAPTIVE),
    ("claude-opus-5-5", "enabled", None, f'"thinking.type.enabled" is not supported for this model. {USE}'),
    ("claude-fable-5", "disabled", None, f'"thinking.type.disabled" is not supported for this model. {USE}'),
    (
        "claude-opus-5",
        "disabled",
        "xhigh",
        (
            "output_config.effort 'xhigh' is not supported when thinking is disabled on this model."
            " Use effort 'high' or below, or enable thinking."
        ),
    ),
    ("claude-haiku-4-5", None, "low", "This model does not support the effort parameter."),
]


@pytest.mark.parametrize(("model", "form", "effort", "message"), MESSAGES)
def test_the_refusal_has_the_words_of_the_api(model, form, effort, message):
    answer = refusal(request(model, form, effort), today=PAST)

    assert answer is not None
    assert (answer.status, answer.error_type, answer.message) == (400, "invalid_request_error", message)


def test_effort_inside_thinking_is_refused_when_sent_raw():
    raw = request("claude-opus-5", None, None, thinking={"type": "adaptive", "effort": "low"})

    answer = refusal(raw)

    assert answer is not None
    assert answer.path == "thinking.effort"
    assert answer.message == "thinking.adaptive.effort: Extra inputs are not permitted"


def test_effort_inside_thinking_is_read_as_output_config_effort_by_lint():
    raw = request("claude-opus-4-8", None, None, thinking={"type": "adaptive", "effort": "low"})

    findings = lint(raw)

    assert findings.errors == ()
    assert str(findings[0]) == (
        "W008  thinking.effort: the service takes it as output_config.effort; read so here"
        "   [write output_config.effort]"
    )


def test_the_form_made_for_the_model_is_named():
    raw = request("claude-haiku-4-5", "adaptive", "medium")

    (finding,) = [finding for finding in lint(raw) if finding.code == "W012"]

    assert finding.what == "claude-haiku-4-5 takes a budget, not adaptive; effort is not available on it"
    assert finding.cure == "switch to budget 2,048"


def test_a_budget_below_1024_is_refused():
    raw = request("claude-haiku-4-5", None, None, thinking={"type": "enabled", "budget_tokens": 1023})

    answer = refusal(raw)

    assert answer is not None
    assert answer.message == "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"


@pytest.mark.parametrize(
    ("budget", "betas", "refused"),
    [
        (3999, (), False),
        (4000, (), True),
        (9000, ("interleaved-thinking-2025-05-14",), False),
    ],
    ids=["below", "equal", "interleaved"],
)
def test_a_budget_is_below_max_tokens_unless_interleaved(budget, betas, refused):
    thinking = {"type": "enabled", "budget_tokens": budget}
    tools = [{"name": "add", "input_schema": {"type": "object"}}]
    raw = request("claude-sonnet-4-5", None, None, thinking=thinking, tools=tools)

    answer = refusal(raw, betas=betas, today=PAST)

    assert (answer is not None) == refused


def test_a_model_the_catalog_does_not_know_is_not_judged_by_thinking():
    raw = request("my-deployment", "enabled", "max")

    assert refusal(raw, platform="foundry") is None


SAMPLING = [
    ("claude-haiku-4-5", {"temperature": 0.5}, "2023-06-01", None),
    ("claude-haiku-4-5", {"temperature": 1.0}, "2026-10-21", "temperature: Extra inputs are not permitted"),
    ("claude-haiku-4-5", {"top_k": None}, "2026-10-21", "top_k: Extra inputs are not permitted"),
    (
        "claude-haiku-4-5",
        {"temperature": 0.5, "top_p": 0.9},
        "2023-06-01",
        "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
    ),
    ("claude-sonnet-4-6", {"temperature": 0.5, "top_p": 0.9}, "2023-06-01", None),
    (
        "claude-sonnet-4-6",
        {"temperature": 1.5},
        "2023-06-01",
        "temperature: Input should be less than or equal to 1",
    ),
    ("claude-opus-4-7", {"temperature": 1.0}, "2023-06-01", None),
    ("claude-opus-4-7", {"temperature": 0.9}, "2023-06-01", "`temperature` is deprecated for this model."),
    ("claude-opus-4-7", {"top_p": 0.99}, "2023-06-01", None),
    ("claude-opus-4-7", {"top_p": 0.98}, "2023-06-01", "`top_p` is deprecated for this model."),
    ("claude-opus-4-7", {"top_k": 0}, "2023-06-01", "`top_k` is deprecated for this model."),
]


@pytest.mark.parametrize(("model", "fields", "version", "message"), SAMPLING)
def test_sampling_parameters_depend_on_version_and_model(model, fields, version, message):
    answer = refusal(request(model, None, None, **fields), api_version=version)

    assert (answer.message if answer else None) == message


THINKING_SAMPLING = [
    ({"temperature": 1.0}, None),
    ({"temperature": 0.5}, "`temperature` may only be set to 1 when thinking is enabled."),
    ({"top_k": 5}, "`top_k` must be unset when thinking is enabled."),
    ({"top_p": 0.95}, None),
    ({"top_p": 0.9}, "`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled."),
]


@pytest.mark.parametrize(("fields", "message"), THINKING_SAMPLING)
def test_older_models_sample_little_while_they_think(fields, message):
    answer = refusal(request("claude-haiku-4-5", "enabled", None, **fields), api_version="2023-06-01")

    assert (answer.message.partition(" Please")[0] if answer and answer.message else None) == message


FORCED = [
    ("claude-opus-5-5", False),
    ("claude-sonnet-5-5", False),
    ("claude-fable-5-1", False),
    ("claude-mythos-5-1", False),
    ("claude-fable-5", True),
    ("claude-fable-5-2", True),
    ("claude-opus-5", True),
    ("claude-haiku-5-5", True),
    ("claude-sonnet-4-6", True),
]


@pytest.mark.parametrize(("model", "taken"), FORCED)
@pytest.mark.parametrize("endpoint", ["messages", "count_tokens"])
def test_some_models_cannot_be_forced_to_call_a_tool(model, taken, endpoint):
    body = {
        "model": model,
        "messages": ["Hi"],
        "tools": [{"name": "add", "input_schema": {"type": "object"}}],
    }
    limit = {"max_tokens": 4000} if endpoint == "messages" else {}
    raw = Request.model_validate({**body, **limit, "tool_choice": {"type": "tool", "name": "add"}})

    answer = refusal(raw, endpoint=endpoint)

    says = 'tool_choice: type "tool" and "any" are not supported for this model.'
    assert (answer.message if answer else None) == (None if taken else says)
