"""Calls that only kept the prompt cache warm: paid, but no result."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Self

from workbench.cost import Receipt, cost
from workbench.reply import Timing
from workbench.wire import Usage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.reply import Reply


@dataclass(frozen=True, slots=True)
class Warmed:
    """One call with ``max_tokens: 0``: what it cost, or why nothing came of it.

    Attributes:
        variant: For whose trials it was sent.
        model: The model asked for.
        body: The message as JSON, or None.
        error: What went wrong, as of a result, or None.
    """

    variant: str
    model: str
    body: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    timing: Timing = field(default_factory=Timing)
    origin: str = "claude_api"
    request_id: str | None = None

    @classmethod
    def answered(cls, variant: str, reply: Reply) -> Self:
        """Make it of a reply."""
        return cls(
            variant,
            reply.request.model,
            reply.message.wire(),
            None,
            reply.timing,
            reply.origin,
            reply.request_id,
        )

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Read a record of the journal, of type ``warm``."""
        return cls(
            record["variant"],
            record["model"],
            record.get("message"),
            record.get("error"),
            Timing(**record.get("timing", {})),
            record.get("origin", "claude_api"),
            record.get("request_id"),
        )

    def record(self) -> dict[str, Any]:
        """Return the journal's record of it; no trial's, so that it has no index."""
        return {
            "type": "warm",
            "index": None,
            "variant": self.variant,
            "model": self.model,
            "message": self.body,
            "error": self.error,
            "timing": asdict(self.timing),
            "origin": self.origin,
            "request_id": self.request_id,
        }

    @property
    def sample_id(self) -> str:
        """Of no sample."""
        return ""

    @property
    def epoch(self) -> int:
        """Of no repeat."""
        return 0

    def value(self, scorer: str) -> None:
        """Nothing was scored, whichever *scorer* is asked for."""

    @property
    def source(self) -> str:
        """Always ``live``: such a call is never recorded for another."""
        return "live"

    @property
    def batch(self) -> bool:
        """Never: a batch takes none."""
        return False

    @property
    def usage(self) -> Usage | None:
        """Tokens, as the service counted them; None where it did not."""
        usage = self.body.get("usage") if self.body else None
        return None if usage is None else Usage.model_validate(usage)

    @property
    def cost(self) -> Receipt:
        """List price of the model that answered, at the rates in force when it did; nothing for an error."""
        if self.error is not None:
            return Receipt()
        made = self.timing.recorded_at
        at = date.fromisoformat(made[:10]) if made else None
        return cost(self.usage, model=str((self.body or {}).get("model") or self.model), at=at)
