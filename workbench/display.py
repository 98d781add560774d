"""How a noun shows itself: its own text, and the HTML that `show/` knows for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Renderer = Callable[[Any], str | None]

_renderer: Renderer | None = None


def use_renderer(renderer: Renderer) -> None:
    """Let *renderer* make the HTML of every noun.

    Args:
        renderer: Takes a noun, returns safe HTML, or None where it knows none.
    """
    global _renderer  # noqa: PLW0603 - set once, by the package's own __init__
    _renderer = renderer


def to_html(noun: object) -> str | None:
    """Return the safe HTML of *noun*, or None where there is none."""
    return _renderer(noun) if _renderer is not None else None


class Shown:
    """Base of every noun a notebook displays; ``str(noun)`` is complete by itself."""

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        # A lone surrogate cannot be sent to the front end: the cell would end in an error.
        plain = str(self).encode("utf-8", "backslashreplace").decode()
        bundle = {"text/plain": plain, "text/html": to_html(self)}
        return {kind: text for kind, text in bundle.items() if text is not None}
