"""Scorers as data: a name and settings, so that a study can be rebuilt from a folder.

A file may be anybody's, so nothing named in it is imported or called: it chooses among the scorers of this
package, and hands them settings that they check as they check a user's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.errors import UsageError, WireError
from workbench.score.citations import CitationsValid, citations_valid
from workbench.score.labels import Choice, choice
from workbench.score.measures import Cost, Latency, Length, cost, latency, length
from workbench.score.numbers import Number, number
from workbench.score.structure import JsonPath, JsonValid, json_path, json_valid
from workbench.score.text import Exact, Includes, Regex, exact, includes, regex
from workbench.wire.codec import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workbench.score.base import Scorer


class _Form(NamedTuple):
    made: type
    make: Callable[..., Any]
    settings: tuple[str, ...]


_FORMS = {
    form.make.__name__: form
    for form in (
        _Form(Exact, exact, ("ignore_case", "strip", "view", "name")),
        _Form(Includes, includes, ("ignore_case", "view", "name")),
        _Form(Regex, regex, ("pattern", "group", "view", "name")),
        _Form(Choice, choice, ("labels", "view", "name")),
        _Form(Number, number, ("tolerance", "view", "name")),
        _Form(JsonValid, json_valid, ("schema", "fenced", "view", "name")),
        _Form(JsonPath, json_path, ("path", "equals", "fenced", "view", "name")),
        _Form(Length, length, ("max", "min", "unit", "view", "name")),
        _Form(Latency, latency, ("max_s", "name")),
        _Form(Cost, cost, ("max_usd", "name")),
        _Form(CitationsValid, citations_valid, ("name",)),
    )
}

_AS_JSON = frozenset({"schema", "equals"})
"""Settings that a scorer keeps as JSON text and its maker takes as a value."""


def spec(scorer: Scorer) -> dict[str, Any] | None:
    """Return what `rebuild` makes *scorer* of; None for a function of the user's, and whatever else is code.

    >>> from workbench.score import exact
    >>> spec(exact(strip=False))["settings"]
    {'ignore_case': False, 'strip': False, 'view': 'answer', 'name': 'exact'}
    """
    form = next((name for name, form in _FORMS.items() if form.made is type(scorer)), None)
    if form is None:
        return None
    kept = {name: getattr(scorer, name) for name in _FORMS[form].settings}
    settings = {name: str(v) if name == "max_usd" else v for name, v in kept.items() if v is not None}
    try:
        found: dict[str, Any] = loads(dumps({"scorer": form, "settings": settings}))
        return found if rebuild(found) == scorer else None
    except (TypeError, UsageError):  # a setting that JSON cannot hold
        return None


def rebuild(spec: Mapping[str, Any]) -> Scorer:
    """Return the scorer of a `spec`, whoever wrote it.

    Raises:
        UsageError: No scorer of this package, or settings it does not take.
    """
    try:
        form = _FORMS[spec["scorer"]]
        judge: Scorer = form.make(**_given(form, spec["settings"]))
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, WireError) as error:
        raise UsageError(f"no scorer can be made of {str(spec)[:120]} ({error!r})") from error
    return judge


def _given(form: _Form, settings: Mapping[str, Any]) -> dict[str, Any]:
    if not settings.keys() <= {*form.settings} or not all(map(_plain, settings.values())):
        raise TypeError("settings it does not have")
    return {name: loads(value) if name in _AS_JSON else value for name, value in settings.items()}


def _plain(value: Any) -> bool:
    texts = isinstance(value, list) and all(isinstance(item, str) for item in value)
    return texts or isinstance(value, str | int | float)
