"""The columns of a run's table, each with the cells of all variants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.report.estimate import estimate
from workbench.report.outcome import unscored
from workbench.report.table import Cell, Column
from workbench.report.words import NOTHING, UNPRICED, dollars, number, p_value, seconds, spread, visible
from workbench.stats import quantile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from workbench.cost import Receipt
    from workbench.report.outcome import Outcome
    from workbench.report.study import Study

Filled = tuple[Column, tuple[Cell, ...]]

TOKENS = (
    ("tokens_in", "in", "input_tokens"),
    ("cache_write", "cache write", "cache_creation_input_tokens"),
    ("cache_read", "cache read", "cache_read_input_tokens"),
    ("tokens_out", "out", "output_tokens"),
)
"""Key, header and count of the usage; ``in`` is the uncached input."""


def columns(study: Study) -> list[Filled]:
    """Return what is worth a column: counts of what went wrong only where something did."""
    return [*_quality(study), *_counts(study), *_money(study), *_time(study)]


def _quality(study: Study) -> Iterator[Filled]:
    names = tuple(Cell(visible(v), (("", v),)) for v in study.variants)
    yield Column("variant", "variant", align="left"), names
    for scorer, kind in study.scorers:
        title = f"{visible(scorer)} ({'median, ' * (kind == 'measure')}95 %)"
        yield (
            Column(scorer, title, align="left"),
            tuple(_mean(study, v, scorer, kind) for v in study.variants),
        )
        if kind != "measure" and len(study.variants) > 1:
            family = next(iter(study.contrasts.values())).family
            corrected = f", Holm of {family}" if family > 1 else ""
            cells = tuple(_contrast(study, v, scorer) for v in study.variants)
            yield Column(f"{scorer}_vs_first", f"vs first (paired{corrected})", align="left"), cells


def _mean(study: Study, variant: str, scorer: str, kind: str) -> Cell:
    found = estimate(list(study.means[variant, scorer].values()), kind=kind)
    data = (("mean" if kind != "measure" else "median", _finite(found.estimate)), ("low", _finite(found.low)))
    more = (("high", _finite(found.high)), ("n", found.n), ("method", found.method))
    return Cell(f"{number(found.estimate)}  {spread(found)}" if found.n else NOTHING, (*data, *more))


def _contrast(study: Study, variant: str, scorer: str) -> Cell:
    names = ("difference", "low", "high", "p", "p_holm", "n", "method")
    contrast = study.contrasts.get((variant, scorer))
    if contrast is None or not contrast.interval.n:
        return Cell(NOTHING, tuple((name, None) for name in names))
    i = contrast.interval
    text = f"{contrast.amount(i.estimate)}{contrast.unit}  {contrast.span}  {p_value(contrast.p)}"
    values = (_finite(i.estimate), _finite(i.low), _finite(i.high), i.p, contrast.p, i.n, i.method)
    return Cell(text, tuple(zip(names, values, strict=True)))


def _counts(study: Study) -> Iterator[Filled]:
    def counted(key: str, title: str, count: Callable[[str], int]) -> Filled:
        numbers = [count(v) for v in study.variants]
        return Column(key, title), tuple(Cell(f"{n:,}", (("", n),)) for n in numbers)

    yield counted("n", "n", lambda v: len({o.sample_id for o in study.answers(v)}))
    yield counted("errors", "errors", study.errors)
    for key, count in (("unscored", lambda v: _unscored(study, v)), ("not_run", study.not_run)):
        filled = counted(key, key.replace("_", " "), count)
        if any(cell.text != "0" for cell in filled[1]):
            yield filled


def _unscored(study: Study, variant: str) -> int:
    return max((unscored(study.groups[variant], scorer) for scorer, _ in study.scorers), default=0)


def _money(study: Study) -> Iterator[Filled]:
    yield (
        Column("usd", "$ / 1,000", "cost"),
        tuple(_dollars(study.costs[v], study.answers(v)) for v in study.variants),
    )
    for key, title, field in TOKENS:
        cells = tuple(_tokens(study.tokens[v].get(field)) for v in study.variants)
        if key.startswith("tokens") or any(cell.text not in ("0", NOTHING) for cell in cells):
            yield Column(key, title, "cost"), cells


def _dollars(bill: Receipt, answers: list[Outcome]) -> Cell:
    """Dollars for a thousand replies like these, and the sum behind it."""
    priced = len(answers) - bill.unpriced
    each = bill.known / priced * 1000 if priced > 0 else None
    text = NOTHING if not answers else UNPRICED if each is None else dollars(each)[1:]
    total = None if each is None else float(bill.known)
    return Cell(
        f"{text} *" if each is not None and bill.unpriced else text,
        (("total", total), ("per_1000", None if each is None else float(each)), ("unpriced", bill.unpriced)),
    )


def _tokens(count: int | None) -> Cell:
    return Cell(NOTHING if count is None else f"{count:,}", (("", count),))


def _time(study: Study) -> Iterator[Filled]:
    for key, title, q in (("p50_s", "p50", 0.5), ("p95_s", "p95", 0.95)):
        cells = tuple(_seconds([o.timing.total_s for o in study.answers(v)], q) for v in study.variants)
        yield Column(key, title, "cost"), cells
    first = tuple(
        _seconds([o.timing.ttft_s for o in study.answers(v) if o.timing.ttft_s is not None], 0.5)
        for v in study.variants
    )
    yield Column("first_token_s", "first token", "cost"), first


def _seconds(values: list[float], q: float) -> Cell:
    found = quantile(values, q).estimate if values else None
    return Cell(seconds(found), (("", None if found is None else round(found, 1)),))


def _finite(value: float) -> float | None:
    return value if abs(value) < float("inf") else None
