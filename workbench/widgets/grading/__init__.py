"""Grading by people: one item at a time, blind, by keyboard; what they say is kept beside the run."""

from workbench.widgets.grading.view import GradeQueue

__all__ = ["GradeQueue"]
