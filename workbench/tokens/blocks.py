"""Tokens of content blocks and tool definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.catalog import Model, catalog
from workbench.tokens.media import image, model_of, pdf
from workbench.tokens.text import NOTHING, Span, opaque, text_span
from workbench.wire import (
    DocumentBlock,
    ImageBlock,
    RedactedThinkingBlock,
    SearchResultBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
    Wire,
)
from workbench.wire.codec import dumps
from workbench.wire.tools import Tool, family

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from workbench.wire import Request


def block_tokens(block: Wire, model: Model | str | None = None) -> int:
    """Estimate the tokens of one content block or tool definition.

    Args:
        block: Any block of `workbench.wire`.
        model: Decides tokenizer and image limits; unknown or None counts as the newest.
    """
    known = model_of(model)
    span = tool_span(block, known) if isinstance(block, Tool) else block_span(block, known)
    return round(span.likely)


def block_span(block: Wire, model: Model | None) -> Span:
    """Estimate one content block."""
    counter = _COUNTERS.get(type(block))
    return counter(block, model) if counter else text_span(_json(unmarked(block)), _tokenizer(model))


def _tokenizer(model: Model | None) -> str | None:
    return model.tokenizer if model else None


def _text(block: TextBlock, model: Model | None) -> Span:
    return text_span(block.text, _tokenizer(model))


def _search_result(block: SearchResultBlock, model: Model | None) -> Span:
    head = text_span(f"{block.source}\n{block.title}\n", _tokenizer(model))
    return head.plus(_all(block.content, model))


def _thinking(block: ThinkingBlock, model: Model | None) -> Span:
    return text_span(block.thinking, _tokenizer(model)) if block.thinking else opaque(block.signature)


def _tool_use(block: ToolUseBlock, model: Model | None) -> Span:
    return text_span(f"{block.name} {_json(block.input)} {block.id}", _tokenizer(model))


def _tool_result(block: ToolResultBlock, model: Model | None) -> Span:
    return _content(block.content or (), model).plus(text_span(block.tool_use_id, _tokenizer(model)))


def _document(block: DocumentBlock, model: Model | None) -> Span:
    head = text_span(f"{block.title or ''}\n{block.context or ''}", _tokenizer(model))
    source: Any = block.source
    if source.type == "text":
        return head.plus(text_span(source.data, _tokenizer(model)))
    return head.plus(_content(source.content, model) if source.type == "content" else pdf(source, model))


def _content(content: str | Iterable[Wire], model: Model | None) -> Span:
    return text_span(content, _tokenizer(model)) if isinstance(content, str) else _all(content, model)


_COUNTERS: dict[type[Wire], Callable[[Any, Model | None], Span]] = {
    TextBlock: _text,
    ImageBlock: lambda block, model: image(block.source, model),
    DocumentBlock: _document,
    SearchResultBlock: _search_result,
    ThinkingBlock: _thinking,
    RedactedThinkingBlock: lambda block, _: opaque(block.data),
    ToolUseBlock: _tool_use,
    ToolResultBlock: _tool_result,
}


def _all(blocks: Iterable[Wire], model: Model | None) -> Span:
    total = NOTHING
    for block in blocks:
        total = total.plus(block_span(block, model))
    return total


def _json(value: Any) -> str:
    return dumps(value).decode("utf-8", "replace")


def unmarked(block: Wire) -> dict[str, Any]:
    """Return a block's JSON without its cache breakpoint."""
    return {name: value for name, value in block.wire().items() if name != "cache_control"}


def tool_prompt(request: Request, model: Model | None) -> Span:
    """Estimate the system prompt that the service adds when tools are given."""
    seed = catalog().tool_overhead["seed_tool_system_prompt"]["value"]
    forced = request.tool_choice is not None and request.tool_choice.type in {"any", "tool"}
    known = (model.tool_use_system_prompt_tokens if model else None) or {}
    tokens = known.get("any_tool" if forced else "auto_none") or known.get("auto_none")
    return Span(tokens, tokens, tokens) if tokens else Span(min(264, seed[0]), seed[1], 804)


def tool_span(tool: Any, model: Model | None) -> Span:
    """Estimate a tool definition: its JSON, and what an Anthropic-defined tool adds."""
    rows = catalog().tool_overhead.get(family(tool.type), [])
    own = next((r["value"] for r in rows if model and model.id in r.get("models", ())), None)
    own = own or (rows[0]["value"] if rows else 0)
    return text_span(_json(unmarked(tool)), _tokenizer(model)).plus(Span(own, own, own))
