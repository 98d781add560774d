"""Rules for tool calls in messages and their results."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from workbench.lint.rule import Fault, rule
from workbench.wire.blocks import ToolResultBlock, ToolUseBlock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.lint.subject import Subject
    from workbench.lint.turns import Turn

_PAGE = "agents-and-tools/tool-use/handle-tool-calls"


def _calls(turn: Turn | None) -> list[str]:
    blocks = turn.blocks if turn and turn.role == "assistant" else []
    return [block.id for _, block in blocks if isinstance(block, ToolUseBlock)]


def _results(turn: Turn | None) -> list[str]:
    blocks = turn.blocks if turn and turn.role == "user" else []
    return [block.tool_use_id for _, block in blocks if isinstance(block, ToolResultBlock)]


def _any(subject: Subject) -> bool:
    return any(placed.block.type in {"tool_use", "tool_result"} for placed in subject.blocks)


def _pairs(subject: Subject) -> Iterator[tuple[Turn | None, Turn | None]]:
    """Yield each turn with the one after it, and the last with none."""
    if _any(subject):
        merged = [None, *subject.turns]
        yield from zip(merged, [*subject.turns, None], strict=True)


def _without(ids: list[str]) -> str:
    return (
        f"`tool_use` ids were found without `tool_result` blocks immediately after: {', '.join(ids)}."
        " Each `tool_use` block must have a corresponding `tool_result` block in the next message."
    )


@rule("E105", "tool call without its result", cure="answer every call in the next user turn", source=_PAGE)
def call_without_result(subject: Subject) -> Iterator[Fault]:
    """The turn after tool calls has a result for each of them."""
    for turn, after in _pairs(subject):
        answered = set(_results(after))
        missing = [name for name in _calls(turn) if name not in answered]
        if turn is not None and missing:
            yield Fault(f"messages[{turn.last}]", message=f"messages.{turn.last}: {_without(missing)}")


@rule("E107", "tool results not first", cure="put tool_result blocks first, text after them", source=_PAGE)
def results_not_first(subject: Subject) -> Iterator[Fault]:
    """The turn after tool calls begins with the results."""
    for turn, after in _pairs(subject):
        calls = _calls(turn)
        if turn is None or after is None or not calls or set(calls) - set(_results(after)):
            continue
        kinds = [isinstance(block, ToolResultBlock) for _, block in after.blocks]
        if False in kinds[: len(_results(after))]:
            yield Fault(f"messages[{after.last}]", message=f"messages.{turn.last}: {_without(calls)}")


@rule("E106", "tool result without its call", cure="send the call back too, or drop the result", source=_PAGE)
def result_without_call(subject: Subject) -> Iterator[Fault]:
    """A result answers a call of the turn before."""
    held = (subject.request.thread or {}).get("type") == "continue"
    for turn, after in _pairs(subject):
        if after is None or after.role != "user" or (turn is None and held):
            continue
        calls = set(_calls(turn))
        for loc, block in after.blocks:
            if isinstance(block, ToolResultBlock) and block.tool_use_id not in calls:
                where = ".".join(map(str, loc))
                says = (
                    f"{where}: unexpected `tool_use_id` found in `tool_result` blocks: {block.tool_use_id}."
                    " Each `tool_result` block must have a corresponding `tool_use` block in the previous"
                    " message."
                )
                yield Fault(f"messages[{loc[1]}].content[{loc[-1]}]", message=says)


@rule("E114", "tool ids not unique", cure="give each call its own id and one result", source=_PAGE)
def ids_not_unique(subject: Subject) -> Iterator[Fault]:
    """Every call has an id of its own, and one result."""
    if not _any(subject):
        return
    seen: set[str] = set()
    for placed in subject.blocks:
        block = placed.block
        if isinstance(block, ToolUseBlock):
            if block.id in seen:
                yield Fault(placed.path, message="messages: `tool_use` ids must be unique")
            seen.add(block.id)
    for turn in subject.turns:
        for name, times in Counter(_results(turn)).items():
            if times > 1:
                says = (
                    f"messages.{turn.last}: each tool_use must have a single result."
                    f" Found multiple `tool_result` blocks with id: {name}"
                )
                yield Fault(f"messages[{turn.last}]", message=says)


@rule(
    "W118", "tool history without tools", cure="send the same tools with every turn of the loop", source=_PAGE
)
def history_without_tools(subject: Subject) -> Iterator[Fault]:
    """Calls and results in the history are hard to read without the tools they belong to."""
    if not subject.tools and not subject.request.mcp_servers and _any(subject):
        yield Fault("tools", "the messages have tool calls, the request has no tools")


RULES = (ids_not_unique, call_without_result, results_not_first, result_without_call, history_without_tools)
