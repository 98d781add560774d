"""An answer as text: what a terminal and a notebook without pictures show is complete by itself."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.wire import Message

WEB = {
    "type": "web_search_result_location",
    "cited_text": "It  rained\nall day.",
    "url": "https://weather.example",
    "encrypted_index": "x",
}
CHARS = {"type": "char_location", "cited_text": "30 days", "start_char_index": 0, "end_char_index": 7}


def text(said: str, *citations: dict[str, Any]) -> dict[str, Any]:
    return (
        {"type": "text", "text": said, "citations": list(citations)}
        if citations
        else {"type": "text", "text": said}
    )


def told(*content: dict[str, Any], **more: Any) -> str:
    return str(Message.model_validate({"model": "m", "content": list(content), **more}))


def test_blocks_that_citations_divide_are_one_text():
    """The model wrote one sentence; where it cites, the service cuts it."""
    second = {**CHARS, "document_index": 1, "document_title": None}

    said = told(text("Free for "), text("30 days ", second), text("at most.\n\nIt rained.", WEB))

    assert said.splitlines() == [
        "Free for 30 days [1] at most.",
        "",
        "It rained. [2]",
        "[1] document 1: “30 days”",
        "[2] https://weather.example: “It rained all day.”",
    ]


def test_a_passage_cited_again_keeps_its_number():
    """Right after itself only: otherwise the numbers would jump about."""
    first, other = ({**CHARS, "document_index": n, "document_title": f"D{n}"} for n in (0, 1))

    said = told(text("a", first), text(" b", first, other), text(" c", first))

    assert said.splitlines()[0] == "a [1] b [1][2] c [3]"


def call(kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "id": "t", "name": name, **more}


def found(content: Any) -> dict[str, Any]:
    return {"type": "web_search_tool_result", "tool_use_id": "t", "content": content}


@pytest.mark.parametrize(
    ("block", "line"),
    [
        (call("tool_use", "add", input={"a": "é", "b": [1]}), '[tool_use] add {"a": "é", "b": [1]}'),
        (call("tool_use", "add", partial_json='{"a": 1'), '[tool_use] add {"a": 1'),
        (
            call("server_tool_use", "web_search", input={"query": "x"}),
            '[server_tool_use] web_search {"query": "x"}',
        ),
        (found([{"type": "web_search_result"}]), "[web_search_tool_result] 1 item"),
        (found({"type": "error", "error_code": "unavailable"}), "[web_search_tool_result] unavailable"),
        ({"type": "thinking", "thinking": "It is\nfive.", "signature": "s"}, "[thinking] It is five."),
        ({"type": "thinking", "thinking": "", "signature": "s"}, "[thinking]"),
        ({"type": "redacted_thinking", "data": "xyz"}, "[redacted_thinking]"),
        ({"type": "of_next_year", "glow": 1}, "[of_next_year]"),
    ],
)
def test_what_is_no_text_is_named_and_told_in_brief(block, line):
    """A call with its input, a result by how much it is, thinking by how it begins."""
    assert told(text("First.\n"), block, text("Then.")) == f"First.\n{line}\nThen."


def test_what_is_long_is_cut_and_what_cannot_be_said_is_kept():
    """Half a character in a tool's input breaks nothing."""
    odd = {"type": "tool_use", "id": "t", "name": "say", "input": {"text": "\ud800" + "x" * 5000}}

    said = told(odd)

    assert len(said) < 320
    assert said.endswith("…")


def test_an_answer_without_content_says_why_it_ended():
    assert told(stop_reason="refusal") == "(empty answer, stop_reason refusal)"
