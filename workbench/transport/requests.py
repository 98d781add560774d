"""HTTP requests as they leave: address, headers, body."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import httpx

from workbench.transport.spool import Spool

if TYPE_CHECKING:
    from workbench.platforms import Endpoint
    from workbench.transport.attempts import Call
    from workbench.transport.limits import Limits

MESSAGES = "/v1/messages"


def user_agent() -> str:
    """Return what this package calls itself."""
    try:
        return f"claude-workbench/{version('claude-workbench')}"
    except PackageNotFoundError:
        return "claude-workbench/0"


class Requests:
    """Makes the requests of one endpoint; what they have in common is worked out once.

    Args:
        endpoint: Where to, and with which key.
        limits: How long to wait for a connection.
    """

    def __init__(self, endpoint: Endpoint, limits: Limits) -> None:
        self._endpoint = endpoint
        self._limits = limits
        self._agent = user_agent()
        self._messages_url: httpx.URL | None = None
        self._headers: dict[tuple[object, ...], list[tuple[bytes, bytes]]] = {}

    def made(self, call: Call, *, stream: bool, idle_s: float) -> httpx.Request:
        """Make the request; what httpx would work out of a body is known here."""
        headers = [*self._standing(call, stream=stream), *self._credential()]
        extensions = {"timeout": {"connect": self._limits.connect_s, "read": idle_s}}
        url, body = self._url(call.path), call.body
        if not isinstance(body, bytes):
            if isinstance(body, Spool):
                headers.append((b"content-length", b"%d" % body.size))
            return httpx.Request(call.method, url, headers=headers, content=body, extensions=extensions)
        headers.append((b"content-length", b"%d" % len(body)))
        content = httpx.ByteStream(body)
        request = httpx.Request(call.method, url, headers=headers, stream=content, extensions=extensions)
        request.read()
        return request

    def _credential(self) -> list[tuple[bytes, bytes]]:
        return [(name.encode(), value.encode()) for name, value in self._endpoint.headers().items()]

    def _standing(self, call: Call, *, stream: bool) -> list[tuple[bytes, bytes]]:
        """Return the headers that calls of one kind have in common; no secret is among them."""
        kind = (call.api_version, call.betas, stream, call.body is None)
        if kind not in self._headers:
            headers = {
                "anthropic-version": call.api_version,
                "user-agent": self._agent,
                "accept": "text/event-stream" if stream else "application/json",
                "accept-encoding": "identity" if stream else "gzip, deflate",
            }
            if call.body is not None:
                headers["content-type"] = "application/json"
            if call.betas:
                headers["anthropic-beta"] = ",".join(call.betas)
            self._headers[kind] = [(name.encode(), value.encode()) for name, value in headers.items()]
        return self._headers[kind]

    def _url(self, path: str) -> httpx.URL:
        """Return the address of a path, read once: it is the same for every message."""
        if path != MESSAGES:
            return httpx.URL(f"{self._endpoint.base_url}{path}")
        if self._messages_url is None:
            self._messages_url = httpx.URL(f"{self._endpoint.base_url}{path}")
        return self._messages_url
