"""Rules for sizes and counts, for what platforms lack, and for what batches refuse."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from workbench.catalog import catalog
from workbench.lint.rule import Fault, rule
from workbench.tokens import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.lint.subject import Subject

_MIB = 1024 * 1024
_STREAM_FROM = 21_333
"""More output tokens may take over ten minutes: official SDKs refuse them unstreamed."""
_LONG_OUTPUT = "output-300k-2026-03-24"


def limit_row(name: str) -> Any:
    """Return a request limit of the catalog as it stands there."""
    return catalog().limits[name]["value"]


@cache
def limit(name: str) -> int:
    """Return a request limit of the catalog that is one number."""
    return int(limit_row(name))


def _most_bytes(platform: str) -> int:
    name = "bedrock_mb" if platform.startswith("bedrock") else "messages_mb"
    return limit("vertex_mb" if platform.startswith("vertex") else name) * _MIB


@rule(
    "E081",
    "request too large",
    cure="upload files once and send their ids, or shorten",
    source="api/overview",
    status=413,
    error_type="request_too_large",
    final=True,
)
def too_many_bytes(subject: Subject) -> Iterator[Fault]:
    """A body may have 32 MB; 20 on Bedrock, 30 on Google Cloud."""
    most = _most_bytes(subject.platform)
    if subject.size > most:
        what = f"{subject.size / _MIB:.1f} MB where {most // _MIB} are accepted"
        yield Fault("", what, message="Request exceeds the maximum size")


@rule("E082", "too many messages", cure="drop early turns", source="api/messages", final=True)
def too_many_messages(subject: Subject) -> Iterator[Fault]:
    """A request has at most 100,000 messages."""
    most = limit("messages_per_request")
    if len(subject.request.messages) > most:
        yield Fault("messages", message=f"messages: at most {most} messages are allowed")


def _most_output(subject: Subject) -> int | None:
    model = subject.model
    if model is None:
        return None
    if subject.endpoint == "batch" and _LONG_OUTPUT in subject.betas:
        return model.max_output_tokens_batch_beta or model.max_output_tokens
    return model.max_output_tokens


@rule(
    "E080",
    "max_tokens over the model's maximum",
    cure="lower max_tokens",
    source="about-claude/models/overview",
)
def too_much_output(subject: Subject) -> Iterator[Fault]:
    """max_tokens may not exceed what the model can write."""
    most, asked = _most_output(subject), subject.request.max_tokens
    if most is not None and asked is not None and asked > most:
        says = (
            f"max_tokens: {asked} > {most}, which is the maximum allowed number of output tokens"
            f" for {subject.name}"
        )
        yield Fault("max_tokens", message=says, cure=f"at most {most:,}")


def _may_fill(subject: Subject) -> bool:
    """Whether the prompt could fill the window at all: a token has at least one byte, but media more."""
    window = subject.model.context_window if subject.model else None
    if window is None:
        return False
    media = sum(placed.block.type in {"image", "document"} for placed in subject.blocks)
    output = subject.request.max_tokens or 0
    return subject.size + output + (window if media else 0) > window


@rule(
    "E083",
    "prompt too long",
    cure="shorten the prompt, or use a model with a larger window",
    source="build-with-claude/context-windows",
)
def too_long(subject: Subject) -> Iterator[Fault]:
    """The prompt alone may not exceed the context window."""
    if not _may_fill(subject):
        return
    window = subject.model.context_window if subject.model else None
    tokens = count(subject.request).likely
    if window is not None and tokens > window:
        yield Fault("messages", message=f"prompt is too long: {tokens} tokens > {window} maximum")


@rule(
    "E084",
    "max_tokens over the window",
    cure="lower max_tokens, or shorten the prompt",
    source="build-with-claude/context-windows",
)
def over_the_window(subject: Subject) -> Iterator[Fault]:
    """Before Claude 4.5 prompt and max_tokens together may not exceed the context window."""
    model = subject.model
    since = limit_row("max_tokens_over_window_since")
    if model is None or not model.released or model.released >= since or not _may_fill(subject):
        return
    tokens, output = count(subject.request).likely, subject.request.max_tokens or 0
    window = model.context_window or 0
    if tokens <= window < tokens + output:
        says = (
            f"input length and `max_tokens` exceed context limit: {tokens} + {output} > {window}, decrease"
            " input length or `max_tokens` and try again"
        )
        yield Fault("max_tokens", message=says, cure=f"at most {window - tokens:,} here")


@rule(
    "W084",
    "near the context window",
    cure="leave more room, or count exactly",
    source="build-with-claude/context-windows",
)
def near_the_window(subject: Subject) -> Iterator[Fault]:
    """What does not fit into the window is refused, or ends with model_context_window_exceeded."""
    if not _may_fill(subject):
        return
    window = subject.model.context_window if subject.model else None
    tokens, output = count(subject.request), subject.request.max_tokens or 0
    if window is None or tokens.likely > window:
        return
    if tokens.high > window:
        yield Fault("messages", f"about {tokens.likely:,} tokens, perhaps more than the {window:,} there are")
    elif tokens.likely + output > window:
        left = window - tokens.likely
        yield Fault("max_tokens", f"the window leaves about {left:,} tokens for the answer, not {output:,}")


@rule("W085", "long answer without streaming", cure="stream it", source="api/errors")
def long_and_unstreamed(subject: Subject) -> Iterator[Fault]:
    """Answers above 21,333 tokens may take over ten minutes: connections break, official SDKs refuse them."""
    request = subject.request
    if subject.endpoint == "messages" and (request.max_tokens or 0) > _STREAM_FROM and not request.stream:
        yield Fault("max_tokens", f"up to {request.max_tokens:,} tokens in one piece, not streamed")


@rule("E086", "inference_geo", cure="leave it out", source="manage-claude/data-residency")
def no_geography(subject: Subject) -> Iterator[Fault]:
    """inference_geo exists since Claude 4.6."""
    if subject.request.inference_geo is not None and subject.model and subject.model.inference_geo is False:
        yield Fault("inference_geo", message="`inference_geo` is not supported for this model.")


@rule("E087", "fast mode", cure="leave speed out", source="build-with-claude/fast-mode")
def no_fast_mode(subject: Subject) -> Iterator[Fault]:
    """Speed fast is for some models."""
    if subject.request.speed == "fast" and subject.model and subject.model.fast_mode is False:
        yield Fault("speed", message=f"'{subject.name}' does not support the `speed` parameter.")


@rule("W088", "fast mode without effect", cure="leave speed out", source="build-with-claude/fast-mode")
def idle_fast_mode(subject: Subject) -> Iterator[Fault]:
    """Some models take speed fast and answer at standard speed and price."""
    if subject.request.speed == "fast" and subject.model and isinstance(subject.model.fast_mode, str):
        yield Fault("speed", f"{subject.name} answers at standard speed all the same")


@rule(
    "E089", "not in a batch", cure="send it through /v1/messages", source="build-with-claude/batch-processing"
)
def not_in_a_batch(subject: Subject) -> Iterator[Fault]:
    """An item of a batch may not stream, be fast, pre-warm, use threads or fall back."""
    if subject.endpoint != "batch":
        return
    request = subject.request
    refused = {
        "stream": bool(request.stream),
        "speed": request.speed is not None,
        "max_tokens": request.max_tokens == 0,
        "thread": request.thread is not None,
        "fallbacks": request.fallbacks is not None,
    }
    for name, is_refused in refused.items():
        if is_refused:
            what = "max_tokens: 0" if name == "max_tokens" else f"`{name}`"
            yield Fault(name, message=f"{name}: {what} is not supported in message batches")


_NOT_AT_PARTNERS = (
    "mcp_servers",
    "container",
    "fallbacks",
    "fallback_credit_token",
    "diagnostics",
    "speed",
    "inference_geo",
)
_TOOLS_NOT_AT_PARTNERS = ("web_fetch", "code_execution", "advisor", "mcp_toolset")


@rule(
    "E098",
    "not on this platform",
    cure="leave it out, or use the Claude API",
    source="build-with-claude/overview",
)
def not_at_partners(subject: Subject) -> Iterator[Fault]:
    """Bedrock and Google Cloud lack files, URL sources, MCP, code execution, fast mode and more."""
    if not subject.partner:
        return
    config = subject.request.output_config
    if subject.platform == "bedrock_messages" and config is not None and config.format is not None:
        yield Fault("output_config.format", message="output_config.format: Extra inputs are not permitted")
    for name in _NOT_AT_PARTNERS:
        if getattr(subject.request, name) is not None:
            yield Fault(name, message=f"{name}: Extra inputs are not permitted")
    bedrock = subject.platform.startswith("bedrock")
    refused = (
        *_TOOLS_NOT_AT_PARTNERS,
        *(("web_search", "computer_toolset", "browser_toolset") if bedrock else ()),
    )
    for index, tool in enumerate(subject.tools):
        if tool.type and tool.type.startswith(refused):
            says = f"tools.{index}: '{tool.type}' is not available on this platform"
            yield Fault(f"tools[{index}]", message=says)
    for placed in subject.blocks:
        kind = getattr(getattr(placed.block, "source", None), "type", None)
        if kind in {"url", "file"} and placed.block.type in {"image", "document"}:
            message = f"{placed.dotted}.source: '{kind}' sources are not available on this platform"
            yield Fault(f"{placed.path}.source", message=message)


SIZES = (too_many_bytes, too_many_messages)
"""Checked before anything else: what is too large is not read."""

RULES = (
    not_at_partners,
    too_much_output,
    too_long,
    over_the_window,
    no_geography,
    no_fast_mode,
    not_in_a_batch,
    near_the_window,
    long_and_unstreamed,
    idle_fast_mode,
)
