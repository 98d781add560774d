"""Requests with a prefix worth keeping, and who is still to come."""

from __future__ import annotations

from typing import Any

from workbench.dataset import Dataset
from workbench.evaluation import Eval
from workbench.prompt import Prompt
from workbench.runner.ahead import Ahead
from workbench.wire import Request

LONG = "All work and no play makes Jack a dull boy. " * 1800
MARK = {"type": "ephemeral"}


def ask(text: str, *, system: str = LONG, ttl: str = "5m", **fields: Any) -> Request:
    """Return a request whose system prompt ends in a breakpoint."""
    block = {"type": "text", "text": system, "cache_control": {"type": "ephemeral", "ttl": ttl}}
    return Request(
        **{"model": "claude-haiku-4-5", "max_tokens": 9, "system": [block], "messages": [text], **fields}
    )


def about(document: str, question: str, **fields: Any) -> Request:
    """Return a request with a marked document between the system prompt and the question."""
    text = {"type": "text", "text": document * 3000, "cache_control": MARK}
    return ask(
        "",
        messages=[{"role": "user", "content": [text, {"type": "text", "text": question}]}],
        **fields,
    )


def study(n: int, *, epochs: int = 1, **fields: Any) -> Eval:
    """Return a study whose samples share a system prompt."""
    block = {"type": "text", "text": LONG, "cache_control": MARK}
    prompt = Prompt(
        "{{input}}", **{"model": "claude-haiku-4-5", "max_tokens": 20, "system": [block], **fields}
    )
    rows = [{"input": f"Say {i}."} for i in range(n)]
    return Eval("slow", dataset=Dataset.load(rows), variants=prompt, scorers=[], epochs=epochs)


def ahead_of(evaluation: Eval) -> Ahead:
    """Return what is to come of a study."""
    ahead = Ahead()
    ahead.fill(evaluation.trials())
    return ahead
