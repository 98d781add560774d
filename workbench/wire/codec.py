"""JSON bytes in and out: fast where it can be, exact where it must be.

orjson refuses lone surrogates and rounds integers past 64 bits; both occur in model output and must
survive, so such texts take the standard library's slower path.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import orjson

from workbench.errors import WireError

MAX_DEPTH = 200
"""Levels of nesting accepted; deeper JSON is an attack, not an answer."""

_LONG_NUMBER = re.compile(rb"[-:\[,\s]\d{19}")
_SHAPE = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{\]}]')


def loads(data: bytes | str) -> Any:
    """Parse JSON.

    Args:
        data: UTF-8 bytes, or text.

    Raises:
        WireError: Not UTF-8, not JSON, or nested deeper than `MAX_DEPTH`.

    >>> loads(b'{"a": 123456789012345678901234567890}')
    {'a': 123456789012345678901234567890}
    """
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and _depth(raw) > MAX_DEPTH:
        raise WireError(f"JSON nested deeper than {MAX_DEPTH} levels")
    if not _LONG_NUMBER.search(raw):
        try:
            return orjson.loads(raw)
        except orjson.JSONDecodeError:
            pass  # lone surrogates, NaN, a byte order mark: the standard library reads them
    try:
        return json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise WireError(f"not JSON: {error}") from error


def dumps(value: Any) -> bytes:
    """Write compact JSON; ASCII escapes where UTF-8 cannot hold the text.

    >>> dumps({"b": 1.0, "a": "é"}).decode()
    '{"b":1.0,"a":"é"}'
    """
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, separators=(",", ":")).encode()


def canonical(value: Any) -> bytes:
    """Write the one form of *value* that keys are made from: sorted keys, compact.

    >>> canonical({"b": 1, "a": 2}) == canonical({"a": 2, "b": 1})
    True
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def digest(value: Any) -> str:
    """Return the SHA-256 of the canonical form, in hex."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _depth(raw: bytes) -> int:
    depth = deepest = 0
    for found in _SHAPE.finditer(raw):
        token = found.group()
        if token in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif token in b"]}":
            depth -= 1
    return deepest
