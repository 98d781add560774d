"""Models from the records of ``catalog.json``, and from the live Models API over them."""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from workbench.catalog.model import EFFORT_LEVELS, PRICES, Model, PriceChange, Prices, PriceTier

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_RENAMED = {"recommended_replacement": "replacement"}
_PLAIN = ("id", "slug", "line", "access")


def read(row: Mapping[str, Any]) -> Model:
    """Read a full record."""
    figures = {
        _RENAMED.get(name, name): figure
        for part in (row, row["capabilities"], row["lifecycle"], row["prices"])
        for name, figure in part.items()
        if isinstance(figure, dict) and "value" in figure
    }
    known = {f.name for f in fields(Model)}
    values = {name: _frozen(figure["value"]) for name, figure in figures.items() if name in known}
    prices = {name: _money(figures[name]["value"]) for name in PRICE_NAMES}
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


PRICE_NAMES = (*PRICES, "fast_input", "fast_output")


def _tier(row: Mapping[str, Any]) -> PriceTier:
    return PriceTier(row["prompt_tokens_over"], Prices(**{name: _money(row[name]) for name in PRICES}))


def _changes(figures: Mapping[str, Mapping[str, Any]]) -> Iterator[PriceChange]:
    for name in PRICES:
        before = figures[name].get("previous")
        if before:
            yield PriceChange(name, Decimal(str(before["value"])), before["until"], figures[name]["source"])


def read_retired(row: Mapping[str, Any]) -> Model:
    """Read the record of an older model, of which only the end and the successor are kept."""
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


def overlaid(model: Model, row: Mapping[str, Any]) -> Model:
    """Return a model with what the Models API says about it."""
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
