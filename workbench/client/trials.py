"""A client's part in a run: it answers trials, and minds the budget."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import IncompleteError, ReplayMissError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.client.answers import Answers, Miss, Mode, Question
    from workbench.reply import Reply
    from workbench.wire import Request


class Trials:
    """Answers the trials of one run.

    Args:
        ask: Makes the question of a request and its draw.
        answers: Answers it.
        mode: Where answers may come from.
        stream: Whether to stream, so that first tokens are timed; None: where the Claude API or the
            emulator answers, for other servers may not be able to.
        cap: Dollars that the run may pay, or None.
    """

    def __init__(
        self,
        ask: Callable[[Request, int], Question],
        answers: Answers,
        mode: Mode,
        *,
        stream: bool | None,
        cap: Decimal | None,
    ) -> None:
        self.cap = cap
        self._ask = ask
        self._answers = answers
        self._mode = mode
        self._stream = stream
        self._spent = Decimal(0)
        self._unpriced: str | None = None
        self._missed = False

    async def send(self, request: Request, *, draw: int) -> Reply:
        """Answer one trial.

        Raises:
            IncompleteError: The budget is used up, or cannot be kept.
            APIError, ReplayMissError: As `Client.send`.
        """
        self._check_budget()
        question = self._ask(request, draw)
        if self._stream is None:
            self._stream = self._mode != "replay" and not (await self._answers.origin()).startswith("url:")
        if self._stream and not question.request.stream:
            question = replace(question, request=question.request.model_copy(update={"stream": True}))
        miss: Miss = "another" if self._missed else "first"
        try:
            reply = await self._answers.reply(question, self._mode, miss=miss)
        except ReplayMissError:
            self._missed = True  # the first miss names its nearest recording; that says enough
            raise
        if self.cap is not None and reply.source == "live":
            self._pay(reply)
        return reply

    def _check_budget(self) -> None:
        if self.cap is None:
            return
        if self._unpriced is not None:
            raise IncompleteError(
                f"{self._unpriced} has no known price, so the budget of ${self.cap} cannot be kept; "
                "go on without budget_usd"
            )
        if self._spent >= self.cap:
            raise IncompleteError(
                f"the budget of ${self.cap} is used up (${self._spent:.4f} spent); "
                "what is answered is kept: resume with a larger budget_usd"
            )

    def _pay(self, reply: Reply) -> None:
        total = reply.cost.total
        if total is None:
            self._unpriced = reply.request.model
        else:
            self._spent += total


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
