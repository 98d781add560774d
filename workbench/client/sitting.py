"""One sitting of a run: everything between `Client.run` and the runner."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from workbench import runner, sync
from workbench.client.again import continued, how_to_go_on
from workbench.client.preflight import preflight
from workbench.client.running import Running
from workbench.client.trials import Earlier, Trials, dollars, new_folder
from workbench.errors import BudgetError, UsageError, did_you_mean
from workbench.run import resume_call
from workbench.runner.engine import DRAIN_S
from workbench.show.progress import Progress, in_notebook, progress_for
from workbench.show.tally import State

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from datetime import datetime
    from decimal import Decimal

    from workbench.client.again import Asked
    from workbench.client.answers import Answers, Mode, Question
    from workbench.client.cluster import Cluster
    from workbench.client.link import Link
    from workbench.client.post import Post
    from workbench.client.running import Told
    from workbench.evaluation import Eval
    from workbench.run import Run
    from workbench.runner import Event
    from workbench.transport import Turns
    from workbench.wire import Request

TERMINAL_DRAIN_S = 30.0
"""Seconds that calls in flight get to finish after Ctrl-C; their answers are paid for. In a notebook, whose
Stop button has to give the prompt back, it is `DRAIN_S` of the engine."""
AT_ONCE = 16
"""How many calls in flight `auto` is reckoned as before a run, where a guess is needed."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """How a study is asked: the arguments of `Client.run`, checked."""

    mode: Mode
    folder: Path
    concurrency: int | str = AT_ONCE
    cap: Decimal | None = None
    resume: bool = False
    stream: bool | None = None
    check: bool = True
    via: str = "messages"
    deadline_s: float | None = None
    auto_cache: bool = False
    cluster: Any = None
    on_event: Callable[[Event], None] | None = None

    @classmethod
    def of(cls, evaluation: Eval, mode: Mode, options: Mapping[str, Any]) -> Self:
        """Read the options of `Client.run`, but for its mode.

        Raises:
            UsageError: No such option, or not a value it can have.
        """
        given = dict(options)
        out, cap = given.pop("out", None), dollars(given.pop("budget_usd", None))
        known = {one.name for one in fields(cls)} - {"mode", "folder", "cap"}
        for name in given:
            if name not in known:
                names = known | {"mode", "out", "budget_usd"}
                raise UsageError(f"a run has no option {name!r}{did_you_mean(name, names)}")
        folder = Path(out) if out is not None else new_folder(evaluation.name)
        return cls(mode=mode, folder=folder, cap=cap, **given)

    def __post_init__(self) -> None:
        """Refuse a concurrency that is none."""
        if self.concurrency != "auto" and (not isinstance(self.concurrency, int) or self.concurrency < 1):
            raise UsageError(f'concurrency is a number from 1, or "auto", not {self.concurrency!r}')


class Sitting:
    """A study, the way it is asked, and the client's parts that answer it.

    Args:
        evaluation: The study.
        way: How it is asked.
        question: Makes the question of a request and its draw.
        answers: Finds or fetches replies.
        link: The way out.
        api_version: As the client was made.
        betas: As the client was made.
    """

    def __init__(
        self,
        evaluation: Eval,
        way: Way,
        *,
        question: Callable[[Request, int], Question],
        answers: Answers,
        link: Link,
        api_version: str | None,
        betas: tuple[str, ...],
    ) -> None:
        self._evaluation = evaluation
        self._way = way
        self._question = question
        self._answers = answers
        self._link = link
        self._api_version = api_version
        self._betas = betas
        self._purse = runner.Purse(way.cap)

    def run(self) -> Run:
        """Ask, and return the run; raises as `Client.run`."""
        recorded = self.prepared()
        drain_s = DRAIN_S if in_notebook() else TERMINAL_DRAIN_S
        with self._progress() as progress:
            try:
                return sync.run(
                    recorded(self._way.on_event or progress, drain_s), grace_s=drain_s + sync.GRACE_S
                )
            except KeyboardInterrupt as stop:
                stop.args = (how_to_go_on(self._way.folder),)
                raise

    def start(self) -> Running:
        """Ask in the background; raises at once what is known before anything is sent."""
        recorded = self.prepared()
        running = Running(self._state(), self._way.folder)
        running.begin(lambda hear: recorded(hear, TERMINAL_DRAIN_S), self._way.on_event)
        return running

    async def arun(self) -> Run:
        """Ask, awaited from any event loop; raises as `Client.run`."""
        recorded = await asyncio.to_thread(self.prepared)  # it may wait for the service
        drain_s = DRAIN_S if in_notebook() else TERMINAL_DRAIN_S
        told = self._way.on_event
        with Progress(self._state(), None) if told is not None else self._progress() as progress:
            running = Running(progress.state, self._way.folder, progress=progress)
            running.begin(lambda hear: recorded(hear, drain_s), told)
            try:
                return await running
            except asyncio.CancelledError:
                await running.drained()
                raise asyncio.CancelledError(how_to_go_on(self._way.folder)) from None

    def _progress(self) -> Progress:
        state = self._state()
        return progress_for(state.total, state.name, state.budget, size=state.size, purse=state.purse)

    def _state(self) -> State:
        way, study = self._way, self._evaluation
        purse = self._purse if way.cap is not None else None
        return State(study.name, len(study), way.cap, study.size, purse)

    def prepared(self) -> Callable[[Told, float], Coroutine[Any, Any, Run]]:
        """Look at everything that must be known before anything is sent; nothing is sent.

        Returns:
            What asks, given who is told of it and how many seconds calls in flight have after a stop.
        """
        from workbench.runner.batching import Batching
        from workbench.runner.marks import AutoMarks

        way, study = self._way, self._evaluation
        priced = way.mode == "refresh" or way.cap is not None
        earlier = Earlier.of(way.folder, resume=way.resume and priced)
        post = self._post(earlier.begun)
        in_batches = post is not None and sync.run(post.fresh(way.via, way.deadline_s))
        if way.check:
            endpoint = "batch" if in_batches else "messages"
            sync.run(preflight(study, self._question, self._answers, way.mode, endpoint))
        at_once = way.concurrency if isinstance(way.concurrency, int) else AT_ONCE
        marks = AutoMarks(study, concurrency=at_once, batch=in_batches) if way.auto_cache else None
        batches = None
        if post is not None:  # also a run that asks live: it finishes the batches of earlier sittings
            post.marks = marks
            batches = Batching(post, fresh=in_batches, deadline_s=way.deadline_s)
        self._purse = runner.Purse(
            way.cap, spent=earlier.spent, perhaps=earlier.perhaps, unpriced=earlier.unpriced
        )
        options = {
            "purse": self._purse,
            "plan": runner.Plan.of(study, marks),
            "batches": batches,
            "asked": continued(way.folder, self._how(), resume=way.resume),
        }
        return lambda told, drain_s: self._recorded(
            earlier.begun, marks, on_event=told, drain_s=drain_s, **options
        )

    async def _recorded(self, begun: datetime, marks: Any, **options: Any) -> Run:
        way = self._way
        cluster = await self._cluster() if way.cluster is not None else None
        try:
            answers = self._answers if cluster is None else self._answers.through(cluster)
            trials = Trials(self._question, answers, way.mode, stream=way.stream, since=begun, marks=marks)
            return await runner.record(
                self._evaluation,
                trials.send,
                folder=way.folder,
                resume=way.resume,
                added=marks.added if marks is not None else (),
                concurrency=way.concurrency,
                pacing=self._pacing,
                warmer=None if way.mode == "replay" else trials,
                **options,
            )
        except BudgetError as error:
            error.cure = resume_call(way.folder, "budget_usd=…")
            raise
        finally:
            if cluster is not None:
                await cluster.aclose()

    def _pacing(self) -> Turns | None:
        """Return the pace of what is sent from this process."""
        transport = self._link.transport
        return None if transport is None else transport.pace

    def _post(self, since: datetime) -> Post | None:
        """Return the way to the batch endpoint; None in replay, which asks nothing."""
        from workbench.client.post import Post, check_way

        way = self._way
        check_way(way.via, way.deadline_s)
        if way.mode == "replay":
            return None
        return Post(
            self._link.connect, self._question, self._answers, way.mode, betas=self._betas, since=since
        )

    def _how(self) -> Asked:
        way = self._way
        return {
            "origin": None if way.mode == "replay" else sync.run(self._answers.known_origin()),
            "api_version": self._api_version,
            "betas": list(self._betas),
            "mode": way.mode,
            "concurrency": way.concurrency,
            "budget_usd": None if way.cap is None else str(way.cap),
            "via": way.via,
            "auto_cache": way.auto_cache,
        }

    async def _cluster(self) -> Cluster:
        from workbench.client.cluster import Cluster

        transport = await self._link.connect()
        return Cluster(
            self._way.cluster,
            transport.endpoint.base_url or "",
            limits=transport.limits,
            attempts=self._link.attempts,
        )
