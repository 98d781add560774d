"""The HTTP connection: httpx's interface on aiohttp's connections."""

from __future__ import annotations

import asyncio
import os
import urllib.request
import weakref
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp
import httpx
from aiohttp.client_proto import ResponseHandler
from httpx_aiohttp import AiohttpTransport

if TYPE_CHECKING:
    import ssl

    from workbench.platforms import Endpoint

_CONNECTIONS = 512
_sessions: weakref.WeakSet[aiohttp.ClientSession] = weakref.WeakSet()


class _Protocol(ResponseHandler):
    """Tells the reader of a body what went wrong with its connection.

    In aiohttp 3.14 a malformed chunk is noted on the connection only: its timeout is dropped, and whoever
    reads the body waits for ever.
    """

    def set_exception(self, exc: Any, *more: Any) -> None:
        super().set_exception(exc, *more)
        body = self._payload
        if body is not None and not body.is_eof() and body.exception() is None:
            known = isinstance(exc, aiohttp.ClientError | OSError)
            body.set_exception(exc if known else aiohttp.ClientPayloadError("malformed body"))


def over_aiohttp(endpoint: Endpoint) -> httpx.AsyncBaseTransport:
    """Return httpx's transport on aiohttp: its own pool is quadratic in open connections."""
    secure = (endpoint.base_url or "").startswith("https")
    context: ssl.SSLContext | bool = httpx.create_ssl_context(trust_env=True) if secure else False
    proxy = _proxy(endpoint)

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=_CONNECTIONS, ssl=context, keepalive_timeout=30)
        factory: Any = partial(_Protocol, loop=asyncio.get_running_loop())
        connector._factory = factory  # noqa: SLF001 - there is no public way
        made = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
        )
        _sessions.add(made)
        return made

    return AiohttpTransport(
        verify=context, trust_env=False, client=session, proxy=httpx.Proxy(proxy) if proxy else None
    )


def _leave_to_parent() -> None:
    """After a fork: let the parent's sessions go without closing them.

    Closing would take their sockets out of the parent's selector, which the child shares: the parent would
    wait for ever.
    """
    for session in list(_sessions):
        connector = session.connector
        session.detach()
        if connector is not None:
            connector._closed = True  # noqa: SLF001 - there is no public way
    _sessions.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)


def _proxy(endpoint: Endpoint) -> str | None:
    """Return the proxy the environment names, never for this machine."""
    parts = urlsplit(endpoint.base_url or "")
    if endpoint.loopback or urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")
