"""Studies to start in the background, clients that start them, and a server that takes its time."""

from __future__ import annotations

import pytest

import workbench as wb

PROMPT = wb.Prompt("Solve: {{input}}", model="claude-haiku-4-5", max_tokens=20)


def study(n=12, name="sums", **changes):
    data = [{"id": f"s{i}", "input": f"{i} + 2", "target": str(i + 2)} for i in range(n)]
    given = {"dataset": data, "variants": PROMPT, "scorers": [wb.score.number()], **changes}
    return wb.Eval(name, **given)


@pytest.fixture
def slow(start_emulator):
    """A server that takes a tenth of a second."""
    return start_emulator(latency="0.1")


@pytest.fixture
def ask():
    """Make clients; they are closed with the test."""
    made = []

    def client(server):
        made.append(wb.Client(base_url=server.url, mode="off"))
        return made[-1]

    yield client
    for one in made:
        one.close()
