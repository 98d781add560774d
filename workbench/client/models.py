"""The live Models API beside the catalog."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from workbench import sync
from workbench.catalog import catalog
from workbench.display import Shown
from workbench.errors import APIResponseValidationError
from workbench.transport import Call

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Ask = Callable[[Call], Awaitable[Any]]

_PAGES = 50


@dataclass(frozen=True, slots=True)
class LiveModels(Shown):
    """What the service says it serves, against what the catalog knows.

    Attributes:
        models: The service's own objects, as JSON.
        differences: Figures that differ, as sentences.
    """

    models: tuple[dict[str, Any], ...]
    differences: tuple[str, ...]

    def __str__(self) -> str:
        width = max((len(str(model.get("id"))) for model in self.models), default=0)
        rows = [
            f"{model.get('id')!s:<{width}}  {model.get('display_name') or ''}"
            f"{'' if model.get('id') in catalog() else '  (not in the catalog: unpriced)'}"
            for model in self.models
        ]
        return "\n".join([f"{len(self.models)} models are served", *rows, *self.differences])


class Models:
    """``GET /v1/models``; nothing of it is stored."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def list(self) -> tuple[dict[str, Any], ...]:
        """Return every model the service lists, as JSON."""
        return sync.run(self._pages())

    def retrieve(self, model: str) -> dict[str, Any]:
        """Return one model, by id or alias, as JSON.

        Raises:
            NotFoundError: The service does not know it.
        """
        found: dict[str, Any] = sync.run(self._one(model))
        return found

    def refresh(self) -> LiveModels:
        """Compare the service's list with the catalog."""
        models = self.list()
        return LiveModels(models, tuple(_differences(models)))

    async def _one(self, model: str) -> Any:
        return await self._ask(Call("GET", f"/v1/models/{quote(model, safe='')}"))

    async def _pages(self) -> tuple[dict[str, Any], ...]:
        found: list[dict[str, Any]] = []
        query = {"limit": "1000"}
        for _ in range(_PAGES):
            page = await self._ask(Call("GET", f"/v1/models?{urlencode(query)}"))
            data = page.get("data")
            if not isinstance(data, list):
                raise APIResponseValidationError('not a list of models: "data" is missing', body=str(page))
            found += [model for model in data if isinstance(model, dict)]
            if not page.get("has_more") or not page.get("last_id"):
                break
            query["after_id"] = str(page["last_id"])
        return tuple(found)


_FIGURES = {"max_input_tokens": "context_window", "max_tokens": "max_output_tokens"}


def _differences(models: tuple[dict[str, Any], ...]) -> list[str]:
    lines = []
    for model in models:
        known = catalog().get(str(model.get("id")))
        if known is None:
            continue
        for name, field in _FIGURES.items():
            live, ours = model.get(name), getattr(known, field)
            if isinstance(live, int) and ours is not None and live != ours:
                lines.append(f"{known.id}: {name} is {live:,}, the catalog has {ours:,}")
    return lines
