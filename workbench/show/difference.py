"""Two texts, JSON values, answers or requests, and what differs: in words beside every colour.

What is only in the first is struck out, what is only in the second is underlined.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from workbench.report.differ import ABSENT, MAX_TEXT, Change, FieldChange, sentences, spans, structure
from workbench.report.words import plural
from workbench.show.h import join, tag
from workbench.show.parts import Column, code, fold, more, table
from workbench.show.safe import Html, escape, text
from workbench.show.values import compact, elided
from workbench.wire.blocks import (
    IncompleteToolUseBlock,
    McpToolUseBlock,
    ServerToolUseBlock,
    ToolUseBlock,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from workbench.show.h import Child
    from workbench.wire import Message

MOST: Final = 300
"""Changes of one text that are shown; the rest is counted."""

NAMES: Final = ("A", "B")

_NEAR: Final = 2
"""Sentences shown beside a change; more of the same is folded."""

_PROSE: Final = 60
"""Characters from which on two texts in a field are compared by sentences."""


def text_difference(a: str, b: str, *, names: tuple[str, str] = NAMES) -> Html:
    """Return two texts as one, sentence by sentence; inside a changed sentence the words that differ.

    Args:
        a: The first text.
        b: The second.
        names: What the two are called where a sentence is only in one of them.
    """
    if a == b:
        return _alike("both are the same" if a.strip() else "both are empty")
    found = sentences(a, b)
    if all(change.kind == "same" for change in found):
        return _alike("both say the same; they differ in blanks and line ends only")
    parts = [_counted(found, names)]
    shown = 0
    groups = [list(group) for _, group in groupby(found, key=lambda change: change.kind == "same")]
    for n, group in enumerate(groups):
        if group[0].kind == "same":
            parts += _kept(group, first=not n, last=n == len(groups) - 1)
            continue
        parts += [_row(change, names) for change in group[: max(0, MOST - shown)]]
        shown += len(group)
    long = f"compared sentence by sentence up to {MAX_TEXT:,} characters, what follows as one piece"
    cut = tag("p", long, cls="wb-dim") if max(len(a), len(b)) > MAX_TEXT else None
    return tag("div", *parts, more(shown - MOST, "changes"), cut, cls="wb-diff")


def json_difference(a: Any, b: Any, *, names: tuple[str, str] = NAMES) -> Html:
    """Return two JSON values, field by field; the order of keys does not count."""
    found = structure(a, b)
    return join([_total(found), _fields(found, names)]) if found else _alike("both are the same")


def message_difference(a: Message, b: Message, *, names: tuple[str, str] = NAMES) -> Html:
    """Return two answers: their text by sentences, the arguments of their tool calls by fields.

    Thinking is not compared: it is not part of the answer.
    """
    said = text_difference(a.text, b.text, names=names)
    return join([said, *_calls(a, b, names), *_facts(a, b, names)])


def prompt_difference(a: dict[str, Any], b: dict[str, Any], *, names: tuple[str, str] = NAMES) -> Html:
    """Return two bodies of requests: settings and blocks by fields, their texts by sentences."""
    found = structure(*_same_shape(a, b))
    if not found:
        return _alike("both are the same")
    texts = [change for change in found if _prose(change)]
    rest = [change for change in found if not _prose(change)]
    parts = [
        join([tag("h4", tag("code", change.path)), text_difference(change.before, change.after, names=names)])
        for change in texts
    ]
    return join([_total(found), _fields(rest, names) if rest else None, *parts])


def _alike(words: str) -> Html:
    return tag("p", words, cls="wb-dim")


# --- texts -------------------------------------------------------------------------------------------------


def _counted(found: Iterable[Change], names: tuple[str, str]) -> Html:
    """Say how much differs, before what differs."""
    count = dict.fromkeys(("changed", "gone", "new", "same"), 0)
    for change in found:
        count[change.kind] += 1
    said = [
        f"{plural(count['changed'], 'sentence')} changed" if count["changed"] else "",
        f"{count['gone']:,} only in {names[0]}" if count["gone"] else "",
        f"{count['new']:,} only in {names[1]}" if count["new"] else "",
        f"{count['same']:,} the same" if count["same"] else "nothing the same",
    ]
    return tag("p", text(", ".join(part for part in said if part)), cls="wb-dim")


def _kept(group: Sequence[Change], *, first: bool, last: bool) -> list[Html]:
    """Return sentences that are the same: those beside a change shown, the others folded."""
    before, after = 0 if first else _NEAR, 0 if last else _NEAR
    if len(group) <= before + after + 1:
        return [_plain(group)]
    middle = group[before : len(group) - after]
    folded = fold(f"… {plural(len(middle), 'sentence')} the same", _plain(middle))
    ends = group[:before], group[len(group) - after :]
    return [_plain(ends[0]), folded, _plain(ends[1])]


def _plain(group: Sequence[Change]) -> Html:
    said = "".join(change.a for change in group).strip("\n")
    return tag("pre", said, cls="wb-text", dir="auto") if said else Html()


def _row(change: Change, names: tuple[str, str]) -> Html:
    label = {"changed": "changed", "gone": f"only in {names[0]}", "new": f"only in {names[1]}"}[change.kind]
    inner = tag("pre", *_worded(change), cls="wb-text", dir="auto")
    return tag("div", tag("small", text(label)), inner, cls=f"wb-diff-row wb-{change.kind}")


def _worded(change: Change) -> list[Html]:
    """Return a sentence with the words that differ struck out or underlined."""
    if change.kind != "changed":
        return [tag("del" if change.kind == "gone" else "ins", change.a.rstrip() or change.b.rstrip())]
    made: list[Html] = []
    for span in spans(change.a.rstrip(), change.b.rstrip()):
        if span.kind == "same":
            made.append(escape(span.a))
            continue
        made += [tag(name, part) for name, part in (("del", span.a), ("ins", span.b)) if part]
    return made


# --- fields ------------------------------------------------------------------------------------------------


def _total(found: Sequence[FieldChange]) -> Html:
    return tag(
        "p", f"{plural(len(found), 'field')} {'differ' if len(found) > 1 else 'differs'}", cls="wb-dim"
    )


def _fields(found: Sequence[FieldChange], names: tuple[str, str]) -> Html:
    columns = [Column("field"), Column(names[0]), Column(names[1])]
    rows = [
        [tag("code", change.path or "(the whole)"), _value(change.before, "del"), _value(change.after, "ins")]
        for change in found
    ]
    return table(columns, rows)


def _value(value: Any, element: str) -> Child:
    if value is ABSENT:
        return tag("span", "absent", cls="wb-dim")
    if isinstance(value, dict | list | tuple) and len(short := compact(value)) > _PROSE:
        return fold(tag(element, text(short[:_PROSE]), "…"), code(elided(value)))
    return tag(element, text(compact(value)))


def _prose(change: FieldChange) -> bool:
    """Return whether both are texts to be read, and not base64 or an id."""
    both = change.before, change.after
    return all(isinstance(each, str) and (len(each) < 400 or " " in each[:400]) for each in both) and any(
        len(each) >= _PROSE or "\n" in each for each in both
    )


def _same_shape(a: dict[str, Any], b: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return two bodies with every text as blocks: a string and one text block are the same on the wire."""
    return _in_blocks(a), _in_blocks(b)


def _in_blocks(body: dict[str, Any]) -> dict[str, Any]:
    made = dict(body)
    if isinstance(made.get("system"), str):
        made["system"] = [{"type": "text", "text": made["system"]}]
    if isinstance(made.get("messages"), list | tuple):
        made["messages"] = [_turn(turn) for turn in made["messages"]]
    return made


def _turn(turn: Any) -> Any:
    if isinstance(turn, str):
        turn = {"role": "user", "content": turn}
    if isinstance(turn, dict) and isinstance(turn.get("content"), str):
        return {**turn, "content": [{"type": "text", "text": turn["content"]}]}
    return turn


# --- answers -----------------------------------------------------------------------------------------------


def _calls(a: Message, b: Message, names: tuple[str, str]) -> list[Html]:
    """Return the tool calls of two answers, those of the same tool side by side in their order."""
    left, right = _called(a), _called(b)
    matcher = SequenceMatcher(None, [c.name for c in left], [c.name for c in right], autojunk=False)
    made: list[Html] = []
    for _, i1, i2, j1, j2 in matcher.get_opcodes():
        for n in range(max(i2 - i1, j2 - j1)):
            pair = [*left[i1 + n : i2][:1]], [*right[j1 + n : j2][:1]]
            if pair[0] and pair[1] and pair[0][0].name == pair[1][0].name:
                both = [{"input": _input(each[0])} for each in pair]
                made += [_headed("tool call", pair[0][0].name), json_difference(*both, names=names)]
                continue
            for name, calls in zip(names, pair, strict=True):
                made += [part for call in calls for part in _only(call, name)]
    return made


Call = ToolUseBlock | ServerToolUseBlock | McpToolUseBlock | IncompleteToolUseBlock


def _called(message: Message) -> list[Call]:
    return [block for block in message.content if isinstance(block, Call)]


def _input(call: Call) -> Any:
    return call.partial_json if isinstance(call, IncompleteToolUseBlock) else call.input


def _only(call: Call, name: str) -> list[Html]:
    return [_headed(f"tool call only in {name}", call.name), code(elided(_input(call)))]


def _headed(what: str, name: str) -> Html:
    return tag("h4", text(what), " · ", tag("code", name))


def _facts(a: Message, b: Message, names: tuple[str, str]) -> list[Html]:
    """Say how two answers ended and how much they cite, where that differs."""
    facts = {
        "ended by": (a.stop_reason or "?", b.stop_reason or "?"),
        "citations": (f"{len(a.citations):,}", f"{len(b.citations):,}"),
    }
    return [
        tag("p", text(f"{what}: {one} in {names[0]}, {other} in {names[1]}"))
        for what, (one, other) in facts.items()
        if one != other
    ]
