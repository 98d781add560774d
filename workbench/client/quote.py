"""What a study would cost from here: less what is recorded, by what was answered before, counted exactly."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from workbench.errors import APIResponseValidationError
from workbench.estimate import Counted, Estimate, estimate
from workbench.tokens import count
from workbench.transport import Call
from workbench.wire import as_requests
from workbench.wire.codec import dumps

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

    from workbench.client.answers import Answers, Mode, Question
    from workbench.evaluation import Eval
    from workbench.wire import Request

COUNTED = 20
"""Requests that the service counts at most; the others are scaled alike."""

_COUNTED = (
    "model",
    "messages",
    "system",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "cache_control",
    "speed",
    "mcp_servers",
    "context_management",
    "compaction",
)
"""Fields of a request that are counted."""


def each(value: Eval | Iterable[Any] | Any) -> Iterator[tuple[Request, int]]:
    """Yield requests with their draws: an evaluation's trials; of equal requests the n-th is draw n."""
    trials = getattr(value, "trials", None)
    if callable(trials):
        yield from ((trial.request, trial.epoch) for trial in trials())
        return
    seen: dict[str, int] = defaultdict(int)
    for request in as_requests(value):
        yield request, seen[request.key]
        seen[request.key] += 1


async def quote(
    questions: Iterable[Question],
    answers: Answers,
    mode: Mode,
    *,
    counter: Callable[[Question], Awaitable[int]] | None = None,
    batch: bool = False,
    marks: Callable[[Request], Request] | None = None,
) -> Estimate:
    """Estimate what asking would cost.

    Args:
        questions: What would be asked.
        answers: What is recorded.
        mode: Where answers may come from.
        counter: Asks the service for the input tokens of a question, for `COUNTED` of them; None: offline.
        batch: At the price of the batch endpoint.
        marks: Gives requests breakpoints as they would be sent; what was recorded without them counts too.
    """
    origin = None if mode == "replay" else await answers.origin()
    left, recorded = [], 0
    for plain in questions:
        question = plain if marks is None else replace(plain, request=marks(plain.request))
        either = (plain,) if marks is None else (plain, question)
        if mode in ("live", "replay") and any(_known(answers, one, origin) for one in either):
            recorded += 1
        else:
            left.append(question)
    requests = [question.request for question in left]
    history = None
    if answers.store is not None and origin is not None and requests:
        models = dict.fromkeys(request.model for request in requests)
        history = answers.store.history(models=models, origin=origin)
    counted, note = await _count(left, counter) if counter is not None and left else ({}, "")
    found = estimate(requests, batch=batch, history=history, counted=counted)
    notes = (note, *found.notes) if note else found.notes
    return replace(found, recorded=recorded, notes=notes)


def _known(answers: Answers, question: Question, origin: str | None) -> bool:
    """Return whether a question is answered already, in the cassette or the store; None: by whomever."""
    request, beside, store = question.request, question.beside, answers.store
    if answers.cassette is not None and answers.cassette.get(request, **beside, origin=origin) is not None:
        return True
    if store is None:
        return False
    if origin is None:
        return store.get(request, **beside, origin=None) is not None
    return store.has(question.key(origin))


async def _count(
    left: Sequence[Question], counter: Callable[[Question], Awaitable[int]]
) -> tuple[dict[str, Counted], str]:
    """Have the service count a few requests of every model, evenly spread."""
    by_model: dict[str, list[Question]] = defaultdict(list)
    for question in left:
        by_model[question.request.model].append(question)
    found, counted = {}, 0
    for model, questions in islice(by_model.items(), COUNTED):
        picked = _spread(questions, max(1, COUNTED // len(by_model)))
        exact = [await counter(question) for question in picked]
        likely = [max(1, count(question.request).likely) for question in picked]
        shares = [n / guess for n, guess in zip(exact, likely, strict=True)]
        found[model] = Counted(min(shares), sum(exact) / sum(likely), max(shares))
        counted += len(picked)
    rest = "" if counted == len(left) else "; the others are scaled alike"
    return found, f"input of {counted:,} of {len(left):,} requests counted by the service{rest}"


async def count_input(
    ask: Callable[[Call], Awaitable[Any]], question: Question, api_version: str, betas: tuple[str, ...]
) -> int:
    """Return the input tokens of a request, counted by the service.

    Raises:
        APIResponseValidationError: The service answered something else.
        APIError: As every way that asking can fail.
    """
    body = {name: value for name, value in question.request.wire().items() if name in _COUNTED}
    path, model = "/v1/messages/count_tokens", question.request.model
    answer = await ask(Call("POST", path, dumps(body), api_version, betas, model))
    found = answer.get("input_tokens")
    if not isinstance(found, int):
        raise APIResponseValidationError('not a token count: "input_tokens" is missing', body=str(answer))
    return found


def _spread(questions: Sequence[Question], most: int) -> list[Question]:
    """Return at most so many, evenly spread over all."""
    n = min(most, len(questions))
    return [questions[place * len(questions) // n] for place in range(n)]
