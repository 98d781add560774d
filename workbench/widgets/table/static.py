"""What stands where no kernel is: the header, the first rows, and how many more there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from workbench.errors import JournalError
from workbench.report.table import pad, width, wrapped
from workbench.show.h import join, tag
from workbench.show.parts import Column, badge, table
from workbench.show.safe import Html, terminal, text
from workbench.show.tables import figures, notes, origin, title, verdict
from workbench.widgets.table.columns import brief, cell
from workbench.widgets.table.columns import verdict as word
from workbench.widgets.table.lines import COLOURS

if TYPE_CHECKING:
    from workbench.report import Table
    from workbench.widgets.table.engine import Engine

FIRST: Final = 20
"""Rows that are shown."""

_CELL: Final = 60


def static(engine: Engine, head: Table, compared: str, how: str) -> tuple[Html, str]:
    """Return HTML and text of a table.

    Args:
        engine: Its rows.
        head: Its header.
        compared: What the comparison with another run came to, in a sentence; "" where there is none.
        how: How far the run is; "" where it is complete.
    """
    keys = _keys(engine)
    titles = {column.key: column.title for column in engine.columns}
    rows = [[brief_cell(engine, key, at) for key in keys] for at in _first(engine)]
    more = len(engine.rows) - len(rows)
    rest = f"… {more:,} more row{'s' * (more != 1)}" if more else ""
    columns = [Column(titles[key], number=key == "index" or key.startswith("score:")) for key in keys]
    cells = [[_coloured(key, value) for key, value in zip(keys, row, strict=True)] for row in rows]
    html = join(
        [
            origin(how) if how else None,
            title(head.title),
            verdict(head.verdict),
            figures(head),
            tag("p", text(compared)) if compared else None,
            table(columns, cells, caption=f"first {len(rows):,} of {len(engine.rows):,} rows"),
            tag("p", rest, cls="wb-dim") if rest else None,
            notes(head.notes),
        ]
    )
    text_rows = _plain_table([[titles[key] for key in keys], *[[*map(_cut, row)] for row in rows]])
    said = [wrapped([sentence]) if sentence else "" for sentence in (how, compared)]
    parts = [said[0], str(head), said[1], text_rows, rest]
    return html, "\n\n".join(part for part in parts if part)


def _keys(engine: Engine) -> list[str]:
    shown = ["index", "variant", "sample", *(["epoch"] if engine.rows.info.epochs > 1 else []), "verdict"]
    shown += ["change"] if engine.changes is not None else []
    return [*shown, *(f"score:{s['name']}" for s in engine.rows.info.scorers[:3]), "answer"]


def _first(engine: Engine) -> list[int]:
    found: list[int] = engine.order("")[:FIRST].tolist()
    return found


def brief_cell(engine: Engine, key: str, at: int) -> str:
    """Return the text of one cell of a row."""
    row = engine.rows.all[at]
    if key == "change" and engine.changes is not None:
        return engine.changes.words[engine.changes.kind(row, own=at < engine.rows.own)]
    try:
        return word(row) if key == "verdict" else cell(key, row)
    except JournalError:
        return brief("(its record cannot be read)")


def _coloured(key: str, value: str) -> Html:
    kind = COLOURS.get(value, "") if key == "verdict" else ""
    return badge(value, kind) if kind else text(_cut(value) if key != "answer" else value[:300])


def _cut(value: str) -> str:
    return value if len(value) <= _CELL else f"{value[: _CELL - 1]}…"


def _plain_table(rows: list[list[str]]) -> str:
    shown = [[terminal(value) for value in row] for row in rows]
    widths = [max(width(row[at]) for row in shown) for at in range(len(shown[0]))]
    return "\n".join(
        "  ".join(pad(value, wide) for value, wide in zip(row, widths, strict=True)).rstrip() for row in shown
    )
