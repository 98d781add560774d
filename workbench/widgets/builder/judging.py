"""What the right side says: findings with their fixes, tokens and dollars, the three texts."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.lint import Finding, Findings, lint
from workbench.lint.fixes import Fix, fix, home
from workbench.prompt import code
from workbench.widgets.builder.draft import Draft
from workbench.widgets.builder.figures import Figures, figures

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.wire import Request

Body = dict[str, Any]

REST_S = 0.25
"""Seconds without a change after which the request is judged."""
MOST_S = 5.0
"""Seconds after which it is judged although the changes go on."""

NO_MODEL = "no model is chosen: choose one at the top of the form"


@dataclass(frozen=True)
class Judgement:
    """What is known of a draft at one moment.

    Attributes:
        problem: Why there is no request yet; empty where there is one.
        place: The field where that is cured; empty: no field of its own.
        findings: What lint says of the request, its names filled.
        fixes: The mechanical cure of each finding, None where there is none.
        homes: Where each finding leads in the prompt: a block that a value became has no field there.
        figures: Tokens and dollars; None without a request.
        missing: Names without a value.
    """

    problem: str
    findings: Findings
    fixes: tuple[Fix | None, ...]
    figures: Figures | None
    missing: tuple[str, ...]
    homes: tuple[str, ...] = ()
    place: str = ""


def judge(
    body: Body,
    values: Body,
    betas: tuple[str, ...] = (),
    exact: Callable[[Request], int | None] = lambda _: None,
) -> Judgement:
    """Judge a body; what is wrong is part of the answer, never raised.

    Args:
        body: With names in place.
        values: Sample values by name.
        betas: Names of the ``anthropic-beta`` header.
        exact: Returns the tokens the service counted for a request, None where it did not.
    """
    draft = Draft()
    draft.replace(body)
    draft.values.update(values)
    if not body.get("model"):
        return Judgement(NO_MODEL, Findings(), (), None, draft.missing, place="model")
    try:
        request = draft.request()
    except WorkbenchError as error:
        return Judgement(str(error), Findings(), (), None, draft.missing)
    found, sent = lint(request, betas=betas), request.wire()
    fixes = tuple(fix(body, one, sent) for one in found)
    if any(isinstance(value, list) for value in values.values()):
        counted = Counter(one.code for one in found)
        fixes = tuple(
            cure if cure and _cures(cure, one, counted, values, betas) else None
            for cure, one in zip(fixes, found, strict=True)
        )
    homes = tuple(home(body, sent, one.path) for one in found)
    return Judgement("", found, fixes, _figures(request, exact(request)), draft.missing, homes)


def _cures(cure: Fix, finding: Finding, before: Counter[str], values: Body, betas: tuple[str, ...]) -> bool:
    """Whether a cure of the prompt cures the request too, into which values brought blocks of their own."""
    draft = Draft()
    draft.replace(cure.body)
    draft.values.update(values)
    try:
        after = Counter(one.code for one in lint(draft.request(), betas=betas))
    except WorkbenchError:
        return False
    return after[finding.code] < before[finding.code]


def _figures(request: Request, exact: int | None) -> Figures | None:
    try:
        return figures(request, exact=exact)
    except WorkbenchError:
        return None


def text_of(which: str, body: Body, values: Body, betas: tuple[str, ...] = ()) -> str:
    """Return the exact ``python``, ``json`` or ``curl`` text of a body.

    Raises:
        WorkbenchError: There is no prompt yet, or the text cannot be written.
    """
    draft = Draft()
    draft.replace(body)
    draft.values.update(values)
    if which == "python":
        return code.python(
            draft.prompt, values={k: v for k, v in values.items() if k in draft.variables} or None
        )
    if which == "json":
        return code.json_text(draft.prompt)
    return code.curl(draft.request(), betas=betas)


class Debounce:
    """Calls a function on a thread of its own once nothing has come for a while.

    Only the newest call counts; a call that comes while one works waits for it. Calls that never rest are
    answered after a while all the same.
    """

    def __init__(self, run: Callable[[], None], rest_s: float = REST_S, most_s: float = MOST_S) -> None:
        self._run, self._rest_s, self._most_s = run, rest_s, most_s
        self._since = 0.0
        self._lock = threading.Lock()
        self._working = threading.Lock()
        self._timer: threading.Timer | None = None

    def __call__(self) -> None:
        """Ask for a call."""
        with self._lock:
            now = time.monotonic()
            if self._timer is None:
                self._since = now
            elif now - self._since >= self._most_s:
                return
            else:
                self._timer.cancel()
            self._timer = threading.Timer(self._rest_s, self._fire)
            self._timer.daemon = True
            self._timer.start()

    def flush(self) -> None:
        """Make the call now, where one is asked for, and wait for one that works."""
        with self._lock:
            waiting, self._timer = self._timer, None
            if waiting is not None:
                waiting.cancel()
        with self._working:
            if waiting is not None:
                self._run()

    def cancel(self) -> None:
        """Drop the call that is asked for."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = None

    def _fire(self) -> None:
        with self._working:
            with self._lock:
                self._timer = None
            self._run()
