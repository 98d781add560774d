"""Tools that the service ran: their results are kept as they came, so any shape is expected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from workbench.show.h import Child, join, tag
from workbench.show.parts import badge, code, fold, one_line, pre
from workbench.show.safe import Html, host, link, text
from workbench.show.values import elided

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.wire.blocks import ServerToolResultBlock

MOST: Final = 100
"""Results of one search that are listed."""

_NAMES: Final = {
    "web_search_tool_result": "web search",
    "web_fetch_tool_result": "web fetch",
    "code_execution_tool_result": "code execution",
    "bash_code_execution_tool_result": "bash",
    "text_editor_code_execution_tool_result": "text editor",
    "tool_search_tool_result": "tool search",
    "advisor_tool_result": "advisor",
}


def headed(kind: str, *parts: Child) -> Html:
    """Return the line a fold is opened by: what it is, then its particulars."""
    return join([tag("strong", kind), *(join([" · ", part]) for part in parts if part)])


def served(item: ServerToolResultBlock) -> Html:
    """Return what a tool of the service brought: titles with their hosts, output, or the error by name."""
    kind = _NAMES.get(item.type, item.type)
    content = item.content
    failed = _error(content)
    if failed is not None:
        return tag("p", headed(kind, join([badge("failed", "bad"), ": ", tag("code", failed)])))
    shown = _VIEWS.get(item.type, _as_json)(content)
    summary, inner = shown if shown is not None else ("result", code(elided(content)))
    return fold(headed(kind, summary), inner)


Made = tuple[Child, Html] | None
"""What the fold says and what it holds, or None where the content has another shape than is known."""


def _error(content: Any) -> str | None:
    """Return the code of an error; it comes in place of a result, in an answer that is none."""
    if not isinstance(content, dict) or "error_code" not in content:
        return None
    return one_line(content["error_code"], 80)


def _as_json(content: Any) -> Made:
    return "result", code(elided(content))


def _search(content: Any) -> Made:
    if not isinstance(content, list | tuple):
        return None
    rows = [tag("li", _hit(each)) for each in content[:MOST] if isinstance(each, dict)]
    rest = len(content) - len(rows)
    more = tag("p", f"… and {rest:,} more", cls="wb-dim") if rest else None
    return f"{len(content):,} result{'s' * (len(content) != 1)}", join([tag("ol", *rows), more])


def _hit(found: dict[str, Any]) -> Html:
    """Return the title of a page, linked only where it leads to the web, with its host and age."""
    url = str(found.get("url") or "")
    title, target = one_line(found.get("title") or url or "untitled", 200), link(url)
    named = (
        tag("a", text(title), href=target, target="_blank", rel="noopener noreferrer nofollow")
        if target
        else text(title)
    )
    age = f", {one_line(found['page_age'], 40)}" if found.get("page_age") else ""
    return join([named, " ", tag("small", text(f"({host(url)}{age})"))])


def _fetch(content: Any) -> Made:
    if not isinstance(content, dict):
        return None
    document = content.get("content")
    source = document.get("source") if isinstance(document, dict) else None
    url = str(content.get("url") or "")
    when = f", read {one_line(content['retrieved_at'], 40)}" if content.get("retrieved_at") else ""
    summary = text(f"{one_line(url, 200) or 'a page'} ({host(url)}{when})")
    if isinstance(source, dict) and source.get("type") == "text":
        return summary, pre(source.get("data") or "")
    return summary, code(elided(document))


def _executed(content: Any) -> Made:
    if not isinstance(content, dict):
        return None
    returned = content.get("return_code")
    hidden = "encrypted_stdout" in content
    parts: list[Html | None] = [
        _output(name, content.get(name)) for name in ("stdout", "stderr") if content.get(name)
    ]
    parts += [tag("p", "its output is encrypted: the service alone reads it", cls="wb-dim")] if hidden else []
    outputs = content.get("content")
    files = (
        [each.get("file_id") for each in outputs if isinstance(each, dict)]
        if isinstance(outputs, list)
        else []
    )
    parts += [tag("p", "file ", tag("code", one_line(name))) for name in files if name]
    word = "" if returned is None else f"return code {one_line(returned, 20)}"
    summary = badge(word, "bad") if returned is not None and returned != 0 else word or "result"
    return summary, join(parts) if parts else tag("p", "no output", cls="wb-dim")


def _output(name: str, value: Any) -> Html:
    return join([tag("small", name), tag("pre", str(value), cls="wb-code")])


def _edited(content: Any) -> Made:
    if not isinstance(content, dict) or not isinstance(content.get("content"), str):
        return None
    return "file", tag("pre", content["content"], cls="wb-code")


def _tools(content: Any) -> Made:
    found = content.get("tool_references") if isinstance(content, dict) else None
    if not isinstance(found, list):
        return None
    names = [one_line(each.get("tool_name"), 80) for each in found if isinstance(each, dict)]
    listed = join((tag("code", name) for name in names[:MOST]), " ")
    return f"{len(names):,} tool{'s' * (len(names) != 1)}", tag("p", listed)


_VIEWS: Final[dict[str, Callable[[Any], Made]]] = {
    "web_search_tool_result": _search,
    "web_fetch_tool_result": _fetch,
    "code_execution_tool_result": _executed,
    "bash_code_execution_tool_result": _executed,
    "text_editor_code_execution_tool_result": _edited,
    "tool_search_tool_result": _tools,
}
