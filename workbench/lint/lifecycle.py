"""Rules for models: unknown, retired, soon retired, or not for everyone."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from workbench.catalog import catalog
from workbench.errors import did_you_mean
from workbench.lint.rule import Fault, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.catalog import Model
    from workbench.lint.subject import Subject

_PAGE = "about-claude/model-deprecations"
NOTICE_DAYS = 60
"""Say when a model may be retired within this many days: the notice Anthropic gives."""


def retired(model: Model, today: date) -> bool:
    """Tell whether the Claude API answers 404 for a model on a day."""
    if model.retires:
        return date.fromisoformat(model.retires) <= today
    return model.status == "retired"


def stage(model: Model, today: date) -> str:
    """Return ``active``, ``deprecated`` or ``retired``, as of a day."""
    if retired(model, today):
        return "retired"
    if model.deprecated is None:
        return "deprecated" if model.status == "deprecated" else "active"
    return "deprecated" if date.fromisoformat(model.deprecated) <= today else "active"


def _own_names(subject: Subject) -> bool:
    """Whether names of models are the customer's own (deployments), or a partner's."""
    return subject.partner or subject.platform.startswith("foundry")


def _successor(model: Model) -> str:
    return f"use {model.replacement}" if model.replacement else "use a newer model"


@rule(
    "E070",
    "unknown model",
    cure="`workbench models` lists the models",
    source="about-claude/models/overview",
    status=404,
    error_type="not_found_error",
)
def unknown_model(subject: Subject) -> Iterator[Fault]:
    """A name that is no model's id or alias is not found."""
    if subject.model is None and not _own_names(subject):
        served = [name for model in catalog() for name in (model.id, *model.aliases)]
        nearest = did_you_mean(subject.name, served)
        what = f"unknown model {subject.name!r}{nearest}"
        yield Fault("model", what, message=f"model: {subject.name}")


@rule(
    "E071",
    "retired model",
    cure="use the recommended successor",
    source=_PAGE,
    status=404,
    error_type="not_found_error",
)
def retired_model(subject: Subject) -> Iterator[Fault]:
    """A retired model is not found."""
    model = subject.model
    if model is not None and not subject.partner and retired(model, subject.today):
        when = f" on {model.retires}" if model.retires else ""
        what = f"{subject.name} was retired{when}"
        yield Fault("model", what, _successor(model), message=f"model: {subject.name}")


@rule("W072", "deprecated model", cure="move to the recommended successor", source=_PAGE)
def deprecated_model(subject: Subject) -> Iterator[Fault]:
    """A deprecated model stops answering on its retirement date."""
    model = subject.model
    if model is None or not model.deprecated or retired(model, subject.today):
        return
    if date.fromisoformat(model.deprecated) > subject.today:
        return
    what = f"{subject.name} is deprecated since {model.deprecated}; no retirement date is known"
    if model.retires:
        days = (date.fromisoformat(model.retires) - subject.today).days
        what = f"{subject.name} retires on {model.retires}, in {days} day{'s' * (days != 1)}"
    yield Fault("model", what, _successor(model))


@rule("W073", "retired elsewhere", cure="check the partner's own retirement date", source=_PAGE)
def retired_on_the_api(subject: Subject) -> Iterator[Fault]:
    """A partner may still serve a model that the Claude API has retired, until a date of its own."""
    model = subject.model
    if model is not None and subject.partner and retired(model, subject.today):
        yield Fault("model", f"{subject.name} is retired on the Claude API", _successor(model))


@rule("I074", "retirement possible", cure="plan the move", source=_PAGE)
def may_retire(subject: Subject) -> Iterator[Fault]:
    """Past its promised date a model may be deprecated at any time."""
    model = subject.model
    if model is None or not model.not_retired_before or model.status != "active":
        return
    until = model.not_retired_before
    days = (date.fromisoformat(until) - subject.today).days
    if days <= 0:
        what = f"{subject.name} was promised until {until}, and may be deprecated any day"
        yield Fault("model", f"{what}; no retirement date is known")
    elif days <= NOTICE_DAYS:
        yield Fault(
            "model", f"{subject.name} is promised until {until}, {days} day{'s' * (days != 1)} from now"
        )


@rule(
    "I075",
    "limited access",
    cure="make sure your organization has access",
    source="about-claude/models/overview",
)
def limited_access(subject: Subject) -> Iterator[Fault]:
    """Some models answer only to organizations that were let in."""
    model = subject.model
    if model is not None and model.access not in {None, "all"}:
        yield Fault("model", f"{subject.name} is for {model.access}")


@rule(
    "I076",
    "model not in the catalog",
    cure="nothing model-specific is checked",
    source="about-claude/models/overview",
)
def unlisted_deployment(subject: Subject) -> Iterator[Fault]:
    """A deployment's own name says nothing about its model, so nothing is assumed."""
    if subject.model is None and _own_names(subject):
        yield Fault("model", f"{subject.name} is not in the catalog")


RULES = (
    unknown_model,
    retired_model,
    deprecated_model,
    retired_on_the_api,
    may_retire,
    limited_access,
    unlisted_deployment,
)
