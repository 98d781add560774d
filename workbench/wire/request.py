"""The body of ``POST /v1/messages`` and ``/v1/messages/count_tokens``.

Source: https://platform.claude.com/docs/en/api/messages
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Annotated, Any

from pydantic import Discriminator, Field, StrictBool, StrictFloat, StrictInt, Tag, field_validator

from workbench.display import Shown
from workbench.errors import UsageError
from workbench.wire.base import Tagged, Wire, parse, tag_of
from workbench.wire.blocks import CacheControl, ContentBlock, TextBlock
from workbench.wire.codec import digest
from workbench.wire.tools import AnyTool, McpServer, ToolChoice

Number = StrictInt | StrictFloat
"""1 and 1.0 are kept apart: they are different JSON."""


class AdaptiveThinking(Tagged):
    """The model decides how much to think; ``output_config.effort`` steers it."""

    type: str = "adaptive"
    display: str | None = None
    block_binding: dict[str, Any] | None = None


class EnabledThinking(Tagged):
    """Manual thinking with a budget, on the models that still take it."""

    type: str = "enabled"
    budget_tokens: StrictInt
    display: str | None = None


class DisabledThinking(Tagged):
    """No thinking."""

    type: str = "disabled"


class BetweenToolsThinking(Tagged):
    """Thinking between tool calls only."""

    type: str = "between_tools"


class UnknownThinking(Wire):
    """A thinking mode newer than this code."""

    type: str


Thinking = Annotated[
    Annotated[AdaptiveThinking, Tag("adaptive")]
    | Annotated[EnabledThinking, Tag("enabled")]
    | Annotated[DisabledThinking, Tag("disabled")]
    | Annotated[BetweenToolsThinking, Tag("between_tools")]
    | Annotated[UnknownThinking, Tag("unknown")],
    Discriminator(tag_of(["adaptive", "enabled", "disabled", "between_tools"])),
]


class OutputFormat(Wire):
    """Structured output: the answer is JSON of this schema."""

    type: str = "json_schema"
    json_schema: dict[str, Any] | None = Field(default=None, alias="schema")


class OutputConfig(Wire):
    """How the answer is made: effort, format, task budget."""

    effort: str | None = None
    format: OutputFormat | None = None
    task_budget: dict[str, Any] | None = None


class Metadata(Wire):
    """An opaque id of the end user."""

    user_id: str | None = None


class MessageParam(Wire):
    """One turn of the conversation."""

    role: str
    content: str | tuple[ContentBlock, ...]
    clear_at: str | None = None
    output_config: OutputConfig | None = None

    @property
    def blocks(self) -> tuple[ContentBlock, ...]:
        """The content as blocks; a string is one text block."""
        return (TextBlock(text=self.content),) if isinstance(self.content, str) else self.content


class Request(Shown, Wire):
    """A request to the Messages API: data, and nothing but.

    ``messages`` also takes plain strings, each a user turn::

        Request(model="claude-haiku-4-5", max_tokens=100, messages=["Why is the sky blue?"])
    """

    model: str
    max_tokens: StrictInt | None = None
    """Output limit in tokens, thinking included; 0 warms the prompt cache. Token counting needs none."""
    messages: tuple[MessageParam, ...]
    system: str | tuple[ContentBlock, ...] | None = None
    stop_sequences: tuple[str, ...] | None = None
    stream: StrictBool | None = None
    metadata: Metadata | None = None
    tools: tuple[AnyTool, ...] | None = None
    tool_choice: ToolChoice | None = None
    thinking: Thinking | None = None
    output_config: OutputConfig | None = None
    cache_control: CacheControl | None = None
    diagnostics: dict[str, Any] | None = None
    service_tier: str | None = None
    inference_geo: str | None = None
    speed: str | None = None
    container: str | dict[str, Any] | None = None
    context_management: dict[str, Any] | None = None
    compaction: dict[str, Any] | None = None
    mcp_servers: tuple[McpServer, ...] | None = None
    fallbacks: str | tuple[dict[str, Any], ...] | None = None
    fallback_credit_token: str | dict[str, Any] | None = None
    thread: dict[str, Any] | None = None
    billing_policy: dict[str, Any] | None = None
    temperature: Number | None = None
    top_p: Number | None = None
    top_k: StrictInt | None = None
    output_format: OutputFormat | None = None

    @field_validator("messages", mode="before")
    @classmethod
    def _strings_are_user_turns(cls, value: Any) -> Any:
        if isinstance(value, str):
            value = [value]
        if isinstance(value, list | tuple):
            return [{"role": "user", "content": turn} if isinstance(turn, str) else turn for turn in value]
        return value

    @cached_property
    def key(self) -> str:
        """SHA-256 of the canonical body, in hex: equal requests have equal keys."""
        return digest(self.model_dump(exclude_unset=True, exclude={"stream"}))

    @property
    def system_blocks(self) -> tuple[ContentBlock, ...]:
        """The system prompt as blocks; a string is one text block."""
        if self.system is None:
            return ()
        return (TextBlock(text=self.system),) if isinstance(self.system, str) else self.system

    @property
    def effort(self) -> str | None:
        """``output_config.effort``, or None where it is not set."""
        return self.output_config.effort if self.output_config else None

    def __str__(self) -> str:
        turns = len(self.messages)
        head = f"Request · {self.model} · max_tokens {self.max_tokens} · {turns} turn{'s' * (turns != 1)}"
        last = " ".join(getattr(b, "text", f"[{b.type}]") for b in self.messages[-1].blocks) if turns else ""
        return f"{head}\n{last[:300]}{'…' * (len(last) > 300)}"


def as_request(value: Any) -> Request:
    """Return a request: the one given, or the one a body as a dictionary describes.

    Raises:
        UsageError: It is neither; a template needs its values first.
        WireError: A body of the wrong shape.

    >>> as_request({"model": "claude-haiku-4-5", "max_tokens": 5, "messages": ["Hi"]}).model
    'claude-haiku-4-5'
    """
    if isinstance(value, Request):
        return value
    if isinstance(value, Mapping):
        return parse(Request, dict(value))
    cure = (
        "fill it first: prompt.render({…})"
        if hasattr(value, "render")
        else 'give a wb.Request, or a body: {"model": …, "max_tokens": …, "messages": […]}'
    )
    kind = type(value).__name__
    named = "None" if value is None else f"{'an' if kind[0] in 'aeiouAEIOU' else 'a'} {kind}"
    raise UsageError(f"{named} is no request; {cure}")


def as_requests(value: Any) -> tuple[Request, ...]:
    """Return one request or many as many; what is none of it is refused as by `as_request`."""
    if isinstance(value, str | Mapping | Request) or not isinstance(value, Iterable):
        return (as_request(value),)
    return tuple(as_request(one) for one in value)


def modern(request: Request) -> tuple[Request, tuple[str, ...]]:
    """Move spellings of earlier documents to where the API takes them today.

    Returns:
        The request as the service accepts it, and a sentence for each thing moved.
    """
    body = request.wire()
    notes = []
    config = dict(body.get("output_config") or {})
    thinking = body.get("thinking")
    if isinstance(thinking, dict) and "effort" in thinking:
        body["thinking"] = {name: value for name, value in thinking.items() if name != "effort"}
        config.setdefault("effort", thinking["effort"])
        notes.append("thinking.effort moved to output_config.effort")
    if "output_format" in body:
        config.setdefault("format", body.pop("output_format"))
        notes.append("output_format moved to output_config.format")
    if not notes:
        return request, ()
    return parse(Request, {**body, "output_config": config}), tuple(notes)
