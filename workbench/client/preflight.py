"""Before a study is paid for: would the service take its requests at all?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.errors import LintError
from workbench.lint import lint

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.client.answers import Answers, Mode, Question
    from workbench.evaluation import Eval
    from workbench.wire import Request


async def preflight(
    evaluation: Eval, ask: Callable[[Request, int], Question], answers: Answers, mode: Mode
) -> None:
    """Lint the first request of every variant; what is recorded already needs no leave.

    Servers other than the Claude API and the emulator have rules of their own, so nothing is said of those.

    Raises:
        LintError: The service would refuse a variant; nothing was sent.
    """
    if mode == "replay" or (await answers.origin()).startswith("url:"):
        return
    origin = await answers.origin()
    refused = []
    for trial, _ in zip(evaluation.trials(), evaluation.variants, strict=False):
        question = ask(trial.request, trial.epoch)
        if mode == "live" and answers.recorded(question, origin) is not None:
            continue
        found = lint(question.request, api_version=question.api_version, betas=question.betas).errors
        refused += [f"{trial.variant.name}: {one}" for one in found]
    if refused:
        told = "the service would refuse this study; nothing was sent (--no-check sends it):"
        raise LintError((" " if len(refused) == 1 else "\n").join([told, *refused]))
