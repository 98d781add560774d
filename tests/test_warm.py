"""Keeping prefixes warm: what is sent, when it pays, and who is to come."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from tests.prefixed import LONG, about, ahead_of, ask, study
from workbench.runner.ahead import Ahead
from workbench.runner.warm import MOST_REFRESHES, prewarm_pays, refresh_pays, warming
from workbench.tokens import prefix_keys, prefix_tokens

if TYPE_CHECKING:
    from workbench.wire import Request


DAY = date(2026, 11, 22)


def key_at(request: Request, place: int) -> str:
    """Return the key of the prefix up to a position."""
    return prefix_keys(request, prefix_tokens(request))[place]


# --- what is sent ------------------------------------------------------------------------------------


def test_a_warming_request_ends_behind_the_prefix():
    """What follows is left out: it would be paid for, and wrote what nobody reads."""
    request = ask("A question " * 500, stream=True, temperature=0.5)

    found = warming(request, key_at(request, 0))

    assert found is not None
    assert found.request.wire() == {
        **ask(".").wire(),
        "max_tokens": 0,
        "temperature": 0.5,
    }
    assert (found.keys, found.ttl) == ((key_at(request, 0),), "5m")
    assert found.rest < 20


def test_a_prefix_within_the_messages_keeps_what_stands_before_it():
    """One read of the longer prefix keeps the shorter one too."""
    request = about("apples ", "Which are red?")

    found = warming(request, key_at(request, 1))

    assert found is not None
    (turn,) = found.request.messages
    assert [getattr(block, "text", None) for block in turn.blocks] == ["apples " * 3000]
    assert found.keys == (key_at(request, 0), key_at(request, 1))
    assert found.rest == 0


def test_thinking_and_effort_stay():
    """An entry belongs to them too."""
    fields = {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}
    request = about("pears ", "Which?", model="claude-opus-4-6", **fields)

    found = warming(request, key_at(request, 1))

    assert found is not None
    assert {name: found.request.wire()[name] for name in fields} == fields


def test_what_decides_from_behind_the_cut_forbids_it():
    """Citations of a document change how the system prompt is cached: without it that is another entry."""
    source = {"type": "text", "media_type": "text/plain", "data": "Grass is green."}
    cited = {"type": "document", "source": source, "citations": {"enabled": True}}
    request = ask("", messages=[{"role": "user", "content": [cited, {"type": "text", "text": "?"}]}])

    assert warming(request, key_at(request, 0)) is None


def test_a_prefix_of_another_request_is_none():
    """It does not begin so."""
    assert warming(ask("one"), key_at(ask("one", system=f"{LONG}!"), 0)) is None


# --- when it pays ------------------------------------------------------------------------------------


def refreshed(request: Request, times: int) -> bool:
    """Return whether one more refresh of the system prompt pays."""
    found = warming(request, key_at(request, 0))
    assert found is not None
    return refresh_pays(found, times, at=DAY)


@pytest.mark.parametrize(
    ("request_", "times", "pays"),
    [
        (ask("?"), 0, True),
        (ask("?"), MOST_REFRESHES - 1, True),
        (ask("?"), MOST_REFRESHES, False),
        (ask("?", ttl="1h"), 0, True),
        (ask("?", model="my-own-model"), 0, False),
        (ask("?", system="Be brief."), 0, False),
    ],
    ids=["the first", "the tenth", "the eleventh", "an hour", "no price", "too short to be cached"],
)
def test_when_a_refresh_pays(request_, times, pays):
    """A tenth of the input price against 1.25 of it: ten times, then the entry is given up."""
    assert refreshed(request_, times) is pays


@pytest.mark.parametrize(
    ("request_", "way", "pays"),
    [
        (ask("?"), {"streamed": True, "batch": False}, False),
        (ask("?"), {"streamed": False, "batch": False}, True),
        (ask("?", model="my-own-model"), {"streamed": False, "batch": False}, False),
        (ask("?", system="Be brief."), {"streamed": False, "batch": False}, False),
        (ask("?", system="", messages=[LONG]), {"streamed": False, "batch": False}, False),
        (ask("?", ttl="1h"), {"streamed": False, "batch": True, "output_tokens": 500}, True),
        (ask("?", ttl="1h"), {"streamed": False, "batch": True, "output_tokens": 300}, False),
        (ask("?", ttl="1h", max_tokens=8000), {"streamed": True, "batch": True}, True),
    ],
    ids=[
        "streamed",
        "not streamed",
        "no price",
        "too short",
        "nothing shared",
        "batch, long answers",
        "batch, short answers",
        "batch, long answers allowed",
    ],
)
def test_when_a_pre_warm_pays(request_, way, pays):
    """Where the leader shows nothing before its end; in a batch where half of it costs more than a read.

    A prefix of 19,890 tokens is read in a batch for $0.00099; half of an answer of so many tokens costs as
    much from 398 of them on.
    """
    assert prewarm_pays(request_, **way, at=DAY) is pays


# --- who is to come ----------------------------------------------------------------------------------


def test_a_trial_is_to_come_until_it_is_gone():
    """Also while it waits for its turn, its money, its slot."""
    ahead = ahead_of(study(3))
    key = key_at(ask("any"), 0)

    first = next(ahead)
    counts = [ahead.readers(key)]
    ahead.gone(first.index)
    counts.append(ahead.readers(key))
    for trial in ahead:
        ahead.gone(trial.index)

    assert [*counts, ahead.readers(key), ahead.reader(key)] == [3, 2, 0, None]


def test_nobody_is_to_come_before_the_trials_are_known():
    """And looking ahead loses none of them."""
    ahead, key = Ahead(), key_at(ask("any"), 0)

    before = ahead.readers(key)
    ahead.fill(study(200).trials())

    assert (before, ahead.readers(key) > 100) == (0, True)
    assert [trial.index for trial in ahead] == list(range(200))
