"""Faults of the emulator: chosen by name, rate and seed, and counted for what they were."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from workbench import emulator
from workbench.cli import main
from workbench.emulator.faults import FAULTS, Faults, listing
from workbench.errors import UsageError

HEADERS = {"x-api-key": "k", "anthropic-version": "2026-10-21"}


def body(n: int = 0, **fields) -> dict[str, Any]:
    """A request of its own for every number."""
    return {
        "model": "claude-haiku-4-5",
        "max_tokens": 20,
        "messages": [{"role": "user", "content": f"{n}"}],
        **fields,
    }


def post(url: str, n: int = 0, **fields) -> httpx.Response:
    """Ask once."""
    return httpx.post(f"{url}/v1/messages", json=body(n, **fields), headers=HEADERS)


# --- which requests ----------------------------------------------------------------------------------


def hits(faults: Faults, ns: range) -> list[int]:
    """Numbers of the requests that get a fault."""
    return [n for n in ns if faults.draw(body(n)) is not None]


def test_the_same_seed_hits_the_same_requests_in_any_order():
    """So that a failure can be had again, whatever came first on the wire."""
    one, other = Faults("http_529:0.3", seed=7), Faults("http_529:0.3", seed=7)

    assert hits(one, range(100)) == sorted(hits(other, range(99, -1, -1)))


def test_another_seed_hits_others():
    """And a rate is a rate."""
    one, other = (hits(Faults("http_529:0.3", seed=seed), range(400)) for seed in (1, 2))

    assert one != other
    assert 80 < len(one) < 160
    assert 80 < len(other) < 160


def test_a_request_that_comes_again_is_drawn_again():
    """Else a retry could never get over a fault."""
    faults = Faults("http_529:0.5")

    assert len({faults.draw(body()) is None for _ in range(30)}) == 2


def test_a_fault_may_hit_the_first_requests_of_a_body_only():
    """NAME:RATE:TIMES; streamed or not, it is the same body."""
    faults = Faults("http_529:1:2")

    assert [faults.draw(body(stream=bool(n % 2))) is not None for n in range(4)] == [True, True, False, False]


def test_faults_of_streams_hit_streams_only():
    """And those of plain bodies plain requests."""
    faults = Faults(["stream_fin_mid", "json_null"])

    drawn = [faults.draw(body(stream=streams)) for streams in (True, False)]
    assert [one.fault.name for one in drawn if one] == ["stream_fin_mid", "json_null"]


def test_rates_may_be_given_by_name():
    """As a dictionary, for tests."""
    assert [wanted.rate for wanted in Faults({"http_529": 0.25, "bom": 1}).wanted] == [0.25, 1.0]


def test_a_storm_refuses_all_for_its_time():
    """From the first request on, not from the start of the server."""
    now = [100.0]
    faults = Faults(storm="1:10:529", clock=lambda: now[0])

    seen = []
    for now[0] in (500.0, 500.9, 501.0, 510.9, 511.0):
        drawn = faults.draw(body())
        seen.append(drawn.fault.name if drawn else None)

    assert seen == [None, None, "http_529", "http_529", None]


@pytest.mark.parametrize(
    ("faults", "says"),
    [
        ("stream_fin_middle", "did you mean 'stream_fin_mid'"),
        ("http_200", "no fault 'http_200'"),
        ("http_529:2", "not NAME:RATE"),
        ("http_529:often", "not NAME:RATE"),
        ("http_529:nan", "not NAME:RATE"),
        ("http_529:1:0", "not NAME:RATE"),
        ("http_529:1:1:1", "not NAME:RATE"),
    ],
)
def test_what_is_no_fault_is_refused(faults, says):
    """With the nearest name, or the form."""
    with pytest.raises(UsageError, match=says):
        Faults(faults)


@pytest.mark.parametrize("storm", ["0:10", "a:b:c", "0:10:200", "0:-1:529", "0:nan:529"])
def test_what_is_no_storm_is_refused(storm):
    """With the form and an example."""
    with pytest.raises(UsageError, match="0:10:529"):
        Faults(storm=storm)


# --- what is counted ---------------------------------------------------------------------------------


def test_every_fault_is_counted_by_its_name(start_emulator):
    """Beside what was billed and what went out whole."""
    running = start_emulator(faults=["http_503:1:1", "json_null:1:2"])

    statuses = [post(running.url).status_code for _ in range(3)]

    now = running.ledger()
    assert statuses == [503, 200, 200]
    assert now["faults"] == {"http_503": 1, "json_null": 1}
    assert (now["billed"], now["answered_in_full"]) == (2, 1)


def test_what_is_billed_twice_shows(start_emulator):
    """The same body, streamed or not, charged more than once."""
    running = start_emulator()
    for n in (1, 1, 2):
        post(running.url, n)
    post(running.url, 1, stream=True)

    now = running.ledger()

    assert (now["billed"], now["billed_bodies"], now["billed_again"]) == (4, 2, 1)


@pytest.mark.parametrize("name", sorted(name for name, fault in FAULTS.items() if fault.answers))
def test_a_fault_that_answers_is_billed_and_whole(start_emulator, name):
    """A body that arrives to its last byte counts as answered."""
    streams = FAULTS[name].applies == "stream"
    running = start_emulator(faults=name)

    assert post(running.url, stream=streams).status_code == 200

    now = running.ledger()
    assert (now["billed"], now["answered_in_full"], now["faults"]) == (1, 1, {name: 1})


def test_a_refused_request_meets_no_fault(start_emulator):
    """What the API would refuse is refused: a fault needs a request."""
    running = start_emulator(faults="http_529")

    assert post(running.url, max_tokens=0.5).status_code == 400
    assert httpx.get(f"{running.url}/v1/models", headers=HEADERS).status_code == 200
    assert running.ledger()["faults"] == {}


def test_a_fault_keeps_the_headers_of_the_api(start_emulator):
    """Request id, and who answers."""
    running = start_emulator(faults="empty_200")

    headers = post(running.url).headers

    assert headers["request-id"].startswith("req_01")
    assert headers["x-workbench-emulator"] == "1"


def test_early_hints_come_before_the_answer(start_emulator):
    """Bytes beneath HTTP: a 103, then the 200."""
    running = start_emulator(faults="early_hints")
    place = urlsplit(running.url)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=5)
    connection.request(
        "POST", "/v1/messages", json.dumps(body()), {**HEADERS, "content-type": "application/json"}
    )
    first = connection.sock.recv(65536)
    connection.close()

    assert first.startswith(b"HTTP/1.1 103 Early Hints\r\n")


def test_a_server_with_faults_stops_cleanly(tmp_path):
    """Nothing on stderr for what was asked for, whatever the faults did to connections."""
    code = (
        "import httpx, sys\n"
        "from workbench import emulator\n"
        "from tests.test_emulator_faults import post\n"
        "for name in ('reset_before_response', 'close_no_response', 'truncated_json', 'bad_chunk'):\n"
        "    with emulator.start_in_thread(faults=name) as running:\n"
        "        try: post(running.url)\n"
        "        except httpx.HTTPError: print(name)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True
    )

    assert done.stdout.split() == [
        "reset_before_response",
        "close_no_response",
        "truncated_json",
        "bad_chunk",
    ]
    assert done.stderr == ""


# --- the command line --------------------------------------------------------------------------------


def test_serve_lists_its_faults(capsys):
    """Each with a sentence."""
    with pytest.raises(SystemExit) as stop:
        main(["serve", "--fault", "list"])

    out = capsys.readouterr().out
    assert stop.value.code == 0
    assert out.strip() == listing()
    assert all(name in out and fault.says.endswith(".") for name, fault in FAULTS.items())


def test_serve_refuses_a_fault_it_does_not_know(capsys):
    """Exit code 2, a line, before anything listens."""
    with pytest.raises(SystemExit) as stop:
        main(["serve", "--fault", "http_529:0.1", "--fault", "stream_ressed_mid"])

    assert stop.value.code == 2
    assert "did you mean 'stream_reset_mid'" in capsys.readouterr().err


def test_serve_injects_by_name_rate_and_seed():
    """The same options from the command line."""
    words = ["serve", "--port", "0", "--fault", "http_418:0.5", "--seed", "3", "--storm", "3600:1:529"]
    with subprocess.Popen(
        [sys.executable, "-c", "from workbench.cli import main; main()", *words],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip().removeprefix("listening on ")
            statuses = [post(url, n).status_code for n in range(12)]
        finally:
            process.terminate()

    expected = Faults("http_418:0.5", seed=3)
    assert statuses == [418 if expected.draw(body(n)) else 200 for n in range(12)]


def test_an_emulator_without_faults_draws_none():
    """Nothing is counted, nothing is kept."""
    assert not emulator.Emulator().faults
