"""What a rule looks at: one request with all that is known around it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.lint.fields import problems_of
from workbench.lint.place import Loc, dotted, path_of
from workbench.lint.turns import Turn, turns
from workbench.wire.blocks import CacheControl, ToolResultBlock, cache_control_of
from workbench.wire.codec import dumps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.catalog import Model
    from workbench.lint.closed import Problem
    from workbench.lint.variation import Variation
    from workbench.wire.blocks import ContentBlock
    from workbench.wire.request import Request
    from workbench.wire.tools import AnyTool

CURRENT = "2026-10-21"
"""The current API version."""

PARTNERS = ("bedrock", "vertex")
"""Platforms run by a partner start with these words: fewer features, other limits, other retirement dates."""


class Placed(NamedTuple):
    """A content block and where it stands.

    Attributes:
        role: ``system``, ``user``, ``assistant``; inside a tool result ``tool_result``.
    """

    loc: Loc
    role: str
    block: ContentBlock

    @property
    def path(self) -> str:
        """Where it stands, for readers."""
        return path_of(self.loc)

    @property
    def dotted(self) -> str:
        """Where it stands, as the API says it."""
        return dotted(self.loc)


class Mark(NamedTuple):
    """A cache breakpoint.

    Attributes:
        position: Index into `Subject.positions`.
    """

    loc: Loc
    position: int
    control: CacheControl
    on: Any

    @property
    def ttl(self) -> str:
        """``5m`` or ``1h``."""
        return self.control.ttl or "5m"


def today_utc() -> date:
    """Return the current day, as the service counts days."""
    return datetime.now(UTC).date()


@dataclass(frozen=True)
class Subject:
    """One request, and what decides whether the service takes it.

    Attributes:
        model: What the catalog knows of the model; None: nothing, so nothing is assumed.
        platform: ``claude_api``, ``bedrock_messages``, ``bedrock_invoke``, ``vertex``, ``foundry``, …
        endpoint: ``messages``, ``count_tokens`` or ``batch`` (the params of one batch item).
        notes: What was read generously, as `workbench.wire.modern` says it.
        raw: The JSON object as it arrived, where it did: its shape is judged, not the request's own.
        varies: Where many requests are linted together: what is the same in all, and what is not.
    """

    request: Request
    model: Model | None = None
    api_version: str = CURRENT
    betas: frozenset[str] = frozenset()
    platform: str = "claude_api"
    endpoint: str = "messages"
    today: date = field(default_factory=today_utc)
    varies: Variation | None = None
    notes: tuple[str, ...] = ()
    raw: dict[str, Any] | None = None

    @cached_property
    def body(self) -> dict[str, Any]:
        """The JSON object as sent."""
        return self.request.wire() if self.raw is None else self.raw

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """Everything wrong with the shape of the request, in the words of the service's validator."""
        return problems_of(self.body, self.endpoint)

    @property
    def edits(self) -> list[tuple[int, dict[str, Any]]]:
        """The objects of ``context_management.edits``, each with its index."""
        edits = (self.request.context_management or {}).get("edits")
        found = enumerate(edits if isinstance(edits, list) else ())
        return [(index, edit) for index, edit in found if isinstance(edit, dict)]

    @cached_property
    def size(self) -> int:
        """Bytes of the body."""
        return len(dumps(self.body))

    @property
    def partner(self) -> bool:
        """Whether a cloud partner runs the platform."""
        return self.platform.startswith(PARTNERS)

    @property
    def name(self) -> str:
        """The model's name as the request has it."""
        return self.request.model

    @property
    def tools(self) -> tuple[AnyTool, ...]:
        """The tools, none where there are none."""
        return self.request.tools or ()

    @property
    def thinking(self) -> str | None:
        """``thinking.type``, or None where it is not set."""
        return self.request.thinking.type if self.request.thinking else None

    @property
    def thinks(self) -> bool:
        """Whether the model thinks: asked to, or by its default."""
        if self.request.thinking is not None:
            return self.thinking in {"adaptive", "enabled"}
        return self.model is not None and self.model.thinking_default in {"on", "always_on"}

    @property
    def forced(self) -> bool:
        """Whether a tool call is forced."""
        return self.request.tool_choice is not None and self.request.tool_choice.type in {"any", "tool"}

    @cached_property
    def blocks(self) -> tuple[Placed, ...]:
        """Content blocks of system and messages in order; those inside tool results right after them."""
        return tuple(_blocks(self.request))

    @cached_property
    def turns(self) -> list[Turn]:
        """The conversation with consecutive messages of one role merged, as the service reads it."""
        return turns(self.request)

    @cached_property
    def positions(self) -> tuple[tuple[Loc, Any], ...]:
        """What may carry a cache breakpoint, in prefix order: tools, system blocks, message blocks."""
        tools = ((("tools", index), tool) for index, tool in enumerate(self.tools) if not tool.defer_loading)
        return (
            *tools,
            *((placed.loc, placed.block) for placed in self.blocks if placed.role != "tool_result"),
        )

    @cached_property
    def marks(self) -> tuple[Mark, ...]:
        """Explicit cache breakpoints in prefix order."""
        return tuple(_marks(self.positions))


def _blocks(request: Request) -> Iterator[Placed]:
    if isinstance(request.system, str):
        yield Placed(("system",), "system", request.system_blocks[0])
    else:
        for index, block in enumerate(request.system or ()):
            yield Placed(("system", index), "system", block)
    for turn, message in enumerate(request.messages):
        if isinstance(message.content, str):
            yield Placed(("messages", turn, "content"), message.role, message.blocks[0])
            continue
        for index, block in enumerate(message.content):
            loc = ("messages", turn, "content", index)
            yield Placed(loc, message.role, block)
            if isinstance(block, ToolResultBlock) and isinstance(block.content, tuple):
                for inner, item in enumerate(block.content):
                    yield Placed((*loc, "content", inner), "tool_result", item)


def _marks(positions: tuple[tuple[Loc, Any], ...]) -> Iterator[Mark]:
    for position, (loc, item) in enumerate(positions):
        # Blocks inside a tool result may be marked too; they share its position.
        if isinstance(item, ToolResultBlock) and isinstance(item.content, tuple):
            for index, inner in enumerate(item.content):
                if (control := cache_control_of(inner)) is not None:
                    yield Mark((*loc, "content", index), position, control, inner)
        if (control := cache_control_of(item)) is not None:
            yield Mark(loc, position, control, item)
