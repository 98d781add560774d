"""Samples, and the files they live in."""

from workbench.dataset.cells import plain_cell, safe_cell
from workbench.dataset.data import Dataset, Sample
from workbench.dataset.more import append

__all__ = ["Dataset", "Sample", "append", "plain_cell", "safe_cell"]
