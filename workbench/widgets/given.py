"""What a view is given: refused with its cure where it is something else."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from workbench.errors import UsageError
from workbench.prompt import Prompt
from workbench.run import Run
from workbench.wire import Request

if TYPE_CHECKING:
    from collections.abc import Mapping


def run_or_folder(given: Any, view: str) -> Run | str | os.PathLike[str]:
    """Return a run, or the folder of one.

    Raises:
        UsageError: It is neither.
    """
    if isinstance(given, Run | str | os.PathLike):
        return given
    called = view.replace("…", "client.run(study)") if "…" in view else f"{view}(client.run(study))"
    raise UsageError(f"{view} takes a run or its folder, not {_kind(given)}: {called}")


def client(given: Any, view: str) -> Any:
    """Return a client, or what streams like one.

    Raises:
        UsageError: It is none.
    """
    if hasattr(given, "stream"):
        return given
    raise UsageError(f"{view} takes a client, not {_kind(given)}: client = wb.Client()")


def prompt(given: Prompt | Request | Mapping[str, Any] | str | None) -> Prompt | None:
    """Return a prompt: of a request, of a request's body, or of the text of its one user turn too.

    Raises:
        UsageError: It is none of these.
        PromptError, WireError: A body that is no request.
    """
    if given is None or isinstance(given, Prompt):
        return given
    if isinstance(given, str):
        return Prompt(given)
    if isinstance(given, Request):
        return Prompt.from_wire(given.wire())
    if isinstance(given, dict):
        return Prompt.from_wire(given)
    raise UsageError(f"PromptBuilder takes a Prompt, a Request or its body, not {_kind(given)}")


def _kind(given: Any) -> str:
    return type(given).__name__
