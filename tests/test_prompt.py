from __future__ import annotations

import copy
import timeit
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.dataset import Dataset
from workbench.display import Shown
from workbench.errors import PromptError, WireError
from workbench.prompt import Prompt, Variant, escape, grid
from workbench.wire import Request

HAIKU = "claude-haiku-4-5"
SONNET = "claude-sonnet-4-6"


def text_of(prompt: Prompt, values: dict[str, Any]) -> object:
    return prompt.render(values).messages[-1].content


@pytest.mark.parametrize(
    ("template", "values", "text"),
    [
        ("Solve: {{input}}", {"input": "6*7"}, "Solve: 6*7"),
        ("{{ input }}!", {"input": "a"}, "a!"),
        ("{{a}}{{b}}{{a}}", {"a": "1", "b": "2"}, "121"),
        ("{{Best Answer}}", {"Best Answer": "x"}, "x"),
        ('{"a": {{a}}}', {"a": 5}, '{"a": 5}'),
        ("{{{a}}}", {"a": "x"}, "{x}"),
        ("{{}} {{ }} {a}", {}, "{{}} {{ }} {a}"),
        ("{{a", {}, "{{a"),
        (r"\{{a}}", {}, "{{a}}"),
        (r"\{{a}} {{a}}", {"a": "x"}, "{{a}} x"),
        (r"\\{{a}}", {"a": "x"}, r"\x"),
        (r"\\\{{a}}", {"a": "x"}, r"\{{a}}"),
        (r"\frac \{{", {}, r"\frac {{"),
        ("é{{a}}\u2028{{a}}", {"a": "ü"}, "éü\u2028ü"),
    ],
)
def test_text_is_filled(template, values, text):
    """Each {{name}} becomes its value; an escaped one becomes braces; other braces stay."""
    assert text_of(Prompt(template, model=HAIKU), values) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"),
        (2.50, "2.5"),
        (True, "true"),
        (None, "null"),
        ({"a": "é"}, '{"a": "é"}'),
        (["x", 1], '["x", 1]'),
        ([], "[]"),
        ("", ""),
    ],
)
def test_values_that_are_not_text_are_json(value, text):
    """A number stands plainly, anything else as JSON."""
    assert text_of(Prompt("{{v}}", model=HAIKU), {"v": value}) == text


@given(st.text(alphabet="{}\\ ax\n"))
def test_a_value_is_never_read_again(value):
    """What a value holds, {{b}} and backslashes too, stands in the request as it is."""
    prompt = Prompt("<{{a}}|{{b}}>", model=HAIKU)

    assert text_of(prompt, {"a": value, "b": "B"}) == f"<{value}|B>"


@given(st.text(alphabet="{}\\ ab\n"))
def test_escape_gives_the_text_back(text):
    """An escaped text has no variables and renders as it was."""
    prompt = Prompt("." + escape(text), model=HAIKU)

    assert prompt.variables == ()
    assert text_of(prompt, {}) == "." + text


def test_every_kind_of_text_is_filled():
    """Names work in system, documents, search results, tool results and tool descriptions."""
    prompt = Prompt(
        [
            {
                "type": "document",
                "source": {"type": "text", "media_type": "text/plain", "data": "{{data}}"},
                "title": "{{title}}",
                "context": "{{context}}",
            },
            {
                "type": "document",
                "source": {"type": "content", "content": [{"type": "text", "text": "{{chunk}}"}]},
            },
            {
                "type": "search_result",
                "source": "{{url}}",
                "title": "{{hit}}",
                "content": [{"type": "text", "text": "{{passage}}"}],
            },
            {"type": "tool_result", "tool_use_id": "{{id}}", "content": "{{result}}"},
            {"type": "text", "text": "Q: {{input}}", "cache_control": {"type": "ephemeral"}},
        ],
        model=HAIKU,
        system=[{"type": "text", "text": "{{role}}"}],
        tools=[
            {
                "name": "find",
                "description": "Finds {{thing}}",
                "input_schema": {"type": "object", "properties": {"{{key}}": {"description": "{{x}}"}}},
            }
        ],
    )
    names = ("data", "title", "context", "chunk", "url", "hit", "passage", "result", "input", "role", "thing")

    body = prompt.render({name: name.upper() for name in names}).wire()

    assert set(prompt.variables) == set(names)
    assert body["system"] == [{"type": "text", "text": "ROLE"}]
    assert body["tools"][0]["description"] == "Finds THING"
    assert body["tools"][0]["input_schema"]["properties"] == {"{{key}}": {"description": "{{x}}"}}
    blocks = body["messages"][0]["content"]
    assert blocks[0]["source"]["data"] == "DATA"
    assert (blocks[0]["title"], blocks[0]["context"]) == ("TITLE", "CONTEXT")
    assert blocks[1]["source"]["content"] == [{"type": "text", "text": "CHUNK"}]
    assert (blocks[2]["source"], blocks[2]["title"]) == ("URL", "HIT")
    assert blocks[2]["content"] == [{"type": "text", "text": "PASSAGE"}]
    assert (blocks[3]["tool_use_id"], blocks[3]["content"]) == ("{{id}}", "RESULT")
    assert blocks[4] == {"type": "text", "text": "Q: INPUT", "cache_control": {"type": "ephemeral"}}


RICH = Prompt(
    [
        {
            "type": "document",
            "source": {"type": "text", "media_type": "text/plain", "data": "{{doc}}"},
            "citations": {"enabled": True},
        },
        "{{input}}",
    ],
    model=SONNET,
    max_tokens=200,
    system="Answer as {{role}}",
    messages=["{{first}}", {"role": "assistant", "content": "ok"}],
    effort="high",
    temperature=1,
)


def test_the_rendered_request_equals_the_validated_one():
    """Filling the parsed template gives what parsing the filled body would give."""
    request = RICH.render({"doc": "d", "input": "q", "role": "r", "first": "f"})
    again = Request.model_validate(request.wire())

    assert request == again
    assert request.model_fields_set == again.model_fields_set
    assert request.key == again.key


def test_requests_of_two_samples_have_their_own_keys():
    """A key is never shared between the requests of one prompt."""
    prompt = Prompt("{{a}}", model=HAIKU)

    assert prompt.render({"a": "1"}).key != prompt.render({"a": "2"}).key
    static = Prompt("hi", model=HAIKU)
    assert static.render().key == static.render().key


def test_a_content_that_is_one_name_takes_blocks():
    """A list of blocks takes the place of a message's whole content."""
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
    prompt = Prompt("{{parts}}", model=HAIKU)

    request = prompt.render({"parts": [image, {"type": "text", "text": "{{x}}"}]})

    assert request.wire()["messages"][0]["content"] == [image, {"type": "text", "text": "{{x}}"}]
    assert request == Request.model_validate(request.wire())


def test_blocks_take_the_place_of_one_text_block():
    """Beside other blocks they are spliced in, and the breakpoint moves behind them."""
    prompt = Prompt(
        [{"type": "text", "text": "{{docs}}", "cache_control": {"type": "ephemeral"}}, "{{q}}"], model=HAIKU
    )
    document = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "d"}}

    content = prompt.render({"docs": [document, document], "q": "?"}).wire()["messages"][0]["content"]

    assert content == [
        document,
        {**document, "cache_control": {"type": "ephemeral"}},
        {"type": "text", "text": "?"},
    ]


def test_blocks_of_the_wrong_shape_are_refused():
    """The error names the variable and the field."""
    prompt = Prompt("{{docs}}", model=HAIKU)

    with pytest.raises(PromptError, match=r"messages\[0\].content: \{\{docs\}\} holds a block .*source"):
        prompt.render({"docs": [{"type": "document"}]})


def test_an_undefined_name_is_an_error():
    """It names the place, the name, the nearest column and the cure."""
    prompt = Prompt("a", model=HAIKU, system="Use {{inptu}}")

    with pytest.raises(PromptError) as caught:
        prompt.render({"id": "1", "input": "x"})

    assert str(caught.value) == (
        "system: {{inptu}} is not defined; did you mean 'input'? (there is: id, input). "
        "Literal braces are written \\{{"
    )


def test_check_warns_once_about_unused_columns():
    """One sentence names them all, and points at the caller; the three roles are no news."""
    data = Dataset.load([{"id": "1", "question": "?", "answer": "!", "level": 1, "source": "x"}])

    with pytest.warns(UserWarning, match="^the prompt does not use: level, source$") as caught:
        Prompt("{{input}}", model=HAIKU).check(data)

    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_check_refuses_undefined_names():
    """A name that is no column is found before anything is sent."""
    with pytest.raises(PromptError, match=r"messages\[0\].content: \{\{text\}\} is not defined"):
        Prompt("{{text}}", model=HAIKU).check(["id", "input"])


def test_an_unknown_field_gets_the_nearest_name():
    """A misspelt setting is refused at once."""
    with pytest.raises(PromptError, match="no field 'max_token'; did you mean 'max_tokens'"):
        Prompt("a", max_token=5)


def test_a_field_of_the_wrong_shape_is_refused():
    """The error names the path."""
    with pytest.raises(WireError, match="max_tokens"):
        Prompt("a", model=HAIKU, max_tokens="many")


def test_a_prompt_says_something():
    """No turn at all is refused, with an example."""
    with pytest.raises(PromptError, match="needs a user turn"):
        Prompt(model=HAIKU)


def test_a_prompt_without_model_cannot_be_rendered():
    """A grid may add the model; until then there is a clear error."""
    prompt = Prompt("{{input}}")

    with pytest.raises(PromptError, match="has no model"):
        prompt.render({"input": "x"})
    assert prompt.with_(model=HAIKU).render({"input": "x"}).model == HAIKU


def test_values_can_be_named_directly():
    """In a notebook, render(input=…) is enough."""
    assert text_of(Prompt("{{input}}", model=HAIKU), {}.fromkeys(["input"], "x")) == "x"
    assert Prompt("{{input}}", model=HAIKU).render(input="y").messages[0].content == "y"


def test_messages_come_before_the_user_turn():
    """Few-shot turns stand first, the prompt's own turn last."""
    turns = RICH.render({"doc": "d", "input": "q", "role": "r", "first": "f"}).messages

    assert [turn.role for turn in turns] == ["user", "assistant", "user"]


def test_a_list_of_turns_is_taken_as_it_is():
    """Objects with a role are turns, not blocks."""
    prompt = Prompt(
        [{"role": "user", "content": "a"}, {"role": "assistant", "content": "{{b}}"}], model=HAIKU
    )

    assert [turn.role for turn in prompt.render({"b": "x"}).messages] == ["user", "assistant"]


def test_with_changes_a_copy():
    """The first prompt stays as it was, and the name stays with both."""
    prompt = Prompt("a", model=HAIKU, name="first")
    other = prompt.with_(max_tokens=5, system="s")

    assert "max_tokens" not in prompt.wire()
    assert (other.wire()["max_tokens"], other.wire()["system"], other.name) == (5, "s", "first")
    assert "system" not in other.with_(system=None).wire()


def test_effort_stands_in_output_config():
    """None takes it out again and leaves the rest of output_config."""
    prompt = Prompt("a", model=SONNET, output_config={"task_budget": {"total": 1}}, effort="high")

    assert prompt.wire()["output_config"] == {"task_budget": {"total": 1}, "effort": "high"}
    assert prompt.with_(effort=None).wire()["output_config"] == {"task_budget": {"total": 1}}
    assert "output_config" not in Prompt("a", effort="low").with_(effort=None).wire()


def test_wire_and_back():
    """The body is the prompt: what was read from it is equal, unknown fields included."""
    body = {**RICH.wire(), "new_field": {"x": 1}}

    assert Prompt.from_wire(RICH.wire()) == RICH
    assert Prompt.from_wire(body).wire() == body
    assert Prompt.from_wire(body).render(dict.fromkeys(RICH.variables, "x")).wire()["new_field"] == {"x": 1}


def test_a_prompt_cannot_be_changed_through_its_body():
    """wire() gives a copy, and what was given is copied."""
    tools = [{"name": "a", "input_schema": {"type": "object"}}]
    prompt = Prompt("a", model=HAIKU, tools=tools)
    before = copy.deepcopy(prompt.wire())

    tools[0]["name"] = "changed"
    prompt.wire()["tools"][0]["name"] = "changed"

    assert prompt.wire() == before


def test_equality_is_what_is_sent():
    """Names do not count, numbers that are different JSON do."""
    assert Prompt("a", model=HAIKU, name="x") == Prompt("a", model=HAIKU)
    assert hash(Prompt("a", model=HAIKU, name="x")) == hash(Prompt("a", model=HAIKU))
    assert Prompt("a", temperature=1) != Prompt("a", temperature=1.0)
    assert Prompt("a") != "a"


def test_a_prompt_prints_itself():
    """The text view shows settings, variables and every turn."""
    prompt = Prompt("Solve: {{input}}", model=HAIKU, max_tokens=300, system="Be brief")

    assert isinstance(prompt, Shown)
    assert str(prompt) == (
        "Prompt · claude-haiku-4-5 · max_tokens 300 · variables: input\n"
        "system: Be brief\n"
        "user: Solve: {{input}}"
    )


def test_long_runs_of_backslashes_and_braces_are_linear():
    """Compiling a hostile template takes no time to speak of."""
    text = "\\" * 50_000 + "{" * 50_000 + "{{ " + " " * 50_000

    assert timeit.timeit(lambda: Prompt(text, model=HAIKU).variables, number=1) < 1


def test_grid_crosses_models_and_effort():
    """Names are short; what no model takes is dropped with one sentence that points at the caller."""
    prompt = Prompt("a")

    with pytest.warns(UserWarning, match="^claude-haiku-4-5 has no effort: 1 variant dropped$") as caught:
        variants = grid(prompt, model=[HAIKU, SONNET], effort=[None, "high"])

    assert [variant.name for variant in variants] == ["haiku-4-5", "sonnet-4-6", "sonnet-4-6 · effort high"]
    assert variants[2].prompt.wire()["output_config"] == {"effort": "high"}
    assert variants[2].fields == {"model": SONNET, "effort": "high"}
    assert (len(caught), caught[0].filename) == (1, __file__)


def test_grid_drops_levels_and_modes_a_model_lacks():
    """An effort level, a thinking mode and the fast mode are looked up in the catalog."""
    with pytest.warns(UserWarning, match="claude-sonnet-4-6 has no effort xhigh: 1 variant dropped"):
        assert len(grid(Prompt("a", model=SONNET), effort=["low", "xhigh"])) == 1
    with pytest.warns(UserWarning, match="claude-haiku-4-5 takes no adaptive thinking"):
        assert len(grid(Prompt("a", model=HAIKU), thinking=[None, {"type": "adaptive"}])) == 1
    with pytest.warns(UserWarning, match="claude-haiku-4-5 has no fast mode"):
        assert len(grid(Prompt("a", model=HAIKU), speed=[None, "fast"])) == 1


def test_grid_assumes_nothing_of_unknown_models():
    """A model the catalog does not know keeps all its variants."""
    assert len(grid(Prompt("a", model="local-qwen"), effort=[None, "high"])) == 2


def test_grid_names_several_prompts():
    """A dict names them; a list numbers those without a name."""
    a, b = Prompt("a", model=HAIKU), Prompt("b", model=HAIKU, name="second")

    assert [v.name for v in grid({"plain": a, "terse": b})] == ["plain", "terse"]
    assert [v.name for v in grid([a, b], model=[HAIKU, SONNET])] == [
        "prompt 1 · haiku-4-5",
        "prompt 1 · sonnet-4-6",
        "second · haiku-4-5",
        "second · sonnet-4-6",
    ]
    assert [v.name for v in grid(prompt={"x": a, "y": b})] == ["x", "y"]


def test_grid_merges_what_comes_out_equal():
    """A setting that repeats the prompt's own adds no variant."""
    variants = grid(Prompt("a", model=SONNET, effort="high"), effort=[None, "high", "low"])

    assert [variant.prompt.effort for variant in variants] == ["high", "low"]


def test_grid_names_are_unique():
    """Two spellings of one model are told apart by their full names."""
    variants = grid(Prompt("a"), model=[HAIKU, "claude-haiku-4-5-20251001"])

    assert [variant.name for variant in variants] == [HAIKU, "claude-haiku-4-5-20251001"]


@pytest.mark.parametrize(
    ("axes", "names"),
    [
        ({"temperature": [0, 0.5]}, ["haiku-4-5 · temperature 0", "haiku-4-5 · temperature 0.5"]),
        ({"max_tokens": 50}, ["haiku-4-5 · max_tokens 50"]),
        ({"system": [None, "x" * 30]}, ["haiku-4-5", "haiku-4-5 · system 2"]),
        (
            {"thinking": [{"type": "enabled", "budget_tokens": 2048}]},
            ["haiku-4-5 · thinking enabled 2048"],
        ),
    ],
)
def test_grid_names_any_axis(axes, names):
    """Short values stand in the name, long ones by their place."""
    assert [variant.name for variant in grid(Prompt("a", model=HAIKU), **axes)] == names


def test_grid_refuses_when_nothing_is_left():
    """The error says what was dropped."""
    with pytest.raises(PromptError, match="no variant is left: claude-haiku-4-5 has no effort: 1 variant"):
        grid(Prompt("a", model=HAIKU), effort=["high"])
    with pytest.raises(PromptError, match="an axis is empty"):
        grid(Prompt("a", model=HAIKU), effort=[])


@pytest.mark.parametrize("wrong", [None, [], ["text"]])
def test_grid_needs_prompts(wrong):
    """Anything that is no prompt is refused."""
    with pytest.raises(PromptError, match="grid needs a Prompt"):
        grid(wrong)


def test_a_variant_is_data():
    """Variants can be made by hand."""
    assert Variant("x", Prompt("a")).fields == {}


def test_a_function_may_stand_for_a_tool():
    """Name, description and schema are those of the function; what is a tool already stays."""

    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    made = Prompt("{{input}}", model="m", max_tokens=9, tools=[add, {"name": "other", "input_schema": {}}])

    first, second = made.wire()["tools"]
    assert (first["name"], first["description"]) == ("add", "Add two numbers.")
    assert sorted(first["input_schema"]["properties"]) == ["a", "b"]
    assert second == {"name": "other", "input_schema": {}}
