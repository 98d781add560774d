"""A rule: a small pure function from a request, and what is known around it, to faults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from workbench.lint.finding import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from decimal import Decimal

    from workbench.lint.subject import Subject

DOCS = "https://platform.claude.com/docs/en/"
"""Where the pages named in `rule` live."""

_SEVERITIES: dict[str, Severity] = {"E": "error", "W": "warning", "I": "info"}


class Fault(NamedTuple):
    """What a check yields; the rule adds the rest.

    Attributes:
        path: Where in the request, e.g. ``messages[0].content[1]``.
        what: What is wrong; empty: the API's own words say it.
        cure: What to do; empty: the rule's own cure.
        message: The API's own words, where the service refuses; empty: ``what``.
        dollars: Money at stake.
    """

    path: str
    what: str = ""
    cure: str = ""
    message: str = ""
    dollars: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the rulebook.

    Attributes:
        code: ``E…`` refused by the service, ``W…`` accepted and regretted, ``I…`` good to know.
        title: What it is about, in a few words.
        what: The rule in a sentence.
        cure: What to do about it, where a fault does not say it better.
        source: The page a reader can check.
        status: HTTP status of the refusal.
        error_type: ``error.type`` of the refusal.
        error_code: ``error.details.error_code`` of the refusal, where it has one.
        group: Judged once for requests of one model together, not for each.
        final: Where it refuses, nothing more is looked at.
    """

    code: str
    title: str
    what: str
    cure: str
    source: str
    check: Callable[[Subject], Iterable[Fault]]
    status: int | None = None
    error_type: str | None = None
    error_code: str | None = None
    group: bool = False
    final: bool = False

    @property
    def severity(self) -> Severity:
        """``error``, ``warning`` or ``info``, from the code's first letter."""
        return _SEVERITIES[self.code[0]]

    def findings(self, subject: Subject) -> Iterator[Finding]:
        """Judge one request."""
        for fault in self.check(subject):
            yield self.finding(fault)

    def finding(self, fault: Fault) -> Finding:
        """Return the finding of one fault."""
        message = (fault.message or fault.what) if self.status else None
        return Finding(
            code=self.code,
            severity=self.severity,
            path=fault.path,
            what=fault.what or fault.message,
            cure=fault.cure or self.cure,
            dollars=fault.dollars,
            status=self.status,
            error_type=self.error_type,
            error_code=self.error_code,
            message=message,
        )


def rule(
    code: str,
    title: str,
    *,
    cure: str,
    source: str,
    status: int | None = None,
    error_type: str = "invalid_request_error",
    error_code: str | None = None,
    group: bool = False,
    final: bool = False,
) -> Callable[[Callable[[Subject], Iterable[Fault]]], Rule]:
    """Make a rule of a check; its docstring's first line is the rule in a sentence.

    Args:
        code: Unique; an ``E`` code is refused with *status* (400 where not said).
        title: What it is about, in a few words.
        cure: What to do about it.
        source: Page below `DOCS`.
        status: HTTP status of the refusal.
        error_type: ``error.type`` of the refusal.
        error_code: ``error.details.error_code`` of the refusal.
        group: Judged once for requests of one model together.
        final: Where it refuses, nothing more is looked at.
    """
    refused = code.startswith("E")

    def register(check: Callable[[Subject], Iterable[Fault]]) -> Rule:
        return Rule(
            code=code,
            title=title,
            what=(check.__doc__ or "").partition("\n")[0],
            cure=cure,
            source=DOCS + source,
            check=check,
            status=(status or 400) if refused else None,
            error_type=error_type if refused else None,
            error_code=error_code,
            group=group,
            final=final,
        )

    return register
