"""JSON bytes in and out: fast where it can be, exact where it must be.

The fast parser (pydantic's) keeps integers of any length, reads NaN and has a depth limit, but refuses lone
surrogates and a byte order mark; both occur, so such texts take the standard library's slower path. The fast
writer (orjson) refuses surrogates and long integers, and turns NaN into null; those are written by the
standard library too.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from typing import Any

import orjson
from pydantic_core import from_json

from workbench.errors import WireError

MAX_DEPTH = 200
"""Levels of nesting accepted; deeper JSON is an attack, not an answer."""

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}|[\ud800-\udfff]")


def loads(data: bytes | str) -> Any:
    """Parse JSON.

    Args:
        data: UTF-8 bytes, or text.

    Raises:
        WireError: Not UTF-8, not JSON, or nested deeper than `MAX_DEPTH`.

    >>> loads(b'{"a": 123456789012345678901234567890}')
    {'a': 123456789012345678901234567890}
    """
    try:
        value = from_json(data)
    except (ValueError, TypeError) as error:  # TypeError: a str that holds lone surrogates
        if "recursion limit" in str(error):
            raise _too_deep() from error
        value = _loads_slowly(data)
    if _openers(data) > MAX_DEPTH and _is_deeper(value):
        raise _too_deep()
    return value


def dumps(value: Any) -> bytes:
    """Write compact JSON; ASCII escapes where UTF-8 cannot hold the text.

    >>> dumps({"b": 1.0, "a": "é"}).decode()
    '{"b":1.0,"a":"é"}'
    >>> dumps([float("nan"), None])
    b'[NaN,null]'
    """
    return _write(value, sort_keys=False)


def canonical(value: Any) -> bytes:
    """Write the one form of *value* that keys are made from: sorted keys, compact.

    >>> canonical({"b": 1, "a": 2}) == canonical({"a": 2, "b": 1})
    True
    """
    return _write(value, sort_keys=True)


def digest(value: Any) -> str:
    """Return the SHA-256 of the canonical form, in hex."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _write(value: Any, *, sort_keys: bool) -> bytes:
    try:
        raw = orjson.dumps(value, option=orjson.OPT_SORT_KEYS if sort_keys else None)
    except TypeError:
        pass
    else:
        if b"null" not in raw or not _holds_nan(value):
            return raw
    return json.dumps(value, separators=(",", ":"), sort_keys=sort_keys).encode()


def _holds_nan(value: Any) -> bool:
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, dict):
        return any(map(_holds_nan, value.values()))
    return isinstance(value, list | tuple) and any(map(_holds_nan, value))


def _loads_slowly(data: bytes | str) -> Any:
    try:
        text = data if isinstance(data, str) else data.decode()
        text = text.removeprefix("\ufeff")
        # The same JSON without surrogates: the fast parser judges its shape and depth.
        from_json(_SURROGATE.sub("\\\\u0041", text))
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        if "recursion limit" in str(error):
            raise _too_deep() from error
        raise WireError(f"not JSON: {error}") from error


def _openers(data: bytes | str) -> int:
    if isinstance(data, str):
        return data.count("[") + data.count("{")
    return data.count(b"[") + data.count(b"{")


def _is_deeper(value: Any) -> bool:
    """Tell whether *value* has more levels than allowed: the parser lets an empty one too many through."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [one for one in level if isinstance(one, dict | list)]
        if not level:
            return False
        level = [x for one in level for x in (one.values() if isinstance(one, dict) else one)]
    return True


def _too_deep() -> WireError:
    return WireError(f"JSON nested deeper than {MAX_DEPTH} levels")
