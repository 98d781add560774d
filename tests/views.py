"""Every view of a notebook, full of hostile texts: what it shows without a kernel, and the view itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.hostile import TEXTS
from tests.studies import hostile_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

OFFLINE = {"store": False, "mode": "off", "base_url": "http://127.0.0.1:9", "max_retries": 0}
"""A client that reaches nobody: what a view shows of it is an error, and its words are the texts."""


def table(folder: Path) -> Any:
    """Return the result table of a hostile run."""
    from workbench.widgets.table import ResultTable

    return ResultTable(hostile_run().save(folder / "table"))


def queue(folder: Path) -> Any:
    """Return the grading queue of a hostile run."""
    from workbench.widgets.grading import GradeQueue

    return GradeQueue(hostile_run().save(folder / "queue"), who="me", rubric="\n\n".join(TEXTS[:30]))


def columns(_folder: Path) -> Any:
    """Return columns whose requests are hostile, and whose labels are."""
    from tests.nouns import request
    from workbench.client import Client
    from workbench.widgets.panes import RunView

    asked = [request(text) for text in TEXTS[:12]]
    view = RunView(Client(**OFFLINE), asked, labels=TEXTS[:12], autostart=True)  # type: ignore[arg-type]
    view.wait(20)
    return view


def builder(_folder: Path) -> Any:
    """Return a builder that holds hostile texts wherever one can stand."""
    from tests.nouns import request
    from workbench.prompt import Prompt
    from workbench.widgets.builder import PromptBuilder

    prompt = Prompt.from_wire(request("\n".join(TEXTS[:25])).wire())
    return PromptBuilder(prompt, versions=None)


def running(folder: Path) -> Any:
    """Return the view of a run that was killed: its folder is all there is."""
    from workbench.client.running import Running
    from workbench.widgets.running import RunningView

    return RunningView(Running.attach(hostile_run().save(folder / "running")))


VIEWS: dict[str, Callable[[Path], Any]] = {
    "table": table,
    "queue": queue,
    "columns": columns,
    "builder": builder,
    "running": running,
}
