"""Whether a JSON Schema is one: each keyword holds what draft 2020-12 says it holds.

Source: https://json-schema.org/draft/2020-12/schema
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from workbench.lint.schema import TYPES

if TYPE_CHECKING:
    from collections.abc import Callable

INVALID = (
    "JSON schema is invalid. It must match JSON Schema draft 2020-12"
    " (https://json-schema.org/draft/2020-12). Learn more about tool use at"
    " https://docs.claude.com/en/docs/tool-use."
)
"""What the service says of a tool whose schema is none."""


def is_schema(value: Any) -> bool:
    """Tell whether *value* is a JSON Schema; unknown keywords hold anything.

    >>> is_schema({"type": "object", "properties": {"city": {"type": "string"}}}), is_schema(True)
    (True, True)
    >>> is_schema({"type": "object", "properties": 1.5}), is_schema({"required": "city"})
    (False, False)
    """
    if not isinstance(value, dict):
        return isinstance(value, bool)
    return all(name not in _KEYWORDS or _KEYWORDS[name](held) for name, held in value.items())


def _schemas(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(is_schema, value))


def _named_schemas(value: Any) -> bool:
    return isinstance(value, dict) and all(map(is_schema, value.values()))


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _pattern(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        re.compile(value)
    except (re.error, OverflowError, RecursionError):
        # What only JavaScript's dialect knows is no fault of the schema.
        return re.search(r"\\[pPuc]|\(\?<[^=!]", value) is not None
    return True


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_text, value)) and len(set(value)) == len(value)


def _named_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_texts, value.values()))


def _list(value: Any) -> bool:
    return isinstance(value, list)


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _positive(value: Any) -> bool:
    return _number(value) and value > 0


def _size(value: Any) -> bool:
    return _number(value) and value >= 0 and value == value // 1


def _kind(value: Any) -> bool:
    return (
        value in TYPES if isinstance(value, str) else _texts(value) and bool(value) and all(map(_kind, value))
    )


def _keywords(check: Callable[[Any], bool], names: str) -> dict[str, Callable[[Any], bool]]:
    return dict.fromkeys(names.split(), check)


_KEYWORDS: dict[str, Callable[[Any], bool]] = {
    **_keywords(_named_schemas, "properties patternProperties dependentSchemas $defs definitions"),
    **_keywords(_schemas, "allOf anyOf oneOf prefixItems"),
    **_keywords(is_schema, "items contains additionalProperties propertyNames not if then else"),
    **_keywords(is_schema, "unevaluatedItems unevaluatedProperties contentSchema"),
    **_keywords(_kind, "type"),
    **_keywords(_list, "enum examples"),
    **_keywords(_texts, "required"),
    **_keywords(_named_texts, "dependentRequired"),
    **_keywords(_pattern, "pattern"),
    **_keywords(_text, "format title description $ref $id $schema $anchor $comment"),
    **_keywords(_number, "minimum maximum exclusiveMinimum exclusiveMaximum"),
    **_keywords(_positive, "multipleOf"),
    **_keywords(_size, "minLength maxLength minItems maxItems minContains maxContains"),
    **_keywords(_size, "minProperties maxProperties"),
    **_keywords(_flag, "uniqueItems deprecated readOnly writeOnly"),
}
