"""A client's part in a run: it answers trials, and knows what earlier sittings did."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import ReplayMissError, UsageError
from workbench.lint import refusal
from workbench.prompt import Prompt
from workbench.run import INFO, Run
from workbench.runner.worst import Worst, worst_case

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.client.answers import Answers, Miss, Mode, Question
    from workbench.reply import Reply
    from workbench.run import Result, Warmed
    from workbench.runner import Permit
    from workbench.wire import Request


@dataclass(frozen=True, slots=True)
class Earlier:
    """What earlier sittings of a run did.

    Attributes:
        begun: When the first began.
        spent: Dollars their answers cost, those asked live.
        perhaps: Dollars that calls without an answer may have cost at most.
        unpriced: A model among these whose price is not known.
    """

    begun: datetime
    spent: Decimal = Decimal(0)
    perhaps: Decimal = Decimal(0)
    unpriced: str | None = None

    @classmethod
    def of(cls, folder: Path, *, resume: bool) -> Earlier:
        """Read it from a run's folder; a run that is new begins now."""
        if not resume or not (folder / INFO).exists():
            return cls(datetime.now(UTC))
        run = Run.load(folder)
        each: list[Result | Warmed] = [*run.rows, *run.warmed]
        paid = [row for row in each if row.source == "live" and row.error is None]
        unpriced = next((row.model for row in paid if row.cost.total is None), None)
        begun = datetime.fromisoformat(run.info.started) if run.info.started else datetime.now(UTC)
        spent = sum((row.cost.known for row in paid), Decimal(0))
        return cls(begun, spent, _perhaps(run), unpriced)


def _perhaps(run: Run) -> Decimal:
    """Return what calls without an answer may have cost; where none was answered, their worst case."""
    lost = run.receipt().lost
    if lost.at_most is not None:
        return lost.at_most
    firsts = [Prompt.from_wire(variant["prompt"]) for variant in run.info.variants]
    worst = [worst_case(prompt.render(dict.fromkeys(prompt.variables, ""))) for prompt in firsts]
    return lost.calls * max((one.dollars for one in worst if isinstance(one, Worst)), default=Decimal(0))


class Trials:
    """Answers the trials of one run.

    Args:
        ask: Makes the question of a request and its draw.
        answers: Answers it.
        mode: Where answers may come from.
        stream: Whether to stream, so that first tokens are timed; None: where the Claude API or the
            emulator answers, for other servers may not be able to.
        since: When the run's first sitting began.
        marks: Gives requests breakpoints as they are sent; what was recorded without them is used too.
    """

    def __init__(
        self,
        ask: Callable[[Request, int], Question],
        answers: Answers,
        mode: Mode,
        *,
        stream: bool | None,
        since: datetime,
        marks: Callable[[Request], Request] | None = None,
    ) -> None:
        self._ask = ask
        self._marks = marks
        self._answers = answers
        self._mode = mode
        self._stream = stream
        self._since = since
        self._missed = False

    async def send(self, request: Request, *, draw: int, permit: Permit) -> Reply:
        """Answer one trial.

        Raises:
            IncompleteError: The budget is used up, or cannot be kept.
            APIError, ReplayMissError: As `Client.send`.
        """
        question = self._ask(request, draw)
        if self._stream is None:
            self._stream = self._mode != "replay" and not (await self._answers.origin()).startswith("url:")
        if self._stream and not question.request.stream:
            question = replace(question, request=question.request.model_copy(update={"stream": True}))
        if self._marks is not None:
            if (found := await self._answers.found(question, self._mode)) is not None:
                return found
            question = replace(question, request=self._marks(question.request))
        miss: Miss = "another" if self._missed else "first"
        try:
            return await self._answers.reply(
                question, self._mode, miss=miss, since=self._since, permit=permit
            )
        except ReplayMissError:
            self._missed = True  # the first miss names its nearest recording; that says enough
            raise

    def may_warm(self, request: Request) -> bool:
        """Return whether the service takes a request that only warms the prompt cache."""
        question = self._ask(request, 0)
        asked = question.request
        return refusal(asked, api_version=question.api_version, betas=question.betas) is None

    async def warm(self, request: Request, *, permit: Permit) -> Reply:
        """Send such a request; its reply is kept in no store.

        Raises:
            IncompleteError, APIError: As `send`.
        """
        return await self._answers.reply(self._ask(request, 0), "off", permit=permit)


def dollars(value: str | Decimal | float | None) -> Decimal | None:
    """Return an amount, given as text or number.

    Raises:
        UsageError: Not a positive amount.

    >>> dollars("$2.00")
    Decimal('2.00')
    """
    if value is None:
        return None
    try:
        amount = Decimal(str(value).removeprefix("$"))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount <= 0:
        raise UsageError(f'budget_usd is an amount of dollars, such as "2.00", not {value!r}')
    return amount


def slug(name: str) -> str:
    """Return a name that is one plain part of a path.

    >>> slug("a/b c"), slug("..")
    ('a-b-c', 'run')
    """
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "run"


def new_folder(name: str) -> Path:
    """Return a folder for a run that begins now: ``runs/NAME-TIME``."""
    base = Path("runs") / f"{slug(name)}-{datetime.now().astimezone():%Y%m%d-%H%M%S}"
    candidates = (base if n == 1 else base.with_name(f"{base.name}-{n}") for n in range(1, 1000))
    return next(folder for folder in candidates if not folder.exists())
