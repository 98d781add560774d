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
    """

    requests: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)
    billed: int = 0
    answered: int = 0

    def bill(self, usage: dict[str, Any]) -> None:
        """Charge the tokens of one answer."""
        self.billed += 1
        for name in _COUNTED:
            self.tokens[name] += usage.get(name) or 0

    def json(self) -> dict[str, Any]:
        """Return all counters."""
        return {
            "requests": sum(self.requests.values()),
            "by_path": dict(sorted(self.requests.items())),
            "by_status": {str(status): n for status, n in sorted(self.statuses.items())},
            "billed": self.billed,
            "answered_in_full": self.answered,
            "tokens": {name: self.tokens[name] for name in _COUNTED},
        }
