"""What each model is, accepts and costs: ``catalog.json``, dated, each figure with its source.

``None`` always means *unknown*: never assume. Figures are the Claude API's unless a name says otherwise.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.display import Shown
from workbench.errors import UnknownModelError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pandas as pd

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

        >>> catalog().model("claude-haiku-4-5").source("context_window")
        'seed'
        """
        return self.figures.get(name, {}).get("source")

    def price(self, name: str, at: str) -> Decimal | None:
        """Return a list price in dollars per million tokens as it was on a day, below any tier.

        Args:
            name: One of `PRICES`.
            at: ISO date.

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


@dataclass(frozen=True, slots=True)
class Catalog(Shown):
    """Every model this package knows; iterate over it, or ask for one by any of its names.

    Attributes:
        models: The models on record, newest generation first.
        retired: Older ones of which only the end and the successor are kept.
        as_of: ISO date of the newest figure.
        data: The tables beside the models, as in ``catalog.json``.
    """

    models: tuple[Model, ...]
    retired: tuple[Model, ...]
    as_of: str
    data: Mapping[str, Any] = field(repr=False)
    _names: Mapping[str, Model] = field(repr=False, compare=False)

    def __iter__(self) -> Iterator[Model]:
        return iter(self.models)

    def __len__(self) -> int:
        return len(self.models)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def get(self, name: str) -> Model | None:
        """Return the model of this name, or None: id, alias, dated id, or a platform's id.

        Bedrock's region prefixes and ARNs and Google's ``publishers/…`` paths are understood.

        >>> catalog().get("us.anthropic.claude-haiku-4-5-20251001-v1:0").id
        'claude-haiku-4-5-20251001'
        """
        return self._names.get(name) or self._names.get(_bare(name))

    def model(self, name: str) -> Model:
        """Return the model of this name.

        Raises:
            UnknownModelError: No such model; the message names the nearest one and the cure.

        >>> catalog().model("gpt")
        Traceback (most recent call last):
        ...
        workbench.errors.UnknownModelError: unknown model 'gpt' (`workbench models` lists all)
        """
        found = self.get(name)
        if found is None:
            raise UnknownModelError(
                f"unknown model {name!r}{self._nearest(name)} (`workbench models` lists all)"
            )
        return found

    def _nearest(self, name: str) -> str:
        served = [n for m in self.models if m.status != "retired" for n in (m.slug, m.id, *m.aliases)]
        return did_you_mean(name, served) or did_you_mean(name, self._names)

    def group(self, name: str) -> str:
        """Return the rate-limit pool a model draws from; a model in no known pool has its own.

        Source: https://platform.claude.com/docs/en/api/rate-limits

        >>> catalog().group("claude-opus-4-5-20251101"), catalog().group("claude-opus-5-5")
        ('opus-4.x', 'opus-5.5')
        """
        model = self.get(name)
        names = {name} if model is None else {model.id, model.slug, *model.aliases}
        for label, members in self.rate_limits["current"]["groups"].items():
            if isinstance(members, list) and names.intersection(members):
                return str(label)
        return model.slug if model else name

    @property
    def modifiers(self) -> Mapping[str, Any]:
        """Price multipliers: batch, geography, cache, fast mode, regional endpoints."""
        return self._table("modifiers")

    @property
    def limits(self) -> Mapping[str, Any]:
        """Request limits; each a figure with value and source."""
        return self._table("request_limits")

    @property
    def rate_limits(self) -> Mapping[str, Any]:
        """Rate limits by tier: ``current``, and the ``seed``'s older ones."""
        return self._table("rate_limits")

    @property
    def server_tools(self) -> Mapping[str, Any]:
        """Tools the service runs: types and prices."""
        return self._table("server_tools")

    @property
    def betas(self) -> Mapping[str, Any]:
        """Beta headers: ``required_today`` and ``no_longer_needed``."""
        return self._table("beta_headers")

    @property
    def tool_overhead(self) -> Mapping[str, Any]:
        """Tokens that Anthropic-defined tools add by themselves."""
        return self._table("tool_token_overhead")

    def _table(self, name: str) -> Mapping[str, Any]:
        table: Mapping[str, Any] = self.data[name]
        return table

    def dated(self, source: str | None) -> str | None:
        """Return the day (ISO) on which a figure's source was read, or None.

        >>> catalog().dated("seed")
        '2026-05-08'
        """
        known = ((row["source"], row["captured"]) for row in self.data["source_dates"])
        return next((day for prefix, day in known if source and source.startswith(prefix)), None)

    def overlay(self, rows: Iterable[Mapping[str, Any]]) -> Catalog:
        """Return a catalog in which the live Models API speaks last.

        Args:
            rows: Objects of ``GET /v1/models``. What they do not say stays as it was; an id not on record
                becomes a model of which nothing else is known.

        Source: https://platform.claude.com/docs/en/api/models
        """
        models = {model.id: model for model in self.models}
        for row in rows:
            known = self.get(row["id"])
            live = _live(known or Model(id=row["id"], name=row["id"], slug=row["id"]), row)
            models[live.id] = live
        return _catalog(tuple(models.values()), self.retired, self.data)

    def frame(self) -> pd.DataFrame:
        """Return one row per model, one column per field; prices in dollars per million tokens, as floats."""
        import pandas as pd

        return pd.DataFrame([_row(model) for model in self.models])

    def __str__(self) -> str:
        header = ("model", "status", "context", "in/out $ per M", "cache min", "thinking", "effort")
        return _aligned([header, *(_cells(model) for model in self.models)]) + f"\nas of {self.as_of}"


_REGION = re.compile(r"^(?:[a-z]{2,6}(?:-[a-z]+)?\.)?(?=anthropic\.)")


def _bare(name: str) -> str:
    """Strip what platforms put before a model id: ARNs, paths, region prefixes."""
    return _REGION.sub("", name.rpartition("/")[2])


# --- reading ---------------------------------------------------------------------------------------


@cache
def catalog() -> Catalog:
    """Return the catalog this package ships; ``client.models.refresh()`` overlays the live Models API.

    >>> len(catalog())
    26
    """
    data = json.loads(Path(__file__).with_name("catalog.json").read_bytes())
    retired = tuple(_retired(row) for row in data.pop("retired_models"))
    return _catalog(tuple(_model(row) for row in data.pop("models")), retired, data)


def _catalog(models: tuple[Model, ...], retired: tuple[Model, ...], data: Mapping[str, Any]) -> Catalog:
    names: dict[str, Model] = {}
    for model in (*models, *retired):
        for name in (model.id, *model.aliases, *model.platform_ids.values()):
            names.setdefault(name, model)
    return Catalog(models, retired, data["as_of"], data, names)


_RENAMED = {"recommended_replacement": "replacement"}
_PLAIN = ("id", "slug", "line", "access")


def _model(row: Mapping[str, Any]) -> Model:
    figures = {
        _RENAMED.get(name, name): figure
        for part in (row, row["capabilities"], row["lifecycle"], row["prices"])
        for name, figure in part.items()
        if isinstance(figure, dict) and "value" in figure
    }
    known = {f.name for f in fields(Model)}
    values = {name: _frozen(figure["value"]) for name, figure in figures.items() if name in known}
    prices = {name: _money(figures[name]["value"]) for name in _PRICE_NAMES}
    return Model(
        name=row["display_name"],
        aliases=tuple(dict.fromkeys((*row["aliases"], *row["dated_ids"]))),
        platform_ids={k: v["value"] for k, v in row["platform_ids"].items() if v["value"]},
        prices=Prices(**prices),
        price_tiers=tuple(_tier(t) for t in row["prices"].get("tiers", ()) if "prompt_tokens_over" in t),
        price_changes=tuple(_changes(figures)),
        notes=tuple(row["notes"]),
        figures=figures,
        **{name: row[name] for name in _PLAIN},
        **values,
    )


_PRICE_NAMES = (*PRICES, "fast_input", "fast_output")


def _tier(row: Mapping[str, Any]) -> PriceTier:
    return PriceTier(row["prompt_tokens_over"], Prices(**{name: _money(row[name]) for name in PRICES}))


def _changes(figures: Mapping[str, Mapping[str, Any]]) -> Iterator[PriceChange]:
    for name in PRICES:
        before = figures[name].get("previous")
        if before:
            yield PriceChange(name, Decimal(str(before["value"])), before["until"], figures[name]["source"])


def _retired(row: Mapping[str, Any]) -> Model:
    source = {"source": row["source"]}
    return Model(
        id=row["id"],
        name=row["id"],
        slug=row["id"],
        aliases=tuple(row["aliases"]),
        status="retired",
        retires=row["retired"],
        replacement=row["recommended_replacement"],
        tokenizer="claude-pre-4.7",
        figures=dict.fromkeys(("status", "retires", "replacement"), source),
    )


def _money(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


# --- the live Models API ---------------------------------------------------------------------------

_LIVE_FIELDS = {
    "display_name": "name",
    "line": "line",
    "max_input_tokens": "context_window",
    "max_tokens": "max_output_tokens",
    "lifecycle": "status",
    "deprecated_at": "deprecated",
    "retires_at": "retires",
}
_LIVE_FLAGS = {
    "citations": "citations",
    "image_input": "vision",
    "pdf_input": "pdf",
    "structured_outputs": "structured_outputs",
}


def _live(model: Model, row: Mapping[str, Any]) -> Model:
    changes: dict[str, Any] = {ours: row[theirs] for theirs, ours in _LIVE_FIELDS.items() if row.get(theirs)}
    for name in ("deprecated", "retires"):
        if name in changes:
            changes[name] = str(changes[name])[:10]
    if "created_at" in row and model.released is None:
        changes["released"] = str(row["created_at"])[:10]
    changes.update(_live_capabilities(row.get("capabilities") or {}))
    source = {"source": "Models API"}
    return replace(model, **changes, figures={**model.figures, **dict.fromkeys(changes, source)})


def _live_capabilities(capabilities: Mapping[str, Any]) -> dict[str, Any]:
    changes: dict[str, Any] = {
        ours: _supported(capabilities[theirs])
        for theirs, ours in _LIVE_FLAGS.items()
        if theirs in capabilities
    }
    effort, thinking = capabilities.get("effort"), capabilities.get("thinking")
    if isinstance(effort, dict):
        levels = tuple(level for level in EFFORT_LEVELS if _supported(effort.get(level)))
        changes["effort_levels"] = levels if _supported(effort) else ()
    if isinstance(thinking, dict) and isinstance(thinking.get("types"), dict):
        changes["thinking_types"] = tuple(kind for kind, on in thinking["types"].items() if _supported(on))
    return changes


def _supported(value: Any) -> bool:
    return bool(value.get("supported")) if isinstance(value, dict) else bool(value)


# --- showing ---------------------------------------------------------------------------------------


def _row(model: Model) -> dict[str, Any]:
    hidden = {"figures", "prices", "price_tiers", "price_changes", "platform_ids"}
    row = {f.name: getattr(model, f.name) for f in fields(Model) if f.name not in hidden}
    prices = {f"{name}_usd": getattr(model.prices, name) for name in _PRICE_NAMES}
    return row | {name: None if price is None else float(price) for name, price in prices.items()}


def _cells(model: Model) -> tuple[str, ...]:
    return (
        model.id,
        f"retires {model.retires or '?'}" if model.status == "deprecated" else model.status or "?",
        _or_unknown(model.context_window, ","),
        f"{_or_unknown(model.prices.input)} / {_or_unknown(model.prices.output)}",
        _or_unknown(model.min_cacheable_tokens, ","),
        "?" if model.thinking_types is None else "|".join(model.thinking_types),
        "?" if model.effort_levels is None else "|".join(model.effort_levels) or "-",
    )


def _or_unknown(value: Any, spec: str = "") -> str:
    return "?" if value is None else format(value, spec)


def _aligned(rows: list[tuple[str, ...]]) -> str:
    right = {2, 4}
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    adjust = [str.rjust if i in right else str.ljust for i in range(len(widths))]
    lines = ("  ".join(a(c, w) for a, c, w in zip(adjust, row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)
