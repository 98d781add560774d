"""What stands above and below an answer: who answers how, tokens, dollars, seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from workbench.cost import dollars
from workbench.report.words import UNPRICED, origin_words
from workbench.show.parts import whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from workbench.reply import Reply
    from workbench.widgets.panes.column import Column
    from workbench.wire import Request, Usage

UNMEASURED: Final = "not measured"
_SHORT_S: Final = 0.02
"""An answer that took less came in one piece: it has no speed."""


class Figure(NamedTuple):
    """A number with its name.

    Attributes:
        name: What it is of.
        value: In words.
        key: What a page asks for more by; empty where there is no more.
        more: What else is to be said of it.
    """

    name: str
    value: str
    key: str = ""
    more: str = ""


def labels(requests: Sequence[Request | None]) -> list[str]:
    """Return a heading for each request: its model, with what tells it from the others of that model."""
    models = [one.model if one is not None else "no request" for one in requests]
    made = []
    for one, model in zip(requests, models, strict=True):
        same = models.count(model) > 1
        more = f" · effort {one.effort}" if same and one is not None and one.effort else ""
        made.append(f"{model}{more}")
    return [f"{name} · {number(made, at)}" if made.count(name) > 1 else name for at, name in enumerate(made)]


def number(names: Sequence[str], at: int) -> int:
    """Return how many of *names* up to *at* are the same as that one.

    >>> number(["a", "b", "a"], 2)
    2
    """
    return names[: at + 1].count(names[at])


def about(request: Request | None, origin: str, label: str = "") -> list[str]:
    """Return who answers, and with how much effort and thinking; what *label* says is not said again."""
    if request is None:
        return []
    thinking = request.thinking
    budget = getattr(thinking, "budget_tokens", None)
    model = [] if request.model in label else [request.model]
    thought = "default" if thinking is None else thinking.type
    most = f", at most {budget:,} tokens" if budget else ""
    how = f"effort {request.effort or 'default'} · thinking {thought}{most}"
    return [*model, how, origin_words(origin)]


def figures(column: Column) -> list[Figure]:
    """Return the footer of a column; empty before its end."""
    reply = column.reply
    if reply is not None:
        return [*_tokens(reply.usage), _cost(reply), *_times(reply, column.answer_s), _source(reply)]
    ended = column.state in {"stopped", "failed"} and column.request is not None
    return _unfinished(column) if ended else []


def footer(column: Column) -> str:
    """Return the same on one line."""
    return " · ".join(
        f"{figure.name} {figure.value}{f'; {figure.more}' if figure.more else ''}"
        for figure in figures(column)
    )


def _tokens(usage: Usage | None) -> Iterable[Figure]:
    if usage is None:
        return [Figure("tokens", "unknown: the service did not say")]
    split, details = usage.cache_creation, usage.output_tokens_details
    five, hour = (split.ephemeral_5m_input_tokens, split.ephemeral_1h_input_tokens) if split else (None, None)
    written = usage.cache_creation_input_tokens
    counts = {
        "tokens in": usage.input_tokens,
        "cache write 5m": five or None,
        "cache write 1h": hour or None,
        "cache write": written if written and not (five or hour) else None,
        "cache read": usage.cache_read_input_tokens or None,
        "tokens out": usage.output_tokens,
        "of which thinking": (details.thinking_tokens or None) if details else None,
    }
    always = {"tokens in", "tokens out"}
    return [Figure(name, whole(n)) for name, n in counts.items() if n is not None or name in always]


def _cost(reply: Reply) -> Figure:
    total = reply.cost.total
    paid = f"free now: from the {reply.source}" if reply.cached else ""
    return Figure("cost", UNPRICED if total is None else dollars(total), "receipt", paid)


def _times(reply: Reply, answer_s: float | None) -> Iterable[Figure]:
    timing = reply.timing
    made_s = timing.total_s - timing.ttft_s if timing.ttft_s is not None and timing.total_s else None
    yield Figure("first event", _seconds(timing.ttft_s))
    yield Figure("first answer token", _seconds(answer_s))
    yield Figure("total", _seconds(timing.total_s or None))
    yield Figure("tokens/s out", _speed(reply.usage, made_s))
    if timing.queue_s >= 0.05:
        yield Figure("waited before", _seconds(timing.queue_s))
    if timing.attempts > 1:
        yield Figure("attempts", str(timing.attempts))


def _speed(usage: Usage | None, made_s: float | None) -> str:
    count = usage.output_tokens if usage is not None else None
    if made_s is None or count is None:
        return UNMEASURED
    return f"{count / made_s:,.0f}" if made_s >= _SHORT_S else f"{UNMEASURED}: it came in one piece"


def _seconds(value: float | None) -> str:
    """Return seconds to the hundredth; what was not measured is not 0.

    >>> _seconds(0.412), _seconds(None)
    ('0.41 s', 'not measured')
    """
    if value is None:
        return UNMEASURED
    return "< 0.01 s" if value < 0.005 else f"{value:.2f} s"


def _source(reply: Reply) -> Figure:
    who = origin_words(reply.origin).partition(" (")[0]  # that they are made up is said above the columns
    return Figure("source", f"{reply.source} · {who}")


def _stopped(column: Column) -> str:
    if column.partial is not None or not column.way.free:
        return "unknown: stopped before the end"
    if column.way.attempts == 0:
        return "nothing: it was not sent"
    return "nothing: it was refused, and stopped before the next attempt"


def _unfinished(column: Column) -> list[Figure]:
    """Return what is known of an answer without an end: not what it cost."""
    if column.state == "stopped":
        return [Figure("cost", _stopped(column))]
    lost = getattr(column.error, "lost", 0)
    if column.partial is not None or lost:
        return [Figure("cost", "unknown: it broke before the end, and may have been charged")]
    sent = column.way.attempts > 0
    return [Figure("cost", f"nothing: it was not {'answered' if sent else 'sent'}")]
