"""What came back for a request: the message, where it came from, how long it took, what it cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from workbench.cost import Receipt, cost
from workbench.display import Shown
from workbench.wire.message import refused_before_output

if TYPE_CHECKING:
    from datetime import date

    from workbench.wire import Message, Request, Usage

Source = Literal["live", "store", "cassette"]


@dataclass(frozen=True, slots=True)
class Timing:
    """Measured when the reply was made, kept with it, so that a replay shows the same figures.

    Attributes:
        queue_s: Seconds spent waiting for a turn; never part of the latency.
        ttft_s: Seconds to the first content event; None where the reply was not streamed.
        total_s: Seconds from sending to the last byte, of the attempt that succeeded.
        attempts: Requests sent, the successful one included.
        recorded_at: When the reply was made, ISO 8601 in UTC.
        lost: Earlier attempts of this call that may have been charged without an answer.
        wasted: Those of them whose answer had begun, so that they were charged.
    """

    queue_s: float = 0.0
    ttft_s: float | None = None
    total_s: float = 0.0
    attempts: int = 1
    recorded_at: str | None = None
    lost: int = 0
    wasted: int = 0


@dataclass(frozen=True)
class Reply(Shown):
    """One answer of the service and all that is known about how it came.

    Attributes:
        source: ``live`` (asked now), ``store`` or ``cassette`` (recorded before).
        origin: Who answered when it was made: ``claude_api``, ``emulator``, or ``url:…`` of another server.
        draw: Which of several independent answers to the same request this is, from 0.
        batch: Whether it came through the batch endpoint, at its price.
    """

    request: Request
    message: Message
    timing: Timing = field(default_factory=Timing)
    source: Source = "live"
    origin: str = "claude_api"
    request_id: str | None = None
    draw: int = 0
    api_version: str = "2026-10-21"
    batch: bool = False

    @property
    def usage(self) -> Usage | None:
        """Tokens used, as the service counted them."""
        return self.message.usage

    @property
    def text(self) -> str:
        """The answer: text blocks joined exactly as sent."""
        return self.message.text

    @property
    def cached(self) -> bool:
        """Whether it was recorded before, so that nothing was paid now."""
        return self.source != "live"

    @cached_property
    def cost(self) -> Receipt:
        """List price of the model that answered, at the rates in force when it did."""
        refused = None
        if self.message.stop_reason == "refusal":
            refused = refused_before_output(self.message.wire())
        return cost(self.usage, model=self.message.model, at=self._made(), batch=self.batch, refused=refused)

    def _made(self) -> date | None:
        from datetime import datetime

        recorded = self.timing.recorded_at
        return datetime.fromisoformat(recorded).date() if recorded else None

    def __str__(self) -> str:
        return f"{self.message}\n{self.footer}"

    def __repr__(self) -> str:
        said = " ".join(self.text[:200].split())
        return f"Reply({self.request.model}: {said[:60]}{'…' * (len(said) > 60)} · {self.footer})"

    @property
    def footer(self) -> str:
        """Tokens, dollars, seconds and source in one line."""
        usage, total = self.usage, self.cost.total
        tokens = f"in {usage.total_input:,} · out {usage.output_tokens or 0:,}" if usage else "tokens unknown"
        dollars = "unpriced" if total is None else f"${total:.6f}"
        first = f"first token {_hundredths(self.timing.ttft_s)} · " if self.timing.ttft_s is not None else ""
        where = self.origin if self.source == "live" else f"{self.origin}, from the {self.source}"
        return f"{tokens} · {dollars} · {first}{_hundredths(self.timing.total_s)} · {where}"


def _hundredths(seconds: float) -> str:
    """Return seconds to the hundredth; what took less is not nothing.

    >>> _hundredths(0.412), _hundredths(0.003)
    ('0.41 s', '< 0.01 s')
    """
    return "< 0.01 s" if seconds < 0.005 else f"{seconds:.2f} s"
