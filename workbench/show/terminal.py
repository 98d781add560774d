"""Nouns in a terminal: their own text, with everything in it that a terminal would obey shown instead."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO

from workbench.show.progress import Progress, progress_for
from workbench.show.safe import terminal

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Progress", "console", "echo", "progress_for"]


def echo(noun: object, *, file: TextIO | None = None) -> None:
    """Write the text of *noun* and a newline; characters the stream cannot encode are escaped.

    Args:
        noun: Anything; its ``str`` is shown.
        file: Where to, standard output by default.
    """
    stream = sys.stdout if file is None else file
    encoding = getattr(stream, "encoding", None) or "utf-8"
    shown = terminal(noun).encode(encoding, "backslashreplace").decode(encoding)
    stream.write(f"{shown}\n")


def console(*, stderr: bool = False) -> Console:
    """Return a console that takes no markup, emoji names or highlighting from what it is given."""
    from rich.console import Console

    return Console(stderr=stderr, markup=False, emoji=False, highlight=False, soft_wrap=True)
