"""Results in, tables out: the summary of a run, the comparison of two variants, the receipt. All pure."""

from workbench.report.cache import CacheReport, cache_report
from workbench.report.comparison import Comparison, compare
from workbench.report.outcome import Outcome, sample_means
from workbench.report.receipt import Bills, RunReceipt, bills, receipt
from workbench.report.summary import summary
from workbench.report.table import Cell, Column, Table

__all__ = [
    "Bills",
    "CacheReport",
    "Cell",
    "Column",
    "Comparison",
    "Outcome",
    "RunReceipt",
    "Table",
    "bills",
    "cache_report",
    "compare",
    "receipt",
    "sample_means",
    "summary",
]
