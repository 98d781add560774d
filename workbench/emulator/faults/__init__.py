"""Faults by name: what a service and the network do wrong, injected on purpose, the same with the same seed.

workbench serve --fault http_529:0.2 --fault stream_fin_mid:0.1 --seed 7
"""

from workbench.emulator.faults.choice import FAULTS, Faults, known, listing
from workbench.emulator.faults.fault import Asked, Fault, Sent
from workbench.emulator.faults.sending import Misbehaviour

__all__ = ["FAULTS", "Asked", "Fault", "Faults", "Misbehaviour", "Sent", "known", "listing"]
