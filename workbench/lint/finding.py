"""What lint says: one finding, and all of them together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from workbench.display import Shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Finding(Shown):
    """One thing to know before a request is sent.

    Attributes:
        code: ``E…`` the service refuses it, ``W…`` its user would regret it, ``I…`` good to know.
        path: Where in the request, e.g. ``messages[0].content[1]``; empty: the request as a whole.
        what: What is wrong, in a sentence.
        cure: What to do about it.
        dollars: Money at stake, where it can be said; None is unknown, not zero.
        status: HTTP status the service answers, where it refuses.
        error_type: ``error.type`` of that answer.
        error_code: ``error.details.error_code`` of that answer, where it has one.
        message: ``error.message`` of that answer: the API's own words.
        request: Index of the first request it was found in, where many were linted.
        count: In how many requests it was found.
        last: Index of the last of them.
    """

    code: str
    severity: Severity
    path: str
    what: str
    cure: str = ""
    dollars: Decimal | None = None
    status: int | None = None
    error_type: str | None = None
    message: str | None = None
    request: int | None = None
    count: int = 1
    last: int | None = None
    error_code: str | None = None

    def __str__(self) -> str:
        place = f"{self.path}: " if self.path else ""
        cure = f"   [{self.cure}]" if self.cure else ""
        money = f"   ${self.dollars:,.4f} at stake" if self.dollars is not None else ""
        many = f"   ({self.count} requests, first: {self.request})" if self.count > 1 else ""
        return f"{self.code}  {place}{self.what}{cure}{money}{many}"


@dataclass(frozen=True, slots=True)
class Findings(Shown):
    """All findings, what is refused first; empty is false, and good."""

    items: tuple[Finding, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What the service would refuse."""
        return self.of("error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What its user would regret."""
        return self.of("warning")

    def of(self, severity: Severity) -> tuple[Finding, ...]:
        """Return the findings of one severity."""
        return tuple(item for item in self.items if item.severity == severity)

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes found, in order, each once."""
        return tuple(dict.fromkeys(item.code for item in self.items))

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Finding:
        return self.items[index]

    def __str__(self) -> str:
        return "\n".join(map(str, self.items)) or "nothing found: the service would accept this"
