"""What a client does with studies: `Client.run` and its kin."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.client.again import REMEMBERED, remembered

if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from decimal import Decimal

    from workbench.client.running import Running
    from workbench.client.sitting import Sitting
    from workbench.evaluation import Eval
    from workbench.run import Run
    from workbench.runner import Event


class Studies:
    """The part of `Client` that runs studies."""

    def _sitting(self, evaluation: Eval, *, mode: str | None = None, **options: Any) -> Sitting:
        """Return a study and the way it is asked, ready to begin."""
        raise NotImplementedError

    def run(
        self,
        evaluation: Eval,
        *,
        mode: str | None = None,
        concurrency: int | str = 16,
        budget_usd: str | Decimal | float | None = None,
        out: str | os.PathLike[str] | None = None,
        resume: bool = False,
        stream: bool | None = None,
        check: bool = True,
        via: str = "messages",
        deadline_s: float | None = None,
        auto_cache: bool = False,
        cluster: Any = None,
        on_event: Callable[[Event], None] | None = None,
    ) -> Run:
        """Ask everything a study wants to know, and keep it in a folder.

        Args:
            evaluation: The study.
            mode: Another mode than the client's.
            concurrency: Requests in flight at most; ``"auto"`` finds out how many help.
            budget_usd: The most that the run may pay, earlier sittings included: the worst case of what is in
                flight is put aside, and what no longer fits is not sent.
            out: Folder of the run; default ``runs/NAME-TIME``.
            resume: Go on with the unfinished run in *out*.
            stream: Stream answers, so that the first token is timed; default for the Claude API and the
                emulator, not for other servers.
            check: Lint the first request of every variant before anything is sent.
            via: ``messages`` asks live; ``batch`` asks in message batches, at half the price, within a day;
                ``auto`` in batches where the deadline leaves time. What a batch leaves open is asked live.
            deadline_s: Seconds from now after which batches are canceled and what is left is asked live.
            auto_cache: Give prompts without breakpoints those that pay; `Run.cache` says which were added.
            cluster: A Dask client, cluster or scheduler address whose workers send; their environment holds
                the key. Needs ``claude-workbench[dask]``.
            on_event: Told of every trial; default a progress line.

        Raises:
            LintError: The service would refuse a variant; nothing was sent.
            APIError, ReplayMissError, DiskFullError: What is done is kept; the run can be resumed.
            IncompleteError: The budget is used up; the run can be resumed.
        """
        return self._sitting(
            evaluation,
            mode=mode,
            concurrency=concurrency,
            budget_usd=budget_usd,
            out=out,
            resume=resume,
            stream=stream,
            check=check,
            via=via,
            deadline_s=deadline_s,
            auto_cache=auto_cache,
            cluster=cluster,
            on_event=on_event,
        ).run()

    def start(self, evaluation: Eval, **options: Any) -> Running:
        """Ask in the background, so that the next cells and the Stop button work; shown, it follows the run.

        Args:
            evaluation: The study.
            **options: Those of `run`.

        Raises:
            LintError, UsageError: As `run`, before anything is sent; `Running.result` raises the rest.
        """
        return self._sitting(evaluation, **options).start()

    async def arun(self, evaluation: Eval, **options: Any) -> Run:
        """Ask, as `run`, from any event loop.

        Cancelled, as by the interrupt of a cell that awaits it, it finishes what is in flight for a moment
        and leaves a run marked ``interrupted``, which can be resumed.
        """
        return await self._sitting(evaluation, **options).arun()

    def resume(self, folder: str | os.PathLike[str], evaluation: Eval | None = None, **options: Any) -> Run:
        """Go on with an unfinished run; nothing that was answered is asked again.

        Args:
            folder: The run's; it holds the study, unless a scorer is a function.
            evaluation: The same study, where the folder does not hold it.
            **options: Those of `run`; ``concurrency``, ``budget_usd``, ``via`` and ``auto_cache`` stay as
                they were.

        Raises:
            UsageError: No run there, its study is not in the folder, or somebody else would answer.
            APIError, ReplayMissError, DiskFullError, IncompleteError: As `run`.
        """
        from workbench.evaluation import Eval

        study = Eval.load(folder) if evaluation is None else evaluation
        then = remembered(Path(folder))
        known = {name: then[name] for name in REMEMBERED if name in then}
        return self.run(study, out=folder, resume=True, **{**known, **options})
