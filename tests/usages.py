"""A usage to price, and what a receipt of it says."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from workbench.wire import Usage

if TYPE_CHECKING:
    from decimal import Decimal

    from workbench.cost import Receipt

DAY = date(2026, 11, 22)
M = 1_000_000


def usage(
    plain: int = 0, out: int = 0, *, write: int = 0, hour: int = 0, read: int = 0, **more: Any
) -> Usage:
    split = {"ephemeral_5m_input_tokens": write, "ephemeral_1h_input_tokens": hour}
    return Usage.model_validate(
        {
            "input_tokens": plain,
            "output_tokens": out,
            "cache_creation_input_tokens": write + hour,
            "cache_read_input_tokens": read,
            "cache_creation": split,
            **more,
        }
    )


def amounts(receipt: Receipt) -> dict[str, Decimal | None]:
    return {line.label: line.amount for line in receipt.lines}
