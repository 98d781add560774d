"""Models compared: table and verdict, how answers were judged, and the plot, in one output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.errors import WorkbenchError
from workbench.show import run
from workbench.show.h import join, picture, tag
from workbench.show.safe import Html, text, visible

if TYPE_CHECKING:
    from typing import Protocol

    from workbench.report.charts import Chart
    from workbench.run import Run

    class Comparison(Protocol):
        """What is shown; `comparing.Compared` is one."""

        @property
        def run(self) -> Run: ...  # noqa: D102
        @property
        def why(self) -> str: ...  # noqa: D102
        @property
        def plot(self) -> Chart: ...  # noqa: D102


def compared(noun: Comparison) -> Html:
    """Return the run as it is shown by itself, how it was scored, and the plot as an image."""
    return join([run.run(noun.run), tag("p", text(noun.why), cls="wb-dim"), _plot(noun.plot)])


def _plot(chart: Chart) -> Html:
    """Return the chart; where it cannot be drawn, its words."""
    try:
        return tag("div", picture(chart.svg(), visible(chart.alt)), cls="wb-scroll", tabindex=0)
    except WorkbenchError:  # the log says where
        return tag("p", text(chart.alt))
