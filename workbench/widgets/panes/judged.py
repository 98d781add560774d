"""What lint says of a column's request, before it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.client.answers import version_for
from workbench.lint import lint
from workbench.report.words import plural
from workbench.show.h import join, tag
from workbench.show.safe import Html, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.client import Client
    from workbench.lint import Finding, Findings
    from workbench.wire import Request

NOT_SENT = "not sent: the service would refuse it"


def judge(client: Client, request: Request) -> Findings:
    """Return what lint finds in a request as this client would stream it."""
    sent = request.with_(stream=True)
    return lint(sent, api_version=version_for(request, client.api_version), betas=client.betas)


def count(found: Sequence[Finding]) -> str:
    """Return how many warnings there are, in words; empty where there are none."""
    return plural(len(found), "warning") if found else ""


def listed(found: Sequence[Finding]) -> Html:
    """Return findings one below the other: where, what, the cure, and the API's own words."""
    return tag("ul", join(_item(one) for one in found), cls="wb-findings") if found else Html()


def lines(found: Sequence[Finding]) -> list[str]:
    """Return the same as text."""
    return [f"{one}{f' · the API says: {_said(one)}' if one.status else ''}" for one in found]


def _item(one: Finding) -> Html:
    place = tag("code", text(one.path)) if one.path else None
    return tag(
        "li",
        tag("div", tag("strong", one.code), " ", place),
        None if (one.message or "").endswith(one.what) else tag("div", text(one.what)),
        tag("div", text(one.cure), cls="wb-dim") if one.cure else None,
        tag("div", tag("span", "the API says: ", cls="wb-dim"), text(_said(one))) if one.status else None,
    )


def _said(one: Finding) -> str:
    return f"{one.status} {one.error_type or 'error'}: {one.message or one.what}"
