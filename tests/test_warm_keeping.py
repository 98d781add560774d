"""The keeper of warm prefixes, with a clock that stands: what it reads again, and what it lets go."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from tests.prefixed import LONG, MARK, about, ahead_of, ask, study
from tests.virtual import Clock
from workbench.dataset import Dataset
from workbench.errors import BadRequestError, InternalServerError
from workbench.evaluation import Eval
from workbench.journal import Journal
from workbench.prompt import Prompt
from workbench.reply import Reply
from workbench.run import recall, settle
from workbench.runner import Purse, prefixes
from workbench.runner.commit import Committer
from workbench.runner.keeper import Keeper
from workbench.runner.lease import Desk
from workbench.runner.slots import Slots
from workbench.wire import Message, Request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from workbench.runner import Permit
    from workbench.runner.ahead import Ahead


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
