"""What quality costs: dollars for a thousand calls against the score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.report.charts.axis import Axis
from workbench.report.charts.chart import Chart, nothing, text_table
from workbench.report.charts.parts import Curve, Dot, Plane
from workbench.report.charts.view import finite, listed, named, valued
from workbench.report.estimate import estimate
from workbench.report.outcome import shares
from workbench.report.words import UNPRICED, dollars, plural

if TYPE_CHECKING:
    from decimal import Decimal

    from workbench.report.charts.view import View
    from workbench.stats import Interval

HEADS = (
    ("variant", False),
    ("$ / 1,000", True),
    ("score (95 %)", False),
    ("n", True),
    ("errors", True),
    ("frontier", False),
)


HOW = "Frontier: estimates that none beats on both; where intervals overlap it may run otherwise."


@dataclass(frozen=True, slots=True)
class Offer:
    """What a variant gives for what.

    Attributes:
        per_1000: Dollars for a thousand of its calls; None where unpriced.
        unpriced: Answers without a price, left out of the mean.
        score: Its quality.
    """

    name: str
    per_1000: Decimal | None
    unpriced: int
    score: Interval

    @property
    def placed(self) -> bool:
        """Whether it has a place in the plane."""
        return bool(self.per_1000) and self.score.n > 0

    @property
    def price(self) -> str:
        """Its price in words."""
        return f"{dollars(self.per_1000)}{' *' if self.unpriced and self.per_1000 is not None else ''}"

    @property
    def quality(self) -> str:
        """Its score in words."""
        return valued(self.score)


def pareto(view: View, *, scorer: str | None = None) -> Chart:
    """Make the chart.

    Args:
        view: The variants.
        scorer: Whose numbers; default the first that judges.

    Raises:
        UsageError: No such scorer, or one that only measures.
    """
    judge = view.judged(scorer)
    title = view.title("cost and quality" if judge is None else f"cost and {named(judge)}")
    if judge is None:
        return nothing(
            "pareto", title, "No scorer of this run judges: there is no quality to weigh cost against."
        )
    if view.samples < 2:
        few = f"{plural(view.samples, 'sample')} answered: a score with an interval needs two or more."
        return nothing("pareto", title, few, warning=view.warning)
    offers = [_offer(view, v, judge) for v in view.shown]
    best = frontier(offers)
    table = text_table(title, HEADS, [_cells(view, o, best) for o in offers])
    placed = [o for o in offers if o.placed]
    if not placed:
        return Chart(
            "pareto",
            title,
            f"No variant has a price: {listed([f'{named(o.name)} {o.quality}' for o in offers])}.",
            table,
            tuple(_record(view, o, best) for o in offers),
            notes=tuple(_notes(view, offers)),
            warning=view.warning,
        )
    return Chart(
        "pareto",
        title,
        _alt(view, placed, best),
        table,
        tuple(_record(view, o, best) for o in offers),
        (_plane(view, judge, [o for o in placed if o.name in view.drawn], best),),
        tuple(_notes(view, offers)),
        view.warning,
    )


def _offer(view: View, variant: str, scorer: str) -> Offer:
    bill, answers = view.study.costs[variant], view.study.answers(variant)
    priced = len(answers) - bill.unpriced
    each = bill.known / priced * 1000 if priced > 0 else None
    return Offer(variant, each, bill.unpriced, estimate(list(view.study.means[variant, scorer].values())))


def frontier(offers: list[Offer]) -> list[Offer]:
    """Return those that no other beats on both: from cheap to dear, each better than the one before."""
    best: list[Offer] = []
    placed = [o for o in offers if o.placed and o.per_1000 is not None]
    for offer in sorted(placed, key=lambda o: (o.per_1000 or 0, -o.score.estimate)):
        if not best or offer.score.estimate > best[-1].score.estimate:
            best.append(offer)
    return best


def _plane(view: View, scorer: str, offers: list[Offer], best: list[Offer]) -> Plane:
    share = shares(
        view.study.means[o.name, scorer][i] for o in offers for i in view.study.means[o.name, scorer]
    )
    x = Axis.around("dollars for 1,000 calls", "dollars", [float(o.per_1000 or 0) for o in offers], log=True)
    seen = [value for o in offers for value in (o.score.low, o.score.estimate, o.score.high)]
    y = Axis.around(f"{named(scorer)}, mean and 95 % interval", "number", seen,
                    within=(0.0, 1.0) if share else (float("-inf"), float("inf")))  # fmt: skip
    dots = tuple(
        Dot(
            o.name,
            view.series[o.name],
            float(o.per_1000 or 0),
            o.score.estimate,
            (o.score.low, o.score.high),
            f"{o.price}, {o.quality}",
        )
        for o in offers
    )
    line = tuple((float(o.per_1000 or 0), o.score.estimate) for o in best)
    curves = (Curve("frontier", None, ((*line, (x.high, line[-1][1]))), step=True),)
    return Plane(x, y, dots, curves)


def _record(view: View, offer: Offer, best: list[Offer]) -> dict[str, float | str | None]:
    return {
        "variant": offer.name,
        "per_1000_usd": None if offer.per_1000 is None else float(offer.per_1000),
        "unpriced": offer.unpriced,
        "score": finite(offer.score.estimate),
        "low": finite(offer.score.low),
        "high": finite(offer.score.high),
        "n": offer.score.n,
        "errors": view.study.errors(offer.name),
        "frontier": offer in best,
    }


def _cells(view: View, offer: Offer, best: list[Offer]) -> list[str]:
    counts = (f"{offer.score.n:,}", f"{view.study.errors(offer.name):,}")
    return [offer.name, offer.price, offer.quality, *counts, "yes" if offer in best else ""]


def _alt(view: View, placed: list[Offer], best: list[Offer]) -> str:
    each = [f"{named(o.name)} {o.price}, {o.quality}" for o in placed]
    ahead = listed([named(o.name) for o in best])
    return (
        f"Dollars for 1,000 calls against the score, with 95 % intervals: {listed(each)}. "
        f"On the frontier: {ahead}.{view.errors()}"
    )


def _notes(view: View, offers: list[Offer]) -> list[str]:
    said = [HOW] if any(o.placed for o in offers) else []
    unknown = [named(o.name) for o in offers if o.per_1000 is None]
    free = [named(o.name) for o in offers if o.per_1000 is not None and not o.per_1000]
    silent = [named(o.name) for o in offers if o.per_1000 and not o.score.n]
    partly = [f"{named(o.name)} {o.unpriced:,}" for o in offers if o.unpriced and o.per_1000 is not None]
    for what, names in ((UNPRICED, unknown), ("at $0.00", free), ("without a score", silent)):
        said += [f"Not drawn, {what}: {listed(names)}."] if names else []
    said += [f"* Answers without a price, left out of the mean: {listed(partly)}."] if partly else []
    return said + view.origin_notes
