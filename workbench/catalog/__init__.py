"""What each model is, accepts and costs: ``catalog.json``, dated, each figure with its source.

``None`` always means *unknown*: never assume. Figures are the Claude API's unless a name says otherwise.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.catalog.model import EFFORT_LEVELS, PRICES, Model, PriceChange, Prices, PriceTier
from workbench.catalog.records import PRICE_NAMES, overlaid, read, read_retired
from workbench.display import Shown
from workbench.errors import UnknownModelError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pandas as pd

__all__ = ["EFFORT_LEVELS", "PRICES", "Catalog", "Model", "PriceChange", "PriceTier", "Prices", "catalog"]

DATA = Path(__file__).parent.with_name("catalog.json")


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
            live = overlaid(known or Model(id=row["id"], name=row["id"], slug=row["id"]), row)
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


@cache
def catalog() -> Catalog:
    """Return the catalog this package ships; ``client.models.refresh()`` overlays the live Models API.

    >>> len(catalog())
    26
    """
    data = json.loads(DATA.read_bytes())
    retired = tuple(read_retired(row) for row in data.pop("retired_models"))
    return _catalog(tuple(read(row) for row in data.pop("models")), retired, data)


def _catalog(models: tuple[Model, ...], retired: tuple[Model, ...], data: Mapping[str, Any]) -> Catalog:
    names: dict[str, Model] = {}
    for model in (*models, *retired):
        for name in (model.id, *model.aliases, *model.platform_ids.values()):
            names.setdefault(name, model)
    return Catalog(models, retired, data["as_of"], data, names)


def _row(model: Model) -> dict[str, Any]:
    hidden = {"figures", "prices", "price_tiers", "price_changes", "platform_ids"}
    row = {f.name: getattr(model, f.name) for f in fields(Model) if f.name not in hidden}
    prices = {f"{name}_usd": getattr(model.prices, name) for name in PRICE_NAMES}
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
