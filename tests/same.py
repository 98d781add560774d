"""JSON told apart as ``==`` does not: 1 is not 1.0 and not True, and keys have an order or none."""

from __future__ import annotations

from typing import Any


def exact(value: Any) -> Any:
    """*value* with its types and the order of its keys told apart by ``==``."""
    if isinstance(value, dict):
        return [(name, exact(item)) for name, item in value.items()]
    if isinstance(value, list):
        return ["list", *map(exact, value)]
    return type(value).__name__, repr(value)


def unordered(value: Any) -> Any:
    """*value* with its types told apart, keys in any order."""
    if isinstance(value, dict):
        return {name: unordered(item) for name, item in value.items()}
    if isinstance(value, list):
        return ["list", *map(unordered, value)]
    return type(value).__name__, repr(value)
