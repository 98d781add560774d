"""How to go on with a run, as a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.evaluation import rebuildable
from workbench.report import failed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from workbench.run.result import Result


def resume_call(folder: Path, more: str = "") -> str:
    """Return the call that goes on with the run in *folder*.

    Args:
        folder: The run's; where it does not hold the whole study, the call names the study too.
        more: A further argument.
    """
    study = "" if rebuildable(folder) else ", evaluation"
    return f"client.resume({str(folder)!r}{study}{f', {more}' if more else ''})"


def ask_again(found: Sequence[Result], folder: Path | None) -> str:
    """Return how to ask those of the errors again that may pass; empty where there are none, or no folder."""
    passing = sum(failed.passing(row.error) for row in found if row.error is not None)
    if folder is None or not passing:
        return ""
    return f"{resume_call(folder)} asks {'them' if passing == len(found) else 'what failed'} again"
