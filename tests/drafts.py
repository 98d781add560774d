"""A draft to work on, and what stands in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.prompt import Prompt
from workbench.widgets.builder.draft import Draft

if TYPE_CHECKING:
    from tests.virtual import Clock

MARK = {"type": "ephemeral"}
ADD = {"name": "add", "description": "Add.", "input_schema": {"type": "object", "properties": {}}}


def draft(user: Any = "Hi", clock: Clock | None = None, **fields: Any) -> Draft:
    prompt = Prompt(user, model="claude-haiku-4-5", max_tokens=100, **fields)
    return Draft(prompt, clock=clock) if clock else Draft(prompt)


def content(made: Draft, turn: int = 0) -> Any:
    return made.body["messages"][turn]["content"]
