"""The store: replies that were paid for, kept on disk."""

from workbench.cache.flights import Flights
from workbench.cache.store import SCANNED, Export, Stats, Store

__all__ = ["SCANNED", "Export", "Flights", "Stats", "Store"]
