"""Rules for thinking and effort, model by model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.catalog import EFFORT_LEVELS
from workbench.lint.rule import Fault, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.lint.subject import Subject

_THINKING = "build-with-claude/thinking"
_EFFORT = "build-with-claude/effort"
_FORMS = {
    "enabled": "a budget",
    "adaptive": "adaptive",
    "disabled": "disabled",
    "between_tools": "between_tools",
}
BUDGET = 2048
"""The budget suggested where a model takes one."""
_LITTLE = 2048
"""Fewer output tokens than this, thinking included, often end in the middle of an answer."""


def _unsupported(subject: Subject) -> str | None:
    """Return the given thinking type where the model is known not to take it."""
    types = subject.model.thinking_types if subject.model else None
    given = subject.thinking
    return given if given in _FORMS and types is not None and given not in types else None


def _says(given: str, *, adaptive: bool) -> str:
    if given == "adaptive":
        return "adaptive thinking is not supported on this model"
    use = (
        ' Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.'
        if adaptive
        else ""
    )
    return f'"thinking.type.{given}" is not supported for this model.{use}'


@rule("E010", "thinking type", cure="use a type the model takes", source=_THINKING)
def unsupported_type(subject: Subject) -> Iterator[Fault]:
    """Each model takes some of adaptive, enabled, disabled and between_tools."""
    given = _unsupported(subject)
    if given is not None and subject.model is not None:
        types = subject.model.thinking_types or ()
        cure = f"{subject.name} takes: {', '.join(types)}"
        yield Fault("thinking", "", cure, _says(given, adaptive="adaptive" in types))


@rule("W012", "thinking form", cure="use the form made for the model", source=_THINKING)
def better_form(subject: Subject) -> Iterator[Fault]:
    """Budgets are for models before adaptive thinking, adaptive and effort for those since."""
    model, given = subject.model, subject.thinking
    if model is None or not model.thinking_types or given not in _FORMS:
        return
    if _unsupported(subject):
        taken = " or ".join(_FORMS[name] for name in model.thinking_types if name != "disabled") or "none"
        no_effort = (
            "; effort is not available on it" if subject.request.effort and not model.effort_levels else ""
        )
        yield Fault(
            "thinking", f"{subject.name} takes {taken}, not {_FORMS[given]}{no_effort}", _switch(subject)
        )
    elif given == "enabled" and "adaptive" in model.thinking_types:
        what = f"manual budgets are deprecated on {subject.name}; adaptive thinking decides by itself"
        yield Fault("thinking", what, "switch to adaptive, steer with output_config.effort")


def _switch(subject: Subject) -> str:
    model = subject.model
    assert model is not None
    if model.thinking_default == "always_on":
        return "leave thinking out: it is always on; steer with output_config.effort"
    if "adaptive" in (model.thinking_types or ()):
        return "switch to adaptive, steer with output_config.effort"
    return (
        f"switch to budget {BUDGET:,}" if "enabled" in (model.thinking_types or ()) else "leave thinking out"
    )


@rule("E013", "effort level", cure="use a level the model takes", source=_EFFORT)
def unsupported_effort(subject: Subject) -> Iterator[Fault]:
    """Each model takes some effort levels, or none."""
    effort = subject.request.effort
    levels = subject.model.effort_levels if subject.model else None
    if effort not in EFFORT_LEVELS or levels is None or effort in levels:
        return
    if not levels:
        message = "This model does not support the effort parameter."
        yield Fault("output_config.effort", "", f"leave it out: {subject.name} has no effort", message)
        return
    taken = ", ".join(f"'{level}'" for level in levels)
    message = f"output_config.effort '{effort}' is not supported on this model. Supported levels: {taken}."
    yield Fault("output_config.effort", "", f"use {levels[-1]} or below", message)


@rule("E014", "effort without thinking", cure="use effort high or below, or let it think", source=_EFFORT)
def effort_without_thinking(subject: Subject) -> Iterator[Fault]:
    """Some models refuse the highest effort while thinking is off."""
    effort, model = subject.request.effort, subject.model
    if model is None or effort not in model.no_disabled_effort or _unsupported(subject):
        return
    if subject.thinking in {"disabled", "between_tools"}:
        state = "disabled" if subject.thinking == "disabled" else "between tools"
        message = (
            f"output_config.effort '{effort}' is not supported when thinking is {state} on this model."
            " Use effort 'high' or below, or enable thinking."
        )
        yield Fault("output_config.effort", message=message)


@rule("E015", "budget over max_tokens", cure="raise max_tokens above the budget", source=_THINKING)
def budget_over_max_tokens(subject: Subject) -> Iterator[Fault]:
    """A thinking budget is part of max_tokens and must be smaller, except with manual interleaving."""
    request = subject.request
    budget = getattr(request.thinking, "budget_tokens", None)
    if subject.thinking != "enabled" or budget is None or not request.max_tokens:
        return
    interleaved = "interleaved-thinking-2025-05-14" in subject.betas and request.tools
    if budget >= request.max_tokens and not interleaved:
        message = (
            "`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at"
            " https://docs.claude.com/en/docs/build-with-claude/extended-thinking"
            "#max-tokens-and-context-window-size"
        )
        yield Fault("thinking.budget_tokens", message=message)


@rule("W016", "little room to think", cure="raise max_tokens, or lower the effort", source=_THINKING)
def little_room(subject: Subject) -> Iterator[Fault]:
    """Thinking counts into max_tokens: a small limit may be used up before the answer begins."""
    request = subject.request
    if not subject.thinks or not request.max_tokens or subject.thinking == "enabled" or _unsupported(subject):
        return
    if request.max_tokens < _LITTLE and request.effort != "low":
        how = "" if request.thinking else " by default"
        what = f"{subject.name} thinks{how}, and thinking counts into these {request.max_tokens:,} tokens"
        yield Fault("max_tokens", what)


@rule(
    "I017", "thinking text omitted", cure='set thinking.display to "summarized" to read it', source=_THINKING
)
def omitted(subject: Subject) -> Iterator[Fault]:
    """Newer models send thinking blocks without their text unless asked for a summary."""
    thinking, model = subject.request.thinking, subject.model
    if model is None or thinking is None or model.thinking_display_default != "omitted":
        return
    if subject.thinks and getattr(thinking, "display", None) is None:
        yield Fault("thinking.display", "thinking text will be empty: it is omitted by default")


@rule("I018", "effort unknown", cure="ask the Models API: client.models.refresh()", source=_EFFORT)
def effort_unknown(subject: Subject) -> Iterator[Fault]:
    """Where the catalog does not know a model's effort levels, nothing is refused."""
    if subject.model is not None and subject.model.effort_levels is None and subject.request.effort:
        yield Fault("output_config.effort", f"the effort levels of {subject.name} are not on record")


RULES = (
    unsupported_type,
    unsupported_effort,
    effort_without_thinking,
    budget_over_max_tokens,
    better_form,
    little_room,
    omitted,
    effort_unknown,
)
