"""From what httpx, aiohttp and the service report to the errors of this package.

A `Failure` never leaves the transport: it holds the error to raise, and what deciding about a retry needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import aiohttp
import httpx

from workbench.errors import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    APITimeoutError,
    RedirectError,
    WireError,
    status_error,
)
from workbench.retry import asked_wait
from workbench.secret import Secret, scrub
from workbench.wire.codec import loads

if TYPE_CHECKING:
    from workbench.platforms import Endpoint

Paid = Literal["no", "perhaps", "lost"]
Outage = Literal["place", "model"]

TRIES = "\0tries\0"
"""Where in a message the number of attempts belongs."""

WIRE_ERRORS = (httpx.HTTPError, httpx.StreamError, aiohttp.ClientError, OSError)
_DOWN = frozenset({500, 502, 503, 504})
_NO_TRUST = (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError)
_TOO_SLOW = (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout)
_NO_CONNECTION = (*_NO_TRUST, *_TOO_SLOW, aiohttp.ClientConnectorError, httpx.ConnectError)
_HINTS = {
    401: "Check ANTHROPIC_API_KEY, or the api_key given to Client.",
    402: "Settle the payment in the Console.",
    403: "This key may not use that model or endpoint.",
}


class Failure(Exception):  # noqa: N818 - it never leaves the transport
    """One attempt that failed.

    Attributes:
        error: What to raise when there is no further attempt.
        status: What `retry.judge` is told: an HTTP status, or None for a broken connection.
        headers: Of the answer, where there was one.
        paid: Whether the attempt may have cost something.
        again: Retries this kind of failure is worth at most; None leaves it to the policy.
        outage: What may be out of order, as far as this failure shows; None where it shows nothing.
    """

    def __init__(
        self,
        error: APIError,
        *,
        status: int | None = None,
        headers: httpx.Headers | None = None,
        paid: Paid = "no",
        again: int | None = None,
        gone: bool = False,
    ) -> None:
        super().__init__(str(error))
        self.error = error
        self.status = status
        self.headers = headers
        self.paid = paid
        self.again = again
        self.outage: Outage | None = "place" if gone or status in _DOWN else None
        if status == 529:
            self.outage = "model"

    @property
    def error_code(self) -> str | None:
        """``error.details.error_code`` of the body."""
        return getattr(self.error, "error_code", None)


def refused_body(what: str, response: httpx.Response, body: bytes = b"", *, again: int | None = 1) -> Failure:
    """Return the failure of a 200 that cannot be used: paid, and lost.

    What the way here has damaged is worth as many attempts as any; what the server means so, one more.
    """
    error = APIResponseValidationError(
        f"not a Messages answer: {what}",
        body=body[:8000].decode("utf-8", "replace"),
        request_id=request_id(response),
    )
    return Failure(error, paid="lost", again=again)


def refused_status(response: httpx.Response, body: bytes, key: Secret, *, now: float | None) -> Failure:
    """Return the failure of an answer whose status is an error."""
    kind, message, code, inner_id = _error_body(body)
    status = response.status_code
    shown = message or _excerpt(body) or response.reason_phrase or "no explanation"
    identity = request_id(response) or inner_id
    text = f"{status} {kind or 'error'}: {visible(scrub(shown, [key]))}{TRIES}"
    text += f" [{identity}]" if identity else ""
    hint = _HINTS.get(status)
    error = status_error(status)(
        f"{text}. {hint}" if hint else text,
        status=status,
        type=kind,
        error_code=code,
        retry_after_s=asked_wait(
            response.headers.get("retry-after"), response.headers.get("retry-after-ms"), now
        ),
        request_id=identity,
    )
    return Failure(error, status=status, headers=response.headers)


def redirected(response: httpx.Response) -> Failure:
    """Return the failure of a redirect: following it would hand the key and the texts to another host."""
    target = response.headers.get("location", "")
    try:
        host = httpx.URL(target).host or "another path of the same host"
    except httpx.InvalidURL:
        host = "an invalid address"
    error = RedirectError(
        f"{response.status_code}: the server redirects to {visible(host)}; redirects are never followed. "
        "Give the final address as base_url if you trust it",
        request_id=request_id(response),
    )
    return Failure(error, status=response.status_code, again=0)


def broken(error: BaseException, endpoint: Endpoint, *, answered: bool, idle_s: float) -> Failure:
    """Return the failure of a connection that could not be made, or broke.

    Args:
        error: What httpx or aiohttp raised.
        endpoint: Where the request went.
        answered: Whether the headers of an answer had come.
        idle_s: The idle timeout in force.
    """
    cause = error.__cause__ or error
    place = endpoint.base_url or endpoint.name
    if isinstance(cause, _NO_CONNECTION):
        return _unreachable(cause, place, endpoint)
    paid: Paid = "lost" if answered or isinstance(cause, aiohttp.ClientPayloadError) else "perhaps"
    if isinstance(cause, TimeoutError | httpx.TimeoutException):
        return Failure(APITimeoutError(f"{place} sent nothing for {idle_s:g} s{TRIES}"), paid=paid)
    gone = False
    if isinstance(cause, aiohttp.ClientPayloadError):
        what = f"the answer of {place} was cut off"
    elif isinstance(cause, aiohttp.ClientResponseError):
        what = f"{place} sent no valid HTTP: {_reason(cause)}"
    else:
        gone = not answered
        what = f"{place} closed the connection {'in the middle of its' if answered else 'before an'} answer"
    return Failure(APIConnectionError(f"{what}{TRIES}"), paid=paid, gone=gone)


def closed(endpoint: Endpoint) -> Failure:
    """Return the failure of a call whose client was closed before its next attempt."""
    place = endpoint.base_url or endpoint.name
    return Failure(APIConnectionError(f"the client was closed before {place} had answered{TRIES}"), again=0)


def _unreachable(cause: BaseException, place: str, endpoint: Endpoint) -> Failure:
    if isinstance(cause, _NO_TRUST):
        what = f"{place} has no certificate that can be trusted: {_reason(cause)}"
        return Failure(APIConnectionError(what), again=0)
    advice = (
        "Is the server running? `workbench serve` starts the emulator"
        if endpoint.loopback
        else "Is the network up?"
    )
    if isinstance(cause, _TOO_SLOW):
        late = APITimeoutError(f"cannot reach {place} (no connection in time{TRIES}). {advice}")
        return Failure(late, gone=True)
    return Failure(APIConnectionError(f"cannot reach {place} ({_reason(cause)}{TRIES}). {advice}"), gone=True)


def with_tries(error: APIError, tries: int, seconds: float) -> APIError:
    """Fill in how often and how long it was tried."""
    times = f" after {tries} tries in {seconds:.0f} s" if tries > 1 else ""
    error.message = error.message.replace(TRIES, times)
    error.args = (error.message,)
    return error


def copied(error: APIError) -> APIError:
    """Return an error of the same kind and words, to be raised by somebody else."""
    same = type(error).__new__(type(error))
    same.__dict__.update(error.__dict__)
    same.args = error.args
    return same


def bare(error: BaseException) -> BaseException:
    """Return *error* without the frames beneath it, whose locals hold the headers and so the key."""
    seen: BaseException | None = error
    while seen is not None:
        seen.__traceback__ = None
        seen = seen.__cause__ or seen.__context__
    return error


def request_id(response: httpx.Response) -> str | None:
    """Return the service's id of the request."""
    found: str | None = response.headers.get("request-id")
    return found


def visible(text: str, limit: int = 500) -> str:
    r"""Return *text* with control characters shown as escapes, cut to *limit*.

    >>> print(visible("a\x1b[31mb"))
    a\x1b[31mb
    """
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[:limit])
    return shown + "…" * (len(text) > limit)


def _error_body(body: bytes) -> tuple[str | None, str | None, str | None, str | None]:
    """Return type, message, error code and request id; each None where the body does not say."""
    try:
        data = loads(body)
    except WireError:
        return None, None, None, None
    error = data.get("error") if isinstance(data, dict) else None
    if not isinstance(error, dict):
        return None, None, None, None
    details = error.get("details")
    code = details.get("error_code") if isinstance(details, dict) else None
    texts = (error.get("type"), error.get("message"), code, data.get("request_id"))
    kind, message, code, identity = (text if isinstance(text, str) else None for text in texts)
    return kind, message, code, identity


def _excerpt(body: bytes) -> str:
    return " ".join(body[:300].decode("utf-8", "replace").split())[:200]


def _reason(cause: BaseException) -> str:
    inner = getattr(cause, "os_error", None) or cause
    if isinstance(inner, ConnectionRefusedError):
        return "connection refused"
    text = getattr(inner, "strerror", None) or getattr(inner, "message", None) or str(inner)
    return visible(str(text), 200) or type(cause).__name__
