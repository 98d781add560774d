"""Sending: one HTTP client, bounded in time, size and retries; every fault ends as an error of ours."""

from workbench.transport.attempts import Call
from workbench.transport.core import Transport
from workbench.transport.limits import Gate, Limits, Tally
from workbench.transport.turns import Turns
from workbench.transport.watch import Onlooker, Watch

__all__ = ["Call", "Gate", "Limits", "Onlooker", "Tally", "Transport", "Turns", "Watch"]
