"""A key that never shows itself, and the search for keys where none may be."""

from __future__ import annotations

import base64
import json
import re
import urllib.parse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_KEY = re.compile(r"sk-ant-[A-Za-z0-9_-]{16,}")
_KEY_BYTES = re.compile(rb"sk-ant-[A-Za-z0-9_-]{16,}|[A-Za-z0-9_-]{16,}-tna-ks(?![A-Za-z0-9_-])")
_PREFIX = b"sk-ant-"
SHORTEST = 8
"""Characters a value must have to be searched for: shorter ones occur by chance."""


class Secret:
    """A credential: whoever sends it asks for it by name, everything else sees dots.

    >>> key = Secret("sk-ant-api03-abcdefghijklmnop")
    >>> print(key, repr(key), f"{key}")
    •••••• Secret(••••••) ••••••
    >>> key.reveal()[:10]
    'sk-ant-api'
    """

    __slots__ = ("_value",)

    def __init__(self, value: str = "") -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the credential itself."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __str__(self) -> str:
        return "••••••"

    def __repr__(self) -> str:
        return "Secret(••••••)"

    def __reduce__(self) -> tuple[type[Secret], tuple[()]]:
        """Pickle as an empty secret: the copy has no key."""
        return Secret, ()


def scrub(text: str, secrets: Iterable[Secret | None] = ()) -> str:
    """Return *text* with keys replaced by dots.

    >>> scrub("invalid x-api-key: sk-ant-api03-abcdefghijklmnop")
    'invalid x-api-key: ••••••'
    """
    for secret in secrets:
        if secret is not None and len(secret.reveal()) >= SHORTEST:
            text = text.replace(secret.reveal(), "••••••")
    return _KEY.sub("••••••", text)


def find(data: bytes, secrets: Iterable[str] = ()) -> str | None:
    """Return how a secret is written in *data*, or None where there is none.

    Args:
        data: What is about to leave: a file, a record.
        secrets: Known values; any ``sk-ant-…`` key is looked for besides.

    >>> find(b'{"text": "hunter2hunter2"}', ["hunter2hunter2"])
    'raw'
    >>> find(base64.b64encode(b'say sk-ant-api03-AAAABBBBCCCCDDDD'))
    'base64'
    """
    if _KEY_BYTES.search(data):
        return "raw"
    for form, needle in _prefix_spellings():
        if needle in data:
            return form
    for secret in secrets:
        if len(secret) >= SHORTEST:
            for form, needle in spellings(secret):
                if needle in data:
                    return form
    return None


def spellings(secret: str) -> Iterator[tuple[str, bytes]]:
    """Yield the ways a secret may be written, with their names."""
    raw = secret.encode()
    yield "raw", raw
    yield "reversed", raw[::-1]
    yield "hex", raw.hex().encode()
    yield "hex", raw.hex().upper().encode()
    yield "URL-encoded", urllib.parse.quote(secret, safe="").encode()
    yield "URL-encoded", b"".join(b"%%%02X" % byte for byte in raw)
    yield "JSON-escaped", json.dumps(secret)[1:-1].encode()
    yield "JSON-escaped", b"".join(b"\\u%04x" % ord(letter) for letter in secret if ord(letter) < 1 << 16)
    for text in _base64(raw):
        yield "base64", text


def _base64(raw: bytes) -> Iterator[bytes]:
    """Yield the base64 of *raw* at each of its three alignments, without what its neighbours decide."""
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + raw)
        first, last = -(-8 * shift // 6), 8 * (shift + len(raw)) // 6
        yield text[first:last]


def _prefix_spellings() -> Iterator[tuple[str, bytes]]:
    yield "URL-encoded", b"sk%2Dant%2D"
    yield "URL-encoded", b"sk%2dant%2d"
    yield "JSON-escaped", b"".join(b"\\u%04x" % byte for byte in _PREFIX)
    for text in (b"c2stYW50L", b"NrLWFudC", b"zay1hbnQt"):
        yield "base64", text
