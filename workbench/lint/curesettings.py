"""Mechanical cures of settings: model, limits, thinking, effort, sampling, and fields that do not belong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from workbench.catalog import EFFORT_LEVELS, Model, catalog
from workbench.lint.edit import find, put, take
from workbench.lint.thinking import BUDGET

if TYPE_CHECKING:
    from workbench.lint.finding import Finding

Body = dict[str, Any]

SAMPLING = ("temperature", "top_p", "top_k")
MAX_TOKENS = 1024
ROOM = 2048
"""Output tokens with which a thinking model mostly comes to its answer."""


def model_of(body: Body) -> Model | None:
    """Return what the catalog knows of the model asked."""
    name = body.get("model")
    return catalog().get(name) if isinstance(name, str) else None


def drop(body: Body, finding: Finding) -> str:
    """Take out the field that the finding names."""
    take(body, finding.path)
    return f"drop {last_name(finding.path)}"


def last_name(path: str) -> str:
    """Return the last name of a path.

    >>> last_name("thinking.effort"), last_name("stop_sequences[1]")
    ('effort', 'stop_sequences[1]')
    """
    return path.rpartition(".")[2]


# --- fields ----------------------------------------------------------------------------------------


def _unknown_field(body: Body, finding: Finding) -> str | None:
    return _old_spelling(body, finding) if finding.path == "thinking.effort" else drop(body, finding)


def _missing_field(body: Body, finding: Finding) -> str | None:
    if finding.path == "max_tokens":
        budget = find(body, "thinking.budget_tokens")
        body["max_tokens"] = MAX_TOKENS + (budget if isinstance(budget, int) else 0)
        return f"set max_tokens to {body['max_tokens']:,}"
    if finding.path.endswith("input_schema.type"):
        put(body, finding.path, "object")
        return 'set type to "object"'
    return None


_BOUND = re.compile(r"(greater|less) than (or equal to )?(-?\d+(?:\.\d+)?)$")


def _out_of_range(body: Body, finding: Finding) -> str | None:
    """Move a number to its bound; texts and lists are the user's own."""
    bound = _BOUND.search(finding.what)
    value = find(body, finding.path)
    if bound is None or isinstance(value, bool) or not isinstance(value, int | float):
        return None
    number: float = float(bound[3]) if "." in bound[3] else int(bound[3])
    if not bound[2]:
        number += 1 if bound[1] == "greater" else -1
    put(body, finding.path, number)
    if finding.path == "thinking.budget_tokens":
        _make_room(body, int(number))
    return f"set {last_name(finding.path)} to {number:,}"


def _stop_sequence(body: Body, finding: Finding) -> str:
    take(body, finding.path)
    if not body.get("stop_sequences"):
        body.pop("stop_sequences", None)
    return "drop the blank stop sequence"


def _old_spelling(body: Body, finding: Finding) -> str | None:
    old, new = {
        "thinking.effort": ("thinking.effort", "output_config.effort"),
        "output_format": ("output_format", "output_config.format"),
    }.get(finding.path, ("", ""))
    if not old:
        return None
    value = take(body, old)
    if find(body, new) is None:
        put(body, new, value)
    return f"move to {new}"


# --- model -----------------------------------------------------------------------------------------


def _successor(body: Body, _: Finding) -> str | None:
    """Name the successor; what it takes otherwise than its forerunner is found, and fixed, next."""
    model = model_of(body)
    if model is None or not model.replacement:
        return None
    body["model"] = model.replacement
    return f"use {model.replacement}"


def _nearest_model(body: Body, finding: Finding) -> str | None:
    meant = re.search(r"did you mean '([^']+)'", finding.what)
    if meant is None:
        return None
    body["model"] = meant[1]
    return f"use {meant[1]}"


# --- limits ----------------------------------------------------------------------------------------


def _to_limit(body: Body, finding: Finding) -> str | None:
    """Lower max_tokens to the number that the cure or the finding gives."""
    number = re.search(r"at most ([\d,]+)|leaves about ([\d,]+)", f"{finding.cure} {finding.what}")
    most = int((number[1] or number[2]).replace(",", "")) if number else 0
    budget = find(body, "thinking.budget_tokens", 0)
    if finding.path != "max_tokens" or most < 1 or (isinstance(budget, int) and budget >= most):
        return None
    body["max_tokens"] = most
    return f"lower max_tokens to {most:,}"


def _stream(body: Body, _: Finding) -> str:
    body["stream"] = True
    return "stream it"


def _not_here(body: Body, finding: Finding) -> str | None:
    """Leave out a field that the platform or endpoint lacks; sources and pre-warming need another way."""
    if finding.path.endswith("source") or finding.path == "max_tokens":
        return None
    return drop(body, finding)


# --- thinking and effort ---------------------------------------------------------------------------


def _switch_thinking(body: Body, finding: Finding) -> str | None:
    model = model_of(body)
    if model is None or not model.thinking_types:
        return None
    said = find(body, "thinking")
    shown = {"display": said["display"]} if isinstance(said, dict) and "display" in said else {}
    if "effort is not available" in finding.what or not model.effort_levels:
        _drop_effort(body)
    kind = said.get("type") if isinstance(said, dict) else None
    if model.thinking_default == "always_on" and kind not in model.thinking_types:
        take(body, "thinking")
        return "leave thinking out"
    if "adaptive" in model.thinking_types:
        body["thinking"] = {"type": "adaptive", **shown}
        return "switch to adaptive"
    if "enabled" in model.thinking_types and not _rules_out_a_budget(body):
        body["thinking"] = {"type": "enabled", "budget_tokens": BUDGET, **shown}
        _make_room(body, BUDGET)
        return f"switch to budget {BUDGET:,}"
    take(body, "thinking")
    return "leave thinking out"


def _rules_out_a_budget(body: Body) -> bool:
    """Tell whether something else in the request forbids manual thinking."""
    turns = body.get("messages")
    last = turns[-1] if isinstance(turns, list) and turns else None
    prefilled = isinstance(last, dict) and last.get("role") == "assistant"
    forced = find(body, "tool_choice.type") in {"any", "tool"}
    return prefilled or forced or body.get("max_tokens") == 0


def _drop_effort(body: Body) -> None:
    if find(body, "output_config.effort") is not None:
        take(body, "output_config.effort")


def _make_room(body: Body, budget: int) -> bool:
    """Raise max_tokens above a thinking budget, as far as the model writes; tell whether that is enough."""
    asked, model = body.get("max_tokens"), model_of(body)
    if not isinstance(asked, int) or asked > budget or asked == 0:
        return True
    most = model.max_output_tokens if model else None
    body["max_tokens"] = min(budget + max(asked, MAX_TOKENS), most or budget + asked)
    return bool(body["max_tokens"] > budget)


def _over_budget(body: Body, _: Finding) -> str | None:
    budget = find(body, "thinking.budget_tokens")
    if not isinstance(budget, int) or not isinstance(body.get("max_tokens"), int):
        return None
    if not _make_room(body, budget):
        return None
    return f"raise max_tokens to {body['max_tokens']:,}"


def _lower_effort(body: Body, _: Finding) -> str | None:
    """Take the highest level the model has, no higher than the one asked."""
    model, asked = model_of(body), find(body, "output_config.effort")
    if model is None or model.effort_levels is None or asked not in EFFORT_LEVELS:
        return None
    off = find(body, "thinking.type") in {"disabled", "between_tools"}
    taken = [one for one in model.effort_levels if not (off and one in model.no_disabled_effort)]
    if not taken:
        _drop_effort(body)
        return "drop effort"
    reach = EFFORT_LEVELS.index(asked)
    below = [one for one in EFFORT_LEVELS if one in taken and EFFORT_LEVELS.index(one) <= reach]
    level = below[-1] if below else taken[0]
    put(body, "output_config.effort", level)
    return f"use effort {level}"


def _little_room(body: Body, _: Finding) -> str:
    body["max_tokens"] = ROOM
    return f"raise max_tokens to {ROOM:,}"


def _summarize(body: Body, finding: Finding) -> str:
    put(body, finding.path, "summarized")
    return "show a summary"


def _drop_sampling(body: Body, _: Finding) -> str:
    names = [name for name in SAMPLING if name in body]
    for name in names:
        del body[name]
    return f"drop {', '.join(names)}"


CURES = {
    "E001": _unknown_field,
    "E002": _missing_field,
    "E004": _out_of_range,
    "E006": _stop_sequence,
    "W008": _old_spelling,
    "E010": _switch_thinking,
    "W012": _switch_thinking,
    "E013": _lower_effort,
    "E014": _lower_effort,
    "E015": _over_budget,
    "W016": _little_room,
    "I017": _summarize,
    "E020": _drop_sampling,
    "E021": drop,
    "E022": drop,
    "E023": drop,
    "E035": drop,
    "E070": _nearest_model,
    "E071": _successor,
    "W072": _successor,
    "E080": _to_limit,
    "E084": _to_limit,
    "W084": _to_limit,
    "W085": _stream,
    "E086": drop,
    "E087": drop,
    "W088": drop,
    "E089": _not_here,
    "E098": _not_here,
}
