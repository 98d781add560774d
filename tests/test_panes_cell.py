"""What a cell can rely on in columns: replies, labels, transcripts, test cases, and no traceback."""

from __future__ import annotations

import threading
from typing import Any

import pytest

import workbench as wb
from tests import columns
from tests.columns import LONG, MODELS, request
from workbench.dataset import Dataset
from workbench.errors import UsageError, WorkbenchError
from workbench.widgets.panes import RunView

service = columns.service
ask = columns.ask
view = columns.view


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
    before = len(heard.sent)

    unheard.wait(20)
    heard.wait(20)

    assert sum(kind == "all" for kind, _ in unheard.sent) > 3
    assert sum(kind == "all" for kind, _ in heard.sent[before:]) <= 3


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
