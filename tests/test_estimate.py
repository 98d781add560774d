"""Estimates from what is known: recorded answers, exact counts, shared prefixes, what is answered already."""

from __future__ import annotations

import time
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from workbench.cache import Store
from workbench.cache.history import History
from workbench.client import Client
from workbench.dataset import Dataset
from workbench.errors import UsageError
from workbench.estimate import Counted, estimate
from workbench.evaluation import Eval
from workbench.prompt import Prompt
from workbench.reply import Reply, Timing
from workbench.score import exact
from workbench.wire import Message, Request

DAY = date(2026, 11, 22)
MODEL = "claude-haiku-4-5"


def request(text: str = "Hello", **more: Any) -> Request:
    body = {"model": MODEL, "max_tokens": 1000, "messages": [{"role": "user", "content": text}]}
    return Request.model_validate({**body, **more})


def reply(asked: Request, tokens: int, *, draw: int = 0, origin: str = "claude_api") -> Reply:
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": asked.model,
        "content": [{"type": "text", "text": "x"}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 10, "output_tokens": tokens},
    }
    timing = Timing(recorded_at="2026-11-22T10:00:00+00:00")
    return Reply(asked, Message.model_validate(message), timing, draw=draw, origin=origin)


@pytest.fixture
def store(tmp_path):
    with_answers = Store(tmp_path / "store")
    yield with_answers
    with_answers.close()


def study(n: int = 6, *, epochs: int = 1) -> Eval:
    rows = [{"id": str(i), "input": f"{i} * 7", "target": str(i * 7)} for i in range(n)]
    prompt = Prompt("Solve: {{input}}", model=MODEL, max_tokens=300)
    return Eval("s", dataset=Dataset.load(rows), variants=prompt, scorers=exact(), epochs=epochs)


# --- history ---------------------------------------------------------------------------------------


def test_answers_of_the_same_request_come_first(store):
    """Ten draws of one request say how long its next answer is, whatever others of its shape were."""
    for n in range(10):
        store.put(reply(request("again"), 50 + n, draw=n))
        store.put(reply(request(f"other {n}"), 900))

    assert store.history().outputs(request("again")) == (51, 58)


def test_answers_of_one_shape_come_next(store):
    """Model, system, tools and settings alike: the 10 % and 90 % quantiles of their answers."""
    for n in range(11):
        store.put(reply(request(f"sample {n}"), 100 + n))

    assert store.history().outputs(request("new", max_tokens=5)) == (101, 109)


@pytest.mark.parametrize(
    "other", [{"system": "Be brief."}, {"output_config": {"effort": "low"}}, {"model": "claude-sonnet-4-6"}]
)
def test_another_shape_says_nothing(store, other):
    """A different system prompt, effort or model makes answers of other lengths."""
    for n in range(10):
        store.put(reply(request(f"sample {n}"), 100))

    assert store.history().outputs(request("new", **other)) is None


def test_a_breakpoint_makes_no_other_shape(store):
    """Marked or not, as text or as a block: the answer to a system prompt is as long."""
    marked = [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]
    for n in range(10):
        store.put(reply(request(f"sample {n}", system=marked), 100))

    assert store.history().outputs(request("new", system="Be brief.")) == (100, 100)


def test_a_few_answers_say_nothing(store):
    """Four answers are too few for quantiles."""
    for n in range(4):
        store.put(reply(request(f"sample {n}"), 100))

    assert store.history().outputs(request("new")) is None


def test_the_emulator_says_nothing_about_claude(store):
    """Answers count for who made them."""
    for n in range(10):
        store.put(reply(request(f"sample {n}"), 100, origin="emulator"))

    assert store.history().outputs(request("new")) is None
    assert store.history(origin="emulator").outputs(request("new")) == (100, 100)


def test_a_damaged_recording_is_passed_over():
    """What does not fit its checksum tells nothing, and stops nothing."""
    assert History([("k|0|v||claude_api", b"not a record")], "claude_api").outputs(request()) is None


def test_a_store_knows_what_it_has(store):
    """Without reading the reply."""
    kept = reply(request(), 10)
    store.put(kept)

    assert store.has(f"{request().key}|0|{kept.api_version}||claude_api")
    assert not store.has("another")


# --- wb.estimate -----------------------------------------------------------------------------------


class Known:
    """A history that knows requests that say "known"."""

    def outputs(self, asked: Request) -> tuple[int, int] | None:
        return (20, 5000) if "known" in str(asked.messages[0].content) else None


def test_history_sets_the_output_within_max_tokens():
    """The quantiles, cut at the limit; and the notes say where they are from."""
    quote = estimate(request("known"), history=Known(), at=DAY)

    assert quote.output_tokens == (20, 1000)
    assert quote.notes == ("output: as long as recorded answers to such requests, 10 to 90 %",)


def test_what_history_lacks_is_estimated_as_before():
    """Some known, some not: a note says how many."""
    quote = estimate([request("known"), request("new")], history=Known(), at=DAY)

    assert quote.output_tokens == (20 + 100, 2000)
    assert quote.notes[0].startswith("output of 1 of 2 requests: as long as recorded answers")


def test_what_the_caller_expects_beats_history():
    """An expectation given is the one used."""
    assert estimate(request("known"), history=Known(), output_tokens=(1, 2), at=DAY).output_tokens == (1, 2)


def test_exact_counts_scale_the_estimate():
    """Input is the offline count times what the service's own count was to it."""
    plain = estimate(request(), at=DAY)

    quote = estimate(request(), counted={MODEL: Counted(1.9, 2.0, 2.1)}, at=DAY)

    assert quote.input_likely == 2 * plain.input_likely
    assert quote.input_tokens == (round(1.9 * plain.input_likely), round(2.1 * plain.input_likely))


def test_reads_and_writes_are_told_apart():
    """One request writes what the others read."""
    system = [{"type": "text", "text": "Label it. " * 3000, "cache_control": {"type": "ephemeral"}}]

    quote = estimate([request(str(n), system=system) for n in range(4)], at=DAY)

    assert quote.from_cache == 3 * quote.to_cache > 0
    assert "written to it)" in str(quote)


def test_the_batch_price_stands_beside():
    """Half of both ends; not where fast mode forbids it, nor where it is the price already."""
    quote = estimate(request(), at=DAY)

    assert quote.cost_batch == ((quote.cost_low or 0) / 2, (quote.cost_high or 0) / 2)
    assert estimate(request(), at=DAY, batch=True).cost_batch is None
    assert estimate(request(model="claude-opus-4-8", speed="fast"), at=DAY).cost_batch is None


def test_a_study_is_estimated_as_its_requests():
    """An evaluation stands for the requests of its trials."""
    assert estimate(study(), at=DAY) == estimate(study().requests(), at=DAY)


def test_an_estimate_is_linear():
    """Eight times the requests take about eight times as long, not sixty-four times."""

    def seconds(n: int) -> float:
        each = [request(f"Why is the sky blue on day {i} of {n}?") for i in range(n)]
        began = time.perf_counter()
        estimate(each, at=DAY)
        return time.perf_counter() - began

    seconds(50)
    assert seconds(1600) < 30 * max(seconds(200), 0.002)


# --- what is shared, and what it costs --------------------------------------------------------------

LONG = "Answer with one label, and nothing else. " * 500


def few_shot(i: int, **more: Any) -> Request:
    system = [{"type": "text", "text": LONG, "cache_control": {"type": "ephemeral"}}]
    fields = {"model": "claude-sonnet-4-6", "max_tokens": 100, "system": system, "messages": [f"Sample {i}"]}
    return Request.model_validate(fields | more)


def test_one_request_writes_the_prefix_and_the_others_read_it():
    """60 requests: 59 read, and the quote says what it would cost without."""
    shared = estimate([few_shot(i) for i in range(60)], at=DAY)
    alone = estimate([few_shot(0)], at=DAY)

    assert alone.from_cache == 0
    assert shared.from_cache > 0.95 * shared.input_likely
    assert shared.cost_high is not None
    assert shared.cost_without_cache is not None
    assert shared.cost_high < shared.cost_without_cache / 3
    assert "with cache leaders" in str(shared)


def test_without_the_cache_nothing_is_read():
    """`cache=False` prices every token as plain input."""
    quote = estimate([few_shot(i) for i in range(3)], cache=False, at=DAY)

    assert quote.from_cache == 0
    assert quote.cost_high == quote.cost_without_cache


def test_a_prefix_below_the_minimum_is_not_cached():
    """4,096 tokens on Haiku 4.5: a mark on less costs nothing and saves nothing."""
    short = [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]

    quote = estimate([few_shot(i, model="claude-haiku-4-5", system=short) for i in range(5)], at=DAY)

    assert quote.from_cache == 0
    assert quote.cost_high == quote.cost_without_cache


def test_models_do_not_share_a_cache():
    """Each model writes its own prefix."""
    names = ["claude-sonnet-4-6", "claude-opus-4-6"]

    assert estimate([few_shot(0, model=name) for name in names], at=DAY).from_cache == 0


def test_output_ends_at_max_tokens():
    """High is the limit itself, low a tenth of it, or what the caller expects."""
    requests = [few_shot(i) for i in range(10)]

    assert estimate(requests, at=DAY).output_tokens == (100, 1000)
    assert estimate(requests, at=DAY, output_tokens=(20, 500)).output_tokens == (200, 1000)


def test_an_estimate_of_unknown_models_has_no_price():
    """It says how many, and why."""
    quote = estimate([few_shot(0), few_shot(1, model="my-model")], at=DAY)

    assert (quote.cost_low, quote.cost_high, quote.unpriced) == (None, None, 1)
    assert "no price is known for 'my-model'" in str(quote)


def test_batches_are_quoted_at_half():
    """The quote knows the batch price."""
    whole, half = (estimate(few_shot(0), at=DAY, batch=batch).cost_high for batch in (False, True))

    assert whole is not None
    assert half == whole / 2


def test_no_requests_cost_nothing():
    """An empty study is free."""
    assert str(estimate([], at=DAY)) == "0 requests · 0 tokens in, 0 out · $0.00"


# --- client.estimate -------------------------------------------------------------------------------


@pytest.fixture
def client(tmp_path):
    with Client(base_url="emulator", store=tmp_path / "store") as made:
        yield made


def test_what_is_recorded_is_counted_apart(client):
    """Trials in the store cost nothing, and the estimate says how many."""
    asked = study()
    for trial in asked.limit(2).trials():
        client.send(trial.request, draw=trial.epoch)

    quote = client.estimate(asked)

    assert (quote.requests, quote.recorded) == (4, 2)
    assert "2 of 6 recorded already" in str(quote)


def test_repeats_are_draws_of_their_own(client):
    """Of equal requests the first is recorded, the second is not."""
    client.send(request())

    quote = client.estimate([request(), request()])

    assert (quote.requests, quote.recorded) == (1, 1)


@pytest.mark.parametrize("mode", ["refresh", "off"])
def test_all_is_asked_anew_where_the_mode_says_so(client, mode):
    """What is recorded saves nothing then."""
    client.send(request())

    assert client.estimate(request(), mode=mode).recorded == 0


def test_everything_recorded_costs_nothing(client):
    """A study that was run is free."""
    client.send(request())

    quote = client.estimate(request())

    assert (quote.requests, quote.recorded, quote.cost_high) == (0, 1, Decimal(0))


def test_replay_knows_the_recordings_of_any_place(client, tmp_path):
    """In replay a recording counts whoever made it."""
    client.send(request())

    with Client(mode="replay", store=tmp_path / "store", environ={}) as replay:
        assert replay.estimate([request(), request("new")]).recorded == 1


def test_the_store_says_how_long_answers_are(client):
    """After ten answers of a variant the next are expected to be as long."""
    asked = study(12)
    for trial in asked.limit(10).trials():
        client.send(trial.request)

    quote = client.estimate(asked)

    assert quote.requests == 2
    assert quote.output_tokens[1] < 100  # of 2 * 300


def test_exact_counts_of_the_service(client):
    """At most twenty requests are counted by the service, and a note says so."""
    quote = client.estimate(study(30), exact=True)

    assert "input of 20 of 30 requests counted by the service; the others are scaled alike" in quote.notes
    assert client.transport is not None


def test_replay_counts_nothing(client):
    """Exact counts need the service."""
    with pytest.raises(UsageError, match="exact=True"):
        client.estimate(study(), exact=True, mode="replay")
