"""Templates and values become requests; a grid of settings becomes variants."""

from workbench.prompt.prompt import Prompt
from workbench.prompt.template import escape
from workbench.prompt.variants import Variant, grid

__all__ = ["Prompt", "Variant", "escape", "grid"]
