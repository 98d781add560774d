"""Lint of many requests: each rule on each request, what recurs said once."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from workbench.catalog import catalog
from workbench.lint.book import RULES
from workbench.lint.finding import Finding, Findings
from workbench.lint.subject import Subject
from workbench.lint.variation import Variation
from workbench.wire.request import Request, modern

if TYPE_CHECKING:
    from collections.abc import Iterator

_INDEX = re.compile(r"\[\d+\]")
_RANK = {"error": 0, "warning": 1, "info": 2}


def judge(requests: tuple[Request, ...], *, single: bool, **around: Any) -> Findings:
    """Apply every rule to every request; a group rule once for the requests of one model."""
    models: dict[str, list[int]] = {}
    for index, request in enumerate(requests):
        models.setdefault(request.model, []).append(index)
    found: dict[tuple[str, str, str], Finding] = {}
    for name, indices in models.items():
        for index, finding in _of_model([requests[i] for i in indices], indices, around):
            key = (finding.code, _INDEX.sub("[]", finding.path), name)
            kept = found.get(key)
            if single:
                found[(*key[:2], finding.path + finding.what)] = finding
            elif kept is None:
                found[key] = replace(finding, request=index)
            elif kept.request != index:
                found[key] = replace(kept, count=kept.count + 1)
    return Findings(tuple(sorted(found.values(), key=lambda finding: _RANK[finding.severity])))


def _of_model(
    requests: list[Request], indices: list[int], around: dict[str, Any]
) -> Iterator[tuple[int, Finding]]:
    model = catalog().get(requests[0].model)
    read = [modern(request) for request in requests]
    varies = Variation(tuple(request for request, _ in read))
    for index, (request, notes) in zip(indices, read, strict=True):
        first = index == indices[0]
        subject = Subject(request=request, model=model, varies=varies if first else None, **around)
        for note in notes:
            yield index, _moved(note)
        for rule in RULES:
            if first or not rule.group:
                for finding in rule.findings(subject):
                    yield index, finding


def _moved(note: str) -> Finding:
    field, _, where = note.partition(" moved to ")
    return Finding(
        "W008", "warning", field, f"the service takes it as {where}; read so here", f"write {where}"
    )
