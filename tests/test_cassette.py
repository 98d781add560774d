"""Cassettes: the same bytes, no key, one clear line for a damaged file."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest

from tests.test_cache import reply, request
from workbench import record
from workbench.cache import Store
from workbench.cassette import Cassette
from workbench.errors import CassetteError

KEY = "sk-ant-api03-canary-canary-canary"


def get(cassette: Any, text: str = "Hi", **options: Any) -> Any:
    """The recorded reply to a text."""
    return cassette.get(request(text), **options)


@pytest.fixture
def tape(tmp_path):
    """A cassette of three replies."""
    path = tmp_path / "tape.jsonl"
    Cassette.export([reply(request(text), text.upper()) for text in ("a", "b", "c")], path)
    return path


def test_a_reply_comes_back(tape):
    """With its measurements; it says where it came from."""
    found = get(Cassette.load(tape), "b")

    assert (found.text, found.source, found.timing.ttft_s) == ("B", "cassette", 0.1)


def test_what_is_not_recorded_is_none(tape):
    """Another draw, version or text."""
    cassette = Cassette.load(tape)

    assert cassette.get(request("z")) is None
    assert cassette.get(request("a"), draw=1) is None
    assert cassette.get(request("a"), api_version="2023-06-01") is None
    assert cassette.get(request("a"), origin="emulator") is None


def test_origins_are_told_apart_and_ranked(tmp_path):
    """Also those of other servers, whose names hold the separator."""
    path = tmp_path / "tape.jsonl"
    odd = "url:http://127.0.0.1:1/a|b"
    Cassette.export([reply(request(), "odd", origin=odd), reply(request(), "emu", origin="emulator")], path)
    cassette = Cassette.load(path)

    assert get(cassette).text == "emu"
    assert get(cassette, origin=odd).text == "odd"
    Cassette.export([reply(request(), "odd", origin=odd)], path)
    assert get(Cassette.load(path)).text == "odd"


def test_the_same_replies_give_the_same_bytes(tape, tmp_path):
    """In any order, and through any number of exports."""
    again = tmp_path / "again.jsonl"

    Cassette.export(reversed(list(Cassette.load(tape))), again)

    assert again.read_bytes() == tape.read_bytes()


def test_a_stable_export_leaves_out_what_varies(tmp_path):
    """Recording the same answers again changes nothing in version control."""
    first, second = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    one = reply(request())
    other = type(one)(request=one.request, message=one.message.with_(id="msg_2"), request_id="req_2")

    Cassette.export([one], first, stable=True)
    Cassette.export([other], second, stable=True)

    assert first.read_bytes() == second.read_bytes()
    assert get(Cassette.load(first)).text == "Hello."


def test_a_cassette_can_be_read_by_people(tape):
    """JSON lines: a header, then one reply a line."""
    lines = [json.loads(line) for line in tape.read_text().splitlines()]

    assert lines[0] == {"format": "claude-workbench cassette", "version": 1, "records": 3}
    assert list(lines[1]) == [
        "origin",
        "api_version",
        "betas",
        "draw",
        "request_id",
        "timing",
        "request",
        "message",
    ]


def test_the_store_and_a_cassette_hold_the_same(tmp_path):
    """Export, import, export: byte for byte."""
    store, other = Store(tmp_path / "one"), Store(tmp_path / "two")
    for text in ("a", "\ud800", "é\u2028"):
        store.put(reply(request(text), text), betas=("x",))
    first, second = tmp_path / "1.jsonl", tmp_path / "2.jsonl"

    record.write(store, first)
    for entry in Cassette.load(first):
        other.put(entry)
    record.write(other, second)

    assert first.read_bytes() == second.read_bytes()
    store.close()
    other.close()


def test_the_store_exports_what_a_study_asks(tmp_path):
    """And says what is missing."""
    store = Store(tmp_path / "one")
    store.put(reply(request("a"), origin="emulator", api_version="2023-06-01"))

    told = store.export([(request("a"), 0), (request("b"), 0)], tmp_path / "tape.jsonl")

    assert (told.written, told.missing) == (1, 1)
    assert "1 requests are not recorded" in str(told)
    assert len(Cassette.load(tmp_path / "tape.jsonl")) == 1
    store.close()


@pytest.mark.parametrize(
    "hide",
    [
        str,
        lambda key: key[::-1],
        lambda key: base64.b64encode(f"x{key}".encode()).decode(),
        lambda key: "".join(f"%{ord(c):02X}" for c in key),
        lambda key: key.encode().hex(),
    ],
    ids=["raw", "reversed", "base64", "url", "hex"],
)
@pytest.mark.parametrize("key", [KEY, "another-known-secret"])
def test_a_key_inside_refuses_the_export(tmp_path, monkeypatch, hide, key):
    """In prompt or answer, however written; the file is not touched and the error does not repeat it."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", key)
    path = tmp_path / "tape.jsonl"

    with pytest.raises(CassetteError) as info:
        Cassette.export([reply(request("fine")), reply(request(f"my key is {hide(key)}"))], path)

    assert key not in str(info.value)
    assert not path.exists()


def test_a_given_secret_is_looked_for(tmp_path):
    """A client's own key."""
    with pytest.raises(CassetteError, match="holds a key"):
        Cassette.export([reply(request(), "hunter2hunter2")], tmp_path / "t", secrets=["hunter2hunter2"])


def test_a_torn_line_is_named(tape):
    """File, line, cure."""
    tape.write_bytes(tape.read_bytes()[:-20])

    with pytest.raises(CassetteError, match=r"tape.jsonl:4: the last line is cut off; restore"):
        Cassette.load(tape)


def test_a_missing_line_is_noticed(tape):
    """The header says how many there are."""
    tape.write_bytes(b"".join(tape.read_bytes().splitlines(keepends=True)[:-1]))

    with pytest.raises(CassetteError, match="holds 2 of the 3"):
        Cassette.load(tape)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (b"<<<<<<< HEAD\n", "not JSON"),
        (b"[]\n", "not a recorded reply"),
        (b'{"request": {}}\n', "not a recorded reply"),
        (b"\xff\n", "not"),
    ],
    ids=["conflict", "list", "no fields", "not utf-8"],
)
def test_a_line_that_is_no_record_is_named(tape, line, what):
    """With its number."""
    lines = tape.read_bytes().splitlines(keepends=True)
    tape.write_bytes(b"".join([*lines[:2], line, *lines[3:]]))

    with pytest.raises(CassetteError, match=rf"tape.jsonl:3: .*{what}"):
        Cassette.load(tape)


def test_a_record_twice_is_named(tape):
    """As after a merge."""
    lines = tape.read_bytes().splitlines(keepends=True)
    tape.write_bytes(b"".join([*lines, lines[1]]))

    with pytest.raises(CassetteError, match=r":5: the same request as line 2; keep one"):
        Cassette.load(tape)


def test_a_message_of_the_wrong_shape_is_named_when_it_is_needed(tape):
    """Not before: opening stays fast."""
    tape.write_bytes(tape.read_bytes().replace(b'"content":[{"type":"text","text":"A"}]', b'"content":7'))
    cassette = Cassette.load(tape)

    with pytest.raises(CassetteError, match=r"tape.jsonl:\d: not a recorded reply"):
        cassette.get(request("a"))


@pytest.mark.parametrize(
    ("header", "what"),
    [
        (b'{"format":"claude-workbench cassette","version":2,"records":3}', "version 2 is unknown"),
        (b'{"interactions": []}', "not a cassette"),
        (b"# yaml", "not a cassette"),
        (b"", "not a cassette"),
    ],
    ids=["version", "other", "yaml", "empty"],
)
def test_an_unknown_format_is_refused(tape, header, what):
    """Rather than half understood."""
    lines = tape.read_bytes().splitlines(keepends=True)
    tape.write_bytes(b"".join([header + b"\n", *lines[1:]]))

    with pytest.raises(CassetteError, match=what):
        Cassette.load(tape)


def test_a_missing_file_is_named(tmp_path):
    """With its cure."""
    with pytest.raises(CassetteError, match=r"cannot be read .* record it anew"):
        Cassette.load(tmp_path / "none.jsonl")


def test_an_edited_request_moves_its_record(tape):
    """The key is made from the line, so the file cannot say one thing and mean another."""
    tape.write_bytes(tape.read_bytes().replace(b'"content":"a"', b'"content":"new"'))
    cassette = Cassette.load(tape)

    assert cassette.get(request("a")) is None
    assert get(cassette, "new").text == "A"


def test_the_nearest_recording_is_named(tape):
    """As in the store."""
    told = Cassette.load(tape).nearest(request("b", system="Be brief"))

    assert told.path == "system"
    assert told.searched == 3


def test_ten_thousand_records_open_in_a_second(tmp_path):
    """And none is taken apart before it is asked for."""
    path = tmp_path / "tape.jsonl"
    line = record.to_json(record.Record(reply(request("x" * 500), "y" * 500)))
    lines = [json.dumps({**line, "draw": n}) for n in range(10_000)]
    head = json.dumps({"format": "claude-workbench cassette", "version": 1, "records": 10_000})
    path.write_text("\n".join([head, *lines, ""]))

    began = time.perf_counter()
    cassette = Cassette.load(path)

    assert time.perf_counter() - began < 10
    assert len(cassette) == 10_000
