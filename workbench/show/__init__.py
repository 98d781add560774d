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
    "Request": "request.request",
    "Prompt": "request.prompt",
    "Message": "reply.message",
    "Reply": "reply.reply",
    "Finding": "findings.finding",
    "Findings": "findings.findings",
    "TokenEstimate": "money.token_estimate",
    "Estimate": "money.estimate",
    "Receipt": "money.receipt",
    "RunReceipt": "money.run_receipt",
    "CacheReport": "money.cache_report",
    "Dataset": "data.dataset",
    "Catalog": "data.catalog",
    "Eval": "data.evaluation",
    "Explanation": "data.explanation",
    "Table": "tables.result_table",
    "Comparison": "tables.comparison",
    "Verdict": "gate.gate",
    "Result": "run.result",
    "Run": "run.run",
}
"""Class of the noun (one of this package) → module and function of this folder."""


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
        target = RENDERERS.get(kind.__name__)
        if target is not None and kind.__module__.startswith("workbench."):
            module, _, function = target.partition(".")
            made: Html = getattr(import_module(f"workbench.show.{module}"), function)(noun)
            return made
    return None
