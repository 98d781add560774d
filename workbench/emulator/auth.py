"""Who calls: credential, API version, betas.

Source: https://platform.claude.com/docs/en/api/versioning
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from workbench.errors import AuthenticationError, BadRequestError
from workbench.lint.headers import version_problem

if TYPE_CHECKING:
    from collections.abc import Mapping

API_VERSIONS = ("2026-10-21", "2023-06-01")
INVALID = "sk-ant-invalid"
"""Keys that begin so are refused, so that a wrong key can be tried."""


@dataclass(frozen=True, slots=True)
class Caller:
    """What the headers of a request say.

    Attributes:
        workspace: Made from the credential: one key, one workspace.
    """

    workspace: str
    api_version: str
    betas: tuple[str, ...] = ()


def caller(headers: Mapping[str, str]) -> Caller:
    """Read the headers of a request.

    Args:
        headers: Names in lower case.

    Raises:
        AuthenticationError: No credential, two different ones, or one that is refused.
        BadRequestError: No ``anthropic-version``, or one that does not exist.

    >>> caller({"x-api-key": "any", "anthropic-version": "2026-10-21"}).api_version
    '2026-10-21'
    """
    workspace = _workspace(_credential(headers))
    version = headers.get("anthropic-version", "")
    if (says := version_problem(version)) is not None:
        raise _bad(says)
    if version not in API_VERSIONS:
        raise _bad(f"anthropic-version: this emulator knows {' and '.join(API_VERSIONS)} only")
    betas = tuple(
        name for name in (part.strip() for part in headers.get("anthropic-beta", "").split(",")) if name
    )
    return Caller(workspace, version, betas)


def _credential(headers: Mapping[str, str]) -> str:
    key = headers.get("x-api-key", "").strip()
    scheme, _, token = headers.get("authorization", "").strip().partition(" ")
    token = token.strip() if scheme.lower() == "bearer" else ""
    if key and token and key != token:
        raise _refused("x-api-key and Authorization carry different credentials; send exactly one")
    if not key and not token:
        raise _refused("x-api-key header is required")
    if (key or token).startswith(INVALID):
        raise _refused("invalid x-api-key" if key else "Invalid bearer token")
    return key or token


@lru_cache(maxsize=1024)
def _workspace(credential: str) -> str:
    digest = hashlib.sha256(f"workbench:{credential}".encode("utf-8", "surrogateescape")).hexdigest()
    return f"wrkspc_01{digest[:22]}"


def _refused(message: str) -> AuthenticationError:
    return AuthenticationError(message, status=401, type="authentication_error")


def _bad(message: str) -> BadRequestError:
    return BadRequestError(message, status=400, type="invalid_request_error")
