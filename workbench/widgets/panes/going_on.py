"""Going on with a conversation: the request that follows an answer, and why there may be none.

Source: https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.errors import UsageError
from workbench.wire.blocks import IncompleteToolUseBlock, ServerToolUseBlock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.wire import Message, Request
    from workbench.wire.blocks import ToolUseBlock


class Result(NamedTuple):
    """What a tool answered, or why it could not."""

    text: str
    failed: bool = False


def obstacle(message: Message) -> str:
    """Return why a conversation cannot go on from *message*; empty where it can."""
    if message.stop_reason == "refusal":
        return "the answer was refused, and nothing can follow a refusal: change the request and ask again"
    if not message.content:
        return "the answer is empty, and the service takes no empty turn: change the request and ask again"
    if any(isinstance(item, IncompleteToolUseBlock) for item in message.content):
        return "a tool call was cut off, so nothing can answer it: raise max_tokens and ask again"
    return ""


def calls(message: Message) -> tuple[ToolUseBlock, ...]:
    """Return the tool calls that wait for a result."""
    return message.tool_calls


def takes_text(message: Message) -> bool:
    """Return whether words may follow: not while a server tool waits for the results of other tools."""
    answered = {getattr(item, "tool_use_id", None) for item in message.content}
    waiting = any(
        isinstance(item, ServerToolUseBlock) and item.id not in answered for item in message.content
    )
    return not (waiting and calls(message))


def following(
    request: Request, message: Message, said: str = "", results: Mapping[str, Result] | None = None
) -> Request:
    """Return the request of the next turn: what was asked, the answer exactly as it came, and what is said.

    Thinking keeps its signatures and tool calls their ids. A paused turn goes on where nothing is said.

    Args:
        request: What was asked.
        message: What was answered.
        said: The user's words.
        results: Of every tool call, by its id.

    Raises:
        UsageError: The conversation cannot go on so; the message says what is missing.
    """
    if why := obstacle(message):
        raise UsageError(why)
    turn = [*_results(message, results or {}), *_words(message, said)]
    if not turn and message.stop_reason != "pause_turn":
        raise UsageError("there is nothing to send: write the next turn")
    turns: list[Any] = [
        *request.wire()["messages"],
        {"role": "assistant", "content": message.wire()["content"]},
    ]
    if turn:
        plain = turn[0]["text"] if len(turn) == 1 and turn[0]["type"] == "text" else turn
        turns.append({"role": "user", "content": plain})
    container = (message.container or {}).get("id")
    more = {"container": container} if container and request.container is None else {}
    return request.with_(messages=turns, **more)


def _results(message: Message, results: Mapping[str, Result]) -> list[dict[str, Any]]:
    waiting = calls(message)
    missing = [call.name for call in waiting if call.id not in results]
    if missing:
        raise UsageError(f"every tool call needs a result; missing: {', '.join(missing)}")
    return [_result(call.id, results[call.id]) for call in waiting]


def _result(name: str, result: Result) -> dict[str, Any]:
    body = {"type": "tool_result", "tool_use_id": name, "content": result.text}
    return {**body, "is_error": True} if result.failed else body


def _words(message: Message, said: str) -> list[dict[str, Any]]:
    if not said.strip():
        return []
    if not takes_text(message):
        raise UsageError("a server tool waits for these results: send them alone, words can follow later")
    return [{"type": "text", "text": said}]
