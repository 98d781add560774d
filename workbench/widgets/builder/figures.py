"""Tokens and dollars of the request being built, for the side of the form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from workbench.tokens import count

if TYPE_CHECKING:
    from decimal import Decimal

    from workbench.wire import Request

SECTIONS = ("tools", "system", "documents", "images", "messages")
"""Parts of a prompt, in the order of the prefix."""


class Section(NamedTuple):
    """Tokens of one part of the prompt, and how many of them stand in the cached prefix."""

    name: str
    tokens: int
    cached: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What the request being built costs.

    Attributes:
        sections: Likely tokens per part, in the order of `SECTIONS`.
        low, likely, high: Input tokens; all the same where counted exactly.
        exact: Whether the service counted.
        cost_now: Dollars of the first send, the prefix written; None: unpriced.
        cost_at_hit: Dollars of each later one, the prefix read; None: unpriced, or nothing is cached.
        cost_plain: Dollars without any breakpoint; None: unpriced.
        pays_from: The use from which the cache is cheaper than none; None: nothing is cached, or unpriced.
        words: The same, line by line.
    """

    sections: tuple[Section, ...]
    low: int
    likely: int
    high: int
    exact: bool
    cost_now: Decimal | None
    cost_at_hit: Decimal | None
    cost_plain: Decimal | None
    pays_from: int | None
    words: tuple[str, ...]


def figures(request: Request, *, exact: int | None = None) -> Figures:
    """Return tokens and dollars of *request*.

    Args:
        request: What would be sent.
        exact: Input tokens as the service counted them.
    """
    tokens = count(request)
    sections = tuple(Section(name, tokens.parts[name], 0) for name in SECTIONS)
    return Figures(
        sections,
        tokens.low,
        tokens.likely,
        tokens.high,
        exact is not None,
        None,
        None,
        None,
        None,
        (str(tokens),),
    )
