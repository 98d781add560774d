"""Lint of many requests: each rule on each request, what recurs said once."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from workbench.catalog import catalog
from workbench.errors import WireError
from workbench.lint.book import RULES
from workbench.lint.finding import Finding, Findings
from workbench.lint.subject import Subject
from workbench.lint.variation import Variation
from workbench.wire.request import Request, modern

if TYPE_CHECKING:
    from collections.abc import Iterator

_INDEX = re.compile(r"\[\d+\]")
_GROUP = frozenset(rule.code for rule in RULES if rule.group)
_RANK = {"error": 0, "warning": 1, "info": 2}


def judge(requests: tuple[Request, ...], *, single: bool, **around: Any) -> Findings:
    """Apply every rule to every request; a group rule once for the requests of one model.

    Args:
        requests: All of them, in order.
        single: Whether the caller gave one request: each of its findings is kept.
        around: What `Subject` wants to know besides.
    """
    models: dict[str, list[int]] = {}
    for index, request in enumerate(requests):
        models.setdefault(request.model, []).append(index)
    found: dict[tuple[str, ...], Finding] = {}
    for name, indices in models.items():
        for index, finding in _of_model([requests[i] for i in indices], indices, around, single=single):
            if single:
                found[finding.code, finding.path, finding.what] = finding
            else:
                what = finding.what if finding.code in _GROUP else ""
                _add(found, (finding.code, _INDEX.sub("[]", finding.path), name, what), finding, index)
    return Findings(tuple(sorted(found.values(), key=lambda finding: _RANK[finding.severity])))


def _add(found: dict[tuple[str, ...], Finding], key: tuple[str, ...], finding: Finding, index: int) -> None:
    kept = found.get(key)
    if kept is None:
        found[key] = replace(finding, request=index, last=index)
    elif kept.last != index:
        found[key] = replace(kept, count=kept.count + 1, last=index)
    elif finding.dollars is not None and kept.dollars is not None:
        found[key] = replace(kept, dollars=kept.dollars + finding.dollars)


def _of_model(
    requests: list[Request], indices: list[int], around: dict[str, Any], *, single: bool
) -> Iterator[tuple[int, Finding]]:
    model = catalog().get(requests[0].model)
    read = [_read(request) for request in requests]
    varies = Variation(tuple(request for request, _ in read), single=single)
    for index, (request, notes) in zip(indices, read, strict=True):
        group = varies if index == indices[0] else None
        subject = Subject(request=request, model=model, notes=notes, varies=group, **around)
        for finding in _judged(subject):
            yield index, finding


def _read(request: Request) -> tuple[Request, tuple[str, ...]]:
    """Read spellings of earlier documents; a value that fits nowhere is judged where it stands."""
    try:
        return modern(request)
    except (ValidationError, WireError):
        return request, ()


def _judged(subject: Subject) -> Iterator[Finding]:
    for rule in RULES:
        if subject.varies is None and rule.group:
            continue
        found = list(rule.findings(subject))
        yield from found
        if found and rule.final:
            return
