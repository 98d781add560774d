"""Rules for the shape of a request: its objects are closed, its values bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.lint.place import dotted, path_of
from workbench.lint.rule import Fault, Rule, rule
from workbench.lint.subject import CURRENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from workbench.lint.closed import Kind, Problem
    from workbench.lint.finding import Finding
    from workbench.lint.subject import Subject

_SAMPLING = ("temperature", "top_p", "top_k")


def _of(subject: Subject, kind: Kind) -> Iterator[Fault]:
    current = subject.api_version == CURRENT
    problems = (p for p in subject.problems if not (current and p.loc and p.loc[0] in _SAMPLING))
    return _faults(problems, kind)


def _faults(problems: Iterable[Problem], kind: Kind) -> Iterator[Fault]:
    for problem in problems:
        if problem.kind != kind:
            continue
        path = path_of(problem.loc)
        cure = "put it into output_config.effort" if path == "thinking.effort" else ""
        where = f"{dotted(problem.loc)}: " if problem.loc else ""
        yield Fault(path, problem.says, cure, message=f"{where}{problem.says}")


@rule("E001", "unknown field", cure="leave it out, or check its spelling", source="api/messages")
def extra_field(subject: Subject) -> Iterator[Fault]:
    """Request objects are closed: a field the service does not know is refused."""
    yield from _of(subject, "extra")


@rule("E002", "missing field", cure="add it", source="api/messages")
def missing_field(subject: Subject) -> Iterator[Fault]:
    """Required fields must be there."""
    yield from _of(subject, "missing")


@rule("E003", "wrong value", cure="use one of the accepted values", source="api/messages")
def wrong_value(subject: Subject) -> Iterator[Fault]:
    """A value must be of the field's type, and one of its choices."""
    yield from _of(subject, "value")


@rule("E004", "out of range", cure="keep it within the bounds", source="api/messages")
def out_of_range(subject: Subject) -> Iterator[Fault]:
    """Numbers, lists and texts have bounds."""
    yield from _of(subject, "range")


@rule("E005", "malformed name or id", cure="use letters, digits, _ and - only", source="api/messages")
def malformed_name(subject: Subject) -> Iterator[Fault]:
    """Names and ids have patterns."""
    yield from _of(subject, "pattern")


@rule("E006", "blank stop sequence", cure="remove it", source="api/messages")
def blank_stop_sequence(subject: Subject) -> Iterator[Fault]:
    """A stop sequence must contain something other than whitespace."""
    for index, stop in enumerate(subject.request.stop_sequences or ()):
        if not stop.strip():
            message = "stop_sequences: each stop sequence must contain non-whitespace"
            yield Fault(f"stop_sequences[{index}]", message=message)


_KINDS: tuple[tuple[Kind, Rule], ...] = (
    ("missing", missing_field),
    ("extra", extra_field),
    ("value", wrong_value),
    ("range", out_of_range),
    ("pattern", malformed_name),
)


def misshapen(problems: Iterable[Problem]) -> Finding | None:
    """Return the first finding of some problems, in the service's order; None where there are none."""
    found = tuple(problems)
    for kind, judged in _KINDS:
        for fault in _faults(found, kind):
            return judged.finding(fault)
    return None


@rule("W008", "spelling of an earlier document", cure="write it the new way", source="api/messages")
def old_spelling(subject: Subject) -> Iterator[Fault]:
    """thinking.effort and output_format are read as output_config.effort and output_config.format."""
    for note in subject.notes:
        field, _, where = note.partition(" moved to ")
        yield Fault(field, f"the service takes it as {where}; read so here", f"write {where}")


RULES = (
    *(judged for _, judged in _KINDS),
    blank_stop_sequence,
    old_spelling,
)
