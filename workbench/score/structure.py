"""Scorers of JSON: `json_valid`, `json_path`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from workbench.errors import UsageError
from workbench.score.base import Grader, Score, as_text, clip
from workbench.score.text import REGEX_TIMEOUT_S, _compiled
from workbench.score.views import UnreadableError, parse_json
from workbench.wire.codec import canonical, loads

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.dataset import Sample
    from workbench.score.views import View

_STEP = re.compile(
    r"""\.?(?:(?P<name>[^.\[\]"']+)|\[(?P<index>-?\d{1,9}|\*)\]|\[(?P<quoted>"[^"]*"|'[^']*')\])"""
)
_MISSING = object()

Step = str | int | None
"""A key, a place, or None for every item."""


@dataclass(frozen=True, kw_only=True)
class JsonValid(Grader):
    """See `json_valid`."""

    schema: str | None = None
    fenced: bool = False

    def grade(self, text: str, sample: Sample) -> Score:  # noqa: ARG002 - every grader is given the sample
        """Parse, then validate."""
        try:
            value = parse_json(text, fenced=self.fenced)
        except UnreadableError as error:
            return Score(0.0, f"the answer is {error}", clip(text))
        problem = _problem(self.schema, value) if self.schema is not None else None
        return Score(1.0, "", clip(text)) if problem is None else Score(0.0, problem, clip(text))


@dataclass(frozen=True, kw_only=True)
class JsonPath(Grader):
    """See `json_path`."""

    path: str
    equals: str | None = None
    fenced: bool = True

    def grade(self, text: str, sample: Sample) -> Score:
        """Take what is at the path, compare it with the target."""
        try:
            found = _at(parse_json(text, fenced=self.fenced), _steps(self.path))
        except UnreadableError as error:
            return Score(0.0, f"the answer is {error}", clip(text))
        if found is _MISSING:
            return Score(0.0, f"there is nothing at {self.path}", clip(text))
        target = loads(self.equals) if self.equals is not None else sample.target
        shown = clip(as_text(found))
        if matches(found, target):
            return Score(1.0, "", shown)
        return Score(0.0, f"{self.path}: expected {clip(as_text(target))}, got {shown}", shown)


def matches(value: Any, target: Any) -> bool:
    """Return whether a JSON value is the target.

    1 is 1.0, but true is not 1. A text may stand for a number or a literal, as it does in a CSV. A list of
    targets holds several right answers, unless the value is a list itself.

    >>> matches(5, "5.0"), matches(True, 1), matches("a", ["a", "b"]), matches([1], [1.0])
    (True, False, True, True)
    """
    if same(value, target):
        return True
    if isinstance(target, list | tuple) and not isinstance(value, list):
        return any(matches(value, option) for option in target)
    if isinstance(target, str) and not isinstance(value, str):
        try:
            return same(value, parse_json(target))
        except UnreadableError:
            return False
    return False


def same(a: Any, b: Any) -> bool:
    """Return whether two JSON values are equal."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(value, b[key]) for key, value in a.items())
    return bool(a == b)


@lru_cache(maxsize=256)
def _steps(path: str) -> tuple[Step, ...]:
    rest, steps = path.removeprefix("$"), list[Step]()
    while rest:
        found = _STEP.match(rest)
        if found is None:
            raise UsageError(
                f"the path {path!r} cannot be read from {rest!r} on; write items[0].name, items[*].id"
            )
        steps.append(_step(found))
        rest = rest[found.end() :]
    return tuple(steps)


def _step(found: re.Match[str]) -> Step:
    if (name := found["name"]) is not None:
        return name
    if (quoted := found["quoted"]) is not None:
        return quoted[1:-1]
    return None if found["index"] == "*" else int(found["index"])


def _at(value: Any, steps: tuple[Step, ...]) -> Any:
    for place, step in enumerate(steps):
        if step is None:
            if not isinstance(value, list):
                return _MISSING
            inside = [_at(item, steps[place + 1 :]) for item in value]
            return [item for item in inside if item is not _MISSING]
        try:
            value = _get(value, step)
        except LookupError:
            return _MISSING
    return value


def _get(value: Any, step: Any) -> Any:
    if isinstance(value, list if isinstance(step, int) else dict):
        return value[step]
    raise LookupError(step)


def _problem(schema: str, value: Any) -> str | None:
    error = next(_validator(schema).iter_errors(value), None)
    if error is None:
        return None
    return f"{error.json_path}: {clip(error.message)}"


@lru_cache(maxsize=64)
def _validator(schema: str) -> Any:
    """Return a validator that fetches nothing and whose patterns cannot run for long."""
    from jsonschema import Draft202012Validator, SchemaError, ValidationError, validators
    from referencing import Registry

    def pattern(_: Any, wanted: str, instance: Any, __: Any) -> Any:
        if not isinstance(instance, str):
            return
        try:
            found = _compiled(wanted).search(instance, timeout=REGEX_TIMEOUT_S)
        except TimeoutError:
            yield ValidationError(f"the pattern {wanted} was stopped after {REGEX_TIMEOUT_S:g} s")
            return
        if not found:
            yield ValidationError(f"{instance!r} does not match {wanted}")

    content = loads(schema)
    try:
        Draft202012Validator.check_schema(content)
    except SchemaError as error:
        raise UsageError(f"the schema is not a JSON Schema: {error.json_path}: {error.message}") from error
    kind: Any = validators.extend(Draft202012Validator, {"pattern": pattern})  # type: ignore[no-untyped-call]
    return kind(content, registry=Registry())


def json_valid(
    schema: Mapping[str, Any] | None = None,
    *,
    fenced: bool = False,
    view: View = "answer",
    name: str = "json_valid",
) -> JsonValid:
    """Score 1 where the answer is JSON and nothing else, and fits *schema*.

    Args:
        schema: A JSON Schema (2020-12). References are resolved inside it only; nothing is fetched.
        fenced: Whether JSON inside one code fence passes.
        view: What is graded.
        name: The column it fills.

    Raises:
        UsageError: Not a JSON Schema.
    """
    text = None if schema is None else canonical(dict(schema)).decode()
    if text is not None:
        _validator(text)
    return JsonValid(name=name, view=view, schema=text, fenced=fenced, needs_target=False)


_TARGET = object()


def json_path(
    path: str,
    *,
    equals: Any = _TARGET,
    fenced: bool = True,
    view: View = "answer",
    name: str | None = None,
) -> JsonPath:
    """Score 1 where the value at *path* of a JSON answer is the target.

    Args:
        path: Keys and places: ``label``, ``items[0].name``, ``items[-1]``, ``items[*].id`` (a list of all),
            ``["a.b"]``; a leading ``$`` may stand. The rest of JSONPath (filters, recursion) selects many
            values where a score compares one, so it is left out.
        equals: What to compare with instead of the sample's target.
        fenced: Whether JSON inside one code fence passes.
        view: What is graded.
        name: The column it fills; the path by default.

    Raises:
        UsageError: A path that cannot be read.
    """
    _steps(path)
    fixed = None if equals is _TARGET else canonical(equals).decode()
    return JsonPath(
        name=name or path, view=view, path=path, equals=fixed, fenced=fenced, needs_target=fixed is None
    )
