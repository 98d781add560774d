"""Answers that stream side by side."""

from workbench.widgets.panes.view import RunView

__all__ = ["RunView"]
