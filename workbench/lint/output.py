"""Rules for structured outputs and strict tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.lint.metaschema import INVALID, is_schema
from workbench.lint.rule import Fault, rule
from workbench.lint.schema import Budget, Walk
from workbench.wire.tools import CustomTool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.lint.subject import Subject

_PAGE = "build-with-claude/structured-outputs"
_TOOLS = "agents-and-tools/tool-use/define-tools"
_STRICT, _OPTIONAL, _UNIONS = 20, 24, 16


def _format(subject: Subject) -> Any:
    """Return the schema of the answer, under its new name or its old one."""
    config = subject.request.output_config
    found = (config.format if config else None) or subject.request.output_format
    return found.json_schema if found is not None else None


class _Schema(NamedTuple):
    """A schema, where it stands, and where the API says it stands."""

    path: str
    dotted: str
    schema: Any


def _schemas(subject: Subject, *, strict: bool = True) -> Iterator[_Schema]:
    """Yield the schemas of the answer and of the tools, by default only those that bind the model."""
    schema = _format(subject)
    if schema is not None:
        config = subject.request.output_config
        new = config is not None and config.format is not None
        path = "output_config.format.schema" if new else "output_format.schema"
        yield _Schema(path, path, schema)
    for index, tool in enumerate(subject.tools):
        if isinstance(tool, CustomTool) and (tool.strict or not strict):
            dotted = f"tools.{index}.custom.input_schema"
            yield _Schema(f"tools[{index}].input_schema", dotted, tool.input_schema)


@rule("E065", "malformed schema", cure="check it against JSON Schema draft 2020-12", source=_TOOLS)
def malformed(subject: Subject) -> Iterator[Fault]:
    """Schemas of tools and answers are JSON Schema."""
    for path, where, schema in _schemas(subject, strict=False):
        if not is_schema(schema):
            yield Fault(path, "not JSON Schema (draft 2020-12)", message=f"{where}: {INVALID}")


@rule(
    "E061",
    "schema outside the subset",
    cure="keep to the supported part of JSON Schema, check the rest yourself",
    source=_PAGE,
)
def outside_the_subset(subject: Subject) -> Iterator[Fault]:
    """Structured outputs and strict tools understand a part of JSON Schema."""
    for path, where, schema in _schemas(subject):
        for says in dict.fromkeys(Walk(schema).problems()):
            yield Fault(path, says, message=f"{where}: {says}")


@rule(
    "E062", "schemas too complex", cure="make fields required, drop unions, or relax some tools", source=_PAGE
)
def too_complex(subject: Subject) -> Iterator[Fault]:
    """A request has at most 20 strict tools, 24 optional and 16 union-typed parameters."""
    schemas = list(_schemas(subject))
    if not schemas:
        return
    budget = Budget()
    for _, _, schema in schemas:
        list(Walk(schema, budget).problems())
    strict = sum(bool(tool.strict) for tool in subject.tools)
    for name, count, most in (
        ("strict tools", strict, _STRICT),
        ("optional parameters", budget.optional, _OPTIONAL),
        ("union-typed parameters", budget.unions, _UNIONS),
    ):
        if count > most:
            message = f"Schemas are too complex: {count} {name} > {most} maximum"
            yield Fault("output_config.format" if count != strict else "tools", message=message)


@rule(
    "E063",
    "structured output not supported",
    cure="use a newer model, or ask for JSON in the prompt",
    source=_PAGE,
)
def not_supported(subject: Subject) -> Iterator[Fault]:
    """Older models have no structured outputs."""
    if (
        subject.model is not None
        and subject.model.structured_outputs is False
        and _format(subject) is not None
    ):
        says = "output_config.format: structured outputs are not supported for this model"
        yield Fault("output_config.format", message=says)


@rule(
    "I064",
    "structured output not on record",
    cure="ask the Models API: client.models.refresh()",
    source=_PAGE,
)
def not_on_record(subject: Subject) -> Iterator[Fault]:
    """Where the catalog does not know whether a model has structured outputs, nothing is refused."""
    if (
        subject.model is not None
        and subject.model.structured_outputs is None
        and _format(subject) is not None
    ):
        yield Fault("output_config.format", f"whether {subject.name} has structured outputs is not on record")


RULES = (malformed, not_supported, outside_the_subset, too_complex, not_on_record)
