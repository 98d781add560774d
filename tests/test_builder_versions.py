"""What was run before."""

from __future__ import annotations

import errno
import json
import os
import stat
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from workbench.errors import DiskFullError, JournalError
from workbench.widgets.builder.versions import FILE, Versions

BODY = {"model": "claude-haiku-4-5", "messages": [{"role": "user", "content": "{{x}} \ud800 é"}]}
REPLY = {"text": "4", "usage": {"input_tokens": 3}, "cost": "0.0001", "origin": "emulator"}
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_a_version_comes_back_after_a_restart(tmp_path):
    """Number, time, prompt, values, answer and note."""
    kept = Versions.open(tmp_path / "builder-prompt")
    added = kept.add(BODY, values={"x": "1 + 1"}, reply=REPLY, note="first", at=NOON)

    again = Versions.open(tmp_path / "builder-prompt")

    assert again.list() == (added,) == kept.list()
    assert added.n == 1
    assert added.at == "2026-11-22T12:00:00+00:00"
    assert added.reply == REPLY
    assert again.problems == ()


def test_versions_count_on(tmp_path):
    """Also after a restart."""
    Versions.open(tmp_path).add(BODY)
    Versions.open(tmp_path).add(BODY)

    kept = Versions.open(tmp_path)

    assert [one.n for one in kept.list()] == [1, 2]
    assert kept.last is kept.list()[-1]
    assert len(kept) == 2


def test_nothing_is_written_before_the_first_version(tmp_path):
    """Opening a form leaves no trace."""
    kept = Versions.open(tmp_path / "runs" / "builder-prompt")

    assert kept.list() == ()
    assert kept.last is None
    assert list(tmp_path.iterdir()) == []


def test_without_a_folder_they_stay_in_memory(tmp_path, monkeypatch):
    """No file anywhere."""
    monkeypatch.chdir(tmp_path)
    kept = Versions.open(None)

    kept.add(BODY)

    assert len(kept.list()) == 1
    assert list(tmp_path.iterdir()) == []


def test_the_owner_alone_reads_them(tmp_path):
    """A prompt may hold what nobody else should see."""
    kept = Versions.open(tmp_path)
    kept.add(BODY)

    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_it_is_synced_before_add_returns(tmp_path, monkeypatch):
    """The whole line is there when the disk is asked to keep it."""
    seen = []
    monkeypatch.setattr(os, "fsync", lambda _: seen.append((tmp_path / FILE).read_bytes()))

    Versions.open(tmp_path).add(BODY)

    assert json.loads(seen[0])["n"] == 1


def test_later_changes_do_not_reach_a_version(tmp_path):
    """What was run is what was run."""
    body = {"messages": [{"role": "user", "content": "a"}]}
    kept = Versions.open(tmp_path)
    version = kept.add(body)

    body["messages"][0]["content"] = "b"

    assert version.body["messages"][0]["content"] == "a"


def test_values_that_are_no_json_are_kept_as_text(tmp_path):
    """A dollar amount, a date: nothing raises, and the file is read again."""
    Versions.open(tmp_path).add(
        BODY, values={"x": NOON, "y": [Decimal("1.5")]}, reply={"cost": Decimal("0.1")}
    )

    version = Versions.open(tmp_path).list()[0]

    assert version.values == {"x": "2026-11-22 12:00:00+00:00", "y": ["1.5"]}
    assert version.reply == {"cost": "0.1"}


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_torn_tail_loses_no_other_version(tmp_path, cut):
    """A line cut off is left out and said; the next one stands on a line of its own."""
    kept = Versions.open(tmp_path)
    kept.add(BODY, note="whole")
    kept.add(BODY, note="torn")
    path = tmp_path / FILE
    path.write_bytes(path.read_bytes()[:-cut])

    again = Versions.open(tmp_path)
    again.add(BODY, note="next")
    last = Versions.open(tmp_path)

    torn = ["torn"] if cut == 1 else []
    assert [one.note for one in last.list()] == ["whole", *torn, "next"]
    assert len(again.problems) == len(last.problems) == 1 - len(torn)


@pytest.mark.parametrize(
    "line",
    [b"nonsense", b"[]", b'{"n": 1}', b'{"n": "x", "at": "y", "body": {}}', b"\xff\xfe", b"[" * 9000],
    ids=["words", "list", "half", "types", "bytes", "deep"],
)
def test_a_damaged_line_is_left_out_and_named(tmp_path, line):
    """With file and line; the others are there."""
    Versions.open(tmp_path).add(BODY)
    with (tmp_path / FILE).open("ab") as file:
        file.write(line + b"\n")

    kept = Versions.open(tmp_path)

    assert len(kept.list()) == 1
    assert kept.problems[0].startswith(f"{tmp_path / FILE}:2: ")


def test_a_newer_field_does_no_harm(tmp_path):
    """What a later release writes, this one reads."""
    row = {"n": 1, "at": "2026-11-22T12:00:00+00:00", "body": BODY, "colour": "red"}
    (tmp_path / FILE).write_text(json.dumps(row) + "\n")

    assert Versions.open(tmp_path).list()[0].note == ""


def test_a_full_disk_leaves_no_half_line(tmp_path, monkeypatch):
    """The version stays in memory, the file what it was."""
    kept = Versions.open(tmp_path)
    kept.add(BODY)
    before = (tmp_path / FILE).read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(DiskFullError, match="kept in memory only"):
        kept.add(BODY)
    assert len(kept.list()) == 2
    assert (tmp_path / FILE).read_bytes() == before


def test_a_place_that_cannot_be_written_is_our_own_error(tmp_path):
    """A file where the folder should be."""
    (tmp_path / "runs").write_text("")

    with pytest.raises(JournalError, match="versions"):
        Versions.open(tmp_path / "runs" / "x").add(BODY)


def test_a_file_that_cannot_be_read_is_our_own_error(tmp_path):
    """A folder where the file should be."""
    (tmp_path / FILE).mkdir()

    with pytest.raises(JournalError, match="cannot be read"):
        Versions.open(tmp_path)
