"""What the views are built of: tables, folds, figures."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from workbench.show.h import Child, join, tag
from workbench.show.safe import Html

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_ROWS: Final = 50
"""Rows of one table; the rest is counted."""

NO_MATH: Final = "mathjax_ignore tex2jax_ignore"
"""Classes that keep MathJax, of today and of old, out of an element."""


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, and what stands below it: text, numbers, or several cells that belong together.

    Attributes:
        title: The heading.
        number: Whether numbers stand below it.
        parts: The class of each cell below it, where they are several.
    """

    title: str
    number: bool = False
    parts: tuple[str | None, ...] = ()

    @property
    def cells(self) -> tuple[str | None, ...]:
        """The class of each cell below the heading."""
        return self.parts or ("wb-n" if self.number else None,)

    @property
    def head(self) -> Html:
        """The heading, as wide as its cells."""
        wide = len(self.cells) if len(self.cells) > 1 else None
        return tag("th", self.title, scope="col", colspan=wide, cls=None if wide else self.cells[0])


@cache
def style() -> Html:
    """Return the stylesheet, without the blanks it is written with."""
    source = files("workbench.show").joinpath("style.css").read_text("utf-8")
    return Html(re.sub(r"\s*([{};,:>])\s+", r"\1", source).replace(";}", "}").strip())


def framed(body: Html) -> Html:
    """Return *body* in the element that the stylesheet is scoped to, the stylesheet with it.

    JupyterLab would set what stands between two dollar signs as a formula: MathJax is told to keep out.
    """
    return Html(f'<div class="wb {NO_MATH}"><style>{style()}</style>{body}</div>')


def table(
    columns: Sequence[Column],
    rows: Iterable[Sequence[Child]],
    *,
    caption: str | None = None,
    total: Sequence[Child] | None = None,
    limit: int = MAX_ROWS,
) -> Html:
    """Return a table; the first cell of a row is its heading, rows past *limit* are counted below."""
    every = list(rows)
    head = tag("tr", *(column.head for column in columns))
    body = [_row(columns, row) for row in every[:limit]]
    made = tag(
        "table",
        tag("caption", caption) if caption else None,
        tag("thead", head) if any(c.title for c in columns) else None,
        tag("tbody", *body),
        tag("tfoot", _row(columns, total)) if total else None,
        cls="wb-t",
    )
    # Not every browser lets the keyboard scroll what cannot have the focus.
    return join([tag("div", made, cls="wb-scroll", tabindex=0), more(len(every) - limit)])


def _row(columns: Sequence[Column], cells: Sequence[Child]) -> Html:
    kinds = [kind for column in columns for kind in column.cells]
    made = [
        tag("td" if i else "th", cell, scope=None if i else "row", cls=kind)
        for i, (kind, cell) in enumerate(zip(kinds, cells, strict=True))
    ]
    return tag("tr", *made)


def more(hidden: int, what: str = "rows") -> Html | None:
    """Return ``… and 12 more rows``, or nothing where none is hidden.

    >>> more(12), more(1, "failures"), more(0)
    ('<p class="wb-dim">… and 12 more rows</p>', '<p class="wb-dim">… and 1 more failure</p>', None)
    """
    if hidden <= 0:
        return None
    return tag("p", f"… and {hidden:,} more {what if hidden > 1 else what.removesuffix('s')}", cls="wb-dim")


def fold(summary: Child, *children: Child, opened: bool = False) -> Html:
    """Return a part that is folded until it is asked for."""
    return tag("details", tag("summary", summary), *children, open=opened)


def pre(value: object, *, limit: int | None = None) -> Html:
    """Return text with its line breaks, cut after *limit* characters."""
    return tag("pre", str(value) if limit is None else short(str(value), limit), cls="wb-text", dir="auto")


def code(value: Any) -> Html:
    """Return JSON, or text as it is, in a fixed-width block."""
    shown = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return tag("pre", shown, cls="wb-code")


def short(value: str, limit: int = 300) -> str:
    """Return *value*, or its beginning and how much is missing.

    >>> short("abcdefgh", 4)
    'abcd… (4 characters more)'
    """
    return value if len(value) <= limit else f"{value[:limit]}… ({len(value) - limit:,} characters more)"


def one_line(value: object, limit: int = 120) -> str:
    r"""Return *value* on one line, cut to *limit* characters.

    >>> one_line("a\n  b" * 2, 6)
    'a ba b'
    >>> one_line("abcdefgh", 6)
    'abcde…'
    """
    flat = " ".join(str(value)[: limit * 4].split())
    return flat if len(flat) <= limit else f"{flat[: limit - 1]}…"


def whole(count: float | None) -> str:
    """Return a count with thousands separated, a dash where it is unknown.

    >>> whole(1234567), whole(None)
    ('1,234,567', '—')
    """
    return "—" if count is None else f"{count:,.0f}"


def whisker(low: float, mean: float, high: float, *, of: tuple[float, float] = (0.0, 1.0)) -> Html:
    """Return a dot at *mean* on a line from *low* to *high*; the cell beside it says the same in figures."""
    width, start, end = 140.0, *of

    def at(value: float) -> str:
        share = (min(max(value, start), end) - start) / (end - start or 1)
        return f"{4 + share * (width - 8):.1f}"

    ticks = [
        tag("line", cls="wb-axis", x1=at(x), x2=at(x), y1="4", y2="10")
        for x in (start, (start + end) / 2, end)
    ]

    return tag(
        "svg",
        tag("line", cls="wb-axis", x1=at(start), x2=at(end), y1="7", y2="7"),
        *ticks,
        tag("line", x1=at(low), x2=at(high), y1="7", y2="7"),
        tag("circle", cx=at(mean), cy="7", r="3.5"),
        viewBox=f"0 0 {width:g} 14",
        width=f"{width:g}",
        height="14",
        aria_hidden="true",
    )


def badge(word: str, kind: str) -> Html:
    """Return a word in the colour of its meaning: ``good``, ``bad`` or ``warn``."""
    return tag("span", word, cls=f"wb-{kind}")
