"""Tools of the form: a schema, a Python function, and what the model takes."""

from __future__ import annotations

import pytest

from tests.forms import HI, SCHEMA, editor, field, form, press
from workbench.prompt import Prompt
from workbench.widgets.builder.tools import offered


def test_a_tool_is_written_with_its_schema():
    """Name, description, schema, strict."""
    builder = form(HI)
    press(builder.tools.widget, "Add tool")
    row = builder.tools.rows.rows[0]

    editor(row, "name").value = "weather"
    editor(row, "description").value = "Tells the weather."
    editor(row, "input schema").value = SCHEMA
    editor(row, "strict: inputs always fit the schema").value = True

    assert builder.draft.get("tools[0]") == {
        "name": "weather",
        "description": "Tells the weather.",
        "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
        "strict": True,
    }


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ('{"type": "object"', "line 1, column 18: no JSON"),
        ('{"type": "objekt"}', "type: 'objekt' is none of"),
        ("[]", "a schema is a JSON object"),
        ("", "a tool needs a schema"),
        ('{"properties": {"a": {"minimum": "1"}}}', "properties.a.minimum"),
    ],
    ids=["no JSON", "no type", "no object", "empty", "deep"],
)
def test_a_wrong_schema_is_said_beside_its_field(typed, said):
    """The text stays as typed; the prompt keeps the last good schema."""
    builder = form(HI)
    press(builder.tools.widget, "Add tool")
    row = builder.tools.rows.rows[0]
    editor(row, "input schema").value = SCHEMA

    editor(row, "input schema").value = typed
    editor(row, "name").value = "weather"

    assert said in field(row, "input schema").note.said
    assert editor(row, "input schema").value == typed
    assert builder.draft.get("tools[0].input_schema.properties.city") == {"type": "string"}
    editor(row, "input schema").value = SCHEMA
    assert field(row, "input schema").note.said == ""


def weather(city: str, days: int = 1) -> str:
    """Tell the weather.

    Args:
        city: Where.
        days: How many days ahead.
    """
    return f"{city} {days}"


def test_a_python_function_becomes_a_tool():
    """Its annotations and docstring are the schema."""
    builder = form(HI)

    builder.add_tool(weather)

    made = builder.draft.get("tools[0]")
    assert (made["name"], made["input_schema"]["required"]) == ("weather", ["city"])


def test_a_function_of_the_notebook_is_named(monkeypatch):
    """A wrong name gets the nearest one; the rest stays."""
    builder = form(HI)
    monkeypatch.setattr(builder.tools, "namespace", lambda: {"weather": weather})

    builder.tools.function.value = "wether"
    press(builder.tools.widget, "make a tool of a Python function")
    assert builder.tools.problem.said == (
        "the notebook has no function 'wether'; did you mean 'weather'?; define it in a cell first"
    )
    builder.tools.function.value = "weather"
    press(builder.tools.widget, "make a tool of a Python function")

    assert builder.draft.get("tools[0].name") == "weather"
    assert (builder.tools.problem.said, builder.tools.function.value) == ("", "")


def test_a_function_no_schema_can_describe_is_refused():
    """It names the parameter."""
    builder = form(HI)
    namespace = {"odd": lambda thing: thing}
    builder.tools.namespace = lambda: namespace

    builder.tools.function.value = "odd"
    press(builder.tools.widget, "make a tool of a Python function")

    assert "thing" in builder.tools.problem.said or "lambda" in builder.tools.problem.said
    assert builder.prompt == HI


@pytest.mark.parametrize(
    ("model", "taken", "refused"),
    [
        ("claude-haiku-4-5", "computer_20250124", "computer_20251124"),
        ("claude-opus-5-5", "computer_toolset_20260801", "computer_20251124"),
    ],
)
def test_the_menu_of_tools_is_what_the_model_takes(model, taken, refused):
    """Why the others are not in it, lint's words say."""
    menu, off = offered(model)

    assert taken in [kind for kind, _ in menu]
    assert refused in off
    assert refused not in [kind for kind, _ in menu]


def test_a_tool_that_needs_a_beta_brings_it():
    """The header is sent, and stands under Settings."""
    builder = form(Prompt("Hi", model="claude-haiku-4-5", max_tokens=5))

    builder.tools.menu.value = "computer_20250124"
    press(builder.tools.widget, "Add Anthropic tool")

    assert builder.desk.betas == ("computer-use-2025-01-24",)
    assert builder.settings.betas.widget.value == "computer-use-2025-01-24"
    assert "E092" not in builder.findings.codes


def test_tool_choice_offers_the_tools_there_are():
    """auto, none, any, and each by its name."""
    builder = form(HI)
    builder.add_tool(weather)

    builder.tools.choice.widget.value = {"type": "tool", "name": "weather"}

    assert builder.draft.get("tool_choice") == {"type": "tool", "name": "weather"}
    builder.tools.single.widget.value = True
    assert builder.draft.get("tool_choice.disable_parallel_tool_use") is True


def test_a_model_that_cannot_be_forced_is_not_offered_it():
    """Why stands below."""
    builder = form(Prompt("Hi", model="claude-opus-5-5", max_tokens=5))
    builder.add_tool(weather)

    values = [value for _, value in builder.tools.choice.widget.options]

    assert {"type": "any"} not in values
    assert "claude-opus-5-5 cannot be forced to call a tool" in builder.tools.why.said
