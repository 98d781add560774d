"""The budget: nobody waits for ever, and what is spent never passes it."""

import asyncio
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.test_receipt import study
from workbench.client import Client
from workbench.cost.rates import Refusal
from workbench.emulator.server import start_in_thread
from workbench.errors import IncompleteError
from workbench.reply import Reply, Timing
from workbench.run import Run
from workbench.runner.purse import Hold, Purse
from workbench.runner.worst import worst_case
from workbench.tokens import count
from workbench.wire import Message, Request, Usage

HAIKU = "claude-haiku-4-5"  # $1 in, $1.25 and $2 written, $5 out, each per million
DAY = date(2026, 11, 22)
M = 1_000_000
ZERO = Decimal(0)


def request(max_tokens: int = 1000, text: str = "Hello", **more: Any) -> Request:
    return Request.model_validate(
        {"model": HAIKU, "max_tokens": max_tokens, "messages": [{"role": "user", "content": text}], **more}
    )


def worst(asked: Request, **more: Any) -> Decimal:
    found = worst_case(asked, at=DAY, **more)
    assert not isinstance(found, Refusal)
    return found.dollars


def reply(asked: Request, *, out: int | None = 1, source: Any = "live", model: str | None = None) -> Reply:
    usage = None if out is None else Usage(input_tokens=0, output_tokens=out)
    message = Message.model_validate(
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": model or asked.model,
            "content": [],
            "stop_reason": "end_turn",
            "usage": None if usage is None else usage.wire(),
        }
    )
    return Reply(asked, message, Timing(recorded_at="2026-11-22T10:00:00+00:00"), source=source)


def state(purse: Purse) -> tuple[Decimal, Decimal, Decimal]:
    """What is spent, perhaps paid, and held."""
    return purse.spent, purse.perhaps, purse.reserved


def in_loop(coroutine: Any) -> Any:
    async def in_time() -> Any:
        return await asyncio.wait_for(coroutine, 5)

    return asyncio.run(in_time())


# --- the worst case --------------------------------------------------------------------------------


def test_input_at_its_high_end_and_all_of_max_tokens():
    """A plain request: the high end of the count at the input price, max_tokens at the output price."""
    asked = request(1000)

    assert worst(asked) == Decimal(count(asked).high + 5 * 1000) / M


@pytest.mark.parametrize(("ttl", "price"), [("5m", "1.25"), ("1h", "2"), (None, "1.25")])
def test_input_that_may_be_written_costs_a_write(ttl, price):
    """With a breakpoint, all input is taken to be written, for as long as the longest one says."""
    mark = {"type": "ephemeral", **({"ttl": ttl} if ttl else {})}
    asked = request(0, system=[{"type": "text", "text": "Be brief.", "cache_control": mark}])

    assert worst(asked) == count(asked).high * Decimal(price) / M


def test_a_breakpoint_inside_a_tool_result_counts():
    """A mark on a block within a block makes the prefix be written too."""
    inner = [{"type": "text", "text": "42", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]
    turns = [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": inner}]}]
    asked = request(0, messages=turns)

    assert worst(asked) == count(asked).high * Decimal(2) / M


def test_the_batch_halves_it():
    """The batch endpoint is half the price of every token."""
    assert worst(request(), batch=True) == worst(request()) / 2


def test_no_max_tokens_is_all_that_the_model_can_write():
    """A request without a limit may write as much as the catalog says."""
    asked = request().with_(max_tokens=None)

    assert worst(asked) == Decimal(count(asked).high + 5 * 64_000) / M


def test_a_workspace_may_have_set_the_geography():
    """Where a request does not say ``global``, a model that takes geographies may cost the tenth more."""
    open_to_all = request(model="claude-opus-4-8")

    assert worst(open_to_all) == worst(open_to_all.with_(inference_geo="global")) * Decimal("1.1")


def test_fast_mode_has_its_own_price():
    """Fast mode on Opus 4.8 costs the factor the catalog says."""
    asked = request(model="claude-opus-4-8", inference_geo="global")

    assert worst(asked.with_(speed="fast")) == worst(asked) * 2


def test_every_fallback_may_be_billed():
    """After a refusal in mid-answer the next model answers, and both are paid for."""
    asked = request(fallbacks=[{"model": "claude-3-haiku-20240307", "max_tokens": 10}])
    high = count(asked).high

    assert worst(asked) == worst(request()) + (high * Decimal("0.25") + 10 * Decimal("1.25")) / M


def test_searches_have_an_allowance():
    """Each search allowed costs its fee, and the tokens it may bring in, which the service may cache."""
    tool = {"type": "web_search_20250305", "name": "web_search", "max_uses": 2}
    asked = request(0, tools=[tool])

    assert worst(asked) == Decimal(2) / 100 + (count(asked).high + 20_000) * Decimal("1.25") / M


def test_a_model_without_a_price_is_refused():
    """What has no price has no worst case, and no zero either."""
    assert isinstance(worst_case(request(model="my-own-model")), Refusal)


# --- one call --------------------------------------------------------------------------------------


def test_without_a_cap_nothing_is_counted():
    """No budget, no work: every hold is the same one and nothing adds up."""

    async def go() -> None:
        purse = Purse(None)
        hold = await purse.reserve(request(model="my-own-model"))
        assert hold.lost()
        hold.settle(reply(request()))
        assert state(purse) == (ZERO, ZERO, ZERO)

    in_loop(go())


def test_an_answer_is_paid_exactly_and_the_rest_given_back():
    """After an answer the purse knows its cost and holds nothing."""

    async def go() -> None:
        purse, asked = Purse(Decimal(1)), request()
        hold = await purse.reserve(asked)
        assert purse.reserved == worst(asked)
        hold.settle(reply(asked, out=100))
        hold.release()
        assert state(purse) == (Decimal(500) / M, ZERO, ZERO)

    in_loop(go())


def test_what_was_recorded_costs_nothing():
    """An answer of the store gives its hold back unspent."""

    async def go() -> None:
        purse, asked = Purse(Decimal(1)), request()
        (await purse.reserve(asked)).settle(reply(asked, out=100, source="store"))
        assert state(purse) == (ZERO, ZERO, ZERO)

    in_loop(go())


def test_a_call_that_can_never_fit_is_refused():
    """The message says what is spent, what the call may cost, and the cure."""
    cap = Decimal("0.001")

    with pytest.raises(IncompleteError, match=r"budget of \$0.001 is used up \(\$0.000400 spent, this call"):
        in_loop(Purse(cap, spent=Decimal("0.0004")).reserve(request()))


@pytest.mark.parametrize("purse", [Purse(Decimal(1)), Purse(Decimal(1), unpriced="my-own-model")])
def test_a_budget_cannot_be_kept_without_prices(purse):
    """A model without a price is not sent where there is a budget; nor anything after one was paid."""
    with pytest.raises(IncompleteError, match=r"my-own-model has no known price, so the budget of \$1"):
        in_loop(purse.reserve(request(model="my-own-model")))


def test_an_answer_of_an_unpriced_model_ends_the_budget():
    """Where a model of unknown price answered, nothing more is sent."""

    async def go() -> None:
        purse, asked = Purse(Decimal(1)), request()
        (await purse.reserve(asked)).settle(reply(asked, model="my-own-model"))
        with pytest.raises(IncompleteError, match="my-own-model has no known price"):
            await purse.reserve(asked)

    in_loop(go())


def test_an_answer_without_usage_counts_at_its_worst_case():
    """What an answer cost is unknown: the most it can have cost stays counted, as perhaps paid."""

    async def go() -> None:
        purse, asked = Purse(Decimal(1)), request()
        (await purse.reserve(asked)).settle(reply(asked, out=None))
        assert state(purse) == (ZERO, worst(asked), ZERO)

    in_loop(go())


def test_lost_attempts_stay_counted():
    """Each lost attempt keeps its worst case; the last one says that no other fits."""

    async def go() -> None:
        asked = request()
        purse = Purse(worst(asked) * 2)
        hold = await purse.reserve(asked)
        assert hold.lost()
        assert not hold.lost()
        hold.release()
        assert state(purse) == (ZERO, worst(asked) * 2, ZERO)

    in_loop(go())


def test_another_attempt_waits_for_its_money():
    """Until another call gives back what it did not need; with none out it never comes."""

    async def go() -> tuple[bool, str]:
        asked = request()
        purse = Purse(worst(asked) * 3)
        first, second = await purse.reserve(asked), await purse.reserve(asked)
        assert first.lost()
        assert not first.lost()
        waiting = asyncio.ensure_future(first.again())
        await asyncio.sleep(0)
        held = not waiting.done()
        second.release()
        await waiting
        assert first.amount == worst(asked)
        assert not first.lost()
        with pytest.raises(IncompleteError) as never:
            await first.again()
        return held, str(never.value)

    held, says = in_loop(go())

    assert held
    assert "used up" in says


def test_a_count_found_too_low_is_corrected():
    """When an answer had more input than the estimate's high end, later calls of the model hold more."""

    async def go() -> None:
        purse, asked = Purse(Decimal(1)), request()
        answer = reply(asked)
        usage = Usage(input_tokens=3 * count(asked).high, output_tokens=1)
        message = answer.message.model_copy(update={"usage": usage})
        (await purse.reserve(asked)).settle(Reply(asked, message, answer.timing))
        hold = await purse.reserve(asked)
        assert hold.amount > worst(asked)

    in_loop(go())


# --- many calls ------------------------------------------------------------------------------------


async def _moment() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


def test_a_call_waits_for_what_others_hold():
    """Where the rest is tied up in flight a call waits, and goes on with what comes back."""

    async def go() -> None:
        asked = request()
        purse = Purse(worst(asked) * Decimal("1.5"))
        first = await purse.reserve(asked)
        second = asyncio.create_task(purse.reserve(asked))
        await _moment()
        assert not second.done()
        first.settle(reply(asked, out=1))
        assert isinstance(await second, Hold)

    in_loop(go())


def test_first_come_first_served():
    """A small call does not overtake a large one that waits."""

    async def go() -> None:
        large, small = request(1000), request(10)
        purse = Purse(worst(large) + worst(small))
        holds = [await purse.reserve(large)]
        order: list[str] = []

        async def wait(asked: Request, name: str) -> None:
            holds.append(await purse.reserve(asked))
            order.append(name)

        tasks = [asyncio.create_task(wait(large, "large")), asyncio.create_task(wait(small, "small"))]
        await _moment()
        assert order == []
        holds[0].release()
        await asyncio.gather(*tasks)
        assert order == ["large", "small"]

    in_loop(go())


def test_who_waits_for_nothing_is_told():
    """When all calls ended and it still does not fit, a waiting call is refused, not left waiting."""

    async def go() -> None:
        asked = request()
        purse = Purse(worst(asked))
        first = await purse.reserve(asked)
        second = asyncio.create_task(purse.reserve(asked))
        await _moment()
        first.settle(reply(asked, out=500))
        with pytest.raises(IncompleteError, match="used up"):
            await second

    in_loop(go())


@pytest.mark.parametrize("served", [False, True])
def test_a_cancelled_wait_leaves_nothing_behind(served):
    """A call cancelled while it waits, or in the moment it is served, holds nothing and blocks nobody."""

    async def go() -> None:
        asked = request()
        purse = Purse(worst(asked))
        first = await purse.reserve(asked)
        second = asyncio.create_task(purse.reserve(asked))
        third = asyncio.create_task(purse.reserve(asked))
        await _moment()
        if served:
            first.release()
        second.cancel()
        await _moment()
        first.release()
        (await third).release()
        assert second.cancelled()
        assert purse.reserved == 0

    in_loop(go())


CALL = st.tuples(
    st.integers(0, 1000),  # max_tokens
    st.floats(0, 1),  # share of the worst case that the answer costs
    st.integers(0, 3),  # attempts lost before
    st.integers(0, 3),  # turns of the loop it takes
    st.sampled_from(["answer", "answer", "answer", "cut", "unsent"]),
)


class Study:
    """Calls that share a purse, and a service that charges all it can for what is lost."""

    def __init__(self, cap: Decimal) -> None:
        self.cap = cap
        self.purse = Purse(cap)
        self.charged = Decimal(0)

    def check(self) -> None:
        committed = self.purse.spent + self.purse.perhaps + self.purse.reserved
        assert self.charged <= committed <= self.cap

    def lose(self, hold: Hold) -> bool:
        self.charged += hold.amount
        again = hold.lost()
        self.check()
        return again

    async def call(self, most: int, share: float, losses: int, turns: int, end: str) -> None:
        asked = request(most)
        hold = await self.purse.reserve(asked)
        try:
            for _ in range(losses):
                await asyncio.sleep(0)
                if not self.lose(hold):
                    return
            for _ in range(turns):
                await asyncio.sleep(0)
            self.end(asked, hold, int(most * share), end)
        except asyncio.CancelledError:
            self.lose(hold)
            raise
        finally:
            hold.release()
            self.check()

    def end(self, asked: Request, hold: Hold, out: int, end: str) -> None:
        if end == "answer":
            answer = reply(asked, out=out)
            self.charged += answer.cost.known
            hold.settle(answer)
        elif end == "cut":
            self.lose(hold)


@settings(max_examples=150, deadline=None)
@given(calls=st.lists(CALL, min_size=1, max_size=12), cap=st.integers(1, 30), kill=st.integers(0, 40))
def test_spend_never_passes_the_cap(calls, cap, kill):
    """In any interleaving, with lost attempts and cancellations, what is charged stays within the cap.

    And every call ends, in an answer or an error of ours, and nothing stays held.
    """

    async def go() -> None:
        study = Study(Decimal(cap) / 1000)
        tasks = [asyncio.create_task(study.call(*one)) for one in calls]
        for turn in range(60):
            await asyncio.sleep(0)
            study.check()
            if turn == kill:
                tasks[kill % len(tasks)].cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert not study.purse.reserved
        assert all(end is None or isinstance(end, IncompleteError | asyncio.CancelledError) for end in ends)

    in_loop(go())


def test_the_server_never_bills_more_than_the_budget(tmp_path):
    """Fifty at once, some answers lost: the run stops before its budget, goes on with a larger one, ends."""
    faults = ["stream_fin_mid:0.2:1"]
    with start_in_thread(latency=0.01, faults=faults) as server:
        folder = tmp_path / "run"
        with Client(base_url=server.url, store=False) as client:
            for cap in ("0.003", "0.008"):
                with pytest.raises(IncompleteError, match="used up"):
                    client.run(
                        study(60),
                        out=folder,
                        resume=folder.exists(),
                        budget_usd=cap,
                        concurrency=50,
                        on_event=lambda _: None,
                    )
                assert 0 < billed(server.ledger()["tokens"]) <= Decimal(cap)
            ended = client.resume(folder, study(60), budget_usd="1", on_event=lambda _: None)

        assert (ended.status, len(ended), len(ended.errors)) == ("complete", 60, 0)
        assert len(Run.load(folder)) == 60


def billed(tokens: dict[str, int]) -> Decimal:
    """What the server's tokens cost: Haiku 4.5."""
    return Decimal(tokens["input_tokens"] + 5 * tokens["output_tokens"]) / M
