"""The API itself, on loopback: faithful in form, cost and refusals, honest that it answers by rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.emulator.app import Emulator
    from workbench.emulator.server import Running, serve, start_in_thread

__all__ = ["Emulator", "Running", "serve", "start_in_thread"]


def __getattr__(name: str) -> Any:
    """Load the server only when it is asked for: most work needs no starlette and no uvicorn."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from workbench.emulator import server

    return getattr(server, name)
