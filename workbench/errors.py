"""Every exception of the package.

WorkbenchError                      exit code
├── UsageError                          2   a wrong argument, option or environment
│   ├── WireError                       2   JSON that is not the wire's shape
│   ├── UnknownModelError               2
│   ├── DatasetError                    2
│   ├── PromptError                     2
│   ├── LintError                       2   the service would refuse what is about to be sent
│   ├── CassetteError                   2
│   └── StoreError                      2
├── CheckFailedError                    1   the work was done and did not pass
│   └── RegressionError                 1
├── InconclusiveError                   3
└── IncompleteError                     4   stopped before the end; what is done is kept
    ├── ReplayMissError                 4   nothing recorded for a request in replay
    ├── BudgetError                     4
    ├── DiskFullError                   4
    ├── JournalError                    4
    └── APIError                        4   names as in the official SDK
        ├── APIConnectionError
        │   └── APITimeoutError
        ├── APIResponseValidationError      a 200 that is not an answer
        ├── StreamInterruptedError          a stream ended before `message_stop`
        ├── StreamProtocolError             a stream that breaks its own rules
        ├── RedirectError                   a redirect, never followed
        └── APIStatusError
            ├── BadRequestError             400
            ├── AuthenticationError         401
            ├── BillingError                402
            ├── PermissionDeniedError       403
            ├── NotFoundError               404
            ├── ConflictError               409
            ├── RequestTooLargeError        413
            ├── UnprocessableEntityError    422
            ├── RateLimitError              429
            ├── InternalServerError         5xx
            │   ├── ServiceUnavailableError 503
            │   ├── DeadlineExceededError   504
            │   └── OverloadedError         529
"""

from __future__ import annotations

import difflib
import sys
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


class WorkbenchError(Exception):
    """Root of everything this package raises. The message says what happened, where, and the cure."""

    exit_code = 1


class UsageError(WorkbenchError):
    """A wrong argument, option or environment variable."""

    exit_code = 2


class WireError(UsageError):
    """JSON that is not the wire's shape."""


class UnknownModelError(UsageError):
    """A model name the catalog does not know."""


class DatasetError(UsageError):
    """A dataset that cannot be read; names file, line and cure."""


class PromptError(UsageError):
    """A template and its values do not fit together."""


class LintError(UsageError):
    """The service would refuse what is about to be sent."""


class CassetteError(UsageError):
    """A cassette that cannot be read or must not be written."""


class StoreError(UsageError):
    """A store that cannot be opened or written."""


class CheckFailedError(WorkbenchError):
    """The work was done and did not pass."""


class RegressionError(CheckFailedError):
    """A gate proved that the new run is worse than its baseline."""


class InconclusiveError(WorkbenchError):
    """A gate could neither pass nor fail the new run."""

    exit_code = 3


class IncompleteError(WorkbenchError):
    """Work stopped before its end; what is done is kept and can be resumed."""

    exit_code = 4


class ReplayMissError(IncompleteError):
    """Replay found nothing recorded for a request."""


class BudgetError(IncompleteError):
    """The dollars that a run may pay do not reach for what is left.

    Attributes:
        cure: What to call to go on; whoever knows the run's folder says it.
    """

    cure = ""

    def __str__(self) -> str:
        return f"{super().__str__()}: {self.cure}" if self.cure else super().__str__()


class DiskFullError(IncompleteError):
    """No space left for a result; nothing more is sent."""


class JournalError(IncompleteError):
    """A journal that is damaged or held by another process."""


class APIError(IncompleteError):
    """Anything that went wrong between the client and the service.

    Attributes:
        request_id: The service's ``req_…`` id, where it gave one.
        model: The model asked for.
        retryable: Whether sending the same request again may succeed.
        lost: Attempts of the call that may have been charged without an answer.
        wasted: Those of them whose answer had begun, so that they were charged.
        outage: Whether nobody was answered for as long as a call sits that out.
    """

    retryable = False
    outage = False

    def __init__(self, message: str, *, request_id: str | None = None, model: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.request_id = request_id
        self.model = model
        self.lost = 0
        self.wasted = 0

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process whole."""
        return _revived, (type(self), dict(self.__dict__))

    def add_cure(self, cure: str) -> None:
        """Say also what to do about it."""
        if cure:
            self.message = f"{self.message}. {cure}"
            self.args = (self.message,)


def _revived(kind: type[APIError], state: dict[str, Any]) -> APIError:
    error = kind.__new__(kind, state["message"])
    error.args = (state["message"],)
    error.__dict__.update(state)
    return error


class APIConnectionError(APIError):
    """The service could not be reached, or the connection broke before an answer."""

    retryable = True


class APITimeoutError(APIConnectionError):
    """No answer, or no progress, within the time allowed."""


class APIResponseValidationError(APIError):
    """A 200 whose body is not a Messages answer.

    Attributes:
        body: The first 2,000 characters of what came instead.
    """

    retryable = True

    def __init__(self, message: str, *, body: str = "", **more: Any) -> None:
        super().__init__(message, **more)
        self.body = body[:2000]


class StreamInterruptedError(APIError):
    """A stream that ended before ``message_stop``.

    Attributes:
        partial: The message as far as it came, or None.
    """

    retryable = True

    def __init__(self, message: str, *, partial: Any = None, **more: Any) -> None:
        super().__init__(message, **more)
        self.partial = partial


class StreamProtocolError(APIError):
    """A stream that breaks the event protocol."""


class RedirectError(APIError):
    """The server answered with a redirect; redirects are never followed."""


class APIStatusError(APIError):
    """The service answered with an error status.

    Attributes:
        status: HTTP status code.
        type: ``error.type`` of the body, e.g. ``rate_limit_error``.
        error_code: ``error.details.error_code``, where given.
        retry_after_s: Seconds the service asked to wait, where given.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        type: str | None = None,  # noqa: A002 - the API's own word
        error_code: str | None = None,
        retry_after_s: float | None = None,
        **more: Any,
    ) -> None:
        super().__init__(message, **more)
        self.status = status
        self.type = type
        self.error_code = error_code
        self.retry_after_s = retry_after_s


class BadRequestError(APIStatusError):
    """400."""


class AuthenticationError(APIStatusError):
    """401: the key is missing, wrong, revoked or expired."""


class BillingError(APIStatusError):
    """402."""


class PermissionDeniedError(APIStatusError):
    """403."""


class NotFoundError(APIStatusError):
    """404: an unknown path or id, an unknown or retired model."""


class ConflictError(APIStatusError):
    """409."""

    retryable = True


class RequestTooLargeError(APIStatusError):
    """413."""


class UnprocessableEntityError(APIStatusError):
    """422."""


class RateLimitError(APIStatusError):
    """429."""

    retryable = True


class InternalServerError(APIStatusError):
    """500 and above."""

    retryable = True


class ServiceUnavailableError(InternalServerError):
    """503."""


class DeadlineExceededError(InternalServerError):
    """504."""


class OverloadedError(InternalServerError):
    """529."""


_BY_STATUS: dict[int, type[APIStatusError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    402: BillingError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    413: RequestTooLargeError,
    422: UnprocessableEntityError,
    429: RateLimitError,
    503: ServiceUnavailableError,
    504: DeadlineExceededError,
    529: OverloadedError,
}


def status_error(status: int) -> type[APIStatusError]:
    """Return the class for an HTTP status.

    >>> status_error(529).__name__, status_error(502).__name__, status_error(418).__name__
    ('OverloadedError', 'InternalServerError', 'APIStatusError')
    """
    return _BY_STATUS.get(status, InternalServerError if status >= 500 else APIStatusError)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the nearest known name, or nothing.

    >>> did_you_mean("claude-haiku-45", ["claude-haiku-4-5", "claude-opus-5"])
    "; did you mean 'claude-haiku-4-5'?"
    >>> did_you_mean("gpt", ["claude-haiku-4-5"])
    ''
    """
    nearest = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean {nearest[0]!r}?" if nearest else ""


def warn(message: str) -> None:
    """Warn at the line that called this package, however deep in it the cause was found."""
    level, frame = 1, sys._getframe()  # noqa: SLF001 - warnings count frames the same way
    while frame.f_back is not None and _ours(frame.f_globals):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, stacklevel=level)


def _ours(names: dict[str, Any]) -> bool:
    package, _, _ = str(names.get("__name__", "")).partition(".")
    return package == __name__.partition(".")[0]
