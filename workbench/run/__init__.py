"""What happened: one `Result` per trial, and the `Run` that holds them and knows its folder."""

from workbench.run.info import INFO, RunInfo, Status, judges, state_of, write
from workbench.run.kept import Kept, bodies, keep
from workbench.run.onward import ask_again, resume_call
from workbench.run.recall import Recalled, recall, settle
from workbench.run.result import Result, as_asked
from workbench.run.run import JOURNAL, Run
from workbench.run.warmed import Warmed

__all__ = [
    "INFO",
    "JOURNAL",
    "Kept",
    "Recalled",
    "Result",
    "Run",
    "RunInfo",
    "Status",
    "Warmed",
    "as_asked",
    "ask_again",
    "bodies",
    "judges",
    "keep",
    "recall",
    "resume_call",
    "settle",
    "state_of",
    "write",
]
