"""The builder's form in use: what the page sends late, folded turns, where findings lead, cases kept."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from tests.forms import HI, block, editor, form, hear, press
from tests.rulebook import EXAMPLES, document, text, user
from workbench.catalog import catalog
from workbench.client import Client
from workbench.dataset import Dataset
from workbench.errors import DatasetError
from workbench.lint import lint
from workbench.prompt import Prompt
from workbench.widgets.builder import blank, keeping
from workbench.widgets.builder.judging import judge
from workbench.wire import Request

ASK = Prompt("Answer briefly: {{question}}", model="claude-haiku-4-5", max_tokens=100)
PATIENCE_S = 30


def turns(n, blocks=3):
    """Return a conversation of so many turns."""
    return Prompt.from_wire(
        {
            "model": "claude-sonnet-4-6",
            "max_tokens": 100,
            "messages": [
                {
                    "role": "assistant" if at % 2 else "user",
                    "content": [{"type": "text", "text": f"turn {at}, block {of}"} for of in range(blocks)],
                }
                for at in range(n)
            ],
        }
    )


@pytest.fixture
def client(emulator):
    with Client(base_url=emulator.url, api_key="test") as made:
        yield made


# --- what an empty form asks -------------------------------------------------------------------------


def test_an_empty_form_asks_a_cheap_model_that_lint_is_content_with():
    """Chosen by the catalog's record, not by name: no cheaper one is without a note."""
    chosen = catalog().model(blank.model(date(2026, 11, 23)))

    cheaper = [
        one
        for one in catalog()
        if one.status == "active"
        and one.prices.output is not None
        and chosen.prices.output is not None
        and one.prices.output < chosen.prices.output
    ]

    body = {**blank.body(), "model": chosen.id, "messages": [{"role": "user", "content": "Hi"}]}
    assert lint(body, today=date(2026, 11, 23)).codes == ()
    assert all(lint({**body, "model": one.id}, today=date(2026, 11, 23)) for one in cheaper)


def test_a_day_on_which_every_model_has_a_note_has_a_cheap_one_too():
    """Long after the catalog was written an empty form still opens, and not with the dearest model."""
    prices = sorted(one.prices.output for one in catalog() if one.prices.output is not None)

    chosen = catalog().model(blank.model(date(2039, 1, 1)))

    assert chosen.prices.output is not None
    assert chosen.prices.output <= prices[len(prices) // 2]


def test_the_cursor_goes_to_the_empty_turn_once():
    """When the form is first shown; a reloaded page keeps the cursor where it is."""
    builder = form()
    told: list[dict[str, Any]] = []
    builder.aside.tell = lambda kind, **body: told.append({"kind": kind, **body})

    hear(builder, "ready")
    hear(builder, "ready")

    focused = [one for one in told if one["kind"] == "focus"]
    assert focused == [{"kind": "focus", "cls": block(builder).fields[0].cls, "first": True}]


def test_a_form_of_a_prompt_takes_no_cursor():
    """There is nothing to begin."""
    assert form(HI).first_field() == ""


# --- what the page sends late ------------------------------------------------------------------------


def typed(builder, spot, said):
    hear(builder, "typed", fields=[[spot.cls, said]])


@pytest.mark.parametrize(
    ("field", "said", "path", "value"),
    [
        (lambda form: form.output.limit, "1,234", "max_tokens", 1234),
        (lambda form: form.output.stops, "END\nSTOP", "stop_sequences", ["END", "STOP"]),
        (lambda form: form.settings.sampling["temperature"], "0.5", "temperature", 0.5),
        (lambda form: form.settings.rest, '{"container": "c-1"}', "container", "c-1"),
        (
            lambda form: form.output.schema,
            '{"type": "object"}',
            "output_config.format",
            {"type": "json_schema", "schema": {"type": "object"}},
        ),
        (lambda form: block(form).fields[0], "Hi there", "messages[0].content", "Hi there"),
    ],
    ids=["number", "lines", "float", "json", "schema", "text"],
)
def test_what_stands_in_a_field_counts_though_nobody_left_it(field, said, path, value):
    """JSON and numbers reach the draft when left; a button or Ctrl+Enter takes them before."""
    builder = form(HI)

    typed(builder, field(builder), said)

    assert builder.draft.get(path) == value
    assert field(builder).widget.value == said


def test_run_by_keys_sends_what_was_just_typed(client):
    """The page sends what is in the fields, then the key."""
    builder = form(ASK, client)
    hear(builder, "typed", fields=[[builder.values.inputs["question"].cls, "6 * 7"]])
    typed(builder, builder.output.limit, "77")

    hear(builder, "key", what="run")

    builder.wait(PATIENCE_S)
    assert builder.versions.last.values == {"question": "6 * 7"}
    assert builder.versions.last.body["max_tokens"] == 77


def test_keys_undo_and_redo():
    """Ctrl+Z outside of text fields; in them it is the browser's own."""
    builder = form(HI)
    editor(block(builder), "text").value = "Ho"

    hear(builder, "key", what="undo")
    assert builder.prompt == HI
    hear(builder, "key", what="redo")
    assert builder.draft.get("messages[0].content") == "Ho"


def test_a_key_that_cannot_run_says_why_beside_the_button():
    """Nothing is raised into a log."""
    builder = form(ASK)

    hear(builder, "key", what="run")

    assert builder.trying.problem.said.startswith("no value for {{question}}")


@pytest.mark.parametrize(
    "body",
    [
        {"fields": None},
        {"fields": [["wb-f-1"]]},
        {"fields": [["wb-f-9999", "x"]]},
        {"fields": [["wb-f-1", 5]]},
        {"fields": "wb-f-1"},
    ],
)
def test_a_page_cannot_type_where_nothing_can_be_typed(body):
    """It is not trusted to be ours."""
    builder = form(HI)

    hear(builder, "typed", **body)
    hear(
        builder,
        "typed",
        fields=[[name, "x"] for name in builder.desk.inputs if name not in builder.desk.fields],
    )
    hear(builder, "key", what="__class__")

    assert builder.prompt == HI


# --- rows --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("at", "way", "kept"), [(0, "down", "up"), (1, "down", "up"), (1, "up", "down")])
def test_a_row_moved_to_the_end_keeps_the_focus(at, way, kept):
    """The button pressed is off there, so the focus goes to its neighbour in the same row."""
    builder = form(
        Prompt(["a", "b"] if at == 0 or way == "up" else ["a", "b", "c"], model="claude-sonnet-4-6")
    )
    row = block(builder, 0, at)
    asked: list[str] = []
    builder.desk.focus = asked.append

    row.press(way)

    assert asked == [f"{row.cls} .wb-do-{kept}"]
    assert not row._buttons[kept].disabled


def test_a_deleted_row_leaves_the_cursor_near():
    """Else the keys that follow go to the page."""
    builder = form(Prompt(["a", "b", "c"], model="claude-sonnet-4-6"))
    asked: list[str] = []
    builder.desk.focus = asked.append

    block(builder, 0, 1).press("delete")

    assert asked == [block(builder, 0, 1).fields[0].cls]


def test_a_row_that_left_is_closed():
    """A long session would fill kernel and page with widgets nobody sees."""
    builder = form(Prompt(["a", "b"], model="claude-sonnet-4-6"))
    gone = block(builder, 0, 1)
    field = gone.fields[0]

    gone.press("delete")

    assert gone.widget.comm is None
    assert field.widget.comm is None
    assert field.cls not in builder.desk.fields
    assert field.cls not in builder.desk.inputs


def test_a_long_conversation_opens_folded():
    """Forty turns of three blocks: only the last two have editors; the others say how they begin."""
    builder = form(turns(41))
    rows = builder.messages.rows.rows

    assert [row.folded for row in rows] == [True] * 39 + [False] * 2
    assert sum(len(row.rows.rows) for row in rows) == 6
    assert rows[0].about.said == "3 blocks: turn 0, block 0"
    assert builder.prompt == turns(41)


def test_a_short_conversation_opens_unfolded():
    """Nothing is hidden without need."""
    assert not any(row.folded for row in form(turns(5)).messages.rows.rows)


def test_a_folded_turn_unfolds_and_folds():
    """Its editors are made when they are seen, and are gone afterwards."""
    builder = form(turns(41))
    turn = builder.messages.rows.rows[0]
    press(turn.widget, "unfold this turn")
    editor(block(builder, 0, 1), "text").value = "changed"

    assert builder.draft.get("messages[0].content[1].text") == "changed"
    press(turn.widget, "fold this turn")
    assert turn.rows.rows == []
    assert not any(field.path().startswith("messages[0].content") for field in builder.desk.fields.values())


def test_a_finding_leads_into_a_folded_turn():
    """It unfolds, and its section opens."""
    builder = form(turns(41))
    builder.draft.set("messages[4].content[1].text", "  ")
    builder.messages.toggle()
    asked: list[str] = []
    builder.desk.focus = asked.append

    builder.go_to("messages[4].content[1]")

    assert builder.messages.is_open
    assert asked == [block(builder, 4, 1).fields[0].cls]


def test_a_turn_added_to_a_long_conversation_is_open():
    """It is there to be written in."""
    builder = form(turns(40))

    press(builder.messages.widget, "Add user turn")

    assert not builder.messages.rows.rows[-1].folded


# --- where findings lead -----------------------------------------------------------------------------

HUGE = {"E057", "E081", "E082", "E083"}
"""Examples too large for a form."""


ONE = {code: sent for code, (sent, _) in EXAMPLES.items() if isinstance(sent, Request) and code not in HUGE}


@pytest.fixture(scope="module")
def one_form():
    """One form for all examples: making it takes longer than changing it."""
    return form()


@pytest.mark.parametrize("code", sorted(ONE))
def test_a_finding_leads_to_what_it_is_about_or_nowhere(code, one_form):
    """The field edits the place itself, a part of it, or the row or section it stands in."""
    builder = one_form
    builder.draft.replace(ONE[code].wire())
    judged = builder._now()

    for one, home in zip(judged.findings, judged.homes, strict=True):
        field = builder.desk.field_at(home)
        if field is None:
            assert not builder.has_field(home)
            continue
        own, wanted = (path.replace("[", ".").replace("]", "") + "." for path in (field.path(), home))
        held = field is builder.desk.rest and home.partition(".")[0].partition("[")[0] in builder.draft.body
        assert held or own.startswith(wanted) or wanted.startswith(own), (one.path, field.path())
        builder.go_to(home)


PAGE = document()
CITED = document(citations={"enabled": True})


def filled(*blocks):
    """Return a body of one user turn."""
    return {"model": "claude-sonnet-4-6", "max_tokens": 100, "messages": user(*blocks)}


def test_a_finding_in_blocks_of_a_value_leads_to_their_turn_and_has_no_fix():
    """The fourth block sent is the second of the form: no button may say otherwise."""
    body = filled(text("{{pages}}"), text(" "), text("Why?"))

    shifted, alike = judge(body, {"pages": [PAGE] * 3}), judge(body, {"pages": [PAGE]})

    at = shifted.findings.codes.index("E103")
    assert (shifted.findings[at].path, shifted.homes[at]) == ("messages[0].content[3]", "messages[0].content")
    assert shifted.fixes[at] is None
    assert alike.fixes[0] is not None
    assert alike.fixes[0].label == "drop the block"


def test_a_fix_that_would_not_cure_what_values_brought_is_not_offered():
    """One value brings a cited document, another one that is not: the form's own document cannot heal it."""
    body = filled(text("{{a}}"), PAGE, text("{{b}}"), text("Why?"))

    hopeless, curable = judge(body, {"a": [CITED], "b": [PAGE]}), judge(body, {"a": [CITED], "b": [CITED]})

    assert hopeless.findings.codes == curable.findings.codes == ("E052",)
    assert hopeless.fixes == (None,)
    assert curable.fixes[0] is not None
    assert curable.fixes[0].body["messages"][0]["content"][1]["citations"] == {"enabled": True}


# --- files -------------------------------------------------------------------------------------------


def test_of_several_files_each_has_its_words():
    """One that is broken does not hide the others, nor they its message."""
    builder = form(HI)
    builder.take_files()
    builder.take_file("broken.pdf", "application/pdf", b"%PDF-1.7 cut")
    builder.take_file("policy.txt", "text/plain", b"Refunds.")

    assert "broken.pdf: the PDF is broken" in builder.documents.problem.said
    assert builder.documents.taken.said.startswith("policy.txt: text, 8 characters")
    builder.take_files()
    assert (builder.documents.problem.said, builder.documents.taken.said) == ("", "")


# --- test cases --------------------------------------------------------------------------------------


def save_case(builder, **fields):
    """Press Save in the form of the first column's new test case; return what the page hears."""
    told: list[dict[str, Any]] = []
    builder.trying.view.tell = lambda kind, **body: told.append({"kind": kind, **body})
    hear_view(builder, "proposal", column=0)
    offered = told.pop()
    given = {name: offered[name] for name in ("path", "id", "input")} | {"target": True} | fields
    hear_view(builder, "case", column=0, **given)
    return offered, told[-1]


def hear_view(builder, kind, **body):
    builder.trying.view._receive(None, {"kind": kind, "n": "1", **body}, [])


def test_from_the_builder_to_a_dataset_and_back_with_one_file(client, tmp_path, monkeypatch):
    """A case holds the values by their names, so the same prompt takes its rows."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "datasets").mkdir()
    builder = form(ASK, client)
    for question in ("6 * 7", "1 + 1"):
        builder.values.inputs["question"].editor.value = question
        press(builder.widget, "Run")
        builder.wait(PATIENCE_S)
        offered, heard = save_case(builder)
        assert offered["input"] == question
        assert heard["kind"] == "case", heard

    data = Dataset.load("datasets/cases.jsonl")
    assert [(one.id, one.values["question"], one.target) for one in data] == [
        ("case_1", "6 * 7", "6 * 7 = 42"),
        ("case_2", "1 + 1", "1 + 1 = 2"),
    ]
    assert builder.values.row.max == 2
    assert "of 2 in cases · case_2" in builder.values.about.said
    builder.values.row.value = 1
    assert builder.values.inputs["question"].editor.value == "6 * 7"

    again = form(ASK, client)
    again.values.path.value = "datasets/cases.jsonl"
    press(again.values.widget, "take the values from rows of this file")
    assert again.values.inputs["question"].editor.value == "6 * 7"
    assert again.request.messages[0].blocks[0].text == "Answer briefly: 6 * 7"


def test_a_case_that_cannot_be_saved_says_why(client, tmp_path, monkeypatch):
    """The message stands beside the form of the case, and the file is as it was."""
    monkeypatch.chdir(tmp_path)
    other = tmp_path / "other.jsonl"
    other.write_text('{"id": "1", "city": "Rome", "input": "x"}\n')
    builder = form(ASK, client)
    builder.values.inputs["question"].editor.value = "6 * 7"
    press(builder.widget, "Run")
    builder.wait(PATIENCE_S)

    for path, said in (
        (str(other), "no value for its column city"),
        (str(tmp_path / "none/a.jsonl"), "there is no folder"),
        ("a.csv", "name a .jsonl file"),
    ):
        _, heard = save_case(builder, path=path)
        assert heard["kind"] == "problem"
        assert said in heard["text"]
    assert other.read_text().count("\n") == 1


def test_a_dataset_that_is_not_there_is_said_beside_its_name():
    """What was typed stays."""
    builder = form(ASK)
    builder.values.path.value = "none.jsonl"

    press(builder.values.widget, "take the values from rows of this file")

    assert "none.jsonl" in builder.values.problem.said
    assert builder.values.path.value == "none.jsonl"


@pytest.mark.parametrize(
    ("rows", "values", "line"),
    [
        ([], {"city": "Rome"}, {"id": "a", "input": "Rome", "city": "Rome", "target": "x"}),
        ([], {"question": "Why?", "doc": "d"}, {"id": "a", "question": "Why?", "doc": "d", "target": "x"}),
        (
            [{"id": "1", "question": "Q", "answer": "A"}],
            {"question": "Why?"},
            {"id": "a", "question": "Why?", "answer": "x"},
        ),
        (
            [{"id": "1", "input": "Rome", "city": "Rome", "target": "A"}],
            {"city": "Oslo"},
            {"id": "a", "input": "Oslo", "city": "Oslo", "target": "x"},
        ),
    ],
)
def test_a_row_has_the_columns_of_its_file(tmp_path, rows, values, line):
    """A new file gets the names of the prompt, and a column to show a row by."""
    file = tmp_path / "cases.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))

    keeping.save(str(file), "a", values, "x")

    assert json.loads(file.read_text().splitlines()[-1]) == line
    assert Dataset.load(file)[-1].target == "x"
    with pytest.raises(DatasetError, match="already used"):
        keeping.save(str(file), "a", values, "x")
