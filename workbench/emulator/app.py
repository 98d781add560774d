"""The emulator as an ASGI application: the routes and what each answers."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.routing import Route, Router

from workbench.emulator import body as bodies
from workbench.emulator import models_api, pace
from workbench.emulator.auth import Caller, caller
from workbench.emulator.batches import Batches
from workbench.emulator.batches_api import BatchesAPI, shape_of
from workbench.emulator.faults import Asked, Faults, Misbehaviour
from workbench.emulator.faults.connections import SINK
from workbench.emulator.guard import Guard, error_body
from workbench.emulator.limits import tier
from workbench.emulator.pace import Frame, Outgoing
from workbench.emulator.script import Script, load, rules
from workbench.emulator.service import Exchange, Service
from workbench.wire.codec import dumps

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from starlette.requests import Request as HTTPRequest
    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

    from workbench.emulator.faults.choice import Drawn

JSON = dict[str, Any]


class Emulator:
    """The Messages API on loopback, with answers made by rule.

    Args:
        limits: Name of a rate-limit tier to enforce (see `limits.tier`); None for no limits.
        latency: Seconds to the first token, or ``"TTFT,PER_TOKEN"``.
        script: File of scripted answers, or rules as dictionaries.
        lenient: Answer also what the API would refuse, and unknown models.
        faults: What goes wrong: ``NAME``, ``NAME:RATE`` or ``NAME:RATE:TIMES`` each, or rates by name
            (`workbench serve --fault list` names them all). A fault hits messages requests only.
        seed: Which requests the faults hit; the same ones for the same seed.
        storm: ``START:SECONDS:STATUS``: a time, from the first request, in which all are refused.
        batch_s: Seconds a batch takes; the time to the first token where not said.
        data: Folder that keeps batches over a restart; else they live in memory.

    Raises:
        UsageError: An option that makes no sense.
    """

    def __init__(
        self,
        *,
        limits: str | None = None,
        latency: str | float | tuple[float, float] | None = None,
        script: str | Path | Iterable[Mapping[str, Any]] | None = None,
        lenient: bool = False,
        faults: str | Iterable[str] | Mapping[str, float] = (),
        seed: int = 0,
        storm: str | None = None,
        batch_s: float | None = None,
        data: str | Path | None = None,
    ) -> None:
        self.latency = pace.latency(latency)
        self.faults = Faults(faults, seed=seed, storm=storm)
        self.service = Service(
            limits=tier(limits) if limits else None, script=_script(script), lenient=lenient
        )
        self.batches = Batches(
            self.service,
            seconds=self.latency.ttft_s if batch_s is None else batch_s,
            folder=Path(data) if data is not None else None,
        )
        self.router = Router(self._routes(), redirect_slashes=False)
        self.guarded = Guard(self._route, self.service.ledger)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        await self.guarded(scope, receive, send)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self  # makes the router raise, so that the guard words its 404 and 405
        path = scope["path"]
        self.service.ledger.requests[path if path in _KNOWN else shape_of(path) or "other"] += 1
        await self.router(scope, receive, send)

    def _routes(self) -> list[Route]:
        return [
            Route("/v1/messages", self._messages, methods=["POST"]),
            Route("/v1/messages/count_tokens", self._count_tokens, methods=["POST"]),
            Route("/v1/models", self._models, methods=["GET"]),
            Route("/v1/models/{name}", self._one_model, methods=["GET"]),
            Route("/_emulator/ledger", self._ledger, methods=["GET"]),
            *BatchesAPI(self.batches).routes(),
        ]

    async def _messages(self, http: HTTPRequest) -> Response:
        who = caller(http.headers)
        body, request = bodies.parse(await bodies.read(http.headers, http.receive))
        drawn = self.faults.draw(body) if self.faults else None
        if drawn is not None and not drawn.fault.bills:
            return self._misbehaviour(drawn, body, http.scope)
        found = self.service.exchange(body, request, who)
        ttft_s = self.latency.ttft_s + found.delay_s
        if found.error is not None or found.message is None:
            return _refusal(found, http.scope["request_id"], ttft_s)
        if drawn is not None:
            return self._misbehaviour(drawn, body, http.scope, found)
        streams = body.get("stream") is True
        frames = (pace.streamed if streams else pace.plain)(found.message, self.latency.per_token_s)
        return Outgoing(
            frames,
            kind=b"text/event-stream; charset=utf-8" if streams else b"application/json",
            headers=[(b"anthropic-workspace-id", who.workspace.encode()), *found.headers],
            ttft_s=ttft_s,
            on_begin=lambda: self.service.begin(found),
            on_end=self._answered,
        )

    def _misbehaviour(
        self, drawn: Drawn, body: JSON, scope: Scope, found: Exchange | None = None
    ) -> Misbehaviour:
        """Return what goes out instead of the answer, or of the work it would have been."""
        fault = drawn.fault
        self.service.ledger.faults[fault.name] += 1
        message = (found.message if found else None) or {}
        port = (scope.get("server") or ("", 0))[1] or 0
        return Misbehaviour(
            fault.make(Asked(message, body, drawn.turn, scope["request_id"], port)),
            ttft_s=self.latency.ttft_s + (found.delay_s if found else 0.0),
            on_begin=partial(self.service.begin, found) if found else None,
            on_end=self._answered if fault.answers else None,
        )

    def _answered(self) -> None:
        self.service.ledger.answered += 1

    async def _count_tokens(self, http: HTTPRequest) -> Outgoing:
        who = caller(http.headers)
        raw = await bodies.read(http.headers, http.receive)
        body, request = bodies.parse(raw, endpoint="count_tokens")
        return _json({"input_tokens": self.service.count(body, request, who)}, who)

    async def _models(self, http: HTTPRequest) -> Outgoing:
        who = caller(http.headers)
        query = http.query_params
        page = models_api.listing(
            limit=query.get("limit"),
            after_id=query.get("after_id"),
            before_id=query.get("before_id"),
            lifecycle=[*query.getlist("lifecycle[]"), *query.getlist("lifecycle")],
        )
        return _json(page, who)

    async def _one_model(self, http: HTTPRequest) -> Outgoing:
        who = caller(http.headers)
        return _json(models_api.one(http.path_params["name"]), who)

    async def _ledger(self, _: HTTPRequest) -> Outgoing:
        return _json(self.service.ledger.json(), None)


_KNOWN = frozenset({"/v1/messages", "/v1/messages/count_tokens", "/v1/models", "/_emulator/ledger", SINK})


def _json(value: JSON, who: Caller | None) -> Outgoing:
    headers = [(b"anthropic-workspace-id", who.workspace.encode())] if who else []
    return Outgoing([Frame(dumps(value))], headers=headers)


def _refusal(found: Exchange, request_id: str, ttft_s: float) -> Outgoing:
    assert found.error is not None
    frames = [Frame(error_body(found.error, request_id))]
    return Outgoing(frames, status=found.error.status, headers=found.headers, ttft_s=ttft_s)


def _script(script: str | Path | Iterable[Mapping[str, Any]] | None) -> Script:
    if script is None:
        return Script()
    return load(script) if isinstance(script, str | Path) else rules(script)
