"""What the server counted: the other side of every receipt."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

_COUNTED = ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


@dataclass
class Ledger:
    """Counters since the start.

    Attributes:
        requests: Requests that arrived, by path; unknown paths together.
        statuses: Answers begun, by status.
        billed: Message requests whose tokens were charged.
        answered: Those of them whose answer went out to the last byte.
        batch_billed, batch_tokens: Of batches: half the price, so counted apart.
        faults: Faults injected, by name.
        bodies: How often each request body was billed, streamed or not; by digest.
    """

    requests: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)
    billed: int = 0
    answered: int = 0
    batch_billed: int = 0
    batch_tokens: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    bodies: Counter[str] = field(default_factory=Counter)

    def bill(self, usage: dict[str, Any], body: str = "") -> None:
        """Charge the tokens of one answer to the request whose body has that digest."""
        self.billed += 1
        if body:
            self.bodies[body[:32]] += 1
        for name in _COUNTED:
            self.tokens[name] += usage.get(name) or 0

    def bill_batch_item(self, usage: dict[str, Any], batch: Counter[str]) -> None:
        """Charge the tokens of one answer of a batch, here and on the batch's own account."""
        self.batch_billed += 1
        for name in _COUNTED:
            tokens = usage.get(name) or 0
            self.batch_tokens[name] += tokens
            batch[name] += tokens

    def restore_batch(self, billed: int, tokens: Counter[str]) -> None:
        """Count again what a batch cost before a restart."""
        self.batch_billed += billed
        self.batch_tokens.update(tokens)

    def json(self) -> dict[str, Any]:
        """Return all counters."""
        return {
            "requests": sum(self.requests.values()),
            "by_path": dict(sorted(self.requests.items())),
            "by_status": {str(status): n for status, n in sorted(self.statuses.items())},
            "billed": self.billed,
            "answered_in_full": self.answered,
            "billed_bodies": len(self.bodies),
            "billed_again": sum(1 for times in self.bodies.values() if times > 1),
            "faults": dict(sorted(self.faults.items())),
            "tokens": {name: self.tokens[name] for name in _COUNTED},
            "batch": {
                "billed": self.batch_billed,
                "tokens": {name: self.batch_tokens[name] for name in _COUNTED},
            },
        }
