"""The emulator as a process and on a thread."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest

from workbench import emulator
from workbench.errors import UsageError

HEADERS = {"x-api-key": "k", "anthropic-version": "2026-10-21"}


@pytest.fixture
def process():
    started = subprocess.Popen(
        [sys.executable, "-c", "from workbench import emulator; emulator.serve(0)"],
        stdout=subprocess.PIPE,
        text=True,
    )
    yield started
    started.kill()
    started.wait()
    if started.stdout:
        started.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_says_when_it_is_ready_and_stops_cleanly(process, number):
    """One line on stdout, answers at once, exit 0 on SIGTERM and SIGINT."""
    line = process.stdout.readline()
    url = line.strip().removeprefix("listening on ")

    status = httpx.get(f"{url}/v1/models", headers=HEADERS).status_code
    process.send_signal(number)

    assert line.startswith("listening on http://127.0.0.1:")
    assert status == 200
    assert process.wait(timeout=10) == 0


def test_a_taken_port_is_one_clear_line():
    """The cure is in the message."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        with pytest.raises(UsageError, match="port 0 picks a free one"):
            emulator.start_in_thread(port=taken.getsockname()[1])


@pytest.mark.parametrize("latency", ["fast", "1,2,3", "-1", "nan"])
def test_a_latency_that_is_none_is_refused(latency):
    """Before anything is started."""
    with pytest.raises(UsageError, match="latency"):
        emulator.Emulator(latency=latency)


def test_on_a_thread_it_is_ready_when_start_returns():
    """No polling on the caller's side; half a second is usual, five would be a fault."""
    emulator.start_in_thread().stop()
    begun = time.monotonic()

    with emulator.start_in_thread() as running:
        ready = time.monotonic() - begun
        status = httpx.get(f"{running.url}/v1/models", headers=HEADERS).status_code

    assert ready < 5
    assert status == 200


def test_stopping_closes_the_port():
    """Nothing listens after stop."""
    running = emulator.start_in_thread()
    running.stop()

    with pytest.raises(httpx.ConnectError):
        httpx.get(running.url)


def test_it_listens_on_loopback_only(emulator):
    """Not on 0.0.0.0."""
    assert emulator.url.startswith("http://127.0.0.1:")


def test_importing_the_package_loads_no_server():
    """Most work needs no starlette and no uvicorn."""
    code = "import sys, workbench.emulator; print('uvicorn' in sys.modules or 'starlette' in sys.modules)"

    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert out.strip() == "False"
