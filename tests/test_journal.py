"""The journal: nothing whole is lost, nothing torn is read, one holder at a time."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import disk
from workbench.errors import DiskFullError, JournalError
from workbench.journal import Journal, Reader, frame, read, salvage

A, B, C = {"n": 1, "text": "é"}, {"n": 2, "big": 10**30}, {"n": 3, "x": [1, 1.0, None]}
LINES = [frame(record) for record in (A, B, C)]
WHOLE = b"".join(LINES)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.jsonl"


def write(path: Path, *records: dict[str, Any]) -> None:
    with Journal.open(path) as journal:
        for record in records:
            journal.append(record)


def test_records_come_back_in_order(path):
    """What was appended is read, in that order, and nothing is dropped."""
    write(path, A, B)
    write(path, C)

    assert read(path) == ([A, B, C], 0)
    assert path.read_bytes() == WHOLE


def test_lone_surrogates_survive(path):
    """Text that UTF-8 cannot hold is written with escapes."""
    write(path, {"text": "\ud800 \x00 é"})

    assert read(path) == ([{"text": "\ud800 \x00 é"}], 0)


def test_the_file_is_private(path):
    """Answers are nobody else's."""
    write(path, A)

    assert path.stat().st_mode & 0o777 == 0o600


def test_append_promises_nothing_and_sync_does(path, monkeypatch):
    """Many appends are one write and one fsync."""
    synced: list[int] = []
    with Journal.open(path) as journal:
        monkeypatch.setattr(os, "fsync", synced.append)
        journal.append(A)
        journal.append(B)
        assert path.read_bytes() == b""

        journal.sync()
        journal.sync()

        assert read(path) == ([A, B], 0)
        assert len(synced) == 1


def test_a_cut_at_every_byte_keeps_every_whole_record(path):
    """Wherever the last write ended, whole records stay and the rest is told in bytes."""
    ends = [0, len(LINES[0]), len(LINES[0] + LINES[1]), len(WHOLE)]
    for length in range(len(WHOLE) + 1):
        path.write_bytes(WHOLE[:length])
        # A record whose line end alone is missing is whole.
        whole = sum(length >= end - 1 for end in ends[1:])

        assert read(path)[0] == [A, B, C][:whole]
        with Journal.open(path) as journal:
            assert journal.dropped == max(0, length - ends[whole])
            journal.append(C)
        assert read(path) == ([*[A, B, C][:whole], C], 0)


@pytest.mark.parametrize(
    "torn", [b"", b"\n", LINES[2][:9], LINES[2][:-1]], ids=["none", "lf", "head", "no lf"]
)
@pytest.mark.parametrize("zeros", [1, 5000])
def test_zeros_at_the_tail_are_cut(path, torn, zeros):
    """A file that grew before its bytes arrived ends in zeros."""
    path.write_bytes(LINES[0] + LINES[1] + torn + bytes(zeros))
    expected = [A, B, C] if torn == LINES[2][:-1] else [A, B]

    with Journal.open(path) as journal:
        assert journal.dropped == zeros + (0 if len(expected) == 3 else len(torn))

    assert read(path) == (expected, 0)


@pytest.mark.parametrize("at", range(0, len(LINES[1]), 5))
def test_damage_before_the_tail_is_refused(path, at):
    """A broken record with whole ones behind it is damage; the message names it, the file is left alone."""
    middle = bytearray(LINES[1])
    middle[at] ^= 0x15
    path.write_bytes(damaged := LINES[0] + bytes(middle) + LINES[2])

    for reader in (read, Journal.open):
        with pytest.raises(JournalError, match=rf"record 2 at byte {len(LINES[0])} is damaged"):
            reader(path)
    assert path.read_bytes() == damaged


def test_zeros_before_a_whole_record_are_damage(path):
    """A whole record is never dropped, not even one that follows zeros on the same line."""
    path.write_bytes(LINES[0] + bytes(10) + LINES[1])

    with pytest.raises(JournalError, match="record 2 at byte"):
        read(path)


@given(
    st.lists(st.dictionaries(st.text(max_size=5), st.integers() | st.text()), max_size=4),
    st.binary(max_size=40),
)
def test_any_tail_is_cut_and_no_record_with_it(tmp_path_factory, records, tail):
    """Random bytes behind whole records cost nothing but themselves."""
    path = tmp_path_factory.mktemp("journal") / "j"
    path.write_bytes(b"".join(map(frame, records)) + tail)

    assert read(path) == (records, len(tail))


def test_a_second_opener_is_refused(path):
    """Two resumes of one run cannot both write."""
    with Journal.open(path), pytest.raises(JournalError, match="in use by another process; wait"):
        Journal.open(path)

    write(path, A)
    assert read(path) == ([A], 0)


def test_the_lock_is_free_after_a_kill(path):
    """The lock is the system's: it ends with the process, and what was synced stays."""
    program = (
        "import sys, time; from workbench.journal import Journal\n"
        "journal = Journal.open(sys.argv[1]); journal.append({'n': 1}); journal.sync()\n"
        "journal.append({'n': 2}); print('ready', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(JournalError, match="another process"):
            Journal.open(path)
        holder.kill()

    write(path, {"n": 3})
    assert read(path) == ([{"n": 1}, {"n": 3}], 0)


def test_a_full_disk_loses_nothing_that_was_synced(path, monkeypatch):
    """A full disk is a typed error with path and bytes; no partial record stays; later all is written."""
    real = os.pwrite
    room = [30]

    def pwrite(descriptor, data, at):
        if not room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        part, room[0] = bytes(data[: room[0]]), max(0, room[0] - len(data))
        return real(descriptor, part, at)

    with Journal.open(path) as journal:
        journal.append(A)
        monkeypatch.setattr(os, "pwrite", pwrite)
        journal.append(B)
        with pytest.raises(
            DiskFullError, match=rf"journal.jsonl: no space left for {len(LINES[0] + LINES[1])} bytes"
        ):
            journal.sync()
        assert path.read_bytes() == b""

        room[0] = 1000
        journal.append(C)

    assert read(path) == ([A, B, C], 0)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_real_full_device_is_a_full_disk(path):
    """The system's own error is recognised."""
    with Journal.open(path) as journal:
        journal.append(A)
        full, own = os.open("/dev/full", os.O_RDWR), journal._descriptor
        journal._descriptor = full
        with pytest.raises(DiskFullError, match="no space left"):
            journal.sync()
        journal._descriptor = own
        os.close(full)


def test_records_appended_during_a_sync_wait_for_the_next(path, monkeypatch):
    """One thread may append while another syncs; nothing is lost or written twice."""
    real = os.fsync
    started, go_on = threading.Event(), threading.Event()

    def fsync(descriptor):
        started.set()
        go_on.wait(5)
        real(descriptor)

    with Journal.open(path) as journal:
        monkeypatch.setattr(os, "fsync", fsync)
        journal.append(A)
        syncing = threading.Thread(target=journal.sync)
        syncing.start()
        started.wait(5)
        journal.append(B)
        go_on.set()
        syncing.join()
        assert read(path) == ([A], 0)

    assert read(path) == ([A, B], 0)


def test_a_closed_journal_takes_nothing(path):
    """Nothing is appended to where it would be lost; closing twice is closing once."""
    journal = Journal.open(path)
    journal.close()
    journal.close()

    with pytest.raises(JournalError, match="is closed"):
        journal.append(A)


def test_a_record_that_comes_while_a_journal_closes_is_refused(path, monkeypatch):
    """Closing takes nothing that its last sync would not write: what was taken is on the disk."""
    real, refused = os.fsync, []
    journal = Journal.open(path)
    journal.append(A)

    def fsync(descriptor):
        with pytest.raises(JournalError, match="is closed"):
            journal.append(B)
        refused.append(B)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    journal.close()

    assert (refused, read(path)) == ([B], ([A], 0))


def test_a_system_without_pwrite_writes_the_same(path, monkeypatch):
    """Windows has none: the bytes, and the place of each, are the same."""
    monkeypatch.delattr(os, "pwrite")

    write(path, A)
    write(path, B, C)

    assert path.read_bytes() == b"".join(LINES)


def test_the_modules_of_a_run_need_no_posix():
    """No module of one system alone is imported before it is used."""
    code = (
        "import sys\n"
        "for name in ('fcntl', 'grp', 'pwd', 'resource', 'termios'): sys.modules[name] = None\n"
        "import workbench.client, workbench.runner, workbench.cache\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_a_missing_file_or_folder_is_one_clear_line(path):
    """A path that cannot be opened is a typed error that names it."""
    with pytest.raises(JournalError, match=r"journal\.jsonl: No such file"):
        read(path)
    with pytest.raises(JournalError, match="check that the folder exists"):
        Journal.open(path.parent / "none" / "j")


def test_an_empty_file_is_an_empty_journal(path):
    """A journal that was created and never synced holds nothing."""
    path.touch()

    assert read(path) == ([], 0)
    with Journal.open(path) as journal:
        assert journal.dropped == 0


def damage(path: Path, number: int) -> bytes:
    """Write ten records, of which one is broken, and return them."""
    lines = [frame({"n": n}) for n in range(10)]
    lines[number] = lines[number].replace(b'"n"', b'"m"')
    path.write_bytes(b"".join(lines))
    return path.read_bytes()


@pytest.mark.parametrize("number", [0, 4, 8])
def test_salvage_keeps_every_whole_record(path, number):
    """The damaged file stays beside the new one; what is lost is named, and the journal works again."""
    before = damage(path, number)
    with pytest.raises(JournalError, match="workbench salvage"):
        read(path)

    found = salvage(path)

    assert [record["n"] for record in read(path)[0]] == [n for n in range(10) if n != number]
    assert (found.kept, len(found.lost), found.lost[0][0]) == (9, 1, sum(map(len, LINES_OF_TEN[:number])))
    assert found.aside == (aside := path.with_name("journal.damaged-1.jsonl"))
    assert aside.read_bytes() == before
    assert f"9 whole records kept, {found.lost[0][1]} bytes at byte {found.lost[0][0]} lost" in str(found)
    assert path.stat().st_mode & 0o777 == 0o600
    write(path, A)


LINES_OF_TEN = [frame({"n": n}) for n in range(10)]


def test_salvage_of_what_is_whole_changes_nothing(path):
    """A torn tail is no damage: opening the journal cuts it."""
    path.write_bytes(WHOLE + b"5ab1 33 {torn")

    found = salvage(path)

    assert (found.kept, found.lost, found.aside) == (3, (), None)
    assert path.read_bytes() == WHOLE + b"5ab1 33 {torn"


def test_salvage_needs_a_journal_that_nobody_writes(path):
    """Neither one that is not there nor one in use."""
    with pytest.raises(JournalError, match="no journal there"):
        salvage(path)
    assert not path.exists()

    with Journal.open(path), pytest.raises(JournalError, match="in use"):
        salvage(path)


def test_a_salvage_that_finds_no_space_changes_nothing(path, monkeypatch):
    """The damaged journal lies where it was."""
    before = damage(path, 4)
    disk.fill(monkeypatch)

    with pytest.raises(DiskFullError, match="no space left"):
        salvage(path)

    assert [p.name for p in path.parent.iterdir()] == [path.name]
    assert path.read_bytes() == before


def test_what_a_broken_header_says_is_not_read_for_nothing(path):
    """A length that leads nowhere is no record, whatever follows."""
    path.write_bytes(LINES[0] + b"00000000 4 " + LINES[1] + LINES[2])

    with pytest.raises(JournalError, match="record 2 at byte"):
        read(path)
    assert salvage(path).kept == 3


def test_append_says_where_the_record_will_lie(path):
    """Also while others wait, after a failed write, and in a journal opened again."""
    write(path, A)
    with Journal.open(path) as journal:
        places = [journal.append(B), journal.append(C)]
        journal.sync()
        places.append(journal.append(A))

    assert [Reader(path).at(place) for place in places] == [B, C, A]


def test_what_was_written_survives_the_process(path):
    """Without an fsync: another process reads it although this one never syncs again."""
    journal = Journal.open(path)
    journal.append({"a": 1})

    journal.write()

    assert read(path)[0] == [{"a": 1}]
    journal.close()


def test_a_write_does_not_wait_for_an_fsync(path, monkeypatch):
    """A slow disk keeps nobody from sending the next call."""
    began, go_on = threading.Event(), threading.Event()
    real = os.fsync

    def slow(descriptor):
        began.set()
        assert go_on.wait(5)
        real(descriptor)

    with Journal.open(path) as journal:
        monkeypatch.setattr(os, "fsync", slow)
        journal.append({"a": 1})
        syncing = threading.Thread(target=journal.sync)
        syncing.start()
        began.wait(5)
        journal.append({"a": 2})
        journal.write()
        seen = read(path)[0]
        go_on.set()
        syncing.join()

    assert seen == [{"a": 1}, {"a": 2}]


def test_what_was_written_during_an_fsync_that_fails_is_written_again(path, monkeypatch):
    """Nobody knows what reached the disk, so all of it goes out once more, in its order and place."""
    real, failing = os.fsync, [True]

    def fsync(descriptor):
        if failing:
            failing.clear()
            journal.append({"a": 2})
            journal.write()
            raise OSError(errno.EIO, "Input/output error")
        real(descriptor)

    with Journal.open(path) as journal:
        monkeypatch.setattr(os, "fsync", fsync)
        first = journal.append({"a": 1})
        with pytest.raises(JournalError):
            journal.sync()
        journal.sync()
        monkeypatch.undo()

    assert read(path)[0] == [{"a": 1}, {"a": 2}]
    assert Reader(path).at(first) == {"a": 1}
