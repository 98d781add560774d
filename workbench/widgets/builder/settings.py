"""Thinking & effort, Output, Settings: what the chosen model accepts, and why the rest is off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as w

from workbench.catalog import EFFORT_LEVELS, catalog
from workbench.report.words import dollars
from workbench.widgets.builder import field as f
from workbench.widgets.builder.parts import Words, button, line, show_if
from workbench.widgets.builder.section import Section

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.catalog import Model
    from workbench.widgets.builder.desk import Desk

THINKING = {
    "adaptive": "adaptive: the model decides",
    "enabled": "budget: up to so many tokens",
    "disabled": "off",
    "between_tools": "between tool calls only",
}
LINES = ("fable", "mythos", "opus", "sonnet", "haiku")
SAMPLING = ("temperature", "top_p", "top_k")
TASK = "output_config.task_budget"
COVERED = frozenset({
    "model", "max_tokens", "messages", "system", "tools", "tool_choice", "thinking", "output_config",
    "stop_sequences", "cache_control", "service_tier", "inference_geo", "speed", "metadata", *SAMPLING,
})  # fmt: skip
"""Fields that the form edits one by one."""


def at(path: str) -> Callable[[], str]:
    """Return a place that never moves."""
    return lambda: path


class Thinking(Section):
    """Thinking and effort."""

    title = "Thinking & effort"
    keys = frozenset({"model", "thinking", "output_config", "max_tokens"})

    def build(self) -> None:
        """Make the menus."""
        self.kind = f.Choice(self.desk, at("thinking.type"), "thinking", then=self._budget)
        self.budget = f.whole_number(self.desk, at("thinking.budget_tokens"), "budget, tokens")
        self.display = f.Choice(self.desk, at("thinking.display"), "shown as")
        self.effort = f.Choice(self.desk, at("output_config.effort"), "effort")
        self.why = Words(cls="wb-dim")
        self.task = f.whole_number(
            self.desk,
            at(TASK),
            "task budget, tokens",
            placeholder="not set",
            wrap=lambda total: {"type": "tokens", **_object(self.desk.draft.get(TASK)), "total": total},
            unwrap=lambda held: held.get("total") if isinstance(held, dict) else held,
        )
        self.left = f.whole_number(
            self.desk, at(f"{TASK}.remaining"), "remaining, tokens", placeholder="all of it"
        )
        self.about = Words(cls="wb-dim")
        self.send = button("Send its beta", self._send_beta, hint="add it to the betas under Settings")
        self.fill(
            line(self.kind.box, self.budget.box, self.display.box),
            self.effort.box,
            self.why.widget,
            line(self.task.box, self.left.box),
            line(self.about.widget, self.send),
        )

    def show(self) -> None:
        """Offer what the model takes."""
        model, draft = self.desk.model, self.desk.draft
        kinds = THINKING if model is None or model.thinking_types is None else model.thinking_types
        unset = f"not set (this model: {_default(model)})"
        self.kind.offer([(unset, None), *((THINKING.get(kind, kind), kind) for kind in kinds)])
        asked = draft.get("thinking.type")
        show_if(self.budget.box, asked == "enabled")
        self.budget.show()
        show_if(self.display.box, asked in {"adaptive", "enabled"})
        self.display.offer(
            [("the model's default", None), ("a summary", "summarized"), ("nothing", "omitted")]
        )
        levels = EFFORT_LEVELS if model is None or model.effort_levels is None else model.effort_levels
        self.effort.offer([(_effort_default(model), None), *((level, level) for level in levels)])
        self.why.say(why_off(model, self.desk.model_name))
        total = self._show_task()
        said = [asked, draft.get("output_config.effort"), f"{total:,} for the task" if total else ""]
        self.said.say(" · ".join(map(str, filter(None, said))) or "not set")

    def _show_task(self) -> int | None:
        """Show the task budget and what it takes to send one; return it."""
        held = self.desk.draft.get(TASK)
        total = _object(held).get("total")
        self.task.show()
        self.left.show()
        show_if(self.left.box, isinstance(held, dict))
        unsent = held is not None and task_beta() not in self.desk.betas
        show_if(self.send, unsent)
        said = [
            "task budget: the model paces itself by it over the turns of a task; the limit is max_tokens",
            "which models take one, the catalog does not say",
            f"it needs the beta {task_beta()}" if unsent else "",
        ]
        self.about.say(" · ".join(filter(None, said)) if held is not None else "")
        return total if isinstance(total, int) and not isinstance(total, bool) else None

    def _send_beta(self) -> None:
        self.desk.set_betas([*self.desk.betas, task_beta()])

    def _budget(self) -> None:
        """Give a budget to thinking that needs one, and take from the rest what only that takes."""
        draft = self.desk.draft
        kind = draft.get("thinking.type")
        thinking = draft.get("thinking") or {}
        if kind == "enabled" and "budget_tokens" not in thinking:
            draft.set("thinking.budget_tokens", 2048)
        elif kind != "enabled" and "budget_tokens" in thinking:
            draft.set("thinking.budget_tokens", None)
        if kind is None:
            draft.set("thinking", None)


def task_beta() -> str:
    """Return the name of the beta that a task budget needs."""
    return str(catalog().betas["required_today"]["task budgets"])


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


class Output(Section):
    """How long and in which form the answer is."""

    title = "Output"
    keys = frozenset({"model", "max_tokens", "stop_sequences", "output_config"})

    def build(self) -> None:
        """Make the fields."""
        self.limit = f.whole_number(self.desk, at("max_tokens"), "max_tokens")
        self.most = Words(cls="wb-dim")
        self.stops = f.lines(self.desk, at("stop_sequences"), "stop sequences", placeholder="one a line")
        self.schema = f.Json(
            self.desk,
            at("output_config.format"),
            "answer as JSON of this schema",
            check=schema_problem,
            wrap=lambda schema: {"type": "json_schema", "schema": schema},
            unwrap=lambda value: value.get("schema") if isinstance(value, dict) else value,
        )
        self.why = Words(cls="wb-dim")
        self.fill(line(self.limit.box, self.most.widget), self.stops.box, self.schema.box, self.why.widget)

    def show(self) -> None:
        """Show limit, stops and schema."""
        for field in (self.limit, self.stops, self.schema):
            field.show()
        model = self.desk.model
        most = model.max_output_tokens if model else None
        self.most.say(f"at most {most:,} on {self.desk.model_name}" if most else "")
        off = model is not None and model.structured_outputs is False
        self.schema.widget.disabled = off and not self.desk.draft.get("output_config.format")
        self.why.say(
            f"{self.desk.model_name} has no structured outputs; ask for JSON in the prompt" if off else ""
        )
        limit = self.desk.draft.get("max_tokens")
        self.said.say(f"at most {limit:,} tokens" if isinstance(limit, int) else "no limit set")


class Settings(Section):
    """The model, and what goes beside the prompt."""

    title = "Settings"

    def build(self) -> None:
        """Make the fields."""
        desk = self.desk
        self.model = f.Choice(desk, at("model"), "model")
        self.model.widget.add_class("wb-wide")
        self.model.open = lambda: None  # it stands above the sections: see `PromptBuilder`
        self.other = f.line_text(desk, at("model"), "model by name", placeholder="any model id")
        self.tier = f.Choice(desk, at("service_tier"), "service tier")
        self.geo = f.Choice(desk, at("inference_geo"), "where it runs")
        self.speed = f.Choice(desk, at("speed"), "speed")
        self.user = f.line_text(
            desk, at("metadata.user_id"), "user id (metadata)", placeholder="opaque, not personal"
        )
        self.sampling = {name: f.number(desk, at(name), name) for name in SAMPLING}
        self.betas = BetaField(desk)
        self.rest = desk.rest = RestField(desk)
        desk.covered = COVERED
        self.why = Words(cls="wb-dim")
        self.fill(
            self.other.box,
            line(self.tier.box, self.geo.box, self.speed.box),
            line(*(field.box for field in self.sampling.values())),
            line(self.user.box, self.betas.box),
            self.why.widget,
            self.rest.box,
        )

    def show(self) -> None:
        """Offer what the model takes."""
        model = self.desk.model
        self.model.offer(model_choices(), strange="not in the catalog")
        self.other.show()
        self.tier.offer([("auto", None), ("auto (said)", "auto"), ("standard only", "standard_only")])
        self.geo.offer(_if(model is None or model.inference_geo is not False, _GEO))
        self.speed.offer(_if(model is None or model.fast_mode is not False, _SPEED))
        refused = sampling_off(model)
        for name, field in self.sampling.items():
            field.show()
            field.widget.disabled = bool(refused) and self.desk.draft.get(name) is None
        self.user.show()
        self.rest.show()
        self.betas.show()
        self.why.say(" · ".join(_settings_off(model, self.desk.model_name, refused)))
        self.said.say(self.desk.model_name)


class BetaField(f.Field):
    """Names of the ``anthropic-beta`` header; they belong to the sending, not to the prompt."""

    def __init__(self, desk: Desk) -> None:
        widget = w.Text(description="betas", placeholder="names, with commas between")
        super().__init__(desk, widget, at("betas"))

    def show(self) -> None:
        """Show the names; the draft does not hold them."""
        named = ", ".join(self.desk.betas)
        if _names(self.widget.value) != self.desk.betas:
            self._quiet = True
            self.widget.value = named
            self._quiet = False

    def _heard(self, change: Any) -> None:
        if not self._quiet:
            self.desk.set_betas(_names(change["new"]))


def _names(typed: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in typed.split(",") if name.strip()))


class RestField(f.Json):
    """Everything that has no field of its own on the form, as one JSON object."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, at(""), "other fields", check=_is_object)
        self.widget.placeholder = '{"context_management": {…}, "mcp_servers": […]}'

    def show(self) -> None:
        """Show the fields of the request that nothing else edits."""
        rest = {name: value for name, value in self.desk.draft.body.items() if name not in COVERED}
        if self._known is f.UNKNOWN or (self._known or {}) != rest:
            self._known = rest
            self.note.say("")
            self._quiet = True
            self._present(f.pretty(rest or None))
            self._quiet = False

    def put(self, value: Any) -> None:
        """Put other fields into the draft, in one step."""
        given = value or {}
        if taken := sorted(COVERED & given.keys()):
            raise ValueError(f"{', '.join(taken)} has a field of its own on the form; change it there")
        self._known = given
        body = {name: held for name, held in self.desk.draft.body.items() if name in COVERED}
        self.desk.draft.replace({**body, **given})


def _is_object(value: Any) -> str:
    return "" if isinstance(value, dict) else "this is a JSON object: {…}"


def model_choices() -> list[tuple[str, str]]:
    """Return the models by line, newest first, with prices; the deprecated ones last."""
    served = [model for model in catalog() if model.status in {"active", "deprecated"}]
    served.sort(key=lambda model: (model.status == "deprecated", _line(model)))
    return [(_label(model), model.aliases[0] if model.aliases else model.id) for model in served]


def _line(model: Model) -> int:
    return LINES.index(model.line) if model.line in LINES else len(LINES)


def _label(model: Model) -> str:
    cost, out = model.prices.input, model.prices.output
    known = cost is not None and out is not None
    price = f"{dollars(cost)} in, {dollars(out)} out per million" if known else "price unknown"
    gone = f" · deprecated, retires {model.retires or '?'}" if model.status == "deprecated" else ""
    return f"{(model.line or 'other').capitalize()}: {model.name} · {price}{gone}"


def why_off(model: Model | None, name: str) -> str:
    """Say which kinds of thinking and levels of effort the model does not take.

    >>> why_off(catalog().model("claude-haiku-4-5"), "claude-haiku-4-5")
    'claude-haiku-4-5 takes a budget or no thinking, not adaptive · effort is not available on it'
    """
    if model is None:
        return f"{name} is not in the catalog: everything is offered, nothing is known"
    said = []
    types = model.thinking_types
    if types is not None:
        words = {
            "adaptive": "adaptive",
            "enabled": "a budget",
            "disabled": "no thinking",
            "between_tools": "between tools",
        }
        off = [words[kind] for kind in ("adaptive", "enabled", "disabled") if kind not in types]
        takes = " or ".join(words.get(kind, kind) for kind in types)
        said.append(f"{name} takes {takes}" + (f", not {' or '.join(off)}" if off else ""))
    if model.effort_levels is not None:
        missing = [level for level in EFFORT_LEVELS if level not in model.effort_levels]
        if not model.effort_levels:
            said.append("effort is not available on it")
        elif missing:
            said.append(f"it has no effort {', '.join(missing)}")
    return " · ".join(said)


def sampling_off(model: Model | None) -> str:
    """Say why sampling parameters are off; empty where the model takes them, or nobody knows."""
    if model is None or model.sampling_parameters != "reject_non_default":
        return ""
    return "temperature, top_p and top_k are refused since Claude 4.7: steer by prompt and effort"


def schema_problem(schema: Any) -> str:
    """Say what is wrong with a JSON schema; empty where it is one.

    >>> schema_problem({"type": "object", "properties": {"city": {"type": "strin"}}})
    "properties.city.type: 'strin' is none of array, boolean, integer, null, number, object, string"
    """
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    if not isinstance(schema, dict):
        return 'a schema is a JSON object: {"type": "object", …}'
    worst = best_match(Draft202012Validator(Draft202012Validator.META_SCHEMA).iter_errors(schema))
    if worst is None:
        return ""
    place = ".".join(map(str, worst.absolute_path))
    said = worst.message
    if place.rpartition(".")[2] == "type":
        kinds = "array, boolean, integer, null, number, object, string"
        said = f"{worst.instance!r} is none of {kinds}"
    return f"{place}: {said[:200]}" if place else said[:200]


def _default(model: Model | None) -> str:
    known = {"always_on": "always on", "on": "on", "off": "off"}
    return known.get(str(model.thinking_default if model else None), "not known")


def _effort_default(model: Model | None) -> str:
    if model is not None and model.effort_levels == ():
        return "not available"
    known = model.effort_default if model else None
    return f"not set (this model: {known})" if known else "not set"


_GEO = (("anywhere", None), ("global", "global"), ("us (1.1 × the price)", "us"))
_SPEED = (("standard", None), ("standard (said)", "standard"), ("fast", "fast"))


def _if(offered: object, choices: tuple[tuple[str, Any], ...]) -> list[tuple[str, Any]]:
    return list(choices) if offered else [("not available", None)]


def _settings_off(model: Model | None, name: str, sampling: str) -> list[str]:
    if model is None:
        return [f"{name} is not in the catalog: nothing is known of it"]
    said = [sampling] if sampling else []
    if model.inference_geo is False:
        said.append(f"{name} cannot be kept in a place")
    if model.fast_mode is False:
        said.append(f"{name} has no fast mode")
    return said
