"""The ``{{names}}`` in the texts of a request body, whatever the shape of the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.prompt.template import Template
from workbench.wire import Request, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Body = dict[str, Any]


def names_of(body: Body, known: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return the names in each text of *body* where names may stand, in the order of a prompt.

    Args:
        body: A request body, right or wrong.
        known: What this returned before: texts that are the same are not read again.

    >>> names_of({"system": "{{a}} {{b}}", "messages": 5}, {})
    {'{{a}} {{b}}': ('a', 'b')}
    """
    return {text: known[text] if text in known else _names(text) for text in _texts(body)}


def _names(text: str) -> tuple[str, ...]:
    if "{{" not in text:
        return ()
    template = Template(parse(Request, {"model": "", "messages": [{"role": "user", "content": text}]}))
    return tuple(slot.name for slot in template.slots)


def _texts(body: Any) -> Iterator[str]:
    """Yield every text in which names may stand, whatever the shape of the rest."""
    yield from _content(body.get("system"))
    for turn in _dicts(body.get("messages")):
        yield from _content(turn.get("content"))
    for tool in _dicts(body.get("tools")):
        if tool.get("type") in {None, "custom"}:
            yield from _strings(tool.get("description"))


def _content(content: Any) -> Iterator[str]:
    yield from _strings(content)
    for block in _dicts(content):
        match block.get("type"):
            case "text":
                yield from _strings(block.get("text"))
            case "tool_result":
                yield from _content(block.get("content"))
            case "search_result":
                yield from _strings(block.get("title"), block.get("source"))
                yield from _content(block.get("content"))
            case "document":
                yield from _strings(block.get("title"), block.get("context"))
                yield from _source(block.get("source"))


def _source(source: Any) -> Iterator[str]:
    if isinstance(source, dict) and source.get("type") == "text":
        yield from _strings(source.get("data"))
    elif isinstance(source, dict) and source.get("type") == "content":
        yield from _content(source.get("content"))


def _strings(*values: Any) -> Iterator[str]:
    return (value for value in values if isinstance(value, str))


def _dicts(value: Any) -> list[Body]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
