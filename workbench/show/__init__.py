"""Nouns as safe HTML: `to_html` is what the package gives `display` for every `Shown` noun.

Renderers are found by the noun's class name, so that showing one noun imports no other.
"""

from __future__ import annotations

import logging
import traceback
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.show.safe import Html

_log = logging.getLogger("workbench")

RENDERERS = {
    "workbench.wire.request.Request": "request.request",
    "workbench.prompt.Prompt": "request.prompt",
    "workbench.wire.message.Message": "reply.message",
    "workbench.reply.Reply": "reply.reply",
    "workbench.lint.findings.Findings": "findings.findings",
    "workbench.tokens.TokenEstimate": "money.token_estimate",
    "workbench.cost.Estimate": "money.estimate",
    "workbench.cost.Receipt": "money.receipt",
    "workbench.dataset.Dataset": "data.dataset",
    "workbench.catalog.Catalog": "data.catalog",
    "workbench.evaluation.Eval": "data.evaluation",
    "workbench.cache.Explanation": "data.explanation",
    "workbench.report.table.Table": "tables.table",
    "workbench.report.comparison.Comparison": "tables.comparison",
    "workbench.run.Run": "run.run",
}
"""Class of the noun → module and function of this folder."""


def to_html(noun: object) -> str | None:
    """Return the HTML of *noun*, or None where there is none or it could not be made.

    A cell never breaks over its own output: what goes wrong here is logged, and text/plain remains.
    """
    try:
        return render(noun)
    except Exception as error:  # noqa: BLE001 - a noun of any kind, a cell that must not break
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} at {frame.name}:{frame.lineno}"
        _log.error("no HTML view of %s: %s", type(noun).__name__, where)  # bodies are not logged
        return None


def render(noun: object) -> str | None:
    """Return the HTML of *noun* with its stylesheet, or None where no renderer is known.

    Raises:
        Exception: Whatever the renderer raised.
    """
    from workbench.show.parts import framed

    body = fragment(noun)
    return None if body is None else framed(body)


def fragment(noun: object) -> Html | None:
    """Return the HTML of *noun* without a stylesheet, to be put into other HTML."""
    for kind in type(noun).__mro__:
        target = RENDERERS.get(f"{kind.__module__}.{kind.__qualname__}")
        if target is not None:
            module, _, function = target.partition(".")
            made: Html = getattr(import_module(f"workbench.show.{module}"), function)(noun)
            return made
    return None
