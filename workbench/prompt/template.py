r"""``{{name}}`` in the text fields of a request, compiled once, filled many times.

A name is anything without braces, spaces around it do not count. ``\{{`` is a literal ``{{``; where a
backslash must stand before a value, double it. A value is put in as it is and never read again, so a
value that holds ``{{x}}`` stays what it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from workbench.errors import PromptError, did_you_mean
from workbench.wire import (
    ContentBlock,
    CustomTool,
    DocumentBlock,
    MessageParam,
    Request,
    SearchResultBlock,
    TextBlock,
    ToolResultBlock,
    Wire,
)
from workbench.wire.base import first_problem, plain
from workbench.wire.blocks import ContentSource, TextSource

Values = Mapping[str, Any]
Fill = Callable[[Values], Any]
"""Makes the value of one field from the values of a sample."""

# The lookbehind lets a run of backslashes be tried once, not once from each of its places.
_SLOT = re.compile(r"(?<!\\)(\\*)\{\{([^{}\n]+)\}\}|(?<!\\)(\\+)\{\{")

_FIELDS: dict[type[Wire], tuple[str, ...]] = {
    Request: ("system", "messages", "tools"),
    MessageParam: ("content",),
    TextBlock: ("text",),
    DocumentBlock: ("title", "context", "source"),
    TextSource: ("data",),
    ContentSource: ("content",),
    SearchResultBlock: ("title", "source", "content"),
    ToolResultBlock: ("content",),
    CustomTool: ("description",),
}
"""Where text may stand, and where to look for it; never a schema, an id or a model."""

_HOLDS_BLOCKS = frozenset({"content", "system"})
_blocks: TypeAdapter[tuple[ContentBlock, ...]] = TypeAdapter(tuple[ContentBlock, ...])


def escape(text: str) -> str:
    r"""Return *text* written so that a prompt gives it back as it is.

    >>> escape("a {{b}}")
    'a \\{{b}}'
    """
    return re.sub(r"(?<!\\)(\\*)\{\{", lambda found: found[1] * 2 + "\\{{", text)


def show(value: Any) -> str:
    """Return *value* as it stands in a prompt: text as it is, anything else as JSON.

    >>> show(2.5), show(None), show({"a": [1, "é"]})
    ('2.5', 'null', '{"a": [1, "é"]}')
    """
    return value if isinstance(value, str) else json.dumps(plain(value), ensure_ascii=False, default=str)


class Slot:
    """One ``{{name}}`` and where it stands."""

    __slots__ = ("name", "path")

    def __init__(self, name: str, path: str) -> None:
        self.name = name
        self.path = path

    def read(self, values: Values) -> Any:
        """Return the value.

        Raises:
            PromptError: There is none.
        """
        try:
            return values[self.name]
        except KeyError:
            raise undefined(self, values) from None


def undefined(slot: Slot, known: Values | frozenset[str]) -> PromptError:
    """Return the error for a name that no column has."""
    nearest = did_you_mean(slot.name, known)
    columns = ", ".join(sorted(known)) or "none"
    return PromptError(
        f"{slot.path}: {{{{{slot.name}}}}} is not defined{nearest} (there is: {columns}). "
        f"Literal braces are written \\{{{{"
    )


class Template:
    """A request with slots."""

    def __init__(self, request: Request) -> None:
        self.slots: list[Slot] = []
        self._request = request
        self._fill = self._model(request, "")

    def render(self, values: Values) -> Request:
        """Return the request with every slot filled."""
        if self._fill is None:
            return self._request.model_copy()
        filled: Request = self._fill(values)
        return filled

    def _model(self, noun: Wire, path: str) -> Fill | None:
        fills: list[tuple[str, Fill]] = []
        for field in _FIELDS.get(type(noun), ()):
            here = f"{path}.{field}" if path else field
            if (fill := self._value(getattr(noun, field), here, field)) is not None:
                fills.append((field, fill))
        if not fills:
            return None
        return lambda values: noun.model_copy(update={field: fill(values) for field, fill in fills})

    def _value(self, value: Any, path: str, field: str) -> Fill | None:
        if isinstance(value, str):
            return self._text(value, path, takes_blocks=field in _HOLDS_BLOCKS)
        if isinstance(value, tuple):
            return self._items(value, path)
        return self._model(value, path) if isinstance(value, Wire) else None

    def _text(self, text: str, path: str, *, takes_blocks: bool) -> Fill | None:
        parts = _split(text, path)
        slots = [(place, part) for place, part in enumerate(parts) if isinstance(part, Slot)]
        self.slots += [slot for _, slot in slots]
        if not slots:
            literal = "".join(part for part in parts if isinstance(part, str))
            return (lambda _: literal) if literal != text else None
        if len(parts) == 1:
            return _whole(slots[0][1], takes_blocks=takes_blocks)

        def fill(values: Values) -> str:
            filled: list[Any] = list(parts)
            for place, slot in slots:
                filled[place] = show(slot.read(values))
            return "".join(filled)

        return fill

    def _items(self, items: tuple[Any, ...], path: str) -> Fill | None:
        fills = [self._item(item, f"{path}[{place}]") for place, item in enumerate(items)]
        if not any(fills):
            return None

        def fill(values: Values) -> tuple[Any, ...]:
            filled: list[Any] = []
            for item, one in zip(items, fills, strict=True):
                made = item if one is None else one(values)
                if isinstance(made, tuple):
                    filled.extend(made)
                else:
                    filled.append(made)
            return tuple(filled)

        return fill

    def _item(self, item: Any, path: str) -> Fill | None:
        if not isinstance(item, TextBlock):
            return self._model(item, path) if isinstance(item, Wire) else None
        text = self._text(item.text, f"{path}.text", takes_blocks=True)
        return None if text is None else (lambda values: _put(item, text(values)))


def _split(text: str, path: str) -> list[str | Slot]:
    parts: list[str | Slot] = []
    end = 0
    for found in _SLOT.finditer(text):
        before, name, escapes = found[1], found[2], found[3]
        slashes = before if name is not None else escapes
        literal = text[end : found.start()] + "\\" * (len(slashes) // 2)
        end = found.end()
        if len(slashes) % 2:
            # Only the braces are spent: a name after them is plain text.
            literal, end = literal + "{{", found.start() + len(slashes) + 2
        elif name is None or not name.strip():
            literal += found.group()[len(slashes) :]
        else:
            parts += [literal, Slot(name.strip(), path)]
            continue
        parts.append(literal)
    return [part for part in (*parts, text[end:]) if part != ""]


def _whole(slot: Slot, *, takes_blocks: bool) -> Fill:
    """Return the fill of a field that is one slot and nothing else."""

    def fill(values: Values) -> Any:
        value = slot.read(values)
        if type(value) is str:
            return value
        return _parse_blocks(value, slot) if takes_blocks and _are_blocks(value) else show(value)

    return fill


def _are_blocks(value: Any) -> bool:
    if not isinstance(value, list | tuple) or not value:
        return False
    return all(isinstance(item, Wire) or (isinstance(item, Mapping) and "type" in item) for item in value)


def _parse_blocks(value: Any, slot: Slot) -> tuple[ContentBlock, ...]:
    try:
        return _blocks.validate_python([plain(item) for item in value])
    except ValidationError as error:
        raise PromptError(
            f"{slot.path}: {{{{{slot.name}}}}} holds a block of the wrong shape: {first_problem(error)}"
        ) from error


def _put(block: TextBlock, made: str | tuple[Any, ...]) -> TextBlock | tuple[Any, ...]:
    if isinstance(made, str):
        return block.model_copy(update={"text": made})
    if block.cache_control is None:
        return made
    # The breakpoint stood behind this text, so it now stands behind what took its place.
    return (*made[:-1], made[-1].model_copy(update={"cache_control": block.cache_control}))
