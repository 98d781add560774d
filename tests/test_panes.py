"""Columns that stream side by side: what they tell a page, how they end, what can follow."""

from __future__ import annotations

import threading
from typing import Any

import pytest

import workbench as wb
from workbench.dataset import Dataset
from workbench.errors import UsageError, WorkbenchError
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
def ask(start_emulator, tmp_path):
    """Make a client of a service that answers as it is told."""
    made = []

    def make(*rules, latency=None, faults=(), **more):
        running = start_emulator(script=list(rules), latency=latency, faults=faults)
        made.append(wb.Client(base_url=running.url, **{"store": tmp_path / "own", "max_retries": 0, **more}))
        return made[-1]

    yield make
    for one in made:
        one.close()


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


# --- what a cell can rely on -----------------------------------------------------------------------------


def test_running_a_cell_again_pays_nothing(ask, view):
    """The answers are in the client's store, and say so; the text for no kernel is complete at once."""
    client = ask({"text": "Once upon a time."}, latency="0.05,0.001")
    view(client, [request()]).wait(20)

    again = view(client, [request()])
    text = str(again)

    assert again.replies[0].source == "store"
    assert "Once upon a time." in text
    assert "free now: from the store" in text
    assert "first answer token not measured" in text


def test_functions_hear_of_replies_before_waiting_ends(ask, view):
    """One that fails keeps nobody else from hearing; one that waits is told that it cannot."""
    heard, refused = [], []
    client = ask({"text": "fine"}, latency="0.05")
    shown = view(client, [request()], autostart=False)

    def waits(column, reply):
        try:
            shown.wait()
        except UsageError as error:
            refused.append(str(error))
        raise ValueError(column, reply)

    shown.on_reply(waits)
    shown.on_reply(lambda column, reply: heard.append((column, reply.text)))
    shown.start()
    shown.wait(20)

    assert heard == [(0, "fine")]
    assert "waits for this function" in refused[0]


def test_starting_with_other_requests_replaces_the_columns(ask, view):
    """Labels and all; what ran before is stopped."""
    client = ask({"contains": "slow", "text": LONG}, {"text": "fine"}, latency="0.01,0.002")
    shown = view(client, [request("slow")])

    shown.start([request("b"), request("c")], labels=["B", "C"])

    assert [reply.text for reply in shown.wait(20)] == ["fine", "fine"]
    assert "B · done" in str(shown)


def test_labels_tell_columns_apart(ask, view):
    """By model, then effort, then number."""
    high = request(model=MODELS[1], output_config={"effort": "high"})
    shown = view(ask(), [request(), request("again"), high, request(model=MODELS[1])], autostart=False)

    assert [column.label for column in shown._columns] == [
        "claude-haiku-4-5 · 1",
        "claude-haiku-4-5 · 2",
        "claude-sonnet-4-6 · effort high",
        "claude-sonnet-4-6",
    ]


def test_as_many_labels_as_requests(ask):
    """Else nobody knows which is which."""
    with pytest.raises(UsageError, match="1 labels for 2 requests"):
        RunView(ask(), [request(), request("b")], labels=["only"])


def test_a_page_that_cannot_be_heard_gets_everything_now_and_then(ask, view, monkeypatch):
    """While a cell waits the kernel hears no page; one that was heard is told only what is new."""
    monkeypatch.setattr("workbench.widgets.panes.view.BLIND_S", 0.0)
    client = ask({"text": LONG}, latency="0.01,0.0005")
    unheard, heard = view(client, [request()]), view(client, [request("b")])
    heard._receive(heard, {"kind": "ready"}, [])

    unheard.wait(20)
    heard.wait(20)

    whole = [sum(kind == "all" for kind, _ in one.sent) for one in (unheard, heard)]
    assert whole[0] > 3
    assert whole[1] <= 3


def test_a_page_that_opens_late_gets_everything(ask, view):
    """In mid-stream too: what has come so far, and then the rest."""
    shown = view(ask({"text": f"One.\n\n{LONG}"}, latency="0.01,0.002"), [request()])
    shown.until(lambda v: len(v.deltas("text")) > 3)

    before = len(shown.sent)
    shown._receive(shown, {"kind": "ready"}, [])
    shown.until(lambda v: any(kind == "all" for kind, _ in v.sent[before:]))
    whole = [body for kind, body in shown.sent if kind == "all"][-1]
    shown.wait(20)

    first = whole["columns"][0]
    part = first["parts"][0]
    assert first["state"] == "streaming"
    assert "One." in f"{part['html']}{part['tail']}"


def test_columns_without_a_kernel_are_a_transcript(ask, view):
    """HTML without scripts, and text: model, answer, figures, and that the numbers are made up."""
    shown = view(ask({"text": "It **is**."}), [request(), {"bad": 1}])
    shown.wait(20)

    bundle = shown._repr_mimebundle_()

    assert "<strong>is</strong>" in bundle["text/html"]
    assert "say nothing about Claude" in bundle["text/plain"]
    assert "tokens out" in bundle["text/plain"]
    assert "no request · failed: " in bundle["text/plain"]


class Output:
    """An output of a notebook that can be updated."""

    def __init__(self, bundle, **_):
        self.bundles = [bundle]
        self.updated = threading.Event()

    def update(self, bundle, **_):
        self.bundles.append(bundle)
        self.updated.set()


@pytest.fixture
def outputs(monkeypatch):
    """What is displayed, as in a notebook."""
    shown: list[Output] = []

    def display(bundle, **more):
        shown.append(Output(bundle, **more))
        return shown[-1]

    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.setattr("workbench.widgets.panes.view.in_notebook", lambda: True)
    return shown


def test_the_finished_transcript_replaces_an_early_one(ask, view, outputs):
    """So that the file holds the answers, though it was shown before they came."""
    early = view(ask({"text": LONG}, latency="0.8"), [request()])

    early._ipython_display_()
    early.wait(20)

    assert outputs[0].updated.wait(20)
    first, last = (bundle["text/plain"] for bundle in outputs[0].bundles)
    assert "still running when this was written" in first
    assert LONG in last


def test_nothing_is_replaced_under_somebodys_hands(ask, view, outputs):
    """The page would be made anew, and what is typed there would be gone."""
    early = view(ask({"text": LONG}, latency="0.8"), [request()])
    early._ipython_display_()

    early._receive(early, {"kind": "busy"}, [])
    early.wait(20)
    early._over()

    assert len(outputs[0].bundles) == 1


def test_hostile_answers_stay_text(ask, view):
    """What a model writes is escaped in everything that is told."""
    shown = view(ask({"text": "<img src=x onerror=alert(1)> \u202e"}), [request()])
    shown.wait(20)

    assert "<img" not in str([body for _, body in shown.sent if "view" in str(body)])
    assert "\u202e" not in str(shown.sent)


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


# --- keeping ---------------------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty working directory."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_an_answer_becomes_a_test_case(ask, view, here):
    """The form proposes where and what; the file is a dataset afterwards."""
    shown = view(ask({"text": "Paris"}), [request("What is the capital of France?")])
    shown.wait(20)

    form = shown.answer("proposal", column=0)
    told = shown.answer("case", column=0, path=form["path"], id="paris", input=form["input"], target=True)

    assert told["said"] == "saved as paris in cases.jsonl"
    sample = Dataset.load(here / "cases.jsonl")["paris"]
    assert (sample.input, sample.target) == ("What is the capital of France?", "Paris")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"path": "nowhere/cases.jsonl"}, "no folder nowhere"),
        ({"path": "cases.csv"}, ".jsonl files only"),
        ({"id": " "}, "needs an id"),
        ({"input": ""}, "needs an input"),
        ({"path": ""}, "name the file"),
    ],
)
def test_a_case_that_cannot_be_saved_says_why(ask, view, here, fields, words):
    """Beside the field; nothing is written."""
    shown = view(ask({"text": "Paris"}), [request()])
    shown.wait(20)
    given = {"path": "cases.jsonl", "id": "a", "input": "b", "target": False}

    told = shown.answer("case", column=0, **{**given, **fields})

    assert words in told["text"]
    assert list(here.glob("*.jsonl")) == []


def test_a_difference_names_what_changed(ask, view):
    """Against the first column."""
    rules = [{"model": MODELS[0], "text": "It is blue."}, {"text": "It is green."}]
    shown = view(ask(*rules), [request(), request(model=MODELS[1])])
    shown.wait(20)

    told = shown.answer("diff", column=1)

    assert "green" in told["html"]
    assert "blue" in told["html"]


QUESTIONS: dict[str, dict[str, Any]] = {
    "fold": {"turn": 0},
    "receipt": {},
    "diff": {},
    "source": {"cite": 1},
    "proposal": {},
    "again": {},
    "case": {"target": False},
    "go_on": {"text": "", "results": {}},
}


@pytest.mark.parametrize("kind", QUESTIONS)
def test_a_page_that_is_not_ours_gets_a_message(view, tmp_path, kind):
    """A number that no column has is refused in words, whatever it is."""
    client = wb.Client(mode="replay", store=tmp_path / "own")
    shown = view(client, [request()], autostart=False)

    told = [shown.answer(kind, column=column, **QUESTIONS[kind]) for column in (7, -1, "x", None, True)]

    assert all("there is no column" in one["text"] for one in told)


def test_errors_of_any_kind_are_no_traceback(ask, view, monkeypatch):
    """What nobody foresaw is named, not shown."""
    client = ask({"text": "fine"})
    monkeypatch.setattr(client, "stream", lambda _request, **_: 1 / 0)
    shown = view(client, [request()])

    shown.wait(20)

    assert isinstance(shown.errors[0], WorkbenchError)
    assert "ZeroDivisionError" in str(shown.errors[0])
    assert "Traceback" not in shown.last()["reason"]
