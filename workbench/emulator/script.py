"""Scripted answers: rules from a file, the first that matches wins.

A file holds a JSON array of rules, an object ``{"rules": [...]}``, or one rule a line::

    {"contains": "capital of France", "text": "Paris"}
    {"regex": "^weather in (.+)", "tool_use": {"name": "get_weather", "input": {"city": "Paris"}}}
    {"model": "claude-haiku-4-5", "error": {"status": 529}, "times": 2}

Conditions, all of which must hold: ``contains`` or ``regex`` (last user text), ``model``, ``system``
(contains). Answers: ``text``, ``content`` (blocks), ``tool_use`` (one or a list), ``error`` (``status``,
``type``, ``message``, ``headers``), with ``stop_reason``, ``stop_details`` and ``delay_s``. ``times`` lets a
rule match that often, then never again. A refusal is an answer too::

    {"contains": "poison", "stop_reason": "refusal", "content": [], "stop_details": {"category": "bio"}}
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.emulator.answer import Scripted
from workbench.emulator.answer.reading import Reading
from workbench.errors import UsageError, WireError, did_you_mean
from workbench.wire import Message, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

JSON = dict[str, Any]
_CONDITIONS = {"contains": str, "regex": str, "model": str, "system": str}
_ANSWERS = {"text": str, "content": list, "tool_use": (dict, list), "error": dict}
_EXTRAS = {"stop_reason": str, "stop_details": dict, "delay_s": (int, float), "times": int, "comment": str}
_SPACE, _BETWEEN = re.compile(r"\s*"), re.compile(r"[ \t\r\n,]*")
_IDS = {"tool_use": "toolu_01", "server_tool_use": "srvtoolu_01", "mcp_tool_use": "mcptoolu_01"}
_SHAPES: dict[str, Any] = {**_CONDITIONS, **_ANSWERS, **_EXTRAS}


@dataclass(frozen=True, slots=True)
class Fault:
    """An error to answer with."""

    status: int
    type: str | None = None
    message: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass
class Rule:
    """One rule as read; `left` counts down where it may match a limited number of times."""

    spec: JSON
    pattern: re.Pattern[str] | None = None
    left: int | None = None

    def matches(self, reading: Reading, names: Iterable[str]) -> bool:
        """Return whether every condition holds."""
        spec, asked = self.spec, reading.asked
        if self.left == 0:
            return False
        if "contains" in spec and spec["contains"].lower() not in asked.lower():
            return False
        if self.pattern is not None and self.pattern.search(asked) is None:
            return False
        if "model" in spec and spec["model"] not in names:
            return False
        return "system" not in spec or spec["system"].lower() in reading.system.lower()


@dataclass
class Script:
    """Rules in order."""

    rules: list[Rule] = field(default_factory=list)

    def match(self, body: JSON, names: Iterable[str]) -> Rule | None:
        """Return the first rule that matches, and count its use.

        Args:
            body: The request as JSON.
            names: The model as asked for, and its id.
        """
        if not self.rules:
            return None
        reading, known = Reading(body), set(names)
        for rule in self.rules:
            if rule.matches(reading, known):
                if rule.left is not None:
                    rule.left -= 1
                return rule
        return None


def fault(rule: Rule) -> Fault | None:
    """Return the error a rule answers with, or None where it answers well."""
    error = rule.spec.get("error")
    if error is None:
        return None
    headers = tuple((str(name), str(value)) for name, value in (error.get("headers") or {}).items())
    return Fault(error["status"], error.get("type"), error.get("message"), headers)


def reply(rule: Rule, seed: str) -> Scripted:
    """Return the answer a rule gives; ids of tool calls are made from *seed* where missing.

    >>> reply(Rule({"text": "Paris"}), "00").content
    [{'type': 'text', 'text': 'Paris'}]
    """
    spec = rule.spec
    blocks = [dict(block) for block in spec.get("content") or ()]
    if "text" in spec:
        blocks.append({"type": "text", "text": spec["text"]})
    calls = spec.get("tool_use") or []
    blocks += [{"type": "tool_use", **call} for call in (calls if isinstance(calls, list) else [calls])]
    for index, block in enumerate(blocks):
        if (prefix := _IDS.get(block["type"])) is not None:
            blocks[index] = {"type": block["type"], "id": f"{prefix}{seed[:21]}{index}", "input": {}, **block}
    return Scripted(
        [block for block in blocks if block != {"type": "text", "text": ""}],
        spec.get("stop_reason"),
        _stop_details(spec),
    )


def _stop_details(spec: JSON) -> JSON | None:
    """Return what a refusal says of itself; other stop reasons have nothing to say unless told to."""
    given: JSON | None = spec.get("stop_details")
    if spec.get("stop_reason") == "refusal":
        return {"type": "refusal", "category": None, "explanation": None, **(given or {})}
    return given


def load(path: str | Path) -> Script:
    """Read a script file.

    Raises:
        UsageError: It cannot be read, is not JSON, or holds a rule that makes no sense; names file and line.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read script {path}: {error}") from error
    return Script([_rule(spec, f"{path}:{line}") for line, spec in _specs(text, str(path))])


def rules(specs: Iterable[Mapping[str, Any]]) -> Script:
    """Make a script from rules given as dictionaries.

    >>> len(rules([{"contains": "hi", "text": "Hello"}]).rules)
    1
    """
    return Script([_rule(dict(spec), f"rule {index}") for index, spec in enumerate(specs, start=1)])


def _specs(text: str, name: str) -> Iterator[tuple[int, Any]]:
    """Yield each rule with the line it begins on."""
    start = len(text) - len(text.lstrip())
    if text[start : start + 1] == "[":
        yield from _elements(text, start + 1, name)
        return
    whole = re.match(r'\s*\{\s*"rules"\s*:\s*\[', text)
    if whole:
        yield from _elements(text, whole.end(), name)
        return
    for line, row in enumerate(text.splitlines(), start=1):
        if row.strip() and not row.lstrip().startswith("//"):
            yield line, _parsed(row, 0, line, name)[0]


def _elements(text: str, at: int, name: str) -> Iterator[tuple[int, Any]]:
    line, seen = 1, 0
    while True:
        at = _skipped(_BETWEEN, text, at)
        line, seen = line + text.count("\n", seen, at), at
        if text.startswith("]", at):
            return
        value, at = _parsed(text, at, line, name)
        yield line, value


def _skipped(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _parsed(text: str, at: int, line: int, name: str) -> tuple[Any, int]:
    try:
        return json.JSONDecoder().raw_decode(text, _skipped(_SPACE, text, at))
    except (json.JSONDecodeError, RecursionError) as error:
        inside = getattr(error, "lineno", 1) - text.count("\n", 0, at) - 1
        reason = getattr(error, "msg", "nested too deep")
        raise UsageError(
            f"{name}:{line + max(0, inside)}: not JSON ({reason}); each rule is one JSON object"
        ) from error


def _rule(spec: Any, where: str) -> Rule:
    if not isinstance(spec, dict):
        raise UsageError(f"{where}: a rule is a JSON object, not {type(spec).__name__}")
    for name, value in spec.items():
        if name not in _SHAPES:
            raise UsageError(f"{where}: a rule has no {name!r}{did_you_mean(name, _SHAPES)}")
        if not isinstance(value, _SHAPES[name]) or isinstance(value, bool):
            raise UsageError(f"{where}: {name!r} cannot be {json.dumps(value)[:60]}")
    if not spec.keys() & _ANSWERS.keys():
        raise UsageError(f"{where}: a rule needs an answer: one of {', '.join(_ANSWERS)}")
    _check_answer(spec, where)
    rule = Rule(spec, _compiled(spec.get("regex"), where), spec.get("times"))
    try:
        parse(Message, {"model": "scripted", "content": reply(rule, "").content})
    except WireError as error:
        raise UsageError(f"{where}: not the content of an answer ({error})") from error
    return rule


def _check_answer(spec: JSON, where: str) -> None:
    calls = spec.get("tool_use", [])
    for call in calls if isinstance(calls, list) else [calls]:
        if not isinstance(call, dict) or not isinstance(call.get("name"), str):
            raise UsageError(
                f'{where}: "tool_use" needs a name, e.g. {{"name": "get_weather", "input": {{}}}}'
            )
        if not isinstance(call.get("input", {}), dict):
            raise UsageError(f'{where}: the "input" of a tool_use is an object')
    for block in spec.get("content") or ():
        well = isinstance(block, dict) and isinstance(block.get("type"), str)
        if not well or (block["type"] == "text" and not isinstance(block.get("text"), str)):
            raise UsageError(f'{where}: each block of "content" is an object with its "type"')
        if block["type"] == "tool_use" and not isinstance(block.get("name"), str):
            raise UsageError(f"{where}: a tool_use block needs a name")
    if "error" in spec:
        status = spec["error"].get("status")
        if not isinstance(status, int) or isinstance(status, bool) or not 400 <= status <= 599:
            raise UsageError(f'{where}: "error" needs a "status" from 400 to 599')
        if not isinstance(spec["error"].get("headers", {}), dict):
            raise UsageError(f'{where}: "headers" is an object of names and values')


def _compiled(pattern: str | None, where: str) -> re.Pattern[str] | None:
    if pattern is None:
        return None
    try:
        return re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise UsageError(f"{where}: regex {pattern!r} is not valid: {error}") from error
