"""The HTTP connection: httpx's interface on aiohttp's connections."""

from __future__ import annotations

import asyncio
import urllib.request
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
        return aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
        )

    return AiohttpTransport(
        verify=context, trust_env=False, client=session, proxy=httpx.Proxy(proxy) if proxy else None
    )


def _proxy(endpoint: Endpoint) -> str | None:
    """Return the proxy the environment names, never for this machine."""
    parts = urlsplit(endpoint.base_url or "")
    if endpoint.loopback or urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")
