"""Columns that stream side by side: what they tell a page, how they are stopped, what can follow."""

from __future__ import annotations

import pytest

from tests import columns
from tests.columns import LONG, MODELS, request
from workbench.errors import UsageError

service = columns.service
ask = columns.ask
view = columns.view


# --- streaming -------------------------------------------------------------------------------------------


def test_every_column_gets_its_answer(ask, view):
    """And the text that streamed is the text of the answer."""
    shown = view(ask({"text": LONG}, latency="0.01,0.001"), [request(), request(model=MODELS[1])])

    replies = shown.wait(20)

    assert [reply.text for reply in replies] == [LONG, LONG]
    for column in (0, 1):
        streamed = "".join(value for at, value in shown.deltas("text") if at == column)
        assert streamed
        assert LONG.startswith(streamed)
        assert shown.last(column)["state"] == "done"


def test_what_is_new_in_all_columns_goes_in_one_message(ask, view):
    """Many updates of several columns make few messages."""
    shown = view(ask({"text": LONG}, latency="0.01,0.001"), [request(), request(model=MODELS[1])])
    shown.wait(20)

    together = [
        body["d"] for kind, body in shown.sent if kind == "d" and len({at for at, *_ in body["d"]}) == 2
    ]

    assert together
    assert len(shown.sent) < 60


def test_an_unfinished_stream_sends_nothing_where_nothing_comes(ask, view):
    """A column that only waits costs one message, not one a tick."""
    shown = view(ask({"text": "late"}, latency="0.5"), [request()])
    shown.until(lambda v: any(value["reason"] for _, value in v.deltas("set")))
    before = len(shown.sent)

    shown.wait(20)

    assert len(shown.sent) - before <= 4


def test_a_bad_request_stays_in_its_column(ask, view):
    """What is no request, what the service refuses, and what it does not know: the others go on."""
    client = ask({"text": "fine"})
    shown = view(client, [{"max_tokens": 5}, request(), request(max_tokens=-1), request(model="claude-nope")])

    replies = shown.wait(20)

    assert [reply and reply.text for reply in replies] == [None, "fine", None, None]
    words = [str(error) for error in shown.errors]
    assert "model: Field required" in words[0]
    assert "max_tokens" in words[2]
    assert "claude-nope" in words[3]


def test_a_stream_that_breaks_keeps_what_had_come(ask, view):
    """It is marked partial, the error is said, and its cost is not called nothing."""
    client = ask({"text": LONG}, faults=["stream_fin_mid"])
    shown = view(client, [request()])

    assert shown.wait(20) == [None]
    last = shown.last()

    assert last["state"] == "failed"
    assert "stopped before message_stop" in last["reason"]
    assert last["partial"]
    assert "word0" in last["view"]["html"]
    assert last["figures"][0]["value"].startswith("unknown")


def test_an_overloaded_service_is_one_columns_trouble(ask, view):
    """529 in one column, an answer in the other; nothing was charged for the first."""
    rules = [{"model": MODELS[0], "error": {"status": 529, "message": "Overloaded"}}, {"text": "fine"}]
    shown = view(ask(*rules), [request(), request(model=MODELS[1])])

    replies = shown.wait(20)

    assert replies[0] is None
    assert replies[1].text == "fine"
    assert "529" in shown.last(0)["reason"]
    assert shown.last(0)["figures"][0]["value"] == "nothing: it was not answered"


def test_a_failed_attempt_is_said_while_the_next_is_awaited(ask, view):
    """Waiting to retry is a state of its own."""
    later = {"status": 529, "message": "no", "headers": {"retry-after": "1"}}  # a wait by chance may be none
    rules = [{"error": later, "times": 1}, {"text": "fine"}]
    shown = view(ask(*rules, max_retries=2), [request()])

    shown.wait(20)

    states = [value["state"] for _, value in shown.deltas("set")]
    assert "retrying" in states
    assert states[-1] == "done"


def test_a_refusal_is_named(ask, view):
    """And nothing can follow it."""
    rule = {"content": [], "stop_reason": "refusal", "stop_details": {"category": "bio"}}
    shown = view(ask(rule), [request()])

    shown.wait(20)
    last = shown.last()

    assert "refus" in last["view"]["html"]
    assert "refus" in last["next"]["why_not"]


# --- stopping --------------------------------------------------------------------------------------------


def test_stopping_one_column_leaves_the_other(ask, view):
    """What had come stays, marked as partial; what it cost is not known."""
    client = ask({"text": LONG}, latency="0.01,0.002")
    shown = view(client, [request(), request(model=MODELS[1])])
    shown.until(lambda v: any(at == 0 for at, _ in v.deltas("text")))

    shown.stop(0)
    replies = shown.wait(20)

    assert replies[0] is None
    assert replies[1].text == LONG
    last = shown.last(0)
    assert (last["state"], last["partial"]) == ("stopped", True)
    assert last["figures"][0]["value"] == "unknown: stopped before the end"
    assert "word0" in last["view"]["html"]


def test_nothing_streams_after_closing(ask, view):
    """The service sees the connection go."""
    client = ask({"text": LONG}, latency="0.01,0.01")
    shown = view(client, [request(), request(model=MODELS[1])])
    shown.until(lambda v: v.deltas("text"))

    shown.close()
    sent = len(shown.sent)

    assert shown.wait(20) == [None, None]
    assert len(shown.sent) == sent
    with pytest.raises(UsageError, match="closed"):
        shown.start()


def test_stopping_before_it_was_asked(ask, view):
    """A column that is stopped at once ends all the same."""
    shown = view(ask({"text": LONG}, latency="5"), [request()], autostart=False)

    shown.start()
    shown.stop()

    assert shown.wait(20) == [None]
    assert shown.last()["state"] == "stopped"


def test_interrupting_the_wait_stops_the_columns(ask, view, monkeypatch):
    """The kernel's Stop button ends what the cell began; what had come stays."""
    shown = view(ask({"text": LONG}, latency="0.01,0.01"), [request()])
    shown.until(lambda v: v.deltas("text"))
    waits = shown._streaming.wait

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(shown._streaming, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        shown.wait()

    assert waits(shown._columns, 20)
    assert shown.last()["state"] == "stopped"
    assert shown.last()["partial"]


def test_stopping_by_a_wrong_number_is_refused(ask, view):
    """There is no such column."""
    shown = view(ask(), [], autostart=False)

    with pytest.raises(UsageError, match="no column 3"):
        shown.stop(3)


# --- going on --------------------------------------------------------------------------------------------


def test_a_conversation_goes_on_with_the_answer_exactly_as_it_came(ask, view):
    """Earlier turns stand above; the new request ends with the new words."""
    client = ask({"contains": "second", "text": "two"}, {"text": "one"})
    shown = view(client, [request("first")])
    shown.wait(20)

    told = shown.answer("go_on", column=0, text="second", results={}, every=False)
    shown.wait(20)

    assert told["sent"] == 1
    assert shown.replies[0].text == "two"
    assert [turn.content for turn in shown._columns[0].request.messages][::2] == ["first", "second"]
    assert len(shown._columns[0].earlier) == 1
    assert "first" in shown.answer("fold", column=0, turn=0)["html"]


def test_a_turn_for_all_says_where_it_was_not_sent(ask, view):
    """A column that failed cannot go on, the others do."""
    rules = [{"model": MODELS[1], "error": {"status": 529}}, {"text": "fine"}]
    shown = view(ask(*rules), [request(), request(model=MODELS[1])])
    shown.wait(20)

    told = shown.answer("go_on", column=0, text="more", results={}, every=True)

    assert told["sent"] == 1
    assert MODELS[1] in told["left_out"]


def test_an_empty_turn_is_said_beside_the_field(ask, view):
    """Nothing is sent, and the column stays."""
    shown = view(ask({"text": "one"}), [request()])
    shown.wait(20)

    told = shown.answer("go_on", column=0, text="  ", results={}, every=False)

    assert "write the next turn" in told["text"]
    assert shown.replies[0].text == "one"


def test_asking_again_what_failed(ask, view):
    """The column is asked once more."""
    rules = [{"error": {"status": 529}, "times": 1}, {"text": "fine"}]
    shown = view(ask(*rules), [request()])
    assert shown.wait(20) == [None]

    shown.answer("again", column=0)

    assert shown.wait(20)[0].text == "fine"
