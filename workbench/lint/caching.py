"""Rules for cache breakpoints that the service refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.lint.limits import limit
from workbench.lint.place import dotted, path_of
from workbench.lint.rule import Fault, rule
from workbench.tokens import cacheable
from workbench.wire.blocks import TextBlock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.lint.place import Loc
    from workbench.lint.subject import Subject

_PAGE = "build-with-claude/prompt-caching"


def automatic(subject: Subject) -> tuple[Loc, str | None] | None:
    """Return where top-level ``cache_control`` sets its mark, and the lifetime already marked there."""
    if subject.request.cache_control is None:
        return None
    for loc, item in reversed(subject.positions):
        if cacheable(item):
            control = next((mark.ttl for mark in subject.marks if mark.loc == loc), None)
            return loc, control
    return None


@rule("E030", "too many breakpoints", cure="keep four", source=_PAGE)
def too_many_marks(subject: Subject) -> Iterator[Fault]:
    """A request has at most four cache breakpoints, the automatic one included."""
    found = len(subject.marks)
    if found < 4:
        return
    auto = automatic(subject)
    if auto is not None and auto[1] is None:
        found += 1
    if found > limit("cache_breakpoints"):
        says = f"A maximum of 4 blocks with cache_control may be provided. Found {found}."
        last = "cache_control" if auto and auto[1] is None else path_of(subject.marks[-1].loc)
        yield Fault(last, message=says)


@rule("E031", "1h after 5m", cure="put 1h breakpoints before 5m ones", source=_PAGE)
def hour_after_minutes(subject: Subject) -> Iterator[Fault]:
    """Breakpoints that live one hour precede those that live five minutes."""
    marks = [(mark.loc, mark.ttl) for mark in subject.marks]
    auto = automatic(subject)
    if auto is not None and auto[1] is None and subject.request.cache_control is not None:
        marks.append((("cache_control",), subject.request.cache_control.ttl or "5m"))
    short = False
    for loc, ttl in marks:
        if ttl == "1h" and short:
            where = dotted(loc) if loc == ("cache_control",) else f"{dotted(loc)}.cache_control"
            says = (
                f"{where}.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control"
                " block. Note that blocks are processed in the following order:"
                " `tools`, `system`, `messages`."
            )
            yield Fault(path_of(loc), message=says)
        short = short or ttl == "5m"


@rule(
    "E032",
    "automatic breakpoint of another lifetime",
    cure="use one ttl, or drop one of the two",
    source=_PAGE,
)
def automatic_differs(subject: Subject) -> Iterator[Fault]:
    """Top-level cache_control may not give the last block another lifetime than its own mark."""
    auto, control = automatic(subject), subject.request.cache_control
    if auto is not None and control is not None and auto[1] not in {None, control.ttl or "5m"}:
        says = f"cache_control: the last cacheable block already has cache_control with ttl='{auto[1]}'"
        yield Fault("cache_control.ttl", message=says)


@rule("E033", "block that cannot be marked", cure="mark another block", source=_PAGE)
def unmarkable(subject: Subject) -> Iterator[Fault]:
    """Empty text and deferred tools carry no breakpoint."""
    for mark in subject.marks:
        if isinstance(mark.on, TextBlock) and not mark.on.text:
            says = f"{dotted(mark.loc)}.text: cache_control cannot be set for empty text blocks"
            yield Fault(path_of(mark.loc), message=says)
    for index, tool in enumerate(subject.tools):
        if tool.defer_loading and tool.cache_control is not None:
            says = (
                f"Tool '{getattr(tool, 'name', tool.type)}' cannot have both defer_loading=true and"
                " cache_control set. Tools with defer_loading cannot use prompt caching."
            )
            yield Fault(f"tools[{index}].cache_control", message=says)


@rule("E034", "automatic caching on Bedrock", cure="mark the blocks themselves", source=_PAGE)
def automatic_on_bedrock(subject: Subject) -> Iterator[Fault]:
    """Bedrock's InvokeModel has no top-level cache_control."""
    if subject.platform == "bedrock_invoke" and subject.request.cache_control is not None:
        yield Fault("cache_control", message="cache_control: Extra inputs are not permitted")


@rule("E035", "pre-warm with something else", cure="leave it out of the pre-warming request", source=_PAGE)
def not_while_warming(subject: Subject) -> Iterator[Fault]:
    """max_tokens 0 goes with no stream, no manual thinking, no structured output and no forced tool."""
    request = subject.request
    if request.max_tokens != 0:
        return
    config = request.output_config
    refused = {
        "stream": bool(request.stream),
        "thinking": subject.thinking == "enabled",
        "output_config.format": config is not None and config.format is not None,
        "tool_choice": subject.forced,
    }
    for name, is_refused in refused.items():
        if is_refused:
            yield Fault(name, message=f"max_tokens: `max_tokens` of 0 cannot be used with `{name}`")


RULES = (
    unmarkable,
    too_many_marks,
    automatic_differs,
    hour_after_minutes,
    automatic_on_bedrock,
    not_while_warming,
)
