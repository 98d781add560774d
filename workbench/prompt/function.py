"""A Python function as a tool: what its signature and docstring say, as JSON Schema."""

from __future__ import annotations

import inspect
import re
import typing
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from pydantic import PydanticUserError, TypeAdapter
from pydantic_core import PydanticSerializationError

from workbench.errors import PromptError
from workbench.wire import CustomTool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Schema = dict[str, Any]

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_SECTION = re.compile(r"^[A-Z]\w*(?: \w+)?:\s*$")
_ARGUMENT = re.compile(r"^\*{0,2}(\w+(?:, *\*{0,2}\w+)*)\s*(?:\([^)]*\))?:\s*(.*)$")
_UNDESCRIBED = {
    inspect.Parameter.VAR_POSITIONAL: "*{0} has no name for each value; take a list instead",
    inspect.Parameter.VAR_KEYWORD: "**{0} has no fixed names; name each parameter",
    inspect.Parameter.POSITIONAL_ONLY: "{0} cannot be given by name; take the / out of the signature",
}


def tool(function: Callable[..., Any]) -> CustomTool:
    """Return the tool that *function* is.

    Its name is the function's; its description the first paragraph of the docstring; its parameters those of
    the signature, described by their annotations (``Literal``, ``Enum``, ``X | None``, lists, dataclasses,
    pydantic models, ``Annotated[int, Field(ge=1)]``) and by the ``Args`` of a Google docstring. Other fields
    than these are refused. The function is not called.

    Raises:
        PromptError: Something that JSON Schema cannot describe; it names the parameter.

    >>> def weather(city: str, days: int = 1) -> str:
    ...     '''Tell the weather.
    ...
    ...     Args:
    ...         city: Name of a city.
    ...     '''
    >>> made = tool(weather)
    >>> made.name, made.description
    ('weather', 'Tell the weather.')
    >>> made.input_schema["properties"]["city"]
    {'type': 'string', 'description': 'Name of a city.'}
    """
    name = _name(function)
    says, described = _documentation(inspect.getdoc(function) or "")
    parameters = _parameters(function, name)
    properties, shared = _schemas(function, name, parameters)
    for parameter in parameters:
        schema = properties[parameter.name]
        if parameter.name in described:
            schema.setdefault("description", described[parameter.name])
    required = [one.name for one in parameters if one.default is one.empty]
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    if shared:
        schema["$defs"] = shared
    return CustomTool(name=name, input_schema=schema, **({"description": says} if says else {}))


def _name(function: Any) -> str:
    name = getattr(function, "__name__", None)
    if not callable(function) or inspect.isclass(function) or not isinstance(name, str):
        raise PromptError(f"{type(function).__name__} is no function; give one made with def")
    if not _NAME.fullmatch(name):
        raise PromptError(f"{name!r} is no name of a tool (letters, digits, _ and -, at most 64); use def")
    return name


def _parameters(function: Callable[..., Any], name: str) -> list[inspect.Parameter]:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        raise PromptError(f"{name} does not tell its parameters; wrap it in a function of your own") from None
    for one in parameters:
        if one.kind in _UNDESCRIBED:
            raise PromptError(f"{name}: {_UNDESCRIBED[one.kind].format(one.name)}")
        if one.annotation is one.empty:
            raise PromptError(f"{name}: {one.name} has no annotation; write {one.name}: str, or what it is")
    return parameters


# --- schemas ---------------------------------------------------------------------------------------


def _schemas(
    function: Callable[..., Any], name: str, parameters: list[inspect.Parameter]
) -> tuple[dict[str, Schema], Schema]:
    """Return the schema of each parameter, and the definitions they share."""
    adapters = {one.name: _adapter(function, name, one) for one in parameters}
    for each, adapter in adapters.items():
        _described(name, each, adapter)
    inputs = [(each, "validation", adapter) for each, adapter in adapters.items()]
    made, rest = TypeAdapter.json_schemas(inputs, ref_template="#/$defs/{model}")  # type: ignore[arg-type]
    shared = {key: _tidy(one) for key, one in rest.get("$defs", {}).items()}
    found = {each: _tidy(dict(made[each, "validation"])) for each in adapters}
    for one in parameters:
        if one.default is not one.empty and one.default is not None:
            found[one.name] |= _default(adapters[one.name], one.default)
        elif one.default is None and _takes_null(adapters[one.name]):
            found[one.name]["default"] = None
    return found, shared


def _adapter(function: Callable[..., Any], name: str, one: inspect.Parameter) -> TypeAdapter[Any]:
    try:
        return TypeAdapter(_annotation(function, one))
    except PydanticUserError as error:
        raise _undescribed(name, one.name, _first_line(error)) from None
    except (NameError, SyntaxError, AttributeError, TypeError) as error:
        raise _undescribed(name, one.name, f"its annotation cannot be read: {error}") from None


def _annotation(function: Callable[..., Any], one: inspect.Parameter) -> Any:
    """Return an annotation, read where the function was written if it stands there as text."""
    if not isinstance(one.annotation, str):
        return one.annotation
    inner = inspect.unwrap(function)
    inner = getattr(inner, "__func__", inner)
    cells = inspect.getclosurevars(inner).nonlocals if inspect.isfunction(inner) else {}
    stub: Any = SimpleNamespace(__annotations__={one.name: one.annotation})
    hints = typing.get_type_hints(stub, getattr(inner, "__globals__", {}), dict(cells), include_extras=True)
    return hints[one.name]


def _described(name: str, parameter: str, adapter: TypeAdapter[Any]) -> None:
    try:
        adapter.json_schema()
    except PydanticUserError as error:
        raise _undescribed(name, parameter, _first_line(error)) from None


def _first_line(error: PydanticUserError) -> str:
    return str(error.message).splitlines()[0].removesuffix(".")


def _undescribed(name: str, parameter: str, why: str) -> PromptError:
    cure = "annotate it with text, numbers, lists, a dataclass or a pydantic model"
    return PromptError(f"{name}: {parameter} cannot be described ({why}); {cure}")


def _default(adapter: TypeAdapter[Any], value: Any) -> Schema:
    """Return the default as JSON; nothing where it is none."""
    try:
        return {"default": adapter.dump_python(value, mode="json", warnings=False)}
    except PydanticSerializationError:
        return {}


def _takes_null(adapter: TypeAdapter[Any]) -> bool:
    schema = adapter.json_schema()
    kinds = [schema, *schema.get("anyOf", ())]
    return any(one.get("type") == "null" for one in kinds) or not schema


def _tidy(schema: Any) -> Any:
    """Close the objects of a schema, and drop the titles that pydantic makes of names."""
    if not isinstance(schema, dict):
        return schema
    made = {key: value for key, value in schema.items() if key != "title" or not isinstance(value, str)}
    for name in ("properties", "$defs"):
        if isinstance(made.get(name), dict):
            made[name] = {key: _tidy(one) for key, one in made[name].items()}
    for name in ("anyOf", "oneOf", "allOf", "prefixItems"):
        if isinstance(made.get(name), list):
            made[name] = [_tidy(one) for one in made[name]]
    for name in ("items", "additionalProperties"):
        if name in made:
            made[name] = _tidy(made[name])
    if isinstance(made.get("properties"), dict):
        made.setdefault("additionalProperties", False)
    return made


# --- docstring -------------------------------------------------------------------------------------


def _documentation(text: str) -> tuple[str, dict[str, str]]:
    """Return the first paragraph of a docstring, and what its ``Args`` say by name."""
    paragraph, _, _ = text.strip().partition("\n\n")
    first = "" if _SECTION.match(paragraph.partition("\n")[0]) else " ".join(paragraph.split())
    return first, dict(_arguments(text))


def _arguments(text: str) -> Iterator[tuple[str, str]]:
    lines = iter(text.splitlines())
    if not any(line.strip() in {"Args:", "Arguments:", "Parameters:"} for line in lines):
        return
    names: list[str] = []
    words: list[str] = []
    margin = 0
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if line.strip() and not indent:
            break  # the next section
        margin = margin or indent
        found = _ARGUMENT.match(line.strip()) if line.strip() and indent <= margin else None
        if found:
            yield from ((name, " ".join(words)) for name in names if words)
            names = [name.strip(" *") for name in found[1].split(",")]
            words = [found[2]] if found[2] else []
        elif line.strip():
            words.append(line.strip())
    yield from ((name, " ".join(words)) for name in names if words)
