"""Cures that need no judgement: what a "fix" button does."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.lint import edit

if TYPE_CHECKING:
    from workbench.lint.finding import Finding


@dataclass(frozen=True, slots=True)
class Fix:
    """A cure.

    Attributes:
        label: What a button says: ``add breakpoint``.
        body: The request body after it.
    """

    label: str
    body: dict[str, Any]


def fix(body: dict[str, Any], finding: Finding) -> Fix | None:
    """Return the one mechanical cure of a finding, None where it takes a person to decide.

    Args:
        body: The request body that was linted, names in place or not; it is not changed.
        finding: What was found in it.
    """
    fresh = copy.deepcopy(body)
    if finding.code == "W031":
        edit.mark(fresh, finding.path, "5m")
        return Fix("add breakpoint", fresh)
    return None
