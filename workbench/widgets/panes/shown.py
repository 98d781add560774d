"""Columns as the page is told of them: plain text, and HTML that `show/` made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.report.words import EMULATED
from workbench.show.parts import short
from workbench.show.safe import visible
from workbench.show.transcript import answer_view
from workbench.widgets.panes import figures, going_on, judged
from workbench.wire.codec import dumps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.widgets.panes.column import Column
    from workbench.wire import Message

_CALL = 4000
"""Characters of a tool call's input that stand beside the field of its result."""


def standing(column: Column) -> dict[str, Any]:
    """Return how a column stands."""
    return {"state": column.state, "reason": visible(column.reason), "running": column.running}


def warned(column: Column, origin: str) -> dict[str, Any]:
    """Return what lint warns of; servers other than the Claude API and the emulator have their own rules."""
    found = () if origin.startswith("url:") else column.findings.warnings
    return {"warned": judged.count(found), "warned_html": judged.listed(found)}


def ended(column: Column, origin: str) -> dict[str, Any]:
    """Return a column that has ended: its answer as it is meant to be read, its figures, what can follow."""
    message = column.message
    made = origin if column.reply is None else column.reply.origin
    return {
        **standing(column),
        **warned(column, made),
        "refused_html": judged.listed(column.findings.errors) if column.refused else "",
        "about": _about(column, made),
        "emulated": EMULATED if made == "emulator" and message is not None else "",
        "view": None if message is None else _view(column, message),
        "partial": message is not None and column.reply is None,
        "figures": [_figure(figure) for figure in figures.figures(column)],
        "next": _next(column),
        "again": column.state in {"idle", "stopped", "failed"}
        and column.request is not None
        and not column.refused,
    }


def snapshot(columns: Sequence[Column], origin: str) -> dict[str, Any]:
    """Return everything, for a page that knows nothing."""
    return {"columns": [whole(column, origin) for column in columns]}


def whole(column: Column, origin: str) -> dict[str, Any]:
    """Return all there is of a column."""
    over = not column.running
    about = {"about": _about(column, origin), **standing(column), **warned(column, origin)}
    return {
        "id": column.number,
        "label": visible(column.label),
        "asked": column.request is not None,
        "earlier": [visible(short(turn.reply.footer, 200)) for turn in column.earlier],
        **(column.made or ended(column, origin) if over else about),
        "parts": [] if over else [part.shown() for part in column.growing.parts],
    }


def _view(column: Column, message: Message) -> dict[str, Any]:
    made = answer_view(message, column.request)
    cites = [{name: _plain(value) for name, value in one.items()} for one in made["cites"]]
    return {**made, "cites": cites, "sources": [_plain(title) for title in made["sources"]]}


def _about(column: Column, origin: str) -> list[str]:
    return [visible(line) for line in figures.about(column.request, origin, column.label)]


def _plain(value: Any) -> Any:
    return visible(value) if isinstance(value, str) else value


def _figure(figure: figures.Figure) -> dict[str, str]:
    return {"name": figure.name, "value": visible(figure.value), "key": figure.key, "more": figure.more}


def _next(column: Column) -> dict[str, Any] | None:
    """Return what a next turn needs; None where there is nothing to follow."""
    if column.reply is None:
        return None
    message = column.reply.message
    waiting = going_on.calls(message)
    return {
        "why_not": going_on.obstacle(message),
        "calls": [
            {"id": call.id, "name": visible(call.name), "input": visible(short(_json(call.input), _CALL))}
            for call in waiting
        ],
        "text": going_on.takes_text(message),
        "paused": message.stop_reason == "pause_turn",
    }


def _json(value: Any) -> str:
    return dumps(value).decode()
