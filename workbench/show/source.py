"""The source of a citation, the cited passage marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.errors import UsageError
from workbench.show.passages import cited

if TYPE_CHECKING:
    from workbench.wire import Message, Request


def source_of(request: Request | None, message: Message, n: int) -> dict[str, Any]:
    """See `transcript.source_view`."""
    found = cited(message.content, request).passages
    if not 1 <= n <= len(found):
        raise UsageError(f"there is no reference {n}; the answer has {len(found)}")
    from workbench.show.parts import pre

    return {"title": found[n - 1].title, "html": pre(found[n - 1].quote)}
