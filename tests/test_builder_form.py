"""The builder's form: what is typed and pressed is in the prompt, and nothing jumps."""

from __future__ import annotations

import pytest

from tests.forms import below, block, editor, form, press
from tests.hostile import TEXTS
from workbench.errors import UsageError
from workbench.prompt import Prompt
from workbench.show.h import tag
from workbench.widgets.html import SafeHTML, shown, words

POLICY = {
    "type": "document",
    "source": {"type": "text", "media_type": "text/plain", "data": "Refunds within 30 days. " * 300},
    "title": "Returns",
}
ASKED = Prompt(
    [POLICY, "Answer: {{question}}"], model="claude-sonnet-4-6", max_tokens=500, system="Be brief."
)


def test_an_empty_form_is_one_user_turn_to_type_into():
    """Nothing has to be added before one can write."""
    builder = form()

    editor(block(builder), "text").value = "Why is the sky blue?"

    assert builder.prompt.wire()["messages"] == [{"role": "user", "content": "Why is the sky blue?"}]
    assert builder.findings.codes == ()


def test_a_prompt_opens_as_it_is():
    """Building a form changes nothing."""
    assert form(ASKED).prompt == ASKED


def test_typing_keeps_every_editor():
    """The cursor stays: neither the field being typed in nor any other one is made anew."""
    builder = form(ASKED)
    row = block(builder, 0, 1)
    before = (row.widget, editor(row, "text"), builder.messages.rows.widget.children)

    for typed in ("A", "An", "Ans {{x}}"):
        editor(row, "text").value = typed

    row = block(builder, 0, 1)
    assert (row.widget, editor(row, "text"), builder.messages.rows.widget.children) == before


def test_a_text_too_long_to_edit_is_kept_whole():
    """Only its beginning goes to the page; it is never written back."""
    long = "Refunds. " * 30_000
    builder = form(Prompt([{"type": "text", "text": long}, "Hi"], model="claude-haiku-4-5", max_tokens=5))
    text = editor(block(builder), "text")

    assert text.disabled
    assert len(text.value) < 3000
    text.value = "changed"

    assert builder.draft.get("messages[0].content[0].text") == long


def test_a_row_moves_with_its_editor():
    """Moving swaps rows; each keeps its own widgets, and its fields follow."""
    builder = form(ASKED)
    text, stub = block(builder, 0, 1), block(builder, 0, 0)

    text.press("up")

    assert builder.messages.rows.rows[0].rows.rows == [text, stub]
    editor(text, "text").value = "first now"
    assert builder.draft.get("messages[0].content[0].text") == "first now"


def test_the_first_row_cannot_go_up_nor_the_last_down():
    """A button that would do nothing is off."""
    builder = form(ASKED)
    first, last = block(builder, 0, 0), block(builder, 0, 1)

    assert (first._buttons["up"].disabled, first._buttons["down"].disabled) == (True, False)
    assert (last._buttons["up"].disabled, last._buttons["down"].disabled) == (False, True)


def test_duplicate_and_delete():
    """A copy stands behind its original; deleting it leaves the others."""
    builder = form(Prompt("Hi", model="claude-haiku-4-5", max_tokens=5))

    block(builder).press("duplicate")
    editor(block(builder, 0, 1), "text").value = "there"

    assert [one.text for one in builder.request.messages[0].blocks] == ["Hi", "there"]
    block(builder, 0, 0).press("delete")
    assert [one.text for one in builder.request.messages[0].blocks] == ["there"]


def test_turns_are_added_with_their_role():
    """User, assistant and system turns; the system turn only where the model takes it."""
    builder = form(Prompt("Hi", model="claude-opus-5", max_tokens=5))

    press(builder.messages.widget, "Add assistant turn")
    press(builder.messages.widget, "Add user turn")
    press(builder.messages.widget, "Add system turn")

    assert [one["role"] for one in builder.draft.body["messages"]] == ["user", "assistant", "user", "system"]


def test_a_model_without_system_turns_says_so():
    """The button is off, and why stands beside it."""
    builder = form(Prompt("Hi", model="claude-haiku-4-5", max_tokens=5))

    assert builder.messages.add["system"].disabled
    assert builder.messages.why.said == "claude-haiku-4-5 takes no system turn in a conversation; use System"


def test_the_role_of_a_turn_can_be_changed():
    """A menu in the turn's head."""
    builder = form()

    builder.messages.rows.rows[0].role.value = "assistant"

    assert builder.draft.get("messages[0].role") == "assistant"


def test_undo_and_redo():
    """Typing in one field is one step; buttons are off where there is none."""
    builder = form(Prompt("Hi", model="claude-haiku-4-5", max_tokens=5))
    assert builder._undo.disabled
    text = editor(block(builder), "text")

    text.value = "Hi t"
    text.value = "Hi there"
    press(builder.widget, "Undo")

    assert (text.value, builder._undo.disabled, builder._redo.disabled) == ("Hi", True, False)
    builder.redo()
    assert text.value == "Hi there"


def test_breakpoints_are_set_in_the_row_and_counted_everywhere():
    """A menu in each row; the counter stands in the row and under Cache."""
    builder = form(ASKED)

    builder.system.rows.rows[0].mark.menu.value = "1h"
    builder.documents.rows.rows[0].mark.menu.value = "5m"

    assert builder.draft.marks == [("system[0]", "1h"), ("messages[0].content[0]", "5m")]
    assert builder.documents.rows.rows[0].mark.used.said == "2 of 4"
    assert builder.cache.used.said == "breakpoints: 2 of 4"
    assert [row.menu.value for row in builder.cache.rows] == ["1h", "5m"]


def test_a_breakpoint_changed_under_cache_shows_in_its_row():
    """One truth, two places."""
    builder = form(ASKED)
    builder.system.rows.rows[0].mark.menu.value = "5m"

    builder.cache.rows[0].menu.value = ""

    assert builder.system.rows.rows[0].mark.menu.value == ""
    assert builder.draft.body == ASKED.wire() | {"system": builder.draft.body["system"]}


def test_a_fifth_breakpoint_cannot_be_set():
    """With four in use the other menus are off and say why."""
    builder = form(Prompt(["a", "b", "c", "d", "e"], model="claude-haiku-4-5", max_tokens=5))
    for at in range(4):
        block(builder, 0, at).mark.menu.value = "5m"

    last = block(builder, 0, 4).mark

    assert last.menu.disabled
    assert last.menu.tooltip == "all four are used; switch another one off"
    assert builder.cache.automatic.disabled


def test_the_automatic_breakpoint():
    """Top-level cache_control has a menu of its own and counts."""
    builder = form()

    builder.cache.automatic.value = "5m"

    assert builder.draft.get("cache_control") == {"type": "ephemeral"}
    assert builder.cache.used.said == "breakpoints: 1 of 4"


def test_a_finding_leads_to_its_field():
    """The section opens and the cursor goes there."""
    builder = form(ASKED.with_(thinking={"type": "between_tools"}))
    asked: list[str] = []
    builder.desk.focus = asked.append
    assert not builder.thinking.is_open

    builder.aside._hear_jump(builder.findings.codes.index("E010"))

    assert builder.thinking.is_open
    assert asked == [builder.thinking.kind.cls]


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("system", "text"),
        ("messages[0].content[1].text", "text"),
        ("messages[0].content[0].title", "title"),
        ("messages[0].content[0].source.data", "text"),
        ("messages[0].content[0].cache_control", "cache"),
        ("max_tokens", "max_tokens"),
        ("output_config.effort", "effort"),
        ("stop_sequences[0]", "stop sequences"),
        ("temperature", "temperature"),
        ("context_management.edits[0]", "other fields"),
        ("cache_control", "automatic"),
    ],
)
def test_every_place_has_a_field(path, label):
    """Whatever lint names, something on the form edits it."""
    builder = form(ASKED)

    found = builder.desk.field_at(path)

    assert found is not None
    assert found.widget.description == label


def test_a_fix_is_one_step():
    """One click cures; undo brings it back."""
    builder = form(Prompt([{**POLICY}, "Q: {{q}}"], model="claude-sonnet-4-6", max_tokens=500))
    builder.draft.values["q"] = "Why?"
    before = builder.draft.body
    cures = [cure.label if cure else None for cure in builder._now().fixes]
    assert "add breakpoint" in cures

    builder.aside._hear_fix(cures.index("add breakpoint"))

    assert builder.draft.marks
    assert builder.figures.cost_at_hit is not None
    builder.undo()
    assert builder.draft.body == before


def test_a_finding_that_is_gone_cannot_be_fixed():
    """A late click from an old page does nothing but say so."""
    builder = form()

    for index in (99, -1, None, True, "0"):
        with pytest.raises(UsageError, match="gone"):
            builder.aside._hear_fix(index)


@pytest.mark.parametrize("which", ["python", "json", "curl"])
def test_each_text_rebuilds_the_prompt(which):
    """Paste any of the three: the same prompt."""
    prompt = Prompt(
        [POLICY, "Answer in one word."], model="claude-sonnet-4-6", max_tokens=500, system="Brief."
    )
    text = form(prompt).text(which)
    builder = form()

    said = builder.rebuild(text)

    assert said == "rebuilt: claude-sonnet-4-6, 1 turn"
    assert builder.prompt == prompt


def test_nonsense_pasted_changes_nothing():
    """The problem is said to the page that asked; the form stays."""
    builder = form(ASKED)
    sent = []
    builder.aside.tell = lambda kind, **body: sent.append((kind, body))

    builder.aside._receive(None, {"kind": "paste", "n": "1", "text": "hello {"}, [])

    assert sent[0][0] == "problem"
    assert sent[0][1]["n"] == "1"
    assert builder.prompt == ASKED


def test_values_belong_to_names():
    """A name found in any text gets an input; its value is in the request."""
    builder = form(ASKED)

    builder.values.inputs["question"].editor.value = "When?"

    assert builder.request.messages[0].blocks[1].text == "Answer: When?"
    assert builder.values.said.said == "question"


def test_a_name_without_a_value_is_said():
    """Lint and tokens still work."""
    builder = form(ASKED)

    assert builder.values.said.said == "no value yet: question"
    assert builder.request.messages[0].blocks[1].text == "Answer: «question»"
    assert builder.figures is not None


def test_values_come_from_rows_of_a_dataset():
    """A row at a time."""
    builder = form(ASKED)

    builder.use(
        [{"id": "a", "input": "x", "question": "When?"}, {"id": "b", "input": "y", "question": "How?"}]
    )
    assert builder.request.messages[0].blocks[1].text == "Answer: When?"
    builder.values.row.value = 2

    assert builder.request.messages[0].blocks[1].text == "Answer: How?"
    assert builder.values.about.said == "of 2 in dataset · b"


def test_a_dataset_without_the_column_says_so_and_keeps_what_was_typed():
    """The message stands beside the rows; the value stays."""
    builder = form(ASKED)
    builder.values.inputs["question"].editor.value = "When?"

    builder.use([{"input": "x", "answer": "y"}])

    assert builder.values.problem.said.startswith("dataset has no column question (there is: input, answer)")
    assert builder.request.messages[0].blocks[1].text == "Answer: When?"


def test_blocks_of_a_dataset_stand_for_a_name():
    """A whole block that is one name takes the documents of the row."""
    builder = form(Prompt(["{{docs}}", "Summarise."], model="claude-haiku-4-5", max_tokens=50))

    builder.use([{"input": "x", "docs": [POLICY]}])

    assert builder.request.messages[0].blocks[0].type == "document"
    assert builder.values.inputs["docs"].editor.disabled


def test_the_static_view_says_everything():
    """Without a kernel: the prompt, the findings, tokens and cost, as HTML and as text."""
    bundle = form(ASKED)._repr_mimebundle_()

    assert "application/vnd.jupyter.widget-view+json" in bundle
    for part in ("Be brief.", "Returns", "tokens   ", "cost   "):
        assert part in bundle["text/html"], part
    for part in ("Be brief.", "question", "tokens   ", "cost   "):
        assert part in bundle["text/plain"], part


def test_a_draft_that_is_no_prompt_yet_still_shows():
    """What is missing is said instead."""
    builder = form()
    builder.messages.rows.rows[0].press("delete")

    bundle = builder._repr_mimebundle_()

    assert "not yet complete" in bundle["text/plain"]
    assert "user turn" in bundle["text/html"]


def test_hostile_texts_reach_no_html_of_the_form():
    """Titles, names, kinds and values of a prompt are text wherever the form repeats them."""
    documents = [{**POLICY, "title": hostile} for hostile in TEXTS[::3]]
    tools = [{"name": hostile[:60], "description": hostile, "input_schema": {}} for hostile in TEXTS[::7]]
    odd = [{"type": hostile, "x": hostile} for hostile in TEXTS[1::3]]
    blocks = [*documents, *odd, *({"type": "text", "text": hostile} for hostile in TEXTS[2::3])]
    builder = form(Prompt(blocks, model=TEXTS[0], max_tokens=5, system=TEXTS[1], tools=tools))
    for row in builder.documents.rows.rows[:4]:
        row.mark.menu.value = "5m"

    made = [one.value.lower() for one in below(builder.widget) if isinstance(one, SafeHTML)]

    assert len(made) > len(TEXTS)
    assert not [one for one in made for mark in ACTIVE if mark in one]
    page = builder._repr_mimebundle_()["text/html"].lower()
    assert not [mark for mark in ACTIVE if mark in page.partition("</style>")[2]]


ACTIVE = (
    "<script",
    "<img",
    "<svg",
    "<iframe",
    "<form",
    "<style",
    "<a ",
    "<object",
    "<math",
    "<base",
    "<meta",
)


def test_only_html_of_show_becomes_a_widget():
    """Neither code nor a page can put markup in."""
    widget = shown(tag("b", "bold"))

    with pytest.raises(TypeError):
        shown("<b>bold</b>")  # type: ignore[arg-type]
    with pytest.raises(Exception, match="only Html"):
        widget.value = "<img src=x onerror=alert(1)>"
    assert widget.value == "<b>bold</b>"
    assert words("") == ""


def test_a_name_that_is_no_file_name_is_refused():
    """It names a folder of runs."""
    with pytest.raises(UsageError, match="file name"):
        form(name="../x")


def test_every_button_and_input_has_a_name():
    """Screen readers say what a control is for."""
    builder = form(ASKED)
    builder.add_tool(len_of)

    for widget in below(builder.widget):
        kind = type(widget).__name__
        if kind == "Button":
            assert widget.description or widget.tooltip
        elif hasattr(widget, "value") and hasattr(widget, "description") and kind != "SafeHTML":
            assert widget.description, kind


def len_of(text: str) -> int:
    """Count the characters of a text.

    Args:
        text: What to count.
    """
    return len(text)
