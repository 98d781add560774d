"""What people see in a notebook: the builder, columns that stream, the result table, the grading queue.

Forms are ipywidgets; rich views are ES modules of ``front/``, put together in the kernel and sent to the page
(`view.View`). Rows and answers stay in the kernel, the page asks for what it shows.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

LIVE: Final = {"Running": "running.RunningView"}
"""Class of a noun → module and class of this folder that shows it in a live notebook."""


def live_bundle(noun: object) -> dict[str, Any]:
    """Return the widget of *noun* as a MIME bundle; empty where no notebook is there to show it."""
    from workbench.show.progress import in_notebook

    target = LIVE.get(type(noun).__name__)
    if target is None or not in_notebook():
        return {}
    module, _, name = target.partition(".")
    made: dict[str, Any] = getattr(import_module(f"workbench.widgets.{module}"), name)(noun).widget_bundle()
    return made
