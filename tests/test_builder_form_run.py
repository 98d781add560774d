"""Running what the form holds: answers below it, and every version kept."""

from __future__ import annotations

import threading

import pytest

from tests.forms import block, editor, form, press
from workbench.client import Client
from workbench.errors import UsageError
from workbench.prompt import Prompt
from workbench.widgets.builder import PromptBuilder
from workbench.widgets.builder.judging import Debounce

SUM = Prompt("What is {{x}}?", model="claude-haiku-4-5", max_tokens=100)
PATIENCE_S = 30


@pytest.fixture
def client(emulator):
    with Client(base_url=emulator.url, api_key="test") as made:
        yield made


def asked(builder, x="6 * 7"):
    builder.values.inputs["x"].editor.value = x
    press(builder.widget, "Run")
    return builder.wait(PATIENCE_S)


def test_run_answers_and_keeps_the_version(client):
    """The answer is a live value; the version holds prompt, values and answer."""
    builder = form(SUM, client)

    asked(builder)

    assert builder.reply.text == "6 * 7 = 42"
    kept = builder.versions.last
    assert (kept.body, kept.values, kept.reply["text"]) == (SUM.wire(), {"x": "6 * 7"}, "6 * 7 = 42")
    assert builder.trying.said.said == "done"
    assert builder.trying.halt.disabled


def test_run_without_a_value_sends_nothing(client):
    """The message stands beside the button."""
    builder = form(SUM, client)

    press(builder.widget, "Run")

    assert builder.trying.problem.said.startswith("no value for {{x}}")
    assert builder.replies == []
    with pytest.raises(UsageError):
        builder.run()


def test_several_models_answer_side_by_side(client):
    """Each with a version of its own."""
    builder = form(SUM, client)
    builder.trying.others.value = ("claude-sonnet-4-6", "claude-haiku-4-5")

    replies = asked(builder)

    assert [one.request.model for one in replies] == ["claude-haiku-4-5", "claude-sonnet-4-6"]
    assert [one.body["model"] for one in builder.versions.list()] == ["claude-haiku-4-5", "claude-sonnet-4-6"]


def test_what_the_service_refuses_is_kept_with_its_error(client):
    """A version without an answer says why."""
    builder = form(
        Prompt("Hi", model="claude-haiku-4-5", max_tokens=100, thinking={"type": "adaptive"}), client
    )

    builder.run()
    builder.wait(PATIENCE_S)

    assert builder.reply is None
    assert "adaptive thinking is not supported" in builder.versions.last.note
    assert builder.versions.last.reply is None


def test_a_version_can_be_restored_and_that_undone(client):
    """Prompt and values come back in one step."""
    builder = form(SUM, client)
    asked(builder, "1 + 1")
    editor(block(builder), "text").value = "Say {{y}}"

    press(builder.trying.history.widget, "put version 1 back")

    assert builder.prompt == SUM
    assert builder.values.inputs["x"].editor.value == "1 + 1"
    builder.undo()
    assert builder.draft.get("messages[0].content") == "Say {{y}}"


def test_the_difference_of_versions_is_shown(client):
    """What changed in the prompt and in the answer, and what the form changed since."""
    builder = form(SUM, client)
    asked(builder, "1 + 1")
    editor(block(builder), "text").value = "What then is {{x}}?"
    asked(builder, "2 + 2")

    press(builder.trying.history.widget, "what changed in version 2")

    said = builder.trying.history.detail.children[0].value
    for part in ("From version 1 (A) to version 2 (B)", "What then is", "2 + 2 = 4", "the same prompt"):
        assert part in said, part


def test_a_new_builder_of_the_name_offers_the_last_version(client, tmp_path, monkeypatch):
    """After a restart of the kernel nothing that ran is lost."""
    monkeypatch.chdir(tmp_path)
    asked(PromptBuilder(SUM, client, name="sums"))

    again = PromptBuilder(client=client, name="sums")
    assert (tmp_path / "runs/builder-sums/versions.jsonl").exists()
    assert again.offer.words.said.startswith("version 1 of ")
    press(again.widget, "put the last version that ran into the form")

    assert again.prompt == SUM
    assert again.values.inputs["x"].editor.value == "6 * 7"
    assert again.offer.widget.layout.display == "none"


def test_counting_exactly_asks_the_service(client):
    """The bar then shows what the service counted, until the prompt changes."""
    builder = form(Prompt("Hi there", model="claude-haiku-4-5", max_tokens=5), client)

    tokens = builder.count()

    assert builder.figures.exact
    assert builder.figures.likely == tokens
    editor(block(builder), "text").value = "Hi there, you"
    assert not builder.figures.exact


def test_counting_without_a_service_is_said():
    """The error goes to the page that asked; nothing else changes."""
    builder = form(Prompt("Hi", model="claude-haiku-4-5", max_tokens=5), Client(mode="replay", store=False))
    sent = []
    builder.aside.tell = lambda kind, **body: sent.append((kind, body))

    builder.aside._receive(None, {"kind": "count", "n": "7"}, [])
    builder.aside.quiet()

    assert [kind for kind, _ in sent] == ["problem"]
    assert "replay asks nothing" in sent[0][1]["text"]


def test_betas_of_the_form_are_sent(client, emulator):
    """The client itself keeps its own."""
    builder = form(Prompt("Hi", model="claude-haiku-4-5", max_tokens=5), client)
    builder.settings.betas.widget.value = "no-such-beta"

    builder.run()
    builder.wait(PATIENCE_S)

    assert "no-such-beta" in builder.versions.last.note
    assert client.betas == ()


def test_without_a_client_one_is_made_at_the_first_run(monkeypatch):
    """Building a form starts nothing."""
    builder = form(Prompt("What is 6 * 7?", model="claude-haiku-4-5", max_tokens=50))
    assert builder._client is None

    builder.run()
    builder.wait(PATIENCE_S)

    assert builder.reply.text == "6 * 7 = 42"
    builder.close()


def test_the_right_side_is_told_once_after_the_last_change():
    """Ten keys, one judgement: the page is not asked to paint each of them."""
    builder = form(SUM)
    sent = []
    builder.aside.tell = lambda kind, **body: sent.append(kind)

    for typed in ("a", "ab", "abc", "abcd"):
        editor(block(builder), "text").value = typed
    builder.settle()

    assert sent == ["state"]


def test_many_calls_become_one():
    """Only the newest counts; `flush` makes it at once."""
    called = []
    soon = Debounce(lambda: called.append(1), rest_s=60)

    for _ in range(20):
        soon()
    soon.flush()
    soon.flush()

    assert called == [1]


def test_a_rest_is_worked_in_on_another_thread():
    """The kernel's main thread stays free for the next key."""
    threads = []
    called = threading.Event()

    def note():
        threads.append(threading.current_thread())
        called.set()

    Debounce(note, rest_s=0.01)()

    assert called.wait(PATIENCE_S)
    assert threads[0] is not threading.main_thread()


def test_closing_takes_everything_away(client):
    """Nothing goes on behind a closed form."""
    builder = form(SUM, client)
    asked(builder)

    builder.close()

    assert builder.widget.comm is None
    assert not builder.trying.view.running
