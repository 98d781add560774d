"""A small language for the shape of request objects, which are closed: an unknown key is a 400.

A `Shape` looks at a JSON value and adds what is wrong with it, in the words of the service's own validator.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from workbench.lint.place import Loc, Tag

Kind = Literal["extra", "missing", "value", "range", "pattern"]


class Problem(NamedTuple):
    """One thing wrong with the shape of a request."""

    kind: Kind
    loc: Loc
    says: str


Shape = Callable[[Any, Loc, list[Problem]], None]


def anything(value: Any, loc: Loc, out: list[Problem]) -> None:
    """Take any JSON: free objects, and what is the caller's own."""


def of_type(kind: type, name: str) -> Shape:
    """Take values of a Python type; *name* is what the validator calls one."""

    def check(value: Any, loc: Loc, out: list[Problem]) -> None:
        if not isinstance(value, kind):
            out.append(Problem("value", loc, f"Input should be a valid {name}"))

    return check


boolean = of_type(bool, "boolean")
string = of_type(str, "string")
free_object = of_type(dict, "dictionary")


def schema_object(value: Any, loc: Loc, out: list[Problem]) -> None:
    """Take the JSON Schema of an object: anything goes but its ``type``."""
    if not isinstance(value, dict):
        free_object(value, loc, out)
    elif "type" not in value:
        out.append(Problem("missing", (*loc, "type"), "Field required"))
    elif value["type"] != "object":
        out.append(Problem("value", (*loc, "type"), "Input should be 'object'"))


def nullable(shape: Shape) -> Shape:
    """Take null too."""

    def check(value: Any, loc: Loc, out: list[Problem]) -> None:
        if value is not None:
            shape(value, loc, out)

    return check


def text(*, least: int = 0, most: int | None = None, pattern: str | None = None) -> Shape:
    """Take a string of some length, of some pattern."""
    compiled = re.compile(pattern) if pattern else None

    def check(value: Any, loc: Loc, out: list[Problem]) -> None:
        if not isinstance(value, str):
            out.append(Problem("value", loc, "Input should be a valid string"))
        elif len(value) < least:
            out.append(Problem("range", loc, f"String should have at least {_characters(least)}"))
        elif most is not None and len(value) > most:
            out.append(Problem("range", loc, f"String should have at most {_characters(most)}"))
        elif compiled is not None and not compiled.search(value):
            out.append(Problem("pattern", loc, f"String should match pattern '{pattern}'"))

    return check


def _characters(count: int) -> str:
    return f"{count} character{'s' * (count != 1)}"


def one_of(*values: str) -> Shape:
    """Take one of some strings."""
    listed = _either([f"'{value}'" for value in values])

    def check(value: Any, loc: Loc, out: list[Problem]) -> None:
        if value not in values:
            out.append(Problem("value", loc, f"Input should be {listed}"))

    return check


def _either(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} or {parts[-1]}"


def number(
    *,
    least: float | None = None,
    most: float | None = None,
    above: float | None = None,
    whole: bool = False,
) -> Shape:
    """Take a number within bounds."""
    name = "integer" if whole else "number"

    def check(value: Any, loc: Loc, out: list[Problem]) -> None:
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
            out.append(Problem("value", loc, f"Input should be a valid {name}"))
        elif least is not None and value < least:
            out.append(Problem("range", loc, f"Input should be greater than or equal to {least}"))
        elif above is not None and value <= above:
            out.append(Problem("range", loc, f"Input should be greater than {above}"))
        elif most is not None and value > most:
            out.append(Problem("range", loc, f"Input should be less than or equal to {most}"))

    return check


def array(of: Shape, *, most: int | None = None) -> Shape:
    """Take a list of things of one shape."""

    def check(value: Any, loc: Loc, out: list[Problem]) -> None:
        if not isinstance(value, list):
            out.append(Problem("value", loc, "Input should be a valid list"))
            return
        if most is not None and len(value) > most:
            says = f"List should have at most {most} items after validation, not {len(value)}"
            out.append(Problem("range", loc, says))
        for index, item in enumerate(value):
            of(item, (*loc, index), out)

    return check


def string_or(shape: Shape, *, word: str | None = None) -> Shape:
    """Take a string, only *word* where that is given, or something else."""
    words = string if word is None else one_of(word)

    def check(value: Any, loc: Loc, out: list[Problem]) -> None:
        (words if isinstance(value, str) else shape)(value, loc, out)

    return check


def mapping(of: Shape) -> Shape:
    """Take an object with names of the caller's own."""

    def check(value: Any, loc: Loc, out: list[Problem]) -> None:
        if not isinstance(value, dict):
            out.append(Problem("value", loc, "Input should be a valid dictionary"))
            return
        for name, item in value.items():
            of(item, (*loc, name), out)

    return check


def closed(fields: Mapping[str, Shape], required: tuple[str, ...] = ()) -> Shape:
    """Take an object with these fields and no other."""

    def check(value: Any, loc: Loc, out: list[Problem]) -> None:
        if not isinstance(value, dict):
            out.append(
                Problem("value", loc, "Input should be a valid dictionary or object to extract fields from")
            )
            return
        for name, item in value.items():
            shape = fields.get(name)
            if shape is None:
                out.append(Problem("extra", (*loc, name), "Extra inputs are not permitted"))
            elif shape is not anything:
                shape(item, (*loc, name), out)
        missing = (name for name in required if name not in value)
        out.extend(Problem("missing", (*loc, name), "Field required") for name in missing)

    return check


def tagged(
    members: Mapping[str, Shape],
    *,
    default: str | None = None,
    newer: Callable[[str], bool] = lambda _: False,
) -> Shape:
    """Take one of several objects, told apart by ``type``.

    Args:
        members: Shape by type.
        default: The type where none is given.
        newer: Whether a type that is no member may be known to the service; such an object is not judged.
    """
    expected = ", ".join(f"'{name}'" for name in members)

    def check(value: Any, loc: Loc, out: list[Problem]) -> None:
        kind = (value.get("type") or default) if isinstance(value, dict) else None
        if not isinstance(kind, str):
            out.append(Problem("missing", loc, "Unable to extract tag using discriminator 'type'"))
        elif kind not in members and newer(kind):
            return
        elif kind not in members:
            says = (
                f"Input tag '{kind}' found using 'type' does not match any of the expected tags: {expected}"
            )
            out.append(Problem("value", loc, says))
        else:
            members[kind](value, (*loc, Tag(kind)), out)

    return check
