"""What a form begins with, and what it says while nothing can be sent."""

from __future__ import annotations

from typing import Any

import pytest

from tests.forms import form, press
from workbench.errors import UsageError
from workbench.prompt import Prompt
from workbench.widgets.builder import blank
from workbench.widgets.builder.aside import plain
from workbench.widgets.builder.builder import PRESELECTED
from workbench.widgets.builder.judging import NO_MODEL, judge
from workbench.widgets.builder.kept import SHOWN
from workbench.wire.codec import dumps

ASK = Prompt("Answer: {{question}} for {{who}}", model="claude-sonnet-4-6", max_tokens=500)


def told(builder, monkeypatch) -> list[Any]:
    """Return what the right side tells the page from now on."""
    sent: list[Any] = []
    monkeypatch.setattr(builder.aside, "send", sent.append)
    return sent


def state(builder, monkeypatch) -> dict[str, Any]:
    """Return what the page is told of how the form stands."""
    sent = told(builder, monkeypatch)
    builder.settle()
    hear(builder, "ready")
    return next(one for one in sent if one["kind"] == "state")


def hear(builder, kind, **body) -> None:
    """Let the right side hear a message of the page."""
    builder.aside._handle_custom_msg({"kind": kind, **body}, [])


@pytest.mark.parametrize(
    "given", ["Hi", Prompt("Hi"), Prompt("Hi", model=""), {"messages": [{"role": "user", "content": "Hi"}]}]
)
def test_a_prompt_without_a_model_gets_that_of_an_empty_form(given):
    """It can be sent as it stands; the form says what it did, and nothing is there to undo."""
    builder = form(given)

    assert builder.prompt == Prompt("Hi", model=blank.model(), max_tokens=blank.MAX_TOKENS)
    assert builder.preselected.said == PRESELECTED
    assert not builder.draft.can_undo
    assert builder.settings.model.widget.value == blank.model()


def test_what_a_prompt_says_is_never_replaced():
    """Its limit stays where only the model is missing; where that is there, nothing is chosen."""
    assert form(Prompt("Hi", max_tokens=7)).prompt.wire()["max_tokens"] == 7
    builder = form(Prompt("Hi", model="claude-sonnet-4-6"))

    assert builder.prompt == Prompt("Hi", model="claude-sonnet-4-6")
    assert builder.preselected.said == ""
    assert form().preselected.said == ""


def test_a_model_that_is_chosen_takes_the_word_away():
    """An undo brings both back."""
    builder = form("Hi")

    builder.settings.model.widget.value = "claude-sonnet-4-6"
    assert builder.preselected.said == ""

    builder.undo()
    assert (builder.preselected.said, builder.prompt.model) == (PRESELECTED, blank.model())


def test_a_form_whose_model_is_gone_leads_to_its_menu(monkeypatch):
    """Said once, in words of the form; Run and the button beside it put the cursor there."""
    builder = form(ASK)
    builder.rebuild('{"max_tokens": 5, "messages": [{"role": "user", "content": "Hi"}]}')
    now = state(builder, monkeypatch)
    sent = told(builder, monkeypatch)

    press(builder.widget, "Run")
    hear(builder, "go")

    assert (now["problem"], now["place"]) == (NO_MODEL, "model")
    assert [one["cls"] for one in sent] == [builder.settings.model.cls] * 2
    assert builder.trying.problem.said == ""
    with pytest.raises(UsageError, match="no model is chosen"):
        builder.run()
    assert str(builder).splitlines() == ["Prompt, not yet complete", NO_MODEL]


def test_a_value_that_is_missing_is_said_with_the_way_to_it(monkeypatch):
    """Nothing found would be said of something else than what is sent."""
    builder = form(ASK)
    sent = told(builder, monkeypatch)

    hear(builder, "value", index=1)

    assert sent == [{"kind": "focus", "cls": builder.values.inputs["who"].cls}]
    assert builder.values.is_open
    assert "no value for {{question}}, {{who}}: give it one under Values" in str(builder)
    assert "nothing found" not in str(builder)
    for one in builder.values.inputs.values():
        one.editor.value = "6 * 7"
    assert "no value" not in str(builder)
    assert "nothing found" in str(builder)


@pytest.mark.parametrize("index", [2, -1, True, "0", None])
def test_a_value_that_is_asked_for_in_vain_is_refused(monkeypatch, index):
    """The page may be a moment behind."""
    builder = form(ASK)
    sent = told(builder, monkeypatch)

    hear(builder, "value", index=index)

    assert [one["kind"] for one in sent] == ["problem"]


def test_names_without_a_value_reach_the_text_as_text():
    """Where nothing can be judged too."""
    judged = judge({"messages": [{"role": "user", "content": "{{a}}"}]}, {})

    assert plain(judged).splitlines() == [NO_MODEL, "no value for {{a}}: give it one under Values"]


def test_a_long_answer_is_cut_with_its_sign(tmp_path):
    """The list says that there is more."""
    row = {"n": 1, "at": "2026-11-22T12:00:00+00:00", "body": ASK.wire(), "note": ""}
    answers = ["word " * 40, "short", " " * 400 + "late " * 30]
    rows = [row | {"n": n, "reply": {"text": text}} for n, text in enumerate(answers, 1)]
    (tmp_path / "versions.jsonl").write_bytes(b"".join(dumps(one) + b"\n" for one in rows))

    builder = form(ASK, versions=tmp_path)

    lines = [one.children[0].value for one in builder.trying.history.list.children]
    assert [line.count("…") for line in lines] == [1, 0, 1]
    assert len(lines) == 3 <= SHOWN


def test_the_exported_form_says_what_there_is_and_of_which_text():
    """No part that is empty; a template's length is not taken for that of the document."""
    policy = {
        "type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": "{{policy}}"},
    }
    builder = form(Prompt([policy, "Who pays?"], model="claude-sonnet-4-6", max_tokens=500))

    page = builder._repr_mimebundle_()["text/html"]

    assert "10 characters of template" in page
    assert "no value for {{policy}}: give it one under Values" in page
    assert "documents 11 · messages 3   about 14" in page
    builder.draft.values["policy"] = "Refunds."
    assert "no value" not in builder._repr_mimebundle_()["text/html"]
