"""Every rule, in the order the service would check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.lint import (
    breakeven,
    breakpoints,
    caching,
    documents,
    headers,
    lifecycle,
    limits,
    messages,
    output,
    sampling,
    shape,
    thinking,
    tools,
    toolturns,
)

if TYPE_CHECKING:
    from workbench.lint.rule import Rule

RULES: tuple[Rule, ...] = (
    *limits.SIZES,
    *headers.RULES,
    *shape.RULES,
    *lifecycle.RULES,
    *limits.RULES,
    *sampling.RULES,
    *thinking.RULES,
    *messages.RULES,
    *toolturns.RULES,
    *tools.RULES,
    *caching.RULES,
    *documents.RULES,
    *output.RULES,
    *breakpoints.RULES,
    *breakeven.RULES,
)
"""Every rule; those that refuse stand in the order of the service's own checks."""

REFUSALS: tuple[Rule, ...] = tuple(rule for rule in RULES if rule.status is not None)
"""The rules that refuse: what the emulator answers with."""


def rules_table() -> str:
    """Return every rule as a Markdown table, sorted by code.

    >>> rules_table().splitlines()[0]
    '| code | answer | rule | cure | source |'
    """
    head = ["| code | answer | rule | cure | source |", "|---|---|---|---|---|"]
    return "\n".join(head + [_row(rule) for rule in sorted(RULES, key=lambda rule: rule.code)])


def _row(rule: Rule) -> str:
    answer = str(rule.status) if rule.status else rule.severity
    page = rule.source.rpartition("/docs/en/")[2]
    return f"| {rule.code} | {answer} | {rule.what} | {rule.cure} | [{page}]({rule.source}) |"
