"""Turns as the service sees them: consecutive messages of one role are one turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from workbench.lint.place import Loc
    from workbench.wire.blocks import ContentBlock
    from workbench.wire.request import Request


class Turn(NamedTuple):
    """One merged turn.

    Attributes:
        role: ``user``, ``assistant`` or ``system``.
        blocks: Its blocks, each with its place.
        last: Index of its last message.
    """

    role: str
    blocks: list[tuple[Loc, ContentBlock]]
    last: int


def turns(request: Request) -> list[Turn]:
    """Merge consecutive messages of one role."""
    merged: list[Turn] = []
    for index, message in enumerate(request.messages):
        whole = isinstance(message.content, str)
        placed: list[tuple[Loc, ContentBlock]] = [
            (("messages", index, "content") if whole else ("messages", index, "content", at), block)
            for at, block in enumerate(message.blocks)
        ]
        if merged and merged[-1].role == message.role:
            merged[-1].blocks.extend(placed)
            merged[-1] = merged[-1]._replace(last=index)
        else:
            merged.append(Turn(message.role, placed, index))
    return merged
