"""Why an answer ended, in words, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from workbench.show.h import join, tag
from workbench.show.parts import badge, one_line
from workbench.show.safe import Html, text
from workbench.show.values import compact

if TYPE_CHECKING:
    from workbench.wire import Message

_CUT: Final = {
    "max_tokens": (
        "cut at max_tokens",
        "the answer is not complete; give it more (thinking counts as well), or let it go on in a next turn",
    ),
    "model_context_window_exceeded": (
        "cut at the context window",
        "input and answer together are too long for this model; send less, or take one with a larger window",
    ),
    "pause_turn": (
        "paused",
        "the service's tools ran as often as a turn allows; send the answer back unchanged, and it goes on",
    ),
    "compaction": (
        "paused for compaction",
        "the turns so far were summed up; send the answer back and it goes on",
    ),
}
"""Stop reason → what happened, and what to do.

Source: https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons
"""


def ending(message: Message) -> Html | None:
    """Return why *message* ended, or nothing where it simply was done."""
    reason = message.stop_reason
    if reason in {None, "end_turn"}:
        return None
    if reason == "refusal":
        return _refusal(message.stop_details or {})
    if reason == "max_tokens" and not message.content:
        return _quiet("ended at max_tokens before a word was said; 0 of them only write the prompt cache")
    if reason in _CUT:
        return _line(*_CUT[reason])
    return _done(message) if reason in {"tool_use", "stop_sequence"} else _unknown(message)


def _done(message: Message) -> Html:
    """Return what is to be known of an answer that ended as it was asked to."""
    if message.stop_reason == "tool_use":
        return _quiet("waits for tool results: the next turn brings one for each call")
    found = [" ", tag("code", message.stop_sequence)] if message.stop_sequence else []
    return tag("p", "ended at the stop sequence", *found, cls="wb-dim")


def _unknown(message: Message) -> Html:
    details = f" · {compact(message.stop_details)}" if message.stop_details else ""
    known = one_line(message.stop_reason)
    return tag("p", badge("stopped", "warn"), text(f": {known}, which this version does not know{details}"))


def _line(word: str, cure: str) -> Html:
    return tag("p", badge(word, "warn"), f": {cure}")


def _quiet(words: str) -> Html:
    return tag("p", words, cls="wb-dim")


def _refusal(details: dict[str, Any]) -> Html:
    """Name the refusal as the service explains it; it is an answer, and no error."""
    said = {name: details.get(name) for name in ("category", "explanation", "recommended_model")}
    category = f" ({one_line(said['category'], 60)})" if said["category"] else ""
    why = f": {one_line(said['explanation'], 600)}" if said["explanation"] else ""
    known = {*said, "type"}
    rest = {name: value for name, value in details.items() if name not in known and value is not None}
    cure = (
        f"the service recommends {one_line(said['recommended_model'], 80)} for it"
        if said["recommended_model"]
        else "take what it objects to out of the whole conversation before asking again, or use another model"
    )
    extra = tag("small", text(compact(rest))) if rest else None
    return join(
        [
            tag("p", badge("refused", "warn"), text(f"{category}{why}") if category or why else None),
            _quiet(cure),
            extra,
        ]
    )
