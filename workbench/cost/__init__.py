"""Usage in, receipt out. Decimal dollars; the unknown is unpriced, never $0."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from workbench.catalog import catalog
from workbench.cost.rates import LABELS, MILLION, Card, Refusal, Terms, cards, list_prices, server_rates
from workbench.cost.receipt import Line, Rate, Receipt, Tally, dollars
from workbench.wire import Usage, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Line", "Receipt", "Tally", "cost", "dollars", "list_prices"]


def cost(
    usage: Usage | Mapping[str, Any] | None,
    *,
    model: str,
    at: date | datetime | None = None,
    batch: bool = False,
    speed: str | None = None,
    inference_geo: str | None = None,
    platform: str = "claude_api",
    regional: bool = False,
    refused: str | None = None,
) -> Receipt:
    """Price one reply at list price, with the rates in force when it was made.

    Args:
        usage: The reply's usage, or its JSON; None or unknown counts make an unpriced receipt.
        model: Any name of the model. One without a known price makes an unpriced receipt.
        at: When it was made (a datetime with a zone is taken in UTC); None is today.
        batch: Whether it came through the batch endpoint; also where ``usage.service_tier`` says so.
        speed: ``fast`` or ``standard``; by default ``usage.speed``, which is what the service billed.
        inference_geo: ``us`` or ``global``; by default ``usage.inference_geo``.
        platform: ``claude_api``, ``aws``, ``bedrock``, ``vertex``, ``google`` or ``foundry``; geography is
            priced on the first two only.
        regional: A regional or multi-region endpoint of a cloud platform (10 % more).
        refused: Category of a refusal that came before any output, "" where it names none: such a reply is
            free, but for the categories that the catalog lists.

    Source: https://platform.claude.com/docs/en/about-claude/pricing

    >>> usage = Usage(input_tokens=1_000_000, output_tokens=1000)
    >>> print(cost(usage, model="claude-haiku-4-5", at=date(2026, 11, 22)))
    input, uncached   1,000,000   $1.00/M   $1.0000
    output                1,000   $5.00/M   $0.0050
                                            -------
                                            $1.0050
    >>> cost(usage, model="my-own-model").total is None
    True
    """
    day = _day(at)
    if refused is not None and _free(refused, day):
        return Receipt(model=model, at=day)
    if usage is None:
        return _unpriced("no usage came with the reply", model, day)
    if not isinstance(usage, Usage):
        usage = parse(Usage, usage)
    if not usage.known:
        return _unpriced("a token count is missing or not a whole number", model, day)
    us = (inference_geo or usage.inference_geo) == "us" and platform in {"claude_api", "aws"}
    in_batch = batch or usage.service_tier == "batch"
    fast = (speed or usage.speed) == "fast"
    found = cards(model, day, Terms(in_batch, fast, us, regional))
    if isinstance(found, Refusal):
        return _unpriced(found.reason, model, day, usage)
    receipt = _receipt(found, usage, model, day)
    if usage.iterations:
        more = _iterations(usage, model=model, day=day, batch=in_batch)
        return sum(more, receipt).named(model, day)
    return receipt


def _free(category: str, day: date) -> bool:
    fact = catalog().modifiers["refusal_before_output"]
    return category not in fact["billed_categories"] or day.isoformat() < fact["billed_from"]


def _receipt(found: tuple[Card, ...], usage: Usage, model: str, day: date) -> Receipt:
    card = found[0]
    if len(found) > 1:
        prompt = usage.total_input
        card = next(c for c in found if prompt > c.over)
    parts = tuple(zip(card.rates, _tokens(usage), strict=True))
    unknown = () if card.whole else (rate.label for rate, n in parts if n and rate.each is None)
    missing = tuple(f"{label}: no price known" for label in unknown)
    return Receipt(parts + _extras(usage), model=model, at=day, reasons=missing, unpriced=bool(missing) * 1)


def _day(at: date | datetime | None) -> date:
    if at is None:
        return datetime.now(UTC).date()
    if isinstance(at, datetime):
        return (at.astimezone(UTC) if at.tzinfo else at).date()
    return at


_NONE = tuple(Rate(label, "tokens", None, MILLION, "no price known") for label in LABELS.values())


def _unpriced(reason: str, model: str, day: date, usage: Usage | None = None) -> Receipt:
    parts = tuple(zip(_NONE, _tokens(usage), strict=True)) if usage else ()
    return Receipt(parts, model=model, at=day, reasons=(reason,), unpriced=1)


def _tokens(usage: Usage) -> tuple[int, int, int, int, int]:
    """Return uncached input, 5m writes, 1h writes, reads and output; writes of no known lifetime are 5m.

    Args:
        usage: One whose counts are all `known`.
    """
    split = usage.cache_creation
    short = split.ephemeral_5m_input_tokens or 0 if split else 0
    long = split.ephemeral_1h_input_tokens or 0 if split else 0
    short = max(short, (usage.cache_creation_input_tokens or 0) - long)
    reads = usage.cache_read_input_tokens or 0
    return usage.input_tokens or 0, short, long, reads, usage.output_tokens or 0  # type: ignore[return-value]


def _extras(usage: Usage) -> tuple[tuple[Rate, int], ...]:
    """Return what is not tokens: searches, fetches, code; and thinking, which only informs."""
    if usage.server_tool_use is None and usage.output_tokens_details is None:
        return ()
    calls = usage.server_tool_use
    counts = (
        calls.web_search_requests if calls else 0,
        calls.web_fetch_requests if calls else 0,
        calls.code_execution_requests if calls else 0,
        usage.thinking_tokens,
    )
    return tuple(zip(server_rates(), (_count(n) for n in counts), strict=True))


def _count(value: float | None) -> int:
    return value if isinstance(value, int) else 0


_SEPARATE = ("compaction", "advisor_message")
"""Iterations whose tokens are not in the top-level counts.

Source: the official Python SDK 2.12.0, types of ``usage.iterations``."""


def _iterations(usage: Usage, *, model: str, day: date, batch: bool) -> list[Receipt]:
    """Price what the top-level counts leave out: compactions, and advisors at their own model's price."""
    separate = (row for row in usage.iterations or () if row.get("type") in _SEPARATE)
    return [
        cost(
            Usage.model_validate({"speed": usage.speed, "inference_geo": usage.inference_geo, **row}),
            model=row.get("model") or model,
            at=day,
            batch=batch,
        )
        for row in separate
    ]
