"""Requests and prompts: what is sent, in the order in which the service reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.show.blocks import block
from workbench.show.h import join, tag
from workbench.show.parts import code, fold
from workbench.show.safe import Html, text
from workbench.show.values import compact, elided
from workbench.wire import MessageParam, Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.prompt import Prompt

_SHOWN_APART = frozenset({"model", "max_tokens", "messages", "system", "tools", "output_config"})


def request(noun: Request) -> Html:
    """Return a request: parameters, tools, system, turns; what is cached is shaded."""
    return join([tag("h3", "Request"), _settings(noun.wire()), *_parts(noun, names=False)])


def prompt(noun: Prompt) -> Html:
    """Return a prompt: as a request, with its ``{{names}}`` marked and listed."""
    title = f"Prompt {noun.name}" if noun.name else "Prompt"
    return join([tag("h3", text(title)), untitled(noun)])


def untitled(noun: Prompt) -> Html:
    """Return a prompt without its heading, where something above names it."""
    body = noun.wire()
    shaped = Request.model_validate({"model": "", "messages": [], **body})
    variables = [join([" ", tag("mark", f"{{{{{name}}}}}", cls="wb-name")]) for name in noun.variables]
    listed = tag("p", "values to fill in:", *variables) if variables else tag("p", "no values to fill in")
    return join([_settings(body), listed, *_parts(shaped, names=True)])


def _settings(body: dict[str, Any]) -> Html:
    known = [str(body["model"])] if body.get("model") else []
    if body.get("max_tokens") is not None:
        known.append(f"at most {body['max_tokens']:,} tokens")
    output = body.get("output_config")
    rest = {name: value for name, value in body.items() if name not in _SHOWN_APART}
    rest |= output if isinstance(output, dict) else {}
    said = [f"{name} {value if isinstance(value, str) else compact(value)}" for name, value in rest.items()]
    return tag("p", text(" · ".join([*known, *said])), cls="wb-dim")


def _parts(noun: Request, *, names: bool) -> Iterator[Html]:
    shade = _Shade(noun)
    if noun.tools:
        yield tag("h4", "Tools")
        for tool in noun.tools:
            body = tool.wire()
            head = join([tag("code", str(body.get("name") or body.get("type"))), " ", _described(body)])
            yield shade.put(fold(head, code(elided(body))), tool.cache_control)
    if noun.system_blocks:
        yield tag("h4", "System")
        for item in noun.system_blocks:
            yield shade.put(block(item, names=names), getattr(item, "cache_control", None))
    yield from _turns(noun.messages, shade, names=names)


def _turns(turns: tuple[MessageParam, ...], shade: _Shade, *, names: bool) -> Iterator[Html]:
    for turn in turns:
        yield tag("h4", text(turn.role.capitalize()))
        for item in turn.blocks:
            yield shade.put(block(item, names=names), getattr(item, "cache_control", None))


def _described(tool: dict[str, Any]) -> Html:
    return tag("span", str(tool.get("description") or tool.get("type") or "")[:160], cls="wb-dim")


class _Shade:
    """Shades every block up to the last cache breakpoint, and names each breakpoint."""

    def __init__(self, noun: Request) -> None:
        items: list[Any] = [
            *(noun.tools or ()),
            *noun.system_blocks,
            *(b for m in noun.messages for b in m.blocks),
        ]
        marked = [i for i, item in enumerate(items) if getattr(item, "cache_control", None)]
        self._automatic = noun.cache_control
        self._last = len(items) - 1 if self._automatic else max(marked, default=-1)
        self._count = len(items)
        self._at = -1

    def put(self, made: Html, control: Any) -> Html:
        """Return the next block, shaded where it is part of the cached prefix."""
        self._at += 1
        if control is None and self._automatic is not None and self._at == self._count - 1:
            control = self._automatic
        cached = self._at <= self._last
        shown = tag("div", made, cls="wb-block wb-cached" if cached else "wb-block")
        if control is None:
            return shown
        words = f"▲ cache breakpoint, kept {control.ttl or '5m'}: everything above can be read back"
        return join([shown, tag("div", words, cls="wb-break")])
