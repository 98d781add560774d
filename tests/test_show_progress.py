"""show/progress.py: a line that says how far a run is, and never changes what it does."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import dataclass, field
from decimal import Decimal
from types import SimpleNamespace

import pytest

from tests.hostile import NAMES, TEXTS
from workbench.show import progress
from workbench.show.progress import PlainPainter, Progress, State, line, progress_for
from workbench.show.terminal import echo


@dataclass
class Recorder:
    """A painter that keeps its lines."""

    lines: list[str] = field(default_factory=list)
    interval_s: float = 0.25

    def paint(self, line):
        """Keep a line."""
        self.lines.append(line)

    close = paint


def finished(
    done: int, *, source: str = "live", error: str | None = None, dollars: str | None = "0.01"
) -> SimpleNamespace:
    total = None if dollars is None else Decimal(dollars)
    result = SimpleNamespace(
        error=error, source=source, message=None if error else "answer", cost=SimpleNamespace(total=total)
    )
    return SimpleNamespace(kind="finished", result=result, done=done, total=10)


def test_the_line_says_done_of_total_dollars_of_budget_errors_and_time_left():
    """As a person wants to read it."""
    state = State("triage", 540, Decimal(2), done=431, spent=Decimal("0.71"), errors=1)

    assert line(state, elapsed_s=190) == (
        "triage   ███████████████░░░░░  431/540   $0.71 of $2.00   1 error   ETA 0:48"
    )


def test_answers_from_the_store_cost_nothing_now():
    """Only what was asked live is spent."""
    shown = Progress(State("x", 10), Recorder())

    shown(finished(1, source="store"))
    shown(finished(2))

    assert shown.state.spent == Decimal("0.01")


def test_an_unknown_price_is_said():
    """A sum with an unknown part is not a sum."""
    shown = Progress(State("x", 10), Recorder())

    shown(finished(1, dollars=None))
    shown(finished(2))

    assert "unpriced" in line(shown.state)


def test_a_resumed_run_counts_what_was_done_before_but_not_its_time():
    """Nine of ten were there; one took a second, so nothing is left to wait for."""
    shown = Progress(State("x", 20), Recorder())

    shown(finished(10))
    shown(finished(11))

    assert shown.state.earlier == 9
    assert "ETA 0:09" in line(shown.state, elapsed_s=2)


def test_it_paints_at_most_four_times_a_second():
    """A thousand events in one second are four paintings."""
    now, painter = [0.0], Recorder()
    shown = Progress(State("x", 1000), painter, clock=lambda: now[0])

    for done in range(1, 1001):
        now[0] = done / 1000
        shown(finished(done))

    assert len(painter.lines) <= 4


def test_the_last_line_holds_no_time():
    """So that a notebook's output is the same at each run."""
    painter = Recorder()

    with Progress(State("x", 2), painter) as shown:
        shown(finished(1))

    assert painter.lines[-1] == "x   ██████████░░░░░░░░░░  1/2   $0.01"


def test_an_error_while_painting_is_swallowed_and_ends_the_painting(caplog):
    """The run goes on; the log says why nothing is seen."""
    painter = Recorder(interval_s=0)
    painter.paint = lambda _line: 1 / 0  # type: ignore[method-assign]
    shown = Progress(State("x", 2), painter)

    shown(finished(1))
    shown(finished(2))
    shown.close()

    assert [record.message for record in caplog.records] == ["progress is no longer shown: ZeroDivisionError"]


@pytest.mark.parametrize("hostile", TEXTS, ids=NAMES)
def test_a_name_cannot_move_the_cursor(hostile):
    """One line, whatever the evaluation is called."""
    shown = line(State(hostile, 1))

    assert not any(character < " " and character != "\t" for character in shown)


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
    assert "<bdi>&lt;img src=x&gt;   </bdi>" in shown[-1]["text/html"]
    assert '<span class="wb-bar wb-rest"><bdi>░' in shown[-1]["text/html"]


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
    state = State("sums", 800, done=328)
    progress.count(state, SimpleNamespace(kind="draining", note="finishing 2 calls in flight", result=None))

    progress.count(state, SimpleNamespace(kind="finished", note="", result=None))

    assert line(state, elapsed_s=9) == "sums   328/800   $0.00   finishing 2 calls in flight"
