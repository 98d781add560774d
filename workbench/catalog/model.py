"""One model: what it is, accepts and costs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

PRICES = ("input", "output", "cache_write_5m", "cache_write_1h", "cache_read")
"""The five prices of a rate card, in dollars per million tokens."""


EFFORT_LEVELS = ("low", "medium", "high", "xhigh", "max")
"""Every value of ``output_config.effort``, from least to most; each model takes some of them."""


@dataclass(frozen=True, slots=True)
class Prices:
    """List prices in dollars per million tokens; None is unknown, never zero."""

    input: Decimal | None = None
    output: Decimal | None = None
    cache_write_5m: Decimal | None = None
    cache_write_1h: Decimal | None = None
    cache_read: Decimal | None = None
    fast_input: Decimal | None = None
    fast_output: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PriceTier:
    """The card that prices every token of a request whose prompt is longer than *over* tokens."""

    over: int
    prices: Prices


@dataclass(frozen=True, slots=True)
class PriceChange:
    """A price that was another one before: *previous* was in force up to and including *until* (ISO date)."""

    name: str
    previous: Decimal
    until: str
    source: str


@dataclass(frozen=True, slots=True)
class Model:
    """One model. Where a field is None, nobody could read the figure: ask the Models API, never assume."""

    id: str
    """The exact Claude API id, dated where the model has a date."""
    name: str
    """Display name, e.g. ``Claude Haiku 4.5``."""
    slug: str
    """This catalog's own short key; not always an id the API accepts."""
    line: str | None = None
    """``haiku``, ``sonnet``, ``opus``, ``fable`` or ``mythos``."""
    aliases: tuple[str, ...] = ()
    """Other ids the API accepts."""
    access: str | None = None
    """Who may use it: ``all``, or in words."""
    platform_ids: Mapping[str, str] = field(default_factory=dict)
    """Ids by platform: claude_api, bedrock_messages, bedrock_invoke, vertex, foundry_default_deployment."""
    context_window: int | None = None
    """Tokens of input and output together."""
    max_output_tokens: int | None = None
    max_output_tokens_batch_beta: int | None = None
    """In batches with the 300k output beta."""
    min_cacheable_tokens: int | None = None
    """Prompts shorter than this are silently not cached."""
    tokenizer: str | None = None
    """``claude-4.7`` or ``claude-pre-4.7``."""
    thinking_types: tuple[str, ...] | None = None
    """Values of ``thinking.type`` it takes."""
    thinking_default: str | None = None
    """Without a ``thinking`` parameter: ``always_on``, ``on`` or ``off``."""
    thinking_display_default: str | None = None
    """``summarized`` or ``omitted``."""
    keeps_prior_thinking: bool | None = None
    """Whether the thinking of earlier turns stays in the prompt."""
    effort_levels: tuple[str, ...] | None = None
    """Values of ``output_config.effort`` it takes; empty: the parameter is not supported."""
    effort_default: str | None = None
    no_disabled_effort: tuple[str, ...] = ()
    """Effort levels at which thinking ``disabled`` or ``between_tools`` is a 400."""
    forced_tool_choice: bool | None = None
    """Whether ``tool_choice`` any and tool are accepted."""
    sampling_parameters: str | None = None
    """Under 2023-06-01: ``reject_non_default``, ``accepted`` or ``temperature_or_top_p``."""
    assistant_prefill: bool | None = None
    mid_conversation_system: bool | None = None
    """Whether ``role: system`` is accepted inside ``messages``."""
    inference_geo: bool | None = None
    fast_mode: bool | str | None = None
    """True, False, or ``accepted_but_runs_at_standard_speed``."""
    citations: bool | None = None
    structured_outputs: bool | None = None
    vision: bool | None = None
    image_max_long_edge_px: int | None = None
    image_max_tokens: int | None = None
    pdf: bool | None = None
    computer_use_tools: tuple[str, ...] | None = None
    tool_use_system_prompt_tokens: Mapping[str, int | None] | None = None
    """Tokens added by ``tools``: ``auto_none`` and ``any_tool``, by tool_choice."""
    status: str | None = None
    """``active``, ``deprecated`` or ``retired``."""
    released: str | None = None
    deprecated: str | None = None
    retires: str | None = None
    """ISO date after which the Claude API answers 404."""
    not_retired_before: str | None = None
    replacement: str | None = None
    """The recommended successor's id."""
    prices: Prices = field(default_factory=Prices)
    price_tiers: tuple[PriceTier, ...] = ()
    price_changes: tuple[PriceChange, ...] = ()
    notes: tuple[str, ...] = ()
    figures: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False, compare=False)
    """The record behind each field: value, source, alternates."""

    def source(self, name: str) -> str | None:
        """Return where the figure *name* comes from: a URL, ``seed``, ``sdk``, or None where it is unknown.

        Args:
            name: A field of this class, or a price such as ``cache_read``.

        >>> from workbench.catalog import catalog
        >>> catalog().model("claude-haiku-4-5").source("context_window")
        'seed'
        """
        return self.figures.get(name, {}).get("source")

    def price(self, name: str, at: str) -> Decimal | None:
        """Return a list price in dollars per million tokens as it was on a day, below any tier.

        Args:
            name: One of `PRICES`.
            at: ISO date.

        >>> from workbench.catalog import catalog
        >>> sonnet = catalog().model("claude-sonnet-5-5")
        >>> sonnet.price("cache_read", "2026-10-06"), sonnet.price("cache_read", "2026-10-07")
        (Decimal('0.2'), Decimal('0.1'))
        """
        for change in self.price_changes:
            if change.name == name and at <= change.until:
                return change.previous
        found: Decimal | None = getattr(self.prices, name)
        return found

    def __str__(self) -> str:
        return f"{self.name} ({self.id}, {self.status or 'status unknown'})"
