"""A request's body, read with limits and parsed."""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from workbench.errors import APIStatusError, BadRequestError, RequestTooLargeError, WireError
from workbench.lint import body_refusal
from workbench.wire.base import first_problem
from workbench.wire.codec import loads
from workbench.wire.request import Request

if TYPE_CHECKING:
    from starlette.datastructures import Headers
    from starlette.types import Receive

LIMIT = 32 * 2**20
"""Bytes of a body, before and after decoding. Source: https://platform.claude.com/docs/en/api/errors"""
PATIENCE_S = 60.0
"""Seconds for a body to arrive."""

JSON = dict[str, Any]


async def read(headers: Headers, receive: Receive, *, limit: int = LIMIT) -> bytes:
    """Return the decoded bytes of a JSON body.

    Raises:
        RequestTooLargeError: Over the limit; nothing past it is kept.
        BadRequestError: Not JSON by its headers, an encoding that cannot be read, or a body that never ends.
    """
    _check_type(headers.get("content-type", ""))
    length = headers.get("content-length", "")
    if length.isdigit() and int(length[:18]) > limit:
        raise _too_large()
    raw = await _received(receive, limit)
    encoding = headers.get("content-encoding", "").strip().lower()
    return raw if encoding in {"", "identity"} else _decoded(raw, encoding, limit)


async def _received(receive: Receive, limit: int) -> bytes:
    first = await receive()
    if not first.get("more_body"):
        return _within(first.get("body", b""), limit)
    parts, size = [first["body"]], len(first["body"])
    try:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _bad("The request body ended early")
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > limit:
                    raise _too_large()
                if not message.get("more_body"):
                    return b"".join(parts)
    except TimeoutError:
        raise _bad("Timed out reading the request body", "request_body_timeout") from None


def _within(raw: bytes, limit: int) -> bytes:
    if len(raw) > limit:
        raise _too_large()
    return raw


def _check_type(content_type: str) -> None:
    kind, _, parameters = content_type.lower().partition(";")
    if kind.strip() != "application/json":
        raise _bad("content-type: must be application/json")
    charset = parameters.partition("charset=")[2].strip(' "')
    if charset and charset not in {"utf-8", "utf8"}:
        raise _bad(f"charset {charset[:40]!r} is not supported", "unsupported_charset")


def _decoded(raw: bytes, encoding: str, limit: int) -> bytes:
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise _bad(
            f"content-encoding {encoding[:40]!r} is not supported", "request_body_encoding_unsupported"
        )
    decoder = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    try:
        text = decoder.decompress(raw, limit + 1)
    except zlib.error:
        raise _bad("The request body could not be decoded", "request_body_encoding_invalid") from None
    if len(text) > limit:
        raise _too_large("request_body_too_large_after_decoding")
    if not decoder.eof:
        raise _bad("The request body could not be decoded", "request_body_encoding_invalid")
    return text


def parse(raw: bytes, *, endpoint: str = "messages") -> tuple[JSON, Request]:
    """Return the body as JSON and as a request.

    Args:
        raw: The decoded bytes.
        endpoint: ``messages`` or ``count_tokens``.

    Raises:
        BadRequestError: Not JSON, or not a request's shape, in the words of the rulebook.

    >>> parse(b'{"model": "m", "max_tokens": 1, "messages": [{"content": "x"}]}')
    Traceback (most recent call last):
    ...
    workbench.errors.BadRequestError: messages.0.role: Field required
    """
    try:
        body = loads(raw)
    except WireError as error:
        raise _bad(f"The request body is not valid JSON: {str(error)[:200]}") from None
    try:
        return body, Request.model_validate(body)
    except ValidationError as error:
        found = body_refusal(body, endpoint=endpoint)
        raise _bad(found.message if found and found.message else first_problem(error)) from None
    except RecursionError:
        raise _bad("The request body is nested too deep") from None


def _too_large(code: str | None = None) -> RequestTooLargeError:
    message = "Request exceeds the maximum size"
    return RequestTooLargeError(message, status=413, type="request_too_large", error_code=code)


def _bad(message: str, code: str | None = None) -> APIStatusError:
    return BadRequestError(message, status=400, type="invalid_request_error", error_code=code)
