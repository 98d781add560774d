"""What happened: one `Result` per trial, and the `Run` that holds them and knows its folder."""

from workbench.run.info import INFO, RunInfo, Status, judges, write
from workbench.run.result import Result, as_asked, settle
from workbench.run.run import JOURNAL, Run

__all__ = ["INFO", "JOURNAL", "Result", "Run", "RunInfo", "Status", "as_asked", "judges", "settle", "write"]
