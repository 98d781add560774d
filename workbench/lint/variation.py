"""What is the same in many requests, and what is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.wire.request import Request


@dataclass(frozen=True)
class Variation:
    """Requests of one model that are linted together.

    Attributes:
        requests: All of them, in order.
    """

    requests: tuple[Request, ...]
