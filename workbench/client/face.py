"""`Client`: the one object that sends."""

from __future__ import annotations

import sys
import weakref
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from workbench import record, retry, sync
from workbench.cache import Store
from workbench.cassette import Cassette
from workbench.client.answers import Answers, Question, check_mode, version_for
from workbench.client.batch_calls import BatchCalls
from workbench.client.batches import Batches
from workbench.client.link import Link
from workbench.client.models import Models
from workbench.client.quote import count_input, each, quote
from workbench.client.sitting import Sitting, Way
from workbench.client.stream import Stream
from workbench.client.studies import Studies
from workbench.display import Shown
from workbench.errors import UsageError, warn
from workbench.platforms import resolve
from workbench.transport import Call, Limits, Transport
from workbench.wire import Request, as_request, modern

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping
    from types import TracebackType

    from workbench.client.answers import Mode
    from workbench.estimate import Estimate
    from workbench.evaluation import Eval
    from workbench.reply import Reply
    from workbench.secret import Secret
    from workbench.transport import Watch

collecting: ContextVar[list[tuple[Client, Eval, dict[str, Any]]] | None] = ContextVar(
    "workbench_collecting", default=None
)
"""Where set, `Client.run` notes its arguments there and raises `Collected` instead of running."""

_NOTED = ("concurrency", "budget_usd", "out", "via", "deadline_s", "auto_cache")
"""Options of a run that are noted where it is not made."""
_told: set[str] = set()


class Collected(BaseException):
    """Ends the code that defines a study, once the study is known. Internal: never an error."""


def notify(sentence: str) -> None:
    """Say something once, to a person: in a notebook or at a prompt, nowhere else."""
    notebook = "ipykernel" in sys.modules
    if sentence not in _told and (notebook or hasattr(sys, "ps1")):
        _told.add(sentence)
        # A notebook paints stderr red, and nothing is wrong here; a prompt's stdout may be piped.
        (sys.stdout if notebook else sys.stderr).write(f"{sentence}\n")


class Client(Studies, Shown):
    """Sends requests and runs studies.

    With no key and no address it talks to the emulator, which it starts in this process at first need.

    Args:
        api_key: Default ``ANTHROPIC_API_KEY``.
        base_url: Another address, or ``"emulator"``; default ``ANTHROPIC_BASE_URL`` where there is no key.
        mode: ``live`` reads what is recorded, else asks and records; ``refresh`` asks and records anew;
            ``replay`` never asks: it needs no key and opens no socket; ``off`` asks and records nothing.
        store: True for the user's store, False for none, a folder, or a `Store`.
        cassette: A file of recorded replies; it is looked at before the store.
        api_version: ``anthropic-version``; default the current one, or the old one for a request with
            sampling parameters whose model still takes them.
        betas: Names for ``anthropic-beta``.
        timeout_s: Longest time for a call, retries included; default 600, or longer for long streams.
        max_retries: Further attempts after the first.
        limits: All times and sizes, where these are not enough.
        budget: Retries shared by everything this client sends.
        environ: The environment to read; default the process's own.
    """

    def __init__(
        self,
        api_key: str | Secret | None = None,
        *,
        base_url: str | None = None,
        mode: str = "live",
        store: bool | str | os.PathLike[str] | Store = True,
        cassette: str | os.PathLike[str] | Cassette | None = None,
        api_version: str | None = None,
        betas: Iterable[str] = (),
        timeout_s: float | None = None,
        max_retries: int = 3,
        limits: Limits | None = None,
        budget: retry.Budget | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.endpoint = resolve(api_key=api_key, base_url=base_url, environ=environ)
        del api_key
        self.mode: Mode = check_mode(mode)
        self.api_version = api_version
        self.betas = (betas,) if isinstance(betas, str) else tuple(betas)
        kept = _store(store, self.mode)
        self._link = Link(
            self.endpoint,
            limits or Limits(),
            max_retries + 1,
            budget or retry.Budget(),
            shared=kept.path.with_name(f"{kept.path.name}-pace") if kept is not None else None,
        )
        self._answers = Answers(
            self.endpoint,
            chosen=base_url is not None,
            store=kept,
            cassette=_cassette(cassette, self.mode),
            connect=self._link.connect,
            timeout_s=timeout_s,
        )
        self._finalizer = weakref.finalize(self, self._link.drop)
        if self.mode != "replay" and self.endpoint.base_url is None:
            notify(_EMULATED.format(place="in this process", why=self.endpoint.why))

    # --- asking --------------------------------------------------------------------------------------

    def send(self, request: Request | Mapping[str, Any], *, draw: int = 0, mode: str | None = None) -> Reply:
        """Ask, or return what is recorded.

        Args:
            request: The request, or its body as a dictionary.
            draw: Which of several independent answers to the same request.
            mode: Another mode than the client's, for this call.

        Raises:
            ReplayMissError: In replay, where nothing is recorded.
            APIError: As every way that sending can fail.
        """
        return sync.run(self._answers.reply(self._question(request, draw), self._mode(mode)))

    async def asend(
        self, request: Request | Mapping[str, Any], *, draw: int = 0, mode: str | None = None
    ) -> Reply:
        """Ask, as `send`, from any event loop."""
        return await sync.wait(self._answers.reply(self._question(request, draw), self._mode(mode)))

    def stream(
        self,
        request: Request | Mapping[str, Any],
        *,
        draw: int = 0,
        mode: str | None = None,
        check: bool = False,
        watch: Watch | None = None,
    ) -> Stream:
        """Return the events of an answer as they come, for ``for`` or ``async for``.

        Args:
            request: The request, or its body as a dictionary.
            draw: Which of several independent answers to the same request.
            mode: Another mode than the client's, for this call.
            check: Lint first; reading then raises `LintError` where the service would refuse, and nothing is
                sent. What is recorded needs no leave.
            watch: Told, in the package's own loop, what becomes of the call; an
                `workbench.transport.Onlooker` also of what holds it up.
        """
        question, chosen = self._question(request, draw), self._mode(mode)
        return Stream(lambda emit: self._answers.stream(question, chosen, emit, watch, check=check))

    def count_tokens(self, request: Request | Mapping[str, Any]) -> int:
        """Return the input tokens of a request, counted by the service: free, and never stored.

        Raises:
            UsageError: In replay, where nothing is asked; `wb.estimate` needs no service.
        """
        question = self._question(request, 0)
        if self.mode == "replay":
            raise UsageError("count_tokens asks the service, and replay asks nothing; use wb.estimate")
        return sync.run(self._count(question))

    def estimate(
        self,
        asked: Eval | Request | Mapping[str, Any] | Iterable[Request | Mapping[str, Any]],
        *,
        exact: bool = False,
        batch: bool = False,
        auto_cache: bool = False,
        mode: str | None = None,
    ) -> Estimate:
        """Estimate tokens and dollars of a study or of requests; what is recorded costs nothing, and is told.

        Args:
            asked: An evaluation, or requests; the n-th of equal ones is draw n.
            exact: Have the service count the input of up to 20 requests, which is free; the others are scaled
                alike.
            batch: At the price of the batch endpoint.
            auto_cache: With the breakpoints that a run with ``auto_cache`` would add; of an evaluation.
            mode: Another mode than the client's; in refresh and off all is asked anew.

        Raises:
            UsageError: *exact* in replay, or *auto_cache* of something else than an evaluation.
        """
        from workbench.evaluation import Eval
        from workbench.runner.marks import AutoMarks

        chosen = self._mode(mode)
        if exact and chosen == "replay":
            raise UsageError("exact=True asks the service to count, and replay asks nothing; leave it out")
        if auto_cache and not isinstance(asked, Eval):
            raise UsageError("auto_cache looks at what trials of an evaluation share; give one")
        marks = AutoMarks(asked, batch=batch) if isinstance(asked, Eval) and auto_cache else None
        questions = [self._question(request, draw) for request, draw in each(asked)]
        counter = self._count if exact else None
        return sync.run(quote(questions, self._answers, chosen, counter=counter, batch=batch, marks=marks))

    @property
    def models(self) -> Models:
        """The models the service lists."""
        return Models(self._ask)

    @property
    def batches(self) -> Batches:
        """Message batches: many requests at half the price, answered within a day.

        Raises:
            UsageError: In replay, where nothing is asked.
        """
        if self.mode == "replay":
            raise UsageError("batches ask the service, and replay asks nothing; use another mode")
        return Batches(BatchCalls(self._link.connect, self.betas), lambda asked: self._question(asked, 0))

    def explain(self, request: Request | Mapping[str, Any], *, draw: int = 0) -> record.Explanation:
        """Say whether a request is recorded; if not, which recording is nearest and where it differs."""
        told = self._answers.explain(self._question(request, draw), self.mode)
        if told is None:
            raise UsageError("this client has neither a store nor a cassette")
        return told

    # --- the client itself ---------------------------------------------------------------------------

    @property
    def store(self) -> Store | None:
        """Replies on disk."""
        return self._answers.store

    @property
    def cassette(self) -> Cassette | None:
        """Replies in a file."""
        return self._answers.cassette

    @property
    def transport(self) -> Transport | None:
        """What sends, once something was sent: its ``tally`` and ``rate_limits`` are of interest."""
        return self._link.transport

    def close(self) -> None:
        """Close connections, emulator and store; the client can be used again and opens them anew."""
        sync.run(self._link.aclose())
        if self.store is not None:
            self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self.endpoint.name}, mode={self.mode!r})"

    def __str__(self) -> str:
        version = self.api_version or record.API_VERSION
        if self.mode == "replay":
            return f"replay: nothing is sent · {self._kept() or 'nothing to answer from'}"
        if self.endpoint.base_url is None:
            url = self._link.url
            place = f"on {urlsplit(url).netloc}" if url else "in this process"
            return _EMULATED.format(place=place, why=self.endpoint.why)
        place = urlsplit(self.endpoint.base_url).netloc
        return " · ".join(filter(None, [f"{self.mode}: {place}", f"version {version}", self._kept()]))

    def _kept(self) -> str:
        parts = []
        if self.cassette is not None:
            parts.append(f"{len(self.cassette):,} replies in {self.cassette.path}")
        if self.store is not None:
            stats = self.store.stats()
            parts.append(f"{stats.replies:,} replies in the store ({stats.size_bytes / 1e6:,.0f} MB)")
        return " · ".join(parts)

    def _mode(self, mode: str | None) -> Mode:
        if mode is None:
            return self.mode
        if self.mode == "off" and mode != "off":
            raise UsageError(f"mode {mode!r} needs a store, and this client was made with mode='off'")
        return check_mode(mode)

    def _question(self, request: Request | Mapping[str, Any], draw: int) -> Question:
        """Return the request in today's spelling, with the version it needs."""
        asked = as_request(request)
        if _old_spelling(asked):
            asked, notes = modern(asked)
            for note in notes:
                warn(note)
        return Question(asked, draw, version_for(asked, self.api_version), self.betas)

    def _sitting(self, evaluation: Any, *, mode: str | None = None, **options: Any) -> Sitting:
        from workbench.evaluation import Eval

        noted = collecting.get()
        if noted is not None:
            kept = {name: value for name, value in options.items() if name in _NOTED}
            noted.append((self, evaluation, {"mode": mode, **kept}))
            raise Collected
        if not isinstance(evaluation, Eval):
            kind = type(evaluation).__name__
            raise UsageError(
                f"a study is an Eval, not {kind}: wb.Eval(name, dataset=…, variants=…, scorers=…)"
            )
        return Sitting(
            evaluation,
            Way.of(evaluation, self._mode(mode), options),
            question=self._question,
            answers=self._answers,
            link=self._link,
            api_version=self.api_version,
            betas=self.betas,
        )

    async def _ask(self, call: Call) -> Any:
        transport = await self._link.connect()
        return await transport.json(call)

    async def _count(self, question: Question) -> int:
        return await count_input(self._ask, question, self.api_version or record.API_VERSION, self.betas)


_EMULATED = (
    "emulator {place} ({why}). Its answers are made up by rule: "
    "use them to try the workbench, not to judge Claude."
)


def _store(store: bool | str | os.PathLike[str] | Store, mode: str) -> Store | None:  # noqa: FBT001 - as given
    if mode == "off" or store is False:
        return None
    if isinstance(store, Store):
        return store
    return Store() if store is True else Store(store)


def _cassette(cassette: str | os.PathLike[str] | Cassette | None, mode: str) -> Cassette | None:
    """Return the cassette. A file that does not exist yet is none; only a replay cannot do without it."""
    if cassette is None or mode == "off":
        return None
    if isinstance(cassette, Cassette):
        return cassette
    needed = mode == "replay" and collecting.get() is None
    return Cassette.load(cassette) if needed or Path(cassette).exists() else None


def _old_spelling(request: Request) -> bool:
    thinking = request.thinking
    return request.output_format is not None or "effort" in ((thinking and thinking.model_extra) or {})
