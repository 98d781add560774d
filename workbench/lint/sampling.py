"""Rules for temperature, top_p and top_k: gone from the current version, gated by model in the old one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.lint.rule import Fault, rule
from workbench.lint.subject import CURRENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.lint.subject import Subject

_PARAMETERS = ("temperature", "top_p", "top_k")
_CONSULT = (
    " Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking"
)


def _old(subject: Subject) -> bool:
    """Whether sampling parameters exist at all and are set."""
    request = subject.request
    unset = request.temperature is None and request.top_p is None and request.top_k is None
    return not unset and subject.api_version != CURRENT


def _takes(subject: Subject) -> bool:
    return subject.model is None or subject.model.sampling_parameters != "reject_non_default"


@rule("E020", "sampling parameters removed", cure="leave it out", source="api/versioning")
def removed(subject: Subject) -> Iterator[Fault]:
    """Under 2026-10-21 temperature, top_p and top_k are refused, even at their defaults."""
    if subject.api_version != CURRENT:
        return
    for name in _PARAMETERS:
        if name in subject.request.model_fields_set:
            old = ", or send anthropic-version 2023-06-01" if _takes(subject) else ""
            what = f"{name} is not part of {CURRENT}"
            yield Fault(name, what, f"leave it out{old}", f"{name}: Extra inputs are not permitted")


@rule("E021", "non-default sampling", cure="leave it out: steer by prompt and effort", source="api/messages")
def non_default(subject: Subject) -> Iterator[Fault]:
    """Models since Claude 4.7 take only temperature 1, top_p from 0.99, and no top_k."""
    if not _old(subject) or _takes(subject):
        return
    request = subject.request
    refused = {
        "temperature": request.temperature is not None and request.temperature != 1,
        "top_p": request.top_p is not None and request.top_p < 0.99,
        "top_k": request.top_k is not None,
    }
    for name, is_refused in refused.items():
        if is_refused:
            yield Fault(name, message=f"`{name}` is deprecated for this model.")


@rule("E022", "temperature with top_p", cure="use only one of them", source="api/messages")
def both(subject: Subject) -> Iterator[Fault]:
    """Some models take temperature or top_p, not both."""
    request, model = subject.request, subject.model
    if not _old(subject) or model is None or model.sampling_parameters != "temperature_or_top_p":
        return
    if request.temperature is not None and request.top_p is not None:
        message = "`temperature` and `top_p` cannot both be specified for this model. Please use only one."
        yield Fault("top_p", message=message)


@rule(
    "E023",
    "sampling while thinking",
    cure="leave it out, or switch thinking off",
    source="build-with-claude/thinking",
)
def while_thinking(subject: Subject) -> Iterator[Fault]:
    """With thinking on, older models refuse temperature and top_k, and take top_p from 0.95."""
    if not _old(subject) or not _takes(subject) or not subject.thinks:
        return
    request = subject.request
    if request.temperature is not None and request.temperature != 1:
        message = "`temperature` may only be set to 1 when thinking is enabled." + _CONSULT
        yield Fault("temperature", message=message)
    if request.top_k is not None:
        yield Fault("top_k", message="`top_k` must be unset when thinking is enabled." + _CONSULT)
    if request.top_p is not None and request.top_p < 0.95:
        says = "`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled."
        yield Fault("top_p", message=says + _CONSULT)


@rule(
    "I024",
    "old API version for sampling",
    cure="none needed; newer models have no such parameters",
    source="api/versioning",
)
def kept_alive(subject: Subject) -> Iterator[Fault]:
    """Sampling parameters tie a prompt to the old API version and to models before Claude 4.7."""
    if _old(subject) and subject.model is not None and _takes(subject):
        yield Fault("", f"sampling parameters tie this to 2023-06-01 and to {subject.name} or older")


RULES = (removed, non_default, both, while_thinking, kept_alive)
