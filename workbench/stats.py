"""Intervals and tests on numbers: what a table of evaluation results may claim.

Nothing here knows of models or samples. Proportions and counts need the standard library only;
Student's t loads `scipy.special` when it is first used, so a plain yes/no study never does.

Degenerate input is answered, never hidden: an interval that excludes nothing is infinite (or the whole
range, for proportions), a p-value that says nothing is 1.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist, fmean
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its confidence interval.

    Attributes:
        estimate: The point estimate; NaN where there is no data.
        low: Lower bound; ``-inf`` where nothing is excluded.
        high: Upper bound; ``inf`` where nothing is excluded.
        n: Independent observations it rests on.
        method: How it was computed, in a word or two.
        level: Coverage, in (0, 1).
        p: Two-sided p-value of "no difference", where the method has one.
    """

    estimate: float
    low: float
    high: float
    n: int
    method: str
    level: float = 0.95
    p: float | None = None

    @property
    def mean(self) -> float:
        """The estimate, by the name it has when it is a mean."""
        return self.estimate

    @property
    def bounded(self) -> bool:
        """Whether both bounds say something."""
        return math.isfinite(self.low) and math.isfinite(self.high)


def normal_quantile(p: float) -> float:
    """Return z with P(Z <= z) = *p*.

    >>> round(normal_quantile(0.975), 6)
    1.959964
    """
    return _NORMAL.inv_cdf(p)


def _z(level: float) -> float:
    if not 0 < level < 1:
        raise ValueError(f"level must lie in (0, 1), not {level}")
    return normal_quantile(0.5 + level / 2)


@lru_cache(maxsize=256)
def _t(level: float, df: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(df, 0.5 + level / 2))


def _t_p(t: float, df: int) -> float:
    from scipy.special import stdtr

    return float(2 * stdtr(df, -abs(t)))


def wilson(successes: float, n: int, *, level: float = 0.95) -> Interval:
    """Score interval of one proportion.

    Args:
        successes: Number of successes, 0 … n; a fraction is accepted (a mean of means), which only
            overstates the spread.
        n: Number of independent trials. 0 gives the estimate NaN and the interval 0 … 1.
        level: Coverage of the interval, in (0, 1).

    Source: Wilson 1927; method 3 of Newcombe 1998, Stat. Med. 17:857, https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8%3C857::AID-SIM777%3E3.0.CO;2-E

    >>> five = wilson(5, 5)
    >>> round(five.low, 3), five.high
    (0.566, 1.0)
    """
    _check_count(successes, n)
    if n == 0:
        return Interval(math.nan, 0.0, 1.0, 0, "Wilson", level)
    z, p = _z(level), successes / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    high = 1.0 if successes == n else min(1.0, middle + half)
    return Interval(p, low, high, n, "Wilson", level)


def clopper_pearson(successes: int, n: int, *, level: float = 0.95) -> Interval:
    """Exact interval of one proportion: never covers less than *level*, often more.

    Source: Clopper & Pearson 1934; method 5 of Newcombe 1998, Stat. Med. 17:857.
    """
    from scipy.special import betaincinv

    _check_count(successes, n)
    if n == 0:
        return Interval(math.nan, 0.0, 1.0, 0, "Clopper-Pearson", level)
    tail = (1 - level) / 2
    low = 0.0 if successes == 0 else float(betaincinv(successes, n - successes + 1, tail))
    high = 1.0 if successes == n else float(betaincinv(successes + 1, n - successes, 1 - tail))
    return Interval(successes / n, low, high, n, "Clopper-Pearson", level)


def _check_count(successes: float, n: int) -> None:
    if n < 0 or not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n} trials cannot be")


def t_interval(values: Sequence[float], *, level: float = 0.95) -> Interval:
    """Mean with Student's t interval.

    Fewer than two values exclude nothing (an infinite interval). Equal values give an interval of no
    width, which the caller must not read as certainty.

    Args:
        values: One number per independent observation.
        level: Coverage of the interval, in (0, 1).

    >>> i = t_interval([1.0, 2.0, 3.0])
    >>> round(i.mean, 3), round(i.low, 3), round(i.high, 3)
    (2.0, -0.484, 4.484)
    """
    n = len(values)
    if n < 2:
        return Interval(values[0] if values else math.nan, -math.inf, math.inf, n, "Student t", level)
    mean = fmean(values)
    error = _standard_error(values, mean)
    half = _t(level, n - 1) * error if error else 0.0
    return Interval(mean, mean - half, mean + half, n, "Student t", level)


def _standard_error(values: Sequence[float], mean: float) -> float:
    if min(values) == max(values):
        return 0.0  # rounding in the mean must not invent a spread
    n = len(values)
    return math.sqrt(math.fsum([(v - mean) ** 2 for v in values]) / (n * (n - 1)))


def clustered(values: Sequence[float], clusters: Sequence[Hashable], *, level: float = 0.95) -> Interval:
    """Mean with the cluster-robust (CR1) interval, Student's t with C-1 degrees of freedom.

    For samples that share a passage, a document or a conversation. One cluster excludes nothing; fewer
    than about ten make the interval too narrow.

    Args:
        values: One number per sample.
        clusters: The cluster of each value, in the same order.
        level: Coverage of the interval, in (0, 1).

    Source: Miller 2024, "Adding Error Bars to Evals", https://arxiv.org/abs/2411.00640, with the factor
    C/(C-1) of CR1.
    """
    if len(values) != len(clusters):
        raise ValueError(f"{len(values)} values but {len(clusters)} clusters")
    groups: dict[Hashable, list[float]] = defaultdict(list)
    mean = fmean(values) if values else math.nan
    for value, cluster in zip(values, clusters, strict=True):
        groups[cluster].append(value - mean)
    n, c = len(values), len(groups)
    if c < 2:
        return Interval(mean, -math.inf, math.inf, c, "clustered t", level)
    total = math.fsum([math.fsum(group) ** 2 for group in groups.values()])
    half = _t(level, c - 1) * math.sqrt(total * c / (c - 1)) / n
    return Interval(mean, mean - half, mean + half, c, "clustered t", level)


def paired_difference(a: Sequence[float], b: Sequence[float], *, level: float = 0.95) -> Interval:
    """Mean of ``b[i] - a[i]`` with its confidence interval and p-value (Student's t).

    When all differences are equal the interval has no width; p is then 1 for no difference at all, else
    that of the sign test.

    Args:
        a: Scores of the samples; one number per sample (average epochs first: repeats of one sample are
            not independent).
        b: Scores of the same samples in the same order.
        level: Coverage of the interval, in (0, 1).

    Raises:
        ValueError: Fewer than two pairs, or lengths differ.

    Source (why pairs): Miller 2024, "Adding Error Bars to Evals", https://arxiv.org/abs/2411.00640.

    >>> paired_difference([0, 1, 0, 1], [1, 1, 0, 1]).mean
    0.25
    """
    if len(a) != len(b) or len(a) < 2:
        raise ValueError(f"at least two pairs are needed, and as many a as b; got {len(a)} and {len(b)}")
    differences = [float(y) - float(x) for x, y in zip(a, b, strict=True)]
    n, mean = len(differences), fmean(differences)
    error = _standard_error(differences, mean)
    if error == 0:
        p = 1.0 if mean == 0 else 2.0 ** (1 - n)
        return Interval(mean, mean, mean, n, "paired t, all equal", level, p)
    half = _t(level, n - 1) * error
    return Interval(mean, mean - half, mean + half, n, "paired t", level, _t_p(mean / error, n - 1))


def mcnemar(gained: int, lost: int, *, mid: bool = False) -> float:
    """Exact p-value for paired yes/no results, two-sided.

    Args:
        gained: Pairs where only the second is right.
        lost: Pairs where only the first is right.
        mid: Take the mid-p: less conservative, close to its level.

    Returns:
        1.0 where no pair differs.

    Source: Fagerland, Lydersen & Laake 2013, BMC Med. Res. Methodol. 13:91, https://doi.org/10.1186/1471-2288-13-91

    >>> round(mcnemar(7, 1), 4), round(mcnemar(7, 1, mid=True), 4)
    (0.0703, 0.0391)
    """
    _check_count(min(gained, lost), gained + lost)
    n, k = gained + lost, min(gained, lost)
    if n == 0:
        return 1.0
    pmf = _binomial(n, 0.5)
    return min(1.0, 2 * math.fsum(pmf[: k + 1]) - (pmf[k] if mid else 0.0))


def tango(gained: int, lost: int, n: int, *, level: float = 0.95) -> Interval:
    """Score interval of the difference of two paired proportions, second minus first.

    Args:
        gained: Pairs where only the second is right.
        lost: Pairs where only the first is right.
        n: All pairs. 0 gives NaN and the whole range.
        level: Coverage of the interval, in (0, 1).

    Source: Tango 1998, Stat. Med. 17:891, https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8%3C891::AID-SIM780%3E3.0.CO;2-B

    >>> i = tango(7, 1, 21)
    >>> round(i.low, 3), round(i.high, 3)
    (0.026, 0.517)
    """
    _check_count(gained + lost, n)
    if n == 0:
        return Interval(math.nan, -1.0, 1.0, 0, "Tango", level)
    z, estimate = _z(level), (gained - lost) / n
    low = _root(lambda d: tango_z(gained, lost, n, d) - z, -1.0, estimate)
    high = _root(lambda d: tango_z(gained, lost, n, d) + z, estimate, 1.0)
    return Interval(estimate, low, high, n, "Tango", level, mcnemar(gained, lost))


def tango_z(gained: int, lost: int, n: int, difference: float) -> float:
    """Return Tango's score statistic of the hypothesis that the true difference is *difference*.

    Non-inferiority at margin m is ``tango_z(..., -m) > normal_quantile(1 - alpha)``.
    """
    top = gained - lost - n * difference
    b = -gained - lost + (2 * n - gained + lost) * difference
    c = -lost * difference * (1 - difference)
    q = (math.sqrt(max(0.0, b * b - 8 * n * c)) - b) / (4 * n)
    variance = n * (2 * q + difference * (1 - difference))
    if variance <= 1e-12 * n:
        return 0.0 if abs(top) < 1e-9 * n else math.copysign(math.inf, top)
    return top / math.sqrt(variance)


def kappa(
    table: Sequence[Sequence[int]], *, weights: Literal["none", "quadratic"] = "none", level: float = 0.95
) -> Interval:
    """Cohen's kappa: agreement of two graders beyond what their label counts give by chance.

    Where both used one label only it is undefined, the estimate NaN. Where the formula's variance is zero
    the interval would have no width: with full agreement the lower bound is then that of Wilson's interval
    of the agreement, else (one grader used one label, which makes kappa 0 whatever the other says) nothing
    is excluded. Below about 30 cases the interval is too narrow.

    Args:
        table: Counts, square: the labels of one grader in rows, those of the other in columns, same order.
        weights: ``quadratic`` for ordered labels: a disagreement counts by its distance squared.
        level: Coverage of the interval, in (0, 1).

    Raises:
        ValueError: The table is not square, or a count is negative.

    Source: Cohen 1960, Educ. Psychol. Meas. 20:37; weights and variance: Fleiss, Cohen & Everitt 1969,
    Psychol. Bull. 72:323, https://doi.org/10.1037/h0028106

    >>> i = kappa([[80, 10], [5, 5]])
    >>> round(i.estimate, 2), round(i.low, 2), round(i.high, 2)
    (0.32, 0.06, 0.58)
    """
    k, n = len(table), sum(map(sum, table))
    if any(len(row) != k for row in table) or any(count < 0 for row in table for count in row):
        raise ValueError("the table of two graders is square, and holds counts")
    observed, chance, variance = _kappa_parts(table, weights == "quadratic") if n else (1.0, 1.0, 0.0)
    if chance >= 1 - 1e-12:
        return Interval(math.nan, -1.0, 1.0, n, "Cohen's kappa", level)
    estimate = (observed - chance) / (1 - chance)
    if variance > 1e-12:
        half = _z(level) * math.sqrt(variance / n)
        bounds = (max(-1.0, estimate - half), min(1.0, estimate + half))
    elif sum(table[i][i] for i in range(k)) == n:
        bounds = (max(-1.0, (wilson(n, n, level=level).low - chance) / (1 - chance)), 1.0)
    else:
        bounds = (-1.0, 1.0)
    return Interval(estimate, *bounds, n, "Cohen's kappa", level)


def _kappa_parts(table: Sequence[Sequence[int]], squared: bool) -> tuple[float, float, float]:  # noqa: FBT001 - private
    """Return weighted agreement, what chance gives of it, and n times the variance of kappa."""
    k, n = len(table), sum(map(sum, table))
    each = range(k)
    share = [[count / n for count in row] for row in table]
    rows, columns = [math.fsum(row) for row in share], [math.fsum(row[j] for row in share) for j in each]
    weight = [
        [1 - ((i - j) / (k - 1)) ** 2 if squared and k > 1 else float(i == j) for j in each] for i in each
    ]
    observed = math.fsum(weight[i][j] * share[i][j] for i in each for j in each)
    chance = math.fsum(weight[i][j] * rows[i] * columns[j] for i in each for j in each)
    if chance >= 1:
        return observed, chance, 0.0
    left = 1 - (observed - chance) / (1 - chance)
    of_row = [math.fsum(columns[j] * weight[i][j] for j in each) for i in each]
    of_column = [math.fsum(rows[i] * weight[i][j] for i in each) for j in each]
    spread = math.fsum(
        share[i][j] * (weight[i][j] - (of_row[i] + of_column[j]) * left) ** 2 for i in each for j in each
    )
    return observed, chance, (spread - (1 - left - chance * left) ** 2) / (1 - chance) ** 2


def _root(f: Callable[[float], float], low: float, high: float) -> float:
    """Where the falling function *f* crosses zero; an end of the range where it does not."""
    if f(low) <= 0:
        return low
    if f(high) >= 0:
        return high
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if f(middle) > 0 else (low, middle)
    return (low + high) / 2


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values so that any false claim among them has the stated chance (Holm's step-down).

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    m, order = len(p_values), sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted, highest = [0.0] * m, 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, (m - rank) * p_values[i]))
        adjusted[i] = highest
    return adjusted


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values so that the expected share of false claims is as stated; for exploration.

    >>> [round(p, 3) for p in benjamini_hochberg([0.01, 0.04, 0.03])]
    [0.03, 0.04, 0.04]
    """
    m, order = len(p_values), sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted, lowest = [0.0] * m, 1.0
    for rank in range(m, 0, -1):
        i = order[rank - 1]
        lowest = min(lowest, p_values[i] * m / rank)
        adjusted[i] = lowest
    return adjusted


def quantile(values: Sequence[float], q: float, *, level: float = 0.95) -> Interval:
    """Quantile with its distribution-free interval from order statistics.

    Args:
        values: One number per observation.
        q: Which quantile, in (0, 1); 0.5 is the median.
        level: Coverage of at least this, where the sample is large enough; a bound it is too small for is
            infinite.

    Returns:
        The estimate interpolates between neighbours (type 7, as numpy's default).

    Source: Conover 1999, "Practical Nonparametric Statistics", section 3.2.

    >>> quantile([3.0, 1.0, 2.0], 0.5).estimate
    2.0
    """
    if not 0 < q < 1:
        raise ValueError(f"q must lie in (0, 1), not {q}")
    n = len(values)
    if n == 0:
        return Interval(math.nan, -math.inf, math.inf, 0, "order statistics", level)
    ordered = sorted(values)
    at = q * (n - 1)
    below = min(int(at), n - 1)
    above = min(below + 1, n - 1)
    estimate = ordered[below] + (ordered[above] - ordered[below]) * (at - below)
    low, high = _ranks(n, q, (1 - level) / 2)
    return Interval(
        estimate,
        ordered[low - 1] if low >= 1 else -math.inf,
        ordered[high - 1] if high <= n else math.inf,
        n,
        "order statistics",
        level,
    )


@lru_cache(maxsize=64)
def _ranks(n: int, q: float, tail: float) -> tuple[int, int]:
    """Ranks (from 1) of the bounds: the tightest with P(below) and P(above) at most *tail* each."""
    total, low, high = 0.0, 0, n + 1
    for k, mass in enumerate(_binomial(n, q)):
        total += mass
        if total <= tail:
            low = k + 1
        if 1 - total <= tail:
            high = k + 1
            break
    return low, high


def _binomial(n: int, p: float) -> list[float]:
    """All n+1 probabilities of Binomial(n, p), by logarithms: exact enough for any n."""
    log_p, log_q, top = math.log(p), math.log1p(-p), math.lgamma(n + 1)
    return [
        math.exp(top - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * log_p + (n - k) * log_q)
        for k in range(n + 1)
    ]


def detectable_difference(n: int, sd: float, *, level: float = 0.95, power: float = 0.8) -> float:
    """Smallest true paired difference that *n* samples show with probability *power*.

    Args:
        n: Pairs.
        sd: Standard deviation of the per-sample difference, from a pilot; for yes/no results
            ``sqrt(discordant share - difference**2)``.
        level: Coverage of the two-sided interval the claim rests on.
        power: Wanted chance to see it.

    >>> round(detectable_difference(200, 0.3), 3)
    0.059
    """
    return (_z(level) + normal_quantile(power)) * sd / math.sqrt(n) if n else math.inf


def samples_needed(difference: float, sd: float, *, level: float = 0.95, power: float = 0.8) -> int:
    """Pairs needed to show a true paired *difference* with probability *power*.

    >>> samples_needed(0.03, 0.3)
    785
    """
    if difference == 0:
        raise ValueError("no number of samples shows a difference of 0")
    return math.ceil(((_z(level) + normal_quantile(power)) * sd / difference) ** 2)


def variance_parts(repeats: Sequence[Sequence[float]]) -> tuple[float, float]:
    """Split the spread of scores into (between samples, within one sample's repeats).

    Args:
        repeats: For each sample the scores of its repeats, the same number K >= 2 for all.

    Returns:
        ``omega²`` and ``sigma²``: the variance of the mean is (omega² + sigma²/K)/n. ``omega²`` is never
        below 0.

    Source: Miller 2024, https://arxiv.org/abs/2411.00640, section 3.
    """
    k = len(repeats[0]) if repeats else 0
    if len(repeats) < 2 or k < 2 or any(len(group) != k for group in repeats):
        raise ValueError("at least two samples with the same number (two or more) of repeats are needed")
    means = [fmean(group) for group in repeats]
    within = fmean([_variance(group, mean) for group, mean in zip(repeats, means, strict=True)])
    return max(0.0, _variance(means, fmean(means)) - within / k), within


def _variance(values: Sequence[float], mean: float) -> float:
    return math.fsum([(v - mean) ** 2 for v in values]) / (len(values) - 1)
