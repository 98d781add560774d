"""What a command says, and how it ends: in one line, with an exit code of the README."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import warnings
from typing import TYPE_CHECKING, Any

import typer
from typer.exceptions import TyperException

from workbench.errors import WorkbenchError
from workbench.show.terminal import echo

if TYPE_CHECKING:
    from collections.abc import Iterator

UNUSABLE = (FileNotFoundError, FileExistsError, NotADirectoryError, IsADirectoryError, PermissionError)
"""A path that names nothing of use."""

INTERRUPTED = 130
"""What typer makes of Ctrl-C."""


@contextlib.contextmanager
def warnings_as_lines(*, debug: bool) -> Iterator[None]:
    """Show each warning as one line, without the code it comes from; with *debug* as Python does."""
    before = warnings.showwarning
    if not debug:
        warnings.showwarning = lambda message, *_, **__: complain(f"warning: {message}")
    try:
        yield
    finally:
        warnings.showwarning = before


@contextlib.contextmanager
def sigterm_as_ctrl_c() -> Iterator[None]:
    """Let whoever ends this process politely, a scheduler say, stop a run as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


def explain_end(error: BaseException) -> int:
    """Say in a line why a command ended early; return the exit code."""
    if isinstance(error, TyperException):
        complain(_misused(error))
        return error.exit_code
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        complain("stopped")
        return 4
    if isinstance(error, OSError):
        complain(f"{error.filename}: {error.strerror}" if error.filename else str(error))
        return 2 if isinstance(error, UNUSABLE) else 4
    if isinstance(error, WorkbenchError):
        complain(str(error))
        return error.exit_code
    complain(f"{type(error).__name__}: {error} (a defect of the workbench; --debug shows where)")
    return 4


def _misused(error: TyperException) -> str:
    """Return what typer says in four lines as one."""
    said = error.format_message().replace("Value error, ", "").rstrip(".")
    command = " ".join(_path(getattr(error, "ctx", None)))
    return f"{said}; `{command} --help` lists what there is" if said else ""


def _path(context: Any) -> list[str]:
    if context is None or context.parent is None:
        return ["workbench"]
    return [*_path(context.parent), context.info_name]


def say(text: str) -> None:
    """Write to standard output; a reader that has seen enough, such as ``head``, ends nothing."""
    try:
        echo(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(text: str) -> None:
    """Write to standard error, under this program's name."""
    if text:
        echo(f"workbench: {text}", file=sys.stderr)
