"""Who sends is told when an answer begins, and of attempts that may have been charged for nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from tests import faults
from tests.faults import FaultServer, error, events, http, say, sse
from workbench import sync
from workbench.errors import APIError, IncompleteError
from workbench.platforms import resolve
from workbench.transport import Limits, Transport
from workbench.wire import Request

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUEST = Request.model_validate({"model": "claude-haiku-4-5", "max_tokens": 9, "messages": ["Hi"]})
STREAMED = REQUEST.with_(stream=True)
GOOD = sse(events("Hel", "lo."))
RESET = say(b"", then="reset")


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    """One server for the module; each test scripts it."""
    with FaultServer() as running:
        yield running


class Noted:
    """Writes down what it is told."""

    def __init__(self, *, again: bool = True) -> None:
        self.told: list[str] = []
        self.on_wire = False
        self._again = again

    def sends(self) -> None:
        self.on_wire = True

    def waits(self) -> None:
        self.on_wire = False

    def began(self) -> None:
        assert self.on_wire
        self.told.append("began")

    def lost(self) -> bool:
        self.told.append("lost")
        return self._again

    async def again(self) -> None:
        self.told.append("again")
        raise IncompleteError("no money")


def send(
    server: FaultServer, watch: Noted, *acts: Any, request: Request = REQUEST, total_s: float = 5
) -> Any:
    """Send one request that *watch* follows; return the reply, or the error."""
    server.script(*acts)

    async def pause(_seconds: float) -> None:
        await asyncio.sleep(0)

    async def go() -> Any:
        limits = Limits(connect_s=1, idle_s=0.3, stream_idle_s=0.3, total_s=total_s)
        endpoint = resolve(base_url=server.url, api_key="k", environ={})
        out = Transport(endpoint, limits=limits, pause=pause)
        try:
            return await out.send(request, watch=watch)
        except APIError as failed:
            return failed
        finally:
            await out.aclose()

    return sync.run(go())


@pytest.mark.parametrize(
    ("request_", "act"),
    [(REQUEST, http(faults.MESSAGE)), (STREAMED, GOOD)],
    ids=["plain", "streamed"],
)
def test_the_beginning_is_told_once(server, request_, act):
    """However many attempts and events it takes."""
    watch = Noted()

    reply = send(server, watch, error(529), act, request=request_)

    assert (reply.text, watch.told, reply.timing.lost) == ("Hello.", ["began"], 0)


def test_a_refusal_is_no_beginning(server):
    """An error status comes with a head too."""
    watch = Noted()

    send(server, watch, error(400))

    assert watch.told == []


def test_a_lost_attempt_is_told_and_counted(server):
    """The reply says how many attempts before it may have been charged."""
    watch = Noted()

    reply = send(server, watch, RESET, RESET, http(faults.MESSAGE))

    assert (watch.told, reply.timing.lost, reply.timing.attempts) == (["lost", "lost", "began"], 2, 3)


def test_the_watch_may_stop_the_retries(server):
    """Where another charge can never be borne there is no other attempt."""
    watch = Noted(again=False)

    with pytest.raises(IncompleteError, match="no money") as stopped:
        send(server, watch, RESET, http(faults.MESSAGE))

    assert (watch.told, server.hits) == (["lost", "again"], 1)
    assert stopped.value.__suppress_context__  # beneath it lie frames that hold the key


def test_the_last_attempt_is_told_too(server):
    """Four attempts broke, four may have been charged."""
    watch = Noted()

    failed = send(server, watch, *[RESET] * 4)

    assert (watch.told, failed.lost) == (["lost"] * 4, 4)


def test_a_call_out_of_time_was_perhaps_charged(server):
    """The deadline cuts the attempt that is on its way."""
    watch = Noted()

    failed = send(server, watch, say(b"", then="hang"), total_s=0.1)

    assert (watch.told, failed.lost) == (["lost"], 1)
