"""Nouns as safe HTML, charts as SVG: `to_bundle` is what the package gives `display` for every `Shown` noun.

Renderers are found by the noun's class name, so that showing one noun imports no other.
"""

from __future__ import annotations

import logging
import traceback
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workbench.show.safe import Html

_log = logging.getLogger("workbench")

T = TypeVar("T")

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
    "Agreement": "agreement.agreement",
    "Preference": "agreement.preference",
    "Verdict": "gate.gate",
    "Result": "run.result",
    "Run": "run.run",
    "Running": "running.running",
    "Compared": "compared.compared",
}
"""Class of the noun (one of this package) → module and function of this folder."""

PICTURES = {"Chart": "charts.svg"}
"""Class of the noun → module and function of this folder that draws it as an SVG."""

FORMS = {"Drawn": "charts.other"}
"""Class of the noun → module and function of this folder that gives it in other forms, by MIME type."""


def to_bundle(noun: object) -> dict[str, Any]:
    """Return what a notebook shows of *noun* beside its text, by MIME type; empty where there is nothing.

    A cell never breaks over its own output: what goes wrong is logged, and text/plain remains.
    """
    made = {"text/html": to_html(noun), "image/svg+xml": _shown(to_svg, noun)}
    return {kind: text for kind, text in made.items() if text is not None} | (_shown(_other, noun) or {})


def to_svg(noun: object) -> str | None:
    """Return the picture of *noun*, or None where none is known.

    Raises:
        Exception: Whatever drawing it raised.
    """
    draw = _found(PICTURES, noun)
    return None if draw is None else str(draw(noun))


def _other(noun: object) -> dict[str, Any] | None:
    make = _found(FORMS, noun)
    return None if make is None else dict(make(noun))


def to_html(noun: object) -> str | None:
    """Return the HTML of *noun*, or None where there is none or it could not be made, which is logged."""
    return _shown(render, noun)


def _shown(make: Callable[[object], T | None], noun: object) -> T | None:
    try:
        return make(noun)
    except Exception as error:  # noqa: BLE001 - a noun of any kind, a cell that must not break
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} at {frame.name}:{frame.lineno}"
        _log.error("no view of %s: %s", type(noun).__name__, where)  # bodies are not logged
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
    draw = _found(RENDERERS, noun)
    return None if draw is None else draw(noun)


def _found(known: Mapping[str, str], noun: object) -> Callable[[Any], Any] | None:
    for kind in type(noun).__mro__:
        target = known.get(kind.__name__)
        if target is not None and kind.__module__.startswith("workbench."):
            module, _, function = target.partition(".")
            found: Callable[[Any], Any] = getattr(import_module(f"workbench.show.{module}"), function)
            return found
    return None
