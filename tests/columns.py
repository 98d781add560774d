"""Columns that keep what they tell their page, and the service that answers them."""

from __future__ import annotations

import threading
from typing import Any

import pytest

import workbench as wb
from workbench.widgets.panes import RunView

MODELS = ["claude-haiku-4-5", "claude-sonnet-4-6"]
LONG = " ".join(f"word{n}" for n in range(400))


def request(text: str = "Tell a story.", **more) -> wb.Request:
    return wb.Request.model_validate({"model": MODELS[0], "max_tokens": 4000, "messages": [text], **more})


class Told(RunView):
    """A run view that keeps what it tells the page."""

    def __init__(self, *args, **more):
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.news = threading.Condition()
        super().__init__(*args, **more)

    def tell(self, kind, **body):
        with self.news:
            self.sent.append((kind, body))
            self.news.notify_all()

    def until(self, so):
        """Wait until what was told is so."""
        with self.news:
            assert self.news.wait_for(lambda: so(self), 20), f"not so: {self.sent[-1:]}"

    def deltas(self, kind):
        """What was told of this kind, of all columns."""
        return [
            (at, value)
            for name, body in self.sent
            if name == "d"
            for at, which, value in body["d"]
            if which == kind
        ]

    def answer(self, question, **body):
        """What the page gets for a question."""
        self._receive(self, {"kind": question, "n": "1", **body}, [])
        return next(body for kind, body in reversed(self.sent) if body.get("n") == "1")

    def last(self, column=0):
        """How a column stood when it was last told of."""
        found: dict[str, Any] = {}
        for at, value in self.deltas("set"):
            found |= value if at == column else {}
        return found


@pytest.fixture
def service(start_emulator, tmp_path):
    """Start services that answer as they are told, and make a client of each."""
    made = []

    def make(*rules, client=None, **options):
        running = start_emulator(script=list(rules), **options)
        made.append(wb.Client(base_url=running.url, **{"store": tmp_path / "own", **(client or {})}))
        return running, made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def ask(service):
    """Make a client, which tries once, of a service that answers as it is told."""

    def make(*rules, latency=None, faults=(), **more):
        return service(*rules, latency=latency, faults=faults, client={"max_retries": 0, **more})[1]

    return make


@pytest.fixture
def view():
    """Make run views that are closed in the end."""
    made = []

    def make(*args, **more):
        made.append(Told(*args, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()
