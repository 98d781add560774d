"""How a column stands is known, not guessed: its own wait, its own failed attempts, its own silence."""

from __future__ import annotations

from functools import partial

import httpx
import pytest

import workbench as wb
from tests import columns
from tests.columns import LONG, MODELS, request
from tests.virtual import Clock
from workbench.emulator.faults import Faults
from workbench.errors import LintError, ReplayMissError
from workbench.show.safe import Html
from workbench.transport import Transport
from workbench.widgets.panes import way
from workbench.widgets.panes.still import still

service = columns.service
view = columns.view

HAIKU, SONNET = MODELS
MARKED = {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}
TOOL = {"name": "look_up", "input_schema": {"type": "object"}}
CURRENT = {"api_version": "2026-10-21"}
"""Options of a client that does not go back to an older version for a request that needs it."""


def spent(client, model, count):
    """Use up the requests of a minute."""
    for draw in range(count):
        client.send(request("warm", model=model, max_tokens=10), draw=draw, mode="refresh")


def ledger(running):
    """What the service counted: messages asked for, and those it billed."""
    found = httpx.get(f"{running.url}/_emulator/ledger").json()
    return found["by_path"].get("/v1/messages", 0), found["billed"]


def told(shown, column):
    """Every state a column was told to be in, with its reasons."""
    found: dict[str, list[str]] = {}
    for at, value in shown.deltas("set"):
        if at == column and "reason" in value:
            found.setdefault(value["state"], []).append(value["reason"])
    return found


# --- waiting for a turn ----------------------------------------------------------------------------------


def test_only_the_columns_that_wait_are_limited(service, view):
    """They say whose limit it is; columns of other models go on and never say so."""
    _, client = service({"text": "fine"}, limits="60,1000000,1000000")
    spent(client, HAIKU, 60)

    shown = view(client, [request("a"), request("b", model=SONNET), request("c"), request("d", model=SONNET)])
    replies = shown.wait(30)

    assert [reply.text for reply in replies] == ["fine"] * 4
    for column in (0, 2):
        assert told(shown, column)["limited"] == ["limited by requests per minute of haiku-4.5"]
    for column in (1, 3):
        assert not {"limited", "retrying"} & set(told(shown, column))


def test_a_column_stopped_in_the_queue_costs_nothing(service, view):
    """It leaves at once: the service never hears of it, and the one behind it moves up."""
    running, client = service({"text": "fine"}, limits="10,1000000,1000000")
    spent(client, HAIKU, 10)
    before = ledger(running)
    shown = view(client, [request("a"), request("b")])
    shown.until(lambda v: all("limited" in told(v, column) for column in (0, 1)))
    turns = client.transport.pace

    shown.stop(0)
    shown.until(lambda v: v.last(0)["state"] == "stopped" and "figures" in v.last(0))

    assert turns.waiting == 1
    assert shown.last(0)["figures"][0]["value"] == "nothing: it was not sent"
    shown.stop(1)
    assert shown.wait(20) == [None, None]
    assert turns.waiting == 0
    assert ledger(running) == before


def test_a_stop_on_the_way_may_cost(service, view):
    """What was sent and is not answered yet may be charged."""
    _, client = service({"text": "late"}, latency="5")
    shown = view(client, [request()])
    shown.until(lambda v: "sent" in told(v, 0))

    shown.stop()
    shown.wait(20)

    assert told(shown, 0)["sent"] == ["waiting for the first token"]
    assert shown.last()["figures"][0]["value"] == "unknown: stopped before the end"


# --- attempts that fail ----------------------------------------------------------------------------------


def seed_for(fault, hit, missed):
    """Return a seed with which a fault hits the first body and not the second."""
    bodies = [{**one.wire(), "stream": True} for one in (hit, missed)]
    for seed in range(200):
        drawn = [Faults([fault], seed=seed).draw(body) for body in bodies]
        if drawn[0] and not drawn[1]:
            return seed
    raise AssertionError("no such seed")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("http_529", "attempt 1 failed: 529 overloaded_error"),
        ("http_429_ms", "attempt 1 failed: 429 rate_limit_error"),
        ("reset_before_response", "closed the connection before an answer"),
    ],
)
def test_a_failed_attempt_is_the_matter_of_its_column(service, view, monkeypatch, fault, words):
    """It says which attempt comes next, when, and why the one before failed; its answer comes."""
    # A wait by chance may be none, and then nobody sees it.
    monkeypatch.setattr("workbench.client.link.Transport", partial(Transport, jitter=lambda: 0.99))
    asked = [request("a"), request("b", model=SONNET)]
    wanted = f"{fault}:0.5:1"
    _, client = service({"text": "fine"}, faults=[wanted], seed=seed_for(wanted, *asked), latency="0.2")

    shown = view(client, asked)
    replies = shown.wait(30)

    assert [reply.text for reply in replies] == ["fine", "fine"]
    reasons = told(shown, 0)["retrying"]
    assert reasons[0].startswith("attempt 2 in about 1 s; ")
    assert words in reasons[0]
    assert "attempt 2; waiting for the first token" in told(shown, 0)["sent"]
    assert not {"limited", "retrying"} & set(told(shown, 1))


def test_a_stop_between_attempts_costs_nothing(service, view):
    """The attempt was refused, and no other went out."""
    running, client = service({"text": "fine"}, faults=["http_429_after1"])
    shown = view(client, [request()])
    shown.until(lambda v: "retrying" in told(v, 0))

    shown.stop()
    shown.wait(20)

    assert shown.last()["figures"][0]["value"].startswith("nothing: it was refused")
    assert ledger(running) == (1, 0)


def test_who_waits_because_another_was_refused_is_limited(service, view):
    """The service told one column to wait, so all of that model wait; only the one has failed."""
    asked = [request("a"), request("b")]
    wanted = "http_429_after1:0.5:1"
    _, client = service({"text": "fine"}, faults=[wanted], seed=seed_for(wanted, *asked))
    shown = view(client, asked[:1])
    shown.until(lambda v: "retrying" in told(v, 0))

    other = view(client, asked[1:])
    shown.wait(20)
    other.wait(20)

    assert told(other, 0)["limited"] == ["the service asks to wait 1 s"]
    assert "retrying" not in told(other, 0)


# --- silence ---------------------------------------------------------------------------------------------


def test_a_stream_that_stands_still_is_stalled(service, view, monkeypatch):
    """It says for how long, keeps what had come, and can be stopped."""
    monkeypatch.setattr(way, "STALL_S", 0.15)
    _, client = service({"text": LONG}, faults=["stream_stall"])
    shown = view(client, [request()])

    shown.until(lambda v: "stalled" in told(v, 0))
    shown.stop()
    shown.wait(20)

    assert told(shown, 0)["stalled"][0] == "nothing has come for 0 s"
    assert "word0" in shown.last()["view"]["html"]


# --- before it is sent -----------------------------------------------------------------------------------


def test_what_would_be_refused_is_not_sent(service, view):
    """The column says what is wrong, the cure and the API's words; the service hears nothing of it."""
    running, client = service({"text": "fine"}, client=CURRENT)
    shown = view(client, [request(temperature=0), request("b", model=SONNET)])

    replies = shown.wait(20)

    assert replies[0] is None
    assert replies[1].text == "fine"
    assert isinstance(shown.errors[0], LintError)
    last = shown.last(0)
    assert (last["state"], last["reason"]) == ("failed", "not sent: the service would refuse it")
    assert isinstance(last["refused_html"], Html)
    for words in (
        "temperature is not part of 2026-10-21",
        "leave it out, or send anthropic-version 2023-06-01",
        "400 invalid_request_error: temperature: Extra inputs are not permitted",
    ):
        assert words in last["refused_html"]
        assert words in still(shown._columns, "emulator")[1]
    assert last["figures"][0]["value"] == "nothing: it was not sent"
    assert ledger(running) == (1, 1)


def test_the_check_can_be_left_out(service, view):
    """Then the service itself refuses."""
    running, client = service({"text": "fine"}, client=CURRENT)
    shown = view(client, [request(temperature=0)], check=False)

    shown.wait(20)

    assert "Extra inputs are not permitted" in str(shown.errors[0])
    assert ledger(running) == (1, 0)


def test_warnings_stop_nothing(service, view):
    """They are counted above the answer, which comes."""
    _, client = service({"text": "fine"})
    shown = view(client, [request(system=[MARKED], tools=[TOOL])])

    shown.wait(20)

    last = shown.last()
    assert last["state"] == "done"
    assert last["warned"] == "2 warnings"
    assert isinstance(last["warned_html"], Html)
    assert all(code in last["warned_html"] for code in ("W030", "W148"))
    assert last["refused_html"] == ""


def test_recorded_answers_need_no_leave(service, view):
    """An answer to what the service would refuse today is shown all the same."""
    _, client = service({"text": "recorded"}, lenient=True)
    unknown = request(model="claude-nope")
    view(client, [unknown], check=False).wait(20)

    again = view(client, [unknown])

    assert again.wait(20)[0].source == "store"
    assert view(client, [request("b", model="claude-nope")]).wait(20) == [None]


def test_replay_sends_nothing_and_shows_the_nearest(service, view, tmp_path):
    """A miss is the column's message; what is recorded is shown."""
    running, client = service({"text": "recorded"})
    client.send(request("Tell a story."))
    replay = wb.Client(mode="replay", store=client.store)

    shown = view(replay, [request("Tell a story."), request("Tell a joke.")])
    replies = shown.wait(20)

    assert replies[0].text == "recorded"
    assert isinstance(shown.errors[1], ReplayMissError)
    reason = shown.last(1)["reason"]
    assert "Not recorded" in reason
    assert "messages[0]" in reason
    assert shown.last(1)["figures"][0]["value"] == "nothing: it was not sent"
    assert replay.transport is None
    assert ledger(running) == (1, 1)


# --- in words --------------------------------------------------------------------------------------------


TROUBLE = "the service has trouble; one call tries for all"
OVERLOADED = "529 overloaded_error: Overloaded"


def test_the_words_follow_what_the_transport_tells():
    """From the queue over a refused attempt to the beginning of the answer."""
    clock = Clock()
    call = way.Way(clock)
    seen = [call.stands()]
    for step in (
        lambda: call.held(""),
        lambda: call.held("limited by input tokens per minute of opus-4.x"),
        call.sends,
        lambda: call.missed(OVERLOADED, 2.4),
        lambda: call.held(TROUBLE),
        call.sends,
        call.began,
    ):
        step()
        seen.append(call.stands())
        clock.now += 3

    assert seen == [
        ("queued", ""),
        ("queued", "waiting for its turn"),
        ("limited", "limited by input tokens per minute of opus-4.x"),
        ("sent", "waiting for the first token"),
        ("retrying", f"attempt 2 in about 3 s; attempt 1 failed: {OVERLOADED}"),
        ("retrying", f"attempt 2 follows when it may: {TROUBLE}; attempt 1 failed: {OVERLOADED}"),
        ("sent", "attempt 2; waiting for the first token"),
        ("sent", "attempt 2; the answer has begun"),
    ]


def test_a_long_silence_is_told_before_the_answer_begins_too():
    """Sent and unheard of is not yet stalled; begun and silent is."""
    clock = Clock()
    call = way.Way(clock)
    call.sends()
    clock.now += 12
    unheard = call.stands()
    call.began()
    clock.now += 11

    assert unheard == ("sent", "waiting for the first token; nothing has come for 12 s")
    assert call.stands() == ("stalled", "nothing has come for 11 s")
