"""Whether a tool is asked for, which one, and with what input."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from workbench.emulator.answer.schema import instance
from workbench.emulator.answer.text import stem, terms, words
from workbench.emulator.answer.words import STOP_WORDS

if TYPE_CHECKING:
    from workbench.emulator.answer.reading import Reading

ENOUGH = 3.0
"""Weight of shared words from which an offered tool counts as clearly asked for."""

_KNOWN_INPUTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("bash_", {"command": "ls"}),
    ("text_editor_", {"command": "view", "path": "/"}),
    ("memory_", {"command": "view", "path": "/memories"}),
    ("computer_2", {"action": "screenshot"}),
)


def call(reading: Reading) -> tuple[str, dict[str, Any]] | None:
    """Return the name and input of the tool to call, or None where none is forced or clearly asked for."""
    offered = [tool for tool in reading.tools if _runnable(tool)]
    if not offered:
        return None
    choice = reading.body.get("tool_choice") or {}
    asked = set(terms(reading.asked))
    ranked = sorted(offered, key=lambda tool: -wanted(tool, asked))
    if choice.get("type") == "tool":
        ranked = [tool for tool in offered if tool["name"] == choice.get("name")]
    elif choice.get("type") != "any" and (reading.results or not _clear(reading, ranked[0], asked)):
        return None
    return (ranked[0]["name"], arguments(ranked[0], reading.asked)) if ranked else None


def _clear(reading: Reading, tool: dict[str, Any], asked: set[str]) -> bool:
    named = re.search(rf"(?<![\w-]){re.escape(tool['name'])}(?![\w-])", reading.asked) is not None
    return named or wanted(tool, asked) >= ENOUGH


def wanted(tool: dict[str, Any], asked: set[str]) -> float:
    """Return how much a question speaks of a tool: words of its name weigh 2, of its description 1.

    >>> weather = {"name": "get_weather", "description": "Current weather of a city", "input_schema": {}}
    >>> wanted(weather, {"weather", "paris"}), wanted(weather, {"poem"})
    (3.0, 0.0)
    """
    apart = re.sub(r"([a-z])([A-Z])", r"\1 \2", tool["name"]).replace("_", " ").replace("-", " ")
    name = {stem(word) for word in words(apart) if word.lower() not in STOP_WORDS}
    about = set(terms(str(tool.get("description") or "")))
    schema = tool.get("input_schema") or {}
    properties = schema.get("properties") if isinstance(schema, dict) else None
    named = properties if isinstance(properties, dict) else {}
    fields = {stem(word) for key in named for word in key.replace("_", " ").split()}
    return 2.0 * len(asked & name) + 1.0 * len(asked & about) + 0.5 * len(asked & (fields - about - name))


def arguments(tool: dict[str, Any], text: str) -> dict[str, Any]:
    """Return input for *tool* drawn from *text*; valid against its schema."""
    for kind, known in _KNOWN_INPUTS:
        if str(tool.get("type") or "").startswith(kind):
            return known
    made = instance(tool.get("input_schema") or {"type": "object"}, text)
    return made if isinstance(made, dict) else {}


def _runnable(tool: dict[str, Any]) -> bool:
    """Return whether the caller runs the tool, so that the emulator may ask for it."""
    kind = tool.get("type")
    if not isinstance(tool.get("name"), str):
        return False
    return kind in {None, "custom"} or any(str(kind).startswith(known) for known, _ in _KNOWN_INPUTS)
