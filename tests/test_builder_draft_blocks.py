"""Turns, blocks and breakpoints of a draft: added, moved, copied, deleted."""

from __future__ import annotations

import pytest

from tests.drafts import ADD, MARK, content, draft
from workbench.errors import PromptError
from workbench.lint import lint

HOUR = {**MARK, "ttl": "1h"}


# --- turns and blocks ------------------------------------------------------------------------------


def test_a_second_block_makes_a_list():
    """The text before it becomes a block."""
    made = draft("Hi")

    path = made.add_block("messages[0]", "text")

    assert path == "messages[0].content[1]"
    assert content(made) == [{"type": "text", "text": "Hi"}, {"type": "text", "text": ""}]


def test_a_first_system_text_is_a_text():
    """Nothing needs a list yet."""
    made = draft()

    path = made.add_block("system", "text")
    made.set(f"{path}.text", "Be brief.")

    assert made.body["system"] == "Be brief."


@pytest.mark.parametrize(
    "kind",
    ["text", "image", "document", "custom_document", "search_result", "tool_use", "tool_result", "thinking"],
)
def test_every_kind_of_block_has_the_right_shape(kind):
    """A new block of each kind parses, and stands where it was wanted."""
    made = draft("Hi")

    path = made.add_block("messages[0]", kind, 0)

    assert path == "messages[0].content[0]"
    assert made.get(path)["type"] == ("document" if kind == "custom_document" else kind)
    assert made.prompt


@pytest.mark.parametrize(
    "kind",
    [
        "tool",
        "web_search_20260318",
        "text_editor_20250124",
        "computer_20251124",
        "advisor_20260301",
        "mcp_toolset",
    ],
)
def test_every_kind_of_tool_has_the_right_shape(kind):
    """Nothing that a tool of the API must have is missing."""
    made = draft("Hi")

    made.add_block("tools", kind)
    made.add_block("tools", kind)

    codes = {one.code for one in lint(made.request()).errors}
    assert codes <= {"E040", "E045", "E092", "E143", "E004"}
    assert kind != "tool" or not codes


def test_an_unknown_kind_names_the_nearest():
    """And all there are."""
    with pytest.raises(PromptError, match="did you mean 'document'"):
        draft().add_block("messages[0]", "dokument")
    with pytest.raises(PromptError, match="web_search"):
        draft().add_block("tools", "web_serch_20260318")


def test_a_ready_block_is_taken_as_it_is():
    """What a file became, or a function."""
    made = draft("Hi")

    path = made.add_block("tools", ADD)

    assert path == "tools[0]"
    assert made.get(path) == ADD


def test_a_new_document_is_cited_as_the_others_are():
    """All or none: the service takes nothing between."""
    document = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x"}}
    made = draft([{**document, "citations": {"enabled": True}}])

    assert made.get(made.add_block("messages[0]", "document"))["citations"] == {"enabled": True}
    assert "citations" not in draft([document]).get("messages[0].content[0]")


def test_a_result_answers_the_call_that_waits():
    """The id is filled in."""
    made = draft("Hi", tools=[ADD])
    call = made.add_block(made.add_turn("assistant"), "tool_use")
    result = made.add_block(made.add_turn("user"), "tool_result")

    assert made.get(f"{call}.name") == "add"
    assert made.get(f"{result}.tool_use_id") == made.get(f"{call}.id")


def test_blocks_inside_blocks():
    """A tool result and a custom document hold blocks of their own."""
    made = draft("Hi")
    outer = made.add_block("messages[0]", "custom_document")
    inner = made.add_block(outer, "text")
    result = made.add_block("messages[0]", "tool_result")
    made.add_block(result, "image")

    assert inner == f"{outer}.source.content[1]"
    assert len(made.blocks(outer)) == 2
    assert made.get(f"{result}.content[1].type") == "image"


@pytest.mark.parametrize("where", ["messages[5]", "model", "messages[0].content[0]", "metadata"])
def test_a_place_without_blocks_is_refused(where):
    """The error says where blocks stand."""
    with pytest.raises(PromptError):
        draft("Hi").add_block(where, "text")


def test_moving_stays_within_the_list():
    """By one, or no further than to the end; the new path comes back."""
    made = draft(["a", "b", "c"])

    assert made.move("messages[0].content[0]", 1) == "messages[0].content[1]"
    assert made.move("messages[0].content[1]", 9) == "messages[0].content[2]"
    assert made.move("messages[0].content[2]", 1) == "messages[0].content[2]"
    assert [one["text"] for one in content(made)] == ["b", "c", "a"]


def test_turns_and_tools_move_too():
    """Whatever is one of a list."""
    made = draft("Hi", tools=[ADD, {**ADD, "name": "sub"}])
    made.add_turn("assistant", "Yes.")

    made.move("messages[1]", -1)
    made.move("tools[0]", 1)

    assert [turn["role"] for turn in made.body["messages"]] == ["assistant", "user"]
    assert [tool["name"] for tool in made.body["tools"]] == ["sub", "add"]


def test_a_copy_has_a_name_and_an_id_of_its_own():
    """And no breakpoint: there are only four."""
    call = {"type": "tool_use", "id": "toolu_1", "name": "add", "input": {}, "cache_control": MARK}
    made = draft("Hi", tools=[ADD])
    made.add_turn("assistant", [call])

    tool = made.duplicate("tools[0]")
    twin = made.duplicate("messages[1].content[0]")

    assert made.get(tool)["name"] == "add_2"
    assert made.get(twin) == {"type": "tool_use", "id": "toolu_2", "name": "add", "input": {}}


def test_a_plain_text_can_be_copied():
    """It becomes two blocks."""
    made = draft("Hi")

    assert made.duplicate("messages[0].content[0]") == "messages[0].content[1]"
    assert [one["text"] for one in content(made)] == ["Hi", "Hi"]


def test_the_last_of_a_list_leaves_nothing_behind():
    """No empty tools, no empty system; a turn without blocks is an empty text."""
    made = draft(["Hi"], tools=[ADD], system="a")

    made.delete("tools[0]")
    made.delete("system[0]")
    made.delete("messages[0].content[0]")

    assert made.body.keys() == {"model", "max_tokens", "messages"}
    assert content(made) == ""


def test_deleting_nothing_is_an_error():
    """The place is named."""
    with pytest.raises(PromptError, match=r"tools\[0\]"):
        draft().delete("tools[0]")


# --- breakpoints -----------------------------------------------------------------------------------


def test_breakpoints_are_listed_in_the_order_of_the_prefix():
    """Tools, system, messages, those inside results, the automatic one last."""
    made = draft(["Hi"], tools=[ADD], system="a")
    made.mark("messages[0].content[0]", "5m")
    made.mark("", "5m")
    made.mark("system", "1h")
    made.mark("tools[0]", "1h")

    assert made.marks == [
        ("tools[0]", "1h"),
        ("system[0]", "1h"),
        ("messages[0].content[0]", "5m"),
        ("cache_control", "5m"),
    ]
    assert made.marks_left == 0
    assert made.body["system"] == [{"type": "text", "text": "a", "cache_control": HOUR}]


def test_a_breakpoint_moves_and_goes():
    """Another lifetime, or none."""
    made = draft(["Hi"])
    made.mark("messages[0].content[0]", "1h")
    made.mark("messages[0].content[0]", "5m")
    five = content(made)
    made.mark("messages[0].content[0]", None)

    assert five[0]["cache_control"] == MARK
    assert made.marks == []
    assert made.marks_left == 4


def test_no_breakpoint_on_nothing():
    """Nothing to mark, no such lifetime."""
    made = draft("Hi")

    for path, ttl in (("tools[0]", "5m"), ("messages[0]", "2h"), ("messages[9].content", "5m")):
        with pytest.raises(PromptError):
            made.mark(path, ttl)
    assert made.marks == []


def test_taking_no_breakpoint_away_changes_nothing():
    """A text stays a text."""
    made = draft("Hi")

    made.mark("messages[0].content", None)
    made.mark("messages[0].content[0]", None)

    assert content(made) == "Hi"
    assert not made.can_undo
