"""show/progress.py: a line that says how far a run is, and never changes what it does."""

from __future__ import annotations

import asyncio
import io
import re
import subprocess
import sys
from dataclasses import dataclass, field
from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from tests.hostile import NAMES, TEXTS
from workbench.cost import cost
from workbench.show import progress, tally
from workbench.show.progress import PlainPainter, Progress, progress_for
from workbench.show.tally import State, lines
from workbench.show.terminal import echo
from workbench.wire import Usage

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Recorder:
    """A painter that keeps what it painted."""

    live: list[str] = field(default_factory=list)
    last: list[str] = field(default_factory=list)
    interval_s: float = 0.25
    heard: Callable[[], None] = lambda: None

    def paint(self, state):
        """Keep the lines of a run that goes on."""
        self.live.append("\n".join(tally.lines(state)))
        self.heard()

    def close(self, state):
        """Keep the lines of its end."""
        self.last = tally.lines(state, live=False)


def usage(**counts: int) -> Usage:
    return Usage.model_validate({"input_tokens": 100, "output_tokens": 20, **counts})


def finished(
    done: int,
    *,
    source: str = "live",
    error: tuple[str, str] | None = None,
    model: str = "claude-haiku-4-5",
    used: Usage | None = None,
    note: str = "",
    index: int = 0,
) -> SimpleNamespace:
    """An event of the runner; an answer costs $0.0002 at Haiku's price."""
    used = used or usage()
    said = None if error is None else {"type": error[0], "message": error[1]}
    result = SimpleNamespace(
        error=said, source=source, index=index, origin="claude_api", usage=used, cost=cost(used, model=model)
    )
    return SimpleNamespace(kind="finished", result=result, done=done, total=10, note=note)


def waiting(note: str, kind: str = "started") -> SimpleNamespace:
    return SimpleNamespace(kind=kind, result=None, done=0, total=10, note=note)


def test_the_first_line_says_done_of_total_dollars_of_budget_what_holds_it_back_and_time_left():
    """As a person wants to read it."""
    size, note = "3 variants × 60 samples × 3 epochs", "limited by output tokens per minute"
    state = State("triage", 540, Decimal(2), size, done=431, spent=Decimal("0.71"), rate=431 / 190, note=note)

    assert lines(state)[0] == (
        "triage   3 variants × 60 samples × 3 epochs   ███████████████░░░░░  431/540   $0.71 of $2.00   "
        "limited by output tokens per minute   ETA 0:48"
    )


def test_the_size_of_the_study_gives_way_in_a_narrow_terminal():
    """How far it is matters more."""
    state = State("triage", 540, size="3 variants × 60 samples × 3 epochs", done=431)

    assert lines(state, width=80)[0] == "triage   ███████████████░░░░░  431/540   $0.00"


def test_the_second_line_says_where_answers_came_from_how_many_failed_how_fast_and_what_was_saved():
    """Done, failed and from store apart; tokens that either cache saved, with dollars."""
    shown = Progress(State("x", 10, rate=2.0), Recorder())
    read = usage(cache_read_input_tokens=90_000)

    shown(finished(1, source="store"))
    shown(finished(2, used=read))
    shown(finished(3, error=("overloaded_error", "try later")))

    assert lines(shown.state)[1] == (
        "1 asked now · 1 from the store · 1 failed   2.0 answers/s   "
        "saved: store 120 tokens ($0.00020), prompt cache read 90,000 tokens ($0.081 less)"
    )


def test_a_prompt_cache_that_was_only_written_to_has_saved_nothing_yet():
    """Writes cost more than plain input: nothing is promised."""
    shown = Progress(State("x", 10), Recorder())

    shown(finished(1, used=usage(cache_creation_input_tokens=90_000)))

    assert "saved" not in "".join(lines(shown.state))


def test_answers_from_the_store_cost_nothing_now():
    """Only what was asked live is spent."""
    shown = Progress(State("x", 10), Recorder())

    shown(finished(1, source="store"))
    shown(finished(2))

    assert shown.state.spent == Decimal("0.0002")


def test_a_budget_is_measured_by_the_purse():
    """Earlier sittings, warm-ups and lost answers count against it, though no event tells of them."""
    purse = SimpleNamespace(spent=Decimal("1.5"), perhaps=Decimal("0.25"))
    shown = Progress(State("x", 10, Decimal(2), purse=purse), Recorder())

    shown(finished(1))

    assert "$1.50 (and perhaps $0.25) of $2.00" in lines(shown.state)[0]


def test_an_unknown_price_is_said():
    """A sum with an unknown part is not a sum."""
    shown = Progress(State("x", 10), Recorder())

    shown(finished(1, model="my-own-model"))
    shown(finished(2))

    assert "unpriced" in lines(shown.state)[0]


def test_a_resumed_run_counts_what_was_done_before_but_not_its_time():
    """Nine of twenty were there; one a second came since, so nine seconds are left."""
    now, painter = [0.0], Recorder()
    shown = Progress(State("x", 20), painter, clock=lambda: now[0])

    for second in (1, 2):
        now[0] = second
        shown(finished(9 + second))

    assert shown.state.earlier == 9
    assert "9 from an earlier sitting" in painter.live[-1]
    assert "ETA 0:09" in painter.live[-1]


def test_the_rate_is_that_of_the_last_seconds():
    """A burst from the store does not promise an early end for long."""
    now, painter = [0.0], Recorder()
    shown = Progress(State("x", 1000), painter, clock=lambda: now[0])

    for done in range(1, 501):
        now[0] = done / 1000
        shown(finished(done, source="store"))
    for second in range(1, 61):
        now[0] = float(second)
        shown(finished(500 + second))

    assert shown.state.rate == pytest.approx(1.0, abs=0.1)


def test_errors_are_grouped_by_type_and_the_most_frequent_three_are_told():
    """How often, which type, and what the latest says; the others are counted."""
    shown = Progress(State("x", 10), Recorder())
    each = [("overloaded_error", f"try later {n}") for n in range(3)]
    each += [("timeout", "too slow"), ("timeout", "too slow"), ("b", "one"), ("c", "two"), ("d", "three")]

    for done, error in enumerate(each, 1):
        shown(finished(done, error=error, index=done))

    assert lines(shown.state)[2:] == [
        "3 × overloaded_error: try later 2",
        "2 × timeout: too slow",
        "1 × b: one   … and 2 errors of other types",
    ]


def test_it_paints_at_most_four_times_a_second():
    """A thousand events in one second are four paintings."""
    now, painter = [0.0], Recorder()
    shown = Progress(State("x", 1000), painter, clock=lambda: now[0])

    for done in range(1, 1001):
        now[0] = done / 1000
        shown(finished(done))

    assert len(painter.live) <= 4


def test_what_came_between_two_paintings_is_painted_though_nothing_follows():
    """A run that waits for its last answers does not hide those before."""

    async def two_at_once():
        came = asyncio.Event()
        painter = Recorder(interval_s=0.01, heard=came.set)
        shown = Progress(State("x", 10), painter)
        shown(finished(1))
        shown(finished(2))
        await asyncio.wait_for(came.wait(), 10)
        return painter.live

    (painted,) = asyncio.run(two_at_once())

    assert "2/10" in painted


def test_the_end_holds_no_time_and_is_the_same_in_whatever_order_it_came():
    """So that a notebook's output is the same at each replay."""
    events = [(("timeout", "b"), 2), (("timeout", "a"), 1), (("overloaded", "c"), 3)]
    ends: list[list[str]] = []

    for order in (events, events[::-1]):
        painter, clock = Recorder(), iter([0.0, *range(len(ends) + 1, 9, len(ends) + 1)])
        with Progress(State("x", 4), painter, clock=clock.__next__) as shown:
            for done, (error, index) in enumerate(order, 1):
                shown(finished(done, error=error, index=index, note="limited by requests per minute"))
        ends.append(painter.last)

    assert ends[0] == ends[1]
    assert ends[0] == [
        "x   ███████████████░░░░░  3/4   $0.00",
        "3 failed",
        "2 × timeout: a",
        "1 × overloaded: c",
    ]


def test_dollars_of_a_small_run_have_the_digits_it_needs_and_keep_them():
    """The first answer tells what all will cost; the line keeps its width though the sum grows tenfold."""
    state = State("x", 100, Decimal(2))
    seen = []

    for done in range(1, 101):
        tally.count(state, finished(done))
        seen.append(lines(state)[0].split("$", 1)[1].split()[0])

    assert (seen[0], seen[49], seen[-1]) == ("0.0002", "0.0100", "0.0200")
    assert {len(one) for one in seen} == {6}


def test_dollars_of_a_run_that_is_over_do_not_tell_how_it_came_about():
    """The same sum reads the same, whatever the first answer had promised."""
    dear, cheap = (State("x", 10, done=10, spent=Decimal("0.0213"), places=places) for places in (2, 6))

    assert lines(dear, live=False) == lines(cheap, live=False)
    assert "$0.0213" in lines(dear, live=False)[0]


def test_a_run_that_was_stopped_says_so_in_the_end():
    """Nobody takes it for a whole one."""
    painter = Recorder()

    with Progress(State("x", 4), painter) as shown:
        shown(finished(1))
        shown(waiting("finishing 2 calls in flight", "draining"))

    assert painter.last[0] == "x   1/4   $0.00020   stopped early"


def test_nothing_is_painted_after_the_end():
    """What is left standing stands."""
    painter = Recorder(interval_s=0)
    shown = Progress(State("x", 2), painter)

    shown.close()
    shown(finished(1))
    shown.paint()

    assert painter.live == []


def test_an_error_while_painting_is_swallowed_and_ends_the_painting(caplog):
    """The run goes on; the log says why nothing is seen."""
    painter = Recorder(interval_s=0)
    painter.paint = lambda _state: 1 / 0  # type: ignore[method-assign]
    shown = Progress(State("x", 2), painter)

    shown(finished(1))
    shown(finished(2))
    shown.close()

    assert [record.message for record in caplog.records] == ["progress is no longer shown: ZeroDivisionError"]


@pytest.mark.parametrize("hostile", TEXTS, ids=NAMES)
def test_no_text_can_move_the_cursor_or_add_a_line(hostile):
    """Whatever the evaluation is called, whatever an error says, and of which type it is."""
    state = State(hostile, 1)
    tally.add(state, finished(1, error=(hostile, hostile)).result)

    said = [*lines(state), tally.line(state)]

    assert len(said) == 4
    assert not any(character < " " and character != "\t" for line in said for character in line)


@pytest.mark.parametrize("hostile", TEXTS, ids=NAMES)
def test_hostile_words_are_text_in_the_html(hostile):
    """Name, type and message of an error are escaped; no element of theirs is made."""
    state = State(hostile, 1)
    tally.add(state, finished(1, error=(hostile, hostile)).result)

    made = progress.state_html(state)

    assert set(re.findall(r"</?(\w+)", made)) <= {"div", "span", "bdi"}


def test_a_pipe_gets_a_line_every_ten_seconds_and_no_control(capsys):
    """Logs of a build stay readable."""
    now = [0.0]
    shown = Progress(State("x", 100), PlainPainter(), clock=lambda: now[0])

    for done in range(1, 101):
        now[0] = done / 4
        shown(finished(done))
    shown.close()

    written = capsys.readouterr().err
    assert written.count("\n") == 2
    assert "\x1b" not in written


def test_without_a_terminal_or_notebook_the_plain_painter_is_chosen():
    """Under pytest stderr is a file."""
    assert isinstance(progress_for(3, "x")._painter, PlainPainter)


def test_a_terminal_gets_one_line_that_is_painted_over(monkeypatch):
    """The line stands when all is done."""
    stream = io.StringIO()
    stream.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(progress, "INTERVAL_S", 0.0)

    with progress_for(2, "x[bold]") as shown:
        shown(finished(1))
        shown(finished(2))

    assert "x[bold]   ████████████████████  2/2" in stream.getvalue()


def test_a_notebook_gets_one_output_updated_in_place(monkeypatch):
    """Text and HTML, both escaped, under one display id."""
    from IPython import display

    shown: list[dict[str, str]] = []

    def show(bundle, *, raw, display_id):
        assert raw
        assert display_id
        shown.append(bundle)
        return SimpleNamespace(update=lambda bundle, raw: shown.append(bundle))

    monkeypatch.setattr(display, "display", show)
    monkeypatch.setattr(progress, "in_notebook", lambda: True)

    progress_for(2, "<img src=x>").close()

    assert len(shown) == 2
    assert "<bdi>&lt;img src=x&gt;  </bdi>" in shown[-1]["text/html"]
    assert 'role="status"' in shown[-1]["text/html"]
    assert (
        '<span role="progressbar" aria-label="&lt;img src=x&gt;" aria-valuemin="0" aria-valuemax="2" '
        'aria-valuenow="0" aria-valuetext="0 of 2"><span class="wb-bar wb-rest">░'
    ) in shown[-1]["text/html"]


def test_a_place_that_cannot_be_painted_is_no_reason_not_to_run(monkeypatch):
    """Progress is decoration."""
    monkeypatch.setattr(progress, "_painter", lambda _state: 1 / 0)

    with progress_for(1, "x") as shown:
        shown(finished(1))


def test_echo_writes_text_that_is_safe_for_the_stream():
    """Escapes are shown, and what the encoding lacks is spelled out."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")

    echo("a\x1b[2Jé", file=stream)

    stream.seek(0)
    assert stream.read() == "a\\u241b[2J\\xe9\n"


def test_importing_show_loads_nothing_heavy():
    """The face of the package imports it; rich, pandas and nh3 wait until they are used."""
    heavy = ("rich", "nh3", "markdown_it", "pandas")
    code = f"import sys, workbench.show.safe; sys.exit(any(m in sys.modules for m in {heavy}))"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_is_finished_after_a_stop_stays_readable():
    """The sentence needs the room of the bar, and stays while the last answers come in."""
    state = State("sums", 800, done=328, rate=3.0)
    tally.count(state, waiting("finishing 2 calls in flight", "draining"))

    tally.count(state, waiting(""))

    assert lines(state)[0] == "sums   328/800   $0.00   finishing 2 calls in flight"
