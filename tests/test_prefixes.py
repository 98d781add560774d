"""Prompt-cache leaders: one request writes a shared prefix, the others wait for it and read it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.virtual import Clock
from workbench.client import Client
from workbench.dataset import Dataset
from workbench.evaluation import Eval
from workbench.prompt import Prompt
from workbench.runner import Plan
from workbench.runner.prefixes import MARGIN_S, Prefixes, Turn
from workbench.score import includes
from workbench.tokens import count
from workbench.wire import Request

LONG = "All work and no play makes Jack a dull boy. " * 600
SHORT = "Be brief."
MARK = {"type": "ephemeral"}


def ask(text: str, *, system: str = LONG, ttl: str = "5m", **fields: Any) -> Request:
    """Return a request whose system prompt ends in a breakpoint."""
    block = {"type": "text", "text": system, "cache_control": {"type": "ephemeral", "ttl": ttl}}
    return Request(
        **{"model": "claude-haiku-4-5", "max_tokens": 9, "system": [block], "messages": [text], **fields}
    )


async def turn(prefixes: Prefixes, request: Request) -> Turn:
    """Return a request's turn; it has one."""
    found = await prefixes.turn(request)
    assert found is not None
    return found


async def waiting(prefixes: Prefixes, request: Request) -> asyncio.Task[Any]:
    """Ask for a turn, let everything that can happen happen, and return the task."""
    task = asyncio.ensure_future(prefixes.turn(request))
    for _ in range(5):
        await asyncio.sleep(0)
    return task


def test_the_second_waits_until_the_first_answer_begins():
    """Not until the leader is done: an entry can be read from its first event on."""

    async def story() -> tuple[bool, dict[str, int]]:
        prefixes = Prefixes()
        leader = await turn(prefixes, ask("one"))
        follower = await waiting(prefixes, ask("two"))
        held = not follower.done()
        leader.began()
        return held, (await follower).expected

    held, expected = asyncio.run(story())

    assert held
    assert (expected["write"], expected["read"] > 4096) == (0, True)


def test_a_leader_that_fails_is_followed_by_another():
    """Exactly one of those who wait writes next; the others go on waiting for it."""

    async def story() -> list[bool]:
        prefixes = Prefixes()
        leader = await turn(prefixes, ask("one"))
        tasks = [await waiting(prefixes, ask(f"{i}")) for i in range(3)]
        leader.over()
        await asyncio.sleep(0.01)
        return [task.done() for task in tasks]

    assert sorted(asyncio.run(story())) == [False, False, True]


@pytest.mark.parametrize(
    "other",
    [
        ask("two", model="claude-sonnet-4-5"),
        ask("two", system=f"{LONG}!"),
        ask("two", system=SHORT),
        Request(model="claude-haiku-4-5", max_tokens=9, system=LONG, messages=["two"]),
    ],
    ids=["another model", "another text", "too short to be cached", "not marked"],
)
def test_who_shares_nothing_waits_for_nobody(other):
    """Another prefix, or none that is cached."""

    async def story() -> bool:
        prefixes = Prefixes()
        await prefixes.turn(ask("one"))
        return (await waiting(prefixes, other)).done()

    assert asyncio.run(story())


def test_an_entry_is_written_anew_when_its_time_is_over():
    """5 minutes after its last use, less a margin; a use in between prolongs it."""

    async def story() -> list[bool]:
        clock = Clock()
        prefixes = Prefixes(clock)
        led = []
        for seconds in (0, 290, 290, 300 - MARGIN_S):
            clock.now += seconds
            mine = await turn(prefixes, ask("again"))
            mine.began()
            led.append(mine.leads)
        return led

    assert asyncio.run(story()) == [True, False, False, True]


def test_a_lifetime_begins_when_the_request_is_sent():
    """Not with its turn: it may wait long for money or a slot, and so may who reads."""

    async def story() -> list[bool]:
        clock = Clock()
        prefixes = Prefixes(clock)
        led = []
        for held_s, pause_s in ((100, 280), (10, 290), (0, 0)):
            turn = await prefixes.turn(ask("again"))
            assert turn is not None
            led.append(turn.leads)
            clock.now += held_s
            turn.sent()
            turn.began()
            clock.now += pause_s
        return led

    assert asyncio.run(story()) == [True, False, False]


def test_an_hour_is_an_hour():
    """The lifetime is the breakpoint's."""

    async def story() -> bool:
        clock = Clock()
        prefixes = Prefixes(clock)
        (await turn(prefixes, ask("one", ttl="1h"))).began()
        clock.now += 3000
        return (await turn(prefixes, ask("two", ttl="1h"))).leads

    assert not asyncio.run(story())


def test_prefixes_within_prefixes():
    """Two documents behind one system prompt: the second document's leader reads the system prompt."""

    def about(document: str, question: str) -> Request:
        text = {"type": "text", "text": f"{document} " * 3000, "cache_control": MARK}
        return ask("", messages=[{"role": "user", "content": [text, {"type": "text", "text": question}]}])

    async def story() -> tuple[bool, bool, bool]:
        prefixes = Prefixes()
        first = await turn(prefixes, about("apples", "red?"))
        second = await waiting(prefixes, about("pears", "green?"))
        waits = not second.done()
        first.began()
        mine = await second
        third = await waiting(prefixes, about("pears", "sweet?"))
        return waits, mine.leads and mine.expected["read"] > 0, not third.done()

    assert asyncio.run(story()) == (True, True, True)


def test_what_is_kept_has_a_bound(monkeypatch):
    """A million prefixes of their own do not fill the memory; what is being written is never forgotten."""
    monkeypatch.setattr("workbench.runner.prefixes.MOST_ENTRIES", 4)

    async def story() -> int:
        prefixes = Prefixes()
        writing = await turn(prefixes, ask("now", system=f"{LONG} writing"))
        for i in range(12):
            (await turn(prefixes, ask("now", system=f"{LONG} {i}"))).began()
        assert not (await waiting(prefixes, ask("then", system=f"{LONG} writing"))).done()
        assert writing.leads
        return len(prefixes._entries)

    assert asyncio.run(story()) <= 5


# --- a whole run -------------------------------------------------------------------------------------


@pytest.fixture
def server(start_emulator):
    """An emulator whose answers take a moment, so that requests do overlap."""
    return start_emulator(latency=0.05)


def study(n: int, **fields: Any) -> Eval:
    """A study whose samples share a system prompt."""
    block = {"type": "text", "text": LONG, "cache_control": MARK}
    prompt = Prompt(
        "{{input}}", **{"model": "claude-haiku-4-5", "max_tokens": 20, "system": [block], **fields}
    )
    rows = [{"input": f"Say {i}.", "target": "x"} for i in range(n)]
    return Eval("shared", dataset=Dataset.load(rows), variants=prompt, scorers=[includes()])


def test_a_run_writes_a_prefix_once(server, tmp_path):
    """20 requests, 20 at once: 1 write, 19 reads."""
    client = Client(base_url=server.url, store=False)

    run = client.run(study(20), out=tmp_path / "run", concurrency=20)

    prefix = count(ask("")).parts["system"]
    tokens = server.ledger()["tokens"]
    assert tokens["cache_creation_input_tokens"] == pytest.approx(prefix, abs=5)
    assert tokens["cache_read_input_tokens"] == pytest.approx(19 * prefix, abs=100)
    assert sorted((row.expected or {})["write"] > 0 for row in run.rows) == [False] * 19 + [True]


def test_each_variant_writes_its_prefix_once(server, tmp_path):
    """Two variants with prompts of their own, two calls at once: two writes."""
    client = Client(base_url=server.url, store=False)
    one, two = (f"{LONG} {name}" for name in "ab")
    prompts = [
        Prompt("{{input}}", model="claude-haiku-4-5", max_tokens=20, name=name,
               system=[{"type": "text", "text": text, "cache_control": MARK}])
        for name, text in (("a", one), ("b", two))
    ]  # fmt: skip
    rows = Dataset.load([{"input": f"Say {i}."} for i in range(6)])

    client.run(Eval("two", dataset=rows, variants=prompts, scorers=[]), out=tmp_path / "run", concurrency=2)

    writes = server.ledger()["tokens"]["cache_creation_input_tokens"]
    assert writes == pytest.approx(2 * count(ask("")).parts["system"], abs=20)


def test_samples_that_share_a_prefix_are_asked_together():
    """Documents that come in turn in the data set are asked one after the other, all variants of each."""
    text = [
        {"type": "text", "text": "{{document}}", "cache_control": MARK},
        {"type": "text", "text": "{{input}}"},
    ]
    prompt = Prompt([{"role": "user", "content": text}], model="claude-haiku-4-5", max_tokens=9)
    rows = [{"id": f"{d}{i}", "document": d * 9000, "input": f"{i}?"} for i in range(3) for d in "xyz"]
    both = [prompt.with_(name="a"), prompt.with_(name="b", model="claude-sonnet-4-5")]
    evaluation = Eval("docs", dataset=Dataset.load(rows), variants=both, scorers=[])

    asked = list(Plan.of(evaluation).trials(evaluation))

    assert [t.sample.id for t in asked[::2]] == ["x0", "x1", "x2", "y0", "y1", "y2", "z0", "z1", "z2"]
    assert sorted(t.index for t in asked) == list(range(18))
    assert {t.id: t.index for t in asked} == {t.id: t.index for t in evaluation.trials()}


def test_a_study_without_breakpoints_has_no_leaders():
    """Nothing is planned, nothing is counted."""
    assert Plan.of(study(3, system=LONG)) == Plan()
