"""A matplotlib figure measured in pixels from its top left corner; only here are matplotlib's settings known.

Text never reaches matplotlib as it is: its layout sees a stand-in of plain letters, and the real text is put
into the finished SVG. So no ``$`` starts a formula, and no letter is missing from a font.
"""

from __future__ import annotations

import io
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from workbench.report.table import width as columns
from workbench.show.charts.clean import clean
from workbench.show.charts.look import INK, TEXT, WIDTH, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

    from workbench.report.charts import Axis

_DPI: Final = 72.0
"""A point is a pixel."""

_SHARP: Final = 2
"""Pixels of a PNG for one of the sheet."""

_OURS: Final = {"svg.fonttype": "none", "svg.hashsalt": "workbench", "path.simplify": True}
_DRAWING: Final = ("axes", "figure", "font", "grid", "lines", "markers", "patch", "path", "savefig", "svg",
                   "text", "xtick", "ytick")  # fmt: skip

_LOCK = threading.RLock()


@contextmanager
def plain_settings() -> Iterator[None]:
    """Draw with matplotlib's own defaults, whatever the user has set; theirs are back afterwards."""
    import matplotlib as mpl

    defaults = {name: value for name, value in mpl.rcParamsDefault.items() if name.split(".")[0] in _DRAWING}
    with _LOCK, mpl.rc_context({**defaults, **_OURS}):
        yield


class Sheet:
    """What a chart is drawn on.

    Attributes:
        height: Pixels.
        real: Whether text is drawn as it is, for a PNG; else the SVG gets it at the end.
        texts: The real text of each stand-in, by its id.
    """

    def __init__(self, height: float, *, real: bool = False) -> None:
        from matplotlib.figure import Figure

        self.height = height
        self.real = real
        self.texts: dict[str, str] = {}
        self.figure: Figure = Figure(figsize=(WIDTH / _DPI, height / _DPI), dpi=_DPI, facecolor="none")

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Return axes without ticks or frame at a place of the sheet."""
        place = (left / WIDTH, 1 - (top + height) / self.height, width / WIDTH, height / self.height)
        made = self.figure.add_axes(place, facecolor="none")
        made.set_axis_off()
        return made

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = TEXT,
        colour: str = INK,
        align: str = "left",
        bold: bool = False,
    ) -> None:
        """Write one line; *y* is where its letters stand."""
        key = f"t{len(self.texts)}"
        self.texts[key] = shown(words)
        written = drawable(self.texts[key]) if self.real else stand_in(self.texts[key])
        self.figure.text(
            x / WIDTH, 1 - y / self.height, written, fontproperties=font(size, bold=bold), color=colour,
            ha=align, va="baseline", parse_math=False, gid=key,
        )  # fmt: skip

    def line(self, x: float, y: float, to_x: float, to_y: float, *, colour: str = INK, **how: Any) -> None:
        """Draw a line."""
        from matplotlib.lines import Line2D

        xs, ys = (x / WIDTH, to_x / WIDTH), (1 - y / self.height, 1 - to_y / self.height)
        self.figure.add_artist(Line2D(xs, ys, color=colour, **{"linewidth": 1.0, **how}))

    def svg(self, title: str, alt: str) -> str:
        """Return the sheet as SVG."""
        from matplotlib.backends.backend_svg import FigureCanvasSVG

        out = io.BytesIO()
        FigureCanvasSVG(self.figure).print_svg(out, metadata={"Date": None})
        return clean(out.getvalue(), self.texts, title=shown(title), alt=shown(alt, 2000))

    def png(self) -> bytes:
        """Return the sheet as a transparent PNG."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        FigureCanvasAgg(self.figure)
        out = io.BytesIO()
        self.figure.savefig(
            out, format="png", dpi=_SHARP * _DPI, transparent=True, metadata={"Software": None}
        )
        return out.getvalue()


def scaled(axes: Axes, x: Axis, y: Axis | None = None) -> None:
    """Give axes the range and scale of ours."""
    for axis, log, limits in ((x, axes.set_xscale, axes.set_xlim), (y, axes.set_yscale, axes.set_ylim)):
        if axis is not None:
            log("log" if axis.log else "linear")
            limits(axis.low, axis.high)


def font(size: float, *, bold: bool = False) -> FontProperties:
    """Return the font that text is measured with: matplotlib brings it, so layouts are alike everywhere."""
    import matplotlib as mpl
    from matplotlib.font_manager import FontProperties

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return FontProperties(
        fname=str(Path(mpl.get_data_path()) / "fonts" / "ttf" / name),
        size=size,
        weight="bold" if bold else "normal",
    )


def measured(words: str, size: float = TEXT, *, bold: bool = False) -> float:
    """Return how wide a line is, in pixels; other fonts are hardly ever wider."""
    from matplotlib.textpath import text_to_path

    line = stand_in(shown(words))
    return float(text_to_path.get_text_width_height_descent(line, font(size, bold=bold), ismath=False)[0])


def wrapped(words: str, width: float, size: float = TEXT, *, bold: bool = False) -> list[str]:
    """Return *words* in lines that are not wider than *width*."""
    lines: list[str] = []
    for word in shown(words).split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and measured(longer, size, bold=bold) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def stand_in(words: str) -> str:
    r"""Return plain letters that are about as wide as *words*.

    >>> stand_in("a$b 日"), stand_in("\u0301")
    ('aMb MM', '')
    """
    return "".join(c if " " <= c < "\x7f" and c not in "$\\" else "M" * columns(c) for c in words)


def drawable(words: str) -> str:
    """Return *words* with a box for every letter that the font does not have."""
    from matplotlib.font_manager import get_font

    known = get_font(str(font(TEXT).get_file())).get_charmap()
    return "".join(c if ord(c) in known else "\N{WHITE SQUARE}" for c in words)
