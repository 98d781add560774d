"""Stored replies: found again exactly, never lost in silence, never in the way."""

from __future__ import annotations

import pickle
import sqlite3
import stat
import struct
import subprocess
import sys
import threading
import warnings
import zlib
from pathlib import Path
from typing import Any

import pytest

from workbench.cache import Store
from workbench.reply import Reply, Timing
from workbench.wire import Message, Request

MADE = "2026-11-22T10:00:00.000+00:00"


def request(text: str = "Hi", **fields) -> Request:
    """A small request."""
    return Request.model_validate(
        {"model": "claude-haiku-4-5", "max_tokens": 9, "messages": [text], **fields}
    )


def reply(asked: Request, text: str = "Hello.", **fields) -> Reply:
    """A complete reply."""
    body = {
        "id": "msg_1",
        "model": asked.model,
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 3, "output_tokens": 2},
        "mood": {"new": True},
    }
    timing = Timing(queue_s=9.0, ttft_s=0.1, total_s=0.5, attempts=2, recorded_at=MADE)
    return Reply(
        request=asked, message=Message.model_validate(body), timing=timing, request_id="req_1", **fields
    )


def text_of(store: Any, asked: str) -> str | None:
    """The recorded answer to a text."""
    found = store.get(request(asked))
    return found.text if found else None


@pytest.fixture
def store(tmp_path):
    """A store of its own."""
    made = Store(tmp_path / "kept")
    yield made
    made.close()


def test_a_reply_comes_back_as_it_was(store):
    """Message, measurements and request id; it says that it was stored. The queue was this run's alone."""
    given = reply(request())

    assert store.put(given)
    found = store.get(request())

    assert found.message.wire() == given.message.wire()
    assert found.timing == Timing(ttft_s=0.1, total_s=0.5, attempts=2, recorded_at=MADE)
    assert (found.request_id, found.source, found.cached) == ("req_1", "store", True)


@pytest.mark.parametrize("text", ["\ud800", "\x00", "\u2028", "é" * 10])
def test_odd_characters_come_back(store, text):
    """Exactly."""
    store.put(reply(request(), text))

    assert store.get(request()).text == text


@pytest.mark.parametrize(
    "other",
    [{"draw": 1}, {"api_version": "2023-06-01"}, {"betas": ("x",)}, {"origin": "emulator"}],
    ids=["draw", "version", "betas", "origin"],
)
def test_whatever_decides_the_answer_is_in_the_key(store, other):
    """Another draw, version, beta or place is another question."""
    store.put(reply(request()))

    assert store.get(request(), **other) is None


def test_streamed_or_not_is_the_same_question(store):
    """The key leaves ``stream`` out."""
    store.put(reply(request(stream=True)))

    assert store.get(request()) is not None


def test_without_an_origin_the_real_api_comes_first(store):
    """Then the emulator, then any other server."""
    for origin in ("url:http://127.0.0.1:1", "emulator"):
        store.put(reply(request(), origin, origin=origin))
    assert store.get(request(), origin=None).text == "emulator"

    store.put(reply(request(), "claude_api"))
    assert store.get(request(), origin=None).text == "claude_api"


def test_an_incomplete_answer_is_not_kept(store):
    """stop_reason null: cut short."""
    whole = reply(request())
    cut = Reply(request=whole.request, message=whole.message.with_(stop_reason=None))

    assert not store.put(cut)
    assert store.get(request()) is None


def test_only_the_owner_can_read(store):
    """Folder 0700, files 0600."""
    store.put(reply(request()))

    assert stat.S_IMODE(store.path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in store.path.iterdir()} == {0o600}


def test_nothing_is_evicted(store):
    """Diskcache's default would delete past 1 GB; ours never does."""
    store.put(reply(request()))

    assert store._cache.eviction_policy == "none"
    assert store._cache.cull_limit == 0
    assert store._cache.statistics == 0


def test_a_value_changed_on_disk_is_a_miss_and_a_warning(store):
    """The checksum does not fit; said once."""
    store.put(reply(request()))
    with sqlite3.connect(store.path / "cache.db") as db:
        ((value,),) = db.execute("SELECT value FROM Cache").fetchall()
        db.execute("UPDATE Cache SET value = ?", (value[:-5] + b"XXXXX",))
    db.close()

    with pytest.warns(UserWarning, match="checksum"):
        assert store.get(request()) is None
    assert store.get(request()) is None


@pytest.mark.parametrize("content", [b"[]", b"{}", b'{"message": 1}', b"no JSON"])
def test_a_record_that_is_none_is_not_the_nearest(store, content):
    """A stranger's value with a checksum that fits breaks no explanation."""
    store.put(reply(request()))
    value = struct.pack(">4sII", b"wb1\n", zlib.crc32(content), len(content)) + content
    with sqlite3.connect(store.path / "cache.db") as db:
        db.execute("UPDATE Cache SET value = ?", (value,))
    db.close()

    assert "Nothing comparable is recorded." in str(store.explain(request("another")))


@pytest.mark.parametrize("mode", [1, 4], ids=["other", "pickle"])
def test_a_pickle_is_never_read(store, mode, tmp_path):
    """A hostile file runs nothing: the value is refused unread."""
    trap = tmp_path / "ran"

    class Trap:
        def __reduce__(self):
            return (Path.touch, (trap,))

    store.put(reply(request()))
    with sqlite3.connect(store.path / "cache.db") as db:
        db.execute("UPDATE Cache SET value = ?, mode = ?", (pickle.dumps(Trap()), mode))
    db.close()

    with pytest.warns(UserWarning, match="damaged"):
        assert store.get(request()) is None
    assert list(store) == []
    assert not trap.exists()
    assert not list(store.path.glob("*.corrupt-*"))


@pytest.mark.parametrize(
    "damage", [b"garbage" * 200, b"SQLite format 3\x00" + b"\xff" * 3000], ids=["junk", "pages"]
)
def test_a_damaged_database_is_set_aside(tmp_path, damage):
    """Kept under another name, said once, and the work goes on."""
    first = Store(tmp_path / "kept")
    first.put(reply(request()))
    first.close()
    (first.path / "cache.db").write_bytes(damage)

    store = Store(tmp_path / "kept")
    with pytest.warns(UserWarning, match="set aside as cache.db.corrupt-"):
        assert store.get(request()) is None
    assert store.put(reply(request()))

    assert store.get(request()) is not None
    assert len(list(store.path.glob("cache.db.corrupt-*"))) == 1
    store.close()


def test_an_emptied_database_is_not_silent(tmp_path):
    """Truncated to nothing: whatever it held is gone, and that is said."""
    first = Store(tmp_path / "kept")
    first.put(reply(request()))
    first.close()
    (first.path / "cache.db").write_bytes(b"")
    store = Store(first.path)

    with pytest.warns(UserWarning, match="was empty"):
        store.get(request())
    store.close()


def test_a_store_that_cannot_be_written_is_left_out(tmp_path):
    """Said once; replies go on, unkept."""
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    store = Store(blocked)

    with pytest.warns(UserWarning, match="working without the store"):
        assert not store.put(reply(request()))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not store.put(reply(request()))
        assert store.get(request()) is None
        assert len(store) == 0


def test_a_full_disk_names_path_and_bytes(store, monkeypatch):
    """The reply itself is not harmed."""
    store.get(request())

    def full(*_args, **_more):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(store._cache, "set", full)

    with pytest.warns(UserWarning, match=r"no space left for the store .* a reply of \d+ bytes"):
        assert not store.put(reply(request()))
    assert store.trouble is None


def test_a_store_that_can_only_be_read_is_read(store, monkeypatch):
    """On a full disk, or in a read-only folder: what was paid for is found, and new replies are not kept."""
    store.put(reply(request()))
    store.close()

    def full(*_args, **_more):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("workbench.cache.disk.Database", full)

    with pytest.warns(UserWarning, match="can only be read"):
        assert store.get(request()) is not None
    assert not store.put(reply(request("b")))
    assert store.get(request("b")) is None
    assert [entry.reply.text for entry in store] == ["Hello."]
    assert store.stats().replies == 1


def test_closing_closes_what_other_threads_opened(store):
    """One connection a thread, and none of them is left to the garbage collector."""
    store.put(reply(request()))
    reader = threading.Thread(target=store.get, args=(request(),))
    reader.start()
    reader.join()
    opened = list(store._cache._opened)

    store.close()

    assert len(opened) == 2
    for connection in opened:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")


def test_a_network_drive_is_not_used(store, monkeypatch):
    """Databases do not survive there."""
    monkeypatch.setattr("workbench.cache.disk.network_filesystem", lambda _: "nfs4")

    with pytest.warns(UserWarning, match="nfs4 is a network file system"):
        assert store.get(request()) is None


def test_the_nearest_recording_is_named(store):
    """Model, then the fewest differences; the first of them with both values."""
    store.put(reply(request("Far away", system="Something else")))
    store.put(reply(request("Label this", system="Answer with one label")))

    told = store.explain(request("Label this", system="Answer with a label"))

    assert not told.hit
    assert told.difference == (
        'Nearest recording differs at system[0].text: "Answer with one label" → "Answer with a label".'
    )
    assert (told.recorded_at, told.searched) == (MADE, 2)


def test_a_long_text_is_shown_where_it_differs(store):
    """Not from its beginning."""
    store.put(reply(request("a" * 5000 + " old " + "b" * 5000)))

    told = store.explain(request("a" * 5000 + " new " + "b" * 5000))

    assert "old" in told.difference
    assert len(told.difference) < 250


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ({"api_version": "2023-06-01"}, "anthropic-version"),
        ({"betas": ("x",)}, "anthropic-beta[0]"),
        ({"draw": 3}, "draw"),
        ({"origin": "emulator"}, "origin"),
    ],
)
def test_what_stands_beside_the_body_is_compared_too(store, asked, path):
    """A miss may lie there."""
    store.put(reply(request()))

    assert store.explain(request(), **asked).path == path


def test_a_hit_is_explained_by_its_time(store):
    """When it was recorded, and where."""
    store.put(reply(request()))

    assert str(store.explain(request())) == f"Recorded on {MADE} in the store {store.path}."


def test_an_empty_store_has_nothing_near(store):
    """And says so."""
    assert "Nothing comparable is recorded." in str(store.explain(request()))


def test_a_store_counts_and_prunes(store):
    """By model and by age; nothing goes without being named."""
    for text in ("a", "b"):
        store.put(reply(request(text)))
    store.put(reply(request("c", model="claude-opus-5")))

    stats = store.stats()
    assert (stats.replies, stats.models) == (3, {"claude-haiku-4-5": 2, "claude-opus-5": 1})
    assert "3 replies" in str(stats)
    assert store.prune(older_than_days=1) == 0
    assert store.prune(model="claude-opus-5") == 1
    assert sorted(record.reply.request.messages[0].content for record in store) == ["a", "b"]
    assert len(store) == 2


def test_writers_in_threads_lose_nothing(store):
    """Each value whole, each found."""

    def write(who: int) -> None:
        for n in range(20):
            store.put(reply(request(f"{who}/{n}"), f"{who}/{n}"))

    threads = [threading.Thread(target=write, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all(store.get(request(f"{w}/{n}")).text == f"{w}/{n}" for w in range(4) for n in range(20))


def test_a_killed_writer_leaves_a_whole_store(tmp_path):
    """SIGKILL in the middle of writing: what was said to be kept is there."""
    code = (
        "import sys\n"
        "from tests.test_cache import Store, reply, request\n"
        "store = Store(sys.argv[1])\n"
        "for n in range(100000):\n"
        "    store.put(reply(request(str(n)), str(n)))\n"
        "    print(n, flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "kept")],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path.cwd(),
    ) as writer:
        assert writer.stdout is not None
        last = [int(writer.stdout.readline()) for _ in range(30)][-1]
        writer.kill()

    store = Store(tmp_path / "kept")

    assert all(text_of(store, str(n)) == str(n) for n in range(last + 1))
    assert {path.suffix for path in store.path.rglob("*") if path.is_file()} <= {
        ".db",
        ".db-wal",
        ".db-shm",
        ".txt",
    }
    store.close()


def test_the_environment_names_the_folder(tmp_path, monkeypatch):
    """WORKBENCH_STORE; else the user's cache folder."""
    monkeypatch.setenv("WORKBENCH_STORE", str(tmp_path / "named"))
    assert Store().path == tmp_path / "named"

    monkeypatch.delenv("WORKBENCH_STORE")
    assert Store().path.parts[-2:] == ("claude-workbench", "store")
    assert not (tmp_path / "named").exists()
