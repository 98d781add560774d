"""Cures that need no judgement: what a "fix" button does.

A finding has a fix where one cure is meant and a machine can apply it. What a person must decide (which of
two lists to keep, what a tool does, how to shorten a text) has none; `NO_FIX` says why, rule by rule.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.errors import PromptError, WireError
from workbench.lint.curecaches import CURES as CACHES
from workbench.lint.curemessages import CURES as MESSAGES
from workbench.lint.curesettings import CURES as SETTINGS
from workbench.lint.curetools import CURES as TOOLS
from workbench.lint.edit import child, find, steps
from workbench.wire.base import parse
from workbench.wire.request import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workbench.lint.finding import Finding

    Cure = Callable[[dict[str, Any], Finding], str | None]


@dataclass(frozen=True, slots=True)
class Fix:
    """A cure.

    Attributes:
        label: What a button says: ``add breakpoint``.
        body: The request body after it.
    """

    label: str
    body: dict[str, Any]


CURES: Mapping[str, Cure] = {**SETTINGS, **CACHES, **MESSAGES, **TOOLS}
"""By code: changes a body in place and says what it did, or None where this one needs a person."""

_HEADERS = "it is about headers, not about the body"
_UNKNOWN = "nothing is wrong as far as is known"
_WORDS = "it takes words, or material, of the user's own"
_CHOICE = "there are two cures"
NO_FIX: Mapping[str, str] = {
    "E003": "which of the values is meant, the user knows",
    "I018": _UNKNOWN,
    "I024": _UNKNOWN,
    "W034": "the variants are meant to differ",
    "I037": _UNKNOWN,
    "I039": _UNKNOWN,
    "W132": "where to split is known from many requests only",
    "I043": _UNKNOWN,
    "I047": _UNKNOWN,
    "E048": _CHOICE,
    "E141": _WORDS,
    "E143": _WORDS,
    "W148": _WORDS,
    "E050": "it could go before or behind",
    "E054": "images are not scaled here",
    "E056": "images are not scaled here",
    "W056": "images are not scaled here",
    "E057": _WORDS,
    "E058": _WORDS,
    "E060": _CHOICE,
    "E062": _CHOICE,
    "E063": _CHOICE,
    "I064": _UNKNOWN,
    "E065": _WORDS,
    "W073": "only the partner knows",
    "I074": _UNKNOWN,
    "I075": _UNKNOWN,
    "I076": _UNKNOWN,
    "E081": _WORDS,
    "E082": _WORDS,
    "E083": _WORDS,
    "E090": _HEADERS,
    "E091": _HEADERS,
    "E092": _HEADERS,
    "W093": _HEADERS,
    "W094": _HEADERS,
    "I095": _HEADERS,
    "E096": _HEADERS,
    "W097": _HEADERS,
    "E100": _WORDS,
    "E101": _CHOICE,
    "E104": _CHOICE,
    "E105": _WORDS,
    "E106": _CHOICE,
    "E114": "which result belongs to which call, the user knows",
    "W115": _WORDS,
    "W116": _WORDS,
    "W118": _WORDS,
}
"""Rules without a mechanical cure, and why."""


def fix(body: dict[str, Any], finding: Finding, sent: dict[str, Any] | None = None) -> Fix | None:
    """Return the one mechanical cure of a finding, None where it takes a person to decide.

    Args:
        body: The request body that was linted, or the prompt it was rendered from; it is not changed.
        finding: What was found in it.
        sent: The body that was linted, where *body* is the prompt. Where a value of the prompt became
            blocks, later blocks stand elsewhere in it: what was found there has no fix.

    >>> from workbench.lint import lint
    >>> body = {"model": "claude-opus-5", "max_tokens": 5000, "temperature": 0, "messages": ["Hi"]}
    >>> cure = fix(body, lint(body).errors[0])
    >>> cure.label, "temperature" in cure.body
    ('drop temperature', False)
    """
    cure = CURES.get(finding.code)
    if cure is None or (sent is not None and not _at_home(body, sent, finding)):
        return None
    fresh = copy.deepcopy(body)
    try:
        parse(Request, {"model": "", "messages": [], **body})
        label = cure(fresh, finding)
    except (PromptError, WireError):  # no place of that name, or no request: the finding is of another body
        return None
    return Fix(label, fresh) if label is not None and fresh != body else None


def _at_home(body: dict[str, Any], sent: dict[str, Any], finding: Finding) -> bool:
    """Whether what was found stands in the prompt where it was found in the request."""
    leads = home(body, sent, finding.path)
    if leads == finding.path:
        return True
    # A breakpoint behind a text stands behind the one block that took the text's place, whatever its kind.
    held, _, at = finding.path.rpartition("[")
    if finding.code not in CACHES or leads != held or not at:
        return False
    return _alike(find(body, held), find(sent, held))


def home(body: dict[str, Any], sent: dict[str, Any], path: str) -> str:
    """Return how far *path* leads to the same thing in a prompt and in the request rendered from it.

    >>> body = {"messages": [{"role": "user", "content": [{"type": "text", "text": "{{pages}}"}]}]}
    >>> page = {"type": "image", "source": {"type": "file", "file_id": "file_1"}}
    >>> sent = {"messages": [{"role": "user", "content": [page, page]}]}
    >>> home(body, sent, "messages[0].content[1].source")
    'messages[0].content'
    """
    try:
        way = steps(sent, path)
    except PromptError:
        return path
    here, there, led = body, sent, ""
    for step in way:
        if not _alike(here, there):
            return led
        here, there = child(here, step), child(there, step)
        if isinstance(there, dict) and isinstance(here, dict) and here.get("type") != there.get("type"):
            return led
        led = f"{led}[{step}]" if isinstance(step, int) else f"{led}.{step}" if led else step
    return path


def _alike(here: Any, there: Any) -> bool:
    """Whether an index means the same in both: a text that may stand for one block is one."""
    if isinstance(there, list):
        return (len(here) if isinstance(here, list) else 1) == len(there)
    return not isinstance(here, list)
