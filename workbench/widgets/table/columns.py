"""The columns of a result table: what stands in a cell, and the number or word it is sorted by."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from workbench.report.words import NOTHING, UNPRICED, dollars, number
from workbench.show.safe import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from workbench.run import Result, RunInfo

CELL: Final = 300
"""Characters of a cell's text that go to the page; all of it is shown on opening."""

VERDICTS: Final = ("failed", "error", "unscored", "passed")
"""What is to be said of a row, in the order in which one wants to read them."""

Align = Literal["left", "right"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        key: Its name in messages; ``score:NAME`` is a scorer's.
        title: Its heading.
        width: Pixels it takes at first.
        align: Words to the left, numbers to the right.
        hint: What its numbers are, where the title does not say.
        hidden: Whether it is shown only on demand.
    """

    key: str
    title: str
    width: int = 90
    align: Align = "left"
    hint: str = ""
    hidden: bool = False


def columns(info: RunInfo, *, compared: bool = False) -> tuple[Column, ...]:
    """Return the columns of a run's table, in order."""
    scores = [_score(scorer["name"], scorer["kind"]) for scorer in info.scorers]
    change = [Column("change", "change", 110, hint="against the other run")] if compared else []
    return (
        Column("index", "#", 62, "right", "place in the study's order"),
        Column("sample", "sample", 100),
        Column("variant", "variant", _wide(info.variant_names)),
        Column("epoch", "epoch", 58, "right", hidden=info.epochs < 2),
        Column("verdict", "verdict", 84, hint="by the scorers that judge"),
        *change,
        Column("input", "input", 240),
        Column("answer", "answer", 300),
        *scores,
        Column("grade", "grade", 84, hint="what people said"),
        Column("cost", "cost, $", 92, "right", "list price in dollars"),
        Column("latency", "latency, s", 88, "right", "seconds, waiting for a turn not counted"),
        Column("first_token", "first token, s", 104, "right", "seconds to the first content"),
        Column("tokens_in", "tokens in", 84, "right", "uncached, written to and read from the prompt cache"),
        Column("tokens_out", "tokens out", 86, "right"),
        Column("source", "source", 84, hint="live, store or cassette; by whom"),
        Column("model", "model", 150, hidden=True),
        Column("stop_reason", "stop reason", 110, hidden=True),
    )


def _wide(names: Sequence[str]) -> int:
    """Return the pixels that names of variants need, within reason."""
    return min(max([110, *(7 * len(name) + 20 for name in names)]), 250)


def _score(name: str, kind: str) -> Column:
    shown = visible(name)
    return Column(f"score:{name}", shown if len(shown) <= 40 else f"{shown[:39]}…", 96, "right", kind)


# --- what a row is sorted by -------------------------------------------------------------------------


def verdict(row: Result) -> str:
    """Return one word: ``passed``, ``failed``, ``error`` or ``unscored``."""
    if row.error is not None:
        return "error"
    return {True: "passed", False: "failed", None: "unscored"}[row.passed]


def judged(row: Result) -> float:
    """Return the mean of what the judging scorers gave, NaN where one of them gave nothing."""
    if row.error is not None or not row.judges:
        return math.nan
    values = [row.value(name) for name in row.judges]
    return math.fsum(v for v in values if v is not None) / len(values) if None not in values else math.nan


def _tokens_in(row: Result) -> float:
    usage = row.usage
    return math.nan if usage is None else _count(usage.total_input)


def _tokens_out(row: Result) -> float:
    usage = row.usage
    return math.nan if usage is None else _count(usage.output_tokens)


def _count(value: Any) -> float:
    try:
        return math.nan if value is None else float(value)
    except OverflowError:
        return math.inf


NUMBERS: Final[Mapping[str, Callable[[Result], float]]] = {
    "index": lambda row: float(row.index),
    "epoch": lambda row: float(row.epoch),
    "verdict": lambda row: float(VERDICTS.index(verdict(row))),
    "judged": judged,
    "latency": lambda row: row.timing.total_s if row.error is None else math.nan,
    "first_token": lambda row: math.nan if row.timing.ttft_s is None else row.timing.ttft_s,
    "tokens_in": _tokens_in,
    "tokens_out": _tokens_out,
}
"""Key → the number of a row, NaN where it has none; what it costs is `rows.Prices`'."""

SLOW: Final = ("cost", "tokens_in", "tokens_out")
"""Numbers that take 3 to 20 microseconds a row: they are got in the background."""


def source(row: Result) -> str:
    """Return where an answer came from, and who made it where that is not the Claude API."""
    if row.error is not None:
        return NOTHING
    return row.source if row.origin == "claude_api" else f"{row.source}, {row.origin.removeprefix('url:')}"


WORDS: Final[Mapping[str, Callable[[Result], str]]] = {
    "variant": lambda row: row.variant,
    "sample": lambda row: row.sample_id,
    "model": lambda row: row.model,
    "source": source,
    "stop_reason": lambda row: str(row.stop_reason or ""),
    "error_type": lambda row: str((row.error or {}).get("type") or ""),
    "epoch": lambda row: str(row.epoch + 1),
}
"""Key → the word of a row that it is grouped by."""


def value_of(key: str) -> Callable[[Result], float]:
    """Return the function of a number's key."""
    if not key.startswith("score:"):
        return NUMBERS[key]
    name = key.removeprefix("score:")

    def value(row: Result) -> float:
        found = row.value(name) if row.error is None else None
        return math.nan if found is None else found

    return value


# --- what stands in a cell -----------------------------------------------------------------------------


def brief(text: str) -> str:
    """Return *text* on one line, its invisible characters shown, cut to what a cell holds."""
    flat = " ".join(text[: CELL * 4].split())
    shown = visible(flat[:CELL])
    return f"{shown}…" if len(flat) > CELL or len(text) > CELL * 4 else shown


def cell(key: str, row: Result) -> str:
    """Return the text of one cell; `brief` is left to those that hold what others wrote."""
    if key.startswith("score:"):
        found = row.value(key.removeprefix("score:")) if row.error is None else None
        return NOTHING if found is None else plain(found)
    made = _CELLS.get(key)
    return made(row) if made is not None else ""


def _seconds(value: float | None) -> str:
    return NOTHING if value is None or math.isnan(value) else number(value)


def _price(row: Result) -> str:
    if row.error is not None:
        return NOTHING
    total = row.cost.total
    return UNPRICED if total is None else dollars(total, 6)[1:]


def _whole(value: float) -> str:
    return NOTHING if not math.isfinite(value) else f"{value:,.0f}"


_CELLS: Final[Mapping[str, Callable[[Result], str]]] = {
    "index": lambda row: f"{row.index + 1:,}",
    "variant": lambda row: brief(row.variant),
    "sample": lambda row: brief(row.sample_id),
    "epoch": lambda row: f"{row.epoch + 1}",
    "input": lambda row: brief(row.input),
    "answer": lambda row: brief(said(row)),
    "verdict": verdict,
    "cost": _price,
    "latency": lambda row: _seconds(row.timing.total_s if row.error is None else None),
    "first_token": lambda row: _seconds(row.timing.ttft_s),
    "tokens_in": lambda row: _whole(_tokens_in(row)),
    "tokens_out": lambda row: _whole(_tokens_out(row)),
    "source": lambda row: brief(source(row)),
    "model": lambda row: brief(row.model),
    "stop_reason": lambda row: brief(str(row.stop_reason or NOTHING)),
}


def plain(value: float) -> str:
    """Return a score with no more digits than it needs.

    >>> plain(1.0), plain(0.25), plain(-1234.5)[1:]
    ('1', '0.25', '1,234.5')
    """
    text = f"{value:,.4g}" if abs(value) < 1 else f"{value:,.2f}".rstrip("0").rstrip(".")
    return text.replace("-", "\N{MINUS SIGN}")


def said(row: Result) -> str:
    """Return the answer's text, or the error in words."""
    if row.error is None:
        return text_of(row.body)
    return f"{row.error.get('type') or 'error'}: {row.error.get('message') or ''}"


def text_of(body: Mapping[str, Any] | None) -> str:
    """Return the text of a message's JSON, as `Message.text` does; 100,000 of them in a tenth of the time."""
    blocks = (body or {}).get("content") or ()
    return "".join([b["text"] for b in blocks if b.get("type") == "text" and isinstance(b.get("text"), str)])
