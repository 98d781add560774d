"""What the page is told of a table as a whole: columns, filters with counts, groupings, how far a run is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.client.again import how_to_go_on
from workbench.journal import in_use
from workbench.run import JOURNAL, state_of
from workbench.show.safe import visible
from workbench.widgets.table.changes import HINTS, KINDS
from workbench.widgets.table.query import FILTERS

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.widgets.table.engine import Engine
    from workbench.widgets.table.follow import Followed
    from workbench.widgets.table.query import Arranged

_HINTS = {
    "all": "every row",
    "failed": "a scorer that judges gave less than 1",
    "errors": "no answer: neither right nor wrong",
    "changed": "judged otherwise than in the other run",
    "differ": "samples on which the variants disagree",
    "ungraded": "nobody graded it yet",
}

_COMPARE = ("changed", *KINDS)
"""Filters that stand together: what rows are against the other run."""


def snapshot(engine: Engine, arranged: Arranged, who: str) -> dict[str, Any]:
    """Return all that the page needs before it shows rows."""
    info = engine.rows.info
    columns = [
        {
            "key": c.key,
            "title": c.title,
            "width": c.width,
            "align": c.align,
            "hint": c.hint,
            "hidden": c.hidden,
        }
        for c in engine.columns
    ]
    return {
        "title": visible(info.name),
        "against": visible(engine.changes.name) if engine.changes is not None else None,
        "columns": columns,
        "groups": [[key, visible(words)] for key, words in engine.groups.items()],
        "chips": chips(engine, counted=False),
        "total": len(engine.rows),
        "who": visible(who),
        "sort": arranged.query.sort,
    }


def chips(engine: Engine, *, counted: bool = True) -> list[dict[str, Any]]:
    """Return the filters with how many rows each lets through; None where that is not known yet.

    Counting goes through all rows: the first rows do not wait for it.
    """
    words = dict(FILTERS)
    if engine.changes is not None:
        words |= {kind: engine.changes.words[kind] for kind in KINDS}
    return [
        {
            "key": key,
            "words": words[key],
            "count": engine.count(key) if counted else None,
            "hint": _HINTS.get(key) or HINTS.get(key, ""),
            "compares": key in _COMPARE,
        }
        for key in engine.filters
    ]


def status(engine: Engine, follow: Followed | None, folder: Path | None) -> str:
    """Return how a run is, how far it came, and how it is gone on with; "" where it is complete."""
    info = follow.info if follow is not None else engine.rows.info
    if follow is not None:
        state = follow.state
    else:
        state = state_of(info, held=folder is not None and in_use(folder / JOURNAL))
    if state == "complete":
        return ""
    count = f"{engine.rows.own:,} of {info.planned:,}"
    if state == "running":
        later = "" if follow is not None else "; ResultTable(folder) would follow it"
        return f"running, {count}{later}"
    reason = f" ({info.reason})" if info.reason else ""
    again = f"; {how_to_go_on(folder).partition('; ')[2]}" if folder is not None else ""
    return visible(f"{state} at {count}{reason}{again}")
