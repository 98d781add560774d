"""Where in a request something stands."""

from __future__ import annotations

Loc = tuple[str | int, ...]


class Tag(str):
    """A part of a location that the API names and a reader of the request does not need: a union's member."""

    __slots__ = ()


def path_of(loc: Loc) -> str:
    """Write a location as a reader would: ``messages[0].content[1].text``.

    >>> path_of(("messages", 0, "content", 1, Tag("text"), "text"))
    'messages[0].content[1].text'
    """
    parts = [
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc if not isinstance(part, Tag)
    ]
    return "".join(parts).removeprefix(".")


def dotted(loc: Loc) -> str:
    """Write a location as the API does: ``messages.0.content.1.text.text``.

    >>> dotted(("messages", 0, "content", 1, Tag("text"), "text"))
    'messages.0.content.1.text.text'
    """
    return ".".join(map(str, loc))
