"""Where requests go, and with which credential: arguments first, then the environment, else the emulator."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from workbench.errors import UsageError
from workbench.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

API_URL = "https://api.anthropic.com"
API_HOSTS = frozenset({"api.anthropic.com"})
"""Hosts a key from the environment is sent to. Any other has to be named by the caller."""

CLAUDE_API = "claude_api"
EMULATOR = "emulator"

Auth = Literal["x-api-key", "bearer"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A place that answers.

    Attributes:
        name: What to call it in a sentence.
        base_url: Scheme, host, port and path, without a slash at its end; None for the emulator in this
            process, which has no address before it runs.
        origin: What its replies are stored under: ``claude_api``, ``emulator`` or ``url:…``.
        key: The credential; empty where there is none.
        auth: The header that carries it.
        why: Why this place was chosen.
    """

    name: str
    base_url: str | None
    origin: str
    key: Secret
    auth: Auth = "x-api-key"
    why: str = ""

    @property
    def loopback(self) -> bool:
        """Whether it is on this machine."""
        return self.base_url is None or is_loopback(urlsplit(self.base_url).hostname or "")

    @property
    def named(self) -> bool:
        """Whether the caller named it, not the environment.

        >>> resolve(base_url="emulator", environ={}).named, resolve(environ={}).named
        (True, False)
        """
        return self.why in {"base_url", "asked for"}

    def headers(self) -> dict[str, str]:
        """Return the one header that carries the credential."""
        value = self.key.reveal() or "none"
        return {"authorization": f"Bearer {value}"} if self.auth == "bearer" else {"x-api-key": value}


def resolve(
    *,
    api_key: str | Secret | None = None,
    base_url: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> Endpoint:
    """Choose the endpoint.

    ``base_url`` names the place, or says ``"emulator"``; else a key means the Claude API; else
    ``ANTHROPIC_BASE_URL`` names the place; else it is the emulator. A key from the environment goes to the
    Claude API or to a ``base_url`` that was given as argument, never to an address that came from the
    environment: a cloned project's ``.env`` must not be able to collect keys.

    Raises:
        UsageError: An address that cannot be one, or plain http to another machine.

    >>> resolve(api_key="sk-ant-api03-x", environ={}).base_url
    'https://api.anthropic.com'
    >>> resolve(environ={"ANTHROPIC_BASE_URL": "http://127.0.0.1:8080/"}).origin
    'url:http://127.0.0.1:8080'
    >>> resolve(environ={}).origin
    'emulator'
    """
    environ = os.environ if environ is None else environ
    key = _secret(api_key if api_key is not None else environ.get("ANTHROPIC_API_KEY"))
    if base_url == EMULATOR:
        return Endpoint("emulator", None, EMULATOR, Secret(), why="asked for")
    if base_url is not None:
        return _at(base_url, key, "base_url")
    if key:
        return Endpoint("Claude API", API_URL, CLAUDE_API, key, _auth(key), "ANTHROPIC_API_KEY")
    if address := environ.get("ANTHROPIC_BASE_URL"):
        return _at(address, Secret(), "ANTHROPIC_BASE_URL")
    return Endpoint("emulator", None, EMULATOR, Secret(), why="no ANTHROPIC_API_KEY set")


def _secret(value: str | Secret | None) -> Secret:
    secret = value if isinstance(value, Secret) else Secret((value or "").strip())
    if any(not 0x20 < ord(letter) < 0x7F for letter in secret.reveal()):
        raise UsageError("the API key contains spaces or characters that no key has; copy it again")
    return secret


def _at(address: str, key: Secret, where: str) -> Endpoint:
    url = check_url(address, where)
    host = urlsplit(url).hostname or ""
    if host in API_HOSTS:
        return Endpoint("Claude API", url, CLAUDE_API, key, _auth(key), where)
    return Endpoint(url, url, f"url:{url}", key, _auth(key), where)


def _auth(key: Secret) -> Auth:
    """Tokens of OAuth and workload identity travel as Bearer, keys in their own header.

    Source: https://platform.claude.com/docs/en/api/overview#authentication
    """
    return "bearer" if key.reveal().startswith("sk-ant-oat") else "x-api-key"


def check_url(address: str, where: str = "base_url") -> str:
    """Return *address* without a slash at its end.

    Raises:
        UsageError: Not an http(s) address, or one that would send a key in clear over a network.

    >>> check_url("http://localhost:8080/anthropic/")
    'http://localhost:8080/anthropic'
    """
    url = address.strip().rstrip("/")
    shape = "; it should look like https://api.anthropic.com or http://127.0.0.1:8080"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:  # neither the address nor the reason is shown: both may hold a password
        raise UsageError(f"{where} is not an address; check its host and port{shape}") from None
    if parts.username is not None or parts.password is not None:
        raise UsageError(f"{where} must not hold a user name or password{shape}")
    if parts.scheme not in {"http", "https"} or not host or any(c.isspace() for c in url):
        raise UsageError(f"{where} {url!r} is not an http(s) address{shape}")
    if parts.query or parts.fragment:
        raise UsageError(f"{where} {url!r} must not have a query or fragment{shape}")
    if parts.path.endswith(("/v1", "/v1/messages")):
        raise UsageError(f"{where} {url!r}: leave out /v1, it is added to every path")
    if parts.scheme == "http" and not is_loopback(host):
        raise UsageError(f"{where} {url!r}: http would send the key and the texts in clear; use https")
    return url


def is_loopback(host: str) -> bool:
    """Return whether *host* is this machine.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("::1"), is_loopback("example.org")
    (True, True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
