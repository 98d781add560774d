"""Faults that want to be big: what a client, alone in its process, takes to refuse or read them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from workbench import emulator as emulators
from workbench.emulator.faults import Faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.emulator import Running

MEASURED = """
import json, re, sys, time
from pathlib import Path
from workbench.client import Client
from workbench.errors import APIError

def peak_mb():
    # not ru_maxrss: that begins with what the parent had
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024

url, streams = sys.argv[1], sys.argv[2] == "True"
body = {"model": "claude-haiku-4-5", "max_tokens": 40, "stream": streams}
with Client(base_url=url, store=False, max_retries=0) as client:
    client.send({**body, "messages": ["Warm up"]})
    before, began = peak_mb(), time.process_time()
    try:
        client.send({**body, "messages": ["Now"]})
        ended = "answer"
    except APIError as error:
        ended = type(error).__name__
    print(json.dumps([ended, peak_mb() - before, time.process_time() - began]))
"""


class Once(Faults):
    """A fault for the second request only: the first warms the client up."""

    def draw(self, body: dict[str, Any]) -> Any:
        """Let the warm-up pass."""
        return None if body["messages"][0]["content"] == "Warm up" else super().draw(body)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """One emulator, in this process: the client's memory is its own."""
    with emulators.start_in_thread() as made:
        yield made


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not tell the peak")
@pytest.mark.parametrize(
    ("name", "streams", "ended", "most_mb"),
    [
        ("header_bomb", False, "APIConnectionError", 50),
        ("huge_body", False, "answer", 100),
        ("gzip_bomb", False, "APIResponseValidationError", 100),
        ("stream_giant_line", True, "StreamProtocolError", 100),
        ("stream_endless_event", True, "StreamProtocolError", 100),
    ],
)
def test_what_is_huge_takes_little(running, name, streams, ended, most_mb):
    """16 and 256 MiB: so much memory at most, and no time to speak of."""
    running.app.faults = Once(name)
    words = [sys.executable, "-c", MEASURED, running.url, str(streams)]

    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)

    how, grown_mb, cpu_s = json.loads(done.stdout)
    assert how == ended
    assert grown_mb <= most_mb
    assert cpu_s < 20
