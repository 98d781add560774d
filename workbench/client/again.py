"""What a run's folder says of how it was asked, so that the rest of it is asked the same way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypedDict

from workbench.errors import UsageError
from workbench.run import INFO, RunInfo, resume_call

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_VERSION = re.compile(r"[\w.,-]+")
"""What may stand in a header: the folder may be anybody's."""
REMEMBERED = ("concurrency", "budget_usd", "via", "auto_cache")
"""Arguments of `Client.run` that hold for the next sitting too."""


class Asked(TypedDict):
    """How a run was asked.

    Attributes:
        origin: Who answers; None where nobody was there yet.
        api_version: The version the client was made with, or None.
        betas: Those the client was made with.
        mode: Where answers came from.
        concurrency: Calls in flight at most.
        budget_usd: The run's cap, or None.
        via: ``messages``, ``batch`` or ``auto``.
        auto_cache: Whether prompts are given breakpoints.
    """

    origin: str | None
    api_version: str | None
    betas: list[str]
    mode: str
    concurrency: int | str
    budget_usd: str | None
    via: str
    auto_cache: bool


def remembered(folder: Path) -> Mapping[str, Any]:
    """Return how the run in *folder* was asked, as far as it says; empty where there is none."""
    if not (folder / INFO).exists():
        return {}
    asked = RunInfo.load(folder).asked
    return asked if isinstance(asked, dict) else {}


def header_of(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``api_version`` and ``betas`` for a `Client` that goes on with a run."""
    version, betas = asked.get("api_version"), asked.get("betas") or []
    known = [*betas, version] if version is not None else [*betas]
    if not all(isinstance(part, str) and _VERSION.fullmatch(part) for part in known):
        raise UsageError(f"{INFO} names an API version or betas that cannot be; was it changed?")
    return {"api_version": version, "betas": tuple(betas)}


def continued(folder: Path, now: Asked, *, resume: bool) -> Mapping[str, Any]:
    """Return how a run is asked from now on: its beginning decides, but for pace and budget.

    Raises:
        UsageError: As `refuse_other`.
    """
    then = remembered(folder) if resume else {}
    if now["mode"] != "replay":
        refuse_other(folder, then, now)
    kept = {name: value for name in ("origin", "mode") if (value := then.get(name)) is not None}
    return {**now, **kept}


def how_to_go_on(folder: Path) -> str:
    """Return what to call for the rest of a run."""
    return f"stopped; {resume_call(folder)} goes on"


def refuse_other(folder: Path, then: Mapping[str, Any], now: Asked) -> None:
    """Refuse to finish a run otherwise than it was begun: its table would compare what differs.

    Raises:
        UsageError: Somebody else would answer, or under another version or betas.
    """
    before = then.get("origin")
    if before and now["origin"] and before != now["origin"]:
        raise UsageError(
            f"{folder}: its answers are from {_named(before)}, and now {_named(now['origin'])} would answer; "
            f"{_cure(str(before))}"
        )
    for name, noun in (("api_version", "API version"), ("betas", "betas")):
        if name in then and then[name] != now[name]:  # type: ignore[literal-required]
            raise UsageError(
                f"{folder}: it was asked with {noun} {then[name]!r}; go on with Client({name}={then[name]!r})"
            )


def _named(origin: object) -> str:
    names = {"claude_api": "the Claude API", "emulator": "the emulator"}
    return names.get(str(origin), str(origin).removeprefix("url:"))


def _cure(origin: str) -> str:
    if origin == "claude_api":
        return "set ANTHROPIC_API_KEY, or begin anew in another folder"
    place = origin.removeprefix("url:")
    return f"name it (base_url={place!r}, --base-url {place}), or begin anew in another folder"
