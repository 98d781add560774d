"""The emulator as an ASGI application: the routes and what each answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.routing import Route, Router

from workbench.emulator import body as bodies
from workbench.emulator import models_api, pace
from workbench.emulator.auth import Caller, caller
from workbench.emulator.guard import Guard, error_body
from workbench.emulator.limits import tier
from workbench.emulator.pace import Frame, Outgoing
from workbench.emulator.script import Script, load, rules
from workbench.emulator.service import Exchange, Service
from workbench.wire.codec import dumps

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from starlette.requests import Request as HTTPRequest
    from starlette.types import Receive, Scope, Send

JSON = dict[str, Any]


class Emulator:
    """The Messages API on loopback, with answers made by rule.

    Args:
        limits: Name of a rate-limit tier to enforce (see `limits.tier`); None for no limits.
        latency: Seconds to the first token, or ``"TTFT,PER_TOKEN"``.
        script: File of scripted answers, or rules as dictionaries.
        lenient: Answer also what the API would refuse, and unknown models.

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
    ) -> None:
        self.latency = pace.latency(latency)
        self.service = Service(
            limits=tier(limits) if limits else None, script=_script(script), lenient=lenient
        )
        self.router = Router(self._routes(), redirect_slashes=False)
        self.guarded = Guard(self._route, self.service.ledger)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        await self.guarded(scope, receive, send)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self  # makes the router raise, so that the guard words its 404 and 405
        self.service.ledger.requests[scope["path"] if scope["path"] in _KNOWN else "other"] += 1
        await self.router(scope, receive, send)

    def _routes(self) -> list[Route]:
        return [
            Route("/v1/messages", self._messages, methods=["POST"]),
            Route("/v1/messages/count_tokens", self._count_tokens, methods=["POST"]),
            Route("/v1/models", self._models, methods=["GET"]),
            Route("/v1/models/{name}", self._one_model, methods=["GET"]),
            Route("/_emulator/ledger", self._ledger, methods=["GET"]),
        ]

    async def _messages(self, http: HTTPRequest) -> Outgoing:
        who = caller(http.headers)
        body, request = bodies.parse(await bodies.read(http.headers, http.receive))
        found = self.service.exchange(body, request, who)
        ttft_s = self.latency.ttft_s + found.delay_s
        if found.error is not None or found.message is None:
            return _fault(found, http.scope["request_id"], ttft_s)
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


_KNOWN = frozenset({"/v1/messages", "/v1/messages/count_tokens", "/v1/models", "/_emulator/ledger"})


def _json(value: JSON, who: Caller | None) -> Outgoing:
    headers = [(b"anthropic-workspace-id", who.workspace.encode())] if who else []
    return Outgoing([Frame(dumps(value))], headers=headers)


def _fault(found: Exchange, request_id: str, ttft_s: float) -> Outgoing:
    assert found.error is not None
    frames = [Frame(error_body(found.error, request_id))]
    return Outgoing(frames, status=found.error.status, headers=found.headers, ttft_s=ttft_s)


def _script(script: str | Path | Iterable[Mapping[str, Any]] | None) -> Script:
    if script is None:
        return Script()
    return load(script) if isinstance(script, str | Path) else rules(script)
