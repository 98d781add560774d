"""The table of a run: one row per variant, intervals beside means, and a verdict in words."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from workbench.report.columns import columns
from workbench.report.estimate import estimate
from workbench.report.outcome import by_variant, sample_means, yes_no
from workbench.report.receipt import bills
from workbench.report.sentences import verdict
from workbench.report.study import Study
from workbench.report.table import Table
from workbench.report.words import (
    EMULATED,
    TIMES,
    UNPRICED,
    dollars,
    number,
    origin_words,
    plural,
    spread,
    visible,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from workbench.report.outcome import Outcome, Scored
    from workbench.report.receipt import Bills


def summary(
    outcomes: Iterable[Outcome],
    *,
    name: str,
    variants: Sequence[str],
    scorers: Sequence[tuple[str, str]],
    samples: int,
    epochs: int,
    summed: Bills | None = None,
) -> Table:
    """Make the table of a study. It depends on the answers alone, not on where or when they were fetched.

    Args:
        outcomes: The results.
        name: The study's name.
        variants: Names, in order; the others are compared with the first.
        scorers: Name and kind of each.
        samples: How many samples the study asks about.
        epochs: How often each.
        summed: The `bills` of these outcomes, where they are known already.
    """
    each = list(outcomes)
    costs = bills(each) if summed is None else summed
    study = Study(name, tuple(variants), tuple(scorers), samples, epochs, by_variant(each, variants), costs)
    kept = columns(study)
    return Table(
        title=_title(study),
        columns=tuple(column for column, _ in kept),
        rows=tuple(zip(*(cells for _, cells in kept), strict=True)),
        verdict=_verdicts(study),
        notes=tuple(_notes(study)),
    )


def _title(study: Study) -> str:
    replies = sum(len(study.answers(v)) for v in study.variants)
    errors = sum(study.errors(v) for v in study.variants)
    not_run = sum(study.not_run(v) for v in study.variants)
    size = f" {TIMES} ".join(
        plural(n, noun)
        for n, noun in ((len(study.variants), "variant"), (study.samples, "sample"), (study.epochs, "epoch"))
    )
    parts = [visible(study.name), size, f"{plural(replies, 'reply')}, {plural(errors, 'error')}"]
    parts += [f"{not_run:,} not run"] if not_run else []
    return " · ".join([*parts, *_origins(study), _price(study)])


def _origins(study: Study) -> list[str]:
    if len(study.origins) < 2:
        return [origin_words(origin) for origin in study.origins]
    each = ", ".join(f"{origin_words(origin)} {n:,}" for origin, n in sorted(study.origins.items()))
    return [f"mixed origins: {each}"]


def _price(study: Study) -> str:
    known = sum((receipt.known for receipt in study.costs.values()), Decimal(0))
    missing = sum(receipt.unpriced for receipt in study.costs.values())
    if not missing:
        return f"{dollars(known)} list"
    return f"at least {dollars(known)} list, {missing:,} {UNPRICED}" if known else UNPRICED


def _verdicts(study: Study) -> tuple[str, ...]:
    several = sum(kind != "measure" for _, kind in study.scorers) > 1
    made_up = "Emulated: " if "emulator" in study.origins else ""
    return tuple(
        f"{made_up}{f'{visible(scorer)}: ' if several else ''}{verdict(contrast)}"
        for (_, scorer), contrast in study.contrasts.items()
    )


def _notes(study: Study) -> Iterable[str]:
    if "emulator" in study.origins:
        yield EMULATED
    if len(study.origins) > 1:
        yield "The answers come from different places: compare variants with care."
    yield from _how(study)
    yield from _other_readings(study)
    reasons = dict.fromkeys(reason for receipt in study.costs.values() for reason in receipt.reasons)
    if reasons:
        yield f"Unpriced: {'; '.join(reasons)}."


def _how(study: Study) -> Iterable[str]:
    """Say how the intervals were computed."""
    judged = [(s, kind) for s, kind in study.scorers if kind != "measure"]
    plain = {s for s, _ in judged if all(yes_no(study.means[v, s].values()) for v in study.variants)}
    fractions = [s for s, _ in judged if s not in plain]
    if judged:
        repeats = "repeats averaged per sample first, n counts samples; " if study.epochs > 1 else ""
        which = "Wilson's for yes/no" if plain else ""
        other = f"Student's t for {', '.join(visible(s) for s in fractions)}" if fractions else ""
        yield f"Intervals 95 %: {repeats}{', '.join(part for part in (which, other) if part)}."
    if study.contrasts:
        methods = dict.fromkeys(contrast.interval.method for contrast in study.contrasts.values())
        tests = ["Tango's interval with the exact McNemar test"] * ("Tango" in methods)
        tests += ["paired t"] * any(method != "Tango" for method in methods)
        family = next(iter(study.contrasts.values())).family
        corrected = f"; p by Holm over {family} comparisons" if family > 1 else ""
        yield f"vs first: paired by sample, {' or '.join(tests)}{corrected}."
    if any(kind == "measure" for _, kind in study.scorers):
        yield "Measures (no right or wrong): median with order-statistic interval."


def _other_readings(study: Study) -> Iterable[str]:
    """Say what counting errors as wrong would give: they are neither wrong nor right."""
    for variant in study.variants:
        errors = study.errors(variant)
        for scorer, kind in study.scorers if errors else ():
            if kind != "binary":
                continue
            values = sample_means(map(_as_wrong, study.groups[variant]), scorer)
            found = estimate(list(values.values()))
            counted = f"with its {plural(errors, 'error')} counted as wrong"
            value = f"{number(found.estimate)} ({spread(found)})"
            yield f"{visible(variant)}: {counted}, {visible(scorer)} is {value}."


@dataclass(frozen=True, slots=True)
class _Reading:
    """An outcome as if its error were a wrong answer."""

    sample_id: str
    error: None = None

    def value(self, scorer: str) -> float:  # noqa: ARG002 - as of any outcome
        """Return 0: what a wrong answer would have got."""
        return 0.0


def _as_wrong(outcome: Outcome) -> Scored:
    return outcome if outcome.error is None else _Reading(outcome.sample_id)
