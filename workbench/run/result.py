"""The outcome of one trial."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Self

from workbench.cost import Receipt, cost
from workbench.display import Shown
from workbench.reply import Timing
from workbench.report import failed
from workbench.score import Score
from workbench.wire import Message, Usage
from workbench.wire.codec import dumps
from workbench.wire.message import refused_before_output

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.evaluation import Trial
    from workbench.reply import Reply


SHOWN_INPUT = 2000
"""Characters of a sample's input that a result keeps: enough to read what was asked."""


@dataclass(frozen=True, slots=True, eq=False)
class Result(Shown):
    """The outcome of one trial: an answer with its scores, or an error; never both.

    The answer is kept as JSON; `message`, `usage` and `cost` are made of it when they are asked for. Results
    of a run are `workbench.run.kept.Kept`: they leave in the journal what no table needs.

    Attributes:
        index: Place of the trial in the evaluation's order.
        key: The request's key.
        model: The model asked for.
        body: The message as JSON, or None.
        error: ``type``, ``message``, ``status`` and ``request_id`` of what went wrong, or None.
        judges: Names of the scorers that decide whether it passed.
        input: What the sample asked, as text, its first `SHOWN_INPUT` characters.
        target: What the scorers compared with.
        expected: Tokens planned before it was sent, where breakpoints were in it: ``read`` from the prompt
            cache, ``write`` to it, and ``total`` of the prompt; as estimated.
    """

    variant: str
    sample_id: str
    epoch: int
    index: int
    key: str
    model: str
    body: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    scores: Mapping[str, Score] = field(default_factory=dict)
    timing: Timing = field(default_factory=Timing)
    source: str = "live"
    origin: str = "claude_api"
    request_id: str | None = None
    api_version: str = "2026-10-21"
    batch: bool = False
    judges: frozenset[str] = frozenset()
    input: str = ""
    target: Any = None
    expected: Mapping[str, int] | None = None

    @classmethod
    def answered(
        cls, trial: Trial, key: str, reply: Reply, scores: Mapping[str, Score], judges: frozenset[str]
    ) -> Self:
        """Make the result of a trial that was answered."""
        return cls(
            trial.variant.name,
            trial.sample.id,
            trial.epoch,
            trial.index,
            key,
            reply.request.model,
            reply.message.wire(),
            None,
            scores,
            reply.timing,
            reply.source,
            reply.origin,
            reply.request_id,
            reply.api_version,
            reply.batch,
            judges,
            as_asked(trial.sample.input),
            trial.sample.target,
        )

    @classmethod
    def from_record(cls, record: Mapping[str, Any], judges: frozenset[str] = frozenset()) -> Self:
        """Read a record of the journal, of type ``answer`` or ``error``."""
        return cls(
            record["variant"],
            record["sample"],
            record["epoch"],
            record["index"],
            record["key"],
            record["model"],
            record.get("message"),
            record.get("error"),
            {name: Score(*parts) for name, parts in record.get("scores", {}).items()},
            Timing(**record.get("timing", {})),
            record.get("source", "live"),
            record.get("origin", "claude_api"),
            record.get("request_id"),
            record.get("api_version", "2026-10-21"),
            record.get("batch", False),
            judges,
            record.get("input", ""),
            record.get("target"),
            record.get("expected"),
        )

    def record(self) -> dict[str, Any]:
        """Return the journal's record of this result."""
        timing = self.timing
        return {
            "type": "answer" if self.error is None else "error",
            "index": self.index,
            "variant": self.variant,
            "sample": self.sample_id,
            "epoch": self.epoch,
            "key": self.key,
            "model": self.model,
            "message": self.body,
            "error": self.error,
            "scores": {name: [s.value, s.explanation, s.answer] for name, s in self.scores.items()},
            "timing": {
                "queue_s": timing.queue_s,
                "ttft_s": timing.ttft_s,
                "total_s": timing.total_s,
                "attempts": timing.attempts,
                "recorded_at": timing.recorded_at,
                "lost": timing.lost,
                "wasted": timing.wasted,
            },
            "source": self.source,
            "origin": self.origin,
            "request_id": self.request_id,
            "api_version": self.api_version,
            "batch": self.batch,
            "input": self.input,
            "target": self.target,
            **({} if self.expected is None else {"expected": dict(self.expected)}),
        }

    @property
    def trial_id(self) -> str:
        """``variant/sample/epoch``."""
        return f"{self.variant}/{self.sample_id}/{self.epoch}"

    @property
    def message(self) -> Message | None:
        """The answer, or None where there was an error."""
        return None if self.body is None else Message.model_validate(self.body)

    @property
    def usage(self) -> Usage | None:
        """Tokens, as the service counted them; None where it did not."""
        usage = self.body.get("usage") if self.body else None
        return None if usage is None else Usage.model_validate(usage)

    @property
    def text(self) -> str:
        """The answer's text; empty where there was an error."""
        return self.message.text if self.message is not None else ""

    @property
    def cost(self) -> Receipt:
        """List price of the model that answered, at the rates in force when it did."""
        made = self.timing.recorded_at
        at = date.fromisoformat(made[:10]) if made else None
        body = self.body or {}
        return cost(
            self.usage,
            model=str(body.get("model") or self.model),
            at=at,
            batch=self.batch,
            refused=refused_before_output(body),
        )

    @property
    def stop_reason(self) -> str | None:
        """Why the answer ended; None where there was an error."""
        return self.body.get("stop_reason") if self.body else None

    def value(self, scorer: str) -> float | None:
        """The number *scorer* gave; None where it gave none."""
        score = self.scores.get(scorer)
        return None if score is None else score.value

    @property
    def passed(self) -> bool | None:
        """Whether every judging scorer gave 1; None for errors and where a judge gave no number."""
        values = [self.value(name) for name in self.judges]
        if self.error is not None or not values or None in values:
            return None
        return all(value == 1 for value in values)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Result):
            return NotImplemented
        return self.judges == other.judges and self.record() == other.record()

    __hash__ = None  # type: ignore[assignment]  # it holds what cannot be hashed

    def _numbers(self) -> Mapping[str, float | None]:
        """Return the scores' numbers; nothing is read for them."""
        return {name: score.value for name, score in self.scores.items()}

    def __repr__(self) -> str:
        # A line, and short: lists of results are printed as they are.
        who = f"variant={failed.short(self.variant, 60)!r}, sample={failed.short(self.sample_id, 60)!r}"
        if self.error is not None:
            what = f"error={failed.short(f'{failed.kind(self.error)}: {failed.said(self.error)}')!r}"
        else:
            numbers = self._numbers().items()
            given = (f"{n!r}: {'unscored' if v is None else format(v, 'g')}" for n, v in numbers)
            what = f"scores={{{failed.short(', '.join(given))}}}"
        return f"Result({who}, epoch={self.epoch}, {what})"

    def __str__(self) -> str:
        head = f"{self.trial_id} · {self.model}"
        if self.error is not None:
            return f"{head}\nerror: {self.error.get('type')}: {self.error.get('message')}"
        asked = [f"asked: {self.input}"] if self.input else []
        said = [_said(name, s) for name, s in self.scores.items()]
        return "\n".join([head, *asked, *said, f"answer: {self.message}"])


def as_asked(value: Any) -> str:
    """Return a sample's input as a result keeps it: text as it is, anything else as JSON, cut to a length.

    >>> as_asked("Hi"), as_asked([1]), len(as_asked("x" * 9000))
    ('Hi', '[1]', 2000)
    """
    whole = value if isinstance(value, str) else dumps(value).decode(errors="replace")
    return whole if len(whole) <= SHOWN_INPUT else f"{whole[: SHOWN_INPUT - 1]}…"


def _said(name: str, score: Score) -> str:
    value = "unscored" if score.value is None else f"{score.value:g}"
    return f"{name} {value}: {score.explanation}" if score.explanation else f"{name} {value}"
