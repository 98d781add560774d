"""Scorers: a sample and a reply become a score. Pure: nothing here sends, sleeps, prints or reads files."""

from workbench.score.base import (
    Answered,
    Function,
    Kind,
    Score,
    Scorer,
    apply,
    as_scorer,
    prepare,
    scorer,
)
from workbench.score.citations import citations_valid
from workbench.score.labels import choice
from workbench.score.measures import cost, latency, length
from workbench.score.numbers import number
from workbench.score.structure import json_path, json_valid
from workbench.score.text import exact, includes, regex
from workbench.score.views import View, look

__all__ = [
    "Answered",
    "Function",
    "Kind",
    "Score",
    "Scorer",
    "View",
    "apply",
    "as_scorer",
    "choice",
    "citations_valid",
    "cost",
    "exact",
    "includes",
    "json_path",
    "json_valid",
    "latency",
    "length",
    "look",
    "number",
    "prepare",
    "regex",
    "scorer",
]
