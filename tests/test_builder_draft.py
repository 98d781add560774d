"""A prompt while it is written: how it begins, its names, and the paths to its fields."""

from __future__ import annotations

from typing import Any

import pytest

from tests.drafts import ADD, MARK, content, draft
from workbench.errors import PromptError, WireError
from workbench.lint import lint
from workbench.prompt import Prompt
from workbench.widgets.builder.draft import Draft

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
