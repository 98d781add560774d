"""A chart: its figures, what one would see, and the same as a table of text. It is drawn in `show/`."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from workbench import files
from workbench.display import Shown, bundle
from workbench.errors import DiskFullError, UsageError, WorkbenchError
from workbench.report.table import Cell, Column, Table
from workbench.report.words import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from workbench.report.charts.parts import Part

SVG: Final = "image/svg+xml"
PNG: Final = "image/png"
PLOTLY: Final = "application/vnd.plotly.v1+json"

DRAWN: Final = 32
"""Variants that a picture holds; the table has all."""

SAID: Final = 4
"""Variants whose figures the alt text names."""


@dataclass(frozen=True, eq=False)
class Chart(Shown):
    """A picture of a run that also reads as text.

    Attributes:
        kind: ``pareto``, ``latency``, ``scores``, ``paired``, ``cache`` or ``power``.
        title: What it shows.
        alt: What one would see, with figures, in a sentence or two.
        table: The figures as text.
        rows: The figures behind it: a mapping of name to value for each dot, row or bar.
        parts: What is drawn, from top to bottom; empty where there is nothing to draw, which *alt* says.
        notes: How it was computed and what is missing.
        warning: Who made the answers up, where somebody did; stands in the picture.
    """

    kind: str
    title: str
    alt: str
    table: Table
    rows: tuple[Mapping[str, Any], ...] = ()
    parts: tuple[Part, ...] = ()
    notes: tuple[str, ...] = ()
    warning: str = ""

    def frame(self) -> pd.DataFrame:
        """Return the figures as a DataFrame."""
        import pandas as pd

        return pd.DataFrame(list(self.rows))

    def svg(self) -> str:
        """Return the picture: no script, nothing loaded, transparent; the same run gives the same bytes.

        Raises:
            WorkbenchError: It could not be drawn; the log says where.
        """
        return str(self._form(SVG, self))

    def save(self, path: str | Path) -> Path:
        """Write the picture to *path*, at once or not at all.

        Args:
            path: Ends in ``.svg`` or ``.png``.

        Raises:
            UsageError: Another ending, or the file cannot be written.
            DiskFullError: No space left.
        """
        target = Path(path)
        ending = target.suffix.lower()
        if ending not in {".svg", ".png"}:
            raise UsageError(f"{target}: a chart is saved as .svg or .png")
        svg = ending == ".svg"
        data = self.svg().encode() if svg else base64.b64decode(self._form(PNG, Drawn(self, PNG)))
        try:
            files.write(target, data)
        except OSError as error:
            if files.no_space(error):
                raise DiskFullError(f"{target}: no space left for {len(data):,} bytes; free some") from error
            raise UsageError(f"{target}: cannot be written ({error.strerror or error})") from error
        return target

    def plotly(self) -> Any:
        """Return the picture as a ``plotly.graph_objects.Figure``, which shows figures at the pointer.

        Raises:
            UsageError: plotly is not installed.
        """
        if find_spec("plotly") is None:
            raise UsageError("plotly is not installed: pip install 'claude-workbench[plotly]'")
        from plotly.graph_objects import Figure

        return Figure(self._form(PLOTLY, Drawn(self, PLOTLY)))

    def _form(self, kind: str, noun: object) -> Any:
        made = bundle(noun).get(kind)
        if made is None:
            raise WorkbenchError(
                f"the {self.kind} chart could not be drawn; the log says where it went wrong"
            )
        return made

    def __str__(self) -> str:
        notes = [self.warning] * bool(self.warning) + list(self.notes)
        if not self.table.rows:
            return str(replace(self.table, columns=(), verdict=(self.alt,), notes=tuple(notes))).strip()
        return str(replace(self.table, verdict=(self.alt,), notes=tuple(notes)))

    def __repr__(self) -> str:
        return f"Chart({self.title!r}, {len(self.rows)} rows)"


@dataclass(frozen=True, eq=False)
class Drawn(Shown):
    """A chart in another form than SVG, which a notebook is given only on request."""

    chart: Chart
    form: str = field(default=PNG)


def text_table(title: str, heads: Sequence[tuple[str, bool]], rows: Iterable[Sequence[str]]) -> Table:
    """Return a table of text.

    Args:
        title: Its title.
        heads: Title of each column, and whether numbers stand below it.
        rows: The cells.
    """
    columns = tuple(
        Column(f"c{i}", words, align="right" if numbers else "left")
        for i, (words, numbers) in enumerate(heads)
    )
    return Table(title, columns, tuple(tuple(Cell(visible(text)) for text in row) for row in rows))


def nothing(kind: str, title: str, sentence: str, *, warning: str = "") -> Chart:
    """Return a chart of which there is nothing to draw: *sentence* says why, and what would help."""
    return Chart(kind, title, sentence, Table(title, (), ()), warning=warning)
