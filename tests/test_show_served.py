"""Blocks of an answer that are not text, and why it ended: named in words, whatever their shape."""

from __future__ import annotations

import pytest

from tests.answers import CALL, THOUGHT, answer, html_of, plain
from tests.inert import assert_inert
from workbench.show.transcript import answer_view
from workbench.wire import Message


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (THOUGHT, "thinking · 34 characters"),
        (
            {"type": "thinking", "thinking": "", "signature": "s"},
            "thinking, its text not shown by the service",
        ),
        ({"type": "redacted_thinking", "data": "x"}, "thinking, withheld by the service"),
        (CALL, "tool call · get_weather"),
        ({"type": "tool_use", "id": "t", "name": "f", "partial_json": '{"a'}, "tool call · f · cut off"),
        (
            {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
            "server tool call · web_search",
        ),
        (
            {"type": "mcp_tool_use", "id": "m", "name": "f", "server_name": "crm", "input": {}},
            "MCP tool call · f · crm",
        ),
        (
            {"type": "mcp_tool_result", "tool_use_id": "m", "is_error": True, "content": "x"},
            "MCP tool result · m · error",
        ),
        ({"type": "mcp_tool_listing", "mcp_server_name": "crm", "tools": [{}]}, "MCP tools · crm · 1 tool"),
        ({"type": "container_upload", "file_id": "file_1"}, "file for the container · file_1"),
        ({"type": "compaction", "content": "Before: x"}, "compaction · a summary"),
        ({"type": "fallback", "from": {"model": "a"}, "to": {"model": "b"}}, "another model goes on: a → b"),
        ({"type": "brand_new", "x": 1}, "brand_new · not known to this version"),
    ],
    ids=lambda value: value["type"] if isinstance(value, dict) else "",
)
def test_every_block_is_named_in_words(block, words):
    """What it is can be read without opening it."""
    assert words in assert_inert(html_of("Before. ", block)).shown


def served(kind: str, content: object) -> str:
    return assert_inert(html_of({"type": kind, "tool_use_id": "srvtoolu_1", "content": content})).shown


def test_web_results_are_titles_with_their_hosts():
    """Linked only where the link leads to the web."""
    hits = [
        {
            "type": "web_search_result",
            "url": "https://a.example/x",
            "title": "Alpha",
            "page_age": "2 days",
            "encrypted_content": "z",
        },
        {"type": "web_search_result", "url": "javascript:alert(1)", "title": "Beta"},
    ]
    block = {"type": "web_search_tool_result", "tool_use_id": "s", "content": hits}

    made = html_of(block)

    assert "Alpha (a.example, 2 days)" in assert_inert(made).shown
    assert made.count("<a ") == 1
    assert "javascript" not in made.partition("Beta")[0].partition("Alpha")[2]


@pytest.mark.parametrize(
    ("kind", "content", "words"),
    [
        (
            "web_search_tool_result",
            {"type": "e", "error_code": "max_uses_exceeded"},
            "web search · failed: max_uses_exceeded",
        ),
        (
            "web_fetch_tool_result",
            {"type": "web_fetch_result", "url": "https://a.example", "content": plain("Hello", "T")},
            "web fetch · https://a.example (a.example)Hello",
        ),
        (
            "code_execution_tool_result",
            {"stdout": "42\n", "stderr": "", "return_code": 0, "content": []},
            "code execution · return code 0stdout42",
        ),
        (
            "bash_code_execution_tool_result",
            {"stdout": "", "stderr": "no", "return_code": 1, "content": [{"file_id": "file_9"}]},
            "bash · return code 1stderrnofile file_9",
        ),
        (
            "code_execution_tool_result",
            {"encrypted_stdout": "x", "return_code": 0},
            "the service alone reads it",
        ),
        (
            "text_editor_code_execution_tool_result",
            {"content": "line 1", "file_type": "text"},
            "text editor · fileline 1",
        ),
        (
            "tool_search_tool_result",
            {"tool_references": [{"tool_name": "f"}, {"tool_name": "g"}]},
            "tool search · 2 toolsf g",
        ),
        ("advisor_tool_result", {"said": "x"}, "advisor · result"),
    ],
)
def test_results_of_server_tools_are_read_out(kind, content, words):
    """Titles, output, errors by name; what has another shape is shown as it came."""
    assert words in served(kind, content)


@pytest.mark.parametrize(
    "content", [None, 7, "x", [], {}, [1, None], {"content": 5, "return_code": {}}, {"tool_references": [3]}]
)
@pytest.mark.parametrize(
    "kind", ["web_search", "web_fetch", "code_execution", "text_editor_code_execution", "tool_search"]
)
def test_a_result_of_any_shape_is_shown(kind, content):
    """The service's own JSON is not trusted to be what it was."""
    assert served(f"{kind}_tool_result", content)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"stop_reason": "max_tokens"}, "cut at max_tokens"),
        ({"stop_reason": "model_context_window_exceeded"}, "cut at the context window"),
        ({"stop_reason": "pause_turn"}, "send the answer back unchanged"),
        ({"stop_reason": "compaction"}, "paused for compaction"),
        ({"stop_reason": "tool_use"}, "waits for tool results"),
        ({"stop_reason": "stop_sequence", "stop_sequence": "END"}, "ended at the stop sequence END"),
        (
            {"stop_reason": "refusal", "stop_details": {"category": "cyber", "explanation": "No."}},
            "refused (cyber): No.",
        ),
        (
            {"stop_reason": "refusal", "stop_details": {"recommended_model": "m-2"}},
            "the service recommends m-2",
        ),
        ({"stop_reason": "refusal"}, "refused"),
        (
            {"stop_reason": "brand_new", "stop_details": {"x": 1}},
            'stopped: brand_new, which this version does not know · {"x": 1}',
        ),
    ],
)
def test_an_answer_that_did_not_simply_end_says_why(body, words):
    """And what to do about it."""
    assert words in assert_inert(html_of("Text.", **body)).shown


def test_an_empty_answer_says_so():
    """A refusal before the first word has no content."""
    shown = assert_inert(html_of(stop_reason="refusal")).shown

    assert "(an empty answer)" in shown
    assert "refused" in shown


def test_tool_input_nested_a_thousand_deep_is_shown():
    """What a hostile tool call holds breaks no view."""
    deep: dict[str, object] = {}
    inner = deep
    for _ in range(900):
        inner["a"] = {}
        inner = inner["a"]  # type: ignore[assignment]

    block = answer().content[-1].model_copy(update={"input": deep})
    assert "…" in answer_view(Message(model="m", content=(block,)))["html"]
