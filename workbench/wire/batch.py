"""Message batches: many requests at half the price, answered within a day.

Source: https://platform.claude.com/docs/en/api/creating-message-batches
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from workbench.display import Shown
from workbench.errors import APIStatusError, WireError, status_error
from workbench.wire.base import Wire, parse
from workbench.wire.message import Message

MOST_REQUESTS = 100_000
MOST_BYTES = 256 * 10**6
"""Of a whole batch; the service means 256 MB, and the smaller reading of that is safe."""
CUSTOM_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_STATUSES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}


class RequestCounts(Wire):
    """How many requests of a batch are where; all are ``processing`` until the whole batch has ended."""

    processing: int = 0
    succeeded: int = 0
    errored: int = 0
    canceled: int = 0
    expired: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.processing + self.succeeded + self.errored + self.canceled + self.expired


class Batch(Shown, Wire):
    """A batch as the service tells of it."""

    id: str
    type: str = "message_batch"
    processing_status: str
    request_counts: RequestCounts = RequestCounts()
    created_at: str | None = None
    expires_at: str | None = None
    ended_at: str | None = None
    cancel_initiated_at: str | None = None
    archived_at: str | None = None
    results_url: str | None = None

    @property
    def ended(self) -> bool:
        """Whether every request has its outcome."""
        return self.processing_status == "ended"

    @property
    def took_s(self) -> float | None:
        """Seconds from its creation to its end; None while it runs."""
        begun, over = moment(self.created_at), moment(self.ended_at)
        return (over - begun).total_seconds() if begun and over else None

    def __str__(self) -> str:
        counts = self.request_counts
        named = [(name, getattr(counts, name)) for name in type(counts).model_fields]
        parts = [f"{count:,} {name}" for name, count in named if count]
        spent = f" in {self.took_s:,.0f} s" if self.took_s is not None else ""
        until = f" · expires {self.expires_at}" if not self.ended and self.expires_at else ""
        return f"{self.id} · {self.processing_status}{spent} · {', '.join(parts) or 'no requests'}{until}"


class BatchResult(Shown, Wire):
    """The outcome of one request of a batch: ``succeeded``, ``errored``, ``canceled`` or ``expired``.

    Only what succeeded is charged.
    """

    type: str
    message: Message | None = None
    error: dict[str, Any] | None = None

    @property
    def failure(self) -> APIStatusError | None:
        """Why there is no message, as the error a live call would have raised; None where there is one."""
        if self.message is not None:
            return None
        if self.type != "errored":
            return APIStatusError(f"the request was {self.type} in its batch", status=0, type=self.type)
        inner = (self.error or {}).get("error")
        inner = inner if isinstance(inner, dict) else {}
        kind, said = str(inner.get("type") or "api_error"), str(inner.get("message") or "no explanation")
        status = _STATUSES.get(kind, 500)
        details = inner.get("details")
        code = details.get("error_code") if isinstance(details, dict) else None
        named = (self.error or {}).get("request_id")
        return status_error(status)(
            f"{status} {kind}: {said}",
            status=status,
            type=kind,
            error_code=code if isinstance(code, str) else None,
            request_id=named if isinstance(named, str) else None,
        )

    def __str__(self) -> str:
        return str(self.message) if self.message is not None else f"{self.type}: {self.failure}"


def read_result(row: Any) -> tuple[str, BatchResult]:
    """Return name and outcome of one line of results; a message that is none is an error of its own.

    Raises:
        WireError: Not a line of results at all.

    >>> read_result({"custom_id": "a", "result": {"type": "expired"}})[1].type
    'expired'
    """
    name, result = (row.get("custom_id"), row.get("result")) if isinstance(row, dict) else (None, None)
    if not isinstance(name, str) or not isinstance(result, dict) or not isinstance(result.get("type"), str):
        raise WireError('not a line of batch results: it needs "custom_id" and "result"')
    try:
        found = parse(BatchResult, result)
    except WireError as error:
        return name, _unusable(str(error))
    if found.type == "succeeded" and found.message is None:
        return name, _unusable("succeeded, and no message")
    return name, found


def _unusable(why: str) -> BatchResult:
    inner = {"type": "api_error", "message": f"not a Messages answer: {why}"}
    return BatchResult(type="errored", error={"type": "error", "error": inner})


def moment(text: str | None) -> datetime | None:
    """Return a time of the service; None where it says none that can be read.

    >>> moment("2026-11-22T10:00:00Z").hour, moment("soon")
    (10, None)
    """
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
