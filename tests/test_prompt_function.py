"""A Python function as a tool."""

from __future__ import annotations

import functools
from collections.abc import Callable  # noqa: TC003 - an annotation that is read
from dataclasses import dataclass
from datetime import date  # noqa: TC003 - an annotation that is read
from enum import Enum
from typing import Annotated, Any, Literal

import jsonschema
import pytest
from pydantic import BaseModel, Field

from workbench.errors import PromptError
from workbench.lint import lint
from workbench.prompt.function import tool


class Unit(Enum):
    """How warmth is measured."""

    C = "celsius"
    F = "fahrenheit"


@dataclass
class Place:
    lat: float
    lon: float


class Trip(BaseModel):
    title: str
    stops: list[Place]


def forecast(  # noqa: D417, PLR0917 - one parameter for each kind
    city: str,
    unit: Unit = Unit.C,
    days: int | None = None,
    kind: Literal["rain", "sun"] = "rain",
    trip: Trip | None = None,
    tags: list[str] | None = None,
    near: Annotated[int, Field(ge=1, description="Kilometres around.")] = 5,
    extra: dict[str, int] | None = None,
) -> str:
    """Tell the weather
    of a city.

    More that nobody needs.

    Args:
        city (str): Name of a city,
            with its country.
        unit, kind: Shared words.
        near: Not these.

    Returns:
        tags: Words.
    """  # noqa: D205 - as people write them
    raise AssertionError("a tool is described, not called")


SCHEMA = tool(forecast).input_schema


def prop(name: str) -> dict[str, Any]:
    found: dict[str, Any] = SCHEMA["properties"][name]
    return found


def test_name_and_first_paragraph():
    """On one line."""
    made = tool(forecast)

    assert made.name == "forecast"
    assert made.description == "Tell the weather of a city."


def test_the_service_takes_it():
    """Lint finds nothing in a request with the tool."""
    body = {
        "model": "claude-haiku-4-5",
        "max_tokens": 9,
        "messages": ["Hi"],
        "tools": [tool(forecast).wire()],
    }

    assert lint(body).errors == ()
    assert "W148" not in lint(body).codes


def test_a_strict_tool_takes_it():
    """All objects are closed, so only the constraints remain to be dropped."""
    made = tool(plain).wire()
    body = {
        "model": "claude-sonnet-4-6",
        "max_tokens": 9,
        "messages": ["Hi"],
        "tools": [{**made, "strict": True}],
    }

    assert lint(body).errors == ()


def plain(trip: Trip, unit: Unit) -> None:
    """Plan a trip."""


def test_parameters_without_a_default_are_required():
    """And no other field is taken."""
    assert SCHEMA["required"] == ["city"]
    assert SCHEMA["additionalProperties"] is False


def test_arguments_are_described():
    """By the docstring, or by the annotation where that says more."""
    assert prop("city") == {"type": "string", "description": "Name of a city, with its country."}
    assert prop("kind")["description"] == prop("unit")["description"] == "Shared words."
    assert prop("near")["description"] == "Kilometres around."
    assert "description" not in prop("tags")


def test_annotations_become_schemas():
    """Enums, literals, optionals, lists, nested models, defaults."""
    assert prop("kind")["enum"] == ["rain", "sun"]
    assert prop("kind")["default"] == "rain"
    assert prop("unit")["default"] == "celsius"
    assert prop("days")["anyOf"] == [{"type": "integer"}, {"type": "null"}]
    assert prop("days")["default"] is None
    assert prop("near")["minimum"] == 1
    assert SCHEMA["$defs"]["Unit"]["enum"] == ["celsius", "fahrenheit"]


def test_nested_objects_are_closed_and_untitled():
    """A field that is called title stays."""
    trip = SCHEMA["$defs"]["Trip"]

    assert trip["additionalProperties"] is False
    assert trip["properties"]["title"] == {"type": "string"}
    assert "title" not in trip


@pytest.mark.parametrize(
    ("given", "good"),
    [
        ({"city": "Rome"}, True),
        ({"city": "Rome", "unit": "celsius", "days": 3, "extra": {"a": 1}}, True),
        ({"city": "Rome", "trip": {"title": "x", "stops": [{"lat": 1.5, "lon": 2}]}}, True),
        ({}, False),
        ({"city": 5}, False),
        ({"city": "Rome", "unit": "kelvin"}, False),
        ({"city": "Rome", "trip": {"title": "x", "stops": [{"lat": 1.5, "lon": 2, "alt": 3}]}}, False),
        ({"city": "Rome", "days": "3"}, False),
        ({"city": "Rome", "other": 1}, False),
        ({"city": "Rome", "extra": {"a": "b"}}, False),
    ],
)
def test_the_schema_means_what_the_signature_says(given, good):
    """Judged by a JSON Schema validator."""
    assert jsonschema.Draft202012Validator(SCHEMA).is_valid(given) is good


def test_no_docstring_no_description():
    """Lint says what that costs."""

    def add(a: int, b: int) -> int:
        return a + b

    assert "description" not in tool(add).wire()
    assert tool(add).input_schema["required"] == ["a", "b"]


def test_no_parameters():
    """An object without fields."""

    def now() -> str:
        """Tell the time."""
        return ""

    assert tool(now).input_schema == {
        "type": "object",
        "properties": {},
        "required": [],
        "additionalProperties": False,
    }


def test_methods_and_coroutines_are_functions():
    """What is bound already is no parameter."""

    class Shop:
        async def price(self, item: str, *, day: date | None = None) -> float:
            """Tell a price."""
            return 0.0

    made = tool(Shop().price)

    assert list(made.input_schema["properties"]) == ["item", "day"]
    assert made.name == "price"


def test_wrapped_functions_keep_their_signature():
    """functools.wraps says whose words they are."""

    def loud(function):
        @functools.wraps(function)
        def inner(*args, **kwargs):
            return function(*args, **kwargs)

        return inner

    assert tool(loud(plain)) == tool(plain)


def test_names_that_models_cannot_have():
    """A parameter may be called anything that Python allows."""

    def odd(_hidden: int, model_config: str, schema: str, copy: bool, class_: str = "x") -> None:
        """Odd names."""

    assert list(tool(odd).input_schema["properties"]) == [
        "_hidden",
        "model_config",
        "schema",
        "copy",
        "class_",
    ]


def test_annotations_of_a_local_class_are_read():
    """Text annotations are read where the function was written."""

    class Local(BaseModel):
        n: int

    def use(it: Local) -> None:
        """Use it."""
        Local(n=1)

    assert tool(use).input_schema["$defs"]["Local"]["properties"] == {"n": {"type": "integer"}}


class Opaque:
    """Nothing that JSON knows."""


def no_annotation(city):
    return city


def open_list(*cities: str) -> None: ...


def open_names(**cities: str) -> None: ...


def by_place(city: str, /) -> None: ...


def opaque(thing: Opaque) -> None: ...


def callback(then: Callable[[], None]) -> None: ...


def unknown(thing: Nowhere) -> None: ...  # type: ignore[name-defined]  # noqa: F821


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (no_annotation, "no_annotation: city has no annotation; write city: str"),
        (open_list, r"open_list: \*cities"),
        (open_names, r"open_names: \*\*cities"),
        (by_place, "by_place: city cannot be given by name"),
        (opaque, "opaque: thing cannot be described"),
        (callback, "callback: then cannot be described"),
        (unknown, "unknown: thing cannot be described .*Nowhere"),
        (lambda x: x, "'<lambda>' is no name of a tool"),
        (Opaque, "no function"),
        (functools.partial(plain), "partial is no function"),
        ("print", "str is no function"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_cannot_be_described_names_the_parameter(function, says):
    """And how to put it right."""
    with pytest.raises(PromptError, match=says):
        tool(function)


def test_a_default_that_is_no_json_is_left_out():
    """The parameter is optional all the same."""

    def late(day: Any = Opaque(), other: int = None) -> None:  # type: ignore[assignment]  # noqa: B008, RUF013
        """Late."""

    made = tool(late).input_schema

    assert made["required"] == []
    assert "default" not in made["properties"]["day"]
    assert "default" not in made["properties"]["other"]
