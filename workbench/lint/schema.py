"""The part of JSON Schema that structured outputs and strict tools understand.

Source: https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMATS = ("date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid")
TYPES = ("object", "array", "string", "integer", "number", "boolean", "null")
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_UNSUPPORTED = {
    "integer": _BOUNDS,
    "number": _BOUNDS,
    "string": ("minLength", "maxLength"),
    "array": ("maxItems", "uniqueItems", "contains", "minContains", "maxContains", "prefixItems"),
    "object": ("minProperties", "maxProperties", "patternProperties", "propertyNames", "dependentSchemas"),
}
_NEVER = ("oneOf", "not", "if", "then", "else", "dependentRequired", "unevaluatedProperties")
_TOO_CLEVER = re.compile(r"\(\?(?:[=!]|<[=!])|\\[1-9]|\(\?P=|\\[bB]")
_LOCAL = re.compile(r"^#/(?:\$defs|definitions)/([^/]+)$")


@dataclass
class Budget:
    """What one request may use up in all its schemas together."""

    optional: int = 0
    unions: int = 0


@dataclass
class Walk:
    """One schema being read: what is wrong with it, and what it uses up."""

    root: Any
    budget: Budget = field(default_factory=Budget)
    seen: set[str] = field(default_factory=set)

    def problems(self) -> Iterator[str]:
        """Say what is not in the subset, first things first."""
        yield from self.at(self.root, ())

    def at(self, schema: Any, refs: tuple[str, ...]) -> Iterator[str]:
        """Read one subschema; *refs* are the references being followed."""
        if not isinstance(schema, dict):
            return
        for name in _NEVER:
            if name in schema:
                yield f"Schema keyword '{name}' is not supported"
        if "$ref" in schema:
            yield from self._reference(schema["$ref"], refs)
        yield from self._combined(schema, refs)
        kinds = _kinds(schema)
        self.budget.unions += isinstance(schema.get("type"), list) or "anyOf" in schema
        for kind in kinds:
            yield from self._kind(kind, schema, refs)
        yield from _enumeration(schema)

    def _reference(self, ref: Any, refs: tuple[str, ...]) -> Iterator[str]:
        found = _LOCAL.match(ref) if isinstance(ref, str) else None
        if found is None:
            yield f"External or unsupported '$ref': {ref}"
            return
        if ref in refs:
            yield f"Recursive schemas are not supported: {ref}"
            return
        tables = [self.root.get("$defs"), self.root.get("definitions")]
        target = next(
            (table[found[1]] for table in tables if isinstance(table, dict) and found[1] in table), None
        )
        if target is None:
            yield f"Unresolved '$ref': {ref}"
        elif ref not in self.seen:
            yield from self.at(target, (*refs, ref))
            self.seen.add(ref)

    def _combined(self, schema: dict[str, Any], refs: tuple[str, ...]) -> Iterator[str]:
        for part in _list(schema.get("anyOf")):
            yield from self.at(part, refs)
        for part in _list(schema.get("allOf")):
            if isinstance(part, dict) and "$ref" in part:
                yield "'$ref' inside 'allOf' is not supported"
            else:
                yield from self.at(part, refs)

    def _kind(self, kind: str, schema: dict[str, Any], refs: tuple[str, ...]) -> Iterator[str]:
        if kind not in TYPES:
            yield f"Schema type '{kind}' is not supported"
            return
        unsupported = sorted(name for name in _UNSUPPORTED.get(kind, ()) if name in schema)
        if unsupported:
            yield f"For '{kind}' type, properties {', '.join(unsupported)} are not supported"
        if kind == "object":
            yield from self._object(schema, refs)
        elif kind == "array":
            if schema.get("minItems", 0) not in {0, 1}:
                yield "For 'array' type, 'minItems' values other than 0 or 1 are not supported"
            yield from self.at(schema.get("items"), refs)
        elif kind == "string":
            yield from _string(schema)

    def _object(self, schema: dict[str, Any], refs: tuple[str, ...]) -> Iterator[str]:
        if schema.get("additionalProperties") is not False:
            yield "For 'object' type, 'additionalProperties' must be explicitly set to false"
        properties = schema.get("properties")
        properties = properties if isinstance(properties, dict) else {}
        self.budget.optional += len(properties.keys() - set(map(str, _list(schema.get("required")))))
        for inner in properties.values():
            yield from self.at(inner, refs)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _kinds(schema: dict[str, Any]) -> list[str]:
    kind = schema.get("type")
    if kind is None and "properties" in schema:
        return ["object"]
    return [str(item) for item in (kind if isinstance(kind, list) else [kind]) if item is not None]


def _string(schema: dict[str, Any]) -> Iterator[str]:
    kind = schema.get("format")
    if kind is not None and kind not in FORMATS:
        yield f"For 'string' type, format '{kind}' is not supported"
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and _TOO_CLEVER.search(pattern):
        yield "For 'string' type, 'pattern' may not use lookaround, backreferences or word boundaries"


def _enumeration(schema: dict[str, Any]) -> Iterator[str]:
    if any(isinstance(value, dict | list) for value in _list(schema.get("enum"))):
        yield "'enum' may contain only strings, numbers, booleans and null"
