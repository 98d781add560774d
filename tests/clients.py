"""Clients that are closed with their test, one small question, and one small study."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.client import Client
from workbench.dataset import Dataset
from workbench.evaluation import Eval
from workbench.prompt import Prompt
from workbench.score import number
from workbench.wire import Request

BODY = {"model": "claude-haiku-4-5", "max_tokens": 20, "messages": ["What is 2 + 3?"]}
REQUEST = Request.model_validate(BODY)


@pytest.fixture
def make(tmp_path, emulator):
    """Make clients on the emulator, or as asked; they are closed with the test."""
    made: list[Client] = []

    def client(*args: Any, **options: Any) -> Client:
        options.setdefault("base_url", emulator.url)
        options.setdefault("store", tmp_path / "kept")
        made.append(Client(*args, **options))
        return made[-1]

    yield client
    for one in made:
        one.close()


def study(n: int = 3, **fields: Any) -> Eval:
    """A small study."""
    prompt = Prompt("Compute: {{input}}", **{"model": "claude-haiku-4-5", "max_tokens": 20, **fields})
    rows = [{"id": f"s{i}", "input": f"{i} + {i}", "target": str(2 * i)} for i in range(n)]
    return Eval(name="sums", dataset=Dataset.load(rows), variants=prompt, scorers=[number()])
