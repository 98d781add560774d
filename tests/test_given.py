"""What views and runs are given by mistake: refused with the cure, never a raw error."""

from __future__ import annotations

import pytest

from workbench.client import Client
from workbench.errors import UsageError
from workbench.prompt import Prompt
from workbench.widgets import given
from workbench.widgets.builder import PromptBuilder
from workbench.widgets.grading import GradeQueue
from workbench.widgets.panes import RunView
from workbench.widgets.table import ResultTable
from workbench.wire import Request

BODY = {"model": "claude-haiku-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}


@pytest.mark.parametrize("thing", [5, None, object(), {"a": 1}], ids=["int", "None", "object", "dict"])
@pytest.mark.parametrize("view", [GradeQueue, ResultTable])
def test_what_is_no_run_is_refused(view, thing):
    """It says what the view takes."""
    with pytest.raises(UsageError, match="takes a run or its folder, not"):
        view(thing)


def test_what_is_no_client_is_refused():
    """A common slip: the requests first."""
    with pytest.raises(UsageError, match="RunView takes a client, not list"):
        RunView([BODY])  # type: ignore[arg-type]


@pytest.mark.parametrize("thing", [5, "study", None])
@pytest.mark.parametrize("how", ["run", "start"])
def test_what_is_no_study_is_refused(thing, how):
    """Before anything is sent."""
    client = Client(base_url="http://127.0.0.1:9", store=False, mode="off")

    with pytest.raises(UsageError, match="a study is an Eval, not"):
        getattr(client, how)(thing)


@pytest.mark.parametrize("thing", [BODY, Request.model_validate(BODY), Prompt.from_wire(BODY)])
def test_a_builder_takes_what_is_at_hand(thing):
    """A prompt, a request, or its body."""
    assert given.prompt(thing) == Prompt.from_wire(BODY)


def test_a_builder_takes_text():
    """The one user turn, of the model that the empty form begins with."""
    model = PromptBuilder(versions=None).prompt.model

    assert PromptBuilder("Solve: {{input}}", versions=None).prompt == Prompt(
        "Solve: {{input}}", model=model, max_tokens=4096
    )


def test_a_builder_refuses_the_rest():
    """With what it takes."""
    with pytest.raises(UsageError, match="PromptBuilder takes a Prompt"):
        PromptBuilder(5, versions=None)  # type: ignore[arg-type]
