"""Do the real API and the emulator tell the same truth? A dozen cheap requests to both.

    ANTHROPIC_API_KEY=… python -m pytest -m live

Costs less than a cent. Words differ, of course; shapes, stop reasons, errors and token counts must not.
"""

from __future__ import annotations

import os

import pytest

import workbench as wb
from workbench.errors import APIStatusError

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif("ANTHROPIC_API_KEY" not in os.environ, reason="needs ANTHROPIC_API_KEY"),
]

HAIKU = "claude-haiku-4-5"
WEATHER = {
    "name": "get_weather",
    "description": "Weather of a city",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
DOCUMENT = {
    "type": "document",
    "source": {"type": "text", "media_type": "text/plain", "data": "The sky is blue. Grass is green."},
    "citations": {"enabled": True},
}
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


def ask(text="Say hello.", **fields):
    return {"model": HAIKU, "max_tokens": 40, "messages": [{"role": "user", "content": text}], **fields}


ANSWERED = {
    "plain": ask(),
    "max_tokens": ask("Count from 1 to 100 in words.", max_tokens=5),
    "stop_sequence": ask("Repeat exactly: alpha STOP beta", stop_sequences=["STOP"]),
    "forced_tool": ask("Weather in Paris?", tools=[WEATHER], tool_choice={"type": "any"}),
    "thinking": ask("17 * 23?", max_tokens=1500, thinking={"type": "enabled", "budget_tokens": 1024}),
    "citations": ask([DOCUMENT, {"type": "text", "text": "What colour is grass? Cite."}], max_tokens=100),
    "structured": ask(
        "The city is Paris.", output_config={"format": {"type": "json_schema", "schema": SCHEMA}}
    ),
}  # fmt: skip

REFUSED = {
    "unknown_model": ask(model="claude-nothing-9"),
    "no_max_tokens": {k: v for k, v in ask().items() if k != "max_tokens"},
    "empty_messages": ask() | {"messages": []},
    "thinking_adaptive_on_haiku_4_5": ask(thinking={"type": "adaptive"}),
    "temperature_in_the_current_version": ask(temperature=0.5),
    "extra_field": ask(nonsense=1),
}


@pytest.fixture(scope="module")
def real():
    with wb.Client(store=False, api_version="2026-10-21") as client:
        yield client


@pytest.fixture
def emulated(emulator):
    key, version = "sk-ant-test", "2026-10-21"
    with wb.Client(base_url=emulator.url, api_key=key, store=False, api_version=version) as client:
        yield client


def shape(value):
    """Names and JSON types, without the values: what code that reads an answer relies on."""
    if isinstance(value, dict):
        return {name: shape(item) for name, item in sorted(value.items()) if item is not None}
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    return type(value).__name__


@pytest.mark.parametrize("name", ANSWERED)
def test_answers_have_the_same_shape(name, real, emulated):
    """Same block types, same usage fields, same stop reason."""
    request = wb.Request.model_validate(ANSWERED[name])

    ours, theirs = emulated.send(request).message, real.send(request).message

    assert {b.type for b in ours.content} == {b.type for b in theirs.content}
    assert ours.stop_reason == theirs.stop_reason
    assert shape(ours.usage.wire()).keys() <= shape(theirs.usage.wire()).keys()


@pytest.mark.parametrize("name", ["plain", "forced_tool", "citations"])
def test_token_counts_agree_within_the_band(name, real, emulated):
    """The offline estimate is what the emulator counts; the service must fall inside its band."""
    body = {k: v for k, v in ANSWERED[name].items() if k != "max_tokens"}
    request = wb.Request.model_validate(body)

    ours, theirs = emulated.count_tokens(request), real.count_tokens(request)

    assert 0.7 * theirs <= ours <= 1.3 * theirs


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_agree(name, real, emulated):
    """Same status and error type for what the service does not take."""
    request = wb.Request.model_validate(REFUSED[name])
    answers = []

    for client in (emulated, real):
        with pytest.raises(APIStatusError) as caught:
            client.send(request)
        answers.append((caught.value.status, caught.value.type))

    assert answers[0] == answers[1]
