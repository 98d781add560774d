"""The workers: take a trial, write down the intent, send, score, commit, take the next."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from workbench.errors import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    ReplayMissError,
    WorkbenchError,
)
from workbench.run import Result, as_asked, judges
from workbench.runner.commit import Committer
from workbench.runner.verdict import describe, stops
from workbench.score import apply

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

    from workbench.evaluation import Eval, Trial
    from workbench.journal import Journal
    from workbench.reply import Reply
    from workbench.wire import Request


DRAIN_S = 0.8
"""Seconds that calls in flight get after a stop: whoever pressed it has the prompt back within a second."""


class Send(Protocol):
    """How a request is answered; `Client.asend` is one."""

    def __call__(self, request: Request, *, draw: int) -> Awaitable[Reply]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Event:
    """Something a progress display wants to know.

    Attributes:
        kind: ``started`` when a trial is sent, ``finished`` when its result is safe on disk.
        trial: The trial's id, ``variant/sample/epoch``.
        result: With ``finished``.
        done: Results safe so far, those of an earlier sitting included.
        total: Results of a complete run.
        note: What holds the run back, in a few words.
    """

    kind: Literal["started", "finished", "retried"]
    trial: str
    result: Result | None
    done: int
    total: int
    note: str = ""


async def run(
    evaluation: Eval,
    send: Send,
    *,
    journal: Journal,
    concurrency: int = 16,
    on_event: Callable[[Event], None] | None = None,
    already: Mapping[int, Result] | None = None,
    drain_s: float = DRAIN_S,
) -> tuple[Result, ...]:
    """Ask every trial of *evaluation* that has no answer yet.

    Args:
        evaluation: What to ask.
        send: Answers a request, or raises.
        journal: Open for appending; every answer is on disk before it counts.
        concurrency: Trials in flight at most.
        on_event: Told of what happens, in the loop: it must return quickly.
        already: Results of an earlier sitting, by index; errors among them are asked again.
        drain_s: Seconds that calls in flight may take to finish after a stop; their answers are paid for.

    Returns:
        The results in the evaluation's order; an `APIError` of one trial is a result too.

    Raises:
        APIError: One that concerns every call: a wrong key, no credit, no server.
        ReplayMissError: Some requests are not recorded; the others were answered.
        DiskFullError: No space for results; nothing more was sent.
        CancelledError: Stopped from outside; what was finished is in the journal.
    """
    engine = Engine(
        evaluation,
        send,
        journal=journal,
        concurrency=concurrency,
        on_event=on_event,
        already=already,
        drain_s=drain_s,
    )
    await engine.run()
    return engine.ordered()


class Engine:
    """One sitting of a run; the arguments are those of `run`.

    Attributes:
        results: What is safe on disk, by index.
        lost: Calls sent whose end is not known: perhaps paid.
    """

    def __init__(
        self,
        evaluation: Eval,
        send: Send,
        *,
        journal: Journal,
        concurrency: int = 16,
        on_event: Callable[[Event], None] | None = None,
        already: Mapping[int, Result] | None = None,
        drain_s: float = DRAIN_S,
    ) -> None:
        self.results: dict[int, Result] = dict(already or {})
        self.lost = 0
        self._evaluation = evaluation
        self._send = send
        self._journal = journal
        self._concurrency = concurrency
        self._on_event = on_event
        self._drain_s = drain_s
        self._total = len(evaluation)
        self._scorers = tuple((scorer.name, scorer) for scorer in evaluation.scorers)
        self._judges = judges((scorer.name, scorer.kind) for scorer in evaluation.scorers)
        self._commits = Committer(journal, self._finished)
        self._halted = False
        self._misses: list[ReplayMissError] = []
        self._answered = False
        self._unreachable = 0

    def ordered(self) -> tuple[Result, ...]:
        """Return the results in the evaluation's order."""
        return tuple(self.results[index] for index in sorted(self.results))

    async def run(self) -> None:
        """Ask what is open; returns or raises as the function `run`."""
        trials = self._open_trials()
        workers = [asyncio.create_task(self._work(trials)) for _ in range(self._workers())]
        try:
            if workers:
                await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            await self._settle(workers)
        for worker in workers:
            if not worker.cancelled() and (error := worker.exception()) is not None:
                raise error
        if self._misses:
            raise self._missing()

    def _workers(self) -> int:
        answered = sum(1 for result in self.results.values() if result.error is None)
        return max(0, min(self._concurrency, self._total - answered))

    def _open_trials(self) -> Iterator[Trial]:
        for trial in self._evaluation.trials():
            known = self.results.get(trial.index)
            if known is None or known.error is not None:
                yield trial

    async def _work(self, trials: Iterator[Trial]) -> None:
        try:
            for trial in trials:
                if self._halted:
                    break
                await self._ask(trial)
            await self._commits.flush()
        except BaseException:
            self._halted = True  # nothing more is sent while the others finish
            raise

    async def _ask(self, trial: Trial) -> None:
        request = trial.request
        if not await self._begin(trial, request):
            return
        self.lost += 1
        try:
            reply = await self._send(request, draw=trial.epoch)
        except ReplayMissError as miss:
            self._unsent(trial)
            self._misses.append(miss)
        except APIError as error:
            self._failed(trial, request, error)
        except WorkbenchError:  # the budget is used up, or the request cannot be sent: nothing left
            self._unsent(trial)
            self.lost -= 1
            raise
        else:
            self._answered, self._unreachable = True, 0
            self._commits.add(self._judged(trial, request, reply))
        self.lost -= 1

    async def _begin(self, trial: Trial, request: Request) -> bool:
        """Put the intent on disk, and with it this worker's last answer; False when there was a stop."""
        self._commits.note({"type": "intent", "index": trial.index, "key": request.key})
        try:
            await self._commits.flush()
            if not self._halted and self._on_event is not None:
                self._on_event(Event("started", trial.id, None, len(self.results), self._total))
        except BaseException:
            self._unsent(trial)
            raise
        if self._halted:
            self._unsent(trial)
        return not self._halted

    def _unsent(self, trial: Trial) -> None:
        """Take the intent back: nothing was answered, nothing was charged."""
        self._commits.note({"type": "unsent", "index": trial.index})

    def _failed(self, trial: Trial, request: Request, error: APIError) -> None:
        away = isinstance(error, APIConnectionError) and not isinstance(error, APITimeoutError)
        self._unreachable = self._unreachable + 1 if away else 0
        if stops(error) or self._unreachable >= self._patience():
            self._unsent(trial)
            self.lost -= 1
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
        self._commits.add(result)

    def _patience(self) -> int:
        """How many calls in a row may find no server before the run stops."""
        return max(8, self._concurrency) if self._answered else min(3, self._total)

    def _judged(self, trial: Trial, request: Request, reply: Reply) -> Result:
        scores = {name: apply(scorer, trial.sample, reply) for name, scorer in self._scorers}
        return Result.answered(trial, request.key, reply, scores, self._judges)

    def _finished(self, results: Sequence[Result]) -> None:
        """Count results that are safe, all of them before a listener hears of one and may fail."""
        self.results.update((result.index, result) for result in results)
        if self._on_event is not None:
            for done, result in enumerate(results, len(self.results) - len(results) + 1):
                self._on_event(Event("finished", result.trial_id, result, done, self._total))

    async def _settle(self, workers: Sequence[asyncio.Task[None]]) -> None:
        """Let calls in flight finish for a moment, end the rest, and commit what came."""
        self._halted = True
        try:
            if any(not worker.done() for worker in workers):
                await asyncio.wait(workers, timeout=self._drain_s)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            await self._commits.flush()

    def _missing(self) -> ReplayMissError:
        n = len(self._misses)
        return ReplayMissError(f"{n:,} of {self._total:,} requests are not recorded. {self._misses[0]}")
