"""Keeping prefixes warm: what is sent, when it pays, who is to come, and that every cent of it is counted."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from workbench.client import Client
from workbench.dataset import Dataset
from workbench.emulator import prompt_cache, start_in_thread
from workbench.errors import BadRequestError, IncompleteError, InternalServerError
from workbench.evaluation import Eval
from workbench.journal import Journal
from workbench.prompt import Prompt
from workbench.reply import Reply
from workbench.run import Run, RunInfo, Warmed, recall, settle
from workbench.runner import Purse, keeper, prefixes
from workbench.runner.ahead import Ahead
from workbench.runner.commit import Committer
from workbench.runner.keeper import Keeper
from workbench.runner.lease import Desk
from workbench.runner.slots import Slots
from workbench.runner.warm import MOST_REFRESHES, prewarm_pays, refresh_pays, warming
from workbench.tokens import prefix_keys, prefix_tokens
from workbench.wire import Message, Request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping
    from pathlib import Path

    from workbench.emulator.server import Running
    from workbench.runner import Permit

LONG = "All work and no play makes Jack a dull boy. " * 1800
MARK = {"type": "ephemeral"}
DAY = date(2026, 11, 22)


def ask(text: str, *, system: str = LONG, ttl: str = "5m", **fields: Any) -> Request:
    """Return a request whose system prompt ends in a breakpoint."""
    block = {"type": "text", "text": system, "cache_control": {"type": "ephemeral", "ttl": ttl}}
    return Request(
        **{"model": "claude-haiku-4-5", "max_tokens": 9, "system": [block], "messages": [text], **fields}
    )


def about(document: str, question: str, **fields: Any) -> Request:
    """Return a request with a marked document between the system prompt and the question."""
    text = {"type": "text", "text": document * 3000, "cache_control": MARK}
    return ask(
        "",
        messages=[{"role": "user", "content": [text, {"type": "text", "text": question}]}],
        **fields,
    )


def key_at(request: Request, place: int) -> str:
    """Return the key of the prefix up to a position."""
    return prefix_keys(request, prefix_tokens(request))[place]


# --- what is sent ------------------------------------------------------------------------------------


def test_a_warming_request_ends_behind_the_prefix():
    """What follows is left out: it would be paid for, and wrote what nobody reads."""
    request = ask("A question " * 500, stream=True, temperature=0.5)

    found = warming(request, key_at(request, 0))

    assert found is not None
    assert found.request.wire() == {
        **ask(".").wire(),
        "max_tokens": 0,
        "temperature": 0.5,
    }
    assert (found.keys, found.ttl) == ((key_at(request, 0),), "5m")
    assert found.rest < 20


def test_a_prefix_within_the_messages_keeps_what_stands_before_it():
    """One read of the longer prefix keeps the shorter one too."""
    request = about("apples ", "Which are red?")

    found = warming(request, key_at(request, 1))

    assert found is not None
    (turn,) = found.request.messages
    assert [getattr(block, "text", None) for block in turn.blocks] == ["apples " * 3000]
    assert found.keys == (key_at(request, 0), key_at(request, 1))
    assert found.rest == 0


def test_thinking_and_effort_stay():
    """An entry belongs to them too."""
    fields = {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}
    request = about("pears ", "Which?", model="claude-opus-4-6", **fields)

    found = warming(request, key_at(request, 1))

    assert found is not None
    assert {name: found.request.wire()[name] for name in fields} == fields


def test_what_decides_from_behind_the_cut_forbids_it():
    """Citations of a document change how the system prompt is cached: without it that is another entry."""
    source = {"type": "text", "media_type": "text/plain", "data": "Grass is green."}
    cited = {"type": "document", "source": source, "citations": {"enabled": True}}
    request = ask("", messages=[{"role": "user", "content": [cited, {"type": "text", "text": "?"}]}])

    assert warming(request, key_at(request, 0)) is None


def test_a_prefix_of_another_request_is_none():
    """It does not begin so."""
    assert warming(ask("one"), key_at(ask("one", system=f"{LONG}!"), 0)) is None


# --- when it pays ------------------------------------------------------------------------------------


def refreshed(request: Request, times: int) -> bool:
    """Return whether one more refresh of the system prompt pays."""
    found = warming(request, key_at(request, 0))
    assert found is not None
    return refresh_pays(found, times, at=DAY)


@pytest.mark.parametrize(
    ("request_", "times", "pays"),
    [
        (ask("?"), 0, True),
        (ask("?"), MOST_REFRESHES - 1, True),
        (ask("?"), MOST_REFRESHES, False),
        (ask("?", ttl="1h"), 0, True),
        (ask("?", model="my-own-model"), 0, False),
        (ask("?", system="Be brief."), 0, False),
    ],
    ids=["the first", "the tenth", "the eleventh", "an hour", "no price", "too short to be cached"],
)
def test_when_a_refresh_pays(request_, times, pays):
    """A tenth of the input price against 1.25 of it: ten times, then the entry is given up."""
    assert refreshed(request_, times) is pays


@pytest.mark.parametrize(
    ("request_", "way", "pays"),
    [
        (ask("?"), {"streamed": True, "batch": False}, False),
        (ask("?"), {"streamed": False, "batch": False}, True),
        (ask("?", model="my-own-model"), {"streamed": False, "batch": False}, False),
        (ask("?", system="Be brief."), {"streamed": False, "batch": False}, False),
        (ask("?", system="", messages=[LONG]), {"streamed": False, "batch": False}, False),
        (ask("?", ttl="1h"), {"streamed": False, "batch": True, "output_tokens": 500}, True),
        (ask("?", ttl="1h"), {"streamed": False, "batch": True, "output_tokens": 300}, False),
        (ask("?", ttl="1h", max_tokens=8000), {"streamed": True, "batch": True}, True),
    ],
    ids=[
        "streamed",
        "not streamed",
        "no price",
        "too short",
        "nothing shared",
        "batch, long answers",
        "batch, short answers",
        "batch, long answers allowed",
    ],
)
def test_when_a_pre_warm_pays(request_, way, pays):
    """Where the leader shows nothing before its end; in a batch where half of it costs more than a read.

    A prefix of 19,890 tokens is read in a batch for $0.00099; half of an answer of so many tokens costs as
    much from 398 of them on.
    """
    assert prewarm_pays(request_, **way, at=DAY) is pays


# --- who is to come ----------------------------------------------------------------------------------


def study(n: int, *, epochs: int = 1, **fields: Any) -> Eval:
    """Return a study whose samples share a system prompt."""
    block = {"type": "text", "text": LONG, "cache_control": MARK}
    prompt = Prompt(
        "{{input}}", **{"model": "claude-haiku-4-5", "max_tokens": 20, "system": [block], **fields}
    )
    rows = [{"input": f"Say {i}."} for i in range(n)]
    return Eval("slow", dataset=Dataset.load(rows), variants=prompt, scorers=[], epochs=epochs)


def ahead_of(evaluation: Eval) -> Ahead:
    """Return what is to come of a study."""
    ahead = Ahead()
    ahead.fill(evaluation.trials())
    return ahead


def test_a_trial_is_to_come_until_it_is_gone():
    """Also while it waits for its turn, its money, its slot."""
    ahead = ahead_of(study(3))
    key = key_at(ask("any"), 0)

    first = next(ahead)
    counts = [ahead.readers(key)]
    ahead.gone(first.index)
    counts.append(ahead.readers(key))
    for trial in ahead:
        ahead.gone(trial.index)

    assert [*counts, ahead.readers(key), ahead.reader(key)] == [3, 2, 0, None]


def test_nobody_is_to_come_before_the_trials_are_known():
    """And looking ahead loses none of them."""
    ahead, key = Ahead(), key_at(ask("any"), 0)

    before = ahead.readers(key)
    ahead.fill(study(200).trials())

    assert (before, ahead.readers(key) > 100) == (0, True)
    assert [trial.index for trial in ahead] == list(range(200))


# --- keeping, with a clock that stands -----------------------------------------------------------------


class Clock:
    """Stands still until it is told to go."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


USAGE = {"input_tokens": 8, "output_tokens": 0, "cache_read_input_tokens": 19_890}


class Service:
    """Answers warm-ups, or fails as it is told."""

    def __init__(self, error: Exception | None = None, usage: Any = None) -> None:
        self.asked: list[Request] = []
        self.error = error
        self.usage = usage or USAGE
        self.allowed = True

    def may_warm(self, request: Request) -> bool:
        assert request.max_tokens == 0
        return self.allowed

    async def warm(self, request: Request, *, permit: Permit) -> Reply:
        async with permit(request) as lease:
            lease.sends()
            self.asked.append(request)
            if self.error is not None:
                raise self.error
            body = {"id": "m", "model": request.model, "content": [], "stop_reason": "max_tokens"}
            reply = Reply(request, Message.model_validate({**body, "role": "assistant", "usage": self.usage}))
            lease.answered(reply)
            return reply


class Keeping:
    """A keeper, its clock, and the prefixes of a study of which nothing is sent yet."""

    def __init__(
        self, journal: Journal, service: Service, ahead: Ahead | None = None, cap: Decimal | None = None
    ) -> None:
        self.clock = Clock()
        self.prefixes = prefixes.Prefixes(self.clock)
        self.service = service
        self.ahead = ahead or ahead_of(study(3))
        self.purse = Purse(cap)
        self.slots = Slots(1)
        self.commits = Committer(journal, lambda _: None)
        self.keeper = Keeper(
            self.prefixes,
            service,
            ahead=self.ahead,
            desk=Desk(self.slots, self.purse, self.prefixes),
            commits=self.commits,
            halted=lambda: False,
        )

    async def written(self, request: Request) -> None:
        """Have a call write what it marks, or read it."""
        turn = await self.prefixes.turn(request)
        assert turn is not None
        turn.began()

    async def after(self, seconds: float) -> int:
        """Let time pass and look; returns how many calls there were so far."""
        self.clock.now += seconds
        await self.keeper.look()
        return len(self.service.asked)


@asynccontextmanager
async def keeping(tmp_path: Path, service: Service | None = None, **options: Any) -> AsyncIterator[Keeping]:
    """Yield a `Keeping` with a journal of its own."""
    with Journal.open(tmp_path / "journal.jsonl") as journal:
        yield Keeping(journal, service or Service(), **options)


def test_an_entry_is_read_once_more_before_it_is_gone(tmp_path):
    """Half a minute before its end, and again a lifetime later; not in between."""

    async def story() -> list[int]:
        async with keeping(tmp_path) as found:
            await found.written(ask("one"))
            return [await found.after(seconds) for seconds in (260, 15, 10, 250, 20)]

    assert asyncio.run(story()) == [0, 1, 1, 1, 2]


def test_what_was_kept_is_read_and_not_written_again(tmp_path):
    """A call that comes a minute after the entry would have been gone."""

    async def story() -> bool:
        async with keeping(tmp_path) as found:
            await found.written(ask("one"))
            await found.after(280)
            found.clock.now += 80
            turn = await found.prefixes.turn(ask("two"))
            return turn is not None and turn.leads

    assert not asyncio.run(story())


def test_nothing_is_kept_for_nobody(tmp_path):
    """Where nothing is to come that would read it."""

    async def story() -> int:
        async with keeping(tmp_path, ahead=ahead_of(study(2, model="claude-sonnet-4-5"))) as found:
            await found.written(ask("one"))
            return await found.after(280)

    assert asyncio.run(story()) == 0


def test_an_entry_that_nobody_reads_is_given_up(tmp_path):
    """After ten refreshes; a call that reads it begins the count anew."""

    async def story() -> list[int]:
        async with keeping(tmp_path) as found:
            await found.written(ask("one"))
            alone = [await found.after(280) for _ in range(9)]
            await found.written(ask("two"))
            return [alone[-1], *[await found.after(280) for _ in range(12)]]

    assert asyncio.run(story()) == [9, *range(10, 20), 19, 19]


def test_an_hour_is_kept_at_its_end(tmp_path):
    """Not every five minutes."""

    async def story() -> list[int]:
        block = {"type": "text", "text": LONG, "cache_control": {"type": "ephemeral", "ttl": "1h"}}
        async with keeping(tmp_path, ahead=ahead_of(study(2, system=[block]))) as found:
            await found.written(ask("one", ttl="1h"))
            return [await found.after(seconds) for seconds in (280, 3000, 300)]

    assert asyncio.run(story()) == [0, 0, 1]


def test_the_longest_prefix_keeps_the_others(tmp_path):
    """One call for a document and the system prompt before it."""
    text = [
        {"type": "text", "text": "{{document}}", "cache_control": MARK},
        {"type": "text", "text": "{{input}}"},
    ]
    block = {"type": "text", "text": LONG, "cache_control": MARK}
    prompt = Prompt(
        [{"role": "user", "content": text}], model="claude-haiku-4-5", max_tokens=9, system=[block]
    )
    rows = [{"document": "apples " * 3000, "input": f"{i}?"} for i in range(3)]
    documents = Eval("d", dataset=Dataset.load(rows), variants=prompt, scorers=[])

    async def story() -> list[bool]:
        async with keeping(tmp_path, ahead=ahead_of(documents)) as found:
            await found.written(about("apples ", "red?"))
            calls = await found.after(280)
            found.clock.now += 100
            turns = [await found.prefixes.turn(one) for one in (about("apples ", "new?"), ask("other"))]
            return [calls == 1, *(turn is not None and not turn.leads for turn in turns)]

    assert asyncio.run(story()) == [True, True, True]


def test_what_the_service_does_not_take_is_not_sent(tmp_path):
    """Nothing is lost by not asking."""

    async def story() -> int:
        service = Service()
        service.allowed = False
        async with keeping(tmp_path, service) as found:
            await found.written(ask("one"))
            return await found.after(280)

    assert asyncio.run(story()) == 0


@pytest.mark.parametrize(
    ("error", "calls"),
    [
        (BadRequestError("no such thing here", status=400), [1, 1]),
        (InternalServerError("out of order", status=500), [1, 2]),
    ],
    ids=["refused: not again", "in trouble: perhaps the next"],
)
def test_errors_of_a_warm_up_end_nothing(tmp_path, error, calls):
    """The entry is gone then, and the next trial writes it."""

    async def story() -> tuple[list[int], int]:
        async with keeping(tmp_path, Service(error)) as found:
            await found.written(ask("one"))
            return [await found.after(seconds) for seconds in (275, 10)], found.keeper.lost

    assert asyncio.run(story()) == (calls, 0)


def test_a_cache_that_nothing_comes_of_is_left_alone(tmp_path):
    """Where an answer says that it neither read nor wrote, there is nothing to keep."""

    async def story() -> list[int]:
        async with keeping(tmp_path, Service(usage={"input_tokens": 20_000, "output_tokens": 0})) as found:
            await found.written(ask("one"))
            return [await found.after(seconds) for seconds in (275, 10)]

    assert asyncio.run(story()) == [1, 1]


def test_a_warm_up_takes_no_money_from_a_trial(tmp_path):
    """What a call in flight may need is not there for it; no waiting, no error."""

    async def story() -> int:
        async with keeping(tmp_path, cap=Decimal("0.03")) as found:
            await found.written(ask("one"))
            await found.purse.reserve(ask("two"))
            return await found.after(280)

    assert asyncio.run(story()) == 0


def test_a_warm_up_needs_no_slot(tmp_path):
    """At one call in flight, and that a long one, it would come too late."""

    async def story() -> int:
        async with keeping(tmp_path) as found:
            await found.slots.take()
            await found.written(ask("one"))
            return await found.after(280)

    assert asyncio.run(story()) == 1


@pytest.mark.parametrize("on_wire", [True, False])
def test_a_warm_up_that_is_cut_off(tmp_path, on_wire):
    """Perhaps paid where it had left; nothing where it waited for its moment."""

    class Hanging(Service):
        def __init__(self) -> None:
            super().__init__()
            self.reached = asyncio.Event()

        async def warm(self, request: Request, *, permit: Permit) -> Reply:
            async with permit(request) as lease:
                if on_wire:
                    lease.sends()
                self.reached.set()
                await asyncio.sleep(60)
            raise AssertionError

    async def story() -> int:
        with Journal.open(tmp_path / "journal.jsonl") as journal:
            service = Hanging()
            found = Keeping(journal, service)
            await found.written(ask("one"))
            found.clock.now += 280
            looking = asyncio.create_task(found.keeper.look())
            await service.reached.wait()
            (call,) = found.keeper.calls
            call.cancel()
            await looking
            await found.commits.flush()
            return found.keeper.lost

    lost = asyncio.run(story())

    assert lost == recall(tmp_path / "journal.jsonl").lost == int(on_wire)


def test_a_warm_up_without_an_end_is_perhaps_paid():
    """With its end it is a paid call; where it was taken back it is nothing."""
    intent: dict[str, Any] = {"type": "intent", "index": None, "key": "k"}
    end: dict[str, Any] = {
        "type": "warm",
        "index": None,
        "variant": "v",
        "model": "claude-haiku-4-5",
        "message": {},
    }

    cut, over, back = (
        settle(each) for each in ([intent], [intent, end], [intent, {**intent, "type": "unsent"}])
    )

    assert (cut.lost, over.lost, back.lost) == (1, 0, 0)
    assert (len(cut.warmed), len(over.warmed)) == (0, 1)


# --- whole runs --------------------------------------------------------------------------------------


@pytest.fixture
def short_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries live a second on both sides."""
    monkeypatch.setitem(prefixes.TTL_S, "5m", 1.0)
    monkeypatch.setitem(prompt_cache.TTL_S, "5m", 1.0)
    monkeypatch.setattr(prefixes, "MARGIN_S", 0.05)
    monkeypatch.setattr(keeper, "LEAD_S", 0.8)


@pytest.fixture
def slow() -> Iterator[Running]:
    """An emulator whose answers take longer than an entry lives: 6 tokens, a quarter of a second each."""
    running = start_in_thread(latency="0.02,0.25")
    yield running
    running.stop()


@pytest.mark.usefixtures("short_lives")
def test_a_slow_group_writes_its_prefix_once(slow, tmp_path):
    """Answers of 1.5 lifetimes, one at a time: the prefix is written once, and every call is on the bill."""
    with Client(base_url=slow.url) as client:
        run = client.run(study(2, max_tokens=6), out=tmp_path / "run", concurrency=1)

        ledger, bill = slow.ledger(), run.receipt()
        prefix = ledger["tokens"]["cache_creation_input_tokens"]
        assert 19_000 < prefix < 21_000
        assert ledger["tokens"]["cache_read_input_tokens"] == prefix * (ledger["billed"] - 1)
        assert (bill.paid_calls, bill.live, bill.perhaps_paid) == (ledger["billed"], 2, 0)
        assert bill.warming == ledger["billed"] - 2 > 0
        assert f"Kept warm by {bill.warming} calls, $" in str(run.cache())
        assert str(Run.load(tmp_path / "run").receipt()) == str(bill)
        assert len(client.store or ()) == len(run) == 2


def test_a_resumed_run_still_counts_them(tmp_path):
    """What the first sitting kept warm is on the bill of the second, once."""
    with start_in_thread(latency=0.02) as server, Client(base_url=server.url, store=False) as client:
        first = client.run(study(3), out=tmp_path / "run", stream=False).receipt()
        again = client.run(study(3), out=tmp_path / "run", resume=True)

        assert (again.receipt().warming, again.receipt().incurred) == (1, first.incurred)
        assert again.save(tmp_path / "copy").exists()
        assert Run.load(tmp_path / "copy").receipt().paid_calls == server.ledger()["billed"] == 4


def test_an_unstreamed_group_does_not_wait_for_a_whole_answer(tmp_path):
    """One pre-warm writes the prefix, and all trials read it."""
    with start_in_thread(latency=0.05) as server, Client(base_url=server.url, store=False) as client:
        run = client.run(study(4), out=tmp_path / "run", stream=False)

        tokens = server.ledger()["tokens"]
        assert tokens["cache_read_input_tokens"] == 4 * tokens["cache_creation_input_tokens"] > 0
        assert (run.receipt().warming, run.receipt().paid_calls) == (1, server.ledger()["billed"])
        assert [row.usage.cache_creation_input_tokens for row in run.rows if row.usage] == [0] * 4


@pytest.mark.parametrize(
    ("n", "way"),
    [(1, {"stream": False}), (4, {"stream": True}), (2, {"stream": False, "concurrency": 1})],
    ids=["nobody follows", "streamed", "one at a time"],
)
def test_where_a_trial_leads_best(tmp_path, n, way):
    """No call beside the trials."""
    with start_in_thread(latency=0.05) as server, Client(base_url=server.url, store=False) as client:
        run = client.run(study(n), out=tmp_path / "run", **way)

        assert (run.receipt().warming, server.ledger()["billed"]) == (0, n)


def test_a_budget_holds_with_a_pre_warm(tmp_path):
    """What warms comes out of the same purse."""
    with start_in_thread(latency=0.02) as server, Client(base_url=server.url, store=False) as client:
        with pytest.raises(IncompleteError):
            client.run(study(40), out=tmp_path / "run", stream=False, budget_usd="0.07")

        run = Run.load(tmp_path / "run")
        assert run.receipt().incurred.known <= Decimal("0.07")
        assert run.receipt().paid_calls == server.ledger()["billed"]


def test_a_service_that_takes_none_answers_all_the_same(tmp_path):
    """Its refusal costs nothing and fails nothing."""
    rules: list[Mapping[str, Any]] = [{"contains": "Say", "text": "yes"}, {"error": {"status": 400}}]
    with (
        start_in_thread(latency=0.02, script=rules) as server,
        Client(base_url=server.url, store=False) as client,
    ):
        run = client.run(study(4), out=tmp_path / "run", stream=False)

        assert (run.status, len(run.errors), run.receipt().warming) == ("complete", 0, 0)
        assert (server.ledger()["by_status"]["400"], server.ledger()["billed"]) == (1, 4)
        assert run.receipt().perhaps_paid == 0


def test_lost_answers_of_a_pre_warm_are_on_the_bill(tmp_path):
    """An answer that broke off was charged, whatever it was for: here the first one of each request."""
    with (
        start_in_thread(faults=["truncated_json:1:1"]) as server,
        Client(base_url=server.url, store=False) as client,
    ):
        run = client.run(study(2), out=tmp_path / "run", stream=False)

        assert [call.timing.wasted for call in run.warmed] == [1]
        assert run.receipt().paid_calls == server.ledger()["billed"] == 6
        assert str(Run.load(tmp_path / "run").receipt()) == str(run.receipt())


def test_a_warm_up_that_failed_may_have_been_paid():
    """It is no call that kept anything warm, but its lost attempts are counted like any other's."""
    failed = Warmed("slow", "claude-haiku-4-5", error={"message": "cut off", "lost": 2, "wasted": 1})

    bill = Run(RunInfo("slow"), (), warmed=(failed,)).receipt()

    assert (bill.warming, bill.perhaps_paid, bill.paid_calls) == (0, 2, 1)
