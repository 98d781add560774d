"""Scripted answers."""

from __future__ import annotations

import httpx
import pytest

from workbench.emulator.script import load, rules
from workbench.errors import UsageError

HEADERS = {"x-api-key": "k", "anthropic-version": "2026-10-21"}


def ask(running, text, **fields):
    body = {"model": "claude-haiku-4-5", "max_tokens": 50, "messages": [{"role": "user", "content": text}]}
    return httpx.post(f"{running.url}/v1/messages", json=body | fields, headers=HEADERS)


def match(script, request, names=("m",)):
    """The rule that matches, as it stands in the script; None for none."""
    rule = script.match(request, names)
    return rule and rule.spec


def asked(text, **fields):
    return {"model": "claude-haiku-4-5", "messages": [{"role": "user", "content": text}], **fields}


def test_the_first_match_wins():
    """Order is the file's."""
    script = rules([{"contains": "france", "text": "one"}, {"contains": "capital", "text": "two"}])

    assert match(script, asked("The capital of France?"))["text"] == "one"
    assert match(script, asked("A capital idea"))["text"] == "two"
    assert match(script, asked("Nothing")) is None


@pytest.mark.parametrize(
    ("rule", "hit"),
    [
        ({"regex": "^weather in (.+)"}, True),
        ({"regex": "^in"}, False),
        ({"model": "claude-haiku-4-5"}, True),
        ({"model": "claude-opus-5"}, False),
        ({"system": "terse"}, True),
        ({"system": "verbose"}, False),
        ({}, True),
    ],
    ids=str,
)
def test_conditions(rule, hit):
    """Each condition must hold; none holds always."""
    script = rules([rule | {"text": "x"}])

    assert (
        script.match(asked("Weather in Rome", system="Be terse."), ["claude-haiku-4-5"]) is not None
    ) is hit


def test_times_limits_a_rule():
    """Twice refused, then answered: what retries are tested with."""
    script = rules([{"error": {"status": 529}, "times": 2}, {"text": "ok"}])

    found = [match(script, asked("x")) for _ in range(3)]

    assert ["error" in spec for spec in found] == [True, True, False]


FORMS = {
    "lines": '{"contains": "a", "text": "x"}\n\n{"text": "y"}\n',
    "array": '[\n{"contains": "a", "text": "x"},\n{"text": "y"}]',
    "object": '{"rules": [{"contains": "a", "text": "x"}, {"text": "y"}]}',
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_three_forms_of_file(tmp_path, text):
    """JSON lines, an array, an object with rules."""
    path = tmp_path / "script.json"
    path.write_text(text)

    assert [rule.spec["text"] for rule in load(path).rules] == ["x", "y"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"text": "x"}\n{"text": }', "script.json:2: not JSON"),
        ('[\n{"text": "x"},\n{"txt": "y"}]', "script.json:3: a rule has no 'txt'; did you mean 'text'"),
        ('{"contains": "x"}', "script.json:1: a rule needs an answer"),
        ('{"regex": "(", "text": "x"}', "script.json:1: regex"),
        ('{"text": 1}', "script.json:1: 'text' cannot be 1"),
        ('{"error": {"status": 200}}', 'script.json:1: "error" needs a "status"'),
        ('{"tool_use": {}}', 'script.json:1: "tool_use" needs a name'),
        ("7", "script.json:1: a rule is a JSON object"),
    ],
    ids=["cut", "unknown key", "no answer", "regex", "type", "status", "tool", "not an object"],
)
def test_errors_name_file_line_and_cure(tmp_path, text, message):
    """One clear line."""
    path = tmp_path / "script.json"
    path.write_text(text)

    with pytest.raises(UsageError) as caught:
        load(path)

    assert message in str(caught.value)


def test_a_missing_file_is_one_clear_line(tmp_path):
    """No traceback for a wrong path."""
    with pytest.raises(UsageError, match="cannot read script"):
        load(tmp_path / "none.json")


def test_scripted_text_comes_back(start_emulator):
    """The words of the script, the accounting of the service."""
    running = start_emulator(script=[{"contains": "capital", "text": "Paris"}])

    message = ask(running, "The capital of France?").json()

    assert message["content"] == [{"type": "text", "text": "Paris"}]
    assert message["usage"]["output_tokens"] > 0


def test_a_scripted_tool_call_gets_an_id(start_emulator):
    """stop_reason follows the content."""
    running = start_emulator(script=[{"tool_use": {"name": "look", "input": {"at": "it"}}}])

    message = ask(running, "Look").json()

    assert message["content"][0]["id"].startswith("toolu_")
    assert message["stop_reason"] == "tool_use"


def test_a_scripted_error_keeps_the_apis_shape(start_emulator):
    """Status, type, headers and request id."""
    error = {"status": 529, "headers": {"x-should-retry": "false"}}
    running = start_emulator(script=[{"error": error}])

    response = ask(running, "x")

    assert response.status_code == 529
    assert response.json()["error"]["type"] == "overloaded_error"
    assert response.json()["request_id"] == response.headers["request-id"]
    assert response.headers["x-should-retry"] == "false"


def test_a_scripted_stop_reason(start_emulator):
    """A refusal is a 200."""
    running = start_emulator(script=[{"content": [], "stop_reason": "refusal"}])

    assert ask(running, "x").json()["stop_reason"] == "refusal"


def test_a_refusal_says_of_what_kind_it_is(start_emulator):
    """A refusal is a 200 with stop_details; one before any output has no thinking either."""
    running = start_emulator(
        script=[
            {
                "contains": "poison",
                "stop_reason": "refusal",
                "content": [],
                "stop_details": {"category": "bio"},
            }
        ]
    )

    message = ask(running, "poison", model="claude-opus-5").json()

    assert message["content"] == []
    assert message["stop_reason"] == "refusal"
    assert message["stop_details"] == {"type": "refusal", "category": "bio", "explanation": None}


def test_a_refusal_cut_by_the_limit_is_no_refusal(start_emulator):
    """stop_details belong to the stop reason they were given for."""
    running = start_emulator(
        script=[{"contains": "a", "stop_reason": "refusal", "text": "I will not do that"}]
    )

    message = ask(running, "a", max_tokens=1).json()

    assert (message["stop_reason"], message["stop_details"]) == ("max_tokens", None)


@pytest.mark.parametrize(
    ("kind", "prefix"), [("tool_use", "toolu_"), ("server_tool_use", "srvtoolu_")], ids=["own", "server"]
)
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_scripted_calls_get_an_id(start_emulator, kind, prefix, stream):
    """Of the caller's tools and of the service's, streamed or not."""
    running = start_emulator(script=[{"contains": "a", "content": [{"type": kind, "name": "web_search"}]}])

    response = ask(running, "a", stream=stream)

    assert response.status_code == 200
    assert f'"id":"{prefix}' in response.text


def test_a_scripted_block_that_is_none_is_told_at_the_start():
    """What could not be sent is found when the script is read, not when it is asked for."""
    with pytest.raises(UsageError, match=r"rule 1: not the content of an answer .*source"):
        rules([{"contains": "a", "content": [{"type": "image"}]}])


def test_scripted_thinking_is_the_only_thinking(start_emulator):
    """A script that brings its own thinking block gets no second one."""
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "s"}
    running = start_emulator(script=[{"contains": "a", "content": [thought, {"type": "text", "text": "A"}]}])

    message = ask(running, "a", model="claude-opus-5").json()

    assert message["content"] == [thought, {"type": "text", "text": "A"}]
