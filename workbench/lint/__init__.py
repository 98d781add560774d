"""The one rulebook: what the service refuses, with its own words, and what its user would regret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from workbench.catalog import catalog
from workbench.lint.book import REFUSALS, RULES, rules_table
from workbench.lint.fields import problems_of
from workbench.lint.finding import Finding, Findings
from workbench.lint.many import judge
from workbench.lint.rule import Rule
from workbench.lint.shape import misshapen
from workbench.lint.subject import CURRENT, Subject, today_utc
from workbench.wire.request import Request, as_requests

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

__all__ = ["RULES", "Finding", "Findings", "Rule", "body_refusal", "lint", "refusal", "rules_table"]


def lint(
    request: Request | Mapping[str, Any] | Iterable[Request | Mapping[str, Any]],
    *,
    api_version: str = CURRENT,
    betas: Sequence[str] = (),
    platform: str = "claude_api",
    endpoint: str = "messages",
    today: date | None = None,
) -> Findings:
    """Judge one request, or many that belong together, before a cent is spent.

    Spellings of earlier documents are read as what the service takes today, with a warning. With many
    requests it is known what varies, so breakpoints after varying content and break-evens are found too;
    what is found in several requests is said once, with their number.

    Args:
        request: One request, or many: ``lint(evaluation.requests())``.
        api_version: ``2026-10-21`` or ``2023-06-01``.
        betas: Names of the ``anthropic-beta`` header.
        platform: ``claude_api``, ``bedrock_messages``, ``bedrock_invoke``, ``vertex``, ``foundry`` …
        endpoint: ``messages``, ``count_tokens`` or ``batch``.
        today: The day to judge lifecycles by; the current one where not said.

    >>> request = Request(model="claude-haiku-4-5", max_tokens=100, messages=["Hi"], temperature=0)
    >>> [finding.code for finding in lint(request).errors]
    ['E020']
    """
    requests = as_requests(request)
    around = {
        "api_version": api_version,
        "betas": frozenset(betas),
        "platform": platform,
        "endpoint": endpoint,
        "today": today or today_utc(),
    }
    return judge(requests, single=isinstance(request, Request | Mapping), **around)


def refusal(
    request: Request,
    *,
    api_version: str = CURRENT,
    betas: Sequence[str] = (),
    platform: str = "claude_api",
    endpoint: str = "messages",
    today: date | None = None,
    body: dict[str, Any] | None = None,
) -> Finding | None:
    """Return what the service itself would answer with an error status, or None where it would accept.

    The request is judged as it is: nothing is moved or read generously. The order is the service's:
    size, headers, shape, model, limits, parameters, messages, tools.

    Args:
        request: The request as it arrived.
        api_version: Value of the ``anthropic-version`` header.
        betas: Names of the ``anthropic-beta`` header.
        platform: As in `lint`.
        endpoint: ``messages``, ``count_tokens`` or ``batch`` (the params of one item).
        today: The day to judge lifecycles by; the current one where not said.
        body: The JSON the request was read from, where it came as such: `Request` takes shorthands that the
            service does not.

    >>> bad = Request.model_validate({"model": "claude-opus-5", "messages": []})
    >>> refusal(bad).message
    'max_tokens: Field required'
    """
    subject = Subject(
        request=request,
        model=catalog().get(request.model),
        api_version=api_version,
        betas=frozenset(betas),
        platform=platform,
        endpoint=endpoint,
        today=today or today_utc(),
        raw=body,
    )
    for rule in REFUSALS:
        for fault in rule.check(subject):
            return rule.finding(fault)
    return None


def body_refusal(body: Any, *, endpoint: str = "messages") -> Finding | None:
    """Return what the service answers to JSON that is no request at all; None where its shape is right.

    >>> body_refusal({"model": 5, "max_tokens": 1, "messages": []}).message
    'model: Input should be a valid string'
    """
    return misshapen(problems_of(body, endpoint))
