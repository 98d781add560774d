"""Samples, and the files they live in."""

from workbench.dataset.cells import plain_cell, safe_cell
from workbench.dataset.data import Dataset, Sample

__all__ = ["Dataset", "Sample", "plain_cell", "safe_cell"]
