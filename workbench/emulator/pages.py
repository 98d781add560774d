"""Pages of a list, by the ids at their edges.

Source: https://platform.claude.com/docs/en/api/models-list
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from workbench.errors import BadRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class _Named(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=_Named)


def page(rows: Sequence[T], query: Mapping[str, str], *, kind: str) -> tuple[list[T], bool]:
    """Return the rows that were asked for, and whether there are more in that direction.

    Args:
        rows: All of them, in the order of the list.
        query: ``limit``, ``after_id`` and ``before_id`` as they came.
        kind: What a row is called in an error.

    Raises:
        BadRequestError: A query parameter that makes no sense.
    """
    size = _size(query.get("limit"))
    after, before = query.get("after_id"), query.get("before_id")
    if after and before:
        raise bad("after_id and before_id cannot be used together")
    ids = [row.id for row in rows]
    if after:
        start = _index(ids, after, "after_id", kind) + 1
        return list(rows[start : start + size]), len(rows) > start + size
    if before:
        end = _index(ids, before, "before_id", kind)
        return list(rows[max(0, end - size) : end]), end > size
    return list(rows[:size]), len(rows) > size


def bad(message: str) -> BadRequestError:
    """Return the 400 that says so."""
    return BadRequestError(message, status=400, type="invalid_request_error")


def _size(limit: str | None) -> int:
    if limit is None:
        return 20
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= 1000):
        raise bad("limit: Input should be a whole number from 1 to 1000")
    return int(limit)


def _index(ids: list[str], name: str, parameter: str, kind: str) -> int:
    if name not in ids:
        raise bad(f"{parameter}: no {kind} {name[:80]!r} in this list")
    return ids.index(name)
