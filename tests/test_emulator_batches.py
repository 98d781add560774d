"""Message batches of the emulator: the whole life, over a real socket, driven by the official SDK too."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

import anthropic
import httpx
import pytest

from workbench.errors import JournalError

MODEL = "claude-haiku-4-5"
HEADERS = {"x-api-key": "k", "anthropic-version": "2026-10-21"}
PATH = "/v1/messages/batches"
DAY_S = 86_400


def params(text="What is 2 + 3?", **more):
    return {"model": MODEL, "max_tokens": 50, "messages": [{"role": "user", "content": text}], **more}


def items(count=3, **more):
    return [{"custom_id": f"q-{n}", "params": params(f"What is {n} + 1?", **more)} for n in range(count)]


class Caller:
    """A caller that knows nothing but HTTP."""

    def __init__(self, url=None, running=None):
        self.running = running
        self.http = httpx.Client(base_url=url or running.url, headers=HEADERS)

    def create(self, requests):
        return self.http.post(PATH, json={"requests": requests})

    def made(self, requests):
        return self.create(requests).json()["id"]

    def get(self, name):
        return self.http.get(f"{PATH}/{name}").json()

    def ended(self, name):
        for _ in range(1000):
            batch = self.get(name)
            if batch["processing_status"] == "ended":
                return batch
            time.sleep(0.01)
        raise AssertionError(batch)

    def results(self, name):
        lines = self.http.get(f"{PATH}/{name}/results").text.splitlines()
        return {row["custom_id"]: row["result"] for row in map(json.loads, lines)}


@pytest.fixture
def call(start_emulator):
    made = []

    def start(url=None, **options):
        made.append(Caller(url) if url else Caller(running=start_emulator(**options)))
        return made[-1]

    yield start
    for caller in made:
        caller.http.close()


# --- the life of a batch ---------------------------------------------------------------------------------


def test_the_sdk_drives_the_whole_life(emulator):
    """Create, retrieve, list, results, delete: all by the official SDK's own types."""
    with anthropic.Anthropic(api_key="sk-ant-life", base_url=emulator.url, max_retries=0) as client:
        made = client.messages.batches.create(requests=items(5))
        while (batch := client.messages.batches.retrieve(made.id)).processing_status != "ended":
            time.sleep(0.01)
        results: dict[str, Any] = {
            row.custom_id: row.result for row in client.messages.batches.results(made.id)
        }
        listed = [one.id for one in client.messages.batches.list()]
        gone = client.messages.batches.delete(made.id)
        with pytest.raises(anthropic.NotFoundError):
            client.messages.batches.retrieve(made.id)

    assert (made.processing_status, made.request_counts.processing) == ("in_progress", 5)
    assert (batch.request_counts.succeeded, batch.request_counts.processing) == (5, 0)
    assert {name: result.message.content[0].text for name, result in results.items()} == {
        "q-0": "0 + 1 = 1",
        "q-1": "1 + 1 = 2",
        "q-2": "2 + 1 = 3",
        "q-3": "3 + 1 = 4",
        "q-4": "4 + 1 = 5",
    }
    assert {result.message.usage.service_tier for result in results.values()} == {"batch"}
    assert listed == [made.id]
    assert gone.type == "message_batch_deleted"


def test_the_sdk_cancels(start_emulator):
    """What has no answer when the batch is canceled never gets one."""
    running = start_emulator(batch_s=1000)
    with anthropic.Anthropic(api_key="k", base_url=running.url, max_retries=0) as client:
        made = client.messages.batches.create(requests=items(3))
        canceling = client.messages.batches.cancel(made.id)
        while (batch := client.messages.batches.retrieve(made.id)).processing_status != "ended":
            time.sleep(0.01)
        kinds = [row.result.type for row in client.messages.batches.results(made.id)]

    assert canceling.processing_status == "canceling"
    assert canceling.cancel_initiated_at is not None
    assert batch.request_counts.canceled == 3
    assert kinds == ["canceled"] * 3


def test_in_progress_nothing_is_counted_yet(call):
    """Counts of outcomes are 0 and there are no results until the whole batch ended."""
    caller = call(batch_s=1000)
    name = caller.made(items(4))

    batch = caller.get(name)
    early = caller.http.get(f"{PATH}/{name}/results")

    assert batch["request_counts"] == {
        "processing": 4,
        "succeeded": 0,
        "errored": 0,
        "canceled": 0,
        "expired": 0,
    }
    assert (batch["processing_status"], batch["ended_at"], batch["results_url"]) == (
        "in_progress",
        None,
        None,
    )
    assert early.status_code == 404
    assert early.json()["error"]["message"] == f"Message Batch {name} has no available results."


def test_a_batch_is_answered_evenly_over_its_time(call):
    """Half its seconds, about half its answers; they are not in the order of asking."""
    caller = call(batch_s=1000)
    name = caller.made(items(40))
    caller.running.app.batches.pass_time(500)
    while (half := caller.running.ledger()["batch"]["billed"]) < 20:
        time.sleep(0.01)

    caller.running.app.batches.pass_time(501)
    caller.ended(name)

    assert half in {20, 21}
    assert caller.running.ledger()["batch"]["billed"] == 40
    assert list(caller.results(name)) != [f"q-{n}" for n in range(40)]
    assert len(caller.results(name)) == 40


def test_after_a_day_what_is_left_expires(call):
    """24 hours after its creation a batch ends, whatever is left of it."""
    caller = call(batch_s=2 * DAY_S)
    name = caller.made(items(4))
    caller.running.app.batches.pass_time(DAY_S)

    batch = caller.ended(name)

    assert batch["request_counts"]["expired"] in {2, 3, 4}
    assert "expired" in {result["type"] for result in caller.results(name).values()}
    assert batch["created_at"][:10] < batch["expires_at"][:10]


def test_after_29_days_results_are_gone(call):
    """The batch stays, archived."""
    caller = call()
    name = caller.made(items(1))
    caller.ended(name)
    caller.running.app.batches.pass_time(29 * DAY_S)

    batch = caller.get(name)

    assert batch["archived_at"] is not None
    assert batch["results_url"] is None
    assert caller.http.get(f"{PATH}/{name}/results").status_code == 404


def test_results_are_json_lines_at_the_address_given(call):
    """`results_url` is an address of the same host, and says what it is."""
    caller = call()
    batch = caller.ended(caller.made(items(2)))

    answer = caller.http.get(batch["results_url"])

    assert batch["results_url"].startswith(caller.running.url)
    assert answer.headers["content-type"].startswith("application/x-jsonl")
    assert answer.text.endswith("\n")


# --- one bad item does not spoil the others --------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"model": MODEL, "max_tokens": 5}, "messages: Field required"),
        (params(speed="fast", model="claude-opus-5"), "speed: `speed` is not supported in message batches"),
        (params(max_tokens=0), "max_tokens: max_tokens: 0 is not supported in message batches"),
        (params(stream=True), "stream: `stream` is not supported in message batches"),
        (params(temperature=0.5), "temperature"),
        (params(model="claude-nine"), "model: claude-nine"),
    ],
    ids=["no messages", "speed", "pre-warm", "stream", "sampling", "model"],
)
def test_bad_params_are_an_errored_item(call, bad, says):
    """They are validated when their turn comes, with the words of the messages API; nothing is billed."""
    caller = call()
    name = caller.made([{"custom_id": "bad", "params": bad}, *items(1)])

    batch = caller.ended(name)
    error = caller.results(name)["bad"]["error"]

    assert (batch["request_counts"]["errored"], batch["request_counts"]["succeeded"]) == (1, 1)
    assert error["type"] == "error"
    assert error["request_id"] is None
    assert says in error["error"]["message"]
    assert caller.running.ledger()["batch"]["billed"] == 1


def test_a_scripted_error_is_an_errored_item(call):
    """So failing items can be tried; its next attempt may be answered."""
    caller = call(script=[{"contains": "1 + 1", "error": {"status": 500}, "times": 1}, {"text": "ok"}])

    first = caller.made(items(3))
    caller.ended(first)
    second = caller.made(items(3))
    caller.ended(second)

    assert [r["type"] for _, r in sorted(caller.results(first).items())] == [
        "succeeded",
        "errored",
        "succeeded",
    ]
    assert {r["type"] for r in caller.results(second).values()} == {"succeeded"}


# --- what is refused at once -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("requests", "says"),
    [
        ([], "requests: List should have at least 1 item after validation, not 0"),
        (
            [*items(1), *items(1)],
            "requests: custom_id's must be unique within a batch. Duplicate custom_id found: q-0",
        ),
        ([{"params": params()}], "requests.0.custom_id: Field required"),
        ([{"custom_id": "a"}], "requests.0.params: Field required"),
        (
            [{"custom_id": "a b", "params": params()}],
            "requests.0.custom_id: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'",
        ),
        (
            [{"custom_id": "a" * 65, "params": params()}],
            "requests.0.custom_id: String should have at most 64 characters",
        ),
        ([{"custom_id": 5, "params": params()}], "requests.0.custom_id: Input should be a valid string"),
        (
            [{"custom_id": "a", "params": params(), "x": 1}],
            "requests.0.x: Extra inputs are not permitted",
        ),
        ("no list", "requests: Input should be a valid list"),
        (
            [{"custom_id": "a", "params": {}}] * 100_001,
            "requests: List should have at most 100000 items after validation, not 100001",
        ),
    ],
    ids=["none", "twice", "no id", "no params", "space", "long", "number", "more", "text", "many"],
)
def test_create_refuses(emulator, requests, says):
    """Names and numbers are checked when the batch is made, in the words of the API."""
    answer = httpx.post(f"{emulator.url}{PATH}", headers=HEADERS, json={"requests": requests})

    assert answer.status_code == 400
    assert answer.json()["error"] == {"type": "invalid_request_error", "message": says}


def test_create_refuses_more_than_256_mb(emulator):
    """413 by the announced length, before anything is read."""
    connection = http.client.HTTPConnection(emulator.url.removeprefix("http://"))
    connection.putrequest("POST", PATH)
    announced = {"content-type": "application/json", "content-length": str(256 * 2**20 + 1)}
    for name, value in {**HEADERS, **announced}.items():
        connection.putheader(name, value)
    connection.endheaders()

    answer = connection.getresponse()
    kind = json.loads(answer.read())["error"]["type"]
    answer.close()
    connection.close()

    assert (answer.status, kind) == (413, "request_too_large")


@pytest.mark.parametrize(
    ("method", "tail", "status"),
    [
        ("GET", "", 404),
        ("GET", "/results", 404),
        ("POST", "/cancel", 404),
        ("DELETE", "", 404),
        ("PUT", "", 405),
        ("GET", "/nothing", 404),
    ],
)
def test_an_unknown_batch_is_a_404(emulator, method, tail, status):
    """In the API's shape on every route."""
    answer = httpx.request(method, f"{emulator.url}{PATH}/msgbatch_none{tail}", headers=HEADERS)

    assert answer.status_code == status
    assert answer.json()["type"] == "error"


def test_a_batch_in_progress_cannot_be_deleted(call):
    """It is to be canceled first."""
    caller = call(batch_s=1000)
    name = caller.made(items(1))

    answer = caller.http.delete(f"{PATH}/{name}")

    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("In progress batches cannot be deleted")


def test_an_ended_batch_cannot_be_canceled(call):
    """There is nothing left to stop."""
    caller = call()
    name = caller.made(items(1))
    caller.ended(name)

    assert caller.http.post(f"{PATH}/{name}/cancel").status_code == 400


def test_another_workspace_sees_nothing(call):
    """One key, one workspace."""
    caller = call()
    name = caller.made(items(1))

    with httpx.Client(base_url=caller.running.url, headers={**HEADERS, "x-api-key": "other"}) as other:
        status = other.get(f"{PATH}/{name}").status_code
        listed = other.get(PATH).json()["data"]

    assert (status, listed) == (404, [])


def test_the_list_has_pages_newest_first(call):
    """Walked forwards by `after_id` and back by `before_id`."""
    caller = call()
    names = [caller.made(items(1)) for _ in range(5)][::-1]

    first = caller.http.get(PATH, params={"limit": 2}).json()
    second = caller.http.get(PATH, params={"limit": 2, "after_id": first["last_id"]}).json()
    back = caller.http.get(PATH, params={"limit": 2, "before_id": second["first_id"]}).json()

    assert [batch["id"] for batch in first["data"] + second["data"]] == names[:4]
    assert (first["has_more"], first["first_id"]) == (True, names[0])
    assert [batch["id"] for batch in back["data"]] == names[:2]


# --- money -----------------------------------------------------------------------------------------------


def test_batches_are_billed_apart(call):
    """The price is half, so the ledger keeps their tokens apart from those of messages."""
    caller = call()
    caller.ended(caller.made(items(3)))
    caller.http.post("/v1/messages", json=params())

    ledger = caller.running.ledger()

    assert (ledger["billed"], ledger["batch"]["billed"]) == (1, 3)
    assert ledger["batch"]["tokens"]["output_tokens"] > 0
    assert ledger["by_path"][f"{PATH}/ID"] > 0


def test_items_share_the_prompt_cache(call):
    """The first writes a prefix, the others read it; a live request reads it as well."""
    system = [
        {
            "type": "text",
            "text": "Guide. " * 6000,
            "cache_control": {"type": "ephemeral", "ttl": "1h"},
        }
    ]
    caller = call()
    name = caller.made(items(3, system=system))
    caller.ended(name)

    usages = [result["message"]["usage"] for result in caller.results(name).values()]
    live = caller.http.post("/v1/messages", json=params(system=system)).json()["usage"]

    assert sorted(usage["cache_read_input_tokens"] > 0 for usage in usages) == [False, True, True]
    assert live["cache_read_input_tokens"] > 4096


# --- over a restart --------------------------------------------------------------------------------------


def start_process(folder, seconds):
    code = (
        "import sys; from workbench import emulator; "
        "emulator.serve(0, data=sys.argv[1], batch_s=float(sys.argv[2]))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(folder), str(seconds)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    return process, process.stdout.readline().strip().removeprefix("listening on ")


def stop_process(process, number):
    os.kill(process.pid, number)
    process.wait()
    process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["kill -9", "stop"])
def test_a_batch_goes_on_after_a_restart(tmp_path, call, number):
    """In its middle or not: nothing acknowledged is lost, nothing answered is answered again."""
    process, url = start_process(tmp_path, 3000)
    caller = call(url)
    name, done = caller.made(items(300)), caller.made(items(2))
    canceled = caller.made(items(4))
    caller.http.post(f"{PATH}/{canceled}/cancel")
    caller.ended(canceled)
    journal = tmp_path / f"{name}.results.jsonl"
    stop_process(process, number)
    before = journal.read_bytes() if journal.exists() else b""

    process, url = start_process(tmp_path, 0)
    caller = call(url)
    try:
        results = (caller.ended(name), caller.results(name))
        assert results[0]["request_counts"]["succeeded"] == len(results[1]) == 300
        assert journal.read_bytes().startswith(before)
        assert caller.ended(done)["request_counts"]["succeeded"] == 2
        assert caller.get(canceled)["request_counts"]["canceled"] == 4
        assert caller.http.get("/_emulator/ledger").json()["batch"]["billed"] == 302
    finally:
        stop_process(process, signal.SIGKILL)


def test_a_deleted_batch_stays_deleted(tmp_path, call):
    """What it cost is still counted after the restart."""
    caller = call(data=tmp_path)
    name = caller.made(items(2))
    caller.ended(name)
    caller.http.delete(f"{PATH}/{name}")
    caller.running.stop()

    again = call(data=tmp_path)

    assert again.http.get(f"{PATH}/{name}").status_code == 404
    assert again.running.ledger()["batch"]["billed"] == 2
    assert not list(tmp_path.glob("*.jsonl"))


def test_two_emulators_do_not_share_a_folder(tmp_path, start_emulator):
    """The second one says so and does not start."""
    start_emulator(data=tmp_path)

    with pytest.raises(JournalError, match="in use"):
        start_emulator(data=tmp_path)


def test_a_create_that_was_never_answered_leaves_nothing(tmp_path, call):
    """Requests without a state are what a kill in the middle of a create leaves."""
    (tmp_path / "msgbatch_01dead.requests.jsonl").write_bytes(b"{}\n")

    caller = call(data=tmp_path)

    assert caller.http.get(PATH).json()["data"] == []
    assert not (tmp_path / "msgbatch_01dead.requests.jsonl").exists()
