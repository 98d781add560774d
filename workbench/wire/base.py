"""The one base of every wire model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from workbench.errors import UsageError, WireError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable


class Wire(BaseModel):
    """JSON of the Messages API: frozen, and tolerant of fields newer than this code."""

    model_config = ConfigDict(
        frozen=True,
        extra="allow",
        protected_namespaces=(),
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )

    def wire(self) -> dict[str, Any]:
        """Return the JSON object as sent: what was set, nothing else."""
        # pydantic's own JSON mode garbles a lone surrogate in a key; this keeps it.
        body: dict[str, Any] = _with_lists(self.model_dump(exclude_unset=True))
        return body

    def with_(self, **changes: Any) -> Self:
        """Return a copy with some fields replaced; None takes a field out.

        Raises:
            UsageError: A field this type does not have.
            WireError: A value of the wrong shape.
        """
        fields = type(self).model_fields
        body = self.wire()
        for name, value in changes.items():
            if name not in fields:
                message = f"{type(self).__name__} has no field {name!r}{did_you_mean(name, fields)}"
                raise UsageError(message)
            body[fields[name].alias or name] = plain(value)
            if value is None:
                del body[fields[name].alias or name]
        return parse(type(self), body)


_CONTAINERS = frozenset({dict, list, tuple})


def _with_lists(value: Any) -> Any:
    """Return JSON with its tuples as lists; leaves are not visited, which halves the time."""
    if isinstance(value, dict):
        return {name: _with_lists(x) if type(x) in _CONTAINERS else x for name, x in value.items()}
    return [_with_lists(x) if type(x) in _CONTAINERS else x for x in value]


T = TypeVar("T", bound=Wire)


class Tagged(Wire):
    """A wire object told apart by its ``type``; the tag is sent even when left at its default."""

    def model_post_init(self, context: Any, /) -> None:  # noqa: ARG002 - pydantic's signature
        """Mark the tag as set, so that `wire` sends it."""
        self.__pydantic_fields_set__.add("type")


def plain(value: Any) -> Any:
    """Return the JSON form of wire models inside *value*."""
    if isinstance(value, Wire):
        return value.wire()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return value


def tag_of(known: Iterable[str]) -> Callable[[Any], str]:
    """Return a discriminator on ``type`` that sends names not in *known* to ``"unknown"``."""
    names = frozenset(known)

    def tag(value: Any) -> str:
        kind = value.get("type") if isinstance(value, Mapping) else getattr(value, "type", None)
        return kind if isinstance(kind, str) and kind in names else "unknown"

    return tag


def parse(kind: type[T], value: Any) -> T:
    """Validate *value* as *kind*, with our own error.

    Raises:
        WireError: The JSON is not of that shape; the message names the path.
    """
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise WireError(f"{kind.__name__}: {first_problem(error)}") from error


def first_problem(error: ValidationError) -> str:
    """Return ``path: what is wrong`` in the API's own manner, for the problem deepest in the JSON.

    Where a value may be text or a list of blocks, both attempts are reported; the deeper one is meant.
    """
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    paths = [[str(part) for part in p["loc"] if not str(part).startswith("tuple[")] for p in problems]
    deepest = max(range(len(paths)), key=lambda n: len(paths[n]))
    return f"{'.'.join(paths[deepest])}: {problems[deepest]['msg']}"
