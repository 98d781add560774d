"""Instances of schemas: always valid, drawn from the text where it offers something."""

from __future__ import annotations

import json
import random

import jsonschema
import pytest

from workbench.emulator.answer.pattern import example
from workbench.emulator.answer.schema import instance

TEXTS = ['Book a table for 4 at "Luigi\'s" in New York on 2026-12-24, not outside.', "", "42 🎈 \ud800"]


def check(schema, text):
    made = instance(schema, text)
    jsonschema.Draft202012Validator(schema).validate(made)
    return made


def properties(**fields):
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


SCHEMAS = {
    "numbers": properties(
        a={"type": "integer", "minimum": 5, "maximum": 7}, b={"type": "number", "exclusiveMinimum": 100}
    ),
    "multiple": properties(a={"type": "integer", "multipleOf": 5, "minimum": 3}),
    "formats": properties(
        **{
            f.replace("-", "_"): {"type": "string", "format": f}
            for f in ("date", "date-time", "email", "uri", "uuid", "ipv4")
        }
    ),
    "patterns": properties(
        a={"type": "string", "pattern": "^[A-Z]{3}-\\d{2,4}$"}, b={"type": "string", "pattern": "^(x|y)+$"}
    ),
    "lengths": properties(a={"type": "string", "minLength": 300}, b={"type": "string", "maxLength": 3}),
    "enums": properties(
        a={"enum": ["red", "blue"]}, b={"enum": [1, 2]}, c={"const": None}, d={"enum": [None]}
    ),
    "arrays": properties(
        a={"type": "array", "items": {"type": "integer"}, "minItems": 3, "maxItems": 5},
        b={"type": "array", "items": {"enum": ["p", "q", "r"]}, "minItems": 2, "uniqueItems": True},
        c={"type": "array", "items": {"type": "string"}, "minItems": 2, "uniqueItems": True},
        d={"type": "array", "prefixItems": [{"type": "string"}, {"type": "boolean"}], "items": False},
    ),
    "unions": properties(
        a={"anyOf": [{"type": "null"}, {"type": "integer"}]},
        b={"type": ["string", "null"]},
        c={"oneOf": [properties(x={"type": "string"}), {"type": "integer"}]},
        d={"allOf": [properties(x={"type": "string"}) | {"additionalProperties": True}, {"required": ["y"]}]},
    ),
    "references": {
        "$defs": {
            "node": properties(
                name={"type": "string"}, next={"anyOf": [{"type": "null"}, {"$ref": "#/$defs/node"}]}
            )
        },
        "$ref": "#/$defs/node",
    },
    "nothing said": {},
    "free object": {"type": "object", "minProperties": 2, "additionalProperties": {"type": "integer"}},
}


@pytest.mark.parametrize("text", TEXTS, ids=["rich", "empty", "odd"])
@pytest.mark.parametrize(
    "schema",
    [s for n, s in SCHEMAS.items() if n != "references"],
    ids=[n for n in SCHEMAS if n != "references"],
)
def test_instances_are_valid(schema, text):
    """Whatever the text, the instance satisfies the schema."""
    check(schema, text)


def test_references_that_recurse_come_to_an_end():
    """A recursive schema is followed a few levels, then null."""
    instance(SCHEMAS["references"], TEXTS[0])


@pytest.mark.parametrize(
    "schema",
    [
        {
            "type": "object",
            "properties": {name: {"$ref": "#"} for name in "abc"},
            "required": ["a", "b", "c"],
        },
        {"allOf": [{"$ref": "#"}] * 3},
        {"type": "array", "minItems": 10**9, "items": {"type": "string", "minLength": 10**9}},
        properties(a={"type": "string", "pattern": "^(a+)+$"}, b={"type": "string", "pattern": "a{1000000}"}),
    ],
    ids=["tree", "allOf", "endless", "slow pattern"],
)
def test_hostile_schemas_stay_small(schema):
    """What would grow without end is cut; nobody waits for it."""
    assert len(json.dumps(instance(schema, "a" * 40 + "!"))) < 5_000_000


def test_values_come_from_the_text():
    """Numbers, quotes, names, dates, enum values, and a negation."""
    made = check(
        properties(
            guests={"type": "integer"},
            restaurant={"type": "string"},
            city={"type": "string"},
            date={"type": "string", "format": "date"},
            meal={"enum": ["lunch", "dinner", "table"]},
            outside={"type": "boolean"},
        ),
        TEXTS[0],
    )

    assert made == {
        "guests": 4,
        "restaurant": "Luigi's",
        "city": "New York",
        "date": "2026-12-24",
        "meal": "table",
        "outside": False,
    }


def test_numbers_follow_their_names():
    """Not the order of the schema but the words of the text decide."""
    made = check(
        properties(height={"type": "integer"}, base={"type": "integer"}),
        "A triangle with base 10 and height 5.",
    )

    assert made == {"base": 10, "height": 5}


def test_optional_fields_need_evidence():
    """What the text does not speak of is left out."""
    schema = properties(city={"type": "string"}) | {}
    schema["properties"] |= {"days": {"type": "integer"}, "hotel": {"type": "string"}}

    assert check(schema, "Go to Rome for 3 days") == {"city": "Rome", "days": 3}


def test_an_enum_of_feelings_is_judged():
    """The same choice as among listed labels."""
    schema = properties(sentiment={"enum": ["positive", "negative"]})

    assert check(schema, "The soup was cold and the waiter rude.") == {"sentiment": "negative"}


@pytest.mark.parametrize(
    "pattern",
    [r"^\d{3}-\d{4}$", "^[^a]b?$", "(?i)^yes|no$", r"^\w+@\w+\.com$", "^.{5}$", r"^[\s\S]$", "^(?:ab){2}c*$"],
)
def test_patterns_are_met(pattern):
    """Simple regular expressions get a text that they accept."""
    import re

    assert re.search(pattern, example(pattern))


def random_schema(dice, depth=0):
    """A random schema of the subset that structured output takes."""
    kinds = ["string", "integer", "number", "boolean", "null", "enum"] + ["object", "array", "anyOf"] * (
        depth < 3
    )
    kind = dice.choice(kinds)
    if kind == "enum":
        return {"enum": dice.sample(["a", "b", 1, 2.5, None, True], 3)}
    if kind == "anyOf":
        return {"anyOf": [random_schema(dice, depth + 1) for _ in range(2)]}
    if kind == "array":
        return {"type": "array", "items": random_schema(dice, depth + 1), "minItems": dice.choice([0, 1])}
    if kind == "object":
        names = dice.sample(["name", "count", "city", "is_open", "tags", "date"], dice.randint(0, 4))
        fields = {name: random_schema(dice, depth + 1) for name in names}
        return {**properties(**fields), "required": [name for name in names if dice.random() < 0.7]}
    return {"type": kind}


def test_random_schemas_are_met():
    """300 seeded schemas, three texts: every instance is valid."""
    dice = random.Random(7)
    for _ in range(300):
        schema = random_schema(dice)
        for text in TEXTS:
            check(schema, text)


@pytest.mark.parametrize(
    "schema", [True, None, 7, {"type": 3}, {"enum": "x"}, {"required": 1}, {"$ref": "#/no"}, {"items": 3}]
)
def test_schemas_that_make_no_sense_do_no_harm(schema):
    """Something comes back, None at the least: refusing them is the rulebook's."""
    json.dumps(instance(schema, TEXTS[0]))
