"""What lint found: severity in words, where, what, and the cure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from workbench.report.words import dollars, plural
from workbench.show.h import join, tag
from workbench.show.parts import Column, badge, fold, table
from workbench.show.safe import Html, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbench.lint.finding import Finding, Findings, Severity

_SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "info")
_COLOUR: Final = {"error": "bad", "warning": "warn", "info": "dim"}
_COLUMNS: Final = (Column(""), Column("code"), Column("where"), Column("what and cure"))
_AT_STAKE: Final = Column("at stake", number=True)


def findings(noun: Findings) -> Html:
    """Return all findings, what the service refuses first."""
    if not len(noun):
        return tag("p", badge("nothing found", "good"), ": the service would accept this")
    counts = [plural(len(found), name) for name in _SEVERITIES if (found := noun.of(name))]
    return join([tag("p", tag("strong", " · ".join(counts))), _table(noun)])


def finding(noun: Finding) -> Html:
    """Return one finding."""
    return _table((noun,))


def _table(found: Iterable[Finding]) -> Html:
    """Return the findings; what is at stake has a column where any of it has a price."""
    every = list(found)
    if all(item.dollars is None for item in every):
        return table(_COLUMNS, [_row(item) for item in every])
    rows = [[*_row(item), "" if item.dollars is None else dollars(item.dollars)] for item in every]
    return table([*_COLUMNS, _AT_STAKE], rows)


def _row(item: Finding) -> list[Html | str]:
    many = f"{item.count:,} requests, first: {item.request}" if item.count > 1 else ""
    said = fold(f"the service answers {item.status} {item.error_type or ''}", text(item.message or item.what))
    cell = join(
        [
            tag("div", text(item.what)),
            tag("div", text(item.cure), cls="wb-dim") if item.cure else None,
            tag("div", many, cls="wb-dim") if many else None,
            said if item.status else None,
        ]
    )
    place = tag("code", item.path) if item.path else tag("span", "the request", cls="wb-dim")
    return [badge(item.severity, _COLOUR[item.severity]), item.code, place, cell]
