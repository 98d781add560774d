"""The command line: `workbench lab | demo | serve | run | salvage | cache | models`."""

from workbench.cli.commands import main

__all__ = ["main"]
