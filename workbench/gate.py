"""The gate of a prompt in CI: a run against its committed baseline."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from workbench.baseline import Baseline, only
from workbench.errors import IncompleteError, InconclusiveError, RegressionError, UsageError
from workbench.report.gate import Verdict, verdict
from workbench.report.outcome import sample_means

if TYPE_CHECKING:
    import os

    from workbench.run import Run


def gate(
    run: Run,
    *,
    baseline: str | os.PathLike[str],
    margin: float = 0.05,
    alpha: float = 0.05,
    variant: str | None = None,
    strict: bool = False,
) -> Verdict:
    """Compare a run with its baseline, sample by sample; raise where it got worse.

    Args:
        run: The new run, complete.
        baseline: File made by `workbench.run.Run.bless`.
        margin: Loss that is tolerated, in the score's unit: 0.05 is five points of a hundred.
        alpha: Chance of a wrong claim, one-sided, in (0, 0.5).
        variant: Which variant of the run; default the baseline's own, or the only one.
        strict: Raise on INCONCLUSIVE too, as a release would want.

    Raises:
        RegressionError: The run is worse; the message is the verdict.
        InconclusiveError: With *strict*, where neither is shown.
        IncompleteError: Some samples have no score: errors are neither right nor wrong.
        UsageError: No baseline there, or one of other samples or of fewer than two; a chance or a margin
            that cannot be.
    """
    if not 0 < alpha < 0.5 or margin < 0:
        raise UsageError(f"alpha lies between 0 and 0.5 and margin is not negative, not {alpha} and {margin}")
    known = Baseline.load(baseline)
    if len(known.values) < 2:
        raise UsageError(f"{baseline}: a gate needs two samples at least; bless a larger run")
    name = variant or _variant(run, known)
    _check_samples(run, known, str(baseline))
    rows = run.results(variant=name)
    new = sample_means(rows, known.scorer)
    missing = sorted(known.values.keys() - new.keys())
    if missing:
        some = " ".join(missing[:10])
        raise IncompleteError(
            f"{len(missing)} of {len(known.values)} samples have no {known.scorer} score ({some})"
        )
    found = verdict(
        {sample: new[sample] for sample in known.values},  # what was not scored then has no standard
        known.values,
        name=run.name,
        scorer=known.scorer,
        margin=margin,
        alpha=alpha,
        replies=len(rows),
        emulated=known.emulated or any(row.origin == "emulator" for row in rows),
    )
    if found.word == "REGRESSION":
        raise RegressionError(str(found))
    if found.word == "INCONCLUSIVE" and strict:
        raise InconclusiveError(str(found))
    return found


def _variant(run: Run, known: Baseline) -> str:
    names = run.info.variant_names
    return known.variant if known.variant in names else only(names, "variant")


def _check_samples(run: Run, known: Baseline, path: str) -> None:
    if known.dataset_sha256 == run.info.dataset.get("sha256"):
        return
    ids = Counter(row.sample_id for row in run.rows).keys()
    added, gone = len(ids - known.values.keys()), len(known.values.keys() - ids)
    raise UsageError(
        f"{path}: the baseline is of other samples ({added} new, {gone} gone, the rest perhaps edited); "
        f"bless again once the new set is right"
    )
