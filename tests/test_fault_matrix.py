"""Every fault by name, and what a client makes of it: one table.

The emulator injects the fault; what it counts from outside has to fit what the client says it paid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pytest

from workbench import emulator as emulators
from workbench.client import Client
from workbench.dataset import Dataset
from workbench.emulator.faults import FAULTS, Faults
from workbench.errors import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    DeadlineExceededError,
    InternalServerError,
    OverloadedError,
    RateLimitError,
    RedirectError,
    ServiceUnavailableError,
    StreamInterruptedError,
    StreamProtocolError,
)
from workbench.evaluation import Eval
from workbench.prompt import Prompt
from workbench.run import Run
from workbench.score import number
from workbench.transport import Limits
from workbench.wire.codec import dumps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from workbench.emulator import Running
    from workbench.reply import Reply

BODY = {"model": "claude-haiku-4-5", "max_tokens": 40, "messages": ["What is 2 + 3?"]}
ANSWER = "2 + 3 = 5"
FAST = Limits(connect_s=2, idle_s=0.4, stream_idle_s=0.4)

Paid = Literal["no", "perhaps", "lost"]


@dataclass(frozen=True)
class Row:
    """What a fault comes to.

    Attributes:
        error: Raised when the fault does not end; None where there is an answer all the same.
        paid: What the tally says of one attempt that meets the fault.
        again: Whether it is worth another attempt.
        streams: How it is asked for.
        stops: Whether it ends a whole run.
        retries: Further attempts allowed where the fault does not end.
        patience_s: Of the whole call.
    """

    name: str
    error: type[APIError] | None = None
    paid: Paid = "no"
    again: bool = True
    streams: bool = False
    stops: bool = False
    retries: int = 1
    patience_s: float = 10.0

    def __str__(self) -> str:
        return f"{self.name}{'-streamed' if self.streams and FAULTS[self.name].applies == 'any' else ''}"


def fine(*names: str, streams: bool = False) -> list[Row]:
    """Faults that change nothing for the caller."""
    return [Row(name, streams=streams) for name in names]


def broken(error: type[APIError], *names: str, streams: bool = False, again: bool = True) -> list[Row]:
    """Faults after the model has worked: paid, and lost."""
    return [Row(name, error, "lost", again, streams) for name in names]


ROWS = [
    # --- HTTP and transport
    Row("http_408", APIStatusError),
    Row("http_409", ConflictError),
    Row("http_429", RateLimitError),
    Row("http_500", InternalServerError),
    Row("http_502", InternalServerError),
    Row("http_503", ServiceUnavailableError),
    Row("http_504", DeadlineExceededError),
    Row("http_529", OverloadedError),
    Row("http_529", OverloadedError, streams=True),
    Row("http_400_should_retry", BadRequestError),
    Row("http_500_no_retry", InternalServerError, again=False),
    Row("http_429_after1", RateLimitError, retries=0),
    Row("http_429_ms", RateLimitError),
    Row("http_429_date", RateLimitError, retries=0),
    Row("http_429_huge", RateLimitError, again=False, stops=True),
    Row("http_429_garbage", RateLimitError),
    Row("http_401", AuthenticationError, again=False, stops=True),
    Row("http_401", AuthenticationError, again=False, stops=True, streams=True),
    Row("reset_before_response", APIConnectionError, "perhaps"),
    Row("reset_before_response", APIConnectionError, "perhaps", streams=True),
    Row("close_no_response", APIConnectionError, "perhaps"),
    Row("hang_no_response", APITimeoutError, "perhaps"),
    Row("drip_forever", APITimeoutError, "perhaps", again=False, patience_s=0.6),
    Row("drip_forever", StreamInterruptedError, "lost", streams=True),
    Row("redirect_307", RedirectError, again=False, stops=True),
    Row("redirect_302", RedirectError, again=False, stops=True),
    *fine("early_hints", "drip", "slow_first_byte"),
    *fine("early_hints", "drip", "slow_first_byte", streams=True),
    Row("header_bomb", APIConnectionError, "perhaps"),
    # --- 200 with a bad body
    *broken(APIConnectionError, "truncated_json", "bad_chunk"),
    *broken(APIResponseValidationError, "truncated_json_clean", "empty_200", "html_200"),
    *broken(APIResponseValidationError, "json_null", "json_list", "json_error_200"),
    *broken(APIResponseValidationError, "missing_content", "content_null"),
    *broken(APIResponseValidationError, "bad_utf8", "deep_json", "bad_gzip"),
    *broken(APIResponseValidationError, "gzip_bomb", again=False),
    *fine("missing_usage", "negative_usage", "nan_number"),
    *fine("huge_body", "unknown_block", "unknown_stop_reason", "extra_fields", "huge_int"),
    *fine("lone_surrogate", "nul_chars", "dup_keys", "bom"),
    # --- streams
    *broken(StreamInterruptedError, "stream_reset_first", "stream_reset_mid", streams=True),
    *broken(StreamInterruptedError, "stream_reset_last", "stream_fin_mid", streams=True),
    *broken(StreamInterruptedError, "stream_fin_mid_unclean", "stream_stall", streams=True),
    *broken(StreamInterruptedError, "stream_ping_forever", streams=True),
    Row("stream_overloaded_first", OverloadedError, streams=True),
    *broken(OverloadedError, "stream_overloaded_mid", streams=True),
    *broken(APIStatusError, "stream_error_unknown", streams=True, again=False),
    *broken(StreamProtocolError, "stream_bad_json", "stream_bad_utf8", streams=True, again=False),
    *broken(StreamProtocolError, "stream_index_gap", "stream_as_json", streams=True, again=False),
    *broken(StreamProtocolError, "stream_dup_start", streams=True, again=False),
    *broken(StreamProtocolError, "stream_giant_line", "stream_endless_event", streams=True, again=False),
    *fine("stream_no_event_field", "stream_after_stop", "stream_tool_cut", streams=True),
    *fine("stream_crlf", "stream_cr", "stream_one_byte", "stream_multi_data", streams=True),
    *fine("stream_comments", "stream_unknown_delta", "stream_u2028", streams=True),
]
PASSING = [row for row in ROWS if row.error is not None and row.again and row.retries]
FAILING = [row for row in ROWS if row.error is not None]
FINE = [row for row in ROWS if row.error is None]


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """One emulator for the table; each test sets its faults."""
    with emulators.start_in_thread() as made:
        yield made


@pytest.fixture
def ask(running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Client]]:
    """Set a fault and return a client that has never met it, with short waits."""
    monkeypatch.setattr("workbench.retry._FIRST_S", 0.01)
    made: list[Client] = []

    def client(*faults: str, **options: Any) -> Client:
        running.app.faults = Faults(faults)
        given = {"limits": FAST, "timeout_s": 10.0, "store": tmp_path / "kept", **options}
        made.append(Client(base_url=running.url, **given))
        return made[-1]

    yield client
    for one in made:
        one.close()


def body(row: Row) -> dict[str, Any]:
    """The request, streamed or not."""
    return {**BODY, "stream": row.streams}


def billed(running: Running) -> tuple[int, int]:
    """What the server charged so far, and what of it went out as an answer."""
    now = running.ledger()
    return now["billed"], now["answered_in_full"]


def paid(client: Client) -> tuple[int, int]:
    """What a client calls perhaps paid, and paid and lost."""
    assert client.transport is not None
    return client.transport.tally.perhaps_paid, client.transport.tally.paid_lost


def test_every_fault_has_its_row() -> None:
    """And there is no row without a fault."""
    assert {row.name for row in ROWS} == set(FAULTS)
    assert all(FAULTS[row.name].suits(streams=row.streams) for row in ROWS)
    assert {row.name for row in FINE} == {name for name, fault in FAULTS.items() if fault.answers}


@pytest.mark.parametrize("row", PASSING, ids=str)
def test_what_passes_is_tried_again(ask, running, row):
    """The second attempt is the answer, the one that is kept; the first is counted for what it was."""
    before = billed(running)
    client = ask(f"{row.name}:1:1")

    reply = client.send(body(row))

    assert (reply.text, reply.timing.attempts, reply.timing.lost) == (ANSWER, 2, int(row.paid != "no"))
    assert reply.message.stop_reason == "end_turn"
    assert paid(client) == (int(row.paid == "perhaps"), int(row.paid == "lost"))
    charged = billed(running)[0] - before[0]
    assert 1 + (row.paid == "lost") <= charged <= 1 + (row.paid != "no")
    assert client.send(body(row)).text == ANSWER
    assert len(client.store) == 1


@pytest.mark.parametrize("row", FAILING, ids=str)
def test_what_does_not_pass_is_one_typed_error(ask, running, row):
    """Of exactly one class, with the request id where an answer began; nothing is stored."""
    before = running.ledger()["requests"]
    client = ask(row.name, max_retries=row.retries, timeout_s=row.patience_s)

    with pytest.raises(APIError) as caught:
        client.send(body(row))

    failed, hits = caught.value, 2 if row.again and row.retries else 1
    assert type(failed) is row.error
    assert running.ledger()["requests"] - before - 1 == hits  # one more asks who is there
    assert paid(client) == (hits * (row.paid == "perhaps"), hits * (row.paid == "lost"))
    assert len(client.store) == 0
    assert failed.model == BODY["model"]
    assert "\0" not in str(failed)


@pytest.mark.parametrize("row", FINE, ids=str)
def test_what_does_no_harm_is_an_answer(ask, running, row):
    """One attempt, kept, and the same when it comes back from the store."""
    before = billed(running)
    client = ask(row.name, limits=Limits(idle_s=5, stream_idle_s=5))

    reply, again = client.send(body(row)), client.send(body(row))

    assert reply.text.startswith(ANSWER)
    assert (reply.timing.attempts, paid(client)) == (1, (0, 0))
    assert (billed(running)[0] - before[0], billed(running)[1] - before[1]) == (1, 1)
    assert (again.source, again.text, again.message.content) == ("store", reply.text, reply.message.content)


# --- the same, in a run ------------------------------------------------------------------------------


def study(n: int = 2) -> Eval:
    """A small study."""
    prompt = Prompt("What is {{input}}?", model="claude-haiku-4-5", max_tokens=40)
    rows = [{"id": f"s{i}", "input": f"{i} + 3", "target": str(i + 3)} for i in range(n)]
    return Eval(name="sums", dataset=Dataset.load(rows), variants=prompt, scorers=[number()])


def seed_for(name: str, evaluation: Eval, *, streams: bool) -> int:
    """Return a seed that hits two trials of four, the first not among them."""
    bodies = [{**trial.request.wire(), "stream": streams} for trial in evaluation.trials()]
    for seed in range(1000):
        faults = Faults([f"{name}:0.5"], seed=seed)
        hit = [faults.draw(body) is not None for body in bodies]
        if sum(hit) == 2 and not hit[0]:
            return seed
    raise AssertionError("no such seed")


@pytest.mark.parametrize("row", [row for row in FAILING if not row.stops], ids=str)
def test_a_fault_is_a_row_of_errors(ask, running, tmp_path, row):
    """No score, no answer, nothing stored; the others are scored, and the folder can be read again."""
    client, asked = ask(max_retries=0, timeout_s=row.patience_s), study(4)
    seed = seed_for(row.name, asked, streams=row.streams)
    running.app.faults = Faults([f"{row.name}:0.5"], seed=seed)

    run = client.run(asked, out=tmp_path / "run", stream=row.streams)

    assert [len(run), len(run.errors)] == [4, 2]
    assert all(result.message is None and not result.scores for result in run.errors)
    assert [result.scores["number"].value for result in run.rows if result.error is None] == [1.0, 1.0]
    if row.error is not APIConnectionError and row.paid != "perhaps":
        assert all((result.request_id or "").startswith("req_01") for result in run.errors)
    assert len(client.store) == 2
    assert len(Run.load(tmp_path / "run").errors) == 2
    assert str(run.summary())


@pytest.mark.parametrize("row", [row for row in FAILING if row.stops], ids=str)
def test_what_concerns_every_call_stops_the_run(ask, running, tmp_path, row):
    """After the first one: at most one request a worker; the samples stay open."""
    before = running.ledger()["by_path"].get("/v1/messages", 0)
    client = ask(row.name)

    with pytest.raises(row.error):
        client.run(study(20), out=tmp_path / "run", stream=row.streams, concurrency=3)

    assert running.ledger()["by_path"]["/v1/messages"] - before <= 3
    assert len(Run.load(tmp_path / "run").rows) == 0


def records(run: Run) -> bytes:
    """A run's rows as JSON: NaN, which equals nothing, is equal there."""
    return dumps([result.record() for result in run.rows])


@pytest.mark.parametrize("row", [row for row in FINE if row.name != "huge_body"], ids=str)
def test_an_odd_answer_goes_through_a_run(ask, tmp_path, row):
    """Scored, journaled, read back, shown, and written as a table and a page."""
    client = ask(row.name, limits=Limits(idle_s=5, stream_idle_s=5))

    run = client.run(study(), out=tmp_path / "run", stream=row.streams)

    assert run.errors == ()
    assert records(Run.load(tmp_path / "run")) == records(run)
    assert str(run) + str(run.summary()) + str(run.receipt())
    run.write_reports(tmp_path / "run")


@pytest.mark.parametrize("row", PASSING, ids=str)
def test_a_run_gets_over_what_passes(ask, running, tmp_path, row):
    """Every sample is answered and scored; the server charged what the client says, give or take."""
    before = billed(running)
    client = ask(f"{row.name}:1:1")

    run = client.run(study(), out=tmp_path / "run", stream=row.streams)

    assert [result.scores["number"].value for result in run.rows] == [1.0, 1.0]
    perhaps, lost = paid(client)
    assert perhaps + lost == 2 * (row.paid != "no")
    assert 2 + lost <= billed(running)[0] - before[0] <= 2 + lost + perhaps


# --- what else the rows ask for ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [("http_429_after1", 1.0, 2.1), ("http_429_ms", 0.2, 0.5), ("http_429_date", 0.0, 3.2)],
)
def test_the_wait_that_was_asked_for_is_kept(ask, name, least, most):
    """Never less, and at most as much again, up to a second."""
    reply = ask(f"{name}:1:1").send(BODY)

    assert (reply.text, reply.timing.attempts) == (ANSWER, 2)
    assert least <= reply.timing.queue_s <= most


def test_no_garbage_in_retry_after_is_waited_for(ask):
    """nan, -5, a word, 1e999 and nothing at all: the client's own waits, and the answer."""
    reply = ask("http_429_garbage:1:5", max_retries=5).send(BODY)

    assert (reply.text, reply.timing.attempts) == (ANSWER, 6)
    assert reply.timing.queue_s < 2


def test_a_redirect_gets_no_visitor(ask, running):
    """The key and the texts stay where they were sent; the error names the host."""
    with pytest.raises(RedirectError, match="localhost"):
        ask("redirect_302").send(BODY)

    assert "/_emulator/sink" not in running.ledger()["by_path"]


@pytest.mark.parametrize("name", ["truncated_json_clean", "html_200", "json_list", "json_error_200"])
def test_the_beginning_of_what_came_is_kept(ask, name):
    """So that somebody can see what it was."""
    with pytest.raises(APIResponseValidationError) as caught:
        ask(name, max_retries=0).send(BODY)

    assert 10 < len(caught.value.body) <= 2000
    assert caught.value.request_id


@pytest.mark.parametrize("name", ["missing_usage", "negative_usage", "nan_number"])
def test_what_is_not_known_is_not_nothing(ask, running, tmp_path, name):
    """Cost unknown, not 0; the run's totals are a floor and say so."""
    client, asked = ask(name), study(4)
    assert client.send(BODY).cost.total is None
    running.app.faults = Faults([f"{name}:0.5"], seed=seed_for(name, asked, streams=False))

    run = client.run(asked, out=tmp_path / "run", stream=False)

    assert [result.cost.total is None for result in run.rows].count(True) == 2
    assert "at least" in str(run.receipt())


PARTIAL = ["reset_mid", "reset_last", "fin_mid", "fin_mid_unclean", "stall", "ping_forever"]


@pytest.mark.parametrize("name", PARTIAL)
def test_a_cut_stream_gives_its_beginning(ask, name):
    """As the error's partial message, never as an answer; somebody who watched is not sent another."""
    client = ask(f"stream_{name}")

    with pytest.raises(StreamInterruptedError) as caught:
        list(client.stream(BODY))

    partial = caught.value.partial
    assert caught.value.retryable
    assert partial.stop_reason is None or name == "reset_last"
    assert partial.text
    assert ANSWER.startswith(partial.text)
    assert (caught.value.request_id or "").startswith("req_01")
    assert (client.transport.tally.sent, len(client.store)) == (1, 0)


def test_a_tool_call_that_breaks_off_has_no_input(ask):
    """So that nobody can run it; what was written of it is kept apart."""
    block = ask("stream_tool_cut").send({**BODY, "stream": True}).message.content[-1]

    assert (block.type, getattr(block, "input", None)) == ("tool_use", None)
    assert block.partial_json == '{"city": "Par'


def test_late_text_is_not_the_answers(ask):
    """What follows message_stop is read and forgotten."""
    assert ask("stream_after_stop").send({**BODY, "stream": True}).text == ANSWER


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("unknown_block", lambda reply: reply.message.wire()["content"][-1]["depth"] == 3),
        ("unknown_stop_reason", lambda reply: reply.message.stop_reason == "bored"),
        ("extra_fields", lambda reply: reply.message.wire()["mood"] == {"good": True}),
        ("huge_int", lambda reply: reply.message.wire()["serial"] == 2**100),
        ("lone_surrogate", lambda reply: reply.text.endswith("\ud800")),
        ("nul_chars", lambda reply: reply.text.endswith("\0\1")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_nobody_knows_is_kept_exactly(ask, tmp_path, name: str, kept: Callable[[Reply], bool]):
    """In the reply, in the store, in the journal, and when it is sent back."""
    client = ask(name)
    run = client.run(study(1), out=tmp_path / "run", stream=False)
    reply = client.send(BODY)

    assert kept(reply)
    assert kept(client.send(BODY))
    assert Run.load(tmp_path / "run").rows[0].message == run.rows[0].message
    turns = ["Hi", {"role": "assistant", "content": reply.text}, {"role": "user", "content": "Go on"}]
    assert client.send({**BODY, "messages": turns}).text


def test_each_attempt_is_logged_with_cause_wait_and_id(ask, caplog):
    """One line a retry."""
    with caplog.at_level("INFO", "workbench"):
        ask("http_529:1:1").send(BODY)

    line = next(text for text in caplog.messages if "attempt 1" in text)
    assert "overloaded_error" in line
    assert "waiting" in line
    assert "req_01" in line
