"""From per-sample numbers to intervals: which method fits which numbers."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from workbench.report.outcome import shares, yes_no
from workbench.stats import Interval, paired_difference, quantile, t_interval, tango, wilson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def estimate(values: Sequence[float], *, kind: str = "score") -> Interval:
    """Return the mean of per-sample numbers with its interval; of measures, the median.

    Yes/no numbers get Wilson's interval, others Student's t, cut to 0 … 1 where all numbers lie there.
    Equal numbers have no spread to estimate from: within 0 … 1 they get Wilson's interval, which is too
    wide rather than too narrow; elsewhere nothing is excluded.

    >>> estimate([1.0, 0.0, 1.0, 1.0]).method
    'Wilson'
    >>> estimate([0.5, 0.5, 0.5]).high < 1
    True
    """
    if kind == "measure":
        return quantile(values, 0.5)
    n = len(values)
    if n == 0 or yes_no(values):
        return wilson(math.fsum(values), n)
    found = t_interval(values)
    if not shares(values):
        return found if found.low < found.high else _nothing_excluded(found)
    if not found.bounded or found.low == found.high:
        return wilson(math.fsum(values), n)
    return replace(found, low=max(0.0, found.low), high=min(1.0, found.high))


def difference(a: Mapping[str, float], b: Mapping[str, float]) -> Interval:
    """Return the paired difference ``b - a`` over the samples both have, with its p-value.

    Yes/no numbers get Tango's interval and the exact McNemar test, others the paired t.
    """
    pairs = [(a[sample], b[sample]) for sample in a if sample in b]
    first, second = [x for x, _ in pairs], [y for _, y in pairs]
    n = len(pairs)
    if n == 0 or yes_no(first + second):
        return tango(pairs.count((0.0, 1.0)), pairs.count((1.0, 0.0)), n)
    if n < 2:
        return Interval(second[0] - first[0], -math.inf, math.inf, n, "one pair", p=1.0)
    found = paired_difference(first, second)
    if found.low < found.high:
        return found
    if found.estimate == 0 and shares(first + second):
        return tango(0, 0, n)
    return _nothing_excluded(found)


def _nothing_excluded(found: Interval) -> Interval:
    return replace(found, low=-math.inf, high=math.inf)
