"""Columns where no kernel is: a transcript of each, as HTML and as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.report.words import EMULATED, plural
from workbench.show.h import join, tag
from workbench.show.parts import badge, fold
from workbench.show.passages import cited
from workbench.show.safe import Html, text
from workbench.show.transcript import answer, turn_view
from workbench.widgets.panes import judged
from workbench.widgets.panes.column import ENDS
from workbench.widgets.panes.figures import about, footer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.widgets.panes.column import Column, Turn

_COLOURS = {"done": "good", "failed": "bad", "stopped": "warn"}


def still(columns: Sequence[Column], origin: str) -> tuple[Html, str]:
    """Return the columns one below the other: HTML, and the same as text.

    Args:
        columns: In any state; one that is not over says so.
        origin: Who answers where no answer says it.
    """
    if not columns:
        return tag("p", "nothing asked yet", cls="wb-dim"), "run view: nothing asked yet"
    parts = [_column(column, _origin(column, origin)) for column in columns]
    lines = [_text(column, _origin(column, origin)) for column in columns]
    if any(_origin(column, origin) == "emulator" for column in columns):
        parts.insert(0, tag("p", EMULATED, cls="wb-origin"))
        lines.insert(0, EMULATED)
    return join(parts), "\n\n".join(lines)


def _origin(column: Column, origin: str) -> str:
    return column.reply.origin if column.reply is not None else origin


def standing(column: Column) -> str:
    """Return how a column stands, in words."""
    if column.state == "idle":
        return "not asked yet"
    if column.state not in ENDS:
        return "still running when this was written"
    return f"{column.state}: {column.reason}" if column.reason else column.state


def _column(column: Column, origin: str) -> Html:
    request, message = column.request, column.message
    colour = _COLOURS.get(column.state, "warn")
    partial = message is not None and column.reply is None
    return tag(
        "section",
        tag("h3", text(column.label)),
        tag("p", text(" · ".join(about(request, origin, column.label))), cls="wb-dim"),
        tag("p", tag("span", text(standing(column)), cls=f"wb-{colour}")) if column.state != "done" else None,
        judged.listed(column.findings.errors) if column.refused else None,
        *(_turn(turn) for turn in column.earlier),
        fold("asked", turn_view(request)) if request is not None else None,
        tag("p", badge("partial", "warn"), ": only what had come") if partial else None,
        answer(message, request) if message is not None else None,
        tag("div", text(footer(column)), cls="wb-foot") if footer(column) else None,
    )


def _turn(turn: Turn) -> Html:
    said = turn_view(turn.request), answer(turn.reply.message, turn.request)
    return fold("an earlier turn", *said, tag("div", text(turn.reply.footer), cls="wb-foot"))


def _text(column: Column, origin: str) -> str:
    message = column.message
    lines = [f"{column.label} · {standing(column)}", " · ".join(about(column.request, origin, column.label))]
    if column.earlier:
        lines.append(f"after {plural(len(column.earlier), 'earlier turn')}")
    if column.refused:
        lines += judged.lines(column.findings.errors)
    if message is not None:
        lines += ["(partial: only what had come)" if column.reply is None else "", str(message)]
        lines.append(cited(message.content, column.request).words)
    return "\n".join(line for line in [*lines, footer(column)] if line)
