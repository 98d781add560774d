"""An instance of a JSON Schema, its values drawn from a text."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import dataclass
from typing import Any

from workbench.emulator.answer.draw import Words
from workbench.emulator.answer.labels import Label, choose
from workbench.emulator.answer.pattern import example, risky

JSON = dict[str, Any]
MOST_DEPTH = 12
NULL_DEPTH = 3
MOST_STEPS = 2000
"""A schema that refers to itself in several places would else grow without end."""
MOST_CHARACTERS = 2000
_FORMATS = {
    "date-time": "2026-01-01T00:00:00Z",
    "time": "12:00:00Z",
    "date": "2026-01-01",
    "duration": "P1D",
    "email": "someone@example.com",
    "hostname": "example.com",
    "uri": "https://example.com/",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def instance(schema: Any, text: str) -> Any:
    """Return a value that *schema* accepts, drawn from *text* where the text offers one.

    >>> instance({"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    ...           "required": ["city", "days"]}, "Weather in Paris for 3 days?")
    {'city': 'Paris', 'days': 3}

    Returns:
        The value; None where none can be made, as of a schema that the rulebook would have refused.
    """
    try:
        return _Maker(schema, Words(text)).value(schema, "", 0)
    except (TypeError, ValueError, AttributeError, OverflowError, RecursionError):
        return None


@dataclass
class _Maker:
    """One drawing: remembers which words of the text are used up."""

    root: Any
    text: Words
    _steps: int = 0

    def value(self, schema: Any, name: str, depth: int) -> Any:
        schema = self._plain(schema, depth)
        if "const" in schema or schema.get("enum"):
            return schema["const"] if "const" in schema else self._enum(schema["enum"], name)
        if depth > MOST_DEPTH or self._steps > MOST_STEPS:
            return _least(schema)
        if (branch := self._branch(schema, depth)) is not None:
            return self.value(branch, name, depth + 1)
        kind = _kind(schema)
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            return self._array(schema, name, depth)
        return self._scalar(kind, schema, name)

    def _plain(self, given: Any, depth: int) -> JSON:
        """Return the schema with references followed and ``allOf`` merged."""
        schema: JSON = given if isinstance(given, dict) else {}
        self._steps += 1
        followed = 0
        while isinstance(schema.get("$ref"), str) and followed < MOST_DEPTH:
            rest = {name: value for name, value in schema.items() if name != "$ref"}
            schema = {**self._pointed(schema["$ref"]), **rest}
            followed += 1
        parts = schema.get("allOf")
        if not isinstance(parts, list) or depth > MOST_DEPTH or self._steps > MOST_STEPS:
            return schema
        merged = {k: v for k, v in schema.items() if k != "allOf"}
        for part in parts:
            merged = _merged(merged, self._plain(part, depth + 1))
        return merged

    def _pointed(self, reference: str) -> JSON:
        target = self.root
        for part in reference.removeprefix("#").split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            target = target.get(key) if isinstance(target, dict) else None
        return target if isinstance(target, dict) else {}

    @staticmethod
    def _branch(schema: JSON, depth: int) -> Any:
        """Return the alternative to follow: the first that is not null; deep down, null ends a recursion."""
        options = schema.get("anyOf") or schema.get("oneOf")
        if not isinstance(options, list) or not options:
            return None
        real = [
            option for option in options if not (isinstance(option, dict) and option.get("type") == "null")
        ]
        null = next((option for option in options if option not in real), None)
        first = null if null is not None and depth > NULL_DEPTH else (real or options)[0]
        rest = {k: v for k, v in schema.items() if k not in {"anyOf", "oneOf", "$defs", "definitions"}}
        return _merged(rest, first) if isinstance(first, dict) else first

    def _enum(self, options: list[Any], name: str) -> Any:
        named = [option for option in options if isinstance(option, str) and option]
        said = [option for option in named if self.text.mentions(option)]
        if len(said) == 1 or not named:
            return said[0] if said else self._enum_of_others(options, name)
        pool = said or named
        return choose([Label(option, option.replace("_", " ")) for option in pool], self.text.text)

    def _enum_of_others(self, options: list[Any], name: str) -> Any:
        near = self.text.number(name)
        return next((option for option in options if near is not None and option == near), options[0])

    def _object(self, schema: JSON, depth: int) -> JSON:
        properties = schema.get("properties")
        properties = properties if isinstance(properties, dict) else {}
        listed = schema.get("required")
        required = [key for key in listed if isinstance(key, str)] if isinstance(listed, list) else []
        made = {key: self.value(properties.get(key, {}), key, depth + 1) for key in required}
        for key, inner in properties.items():
            if key not in made and depth < MOST_DEPTH and self._evident(inner, key, depth):
                made[key] = self.value(inner, key, depth + 1)
        extra = schema.get("additionalProperties")
        for n in itertools.count(1):
            if len(made) >= int(schema.get("minProperties") or 0) or extra is False or n > 100:
                return made
            made[f"property_{n}"] = self.value(extra if isinstance(extra, dict) else {}, "", depth + 1)
        return made

    def _evident(self, schema: Any, name: str, depth: int) -> bool:
        """Return whether the text says something about an optional property."""
        schema = self._plain(schema, depth)
        if isinstance(schema.get("enum"), list):
            return any(isinstance(option, str) and self.text.mentions(option) for option in schema["enum"])
        return self.text.names(name)

    def _array(self, schema: JSON, name: str, depth: int) -> list[Any]:
        least = int(schema.get("minItems") or 0)
        most = min(schema.get("maxItems", 50), 50)
        heads = schema.get("prefixItems")
        made = [self.value(head, name, depth + 1) for head in heads] if isinstance(heads, list) else []
        inner = schema.get("items", {})
        if inner is False or depth > MOST_DEPTH:
            return made
        plain = self._plain(inner, depth)
        wanted = max(least, len(made), min(most, self._how_many(plain)))
        for _ in range(min(wanted, 1000) - len(made)):
            made.append(self._another(plain, name, depth, made if schema.get("uniqueItems") else None))
        return made

    def _how_many(self, schema: JSON) -> int:
        if schema.get("enum"):
            return 1
        kind = _kind(schema)
        if kind in {"number", "integer"}:
            return max(1, self.text.numbers_left)
        return max(1, self.text.listed_left) if kind == "string" else 1

    def _another(self, schema: JSON, name: str, depth: int, among: list[Any] | None) -> Any:
        value = self.value(schema, name, depth + 1)
        if among is None or value not in among:
            return value
        options = schema.get("enum")
        if isinstance(options, list):
            return next((option for option in options if option not in among), value)
        if isinstance(value, str):
            return f"{value} {len(among) + 1}"
        return max(among) + 1 if isinstance(value, int | float) and not isinstance(value, bool) else value

    def _scalar(self, kind: str, schema: JSON, name: str) -> Any:
        if kind == "null":
            return None
        if kind == "boolean":
            return self.text.agrees(name)
        if kind in {"integer", "number"}:
            return self._number(schema, name, whole=kind == "integer")
        return self._string(schema, name)

    def _number(self, schema: JSON, name: str, *, whole: bool) -> int | float:
        drawn = self.text.number(name)
        value = _default(schema, 0) if drawn is None else drawn
        if not isinstance(value, int | float) or isinstance(value, bool):
            value = 0
        value = round(value) if whole else value
        return _within(schema, value, step=1 if whole else 0.5)

    def _string(self, schema: JSON, name: str) -> str:
        form = schema.get("format")
        if form in _FORMATS:
            return self.text.shaped(form) or _FORMATS[form]
        if isinstance(schema.get("pattern"), str):
            return self._patterned(schema["pattern"], name)
        drawn = self.text.string(name, schema.get("description"))
        if drawn is None:
            drawn = str(_default(schema, "unknown"))
        return _sized(drawn, schema)

    def _patterned(self, pattern: str, name: str) -> str:
        try:
            compiled = re.compile(pattern)
        except re.error:
            return self.text.string(name, None) or "text"
        if not risky(pattern):
            for candidate in self.text.candidates():
                if compiled.search(candidate):
                    return candidate
        return example(pattern)


def _least(schema: JSON) -> Any:
    """Return the smallest value of a kind: what ends a schema that never ends."""
    return {"object": {}, "array": [], "string": "", "boolean": False, "null": None}.get(_kind(schema), 0)


def _kind(schema: JSON) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    if isinstance(kind, str):
        return kind
    if "properties" in schema or "required" in schema:
        return "object"
    return "array" if "items" in schema or "prefixItems" in schema else "string"


def _merged(a: JSON, b: JSON) -> JSON:
    """Return both schemas in one: properties and requirements add up."""
    both = {**a, **b}
    if isinstance(a.get("properties"), dict) and isinstance(b.get("properties"), dict):
        both["properties"] = {**a["properties"], **b["properties"]}
    if isinstance(a.get("required"), list) and isinstance(b.get("required"), list):
        both["required"] = list(dict.fromkeys([*a["required"], *b["required"]]))
    return both


def _default(schema: JSON, otherwise: Any) -> Any:
    if "default" in schema:
        return schema["default"]
    examples = schema.get("examples")
    return examples[0] if isinstance(examples, list) and examples else otherwise


def _within(schema: JSON, value: float, *, step: float) -> int | float:
    """Move *value* to the nearest one inside the schema's bounds."""
    low, high = schema.get("minimum"), schema.get("maximum")
    over, under = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if isinstance(over, int | float) and not isinstance(over, bool):
        low = over + step if low is None else max(low, over + step)
    if isinstance(under, int | float) and not isinstance(under, bool):
        high = under - step if high is None else min(high, under - step)
    value = value if low is None else max(value, low)
    value = value if high is None else min(value, high)
    unit = schema.get("multipleOf")
    if isinstance(unit, int | float) and unit:
        value = round(value / unit) * unit
        value = value + unit if low is not None and value < low else value
    return value


def _sized(text: str, schema: JSON) -> str:
    least, most = min(schema.get("minLength") or 0, MOST_CHARACTERS), schema.get("maxLength")
    text = text if len(text) >= least else (text + " " + "text " * int(least))[: int(least)]
    return text if most is None else text[: int(most)]


def written(schema: Any, text: str) -> str:
    """Return an instance as the JSON text of a structured answer.

    >>> written({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}, "just 7")
    '{"n":7}'
    """
    return json.dumps(instance(schema, text), ensure_ascii=False, separators=(",", ":"))
