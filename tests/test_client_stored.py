"""What was asked before: taken from the store or a recording, or told to be missing."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
from typing import Any

import pytest

from tests import clients, faults
from tests.clients import BODY, REQUEST, study
from tests.faults import KEY, drip, error, events, http, say, sse
from workbench import sync
from workbench.cassette import Cassette
from workbench.client import Client
from workbench.emulator import start_in_thread
from workbench.errors import (
    APIConnectionError,
    BadRequestError,
    IncompleteError,
    ReplayMissError,
    StreamInterruptedError,
    UsageError,
)

server = faults.server
make = clients.make


# --- live and stored ---------------------------------------------------------------------------------


def test_what_was_asked_is_not_asked_again(make):
    """The second reply comes from the store, and is the same."""
    client = make()

    first, second = client.send(REQUEST), client.send(REQUEST)

    assert (first.source, second.source) == ("live", "store")
    assert first.message == second.message
    assert client.transport.tally.sent == 1


def test_a_body_is_a_request_too(make):
    """A dictionary, as in the API's documents."""
    assert make().send(BODY).text == "2 + 3 = 5"


def test_another_draw_is_another_question(make):
    """N = 1 then n = 2 buys one more."""
    client = make()

    client.send(REQUEST, draw=0)

    assert client.send(REQUEST, draw=1).source == "live"
    assert client.send(REQUEST, draw=1).draw == 1


@pytest.mark.parametrize(
    ("mode", "sources"),
    [("live", ["live", "store"]), ("refresh", ["live", "live"]), ("off", ["live", "live"])],
)
def test_the_mode_decides(make, mode, sources):
    """Read, overwrite, or leave alone."""
    client = make(mode=mode)

    assert [client.send(REQUEST).source for _ in range(2)] == sources


def test_off_leaves_nothing_behind(make, tmp_path):
    """No store at all."""
    client = make(mode="off")
    client.send(REQUEST)

    assert client.store is None
    assert not (tmp_path / "kept").exists()
    with pytest.raises(UsageError, match="needs a store"):
        client.send(REQUEST, mode="live")


def test_an_emulator_on_another_port_has_the_same_replies(make, start_emulator):
    """Its replies are kept under one origin."""
    make().send(REQUEST)

    found = make(base_url=start_emulator().url).send(REQUEST)

    assert (found.source, found.origin) == ("store", "emulator")


def test_another_server_does_not_get_the_emulators_replies(make, server):
    """A local model is asked itself."""
    make().send(REQUEST)
    server.script()

    reply = make(base_url=server.url).send(REQUEST)

    assert (reply.source, reply.origin, server.hits) == ("live", f"url:{server.url}", 1)


def test_the_same_question_at_once_is_paid_once(make, server):
    """Single flight."""
    server.script()
    client = make(base_url=server.url)

    async def ask() -> list[str]:
        replies = await asyncio.gather(*(client.asend(REQUEST) for _ in range(10)))
        return [reply.source for reply in replies]

    sources = asyncio.run(ask())

    assert server.hits == 1
    assert sorted(sources) == ["live"] + ["store"] * 9


def test_an_emulator_that_starts_late_is_recognised(make):
    """A first call that found nobody decides nothing: what is asked later is not asked twice."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    client = make(base_url=f"http://127.0.0.1:{port}", max_retries=0)
    with pytest.raises(APIConnectionError):
        client.send(REQUEST)
    running = start_in_thread(port=port)

    sources = [client.send(REQUEST).source for _ in range(2)]
    running.stop()

    assert sources == ["live", "store"]


def test_a_failed_flight_fails_for_all_and_is_forgotten(make, server):
    """The next one asks anew."""
    server.script(drip(error(400, "invalid_request_error"), every_s=0.1, size=99))
    client = make(base_url=server.url)

    async def ask() -> list[Any]:
        return await asyncio.gather(*(client.asend(REQUEST) for _ in range(3)), return_exceptions=True)

    assert {type(one) for one in asyncio.run(ask())} == {BadRequestError}
    assert server.hits == 1
    assert client.send(REQUEST).source == "live"


def test_a_cancelled_flight_does_not_take_others_along(make, server):
    """Who waits asks itself."""
    server.script(say(b"", then="hang"))
    client = make(base_url=server.url)

    async def ask() -> Any:
        first = asyncio.create_task(client.asend(REQUEST))
        await asyncio.sleep(0.1)
        second = asyncio.create_task(client.asend(REQUEST))
        await asyncio.sleep(0.1)
        first.cancel()
        return (await second).source

    assert asyncio.run(ask()) == "live"


@pytest.mark.parametrize(
    "bad",
    [
        http({"type": "error", "error": {"type": "api_error", "message": "no"}}),
        faults.message(content=None),
        faults.message(stop_reason=None),
    ],
    ids=["error in 200", "no content", "cut short"],
)
def test_what_is_no_answer_is_never_stored(make, server, bad):
    """Neither errors nor halves."""
    server.script(*[bad] * 4)
    client = make(base_url=server.url)

    with contextlib.suppress(IncompleteError):
        client.send(REQUEST)

    assert len(client.store) == 0


def test_a_cut_stream_is_never_stored(make, server):
    """The clean cut above all."""
    server.script(*[sse(events("Hel", "lo.")[:3])] * 4)
    client = make(base_url=server.url)

    with pytest.raises(StreamInterruptedError):
        client.send(REQUEST.with_(stream=True))

    assert len(client.store) == 0


# --- replay ------------------------------------------------------------------------------------------


def test_replay_needs_no_key_and_opens_no_socket(make, tmp_path, monkeypatch):
    """0 connects, 0 look-ups, no transport, no emulator; the tables are the same."""
    live = make().run(study(), out=tmp_path / "live")
    Cassette.export(make().store, tmp_path / "tape.jsonl")

    def refuse(*args: Any, **_: Any) -> Any:
        raise AssertionError(f"replay opened a socket: {args}")

    sync.run(asyncio.sleep(0))
    for name in ("connect", "connect_ex", "bind"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    client = Client(mode="replay", store=False, cassette=tmp_path / "tape.jsonl")
    replayed = client.run(study(), out=tmp_path / "replayed")

    assert str(replayed) == str(live)
    assert client.transport is None
    assert {row.source for row in replayed.rows} == {"cassette"}


def test_replay_in_a_fresh_process_has_no_network(make, tmp_path):
    """From the store alone, with sockets forbidden from the first line on."""
    make().send(REQUEST)
    code = (
        "import socket, sys, asyncio\n"
        "def refuse(*a, **k): raise SystemExit(f'socket: {a}')\n"
        "socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse\n"
        "from workbench.client import Client\n"
        f"print(Client(mode='replay', store={str(tmp_path / 'kept')!r}).send({BODY!r}).text)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False
    )

    assert (done.stdout, done.stderr) == ("2 + 3 = 5\n", "")


def test_a_miss_names_the_nearest_recording_and_the_cure(make):
    """And asks nobody."""
    make().send(REQUEST.with_(system="Answer with one label"))
    client = make(mode="replay")

    with pytest.raises(ReplayMissError) as info:
        client.send(REQUEST.with_(system="Answer with a label"))

    assert 'differs at system[0].text: "Answer with one label" → "Answer with a label"' in str(info.value)
    assert "To record: workbench run PATH --mode live" in str(info.value)
    assert client.transport is None


def test_explain_looks_in_the_cassette_and_in_the_store(make, tmp_path):
    """As sending does: what one lacks the other may have."""
    client = make()
    client.send(REQUEST)
    other = tmp_path / "other.jsonl"
    Cassette.export([client.send(REQUEST, draw=1)], other)

    assert make(cassette=other).explain(REQUEST).hit


def test_explain_tells_what_sending_would_find(make):
    """The emulator's reply does not answer a client of the Claude API, except in replay."""
    make().send(REQUEST)

    assert not make(KEY, base_url="https://api.anthropic.com").explain(REQUEST).hit
    assert make(base_url=None, mode="replay").explain(REQUEST).hit


def test_a_run_counts_its_misses(make, tmp_path):
    """Once, with the first difference."""
    make().run(study(), out=tmp_path / "live")

    with pytest.raises(
        ReplayMissError, match=r"^3 of 3 requests are not recorded\. Nearest recording differs at"
    ):
        make(mode="replay").run(study(system="Be brief"), out=tmp_path / "replayed")


def test_replay_prefers_the_real_api(make, tmp_path):
    """Where nobody was named and several have answered."""
    emulated = make().send(REQUEST)
    real = type(emulated)(
        request=REQUEST,
        message=emulated.message.with_(id="msg_real"),
        origin="claude_api",
        timing=emulated.timing,
    )
    make().store.put(real)

    assert make(base_url=None, mode="replay").send(REQUEST).message.id == "msg_real"
    assert make(base_url="emulator", mode="replay").send(REQUEST).origin == "emulator"


def test_replay_without_anything_says_so(make):
    """Instead of a miss of everything."""
    with pytest.raises(ReplayMissError, match="neither a cassette nor a store"):
        make(mode="replay", store=False).send(REQUEST)


def test_a_cassette_that_does_not_exist_yet_is_none(make, tmp_path):
    """When recording; in replay it is an error."""
    assert make(cassette=tmp_path / "new.jsonl").cassette is None
    with pytest.raises(UsageError, match="cannot be read"):
        make(cassette=tmp_path / "new.jsonl", mode="replay")
