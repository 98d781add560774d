"""The prompt builder: a form in a notebook, and what it knows without one."""

from workbench.widgets.builder.builder import PromptBuilder

__all__ = ["PromptBuilder"]
