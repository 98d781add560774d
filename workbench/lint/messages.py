"""Rules for messages: text, roles, and what may stand where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.lint.rule import Fault, rule
from workbench.lint.subject import CURRENT
from workbench.wire.blocks import SERVER_TOOL_RESULTS, TextBlock, ToolUseBlock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.lint.subject import Subject
    from workbench.lint.turns import Turn

_PAGE = "api/messages"
_MID = "build-with-claude/mid-conversation-system-messages"
_PREFILL = "build-with-claude/prefill-claudes-response"
_ASSISTANT_ONLY = frozenset(
    {
        "thinking",
        "redacted_thinking",
        "tool_use",
        "server_tool_use",
        "mcp_tool_use",
        "mcp_tool_result",
        "mcp_tool_listing",
        "fallback",
        *SERVER_TOOL_RESULTS,
    }
)
_USER_ONLY = frozenset({"tool_result", "image", "search_result"})
_SYSTEM_TOO = frozenset({"text", "tool_addition", "tool_removal"})


def _continued(subject: Subject) -> bool:
    """Whether the service holds the earlier turns."""
    return (subject.request.thread or {}).get("type") == "continue"


@rule("E100", "no messages", cure="add a user turn", source=_PAGE)
def no_messages(subject: Subject) -> Iterator[Fault]:
    """A request has at least one message."""
    if not subject.request.messages:
        yield Fault("messages", message="messages: at least one message is required")


@rule("E101", "empty message", cure="give it content, or leave it out", source=_PAGE)
def empty_message(subject: Subject) -> Iterator[Fault]:
    """Only the last assistant message may be empty."""
    last = len(subject.request.messages) - 1
    for index, message in enumerate(subject.request.messages):
        if message.content or message.output_config or (index == last and message.role == "assistant"):
            continue
        says = "all messages must have non-empty content except for the optional final assistant message"
        yield Fault(f"messages[{index}].content", message=f"messages.{index}: {says}")


def _texts(subject: Subject) -> Iterator[tuple[str, str, str]]:
    for placed in subject.blocks:
        # A plain string that is empty is an empty message, and an empty system string is none.
        if isinstance(placed.block, TextBlock) and (placed.block.text or isinstance(placed.loc[-1], int)):
            yield placed.path, str(placed.loc[0]), placed.block.text


@rule("E102", "empty text", cure="leave the block out", source=_PAGE)
def empty_text(subject: Subject) -> Iterator[Fault]:
    """A text block has at least one character."""
    for path, top, text in _texts(subject):
        if not text:
            yield Fault(path, message=f"{top}: text content blocks must be non-empty")


@rule("E103", "blank text", cure="leave the block out", source=_PAGE)
def blank_text(subject: Subject) -> Iterator[Fault]:
    """Text of a user turn is more than whitespace, and so is a turn as a whole."""
    # A blank text before a tool call, as the service itself writes it, is taken back (recorded).
    for placed in subject.blocks:
        if isinstance(placed.block, TextBlock) and placed.block.text.isspace():
            turn = subject.request.messages[int(placed.loc[1])] if placed.loc[0] == "messages" else None
            if turn is not None and (turn.role == "user" or len(turn.blocks) == 1):
                says = "messages: text content blocks must contain non-whitespace text"
                yield Fault(placed.path, message=says)


@rule("E104", "block in the wrong role", cure="move it to a turn of the other role", source=_PAGE)
def wrong_role(subject: Subject) -> Iterator[Fault]:
    """Each block type belongs to user or assistant turns."""
    for placed in subject.blocks:
        kind, role = placed.block.type, placed.role
        if kind in _ASSISTANT_ONLY and role == "user":
            yield Fault(
                placed.path, message=f"{placed.dotted}: `{kind}` blocks can only be in `assistant` messages"
            )
        elif kind in _USER_ONLY and role == "assistant":
            yield Fault(
                placed.path, message=f"{placed.dotted}: `{kind}` blocks can only be in `user` messages"
            )
        elif role == "system" and kind not in _SYSTEM_TOO:
            yield Fault(
                placed.path, message=f"{placed.dotted}: `{kind}` blocks cannot be in `system` messages"
            )


@rule("E112", "system role not supported", cure="use the top-level system field", source=_MID)
def no_system_role(subject: Subject) -> Iterator[Fault]:
    """System messages inside a conversation are for newer models."""
    if subject.model is None or subject.model.mid_conversation_system is not False:
        return
    for index, message in enumerate(subject.request.messages):
        if message.role == "system":
            says = (
                'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter,'
                ' not "system" as an input message role.'
            )
            yield Fault(f"messages[{index}].role", message=says)


@rule(
    "E113",
    "system message misplaced",
    cure="put it after a user turn, last or before an assistant turn",
    source=_MID,
)
def misplaced_system(subject: Subject) -> Iterator[Fault]:
    """A system message follows a user turn or server tool result; it is last or before an assistant turn."""
    if all(message.role != "system" for message in subject.request.messages):
        return
    merged = subject.turns
    for at, turn in enumerate(merged):
        if turn.role != "system":
            continue
        before = merged[at - 1] if at else None
        after = merged[at + 1] if at + 1 < len(merged) else None
        path, where = f"messages[{turn.last}]", f"messages.{turn.last}"
        if before is None and not _continued(subject):
            yield Fault(path, message=f"{where}: the first message cannot have role `system`")
        elif before is not None and before.role == "assistant" and not _ends_in_server_result(before):
            yield Fault(path, message=f"{where}: a `system` message must follow a `user` message")
        elif after is not None and after.role == "user":
            says = "a `system` message must be last or followed by an `assistant` message"
            yield Fault(path, message=f"{where}: {says}")


def _ends_in_server_result(turn: Turn) -> bool:
    return bool(turn.blocks) and turn.blocks[-1][1].type in {*SERVER_TOOL_RESULTS, "mcp_tool_result"}


# --- prefill ---------------------------------------------------------------------------------------


def prefill(subject: Subject) -> Turn | None:
    """Return the last turn where it is the beginning of an answer to be continued.

    A turn with calls of server tools is not: it is a paused one, sent back to go on.
    """
    merged = subject.turns
    if not merged or merged[-1].role != "assistant" or subject.request.compaction is not None:
        return None
    kinds = {block.type for _, block in merged[-1].blocks}
    return None if kinds - {"text", "thinking", "redacted_thinking"} else merged[-1]


@rule(
    "E108",
    "prefill not supported",
    cure="end with a user turn; ask for the format, or use output_config.format",
    source=_PREFILL,
)
def no_prefill(subject: Subject) -> Iterator[Fault]:
    """Models since Claude 4.6 do not continue a last assistant message."""
    if subject.model is not None and subject.model.assistant_prefill is False:
        turn = prefill(subject)
        if turn is not None:
            says = (
                "This model does not support assistant message prefill."
                " The conversation must end with a user message."
            )
            yield Fault(f"messages[{turn.last}]", message=says)


@rule("E109", "prefill while thinking", cure="end with a user turn, or switch thinking off", source=_PREFILL)
def prefill_while_thinking(subject: Subject) -> Iterator[Fault]:
    """An answer that begins with thinking cannot be begun for the model."""
    turn = prefill(subject) if subject.thinks else None
    if turn is not None and turn.blocks and turn.blocks[0][1].type == "text":
        says = (
            f"messages.{turn.last}.content.0.type: Expected `thinking` or `redacted_thinking`,"
            " but found `text`. When `thinking` is enabled, a final `assistant` message must start with"
            " a thinking block."
        )
        yield Fault(f"messages[{turn.last}]", message=says)


@rule(
    "E110",
    "prefill with structured output",
    cure="end with a user turn",
    source="build-with-claude/structured-outputs",
)
def prefill_with_format(subject: Subject) -> Iterator[Fault]:
    """Structured output begins by itself."""
    config = subject.request.output_config
    if config is not None and config.format is not None:
        turn = prefill(subject)
        if turn is not None:
            says = "output_config.format: assistant message prefill is not supported with structured outputs"
            yield Fault(f"messages[{turn.last}]", message=says)


@rule("E111", "prefill ends in whitespace", cure="strip its end", source=_PREFILL)
def trailing_whitespace(subject: Subject) -> Iterator[Fault]:
    """A prefill may not end in whitespace."""
    turn = prefill(subject)
    if turn is None or not turn.blocks:
        return
    text = getattr(turn.blocks[-1][1], "text", "")
    if text and text != text.rstrip():
        says = "messages: final assistant content cannot end with trailing whitespace"
        yield Fault(f"messages[{turn.last}]", message=says)


# --- what is accepted and regretted ----------------------------------------------------------------


@rule(
    "W115",
    "thinking not sent back",
    cure="send thinking blocks back unmodified, in order",
    source="build-with-claude/thinking",
)
def thinking_not_returned(subject: Subject) -> Iterator[Fault]:
    """Within a tool loop the model needs its own thinking: answers get worse without it."""
    if subject.request.thinking is None or not subject.thinks or len(subject.turns) < 3:
        return
    call, results = subject.turns[-2], subject.turns[-1]
    if results.role != "user" or call.role != "assistant":
        return
    kinds = [block.type for _, block in call.blocks]
    called = any(isinstance(block, ToolUseBlock) for _, block in call.blocks)
    if called and not {"thinking", "redacted_thinking"}.intersection(kinds):
        yield Fault(f"messages[{call.last}]", "the tool call came with thinking, which is not sent back")


@rule("W116", "begins with the assistant", cure="begin with a user turn", source=_PAGE)
def assistant_first(subject: Subject) -> Iterator[Fault]:
    """A conversation begins with the user: some platforms refuse anything else."""
    messages = subject.request.messages
    if messages and messages[0].role == "assistant" and not _continued(subject):
        blocks = messages[0].blocks
        if not any(block.type == "compaction" for block in blocks):
            yield Fault("messages[0].role", "the first turn is the assistant's")


@rule(
    "W117",
    "citations sent back as user text",
    cure="strip citations from user turns",
    source="api/versioning",
)
def citations_under_old_version(subject: Subject) -> Iterator[Fault]:
    """Citations in user text are refused by the current API version."""
    if subject.api_version == CURRENT:
        return
    for placed in subject.blocks:
        if placed.role == "user" and getattr(placed.block, "citations", None) and placed.block.type == "text":
            yield Fault(placed.path, f"{CURRENT} refuses citations in user text")


RULES = (
    no_messages,
    empty_message,
    empty_text,
    blank_text,
    wrong_role,
    no_system_role,
    misplaced_system,
    no_prefill,
    prefill_while_thinking,
    prefill_with_format,
    trailing_whitespace,
    thinking_not_returned,
    assistant_first,
    citations_under_old_version,
)
