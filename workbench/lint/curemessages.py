"""Mechanical cures of messages, documents and citations."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from workbench.lint.curesettings import model_of
from workbench.lint.edit import blocks_at, find, put, take

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.lint.finding import Finding

Body = dict[str, Any]


def _turn(path: str) -> int | None:
    """Return the index of the turn a path leads to."""
    found = re.match(r"messages\[(\d+)\]", path)
    return int(found[1]) if found else None


def _turns(body: Body) -> list[Any]:
    turns = body.get("messages")
    return turns if isinstance(turns, list) else []


def _role(turn: Any) -> Any:
    return turn.get("role") if isinstance(turn, dict) else "user"


# --- text ------------------------------------------------------------------------------------------


def _drop_block(body: Body, finding: Finding) -> str | None:
    """Leave a block out where others stand beside it."""
    where, bracket, _ = finding.path.rpartition("[")
    held = find(body, where)
    if not bracket or not isinstance(held, list) or len(held) < 2:
        return None
    take(body, finding.path)
    return "drop the block"


def _strip_end(body: Body, finding: Finding) -> str | None:
    """Strip the end of a prefill; a block of nothing else goes."""
    content = find(body, f"{finding.path}.content")
    if isinstance(content, str):
        put(body, f"{finding.path}.content", content.rstrip())
    elif isinstance(content, list) and content and isinstance(find(content[-1], "text"), str):
        content[-1]["text"] = content[-1]["text"].rstrip()
        if not content[-1]["text"]:
            content.pop()
    else:
        return None
    return "strip its end"


def _drop_prefill(body: Body, finding: Finding) -> str | None:
    """End with a user turn."""
    turns = _turns(body)
    keep = len(turns)
    while keep and _role(turns[keep - 1]) == "assistant":
        keep -= 1
    if not keep or finding.path != f"messages[{len(turns) - 1}]":
        return None
    del turns[keep:]
    return "drop the prefill"


# --- roles and order -------------------------------------------------------------------------------


def _to_system(body: Body, finding: Finding) -> str | None:
    """Move a system message into the top-level system prompt."""
    at = _turn(finding.path)
    turns = _turns(body)
    content = find(body, f"messages[{at}].content")
    only_text = isinstance(content, str) or all(one.get("type") == "text" for one in _dicts(content))
    if at is None or len(turns) < 2 or not content or not only_text:
        return None
    del turns[at]
    said = body.get("system")
    if isinstance(content, str) and (not said or isinstance(said, str)):
        body["system"] = f"{said}\n\n{content}" if said else content
    else:
        more = [{"type": "text", "text": content}] if isinstance(content, str) else content
        blocks_at(body, "system").extend(more)
    return "move it to system"


def _system_later(body: Body, finding: Finding) -> str | None:
    """Move a system message behind the user turn that follows."""
    at, turns = _turn(finding.path), _turns(body)
    after = (
        None if at is None else next((n for n in range(at, len(turns)) if _role(turns[n]) == "user"), None)
    )
    if at is None or after is None:
        return None
    while after + 1 < len(turns) and _role(turns[after + 1]) == "user":
        after += 1
    turns.insert(after, turns.pop(at))
    return "move it behind the user turn"


def _results_first(body: Body, finding: Finding) -> str | None:
    """Put the tool results of a turn before everything else in it."""
    last, turns = _turn(finding.path), _turns(body)
    if last is None or last >= len(turns):
        return None
    first = last
    while first and _role(turns[first - 1]) == "user":
        first -= 1
    merged = turns[first : last + 1]
    for turn in merged:
        if isinstance(turn.get("content"), list):
            turn["content"].sort(key=lambda block: not _is_result(block))
    turns[first : last + 1] = sorted(merged, key=lambda turn: not _begins_with_result(turn))
    return "put the results first"


def _is_result(block: Any) -> bool:
    return isinstance(block, dict) and block.get("type") == "tool_result"


def _begins_with_result(turn: Body) -> bool:
    content = turn.get("content")
    return isinstance(content, list) and bool(content) and _is_result(content[0])


# --- documents, images, citations ------------------------------------------------------------------


def _blocks(body: Body) -> Iterator[Body]:
    """Yield the blocks of all turns, those inside tool results too."""
    for turn in _turns(body):
        for block in _dicts(turn.get("content") if isinstance(turn, dict) else None):
            yield block
            if block.get("type") == "tool_result":
                yield from _dicts(block.get("content"))


def _dicts(value: Any) -> list[Body]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _cite_all(body: Body, finding: Finding) -> str | None:
    """Enable citations on all documents (or search results); on none where the request cannot have them."""
    first = find(body, finding.path.removesuffix(".citations"))
    if not isinstance(first, dict):
        return None
    model = model_of(body)
    refused = find(body, "output_config.format") is not None or (
        model is not None and model.citations is False
    )
    if refused:
        return _cite_none(body, finding)
    for block in _blocks(body):
        if block.get("type") == first.get("type"):
            block["citations"] = {"enabled": True}
    return "switch citations on for all"


def _cite_none(body: Body, _: Finding) -> str:
    for block in _blocks(body):
        if block.get("type") in {"document", "search_result"}:
            block.pop("citations", None)
    return "switch citations off"


def _strip_citations(body: Body, finding: Finding) -> str | None:
    """Take the citations of an earlier answer out of a text of the user."""
    block = find(body, finding.path)
    if not isinstance(block, dict):
        return None
    texts = _dicts(block.get("content")) if block.get("type") == "search_result" else [block]
    for text in texts:
        text.pop("citations", None)
    return "strip the citations"


def _media_type(body: Body, finding: Finding) -> str | None:
    real = re.search(r"appears to be a (image/\w+) image", finding.message or "")
    if real is None:
        return None
    put(body, finding.path, real[1])
    return f"name it {real[1]}"


def _as_text(body: Body, finding: Finding) -> str | None:
    """Send a document that is no PDF as the text it is."""
    source = find(body, finding.path)
    data = source.get("data") if isinstance(source, dict) else None
    if not isinstance(data, str):
        return None
    try:
        text = base64.b64decode(data, validate=True).decode()
    except ValueError:
        return None
    if not text.strip() or "\0" in text:
        return None
    put(body, finding.path, {"type": "text", "media_type": "text/plain", "data": text})
    return "send it as text"


CURES = {
    "E102": _drop_block,
    "E103": _drop_block,
    "E107": _results_first,
    "E108": _drop_prefill,
    "E109": _drop_prefill,
    "E110": _drop_prefill,
    "E111": _strip_end,
    "E112": _to_system,
    "E113": _system_later,
    "E051": _strip_citations,
    "W117": _strip_citations,
    "E052": _cite_all,
    "E053": _cite_none,
    "E055": _media_type,
    "E059": _as_text,
}
