"""How charts look: colours that pass on white and on black, shapes beside them, sizes, names cut short."""

from __future__ import annotations

from typing import Final

from workbench.report.charts.view import SHORT, named
from workbench.report.words import visible as one_line
from workbench.show.safe import visible

WIDTH: Final = 760
"""Of every chart, in pixels."""

EDGE: Final = 16
"""Free on the left and on the right."""

INK: Final = "#797979"
"""Text and axes: 4.3 to 1 on white and on JupyterLab's dark."""

COLOURS: Final = ("#2378C3", "#D55E00", "#8E3DF0", "#AA8855", "#CC6699")
"""Of data: at least 3 to 1 on white and on #111, apart also for the colour-blind."""

SHAPES: Final = "osD^vPXp"
"""Markers; with five colours no two of 32 variants are alike."""

DASHES: Final = ("-", "--", "-.", ":")

AMOUNTS: Final = (COLOURS[0], COLOURS[1], INK)
"""Of the kinds of a bar."""

TITLE: Final = 14.0
TEXT: Final = 12.0
SMALL: Final = 11.0

FONTS: Final = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

LINE: Final = 400
"""Letters of one text."""


def colour(series: int) -> str:
    """Return the colour of a variant."""
    return COLOURS[series % len(COLOURS)]


def shape(series: int) -> str:
    """Return the marker of a variant."""
    return SHAPES[series % len(SHAPES)]


def dashes(series: int) -> str:
    """Return the line style of a variant: another one in each round of colours."""
    return DASHES[series // len(COLOURS) % len(DASHES)]


def shown(text: str, limit: int = LINE) -> str:
    r"""Return *text* on one line, without what is invisible, its end cut off.

    >>> shown("a\n\u202eb"), shown("abcdef", 4)
    ('a␊<U+202E>b', 'abc…')
    """
    words = visible(one_line(text[: 2 * limit]))
    return words if len(words) <= limit else f"{words[: limit - 1]}…"


def names(every: list[str]) -> list[str]:
    """Return the short form of each name; those that came out alike are numbered.

    >>> names(["a", "b"])
    ['a', 'b']
    """
    cut = [visible(named(name, SHORT)) for name in every]
    return [f"{text} ({i + 1})" if text and cut.count(text) > 1 else text for i, text in enumerate(cut)]
