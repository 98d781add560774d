"""A prompt while it is written: paths, blocks, breakpoints, undo."""

from __future__ import annotations

import copy
import json
import threading
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.errors import PromptError, WireError
from workbench.lint import lint
from workbench.prompt import Prompt
from workbench.widgets.builder.draft import Draft

MARK = {"type": "ephemeral"}
HOUR = {**MARK, "ttl": "1h"}
ADD = {"name": "add", "description": "Add.", "input_schema": {"type": "object", "properties": {}}}


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def draft(user: Any = "Hi", clock: Clock | None = None, **fields: Any) -> Draft:
    prompt = Prompt(user, model="claude-haiku-4-5", max_tokens=100, **fields)
    return Draft(prompt, clock=clock) if clock else Draft(prompt)


def content(made: Draft, turn: int = 0) -> Any:
    return made.body["messages"][turn]["content"]


# --- beginning -------------------------------------------------------------------------------------


def test_an_empty_draft_has_one_empty_user_turn():
    """The form opens with the cursor in it."""
    assert content(Draft()) == ""
    assert Draft().body["messages"][0]["role"] == "user"


def test_a_draft_of_a_prompt_is_that_prompt():
    """Name and body come back; the prompt given is not touched."""
    given_prompt = Prompt("Hi", name="short", model="claude-haiku-4-5")
    made = Draft(given_prompt)

    made.set("messages[0].content", "Ho")
    made.undo()

    assert made.prompt == given_prompt
    assert made.prompt.name == "short"


def test_the_body_is_a_copy():
    """Changing what was read changes nothing."""
    made = draft(["Hi"])

    made.body["messages"].clear()
    made.get("messages[0]").clear()
    made.blocks("messages[0]")[0].clear()

    assert made.prompt == draft(["Hi"]).prompt


# --- names and values ------------------------------------------------------------------------------


def test_names_are_found_in_every_text():
    """System, documents, results, tools: the prompt's own order."""
    fields: dict[str, Any] = {
        "system": "{{a}}",
        "tools": [{**ADD, "description": "{{z}}"}],
        "messages": [{"role": "user", "content": "{{b}} \\{{no}}"}],
    }
    blocks = [
        {
            "type": "document",
            "title": "{{c}}",
            "context": "{{d}}",
            "source": {"type": "content", "content": [{"type": "text", "text": "{{e}}"}]},
        },
        {
            "type": "search_result",
            "title": "{{f}}",
            "source": "{{g}}",
            "content": [{"type": "text", "text": "x"}],
        },
        {"type": "tool_result", "tool_use_id": "t", "content": "{{h}} {{a}}"},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "{{i}}"}},
    ]
    made = draft(blocks, **fields)

    assert made.variables == ("a", "b", "c", "d", "e", "f", "g", "h", "i", "z")
    assert made.variables == made.prompt.variables


def test_names_are_found_while_the_rest_is_wrong():
    """A field half typed hides no input."""
    made = draft("{{x}}")
    made.set("tools", "nonsense {{no}}")
    made.set("system", [{"type": "text"}, {"type": "text", "text": "{{y}}"}, 3])

    assert made.variables == ("y", "x")
    with pytest.raises(WireError, match="system"):
        _ = made.prompt


def test_a_name_without_a_value_stands_for_itself():
    """So that lint and tokens work before any value is typed."""
    made = draft("{{who}} asks {{what}}, {{who}}")
    made.values["what"] = "why"
    made.values["who"] = ""

    assert made.missing == ("who",)
    assert made.request().messages[0].content == "«who» asks why, «who»"


def test_values_may_be_anything_a_sample_holds():
    """A list of blocks takes the place of its name, zero is a value."""
    made = draft(["{{blocks}}", "{{n}}"])
    made.values.update(blocks=[{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], n=0)

    assert [one.wire()["text"] for one in made.request().messages[0].blocks] == ["a", "b", "0"]


def test_an_empty_prompt_is_no_prompt_yet():
    """The error says what is missing."""
    made = draft()
    made.delete("messages[0]")

    with pytest.raises(PromptError, match="user turn"):
        made.request()


# --- paths -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("system", "Be brief."),
        ("system[0].text", "Be brief."),
        ("output_config.effort", "high"),
        ("thinking.type", "adaptive"),
        ("messages[0].content", "Ho"),
        ("messages[0].content[0].text", "Ho"),
        ("messages[1]", {"role": "assistant", "content": "Yes."}),
        ("tools[0].input_schema.properties.a.b", {"type": "string"}),
        ("stop_sequences[0]", "END"),
        ("metadata.user_id", "u"),
    ],
)
def test_what_is_set_is_there(path, value):
    """Objects and lists on the way are made."""
    made = draft()

    made.set(path, value)

    assert made.get(path) == value


def test_a_text_that_stands_for_a_block_stays_a_text():
    """Typing into it makes no block of it."""
    made = draft(system="a")

    made.set("system[0].text", "b")
    made.set("messages[0].content[0].text", "c")

    assert made.body["system"] == "b"
    assert content(made) == "c"


def test_a_field_of_a_text_makes_it_a_block():
    """What a text cannot carry, a block does."""
    made = draft(system="a")

    made.set("system[0].cache_control", MARK)

    assert made.body["system"] == [{"type": "text", "text": "a", "cache_control": MARK}]


def test_keys_with_dots_are_found():
    """A path that lint writes is read with the body at hand."""
    schema = {"type": "object", "properties": {"a.b[0]": {"type": "string", "bold": 1}}}
    made = draft(tools=[{**ADD, "input_schema": schema}])

    made.remove("tools[0].input_schema.properties.a.b[0].bold")

    assert made.get("tools[0].input_schema.properties.a.b[0]") == {"type": "string"}


def test_none_removes_and_removing_leaves_no_empty_setting():
    """A setting switched off leaves no {} behind; one that is not there is no error to switch off."""
    made = draft()
    made.set("output_config.effort", "high")

    made.set("output_config.effort", None)
    made.set("output_config.effort", None)

    assert "output_config" not in made.body


@pytest.mark.parametrize(
    "path", ["messages[7].content", "messages[0].content[3].text", "model.name", "a[", "", "[0]"]
)
def test_a_path_to_nowhere_is_an_error(path):
    """It names the path, and the draft stays what it was."""
    made = draft()
    before = made.body

    with pytest.raises(PromptError):
        made.set(path, "x")

    assert made.body == before
    assert not made.can_undo
    assert made.get("messages[7]", "none") == "none"


def test_every_path_that_lint_writes_is_found():
    """A click on a finding leads to its field."""
    document = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x"}}
    made = draft(
        [document, {**document, "citations": {"enabled": True}}, {"type": "text", "text": ""}],
        thinking={"type": "adaptive"},
        temperature=0,
        tools=[{"name": "a b", "input_schema": {"type": "object"}}],
        stop_sequences=[" "],
    )

    found = [one.path for one in lint(made.request()) if one.code in {"E006", "E020", "E102", "E005", "W012"}]

    assert len(found) == 5
    assert all(made.get(path) is not None for path in found)


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


# --- steps -----------------------------------------------------------------------------------------


def test_undo_and_redo():
    """Back to the beginning, and forth again; a new step forgets what was taken back."""
    made = draft("a")
    made.set("system", "b")
    made.add_turn("assistant")

    made.undo()
    made.undo()
    made.undo()
    made.redo()

    assert made.body["system"] == "b"
    assert len(made.body["messages"]) == 1
    made.set("max_tokens", 5)
    assert not made.can_redo
    assert made.can_undo


def test_typing_is_one_step_until_the_keys_rest():
    """A second of rest, or another field, begins a new one."""
    clock = Clock()
    made = draft("", clock=clock)
    for text in ("h", "he", "hel"):
        clock.now += 0.9
        made.set("messages[0].content", text)
    clock.now += 1.1
    made.set("messages[0].content", "hello")
    made.set("system", "x")
    made.set("messages[0].content", "hello!")

    seen = []
    while made.can_undo:
        seen.append((content(made), made.get("system")))
        made.undo()

    assert seen == [("hello!", "x"), ("hello", "x"), ("hello", None), ("hel", None)]
    assert content(made) == ""


def test_typing_after_an_undo_is_a_step_of_its_own():
    """What was typed before stays reachable."""
    clock = Clock()
    made = draft("", clock=clock)
    made.set("system", "a")
    made.set("max_tokens", 7)
    made.undo()
    made.set("system", "ab")

    made.undo()

    assert made.get("system") == "a"


def test_numbers_and_switches_are_steps_of_their_own():
    """Only texts are typed letter by letter."""
    made = draft(clock=Clock())
    made.set("max_tokens", 5)
    made.set("max_tokens", 6)

    made.undo()

    assert made.get("max_tokens") == 5


def test_replacing_is_one_step():
    """A pasted prompt, a fix, a version put back."""
    made = draft("a", system="b")

    made.replace({"messages": [{"role": "user", "content": "new"}]})
    pasted = made.body
    made.undo()

    assert pasted == {"messages": [{"role": "user", "content": "new"}]}
    assert made.prompt == draft("a", system="b").prompt


def test_one_and_one_point_zero_are_two_things():
    """JSON keeps them apart, so the change is seen."""
    made = draft(temperature=1)

    made.set("temperature", 1.0)

    assert made.can_undo
    assert repr(made.get("temperature")) == "1.0"


def test_watchers_hear_which_fields_changed():
    """Once for each change, not where nothing did, and no longer than they want."""
    made = draft("a")
    heard: list[set[str]] = []
    stop = made.watch(heard.append)

    made.set("system", "b")
    made.set("system", "b")
    made.undo()
    made.replace({"model": "claude-haiku-4-5", "messages": [], "speed": "fast"})
    stop()
    stop()
    made.set("system", "c")

    assert heard == [{"system"}, {"system"}, {"max_tokens", "messages", "speed"}]


def test_large_documents_are_not_copied():
    """Steps share their texts."""
    large = "x" * 1_000_000
    made = draft(large)
    for n in range(50):
        made.set("max_tokens", n)

    assert made.get("messages[0].content") is large


OPERATIONS = ("set", "block", "turn", "move", "copy", "delete", "mark", "undo", "redo", "replace")
PATHS = (
    "system",
    "system[0].text",
    "messages[0].content",
    "messages[0].content[1]",
    "messages[1]",
    "tools[0]",
    "max_tokens",
)


def operate(made: Draft, name: str, path: str, n: int) -> None:
    match name:
        case "set":
            made.set(path, [f"{{{{v{n}}}}}", n, None, [], {"type": "text", "text": "x"}][n % 5])
        case "block":
            made.add_block(
                ["system", "messages[0]", "messages[1]", "tools"][n % 4],
                ["text", "document", "tool"][n % 3],
                n,
            )
        case "turn":
            made.add_turn(["user", "assistant"][n % 2])
        case "move":
            made.move(path, n - 2)
        case "mark":
            made.mark(path, ["5m", "1h", None][n % 3])
        case "replace":
            made.replace({"messages": [{"role": "user", "content": str(n)}]})
        case "copy" | "delete":
            {"copy": made.duplicate, "delete": made.delete}[name](path)
        case _:
            {"undo": made.undo, "redo": made.redo}[name]()


@given(
    st.lists(st.tuples(st.sampled_from(OPERATIONS), st.sampled_from(PATHS), st.integers(0, 9)), max_size=25)
)
@settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_whatever_is_done_can_be_undone(steps):
    """Any clicks in any order: JSON at every moment, an error of ours at worst, and a way back."""
    made = draft("{{x}}", clock=Clock())
    first = copy.deepcopy(made.body)
    for name, path, n in steps:
        before = made.body
        try:
            operate(made, name, path, n)
        except PromptError:
            assert made.body == before
        assert json.loads(json.dumps(made.body)) == made.body
        assert isinstance(made.variables, tuple)
        assert made.marks_left <= 4
    last = made.body
    while made.can_undo:
        made.undo()
    assert made.body == first
    while made.can_redo:
        made.redo()
    # What was undone before the end comes back too, so the end is on the way or is it.
    assert made.body == last or any(name == "undo" for name, _, _ in steps)


def test_changes_of_several_threads_take_turns():
    """JupyterLab hears widgets on several threads of the kernel; no change may undo another one."""
    draft = Draft()
    draft.watch(lambda _: time.sleep(0))

    def write(name: str) -> None:
        for n in range(60):
            draft.set(f"metadata.{name}", str(n))

    threads = [threading.Thread(target=write, args=(name,)) for name in ("a", "b", "c", "d")]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert draft.get("metadata") == dict.fromkeys("abcd", "59")
