"""The most a request may cost, known before it is sent."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from workbench.catalog import catalog
from workbench.cost.rates import Refusal, Terms, server_rates
from workbench.cost.worst import at_most, dearest, longest_ttl, today
from workbench.tokens import count
from workbench.wire.tools import family

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from workbench.wire import Request

ZERO, ONE = Decimal(0), Decimal(1)

USES = 10
"""Uses a call of a server tool is allowed for where the request sets no ``max_uses``."""

TOKENS_A_USE = 10_000
"""Input tokens allowed for what one search or fetch brings in, where the tool sets no ``max_content_tokens``.

The service sets no bound of its own: a call with server tools may cost more than its worst case here."""


class Worst(NamedTuple):
    """The most a request may cost: dollars, and the input tokens these are for."""

    dollars: Decimal
    input_tokens: int


def worst_case(
    request: Request, *, batch: bool = False, at: date | None = None, stretch: Decimal = ONE
) -> Worst | Refusal:
    """Return the most a request may cost, or why it has no price.

    Input is the high end of `tokens.count`, all of it at the dearest price it can be billed at: a cache write
    where there are breakpoints. Output is ``max_tokens``, or all that the model can write. Where the request
    leaves the geography open, the workspace may have set ``us``. Each model of ``fallbacks`` may be asked
    and billed as well. Server tools are given an allowance (`USES`, `TOKENS_A_USE`); compaction, advisors and
    MCP servers are not bounded.

    Args:
        request: What would be sent.
        batch: At the price of the batch endpoint.
        at: The day whose rates hold; None is today.
        stretch: What the estimate of input tokens is multiplied with, where it was found too low.
    """
    day = at or today()
    uses, fees, brought = _server_tools(request)
    tokens = count(request).high + brought
    high = tokens if stretch is ONE else int(tokens * stretch) + 1
    ttl = longest_ttl(request)
    total = fees
    for model, most, speed in _may_answer(request):
        known = catalog().get(model)
        us = request.inference_geo == "us" or (
            request.inference_geo is None and known is not None and bool(known.inference_geo)
        )
        prices = dearest(model, day, Terms(batch, speed == "fast", us), "5m" if uses and not ttl else ttl)
        if isinstance(prices, Refusal):
            return prices
        total += at_most(prices, high, most)
    return Worst(total, high)


def _may_answer(request: Request) -> Iterator[tuple[str, int, str | None]]:
    """Yield every model that may be billed for a request, with its output limit and its speed."""
    most = _most(request.model, request.max_tokens)
    yield request.model, most, request.speed
    others = request.fallbacks
    if isinstance(others, str):
        yield request.model, most, request.speed  # the service chooses; taken to be no dearer
        return
    for other in others or ():
        model = str(other.get("model") or request.model)
        limit = other.get("max_tokens")
        yield model, limit if isinstance(limit, int) else most, other.get("speed") or request.speed


def _most(model: str, limit: int | None) -> int:
    if limit is not None:
        return limit
    known = catalog().get(model)
    return (known and known.max_output_tokens) or max(one.max_output_tokens or 0 for one in catalog())


def _server_tools(request: Request) -> tuple[int, Decimal, int]:
    """Return uses allowed for, their fees, and the input tokens they may bring in."""
    uses, fees, tokens = 0, ZERO, 0
    for tool in request.tools or ():
        place = _FEES.get(family(getattr(tool, "type", None)) or "")
        if place is None:
            continue
        limit = getattr(tool, "max_uses", None)
        allowed = limit if isinstance(limit, int) else USES
        content = getattr(tool, "max_content_tokens", None)
        uses += allowed
        fees += (server_rates()[place].each or ZERO) * allowed
        tokens += (content if isinstance(content, int) else TOKENS_A_USE) * allowed
    return uses, fees, tokens


_FEES: Mapping[str, int] = {"web_search": 0, "web_fetch": 1}
