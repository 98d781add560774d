"""An evaluation and prompt workbench for the Claude API, in Jupyter.

    import workbench as wb

    client = wb.Client()
    prompt = wb.Prompt("Solve: {{input}}", model="claude-haiku-4-5", max_tokens=300)
    study = wb.Eval("arithmetic", dataset=wb.Dataset.load("datasets/arithmetic.jsonl"),
                    variants=wb.grid(prompt, model=["claude-haiku-4-5", "claude-sonnet-4-6"]),
                    scorers=[wb.score.number()])
    client.run(study)

Every name is loaded when it is first used, so the import itself costs next to nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from workbench import display

if TYPE_CHECKING:
    from workbench import score
    from workbench.cassette import Cassette
    from workbench.catalog import catalog
    from workbench.client import Client
    from workbench.comparing import compare
    from workbench.cost import Receipt, cost
    from workbench.dataset import Dataset, Sample
    from workbench.errors import WorkbenchError
    from workbench.estimate import estimate
    from workbench.evaluation import Eval
    from workbench.gate import gate
    from workbench.lint import Findings, lint
    from workbench.prompt import Prompt, Variant, grid
    from workbench.prompt.function import tool
    from workbench.reply import Reply
    from workbench.run import Run
    from workbench.score import Score
    from workbench.widgets.builder import PromptBuilder
    from workbench.widgets.grading import GradeQueue
    from workbench.widgets.panes import RunView
    from workbench.widgets.table import ResultTable
    from workbench.wire import Message, Request, Usage

__version__ = "0.1.0"

__all__ = [
    "Cassette",
    "Client",
    "Dataset",
    "Eval",
    "Findings",
    "GradeQueue",
    "Message",
    "Prompt",
    "PromptBuilder",
    "Receipt",
    "Reply",
    "Request",
    "ResultTable",
    "Run",
    "RunView",
    "Sample",
    "Score",
    "Usage",
    "Variant",
    "WorkbenchError",
    "catalog",
    "compare",
    "cost",
    "estimate",
    "gate",
    "grid",
    "lint",
    "score",
    "tool",
]

_HOME = {
    "Cassette": "workbench.cassette",
    "Client": "workbench.client",
    "Dataset": "workbench.dataset",
    "Eval": "workbench.evaluation",
    "Findings": "workbench.lint",
    "GradeQueue": "workbench.widgets.grading",
    "Message": "workbench.wire",
    "Prompt": "workbench.prompt",
    "PromptBuilder": "workbench.widgets.builder",
    "Receipt": "workbench.cost",
    "Reply": "workbench.reply",
    "Request": "workbench.wire",
    "ResultTable": "workbench.widgets.table",
    "Run": "workbench.run",
    "RunView": "workbench.widgets.panes",
    "Sample": "workbench.dataset",
    "Score": "workbench.score",
    "Usage": "workbench.wire",
    "Variant": "workbench.prompt",
    "WorkbenchError": "workbench.errors",
    "catalog": "workbench.catalog",
    "compare": "workbench.comparing",
    "cost": "workbench.cost",
    "estimate": "workbench.estimate",
    "gate": "workbench.gate",
    "grid": "workbench.prompt",
    "lint": "workbench.lint",
    "tool": "workbench.prompt.function",
}
"""Where each public name lives."""

LIVE = frozenset({"Running"})
"""Classes of nouns that a live notebook shows as a widget."""


class _Package(ModuleType):
    """This module: its functions win over submodules of the same names (`catalog`, `cost`, `lint` …)."""

    def __setattr__(self, name: str, value: Any) -> None:
        # Importing workbench.cost anywhere would otherwise put the module in the function's place.
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


def __getattr__(name: str) -> Any:
    if name == "score":
        return import_module("workbench.score")
    if name not in _HOME:
        raise AttributeError(f"module 'workbench' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _bundle(noun: object) -> dict[str, Any]:
    from workbench.show import to_bundle

    made: dict[str, Any] = dict(to_bundle(noun))
    if type(noun).__name__ in LIVE:
        from workbench.widgets import live_bundle

        made |= live_bundle(noun)
    return made


sys.modules[__name__].__class__ = _Package
display.use_renderer(_bundle)
