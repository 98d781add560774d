"""What an error says, in the form in which errors are counted: the same words for the same error."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from workbench import errors
from workbench.report.words import plural, visible
from workbench.secret import scrub

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_ONE_CALL = re.compile(r" \[req_[\w-]+\]| after \d+ tries in \d+ s")
"""What one call alone has: the service's id of it, and how often it was tried."""
_AGAIN = frozenset(
    {"api_error", "overloaded_error", "rate_limit_error", "timeout_error", "expired", "canceled"}
)
"""Types of the service after which the same request may be answered."""


def kind(error: Mapping[str, Any]) -> str:
    """Return an error's type, as tables name it."""
    return str(error.get("type") or "error")


def said(error: Mapping[str, Any]) -> str:
    """Return what an error says, without its type, its status and what one call alone has.

    >>> said({"type": "api_error", "status": 500, "message": "500 api_error: no after 3 tries in 2 s"})
    'no'
    >>> said({"type": "InternalServerError", "status": 502, "message": "502 error: Bad Gateway"})
    '502: Bad Gateway'
    """
    text = str(error.get("message") or "")
    if error.get("request_id"):
        text = text.replace(f" [{error['request_id']}]", "")
    text = _ONE_CALL.sub("", text)
    status, named = error.get("status"), kind(error)
    for head, instead in (
        (f"{status} {named}: ", ""),
        (f"{status} error: ", f"{status}: "),
        (f"{named}: ", ""),
    ):
        if text.startswith(head):
            return instead + text.removeprefix(head)
    return text


def passing(error: Mapping[str, Any]) -> bool:
    """Return whether asking the same again may be answered.

    >>> passing({"type": "api_error", "status": 500}), passing({"type": "APITimeoutError", "status": None})
    (True, True)
    >>> passing({"type": "invalid_request_error", "status": 400})
    False
    """
    status, named = error.get("status"), kind(error)
    known = errors.status_error(status) if isinstance(status, int) else getattr(errors, named, None)
    return named in _AGAIN or bool(getattr(known, "retryable", False))


def short(text: str, limit: int = 120) -> str:
    r"""Return *text* as one line without keys, cut to *limit*: for what stands in a list of many.

    >>> short("a\nb sk-ant-api03-abcdefghijklmnop")
    'a b ••••••'
    >>> short("abcdef", 4)
    'abc…'
    """
    flat = visible(" ".join(scrub(text[: 8 * limit]).split()))
    return flat if len(flat) <= limit else f"{flat[: limit - 1]}…"


def counted(found: Iterable[Mapping[str, Any]], *, most: int = 3) -> list[str]:
    """Return the most frequent errors, a line each; what is not told is counted.

    >>> counted([{"type": "api_error", "message": f"api_error: injected [req_{n}]"} for n in "ab"])
    ['2 × api_error: injected']
    """
    groups = Counter((kind(error), said(error)) for error in found)
    ordered = sorted(groups.items(), key=lambda group: (-group[1], group[0]))
    told = [
        f"{n:,} × {short(named)}" + (f": {short(text)}" if text else "")
        for (named, text), n in ordered[:most]
    ]
    rest = sum(n for _, n in ordered[most:])
    return [*told, f"… and {plural(rest, 'other error')}"] if rest else told
