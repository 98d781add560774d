"""The task budget of the form: how much of a task's tokens the model is told it has."""

from __future__ import annotations

import pytest

from tests.forms import form, hear, press
from workbench.prompt import Prompt, code

BUDGET = {"type": "tokens", "total": 64_000, "remaining": 12_000}
BETA = "task-budgets-2026-03-13"
HI = Prompt("Hi", model="claude-opus-5", max_tokens=5000)
ASKED = Prompt("Hi", model="claude-opus-5", max_tokens=5000, output_config={"task_budget": BUDGET})


def hidden(box):
    return box.layout.display == "none"


def test_a_budget_is_typed_and_cleared():
    """Its type comes with the total; cleared, nothing of it stays."""
    builder = form(HI)

    builder.thinking.task.widget.value = "64,000"

    assert builder.draft.body == HI.wire() | {
        "output_config": {"task_budget": {"type": "tokens", "total": 64_000}}
    }
    assert builder.thinking.said.said == "64,000 for the task"
    builder.thinking.task.widget.value = ""
    assert builder.prompt == HI
    assert builder.thinking.said.said == "not set"


def test_what_remains_is_typed_beside_a_total_alone():
    """Without a total there is nothing left of one; another total keeps it."""
    builder = form(HI)
    assert hidden(builder.thinking.left.box)

    builder.thinking.task.widget.value = "9000"
    builder.thinking.left.widget.value = "12000"
    builder.thinking.task.widget.value = "64000"

    assert not hidden(builder.thinking.left.box)
    assert builder.draft.get("output_config") == {"task_budget": BUDGET}
    builder.thinking.left.widget.value = ""
    assert builder.draft.get("output_config") == {"task_budget": {"type": "tokens", "total": 64_000}}


def test_effort_and_budget_stand_side_by_side():
    """One does not take the other out."""
    builder = form(ASKED)

    builder.thinking.effort.widget.value = "high"

    assert builder.draft.get("output_config") == {"task_budget": BUDGET, "effort": "high"}
    builder.thinking.task.widget.value = ""
    assert builder.draft.get("output_config") == {"effort": "high"}


def test_what_is_no_number_is_said_and_changes_nothing():
    """Beside the field; the last good value stays."""
    builder = form(ASKED)

    builder.thinking.task.widget.value = "a lot"

    assert builder.thinking.task.note.said.startswith("task budget, tokens is a whole number")
    assert builder.prompt == ASKED


def test_its_beta_is_said_and_sent_by_a_click():
    """Lint names the header that is missing; the button adds it to those there are."""
    builder = form(ASKED)
    builder.desk.set_betas(["another-beta"])
    assert "E092" in builder.findings.codes
    assert f"it needs the beta {BETA}" in builder.thinking.about.said

    press(builder.thinking.widget, "Send its beta")

    assert builder.desk.betas == ("another-beta", BETA)
    assert builder.settings.betas.widget.value == f"another-beta, {BETA}"
    assert "E092" not in builder.findings.codes
    assert hidden(builder.thinking.send)
    assert "beta" not in builder.thinking.about.said


def test_nothing_is_said_of_a_budget_that_is_not_set():
    """Neither words nor button."""
    builder = form(HI)

    assert builder.thinking.about.said == ""
    assert hidden(builder.thinking.send)


def test_a_finding_leads_to_the_budget():
    """Both to the header that is missing and to a number the service refuses."""
    builder = form(ASKED)
    asked: list[str] = []
    builder.desk.focus = asked.append

    hear(builder, "jump", index=builder.findings.codes.index("E092"))

    assert builder.thinking.is_open
    assert asked == [builder.thinking.task.cls]
    assert builder.desk.field_at("output_config.task_budget.total") is builder.thinking.task
    assert builder.desk.field_at("output_config.task_budget.remaining") is builder.thinking.left


@pytest.mark.parametrize("which", ["python", "json", "curl"])
def test_a_budget_comes_back_from_each_text(which):
    """Built on the form, read from what the form wrote; a request of curl carries the beta."""
    builder = form(HI)
    builder.thinking.task.widget.value = "64000"
    builder.thinking.left.widget.value = "12000"
    press(builder.thinking.widget, "Send its beta")
    text = builder.text(which)

    again = form()
    again.rebuild(text)

    assert again.prompt == ASKED
    assert again.thinking.task.widget.value == "64,000"
    assert again.thinking.left.widget.value == "12,000"
    assert code.read(text).wire()["output_config"] == {"task_budget": BUDGET}
    assert (BETA in text) == (which == "curl")


@pytest.mark.parametrize("held", [5, "x", [1], {"total": "x"}, {"type": "tokens"}, {}])
def test_a_budget_of_another_shape_breaks_no_form(held):
    """It is shown as it stands, lint says what is wrong, and a number mends it."""
    builder = form(HI)
    builder.draft.replace({**HI.wire(), "output_config": {"task_budget": held}})
    builder.settle()

    builder.thinking.task.widget.value = "777"

    budget = builder.draft.get("output_config.task_budget")
    assert (budget["type"], budget["total"]) == ("tokens", 777)
