"""One message batch of the emulator: what was asked, how far it is, and how the API shows it.

Source: https://platform.claude.com/docs/en/api/creating-message-batches
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.emulator.auth import Caller
    from workbench.emulator.batches_shelf import Item

JSON = dict[str, Any]

EXPIRES_S = 86_400.0
KEPT_S = 29 * 86_400.0
"""Results can be read so long after the batch was made."""
OUTCOMES = ("succeeded", "errored", "canceled", "expired")


@dataclass
class Batch:
    """One batch; times are seconds of the wall clock.

    Attributes:
        items: What was asked; empty once it ended.
        order: In which order they are answered.
        position: How many have a result.
    """

    id: str
    caller: Caller
    created_at: float
    total: int
    items: list[Item] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)
    position: int = 0
    cancel_initiated_at: float | None = None
    ended_at: float | None = None
    deleted: bool = False

    @property
    def expires_at(self) -> float:
        """When what is not answered yet never will be."""
        return self.created_at + EXPIRES_S

    @property
    def status(self) -> str:
        """The API's ``processing_status``."""
        if self.ended_at is not None:
            return "ended"
        return "canceling" if self.cancel_initiated_at is not None else "in_progress"

    def order(self) -> list[int]:
        """Return the order of answering: the same after a restart, and not the order of asking."""
        return random.Random(self.id).sample(range(self.total), self.total)  # noqa: S311 - not a secret

    def archived(self, now: float) -> bool:
        """Return whether its results are gone for age."""
        return now >= self.created_at + KEPT_S

    def json(self, host: str, now: float) -> JSON:
        """Return the API's object; counts of outcomes stay 0 until the whole batch ended."""
        ended = self.ended_at is not None
        readable = ended and not self.archived(now)
        return {
            "id": self.id,
            "type": "message_batch",
            "processing_status": self.status,
            "request_counts": {
                "processing": 0 if ended else self.total,
                **{name: self.counts[name] if ended else 0 for name in OUTCOMES},
            },
            "ended_at": _moment(self.ended_at),
            "created_at": _moment(self.created_at),
            "expires_at": _moment(self.expires_at),
            "archived_at": _moment(self.created_at + KEPT_S) if ended and not readable else None,
            "cancel_initiated_at": _moment(self.cancel_initiated_at),
            "results_url": f"http://{host}/v1/messages/batches/{self.id}/results" if readable else None,
        }

    def state(self) -> JSON:
        """Return what a shelf keeps."""
        return {
            "id": self.id,
            "workspace": self.caller.workspace,
            "api_version": self.caller.api_version,
            "betas": list(self.caller.betas),
            "created_at": self.created_at,
            "total": self.total,
            "counts": dict(self.counts),
            "tokens": dict(self.tokens),
            "cancel_initiated_at": self.cancel_initiated_at,
            "ended_at": self.ended_at,
            "deleted": self.deleted,
        }


def _moment(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
