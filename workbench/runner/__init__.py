"""Asks what an evaluation wants to know: many at once, everything on disk before it counts."""

from workbench.runner.engine import Engine, Event, run
from workbench.runner.folder import record
from workbench.runner.lease import Halted, Lease, Permit
from workbench.runner.plan import Plan
from workbench.runner.purse import Purse

__all__ = ["Engine", "Event", "Halted", "Lease", "Permit", "Plan", "Purse", "record", "run"]
