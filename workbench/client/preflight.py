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


UNCHECKED = "(check=False sends it)"
"""How to send what the service would refuse; a command says it its own way."""


def model_cure(request: Request) -> str:
    """Return what to do about a model that was not found: the successor of a retired one, the nearest name.

    >>> from workbench.wire import Request
    >>> model_cure(Request(model="claude-3-opus-20240229", max_tokens=1, messages=["Hi"]))
    'claude-3-opus-20240229 was retired on 2026-01-05; use claude-opus-4-8'
    """
    found = [one for one in lint(request).errors if one.path == "model"]
    return "; ".join(part for part in (found[0].what, found[0].cure) if part) if found else ""


def check_streamed(question: Question, origin: str) -> None:
    """Judge a request that is about to be streamed.

    Servers other than the Claude API and the emulator have rules of their own, so nothing is said of those.

    Raises:
        LintError: The service would refuse it.
    """
    if origin.startswith("url:"):
        return
    request = question.request.with_(stream=True)
    found = lint(request, api_version=question.api_version, betas=question.betas).errors
    if found:
        told = f"the service would refuse this; nothing was sent {UNCHECKED}:"
        raise LintError((" " if len(found) == 1 else "\n").join([told, *map(str, found)]))


async def preflight(
    evaluation: Eval,
    ask: Callable[[Request, int], Question],
    answers: Answers,
    mode: Mode,
    endpoint: str = "messages",
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
        found = lint(
            question.request, api_version=question.api_version, betas=question.betas, endpoint=endpoint
        ).errors
        refused += [f"{trial.variant.name}: {one}" for one in found]
    if refused:
        told = f"the service would refuse this study; nothing was sent {UNCHECKED}:"
        raise LintError((" " if len(refused) == 1 else "\n").join([told, *refused]))
