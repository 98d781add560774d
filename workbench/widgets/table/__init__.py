"""`ResultTable`: a run's rows as a virtual table, with what each row was made of a key press away.

What is sorted, searched and grouped (`engine`) knows nothing of notebooks; `view` gives it to the page.
"""

from __future__ import annotations

from workbench.widgets.table.view import ResultTable

__all__ = ["ResultTable"]
