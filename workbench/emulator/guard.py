"""What stands before every route: who may call at all, request ids, error bodies, nothing unforeseen.

A page on another origin must not reach the emulator through the user's browser: foreign ``Host`` and any
``Origin`` are refused on every route, and no reply carries CORS headers.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException

from workbench.errors import APIStatusError
from workbench.wire.codec import dumps

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from workbench.emulator.ledger import Ledger

logger = logging.getLogger("workbench.emulator")

ORGANIZATION = "00000000-0000-4000-8000-00000e3071a7"
TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    503: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_HOST = re.compile(rb"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?", re.IGNORECASE)
_STANDING = [
    (b"anthropic-organization-id", ORGANIZATION.encode()),
    (b"x-workbench-emulator", b"1"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
]


def error_body(error: APIStatusError, request_id: str | None) -> bytes:
    """Return the body of an error, as every endpoint sends it.

    Source: https://platform.claude.com/docs/en/api/errors
    """
    inner: dict[str, Any] = {
        "type": error.type or TYPES.get(error.status, "api_error"),
        "message": error.message,
    }
    if error.error_code:
        inner["details"] = {"error_code": error.error_code}
    return dumps({"type": "error", "error": inner, "request_id": request_id})


class Guard:
    """The outermost layer."""

    def __init__(self, app: ASGIApp, ledger: Ledger) -> None:
        self.app = app
        self.ledger = ledger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; an answer always goes out, and it always has the API's shape."""
        if scope["type"] != "http":
            return
        request_id = scope["request_id"] = f"req_01{os.urandom(11).hex()}"
        standing = [(b"request-id", request_id.encode()), *_STANDING]
        begun = False

        async def tagged(message: MutableMapping[str, Any]) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                self.ledger.statuses[message["status"]] += 1
                message["headers"] = [*message.get("headers", ()), *standing]
            await send(message)

        try:
            _admit(scope)
            await self.app(scope, receive, tagged)
        except Exception as error:
            problem = _problem(error)
            if begun:
                raise
            await _answer(problem, request_id, receive, tagged)


def _problem(error: Exception) -> APIStatusError:
    if isinstance(error, APIStatusError):
        return error
    if isinstance(error, HTTPException):
        message = "Not Found" if error.status_code == 404 else str(error.detail)
        return APIStatusError(message, status=error.status_code)
    logger.error("the emulator failed", exc_info=error)
    return APIStatusError("Internal server error", status=500, type="api_error")


def _admit(scope: Scope) -> None:
    """Refuse what no client on this machine sends.

    Raises:
        APIStatusError: 403.
    """
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]):
        raise _forbidden("Host must be 127.0.0.1 or localhost")
    for name, value in scope["headers"]:
        if name == b"origin" or (name == b"sec-fetch-site" and value not in {b"none", b"same-origin"}):
            raise _forbidden("Requests from web pages are refused")


def _forbidden(message: str) -> APIStatusError:
    return APIStatusError(message, status=403, type="permission_error")


async def _answer(problem: APIStatusError, request_id: str, receive: Receive, send: Send) -> None:
    body = error_body(problem, request_id)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if problem.retry_after_s is not None:
        headers.append((b"retry-after", f"{problem.retry_after_s:g}".encode()))
    unread = problem.status == 413
    if unread:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": unread})
    if unread:
        await _drain(receive)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _drain(receive: Receive) -> None:
    """Read on for a while and keep nothing: a client still writing would else never see the answer."""
    try:
        async with asyncio.timeout(10):
            while True:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body"):
                    return
    except TimeoutError:
        return
