"""The charts of a run as data: points, intervals, labels, alt text and a table. `show/charts` draws them."""

from workbench.report.charts.axis import Axis
from workbench.report.charts.chart import PLOTLY, PNG, SVG, Chart, Drawn
from workbench.report.charts.parts import Bar, Bars, Curve, Dot, Estimate, Part, Plane, Row, Rows
from workbench.report.charts.plots import Plots

__all__ = [
    "PLOTLY",
    "PNG",
    "SVG",
    "Axis",
    "Bar",
    "Bars",
    "Chart",
    "Curve",
    "Dot",
    "Drawn",
    "Estimate",
    "Part",
    "Plane",
    "Plots",
    "Row",
    "Rows",
]
