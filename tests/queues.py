"""Runs to grade, and what a grading queue tells its page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.studies import study_run

PAIR = ("haiku-4-5", "sonnet-4-6")


def saying(run, said):
    """Return a run whose answers are what *said* makes of each row."""
    rows = [
        row
        if row.body is None
        else replace(row, body={**row.body, "content": [{"type": "text", "text": said(row)}]})
        for row in run.rows
    ]
    return replace(run, rows=tuple(rows))


def unlike(run):
    """Return a run in which no two answers are the same."""
    return saying(run, lambda row: f"answer {row.index}")


class Heard:
    """What a queue tells the page."""

    def __init__(self, queue):
        self.queue = queue
        self.told: list[dict[str, Any]] = []
        queue.tell = lambda kind, **body: self.told.append({"kind": kind, **body})

    def says(self, kind, **body):
        """Send a message as the page does; return what the kernel tells it last."""
        self.queue._receive(None, {"kind": kind, **body}, [])
        return self.told[-1] if self.told else {}


@pytest.fixture
def folder(tmp_path):
    """The folder of a small run whose answers all differ."""
    return unlike(study_run(samples=6)).save(tmp_path / "run")
