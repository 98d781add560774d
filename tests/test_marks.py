"""Breakpoints for prompts that have none: where they go, when they pay, and that answers stay the same."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.client import Client
from workbench.dataset import Dataset
from workbench.emulator import start_in_thread
from workbench.errors import UsageError
from workbench.evaluation import Eval
from workbench.lint import lint
from workbench.prompt import Prompt
from workbench.runner.marks import AutoMarks
from workbench.runner.prefixes import marked

MARK = {"type": "ephemeral"}
LONG = "All work and no play makes Jack a dull boy. " * 600
DOCUMENT = "It was the best of times, it was the worst of times. " * 600


def study(n: int = 4, *, rows: Any = None, epochs: int = 1, user: Any = "{{input}}", **fields: Any) -> Eval:
    """Return a study with a long system prompt and no breakpoint."""
    prompt = Prompt(user, **{"model": "claude-haiku-4-5", "max_tokens": 20, "system": LONG, **fields})
    cases = rows or [{"id": f"s{i}", "input": f"Say {i}."} for i in range(n)]
    return Eval("plain", dataset=Dataset.load(cases), variants=prompt, scorers=[], epochs=epochs)


def places(evaluation: Eval, **options: Any) -> list[list[str]]:
    """Return where each trial's request gets breakpoints."""
    marks = AutoMarks(evaluation, **options)
    return [[place.path for place in marks.places(trial.request)] for trial in evaluation.trials()]


def test_what_all_calls_share_is_marked():
    """The system prompt, not the question."""
    assert places(study()) == [["system"]] * 4


def test_a_text_becomes_a_block_that_says_the_same():
    """The answer's store key aside, nothing of the request changes but the breakpoint."""
    evaluation = study()
    plain = next(evaluation.trials()).request

    made = AutoMarks(evaluation)(plain)

    assert made.wire()["system"] == [{"type": "text", "text": LONG, "cache_control": MARK}]
    assert made.with_(system=LONG).wire() == plain.wire()
    assert lint(made).errors == ()


@pytest.mark.parametrize(
    "evaluation",
    [
        study(1),
        study(system="Be brief."),
        study(system=[{"type": "text", "text": LONG, "cache_control": MARK}]),
    ],
    ids=["asked once", "too short", "marked by its author"],
)
def test_where_nothing_pays_nothing_is_added(evaluation):
    """A write that nobody reads costs more; the author's own breakpoints stand."""
    assert set(map(tuple, places(evaluation))) == {()}
    assert AutoMarks(evaluation).added == ()


def test_a_document_asked_about_twice_is_marked_behind_what_all_share():
    """Two breakpoints: for all calls, and for those about this document; none for a document asked once."""
    user = [{"type": "text", "text": "{{document}}"}, {"type": "text", "text": "{{input}}"}]
    rows = [
        {"id": f"{d}{i}", "document": f"{d} {DOCUMENT}", "input": f"{i}?"}
        for d, n in (("a", 2), ("b", 2), ("c", 1))
        for i in range(n)
    ]
    both = ["system", "messages[0].content[0]"]

    assert places(study(rows=rows, user=user)) == [both] * 4 + [["system"]]


def test_repeats_share_the_whole_prompt():
    """With epochs the question itself is read again."""
    assert places(study(2, epochs=2)) == [["system", "messages[0].content"]] * 4


@pytest.mark.parametrize(
    ("options", "fields", "ttl"),
    [
        ({}, {}, "5m"),
        ({"batch": True}, {}, "1h"),
        ({"concurrency": 1}, {"max_tokens": 60_000}, "1h"),
        ({"concurrency": 50}, {"max_tokens": 60_000}, "5m"),
    ],
    ids=["live", "batch", "long answers one by one", "long answers side by side"],
)
def test_an_hour_where_reads_may_lie_far_apart(options, fields, ttl):
    """A 5m entry would be gone before the next read."""
    assert AutoMarks(study(**fields), **options).ttl == ttl


def test_what_was_added_is_said():
    """Where, how much, for how many calls."""
    (sentence,) = AutoMarks(study()).added

    assert sentence.startswith("prompt: 5m breakpoint added behind system (up to 6,")
    assert sentence.endswith("tokens, 4 calls)")


# --- a whole run -------------------------------------------------------------------------------------


@pytest.fixture
def server():
    """An emulator whose answers take a moment."""
    running = start_in_thread(latency=0.02)
    yield running
    running.stop()


def test_a_run_can_be_given_them(server, tmp_path):
    """One write, the rest reads; the report says what was added; a replay finds what was asked so."""
    client = Client(base_url=server.url, store=tmp_path / "store")

    run = client.run(study(6), out=tmp_path / "run", auto_cache=True)

    tokens = server.ledger()["tokens"]
    assert tokens["cache_read_input_tokens"] == 5 * tokens["cache_creation_input_tokens"] > 0
    assert "breakpoint added behind system" in str(run.cache())
    again = client.run(study(6), out=tmp_path / "again", auto_cache=True, mode="replay")
    assert [row.text for row in again.rows] == [row.text for row in run.rows]


def test_what_was_recorded_without_them_is_not_paid_again(server, tmp_path):
    """A study that was run before asks nothing when breakpoints are added."""
    client = Client(base_url=server.url, store=tmp_path / "store")
    client.run(study(3), out=tmp_path / "run")

    client.run(study(3), out=tmp_path / "again", auto_cache=True)

    assert server.ledger()["billed"] == 3
    assert not any(marked(trial.request) for trial in study(3).trials())


def test_an_estimate_can_reckon_with_them(server):
    """Before a cent is spent: what the breakpoints would save."""
    client = Client(base_url=server.url, store=False)

    plain, cached = client.estimate(study(20)), client.estimate(study(20), auto_cache=True)

    assert (plain.from_cache, cached.from_cache > 19 * 6000) == (0, True)
    assert cached.cost_high is not None
    assert plain.cost_high is not None
    assert cached.cost_high < plain.cost_high / 3
    with pytest.raises(UsageError, match="an evaluation"):
        client.estimate([trial.request for trial in study().trials()], auto_cache=True)
