"""How a noun shows itself: its own text, and the pictures of it that `show/` knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Renderer = Callable[[Any], dict[str, Any]]

_renderer: Renderer | None = None


def use_renderer(renderer: Renderer) -> None:
    """Let *renderer* make what a notebook shows of every noun.

    Args:
        renderer: Takes a noun, returns data by MIME type: safe HTML, an SVG; empty where it knows none.
    """
    global _renderer  # noqa: PLW0603 - set once, by the package's own __init__
    _renderer = renderer


def bundle(noun: object) -> dict[str, Any]:
    """Return what a notebook shows of *noun* beside its text, by MIME type."""
    return {} if _renderer is None else _renderer(noun)


class Shown:
    """Base of every noun a notebook displays; ``str(noun)`` is complete by itself."""

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        # A lone surrogate cannot be sent to the front end: the cell would end in an error.
        plain = str(self).encode("utf-8", "backslashreplace").decode()
        return {"text/plain": plain, **bundle(self)}
