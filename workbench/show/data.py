"""Datasets, the catalog, evaluations: what goes into a run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from workbench.report.words import plural
from workbench.show.h import join, tag
from workbench.show.parts import Column, badge, fold, more, one_line, table, whole
from workbench.show.request import untitled
from workbench.show.safe import Html, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbench.catalog import Catalog, Model
    from workbench.dataset import Dataset, Sample
    from workbench.evaluation import Eval

HEAD: Final = 10
"""Samples shown of a dataset."""

_COLUMNS: Final = 6


def dataset(noun: Dataset) -> Html:
    """Return the name, the size and the first samples."""
    title = tag("h3", text(noun.name), tag("small", f" · {plural(len(noun), 'sample')}"))
    return join([title, samples(noun.samples[:HEAD]), more(len(noun) - HEAD, "samples")])


def samples(given: Iterable[Sample]) -> Html:
    """Return samples as rows: id, input, target, and the first of their other columns."""
    rows = list(given)
    names = dict.fromkeys(name for row in rows for name in row.values if name != "input")
    # The columns behind id and target are under their own names in `values` too.
    extra = [
        n for n in names if not all(row.values.get(n) in (row.id, row.input, row.target) for row in rows)
    ]
    shown = extra[:_COLUMNS]
    columns = [Column("id"), Column("input"), Column("target"), *map(Column, shown)]
    cells = [
        [tag("code", r.id), *map(_value, (r.input, r.target, *(r.values.get(n) for n in shown)))]
        for r in rows
    ]
    return join([table(columns, cells), more(len(extra) - len(shown), "columns")])


def _value(value: Any) -> Html:
    if value is None:
        return tag("span", "none", cls="wb-dim")
    words = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text(one_line(words, 160))


def evaluation(noun: Eval) -> Html:
    """Return what is to be found out: variants, samples, scorers."""
    kinds = (str(getattr(scorer, "kind", "score")) for scorer in noun.scorers)
    scored = ", ".join(f"{n} ({_KINDS.get(k, k)})" for n, k in zip(noun.scorer_names, kinds, strict=True))
    size = f" · {noun.size} · {plural(len(noun), 'request')}"
    return join(
        [
            tag("h3", text(noun.name), tag("small", text(size))),
            tag("p", "scored by ", text(scored or "nothing")),
            *(fold(text(variant.name), untitled(variant.prompt)) for variant in noun.variants[:20]),
            more(len(noun.variants) - 20, "variants"),
            fold(
                join([plural(len(noun.dataset), "sample"), " of ", text(noun.dataset.name)]),
                samples(noun.dataset.samples[:3]),
                more(len(noun.dataset) - 3, "samples"),
            ),
        ]
    )


_KINDS: Final = {"binary": "yes or no", "score": "a score", "measure": "a measure, neither passed nor failed"}


def catalog(noun: Catalog) -> Html:
    """Return every model: what it holds, takes and costs; a question mark is unknown, never a guess."""
    columns = [
        Column("model"),
        Column("status"),
        Column("context, tokens", number=True),
        Column("output, tokens", number=True),
        Column("in, $ / M", number=True),
        Column("out, $ / M", number=True),
        Column("cache from, tokens", number=True),
        Column("thinking"),
        Column("effort"),
    ]
    head = tag("h3", plural(len(noun), "model"), tag("small", f" · figures as of {noun.as_of}"))
    return join([head, table(columns, [_model(model) for model in noun])])


def _model(model: Model) -> list[Html | str]:
    colour = {"active": "good", "deprecated": "warn", "retired": "bad"}.get(model.status or "")
    when = f"{'' if model.status == 'retired' else 'until '}{model.retires}" if model.retires else ""
    words = f"{model.status or '?'} {when}".strip()
    return [
        tag("code", model.id),
        badge(words, colour) if colour else words,
        _known(model.context_window),
        _known(model.max_output_tokens),
        _known(model.prices.input),
        _known(model.prices.output),
        _known(model.min_cacheable_tokens),
        _list(model.thinking_types),
        _list(model.effort_levels),
    ]


def _known(value: Any) -> str:
    return "?" if value is None else whole(value) if isinstance(value, int) else str(value)


def _list(values: tuple[str, ...] | None) -> str:
    return "?" if values is None else ", ".join(values) or "none"


def explanation(noun: Any) -> Html:
    """Return why a request is, or is not, answered from what was recorded."""
    said = tag("p", text(noun), cls="wb-good" if noun.hit else "wb-verdict")
    if noun.hit or noun.path is None:
        return said
    rows: list[list[Html | str]] = [
        ["recorded", _value(noun.recorded)],
        ["asked", _value(noun.asked)],
    ]
    return join([said, table([Column("at"), Column(noun.path)], rows)])
