"""`client.batches`: made, waited for, read line by line; nothing raw comes through."""

from __future__ import annotations

import asyncio
import json
import time

import httpx
import pytest

from workbench import sync
from workbench.client import Client
from workbench.client.batch_calls import BatchCalls
from workbench.errors import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    BadRequestError,
    IncompleteError,
    InternalServerError,
    LintError,
    NotFoundError,
    UsageError,
)
from workbench.platforms import resolve
from workbench.transport import Limits, Transport
from workbench.wire import Request
from workbench.wire.batch import Batch, BatchResult, read_result

MODEL = "claude-haiku-4-5"
BASE = "http://127.0.0.1:9"


def request(text="What is 2 + 3?", **more):
    return Request.model_validate({"model": MODEL, "max_tokens": 50, "messages": [text], **more})


def requests(count):
    return {f"q-{n}": request(f"What is {n} + 1?") for n in range(count)}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    """Nobody waits between reads of results."""
    monkeypatch.setattr("workbench.client.batch_calls._PAUSE_S", 0)


@pytest.fixture
def client(emulator):
    with Client("sk-batches", base_url=emulator.url, mode="off") as made:
        yield made


# --- the life of a batch ---------------------------------------------------------------------------------


def test_a_batch_from_its_creation_to_its_end(client):
    """Made, waited for, read, deleted."""
    made = client.batches.create(requests(5))
    seen = []
    ended = client.batches.wait(made.id, progress=lambda batch: seen.append(batch.processing_status))
    results = dict(client.batches.results(made.id))
    client.batches.delete(made.id)

    assert (made.processing_status, made.request_counts.processing) == ("in_progress", 5)
    assert ended.ended
    assert seen[-1] == "ended"
    assert str(results["q-3"]) == "3 + 1 = 4"
    assert results["q-3"].message.usage.service_tier == "batch"
    assert len(results) == 5
    with pytest.raises(NotFoundError):
        client.batches.get(made.id)


def test_requests_without_names_get_some(client):
    """By their place."""
    made = client.batches.create([request("What is 1 + 1?"), request("What is 2 + 2?")])
    client.batches.wait(made.id)

    assert {name: str(result) for name, result in client.batches.results(made.id)} == {
        "request-0": "1 + 1 = 2",
        "request-1": "2 + 2 = 4",
    }


def test_a_batch_is_canceled(start_emulator):
    """What has no answer has a reason why."""
    running = start_emulator(batch_s=1000)
    with Client("k", base_url=running.url, mode="off") as client:
        made = client.batches.create(requests(2))
        client.batches.cancel(made.id)
        ended = client.batches.wait(made.id)
        results = dict(client.batches.results(made.id))

    assert ended.request_counts.canceled == 2
    assert [result.type for result in results.values()] == ["canceled"] * 2
    assert "canceled" in str(results["q-0"])


def test_an_errored_request_says_why_as_a_live_call_would(start_emulator):
    """The same class of error, with the service's words; the others have their answers."""
    running = start_emulator(script=[{"contains": "1 + 1", "error": {"status": 529}}, {"text": "ok"}])
    with Client("k", base_url=running.url, mode="off") as client:
        asked = {**requests(2), "bad": request(max_tokens=0)}
        made = client.batches.create(asked, check=False)
        client.batches.wait(made.id)
        results = dict(client.batches.results(made.id))

    assert str(results["q-0"]) == "ok"
    assert type(results["q-1"].failure).__name__ == "OverloadedError"
    assert isinstance(results["bad"].failure, BadRequestError)
    assert "max_tokens: 0 is not supported in message batches" in results["bad"].failure.message


def test_the_list_goes_through_all_pages(client, monkeypatch):
    """Newest first."""
    monkeypatch.setattr("workbench.client.batch_calls._PAGE", 2)
    names = [client.batches.create(requests(1)).id for _ in range(5)]

    assert [batch.id for batch in client.batches.list()][:5] == names[::-1]


def test_waiting_ends_when_told(start_emulator):
    """The batch goes on: the error says so."""
    running = start_emulator(batch_s=1000)
    with Client("k", base_url=running.url, mode="off") as client:
        made = client.batches.create(requests(1))
        with pytest.raises(IncompleteError, match="goes on"):
            client.batches.wait(made.id, timeout_s=0.05)
        with pytest.raises(IncompleteError, match="in_progress"):
            list(client.batches.results(made.id))


def test_results_and_waiting_can_be_awaited(client):
    """From any loop, a notebook's own too."""

    async def go():
        made = client.batches.create(requests(3))
        await client.batches.awaited(made.id)
        return [name async for name, _ in client.batches.aresults(made.id)]

    assert sorted(asyncio.run(go())) == ["q-0", "q-1", "q-2"]


def test_a_batch_shows_itself():
    """Id, status, time and counts in one line."""
    batch = Batch.model_validate(
        {
            "id": "msgbatch_01",
            "processing_status": "ended",
            "created_at": "2026-11-22T10:00:00Z",
            "ended_at": "2026-11-22T10:01:30Z",
            "request_counts": {"succeeded": 1999, "errored": 1, "new": 5},
        }
    )

    assert str(batch) == "msgbatch_01 · ended in 90 s · 1,999 succeeded, 1 errored"


# --- what is refused here --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({}, "at least one request"),
        ({"a b": request()}, "cannot name a request"),
        ([("a", request()), ("a", request())], "two requests are named 'a'"),
        (request(), "by name"),
        (
            {"new": request(), "old": request(temperature=0.5)},
            "different API versions",
        ),
    ],
    ids=["none", "name", "twice", "alone", "versions"],
)
def test_create_says_what_is_wrong(client, asked, says):
    """Before anything is sent."""
    with pytest.raises(UsageError, match=says):
        client.batches.create(asked)


def test_create_lints(client, emulator):
    """A batch is judged only hours later, so it is judged here first."""
    before = emulator.ledger()["by_path"].get("/v1/messages/batches", 0)

    with pytest.raises(LintError, match="not supported in message batches"):
        client.batches.create({"a": request(stream=True)})

    assert emulator.ledger()["by_path"].get("/v1/messages/batches", 0) == before


def test_create_refuses_what_is_too_large(client, monkeypatch):
    """The service takes 256 MB."""
    monkeypatch.setattr("workbench.client.batch_calls.MOST_BYTES", 300)

    with pytest.raises(UsageError, match="split it"):
        client.batches.create(requests(5))


def test_replay_asks_nothing(tmp_path):
    """Not of batches either."""
    with (
        Client(mode="replay", store=tmp_path) as client,
        pytest.raises(UsageError, match="replay asks nothing"),
    ):
        client.batches.list()


# --- what can go wrong on the way ------------------------------------------------------------------------


def answer(n):
    message = {"type": "message", "model": MODEL, "content": [{"type": "text", "text": f"{n}"}]}
    return {"custom_id": f"q-{n}", "result": {"type": "succeeded", "message": message}}


def body(count):
    return b"".join(json.dumps(answer(n)).encode() + b"\n" for n in range(count))


def ended(total, **more):
    return {
        "id": "msgbatch_1",
        "processing_status": "ended",
        "request_counts": {"succeeded": total},
        **more,
    }


class Service:
    """Answers what a test scripts; notes what was asked."""

    def __init__(self, batch, *results, **limits):
        self.batch = batch
        self.results = list(results)
        self.asked = []
        self.transport = Transport(
            resolve(api_key="k", base_url=BASE, environ={}),
            mount=httpx.MockTransport(self.handle),
            limits=Limits(**limits),
            pause=self.pause,
        )
        self.calls = BatchCalls(self.connect)

    async def pause(self, seconds):
        pass

    async def connect(self):
        return self.transport

    def handle(self, asked):
        self.asked.append(f"{asked.method} {asked.url}")
        if asked.url.path.endswith("results") or asked.url.path.endswith("elsewhere"):
            found = self.results.pop(0)
            return found if isinstance(found, httpx.Response) else httpx.Response(200, stream=found)
        if asked.method == "POST":
            found = self.results.pop(0)
            if isinstance(found, Exception):
                raise found
            return found
        return httpx.Response(200, json=self.batch)

    def read(self):
        async def all_of_it():
            return [name async for name, _ in self.calls.results("msgbatch_1")]

        return sync.run(all_of_it())


CUT = httpx.ReadError("cut")


class Breaking(httpx.AsyncByteStream):
    """A body that breaks off."""

    def __init__(self, data, error=CUT, then_s=0.0):
        self.data, self.error, self.then_s = data, error, then_s

    async def __aiter__(self):
        for at in range(0, len(self.data), 7):
            yield self.data[at : at + 7]
        await asyncio.sleep(self.then_s)
        if self.error is not None:
            raise self.error


def test_results_that_break_off_are_asked_for_again():
    """Each name comes once, however often they break."""
    whole = body(6)
    service = Service(
        ended(6),
        Breaking(whole[: len(whole) // 3]),
        Breaking(whole[: len(whole) // 2]),
        Breaking(whole, error=None),
    )

    assert service.read() == [f"q-{n}" for n in range(6)]
    assert len(service.asked) == 4


def test_results_that_never_go_on_are_an_error():
    """A stream that brings nothing new ends it."""
    half = body(6)[:250]
    service = Service(ended(6), *[Breaking(half)] * 4)

    with pytest.raises(APIConnectionError, match="in the middle"):
        service.read()


def test_results_that_end_early_are_an_error():
    """A clean end is no end while requests are missing."""
    service = Service(ended(6), *[Breaking(body(4), error=None)] * 4)

    with pytest.raises(APIResponseValidationError, match="lack 2 of 6"):
        service.read()


def test_results_from_the_emulator_that_break_off(start_emulator):
    """Over a real socket."""
    running = start_emulator()
    with Client("k", base_url=running.url, mode="off") as client:
        made = client.batches.create(requests(200))
        client.batches.wait(made.id)
        running.app.batches.cuts = 1

        results = dict(client.batches.results(made.id))

    assert len(results) == 200
    assert running.ledger()["by_path"]["/v1/messages/batches/ID/results"] == 2


@pytest.mark.parametrize(
    "line",
    [b"{", b"[]", b"null", b'{"custom_id": 1}', b"\xff\xfe", b'{"a":' * 9999],
    ids=["cut", "list", "null", "name", "utf-8", "deep"],
)
def test_a_line_that_is_none_is_a_typed_error(line):
    """Nothing raw of a JSON parser."""
    service = Service(ended(2), *[Breaking(line + b"\n", error=None)] * 3)

    with pytest.raises(APIResponseValidationError, match="unreadable batch results"):
        service.read()


def test_a_line_has_a_limit():
    """Memory stays bounded, whatever comes."""
    service = Service(ended(2), *[Breaking(b"x" * 5000, error=None)] * 3, body_bytes=1000)

    with pytest.raises(APIResponseValidationError, match="larger than 1,000 bytes"):
        service.read()


def test_a_line_has_its_time():
    """A stream that drips for ever ends."""
    service = Service(ended(2), *[Breaking(b"x", error=None, then_s=30)] * 3, total_s=0.2)
    begun = time.monotonic()

    with pytest.raises(APIResponseValidationError, match="no whole line"):
        service.read()

    assert time.monotonic() - begun < 10


@pytest.mark.parametrize(
    "url",
    [
        "http://evil.example/v1/messages/batches/msgbatch_1/results",
        "https://127.0.0.1:9/x/results",
        "file:///x",
        f"{BASE}@evil.example/v1/results",
        f"{BASE}.evil.example/v1/results",
        f"{BASE}/a b\x00",
    ],
)
def test_results_come_from_the_endpoint_only(url):
    """The key goes with the request: another host never gets it."""
    service = Service(ended(1, results_url=url), Breaking(body(1), error=None))

    service.read()

    assert service.asked[-1] == f"GET {BASE}/v1/messages/batches/msgbatch_1/results"


def test_results_come_from_where_the_batch_says_on_its_host():
    """`results_url` counts where it is of the same host."""
    service = Service(ended(1, results_url=f"{BASE}/v1/elsewhere"), Breaking(body(1), error=None))

    service.read()

    assert service.asked[-1] == f"GET {BASE}/v1/elsewhere"


@pytest.mark.parametrize(
    ("fault", "error", "times"),
    [
        (httpx.Response(500, json={}), InternalServerError, 1),
        (httpx.Response(504, json={}), InternalServerError, 1),
        (httpx.ReadError("cut"), APIConnectionError, 1),
        (httpx.Response(200, content=b"{"), APIResponseValidationError, 1),
        (httpx.ConnectError("nobody"), APIConnectionError, 4),
        (httpx.Response(529, json={}), InternalServerError, 4),
    ],
    ids=["500", "504", "cut", "bad body", "nobody there", "overloaded"],
)
def test_a_batch_is_never_made_twice(fault, error, times):
    """Where it may have been made already it is not asked for again; where it was surely not, it is."""
    service = Service({}, *[fault] * 4)

    with pytest.raises(error):
        sync.run(service.calls.create([("a", b"{}")], api_version="2026-10-21"))

    assert len(service.asked) == times


def test_a_wait_outlives_a_few_failures():
    """The batch goes on at the service while the network is away."""
    looks = iter([httpx.Response(500, json={})] * 2 + [httpx.Response(200, json=ended(1))])
    service = Service({})
    service.transport = Transport(
        resolve(api_key="k", base_url=BASE, environ={}),
        mount=httpx.MockTransport(lambda _: next(looks)),
        attempts=1,
    )

    assert sync.run(service.calls.wait("msgbatch_1", start_s=0.01)).ended


def test_a_wait_ends_when_nobody_is_there():
    """With the error of the last look."""
    service = Service({})
    service.transport = Transport(
        resolve(api_key="k", base_url=BASE, environ={}),
        mount=httpx.MockTransport(lambda _: httpx.Response(500, json={})),
        attempts=1,
    )

    with pytest.raises(InternalServerError):
        sync.run(service.calls.wait("msgbatch_1", start_s=0.001))


@pytest.mark.parametrize("answer", [{}, {"id": 5}, {"id": "a"}], ids=["empty", "number", "no status"])
def test_what_is_no_batch_is_a_typed_error(answer):
    """Nothing raw of pydantic."""
    service = Service(answer)

    with pytest.raises(APIError, match="not a message batch"):
        sync.run(service.calls.get("msgbatch_1"))


def test_a_message_that_is_none_is_an_error_of_its_own():
    """The other lines are read all the same."""
    name, result = read_result({"custom_id": "a", "result": {"type": "succeeded", "message": {"content": 5}}})

    assert name == "a"
    assert result.message is None
    assert isinstance(result.failure, InternalServerError)


def test_outcomes_newer_than_this_code_are_kept():
    """Unknown kinds and fields pass through."""
    result = BatchResult.model_validate({"type": "postponed", "until": "tomorrow"})

    assert result.wire() == {"type": "postponed", "until": "tomorrow"}
    assert "postponed" in str(result.failure)


def test_a_large_batch_goes_out_from_disk(start_emulator):
    """30 MB arrive whole, with their length announced."""
    running = start_emulator(batch_s=1000)
    with Client("k", base_url=running.url, mode="off") as client:
        made = client.batches.create({f"q-{n}": request("x" * 1_000_000) for n in range(30)}, check=False)

    assert made.request_counts.processing == 30
