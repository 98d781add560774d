"""The workers: take a trial, have it answered, score, commit, take the next.

What is found in a store is answered at once. What must be sent asks its `Lease` first: a turn among those
that share a prefix, money, a slot, and the intent written.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

from workbench.errors import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    ReplayMissError,
    WorkbenchError,
)
from workbench.run import Result, as_asked, judges
from workbench.runner.ahead import Ahead
from workbench.runner.call import Call
from workbench.runner.commit import Committer
from workbench.runner.keeper import keeper_for
from workbench.runner.lease import Desk, Halted
from workbench.runner.plan import Plan
from workbench.runner.purse import Purse
from workbench.runner.slots import Slots
from workbench.runner.verdict import describe, stops
from workbench.score import apply

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

    from workbench.evaluation import Eval, Trial
    from workbench.journal import Journal
    from workbench.reply import Reply
    from workbench.run import Warmed
    from workbench.runner.keeper import Warmer
    from workbench.runner.lease import Lease, Permit
    from workbench.runner.slots import Pacing
    from workbench.wire import Request

    Concurrency = int | Literal["auto"]


DRAIN_S = 0.8
"""Seconds that calls in flight get after a stop: whoever pressed it has the prompt back within a second."""


class Send(Protocol):
    """How a trial is answered: from what is recorded, or, with leave of *permit*, by asking."""

    def __call__(self, request: Request, *, draw: int, permit: Permit) -> Awaitable[Reply]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Event:
    """Something a progress display wants to know.

    Attributes:
        kind: ``started`` when a trial is sent, ``finished`` when its result is safe on disk,
            ``retried`` when something else is worth a look, such as a batch that goes on, ``draining``
            after a stop, while calls in flight are finished.
        trial: The trial's id, ``variant/sample/epoch``.
        result: With ``finished``.
        done: Results safe so far, those of an earlier sitting included.
        total: Results of a complete run.
        note: What holds the run back, in a few words.
    """

    kind: Literal["started", "finished", "retried", "draining"]
    trial: str
    result: Result | None
    done: int
    total: int
    note: str = ""


async def run(evaluation: Eval, send: Send, *, journal: Journal, **options: Any) -> tuple[Result, ...]:
    """Ask every trial of *evaluation* that has no answer yet.

    Args:
        evaluation: What to ask.
        send: Answers a request, or raises.
        journal: Open for appending; every answer is on disk before it counts.
        **options: The others of `Engine`.

    Returns:
        The results in the evaluation's order; an `APIError` of one trial is a result too.

    Raises:
        APIError: One that concerns every call: a wrong key, no credit, no server.
        IncompleteError: The budget does not reach for what is left.
        ReplayMissError: Some requests are not recorded; the others were answered.
        DiskFullError: No space for results; nothing more was sent.
        CancelledError: Stopped from outside; what was finished is in the journal.
    """
    engine = Engine(evaluation, send, journal=journal, **options)
    await engine.run()
    return engine.ordered()


class Engine:
    """One sitting of a run.

    Args:
        evaluation: What to ask.
        send: Answers a request, or raises.
        journal: Open for appending; every answer is on disk before it counts.
        concurrency: Calls in flight at most; ``"auto"`` finds out how many.
        purse: Dollars that may be spent.
        plan: In which order, and what leads; default the evaluation's own order, and leaders where prompts
            have breakpoints.
        on_event: Told of what happens, in the loop: it must return quickly.
        pacing: Returns what is known of the service's pace, or None.
        already: Results of an earlier sitting, by index; errors among them are asked again.
        warmed: Calls of earlier sittings that only kept the prompt cache warm.
        warmer: Sends more of them; None sends none.
        drain_s: Seconds that calls in flight may take to finish after a stop; their answers are paid for.

    Attributes:
        results: What is safe on disk, by index.
        in_doubt: Trials sent whose end is not known.
        ahead: The trials that are not sent yet.
    """

    def __init__(
        self,
        evaluation: Eval,
        send: Send,
        *,
        journal: Journal,
        concurrency: Concurrency = 16,
        purse: Purse | None = None,
        plan: Plan | None = None,
        on_event: Callable[[Event], None] | None = None,
        pacing: Callable[[], Pacing | None] = lambda: None,
        already: Mapping[int, Result] | None = None,
        warmed: Sequence[Warmed] = (),
        warmer: Warmer | None = None,
        drain_s: float = DRAIN_S,
    ) -> None:
        self.results: dict[int, Result] = dict(already or {})
        self.in_doubt = 0
        self._earlier = warmed
        self._evaluation = evaluation
        self._send = send
        self._slots = Slots(concurrency, pacing=pacing)
        self._plan = plan or Plan.of(evaluation)
        self.ahead = Ahead(self._plan.as_sent)
        self.desk = Desk(self._slots, purse or Purse(None), self._plan.prefixes)
        self._on_event = on_event
        self._pacing = pacing
        self._drain_s = drain_s
        self._total = len(evaluation)
        self._scorers = tuple((scorer.name, scorer) for scorer in evaluation.scorers)
        self._judges = judges((scorer.name, scorer.kind) for scorer in evaluation.scorers)
        self._commits = Committer(journal, self._finished)
        self._halted = False
        self._keeper = self.desk.keeper = keeper_for(
            warmer, self.ahead, self.desk, self._commits, lambda: self._halted
        )
        self.sending: dict[asyncio.Task[Any], Lease] = {}
        self._misses: list[ReplayMissError] = []
        self._answered = False
        self._unreachable = 0

    def ordered(self) -> tuple[Result, ...]:
        """Return the results in the evaluation's order."""
        return tuple(self.results[index] for index in sorted(self.results))

    @property
    def lost(self) -> int:
        """Calls sent whose end is not known: perhaps paid."""
        return self.in_doubt + (0 if self._keeper is None else self._keeper.lost)

    @property
    def warmed(self) -> tuple[Warmed, ...]:
        """Calls that only kept the prompt cache warm, those of earlier sittings too."""
        return (*self._earlier, *(() if self._keeper is None else self._keeper.warmed))

    async def run(self) -> None:
        """Ask what is open; returns or raises as the function `run`."""
        self.ahead.fill(self._open_trials())
        workers = [asyncio.create_task(self._work()) for _ in range(self._workers())]
        keeping = asyncio.create_task(self._keeper.keep()) if self._keeper is not None and workers else None
        try:
            if workers:
                await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
        except asyncio.CancelledError:
            self._say_what_is_finished()
            raise
        finally:
            if keeping is not None:
                keeping.cancel()
            await self._settle(workers)
        for worker in workers:
            if not worker.cancelled() and (error := worker.exception()) is not None:
                raise error
        if self._misses:
            raise self._missing()

    def _workers(self) -> int:
        """Return how many trials to have in hand: more than may be in flight where some wait for a leader."""
        answered = sum(1 for result in self.results.values() if result.error is None)
        ahead = 2 if self._plan.prefixes is not None else 1
        return max(0, min(self._slots.most * ahead, self._total - answered))

    def _open_trials(self) -> Iterator[Trial]:
        for trial in self._plan.trials(self._evaluation):
            known = self.results.get(trial.index)
            if known is None or known.error is not None:
                yield trial

    async def _work(self) -> None:
        try:
            for trial in self.ahead:
                if self._halted:
                    break
                await self._ask(trial)
                self.ahead.gone(trial.index)
            await self._commits.flush()
        except BaseException:
            self._halted = True  # nothing more is sent while the others finish
            raise

    async def _ask(self, trial: Trial) -> None:
        request = trial.request
        call = Call(self, trial, request)
        try:
            reply = await self._send(request, draw=trial.epoch, permit=call.permit)
        except Halted:
            return
        except asyncio.CancelledError:
            if call.never_went_out:
                call.take_back()
            raise
        except ReplayMissError as miss:
            call.take_back()
            self._misses.append(miss)
        except APIError as error:
            self._failed(trial, request, error, sent=call.sent)
        except WorkbenchError:  # the budget is used up, or the request cannot be sent: nothing left
            if call.never_went_out:
                call.take_back()
            raise
        else:
            if reply.source == "live":
                self._answered, self._unreachable = True, 0
            result = self._judged(trial, request, reply, call.expected)
            call.over()  # before any wait: whoever is stopped there has its answer
            await self._commits.add(result)
        call.over()

    async def begin(self, trial: Trial, request: Request) -> None:
        """Write the intent down.

        Raises:
            Halted: There was a stop.
        """
        try:
            self._commits.write({"type": "intent", "index": trial.index, "key": request.key})
            if not self._halted and self._on_event is not None:
                self._tell("started", trial.id, None, len(self.results))
        except BaseException:
            self.unsent(trial)
            raise
        if self._halted:
            self.unsent(trial)
            raise Halted

    def unsent(self, trial: Trial) -> None:
        """Take the intent back: nothing was answered, nothing was charged."""
        self._commits.note({"type": "unsent", "index": trial.index})

    def _failed(self, trial: Trial, request: Request, error: APIError, *, sent: bool) -> None:
        away = isinstance(error, APIConnectionError) and not isinstance(error, APITimeoutError)
        self._unreachable = self._unreachable + 1 if away else 0
        if stops(error) or self._unreachable >= self._patience():
            if sent:
                self.unsent(trial)
                self.in_doubt -= 1
            raise error
        result = Result(
            trial.variant.name,
            trial.sample.id,
            trial.epoch,
            trial.index,
            request.key,
            request.model,
            error=describe(error),
            request_id=error.request_id,
            judges=self._judges,
            input=as_asked(trial.sample.input),
            target=trial.sample.target,
        )
        self._commits.put(result)

    def _patience(self) -> int:
        """How many calls in a row may find no server before the run stops."""
        return max(8, self._slots.limit) if self._answered else min(3, self._total)

    def _judged(
        self, trial: Trial, request: Request, reply: Reply, expected: dict[str, int] | None
    ) -> Result:
        scores = {name: apply(scorer, trial.sample, reply) for name, scorer in self._scorers}
        result = Result.answered(trial, request.key, reply, scores, self._judges)
        return result if expected is None else replace(result, expected=expected)

    def _finished(self, results: Sequence[Result]) -> None:
        """Count results that are safe, all of them before a listener hears of one and may fail."""
        self.results.update((result.index, result) for result in results)
        if self._on_event is not None:
            for done, result in enumerate(results, len(self.results) - len(results) + 1):
                self._tell("finished", result.trial_id, result, done)

    def _tell(
        self, kind: Literal["started", "finished", "retried"], trial: str, result: Result | None, done: int
    ) -> None:
        assert self._on_event is not None
        pace = self._pacing()
        self._on_event(Event(kind, trial, result, done, self._total, pace.note if pace is not None else ""))

    def _say_what_is_finished(self) -> None:
        n = sum(lease.on_wire for lease in self.sending.values())
        if n and self._on_event is not None:
            note = f"finishing {n:,} call{'s' * (n > 1)} in flight; Ctrl-C again stops at once"
            self._on_event(Event("draining", "", None, len(self.results), self._total, note))

    async def _settle(self, workers: Sequence[asyncio.Task[None]]) -> None:
        """Let calls in flight finish for a moment, end the rest, and commit what came."""
        self._halted = True
        for worker in workers:
            lease = self.sending.get(worker)
            if lease is None or not lease.on_wire:
                worker.cancel()  # it waits for something: nothing of it is on its way
        calls = [*workers, *(self._keeper.calls if self._keeper is not None else ())]
        try:
            if any(not call.done() for call in calls):
                await asyncio.wait(calls, timeout=self._drain_s)
        finally:
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
            await self._commits.flush()

    def _missing(self) -> ReplayMissError:
        n = len(self._misses)
        return ReplayMissError(f"{n:,} of {self._total:,} requests are not recorded. {self._misses[0]}")
