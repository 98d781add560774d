"""The face: what is asked, what is found, and what never leaves."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import pickle
import socket
import subprocess
import sys
import threading
import traceback
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests import faults
from tests.faults import FaultServer, drip, error, event, events, http, say, sse
from workbench import sync
from workbench.cassette import Cassette
from workbench.client import Client, Collected, collecting, face
from workbench.dataset import Dataset
from workbench.emulator import start_in_thread
from workbench.errors import (
    APIConnectionError,
    AuthenticationError,
    BadRequestError,
    IncompleteError,
    NotFoundError,
    ReplayMissError,
    StreamInterruptedError,
    UsageError,
)
from workbench.evaluation import Eval
from workbench.journal import Journal
from workbench.prompt import Prompt
from workbench.score import number
from workbench.transport import Limits
from workbench.wire import Request

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "sk-ant-api03-canary-canary-canary"
BODY = {"model": "claude-haiku-4-5", "max_tokens": 20, "messages": ["What is 2 + 3?"]}
REQUEST = Request.model_validate(BODY)


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    """A server that answers as a test says."""
    with FaultServer() as running:
        yield running


@pytest.fixture
def make(tmp_path, emulator):
    """Make clients on the emulator, or as asked; they are closed with the test."""
    made: list[Client] = []

    def client(*args: Any, **options: Any) -> Client:
        options.setdefault("base_url", emulator.url)
        options.setdefault("store", tmp_path / "kept")
        made.append(Client(*args, **options))
        return made[-1]

    yield client
    for one in made:
        one.close()


def study(n: int = 3, **fields: Any) -> Eval:
    """A small study."""
    prompt = Prompt("Compute: {{input}}", **{"model": "claude-haiku-4-5", "max_tokens": 20, **fields})
    rows = [{"id": f"s{i}", "input": f"{i} + {i}", "target": str(2 * i)} for i in range(n)]
    return Eval(name="sums", dataset=Dataset.load(rows), variants=prompt, scorers=[number()])


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


# --- runs --------------------------------------------------------------------------------------------


def test_a_run_leaves_its_folder(make, tmp_path):
    """Journal, run.json and tables; first tokens are timed."""
    run = make().run(study(), out=tmp_path / "run")

    assert {"journal.jsonl", "run.json", "table.txt"} <= {path.name for path in run.folder.iterdir()}
    assert all(row.timing.ttft_s is not None for row in run.rows)


def test_a_run_gets_a_folder_of_its_own(make, tmp_path, monkeypatch):
    """./runs/NAME-TIME."""
    monkeypatch.chdir(tmp_path)

    first, second = make().run(study()), make().run(study())

    assert first.folder.parent == second.folder.parent == Path("runs")
    assert first.folder != second.folder


def test_a_run_is_resumed(make, server, tmp_path):
    """After a dead server: what was answered stays answered."""
    server.script(say(http(faults.MESSAGE)), error(401, "authentication_error"))
    client = make(base_url=server.url, store=False)
    with pytest.raises(AuthenticationError):
        client.run(study(), out=tmp_path / "run", concurrency=1)
    server.script()

    run = client.resume(tmp_path / "run", study())

    assert (len(run), server.hits) == (3, 2)


def test_the_budget_stops_a_run(make, tmp_path):
    """A call whose worst case does not fit is not sent; with a larger budget the run goes on."""
    client = make(store=False)

    with pytest.raises(IncompleteError, match=r"budget of \$0\.00001 is used up"):
        client.run(study(), out=tmp_path / "run", budget_usd="0.00001", concurrency=1)

    assert client.transport.tally.sent == 0
    assert len(client.resume(tmp_path / "run", study(), budget_usd="$2.00")) == 3


def test_a_budget_counts_what_earlier_sittings_paid(make, server, tmp_path):
    """A run resumed with the budget it has used up pays nothing more."""
    server.script()
    client = make(base_url=server.url, store=False)
    budget = {"out": tmp_path / "run", "budget_usd": "0.00013", "concurrency": 1}
    with pytest.raises(IncompleteError, match="used up"):
        client.run(study(5), **budget)
    paid = server.hits

    with pytest.raises(IncompleteError, match="used up"):
        client.run(study(5), resume=True, **budget)

    assert (paid, server.hits) == (2, 2)


def test_a_budget_counts_what_a_killed_sitting_may_have_paid(make, server, tmp_path):
    """Two calls cut off leave less for the rest: each may have cost its worst case."""
    server.script()
    client = make(base_url=server.url, store=False)
    budget = {"out": tmp_path / "run", "budget_usd": "0.00013", "concurrency": 1}
    with pytest.raises(IncompleteError, match="used up"):
        client.run(study(5), **budget)
    with Journal.open(tmp_path / "run" / "journal.jsonl") as journal:
        for index in (3, 4):
            journal.append({"type": "intent", "index": index, "key": "k"})

    with pytest.raises(IncompleteError, match="perhaps paid"):
        client.run(study(5), resume=True, **{**budget, "budget_usd": "0.0002"})

    assert server.hits == 2


def test_a_refreshed_run_goes_on_without_paying_again(make, server, tmp_path):
    """What the store took from this run is used where the run's own journal lost it."""
    server.script()
    client = make(base_url=server.url)
    client.run(study(), mode="refresh", out=tmp_path / "run", concurrency=1)
    (tmp_path / "run" / "journal.jsonl").write_bytes(b"")

    run = client.run(study(), mode="refresh", out=tmp_path / "run", resume=True)

    assert (len(run), server.hits) == (3, 3)


def test_a_refreshed_run_asks_anew_what_others_stored(make, server, tmp_path):
    """Only its own answers are fresh."""
    server.script()
    client = make(base_url=server.url)
    client.run(study(), out=tmp_path / "first")

    client.run(study(), mode="refresh", out=tmp_path / "second")

    assert server.hits == 6


@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_refreshed_run_asks_one_thing_once(make, server, tmp_path, concurrency):
    """Two equal samples get one answer, as in a replay: the tables of both are the same."""
    server.script()
    rows = [{"id": f"s{i}", "input": "1 + 1", "target": "2"} for i in range(4)]
    prompt = Prompt("Compute: {{input}}", model="claude-haiku-4-5", max_tokens=20)
    same = Eval(name="same", dataset=Dataset.load(rows), variants=prompt, scorers=[number()])

    make(base_url=server.url).run(same, mode="refresh", out=tmp_path / "run", concurrency=concurrency)

    assert server.hits == 1


@pytest.mark.parametrize("budget", ["two", "-1", 0, "nan"])
def test_a_budget_is_an_amount(make, budget, tmp_path):
    """Anything else is refused before a cent is spent."""
    with pytest.raises(UsageError, match="budget_usd"):
        make().run(study(), budget_usd=budget, out=tmp_path / "run")


@pytest.mark.parametrize(
    "options", [{"mode": "dead"}, {"concurrency": 0}, {"concurrency": "many"}], ids=["mode", "zero", "word"]
)
def test_a_wrong_option_is_refused(make, options, tmp_path):
    """One clear line."""
    with pytest.raises(UsageError):
        make().run(study(), out=tmp_path / "run", **options)


def test_a_first_401_stops_the_run(make, server, tmp_path):
    """Not one refusal for each sample."""
    server.script(*[error(401, "authentication_error")] * 50)

    with pytest.raises(AuthenticationError, match="ANTHROPIC_API_KEY"):
        make(base_url=server.url, store=False).run(study(50), out=tmp_path / "run", concurrency=4)

    assert server.hits <= 4


def test_collecting_notes_a_study_instead_of_running_it(make):
    """How the command line reads definitions from a notebook."""
    noted: list[Any] = []
    client, mine = make(), study()
    token = collecting.set(noted)
    try:
        with pytest.raises(Collected):
            client.run(mine, concurrency=3)
    finally:
        collecting.reset(token)

    assert noted[0][:2] == (client, mine)
    assert noted[0][2]["concurrency"] == 3
    assert not issubclass(Collected, Exception)


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
