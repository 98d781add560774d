"""The cross product of a prompt and the settings to compare."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbench.catalog import catalog
from workbench.errors import PromptError, warn
from workbench.prompt.prompt import Prompt

_DATE = re.compile(r"-\d{8}$")


@dataclass(frozen=True)
class Variant:
    """One thing to be compared.

    Attributes:
        name: Short, and unique in its study: ``sonnet-4-6 · effort high``.
        prompt: What is sent.
        fields: The settings that tell it from the others.
    """

    name: str
    prompt: Prompt
    fields: Mapping[str, Any] = field(default_factory=dict)


def grid(
    prompts: Prompt | Sequence[Prompt] | Mapping[str, Prompt] | None = None, /, **axes: Any
) -> tuple[Variant, ...]:
    """Combine prompts and settings, each with each.

    Args:
        prompts: One prompt, several, or several by name.
        axes: Any request field or ``effort``: the values to try. A single value counts as a list of one;
            None in a list leaves the prompt as it is. ``prompt`` is another place for *prompts*.

    Returns:
        The variants, the last axis varying fastest; those that come out equal are one. Combinations that no
        model takes (effort where there is none) are left out, with one warning that says so.

    Raises:
        PromptError: Nothing is left, or a field that requests do not have.

    >>> two = grid(Prompt("Hi", model="claude-sonnet-4-6"), effort=[None, "high"])
    >>> [variant.name for variant in two]
    ['sonnet-4-6', 'sonnet-4-6 · effort high']
    """
    named = _prompts(prompts, axes)
    options = {axis: _options(values) for axis, values in axes.items() if axis != "prompt"}
    found: dict[Prompt, dict[str, Any]] = {}
    dropped: Counter[str] = Counter()
    for (label, prompt), *values in itertools.product(named, *options.values()):
        fields = {axis: value for axis, value in zip(options, values, strict=True) if value is not None}
        made = prompt.with_(**fields, name=label or prompt.name)
        if reason := _impossible(made):
            dropped[reason] += 1
        else:
            found.setdefault(made, {"prompt": label, **fields} if label else fields)
    lost = "; ".join(f"{reason}: {n} variant{'s' * (n > 1)} dropped" for reason, n in dropped.items())
    if not found:
        raise PromptError(f"no variant is left: {lost or 'an axis is empty'}")
    if lost:
        warn(lost)
    return _named(found, options)


def _prompts(prompts: Any, axes: Mapping[str, Any]) -> list[tuple[str | None, Prompt]]:
    if prompts is not None and "prompt" in axes:
        raise PromptError("give the prompts once: first, or as prompt=…")
    given = prompts if prompts is not None else axes.get("prompt")
    if isinstance(given, Prompt):
        return [(None, given)]
    if isinstance(given, Mapping):
        return list(given.items())
    several = list(given or ())
    if not several or not all(isinstance(prompt, Prompt) for prompt in several):
        raise PromptError("grid needs a Prompt, a list of them, or a dict of names and prompts")
    if len(several) == 1:
        return [(None, several[0])]
    return [(prompt.name or f"prompt {place}", prompt) for place, prompt in enumerate(several, 1)]


def _options(values: Any) -> list[Any]:
    if isinstance(values, str | Mapping) or not isinstance(values, Iterable):
        return [values]
    return list(values)


def _impossible(prompt: Prompt) -> str | None:
    """Return why the model cannot take the prompt's settings, or None; what is unknown is possible."""
    model = catalog().get(prompt.model) if prompt.model else None
    if model is None:
        return None
    levels, kinds, body = model.effort_levels, model.thinking_types, prompt.wire()
    thinking = (body.get("thinking") or {}).get("type")
    if prompt.effort and levels is not None and prompt.effort not in levels:
        return f"{prompt.model} has no effort{f' {prompt.effort}' if levels else ''}"
    if thinking and kinds is not None and thinking not in kinds:
        return f"{prompt.model} takes no {thinking} thinking"
    if body.get("speed") == "fast" and model.fast_mode is False:
        return f"{prompt.model} has no fast mode"
    return None


def _named(found: Mapping[Prompt, dict[str, Any]], options: Mapping[str, list[Any]]) -> tuple[Variant, ...]:
    names = [_name(prompt, fields, options, short=True) for prompt, fields in found.items()]
    if len(set(names)) < len(names):
        names = [_name(prompt, fields, options, short=False) for prompt, fields in found.items()]
    seen: Counter[str] = Counter()
    variants = []
    for name, (prompt, fields) in zip(names, found.items(), strict=True):
        seen[name] += 1
        unique = name if seen[name] == 1 else f"{name} ({seen[name]})"
        variants.append(Variant(unique, prompt, fields))
    return tuple(variants)


def _name(prompt: Prompt, fields: Mapping[str, Any], options: Mapping[str, list[Any]], *, short: bool) -> str:
    parts = [fields["prompt"]] if "prompt" in fields else []
    if prompt.model and ("model" in options or not parts):
        parts.append(_short_model(prompt.model) if short else prompt.model)
    parts += [
        f"{axis} {_label(value, options[axis])}"
        for axis, value in fields.items()
        if axis not in {"prompt", "model"}
    ]
    return " · ".join(parts) or prompt.name or "prompt"


def _short_model(model: str) -> str:
    return _DATE.sub("", model).removeprefix("claude-")


def _label(value: Any, options: list[Any]) -> str:
    if isinstance(value, str) and len(value) <= 24 and "\n" not in value:
        return value
    if isinstance(value, bool | int | float):
        return str(value)
    if isinstance(value, Mapping) and "type" in value:
        return " ".join(str(part) for part in value.values() if isinstance(part, str | int))
    return str(options.index(value) + 1)
