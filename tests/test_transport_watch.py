"""Who sends is told when an answer begins, and of attempts that may have been charged for nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from tests import faults
from tests.faults import FaultServer, error, events, http, say, sse
from tests.sending import REQUEST
from tests.service import Limit, Service, request, transport
from tests.virtual import run
from workbench import sync
from workbench.errors import APIError, IncompleteError
from workbench.platforms import resolve
from workbench.transport import Limits, Onlooker, Transport

if TYPE_CHECKING:
    from workbench.transport import Watch
    from workbench.wire import Request

server = faults.server

STREAMED = REQUEST.with_(stream=True)
GOOD = sse(events("Hel", "lo."))
RESET = say(b"", then="reset")


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


# --- streams, and whoever looks on -----------------------------------------------------------------------


class Looker(Onlooker):
    """Writes down what an onlooker is told."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def sends(self) -> None:
        self.told.append(("sends",))

    def waits(self) -> None:
        self.told.append(("waits",))

    def began(self) -> None:
        self.told.append(("began",))

    def held(self, why: str) -> None:
        self.told.append(("held", why))

    def missed(self, said: str, wait_s: float) -> None:
        self.told.append(("missed", said, wait_s))


def stream(server: FaultServer, watch: Watch, *acts: Any) -> Any:
    """Stream one answer that *watch* follows."""
    server.script(*acts)

    async def pause(_seconds: float) -> None:
        await asyncio.sleep(0)

    async def go() -> Any:
        endpoint = resolve(base_url=server.url, api_key="k", environ={})
        out = Transport(endpoint, limits=Limits(stream_idle_s=0.3), pause=pause, jitter=lambda: 0.0)
        try:
            return await out.stream(REQUEST, lambda _events: None, watch=watch)
        finally:
            await out.aclose()

    return sync.run(go())


def test_a_stream_is_watched_like_any_call(server):
    """What it may have cost for nothing is told, and its beginning, once."""
    watch = Noted()

    reply = stream(server, watch, RESET, GOOD)

    assert (reply.text, watch.told, reply.timing.lost) == ("Hello.", ["lost", "began"], 1)


def test_an_onlooker_is_told_why_an_attempt_failed_and_when_the_next_is_due(server):
    """Status, the service's words and seconds; then that nothing is on its way."""
    watch = Looker()

    stream(server, watch, error(429, "rate_limit_error", retry_after="7"), GOOD)

    sent, missed, waits, *_, again, began = watch.told
    assert (sent, waits, again, began) == (("sends",), ("waits",), ("sends",), ("began",))
    assert missed[0] == "missed"
    assert missed[1].startswith("429 rate_limit_error")
    assert "\0" not in missed[1]
    assert missed[2] == 7


def test_an_onlooker_bears_every_charge():
    """It only looks: nothing waits for it."""
    watch = Onlooker()
    watch.sends()
    watch.waits()
    watch.began()
    watch.held("")
    watch.missed("", 0)

    assert watch.lost()
    asyncio.run(watch.again())


def test_all_who_wait_in_one_line_are_told_what_holds_up_its_first():
    """Whose limit it is, and only while they wait; who joins later is told at once."""
    service = Service({"requests": Limit(60, 3)})
    looking = [Looker() for _ in range(4)]

    async def go() -> int:
        out = transport(service)
        await out.send(request(0))
        first = [asyncio.create_task(out.send(request(n + 1), watch=looking[n])) for n in range(3)]
        await asyncio.sleep(0.2)
        late = asyncio.create_task(out.send(request(4), watch=looking[3]))
        await asyncio.sleep(0.1)
        late.cancel()
        await asyncio.gather(*first)
        return out.pace.waiting

    assert run(go()) == 0
    said = ("held", "limited by requests per minute of haiku-4.5")
    assert [said in one.told for one in looking] == [False, True, True, True]
    assert looking[0].told == [("sends",), ("began",)]
    assert [one for one in looking[2].told if one != ("held", "")] == [said, ("sends",), ("began",)]
    assert looking[3].told == [said]


def test_what_holds_a_line_up_is_forgotten_with_its_last_call():
    """A later call that has to wait begins with nothing known."""
    service = Service({"requests": Limit(60, 1)})
    looking = [Looker(), Looker()]

    async def go() -> None:
        out = transport(service)
        await out.send(request(0))
        for number, watch in enumerate(looking):
            await out.send(request(number + 1), watch=watch)

    run(go())

    assert [one.told[0] for one in looking] == [("held", "")] * 2
