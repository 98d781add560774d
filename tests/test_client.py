"""The face: what is asked, where it goes, and what never leaves."""

from __future__ import annotations

import asyncio
import json
import logging
import pickle
import subprocess
import sys
import threading
import traceback
import warnings
from pathlib import Path

import pytest

from tests import clients, faults
from tests.clients import BODY, REQUEST
from tests.faults import KEY, error, event, events, http, say, sse
from workbench.cassette import Cassette
from workbench.client import Client, face
from workbench.errors import BadRequestError, NotFoundError, StreamInterruptedError, UsageError
from workbench.transport import Limits

server = faults.server
make = clients.make


# --- streams -----------------------------------------------------------------------------------------


def test_a_stream_is_read_with_for(make):
    """Its reply stands at the end, and is stored."""
    client = make()

    with client.stream(REQUEST) as stream:
        kinds = [event.type for event in stream]

    assert (kinds[0], kinds[-1]) == ("message_start", "message_stop")
    assert stream.reply.text == "2 + 3 = 5"
    assert client.send(REQUEST).source == "store"


def test_a_recorded_stream_sends_nothing(make):
    """The same events, from the store."""
    client = make()
    first = "".join(
        getattr(e.delta, "text", "") for e in client.stream(REQUEST) if e.type == "content_block_delta"
    )
    stream = client.stream(REQUEST)

    again = "".join(getattr(e.delta, "text", "") for e in stream if e.type == "content_block_delta")

    assert first == again == "2 + 3 = 5"
    assert stream.reply.source == "store"


def test_a_stream_is_read_with_async_for(make):
    """The same object, from any loop."""
    stream = make().stream(REQUEST)

    async def read() -> int:
        return len([event async for event in stream])

    assert asyncio.run(read()) > 3
    assert stream.reply.text == "2 + 3 = 5"


def test_a_stream_left_early_stops(make, server):
    """Nothing goes on in the background."""
    server.script(say(sse(events("Hel", "lo.")[:3], end=False), then="hang"))
    client = make(base_url=server.url)

    with client.stream(REQUEST) as stream:
        for _ in stream:
            break

    with pytest.raises(UsageError, match="no reply yet"):
        _ = stream.reply
    with pytest.raises(UsageError, match="read once"):
        next(iter(stream))


def test_a_cut_stream_gives_its_events_and_then_raises(make, server):
    """With the partial text."""
    server.script(say(sse(events("Hel", "lo.")[:3])))
    seen = []

    with pytest.raises(StreamInterruptedError) as info:
        seen.extend(make(base_url=server.url).stream(REQUEST))

    assert info.value.partial.text == "Hel"


# --- other calls -------------------------------------------------------------------------------------


def test_tokens_are_counted_by_the_service(make):
    """Fields that do not count are left out."""
    assert make().count_tokens(REQUEST.with_(stop_sequences=["x"], temperature=0.5)) > 0
    with pytest.raises(UsageError, match=r"wb\.estimate"):
        make(mode="replay").count_tokens(REQUEST)


def test_models_are_listed(make):
    """By the service, against the catalog."""
    client = make()

    assert any(model["id"].startswith("claude-haiku-4-5") for model in client.models.list())
    assert client.models.retrieve("claude-haiku-4-5")["type"] == "model"
    assert "models are served" in str(client.models.refresh())


def test_earlier_spellings_are_moved_with_a_warning_at_the_callers_line(make):
    """thinking.effort and output_format."""
    client = make()
    old = {**BODY, "model": "claude-sonnet-4-6", "thinking": {"type": "adaptive", "effort": "low"}}

    with pytest.warns(UserWarning, match="moved to output_config.effort") as caught:
        reply = client.send(old)

    assert Path(caught[0].filename) == Path(__file__)
    assert reply.request.effort == "low"


@pytest.mark.parametrize(
    ("fields", "options", "version"),
    [
        ({}, {}, "2026-10-21"),
        ({"temperature": 0.5}, {}, "2023-06-01"),
        ({"temperature": 0.5, "model": "claude-opus-4-7"}, {}, "2026-10-21"),
        ({"temperature": 0.5}, {"api_version": "2026-10-21"}, "2026-10-21"),
        ({}, {"api_version": "2023-06-01"}, "2023-06-01"),
    ],
    ids=["current", "sampling", "sampling refused", "chosen new", "chosen old"],
)
def test_the_version_follows_the_request(make, server, fields, options, version):
    """The old one only where sampling parameters need it and the model takes them."""
    server.script()

    make(base_url=server.url, **options).send({**BODY, **fields})

    assert f"anthropic-version: {version}" in server.requests[0][0]


def test_betas_are_sent_and_are_part_of_the_key(make, server):
    """In one header."""
    server.script()
    make(base_url=server.url, betas=["b-2", "a-1"]).send(REQUEST)

    assert "anthropic-beta: b-2,a-1" in server.requests[0][0]
    assert make(base_url=server.url).send(REQUEST).source == "live"
    assert make(base_url=server.url, betas=["a-1", "b-2"]).send(REQUEST).source == "store"


def test_a_long_answer_is_streamed(make, server):
    """More than ten minutes of tokens would not come in one piece."""
    server.script(sse(events("Hel", "lo.")))

    reply = make(base_url=server.url).send(REQUEST.with_(max_tokens=64_000))

    assert json.loads(server.requests[0][1])["stream"] is True
    assert reply.text == "Hello."


# --- where it stands ---------------------------------------------------------------------------------


def test_without_key_and_address_the_emulator_answers_and_says_so(tmp_path):
    """Started at first need, in this process."""
    with Client(store=tmp_path / "kept") as client:
        assert str(client) == (
            "emulator in this process (no ANTHROPIC_API_KEY set). Its answers are made up by rule: "
            "use them to try the workbench, not to judge Claude."
        )
        assert not [t for t in threading.enumerate() if t.name == "workbench-emulator" and t.is_alive()][1:]
        reply = client.send(REQUEST)

        assert reply.origin == "emulator"
        assert str(client).startswith("emulator on 127.0.0.1:")


def test_a_client_says_where_it_sends(tmp_path):
    """Place, version, store."""
    client = Client(KEY, store=tmp_path / "kept")

    assert str(client) == "live: api.anthropic.com · version 2026-10-21 · 0 replies in the store (0 MB)"
    assert "nothing is sent" in str(Client(mode="replay", store=tmp_path / "kept"))
    assert repr(client) == "Client(Claude API, mode='live')"


def test_no_key_ever_shows(tmp_path, server, caplog):
    """repr, str, pickle, logs, errors with all their frames, store files, cassette."""
    caplog.set_level(logging.DEBUG)
    server.script(http(faults.MESSAGE), error(400, "invalid_request_error"))
    client = Client(KEY, base_url=server.url, store=tmp_path / "kept", limits=Limits(total_s=5))
    client.send(REQUEST)
    with pytest.raises(BadRequestError) as info:
        client.send(REQUEST.with_(max_tokens=7))
    assert client.store is not None
    Cassette.export(client.store, tmp_path / "tape.jsonl")
    shown = [repr(client), str(client), repr(client.endpoint), repr(vars(client)), caplog.text]
    shown += traceback.TracebackException.from_exception(info.value, capture_locals=False).format()
    shown += [repr(info.value), pickle.dumps(client.endpoint).decode("latin-1")]
    client.close()

    assert KEY in server.requests[0][0]
    assert KEY not in "\n".join(shown)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert KEY.encode() not in path.read_bytes()


def test_a_closed_client_opens_again(make):
    """And two threads may use one."""
    client = make()
    client.send(REQUEST)
    client.close()

    replies: list[str] = []
    threads = [
        threading.Thread(target=lambda n=n: replies.append(client.send(REQUEST, draw=n).text))
        for n in range(1, 4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert replies == ["2 + 3 = 5"] * 3


def test_a_dropped_client_leaves_no_complaint(tmp_path):
    """Garbage collected, or alive at exit: no unclosed session is reported."""
    code = (
        "import gc, warnings; warnings.simplefilter('error')\n"
        "from workbench.client import Client\n"
        f"body = {BODY!r}\n"
        f"store = {str(tmp_path / 'kept')!r}\n"
        "a = Client(store=store, mode='refresh'); a.send(body); del a; gc.collect()\n"
        "b = Client(store=store, mode='refresh'); print(b.send(body).text)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False
    )

    assert (done.stdout, done.stderr, done.returncode) == ("2 + 3 = 5\n", "", 0)


def test_unknown_events_pass_through(make, server):
    """Newer than this code."""
    odd = [*events("Hel", "lo.")[:2], event("aurora", colour="green"), *events("Hel", "lo.")[2:]]
    server.script(sse(odd))

    kinds = [one.type for one in make(base_url=server.url).stream(REQUEST)]

    assert "aurora" in kinds


def test_a_broken_store_does_not_stop_a_client(make, tmp_path):
    """It says so, and answers."""
    (tmp_path / "file").write_text("x")
    client = make(store=tmp_path / "file")

    with pytest.warns(UserWarning, match="working without the store"):
        assert client.send(REQUEST).text == "2 + 3 = 5"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert client.send(REQUEST).source == "live"


def test_a_notebook_is_told_calmly(monkeypatch, capsys):
    """Stderr is red in a notebook, and nothing is wrong; what was said once is not said again."""
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    monkeypatch.setattr(face, "_told", set())

    face.notify("no key is set")
    face.notify("no key is set")

    assert capsys.readouterr() == ("no key is set\n", "")


def test_a_prompt_is_told_on_stderr(monkeypatch, capsys):
    """Standard output may be piped."""
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    monkeypatch.setattr(face, "_told", set())

    face.notify("no key is set")

    assert capsys.readouterr() == ("", "no key is set\n")


@pytest.mark.parametrize("ask", [Client.send, lambda *of: list(Client.stream(*of))], ids=["send", "stream"])
def test_a_retired_model_is_refused_with_its_successor(emulator, ask):
    """The service only says that it is not there."""
    body = {"model": "claude-3-opus-20240229", "max_tokens": 5, "messages": ["Hi"]}

    with Client(base_url=emulator.url, store=False) as client, pytest.raises(NotFoundError) as caught:
        ask(client, body)

    assert str(caught.value).endswith("was retired on 2026-01-05; use claude-opus-4-8")
