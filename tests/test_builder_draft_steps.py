"""Each change of a draft is a step: undone, done again, heard of by who watches."""

from __future__ import annotations

import copy
import json
import threading
import time

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.drafts import content, draft
from tests.virtual import Clock
from workbench.errors import PromptError
from workbench.widgets.builder.draft import Draft


def test_undo_and_redo():
    """Back to the beginning, and forth again; a new step forgets what was taken back."""
    made = draft("a")
    made.set("system", "b")
    made.add_turn("assistant")

    made.undo()
    made.undo()
    made.undo()
    made.redo()

    assert made.body["system"] == "b"
    assert len(made.body["messages"]) == 1
    made.set("max_tokens", 5)
    assert not made.can_redo
    assert made.can_undo


def test_typing_is_one_step_until_the_keys_rest():
    """A second of rest, or another field, begins a new one."""
    clock = Clock()
    made = draft("", clock=clock)
    for text in ("h", "he", "hel"):
        clock.now += 0.9
        made.set("messages[0].content", text)
    clock.now += 1.1
    made.set("messages[0].content", "hello")
    made.set("system", "x")
    made.set("messages[0].content", "hello!")

    seen = []
    while made.can_undo:
        seen.append((content(made), made.get("system")))
        made.undo()

    assert seen == [("hello!", "x"), ("hello", "x"), ("hello", None), ("hel", None)]
    assert content(made) == ""


def test_typing_after_an_undo_is_a_step_of_its_own():
    """What was typed before stays reachable."""
    clock = Clock()
    made = draft("", clock=clock)
    made.set("system", "a")
    made.set("max_tokens", 7)
    made.undo()
    made.set("system", "ab")

    made.undo()

    assert made.get("system") == "a"


def test_numbers_and_switches_are_steps_of_their_own():
    """Only texts are typed letter by letter."""
    made = draft(clock=Clock())
    made.set("max_tokens", 5)
    made.set("max_tokens", 6)

    made.undo()

    assert made.get("max_tokens") == 5


def test_replacing_is_one_step():
    """A pasted prompt, a fix, a version put back."""
    made = draft("a", system="b")

    made.replace({"messages": [{"role": "user", "content": "new"}]})
    pasted = made.body
    made.undo()

    assert pasted == {"messages": [{"role": "user", "content": "new"}]}
    assert made.prompt == draft("a", system="b").prompt


def test_one_and_one_point_zero_are_two_things():
    """JSON keeps them apart, so the change is seen."""
    made = draft(temperature=1)

    made.set("temperature", 1.0)

    assert made.can_undo
    assert repr(made.get("temperature")) == "1.0"


def test_watchers_hear_which_fields_changed():
    """Once for each change, not where nothing did, and no longer than they want."""
    made = draft("a")
    heard: list[set[str]] = []
    stop = made.watch(heard.append)

    made.set("system", "b")
    made.set("system", "b")
    made.undo()
    made.replace({"model": "claude-haiku-4-5", "messages": [], "speed": "fast"})
    stop()
    stop()
    made.set("system", "c")

    assert heard == [{"system"}, {"system"}, {"max_tokens", "messages", "speed"}]


def test_large_documents_are_not_copied():
    """Steps share their texts."""
    large = "x" * 1_000_000
    made = draft(large)
    for n in range(50):
        made.set("max_tokens", n)

    assert made.get("messages[0].content") is large


OPERATIONS = ("set", "block", "turn", "move", "copy", "delete", "mark", "undo", "redo", "replace")
PATHS = (
    "system",
    "system[0].text",
    "messages[0].content",
    "messages[0].content[1]",
    "messages[1]",
    "tools[0]",
    "max_tokens",
)


def operate(made: Draft, name: str, path: str, n: int) -> None:
    match name:
        case "set":
            made.set(path, [f"{{{{v{n}}}}}", n, None, [], {"type": "text", "text": "x"}][n % 5])
        case "block":
            made.add_block(
                ["system", "messages[0]", "messages[1]", "tools"][n % 4],
                ["text", "document", "tool"][n % 3],
                n,
            )
        case "turn":
            made.add_turn(["user", "assistant"][n % 2])
        case "move":
            made.move(path, n - 2)
        case "mark":
            made.mark(path, ["5m", "1h", None][n % 3])
        case "replace":
            made.replace({"messages": [{"role": "user", "content": str(n)}]})
        case "copy" | "delete":
            {"copy": made.duplicate, "delete": made.delete}[name](path)
        case _:
            {"undo": made.undo, "redo": made.redo}[name]()


@given(
    st.lists(st.tuples(st.sampled_from(OPERATIONS), st.sampled_from(PATHS), st.integers(0, 9)), max_size=25)
)
@settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_whatever_is_done_can_be_undone(steps):
    """Any clicks in any order: JSON at every moment, an error of ours at worst, and a way back."""
    made = draft("{{x}}", clock=Clock())
    first = copy.deepcopy(made.body)
    for name, path, n in steps:
        before = made.body
        try:
            operate(made, name, path, n)
        except PromptError:
            assert made.body == before
        assert json.loads(json.dumps(made.body)) == made.body
        assert isinstance(made.variables, tuple)
        assert made.marks_left <= 4
    last = made.body
    while made.can_undo:
        made.undo()
    assert made.body == first
    while made.can_redo:
        made.redo()
    # What was undone before the end comes back too, so the end is on the way or is it.
    assert made.body == last or any(name == "undo" for name, _, _ in steps)


def test_changes_of_several_threads_take_turns():
    """JupyterLab hears widgets on several threads of the kernel; no change may undo another one."""
    draft = Draft()
    draft.watch(lambda _: time.sleep(0))

    def write(name: str) -> None:
        for n in range(60):
            draft.set(f"metadata.{name}", str(n))

    threads = [threading.Thread(target=write, args=(name,)) for name in ("a", "b", "c", "d")]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert draft.get("metadata") == dict.fromkeys("abcd", "59")
