"""What was typed and never run is on the disk, and offered to the next form."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.forms import below, block, editor, form, press
from tests.hostile import TEXTS
from workbench.client import Client
from workbench.prompt import Prompt
from workbench.widgets.builder.judging import Debounce
from workbench.widgets.builder.unrun import FILES
from workbench.widgets.builder.versions import Versions, as_version

SUM = Prompt("What is {{x}}?", model="claude-haiku-4-5", max_tokens=100)
RESTORE = "Restore the draft that was never run"
DISCARD = "Discard the draft that was never run"
PATIENCE_S = 30


@pytest.fixture
def place(tmp_path):
    """A folder of versions that is not there yet."""
    return tmp_path / "runs" / "builder-sums"


@pytest.fixture
def client(emulator):
    with Client(base_url=emulator.url, api_key="test") as made:
        yield made


def kept(place: Path):
    """Return the drafts in a folder."""
    return [as_version(path.read_bytes()) for path in place.glob(FILES)]


def typed(place: Path | None, text: str = "typed", prompt=SUM, **options):
    """Return a form of *place* in which something was typed and nothing run."""
    builder = form(prompt, versions=place, **options)
    editor(block(builder), "text").value = text
    builder.settle()
    return builder


def content(builder):
    return builder.draft.get("messages[0].content")


def said(builder) -> str:
    """Return the line that offers a draft; empty where it is not shown."""
    shown = builder.lost.widget.layout.display != "none"
    return builder.lost.words.said if shown else ""


def written(place: Path, body: object, at: str = "2026-11-22T12:00:00+00:00", **more) -> Path:
    """Write a draft as another form would."""
    place.mkdir(parents=True, exist_ok=True)
    path = place / "draft-other.json"
    path.write_text(json.dumps({"n": 0, "at": at, "body": body, "values": {}, "reply": None, **more}))
    return path


def test_what_is_typed_is_on_the_disk_as_a_version(place):
    """Prompt and values, as a version has them; its owner alone reads it."""
    builder = typed(place, "Say {{x}}")
    builder.values.inputs["x"].editor.value = "6 * 7"
    builder.settle()

    (draft,) = kept(place)

    assert draft.body == SUM.wire() | {"messages": [{"role": "user", "content": "Say {{x}}"}]}
    assert (draft.n, draft.values, draft.reply) == (0, {"x": "6 * 7"}, None)
    (path,) = place.glob(FILES)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in place.iterdir()] == [path.name]


def test_a_form_that_nobody_typed_into_leaves_no_trace(place):
    """Neither do rows of a dataset nor tools that the notebook gave."""
    builder = form(SUM, versions=place)
    builder.use([{"id": "a", "input": "q", "x": "1 + 1"}, {"id": "b", "input": "q", "x": "2 + 2"}])
    builder.values.row.value = 2
    builder.add_tool(add)
    builder.settle()

    assert not place.exists()


def add(a: int) -> int:
    """Add one."""
    return a + 1


def test_a_value_typed_over_a_row_is_kept(place):
    """What the dataset gave is not typed; what was changed in it is."""
    builder = form(SUM, versions=place)
    builder.use([{"id": "a", "input": "q", "x": "1 + 1"}])
    builder.values.inputs["x"].editor.value = "1 + 1 + 1"
    builder.settle()

    assert [one.values for one in kept(place)] == [{"x": "1 + 1 + 1"}]


def test_without_a_place_nothing_is_written(tmp_path, monkeypatch):
    """Versions in memory, draft in memory."""
    monkeypatch.chdir(tmp_path)

    builder = typed(None)
    builder.close()

    assert list(tmp_path.iterdir()) == []
    assert said(builder) == ""


def test_what_is_taken_back_leaves_no_file(place):
    """As it was given is nothing to keep."""
    builder = typed(place)
    assert len(kept(place)) == 1

    builder.undo()
    builder.settle()

    assert kept(place) == []


def test_what_ran_is_no_draft(place, client):
    """The version has it; what is typed after it is one again."""
    builder = typed(place, "What is 6 * 7?", client=client)

    press(builder.widget, "Run")
    builder.wait(PATIENCE_S)

    assert kept(place) == []
    editor(block(builder), "text").value = "What is 6 * 8?"
    builder.settle()
    assert [one.body["messages"][0]["content"] for one in kept(place)] == ["What is 6 * 8?"]


def test_a_new_form_offers_the_draft_and_shows_what_it_was_given(place):
    """The prompt in the cell is never replaced unasked."""
    typed(place).close()

    again = form(SUM, versions=place)

    at = datetime.fromisoformat(kept(place)[0].at).astimezone()
    assert said(again) == f"A draft from {at:%H:%M} was never run"
    assert again.prompt == SUM


def test_an_older_draft_is_offered_with_its_day(place):
    """The hour alone would be taken for today's."""
    day = datetime.now(UTC) - timedelta(days=3)
    written(place, {"messages": [{"role": "user", "content": "old"}]}, at=day.isoformat(timespec="seconds"))

    assert f"{day.astimezone():%Y-%m-%d %H:%M}" in said(form(SUM, versions=place))


def test_restoring_is_one_step(place):
    """Text and values come back together; Undo takes both out, and offers the draft anew."""
    first = typed(place, "Say {{x}}")
    first.values.inputs["x"].editor.value = "6 * 7"
    first.close()
    again = form(SUM, versions=place)

    press(again.widget, RESTORE)

    assert (content(again), again.draft.values["x"]) == ("Say {{x}}", "6 * 7")
    assert said(again).endswith("is back; Undo takes it out again")
    assert again.lost.buttons.layout.display == "none"
    assert len(kept(place)) == 1
    again.undo()
    again.settle()
    assert again.prompt == SUM
    assert again.draft.missing == ("x",)
    assert again.values.inputs["x"].editor.value == ""
    assert not again.draft.can_undo
    assert said(again).endswith("was never run")
    assert [one.body["messages"][0]["content"] for one in kept(place)] == ["Say {{x}}"]
    again.redo()
    assert (content(again), again.draft.values["x"]) == ("Say {{x}}", "6 * 7")


def test_restored_and_changed_is_kept_in_one_file(place):
    """The line goes with the first change."""
    typed(place).close()
    again = form(SUM, versions=place)
    press(again.widget, RESTORE)

    editor(block(again), "text").value = "typed, and more"
    again.settle()

    assert said(again) == ""
    assert [one.body["messages"][0]["content"] for one in kept(place)] == ["typed, and more"]


def test_restored_and_run_is_a_version(place, client):
    """Nothing is left to offer."""
    typed(place, "What is 6 * 7?").close()
    again = form(SUM, client, versions=place)
    press(again.widget, RESTORE)

    press(again.widget, "Run")
    again.wait(PATIENCE_S)

    assert kept(place) == []
    assert said(form(SUM, versions=place)) == ""
    assert again.versions.last.body["messages"][0]["content"] == "What is 6 * 7?"


def test_discarding_deletes_the_file(place):
    """The form is as it was."""
    typed(place).close()
    again = form(SUM, versions=place)

    press(again.widget, DISCARD)

    assert kept(place) == []
    assert said(again) == "The draft is deleted"
    assert again.prompt == SUM
    assert said(form(SUM, versions=place)) == ""


def test_a_draft_that_stands_in_the_form_is_dropped_without_a_word(place):
    """Also where the cells that follow bring the form there."""
    typed(place).close()

    again = form(Prompt("typed", model="claude-haiku-4-5", max_tokens=100), versions=place)

    assert (said(again), kept(place)) == ("", [])
    typed(place, "more").close()
    later = form(SUM, versions=place)
    assert said(later)
    later.draft.set("messages[0].content", "more")
    later.settle()
    assert said(later) == ""
    assert len(kept(place)) == 1


def test_a_draft_that_was_run_elsewhere_is_dropped(place):
    """Its version has it."""
    typed(place).close()
    Versions.open(place).add(kept(place)[0].body)

    assert said(form(SUM, versions=place)) == ""
    assert kept(place) == []


def test_a_kernel_that_is_killed_leaves_the_draft(place):
    """SIGKILL: nothing of the kernel's own runs any more."""
    lines = [
        "import os, signal, sys",
        "from tests.forms import block, editor, form",
        "builder = form('Hi', versions=sys.argv[1])",
        "editor(block(builder), 'text').value = 'typed before the end'",
        "builder.settle()",
        "os.kill(os.getpid(), signal.SIGKILL)",
    ]

    ended = subprocess.run(
        [sys.executable, "-c", "\n".join(lines), str(place)],
        cwd=Path(__file__).parents[1],
        timeout=PATIENCE_S,
        check=False,
    )

    again = form(SUM, versions=place)
    press(again.widget, RESTORE)
    assert (ended.returncode, content(again)) == (-signal.SIGKILL, "typed before the end")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"[" * 9000,
        b"[]",
        b'{"n": 0, "at": "2026-11-22T12:00:00+00:00", "body": {"messages": 5}}',
        b'{"n": 0, "at": "tea time", "body": {"messages": []}}',
        b'{"n": 0, "at": "0001-01-01T00:00:00+14:00", "body": {"messages": []}}',
        b'{"n": 0, "at": 5, "body": {"messages": []}}',
    ],
    ids=["empty", "bytes", "deep", "list", "no turns", "no time", "no year", "types"],
)
def test_a_file_that_is_no_draft_is_named_and_left(place, data):
    """The form is there all the same, and what is typed is kept."""
    place.mkdir(parents=True)
    path = place / "draft-strange.json"
    path.write_bytes(data)

    builder = typed(place)

    assert builder.lost.problem.said == "draft-strange.json: no draft of a form; the file is left as it is"
    assert path.read_bytes() == data
    assert builder.lost.buttons.layout.display == "none"
    assert len(list(place.glob(FILES))) == 2


def test_a_folder_of_that_name_is_named(place):
    """Nothing there can be read."""
    (place / "draft-folder.json").mkdir(parents=True)

    builder = form(SUM, versions=place)

    assert builder.lost.problem.said.startswith("draft-folder.json: the draft cannot be read (")
    assert said(builder) == ""


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [], "system": 5},
        {"messages": [], "tools": 5},
        {"messages": [], "thinking": {"type": [1]}},
        {"messages": [{"role": "user", "content": [{"type": "document", "source": 5}]}]},
    ],
    ids=["system", "tools", "thinking", "document"],
)
def test_a_draft_that_the_form_cannot_show_is_refused(place, body):
    """The form stays what it was and goes on; the file stays."""
    path = written(place, body)
    builder = form(SUM, versions=place)

    press(builder.widget, RESTORE)

    assert builder.lost.problem.said.startswith("this draft cannot be shown (")
    assert builder.prompt == SUM
    editor(block(builder), "text").value = "and on"
    builder.settle()
    assert content(builder) == "and on"
    assert path.exists()


def test_a_disk_that_cannot_be_written_is_said_once_and_the_form_goes_on(tmp_path):
    """A file where the folder should be."""
    (tmp_path / "runs").write_text("")
    place = tmp_path / "runs" / "builder-sums"

    with pytest.raises(Exception, match="versions"):
        form(SUM, versions=place)  # the versions cannot be read there either
    (tmp_path / "runs").unlink()
    builder = form(SUM, versions=place)
    (tmp_path / "runs").write_text("")
    editor(block(builder), "text").value = "typed"
    builder.settle()

    assert "what is typed here is kept in memory only (" in builder.lost.problem.said
    assert content(builder) == "typed"
    (tmp_path / "runs").unlink()
    editor(block(builder), "text").value = "typed more"
    builder.settle()
    assert builder.lost.problem.said == ""
    assert len(kept(place)) == 1


def test_hostile_texts_of_a_draft_reach_the_page_as_text(place):
    """Its name, its time and its values are nobody's markup."""
    values = {f"name {at}": hostile for at, hostile in enumerate(TEXTS)}
    written(place, {"model": TEXTS[0], "messages": [{"role": "user", "content": TEXTS[1]}]}, values=values)
    (place / "draft-<img src=x onerror=alert(1)>.json").write_text("{}")

    builder = form(SUM, versions=place)

    shown = builder.lost.problem.widget.value
    assert "&lt;img src=x" in shown
    assert "<img" not in shown
    press(builder.widget, RESTORE)
    assert content(builder) == TEXTS[1]


def test_the_line_is_read_out_and_its_buttons_have_names(place):
    """The page makes its box a status; each button says what it restores."""
    typed(place).close()

    again = form(SUM, versions=place)

    assert "wb-live" in again.lost.words.widget._dom_classes
    buttons = [one for one in below(again.lost.buttons) if type(one).__name__ == "Button"]
    assert [(one.description, one.tooltip) for one in buttons] == [("Restore", RESTORE), ("Discard", DISCARD)]


def test_a_version_whose_time_is_none_breaks_no_form(place):
    """What somebody else wrote into the file is shown as it stands."""
    place.mkdir(parents=True)
    row = {"n": 1, "at": "tea time", "body": SUM.wire()}
    (place / "versions.jsonl").write_text(json.dumps(row) + "\n")

    builder = form(SUM, versions=place)

    assert builder.offer.words.said == "version 1 of tea time is kept"


def test_keys_that_never_rest_are_kept_all_the_same():
    """After a while the call that waits is no longer put off."""
    soon = Debounce(lambda: None, rest_s=PATIENCE_S, most_s=0)
    soon()
    first = soon._timer

    soon()

    assert soon._timer is first
    soon.cancel()
    put_off = Debounce(lambda: None, rest_s=PATIENCE_S, most_s=PATIENCE_S)
    put_off()
    first = put_off._timer
    put_off()
    assert put_off._timer is not first
    put_off.cancel()


def test_a_form_that_is_closed_keeps_the_last_key(place):
    """Although it has not rested yet; the file holds what a version holds, and nothing else."""
    builder = form(SUM, versions=place)
    editor(block(builder), "text").value = "the last key"

    builder.close()

    (path,) = place.glob(FILES)
    row = json.loads(path.read_bytes())
    assert set(row) == {"n", "at", "body", "values", "reply", "note"}
    assert row["body"] == builder.draft.body
    assert row["body"]["messages"][0]["content"] == "the last key"
