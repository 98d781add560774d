"""One request in, one message out: everything the service decides, with no HTTP in it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from workbench.catalog import Model, catalog
from workbench.emulator import script as scripts
from workbench.emulator.answer import Answer, answer
from workbench.emulator.answer.thinking import changed_thinking
from workbench.emulator.diagnostics import Diagnostics, fingerprint
from workbench.emulator.ledger import Ledger
from workbench.emulator.prompt_cache import Plan, PromptCache
from workbench.errors import (
    APIStatusError,
    BadRequestError,
    NotFoundError,
    RateLimitError,
    status_error,
)
from workbench.lint import refusal
from workbench.tokens import count, prefix_keys, prefix_tokens, running_speed, text_tokens
from workbench.wire.codec import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from workbench.emulator.auth import Caller
    from workbench.emulator.limits import Headers, Limits
    from workbench.tokens import Position
    from workbench.wire.request import Request

JSON = dict[str, Any]
_STAND_IN = "claude-haiku-4-5"
"""Whose tokenizer and defaults a model unknown to the catalog gets, where the emulator is lenient."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What goes back for one request.

    Attributes:
        message: The message, or None where a script answers with an error.
        plan: What the prompt cache reads and writes once the answer begins.
        headers: Beyond the standing ones.
        delay_s: What a script adds to the latency.
        body: Digest of the request's body, streamed or not.
    """

    message: JSON | None
    plan: Plan
    headers: Headers = field(default_factory=list)
    delay_s: float = 0.0
    error: APIStatusError | None = None
    body: str = ""


@dataclass
class Service:
    """The state of the emulated service: cache, limits, script, counters."""

    limits: Limits | None = None
    script: scripts.Script = field(default_factory=scripts.Script)
    lenient: bool = False
    clock: Callable[[], float] = time.monotonic
    cache: PromptCache = field(default_factory=PromptCache)
    diagnostics: Diagnostics = field(default_factory=Diagnostics)
    ledger: Ledger = field(default_factory=Ledger)

    def exchange(
        self, body: JSON, request: Request, caller: Caller, *, endpoint: str = "messages"
    ) -> Exchange:
        """Answer a messages request, or, where *endpoint* is ``batch``, an item of a batch.

        Raises:
            APIStatusError: The service refuses it, with the status and words of the API.
        """
        now = self.clock()
        self._refuse(body, request, caller, endpoint)
        limits = self.limits if endpoint == "messages" else None  # batches have a queue of their own
        if self.lenient:
            body = request.wire()
        model = self._model(request.model)
        seed = digest({name: value for name, value in body.items() if name != "stream"})
        rule = self.script.match(body, (request.model, model.id))
        fault = scripts.fault(rule) if rule else None
        if rule and fault:
            return Exchange(None, Plan(0), _encoded(fault), rule.spec.get("delay_s", 0.0), _error(fault))
        positions = prefix_tokens(request) if _uses_cache(body) else []
        plan = self._plan(request, model, positions, caller, now)
        try:
            headers = self._admit(caller, model, plan, now) if limits else []
        except RateLimitError as error:
            return Exchange(None, Plan(0), self._limited(caller, model, error), error=error)
        total = plan.uncached + plan.read + plan.written
        said = answer(
            body,
            model,
            seed=seed,
            tokens=partial(text_tokens, tokenizer=model.tokenizer or "claude-4.7"),
            window=None if model.context_window is None else max(0, model.context_window - total),
            scripted=scripts.reply(rule, seed) if rule else None,
        )
        if limits:
            headers = limits.spend(caller.workspace, model.id, said.output_tokens)
        message = _message(body, model, said, plan, f"msg_01{seed[:22]}")
        message["diagnostics"] = self._diagnose(body, model, caller, positions, message["id"])
        delay_s = rule.spec.get("delay_s", 0.0) if rule else 0.0
        return Exchange(message, plan, headers, delay_s, body=seed)

    def begin(self, exchange: Exchange) -> None:
        """Take note that an answer begins: what it wrote to the prompt cache can be read from now on."""
        self.cache.begin(exchange.plan, now=self.clock())
        if exchange.message is not None:
            self.ledger.bill(exchange.message["usage"], exchange.body)

    def begin_batch_item(self, exchange: Exchange) -> None:
        """Take note that an item of a batch is answered; what it costs is counted with its result."""
        self.cache.begin(exchange.plan, now=self.clock())
        self.ledger.bodies[exchange.body[:32]] += 1

    def count(self, body: JSON, request: Request, caller: Caller) -> int:
        """Count the input tokens of a request.

        Raises:
            APIStatusError: The service refuses it.
        """
        self._refuse(body, request, caller, "count_tokens")
        self._model(request.model)
        if self.limits:
            self.limits.admit_count(caller.workspace, self.clock())
        return count(request).likely

    def _refuse(self, body: JSON, request: Request, caller: Caller, endpoint: str) -> None:
        if self.lenient:
            return
        found = refusal(
            request, api_version=caller.api_version, betas=caller.betas, endpoint=endpoint, body=body
        )
        if found is not None and found.status is not None:
            raise status_error(found.status)(
                found.message or found.what,
                status=found.status,
                type=found.error_type,
                error_code=found.error_code,
            )
        if (says := changed_thinking(request)) is not None:
            raise BadRequestError(says, status=400, type="invalid_request_error")

    def _model(self, name: str) -> Model:
        model = catalog().get(name)
        if model is not None:
            return model
        if self.lenient:
            return replace(catalog().model(_STAND_IN), id=name, slug=name)
        raise NotFoundError(f"model: {name}", status=404, type="not_found_error")

    def _plan(
        self,
        request: Request,
        model: Model,
        positions: Sequence[Position],
        caller: Caller,
        now: float,
    ) -> Plan:
        if not positions:
            return Plan(uncached=count(request).likely, started_at=now)
        keys = [f"{caller.workspace} {key}" for key in prefix_keys(request, positions)]
        return self.cache.plan(keys, positions, minimum=model.min_cacheable_tokens, now=now)

    def _admit(self, caller: Caller, model: Model, plan: Plan, now: float) -> Headers:
        if self.limits is None:
            return []
        return self.limits.admit(caller.workspace, model.id, plan.uncached + plan.written, now)

    def _limited(self, caller: Caller, model: Model, error: RateLimitError) -> Headers:
        """Return the headers of a 429: how long to wait, and how things stand."""
        wait = f"{error.retry_after_s or 1:g}".encode()
        standing = self.limits.headers(caller.workspace, model.id) if self.limits else []
        return [(b"retry-after", wait), *standing]

    def _diagnose(
        self, body: JSON, model: Model, caller: Caller, positions: Sequence[Position], message_id: str
    ) -> JSON | None:
        if not isinstance(body.get("diagnostics"), dict):
            return None
        current = fingerprint(body, model, positions[-1].tokens if positions else 0)
        judged = self.diagnostics.judge(body, current, caller.workspace, _shared(positions))
        self.diagnostics.keep(caller.workspace, message_id, current)
        return judged


def _uses_cache(body: JSON) -> bool:
    if body.get("cache_control") or isinstance(body.get("diagnostics"), dict):
        return True
    return _holds(body.get("tools")) or _holds(body.get("system")) or _holds(body["messages"])


def _holds(value: Any) -> bool:
    """Return whether a breakpoint stands anywhere in blocks."""
    if not isinstance(value, list):
        return False
    return any(
        block.get("cache_control") or _holds(block.get("content"))
        for block in value
        if isinstance(block, dict)
    )


def _shared(positions: Sequence[Position]) -> list[int]:
    """Return the tokens up to the end of the tools, of the system prompt, and of each message."""
    ends = {"tools": 0, "system": 0}
    turns: dict[str, int] = {}
    for place in positions:
        if place.section in ends:
            ends[place.section] = place.tokens
        else:
            turns[place.path.partition(".")[0]] = place.tokens
    return [ends["tools"], max(ends.values()), *turns.values()]


def _message(body: JSON, model: Model, said: Answer, plan: Plan, message_id: str) -> JSON:
    geo = body.get("inference_geo") or ("global" if model.inference_geo else "not_available")
    return {
        "id": message_id,
        "type": "message",
        "role": "assistant",
        "model": model.id,
        "content": said.content,
        "stop_reason": said.stop_reason,
        "stop_sequence": said.stop_sequence,
        "stop_details": said.stop_details,
        "container": None,
        "diagnostics": None,
        "usage": {
            **plan.usage(),
            "output_tokens": said.output_tokens,
            "output_tokens_details": {"thinking_tokens": said.thinking_tokens},
            "server_tool_use": None,
            "service_tier": "standard",
            "inference_geo": geo,
            "speed": running_speed(body.get("speed"), model),
        },
    }


def _encoded(fault: scripts.Fault) -> Headers:
    return [(name.lower().encode(), value.encode()) for name, value in fault.headers]


def _error(fault: scripts.Fault) -> APIStatusError:
    message = fault.message or f"scripted: {fault.status}"
    return status_error(fault.status)(message, status=fault.status, type=fault.type)
