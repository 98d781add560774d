"""Asks what an evaluation wants to know: many at once, everything on disk before it counts."""

from workbench.runner.engine import Engine, Event, run
from workbench.runner.folder import record

__all__ = ["Engine", "Event", "record", "run"]
