"""Intervals and tests, against published values."""

from __future__ import annotations

import math
import random
import subprocess
import sys

import pytest

from workbench import stats

# Newcombe 1998, "Two-sided confidence intervals for the single proportion", Stat. Med. 17:857, table I
NEWCOMBE = {
    "81/263": (81, 263, (0.2553, 0.3662), (0.2527, 0.3676)),
    "15/148": (15, 148, (0.0624, 0.1605), (0.0578, 0.1617)),
    "0/20": (0, 20, (0.0000, 0.1611), (0.0000, 0.1684)),
    "1/29": (1, 29, (0.0061, 0.1718), (0.0009, 0.1776)),
}

# Student 1908, R's `sleep`: t.test(paired = TRUE) gives 1.58, 0.7001142 … 2.4598858, p 0.002833.
SLEEP_1 = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SLEEP_2 = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]

# Benjamini & Hochberg 1995, J. R. Stat. Soc. B 57:289, section 3.1: of 15 tests BH rejects 4, Holm 3.
BH_1995 = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
    0.7590, 1.0000,
]  # fmt: skip


@pytest.mark.parametrize(("x", "n", "expected", "_"), NEWCOMBE.values(), ids=NEWCOMBE)
def test_wilson_gives_newcombes_table(x, n, expected, _):
    """Wilson's interval is method 3 of the table."""
    found = stats.wilson(x, n)

    assert (round(found.low, 4), round(found.high, 4)) == expected


@pytest.mark.parametrize(("x", "n", "_", "expected"), NEWCOMBE.values(), ids=NEWCOMBE)
def test_clopper_pearson_gives_newcombes_table(x, n, _, expected):
    """The exact interval is method 5 of the table."""
    found = stats.clopper_pearson(x, n)

    assert (round(found.low, 4), round(found.high, 4)) == expected


@pytest.mark.parametrize(("x", "n"), [(5, 5), (20, 20), (0, 5)])
def test_all_right_is_not_certainty(x, n):
    """5 of 5 excludes little; it never shows plus or minus 0."""
    found = stats.wilson(x, n)

    assert found.high - found.low > 0.1


def test_wilson_of_nothing_excludes_nothing():
    """No trials: no estimate, the whole range."""
    found = stats.wilson(0, 0)

    assert math.isnan(found.estimate)
    assert (found.low, found.high) == (0.0, 1.0)


@pytest.mark.parametrize(("x", "n"), [(3, 2), (-1, 5), (0, -1)])
def test_impossible_counts_are_refused(x, n):
    """More successes than trials is a mistake of the caller."""
    with pytest.raises(ValueError, match="cannot be"):
        stats.wilson(x, n)


def test_wilson_agrees_with_scipy():
    """Cross-check over many counts."""
    from scipy.stats import binomtest

    for n in (1, 7, 60, 1319):
        for x in {0, 1, n // 3, n - 1, n}:
            theirs = binomtest(x, n).proportion_ci(0.9, "wilson")
            ours = stats.wilson(x, n, level=0.9)
            assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_t_interval_agrees_with_scipy():
    """Student's t of the mean."""
    from scipy.stats import sem, t

    values = [0.5, 0.25, 1.0, 0.75, 0.0, 1.0]

    found = stats.t_interval(values)

    assert (found.low, found.high) == pytest.approx(t.interval(0.95, 5, sum(values) / 6, sem(values)))


@pytest.mark.parametrize("values", [[], [1.0]], ids=["none", "one"])
def test_t_of_fewer_than_two_excludes_nothing(values):
    """One number has no spread."""
    found = stats.t_interval(values)

    assert not found.bounded
    assert found.n == len(values)


def test_equal_values_have_no_width():
    """Rounding of the mean invents no spread."""
    found = stats.t_interval([0.1] * 7)

    assert found.low == found.high == pytest.approx(0.1)


def test_clustered_agrees_with_statsmodels():
    """CR1, as OLS on a constant with clustered covariance; t with C-1 degrees of freedom."""
    import numpy as np
    from scipy.stats import t

    OLS = pytest.importorskip("statsmodels.api").OLS  # noqa: N806 - its name

    draw = random.Random(7)
    groups = [i // 4 for i in range(40)]
    values = [draw.random() + g / 10 for g in groups]
    fit = OLS(np.array(values), np.ones(40)).fit(
        cov_type="cluster", cov_kwds={"groups": np.array(groups), "df_correction": True}
    )

    found = stats.clustered(values, groups)

    # statsmodels' CR1 has the extra factor (n-1)/(n-k), which is 1 here for k = 1
    assert (found.high - found.mean) == pytest.approx(float(fit.bse[0]) * t.ppf(0.975, 9))
    assert found.n == 10


def test_one_cluster_is_undefined_not_zero():
    """One passage says nothing of other passages."""
    assert not stats.clustered([0.0, 1.0, 1.0], ["a", "a", "a"]).bounded


def test_paired_difference_gives_students_sleep():
    """Student's own data, as R prints it."""
    found = stats.paired_difference(SLEEP_1, SLEEP_2)

    assert found.mean == pytest.approx(1.58)
    assert (round(found.low, 7), round(found.high, 7)) == (0.7001142, 2.4598858)
    assert found.p is not None
    assert round(found.p, 6) == 0.002833


def test_no_difference_at_all_is_no_evidence():
    """Equal scores everywhere: p is 1."""
    assert stats.paired_difference([1, 0, 1], [1, 0, 1]).p == 1.0


def test_one_pair_is_refused():
    """One pair has no spread."""
    with pytest.raises(ValueError, match="two pairs"):
        stats.paired_difference([1], [0])


def test_mcnemar_gives_fagerlands_example():
    """Bentur et al. 2009 in Fagerland et al. 2013, BMC Med. Res. Methodol. 13:91."""
    assert round(stats.mcnemar(1, 7), 4) == 0.0703
    assert round(stats.mcnemar(1, 7, mid=True), 4) == 0.0391


def test_mcnemar_agrees_with_statsmodels():
    """The exact test, over many counts."""
    mcnemar = pytest.importorskip("statsmodels.stats.contingency_tables").mcnemar

    for gained, lost in [(0, 5), (3, 3), (12, 4), (40, 61), (300, 200)]:
        theirs = mcnemar([[10, gained], [lost, 5]], exact=True).pvalue
        assert stats.mcnemar(gained, lost) == pytest.approx(float(theirs))


def test_no_discordant_pair_is_no_evidence():
    """Nothing differs: p is 1."""
    assert stats.mcnemar(0, 0) == 1.0
    assert stats.mcnemar(0, 0, mid=True) == 1.0


def test_tango_gives_fagerlands_example():
    """Bentur et al. 2009 in Fagerland et al. 2014, Stat. Med. 33:2850: -0.517 … -0.026."""
    found = stats.tango(1, 7, 21)

    assert (round(found.low, 3), round(found.high, 3)) == (-0.517, -0.026)


@pytest.mark.parametrize(("gained", "lost", "n"), [(12, 4, 60), (40, 20, 160), (3, 0, 9), (0, 1, 44)])
def test_tango_inverts_the_score_test(gained, lost, n):
    """Each bound is where (d - delta) over its restricted standard error is the normal quantile.

    The restricted estimate is found here by maximising the likelihood, not by Tango's closed form.
    """
    from scipy.optimize import minimize_scalar

    found = stats.tango(gained, lost, n)

    for bound, sign in ((found.low, 1), (found.high, -1)):

        def loss(q, delta=bound):  # q: share lost; gained is q + delta
            terms = ((gained, q + delta), (lost, q), (n - gained - lost, 1 - 2 * q - delta))
            return -sum(k * math.log(max(p, 1e-300)) for k, p in terms if k)

        low, high = max(0.0, -bound), (1 - bound) / 2
        q = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-12}).x
        z = ((gained - lost) / n - bound) / math.sqrt((2 * q + bound - bound**2) / n)
        assert z == pytest.approx(sign * 1.959964, abs=1e-3)


def test_tango_of_no_change_still_excludes_something():
    """60 pairs, none differs: beyond 6 points is excluded, as Wilson's 0 of 60 does."""
    found = stats.tango(0, 0, 60)

    assert (round(found.low, 3), round(found.high, 3)) == (-0.06, 0.06)


def test_tango_covers_as_stated():
    """Seeded simulation: the 95 % interval covers the truth in 93.5 to 96.5 % of 2,000 studies."""
    draw = random.Random(1998)
    covered = 0
    for _ in range(2000):
        kinds = draw.choices(("gained", "lost", "same"), (0.12, 0.05, 0.83), k=100)
        found = stats.tango(kinds.count("gained"), kinds.count("lost"), 100)
        covered += found.low <= 0.07 <= found.high

    assert 0.935 <= covered / 2000 <= 0.965


def test_holm_rejects_what_the_paper_rejects():
    """Three of fifteen at 0.05."""
    assert sum(p <= 0.05 for p in stats.holm(BH_1995)) == 3


def test_benjamini_hochberg_rejects_what_the_paper_rejects():
    """Four of fifteen at 0.05."""
    assert sum(p <= 0.05 for p in stats.benjamini_hochberg(BH_1995)) == 4


@pytest.mark.parametrize(("ours", "method"), [(stats.holm, "holm"), (stats.benjamini_hochberg, "fdr_bh")])
def test_corrections_agree_with_statsmodels(ours, method):
    """Adjusted p-values, in the order given."""
    multipletests = pytest.importorskip("statsmodels.stats.multitest").multipletests

    shuffled = random.Random(3).sample(BH_1995, len(BH_1995))

    assert ours(shuffled) == pytest.approx(list(multipletests(shuffled, method=method)[1]))


def test_quantile_is_numpys():
    """Type 7 interpolation."""
    import numpy as np

    values = [random.Random(5).expovariate(1) for _ in range(41)]

    assert stats.quantile(values, 0.95).estimate == pytest.approx(float(np.quantile(values, 0.95)))


def test_median_interval_of_ten_is_conovers():
    """Of 10 values the 2nd and 9th bound the median with 97.9 % (Conover 1999, table A3)."""
    found = stats.quantile([float(v) for v in range(1, 11)], 0.5)

    assert (found.low, found.high) == (2.0, 9.0)


def test_quantile_interval_agrees_with_scipy():
    """Ranks of the bounds, for samples of many sizes."""
    quantile_test = pytest.importorskip("scipy.stats").quantile_test

    for n in (60, 500):
        values = [float(v) for v in range(n)]
        theirs = [
            quantile_test(values, p=q, alternative=side).confidence_interval(0.975)
            for q in (0.5, 0.9)
            for side in ("greater", "less")
        ]
        ours = [stats.quantile(values, q) for q in (0.5, 0.9)]
        assert [ours[0].low, ours[0].high, ours[1].low, ours[1].high] == [
            theirs[0].low, theirs[1].high, theirs[2].low, theirs[3].high,
        ]  # fmt: skip


def test_quantile_says_when_the_sample_is_too_small():
    """Twenty values cannot bound a 95th percentile from above."""
    assert stats.quantile([float(v) for v in range(20)], 0.95).high == math.inf


def test_detectable_difference_and_samples_needed_agree():
    """The one is the other solved for the difference."""
    n = stats.samples_needed(0.05, 0.4)

    assert stats.detectable_difference(n, 0.4) <= 0.05 < stats.detectable_difference(n - 1, 0.4)


def test_samples_needed_is_the_textbook_figure():
    """Effect 0.5 standard deviations, 5 % two-sided, 80 %: 32 by the normal formula (Cohen 1988: 34 by t)."""
    assert stats.samples_needed(0.5, 1.0) == 32


def test_variance_parts_finds_what_was_simulated():
    """omega² 1/12 between samples, p(1-p) averaged 1/6 within."""
    draw = random.Random(11)
    repeats = [[float(draw.random() < p) for _ in range(10)] for p in [draw.random() for _ in range(2000)]]

    between, within = stats.variance_parts(repeats)

    assert between == pytest.approx(1 / 12, abs=0.01)
    assert within == pytest.approx(1 / 6, abs=0.01)


def test_proportions_need_no_scipy():
    """A yes/no study stays light."""
    code = (
        "import sys; from workbench.stats import *; "
        "wilson(3, 5); tango(3, 1, 9); quantile([1.0, 2.0], 0.5); holm([0.1]); "
        "sys.exit('scipy' in sys.modules or 'numpy' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# Feinstein & Cicchetti 1990, "High agreement but low kappa", J. Clin. Epidemiol. 43:543, of 100
FEINSTEIN = {"balanced": ([[40, 9], [6, 45]], 0.70), "skewed": ([[80, 10], [5, 5]], 0.32)}

TABLES = {
    **{name: table for name, (table, _) in FEINSTEIN.items()},
    # Fleiss, Levin & Paik 2003, "Statistical Methods for Rates and Proportions", table 18.1
    "Fleiss 18.1": [[75, 1, 4], [5, 4, 1], [0, 0, 10]],
    # Fleiss, Cohen & Everitt 1969, Psychol. Bull. 72:323, of 200
    "Fleiss 1969": [[106, 10, 4], [22, 28, 10], [2, 12, 6]],
    "five ratings": [[9, 3, 0, 0, 1], [2, 8, 4, 0, 0], [0, 3, 12, 5, 1], [0, 1, 6, 14, 4], [1, 0, 0, 5, 21]],
    "a label nobody uses": [[4, 0, 2], [0, 0, 0], [1, 0, 6]],
    "worse than chance": [[1, 9], [8, 2]],
}


@pytest.mark.parametrize(("table", "expected"), FEINSTEIN.values(), ids=FEINSTEIN)
def test_kappa_falls_with_skewed_labels(table, expected):
    """The published pair: the same agreement, another kappa."""
    assert round(stats.kappa(table).estimate, 2) == expected


def test_kappa_gives_the_published_figures():
    """Fleiss, Levin & Paik, section 18.1: kappa 0.676, standard error 0.088; Fleiss et al. 1969: 0.429."""
    found = stats.kappa(TABLES["Fleiss 18.1"])

    assert round(found.estimate, 3) == 0.676
    assert round((found.high - found.low) / 2 / 1.959964, 3) == 0.088
    assert round(stats.kappa(TABLES["Fleiss 1969"]).estimate, 3) == 0.429


@pytest.mark.parametrize("weights", ["none", "quadratic"])
@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_kappa_agrees_with_statsmodels(table, weights):
    """Cross-check of estimate and interval, with and without weights."""
    import numpy as np
    from statsmodels.stats.inter_rater import cohens_kappa

    theirs = cohens_kappa(np.array(table), wt="quadratic" if weights == "quadratic" else None)
    ours = stats.kappa(table, weights=weights)

    assert ours.estimate == pytest.approx(theirs.kappa, abs=1e-12)
    assert (ours.low, ours.high) == pytest.approx(
        (max(-1, theirs.kappa_low), min(1, theirs.kappa_upp)), abs=1e-9
    )


@pytest.mark.parametrize("table", [[[9, 0], [0, 0]], [[0, 0], [0, 4]], [[0, 0], [0, 0]], []], ids=str)
def test_kappa_of_one_label_is_undefined(table):
    """Two who always say the same word may agree on nothing else: no number, nothing excluded."""
    found = stats.kappa(table)

    assert math.isnan(found.estimate)
    assert (found.low, found.high) == (-1.0, 1.0)


def test_one_constant_grader_excludes_nothing():
    """Kappa is 0 whatever the other says: the formula's interval of no width would be a false certainty."""
    found = stats.kappa([[5, 5], [0, 0]])

    assert found.estimate == 0
    assert (found.low, found.high) == (-1.0, 1.0)


def test_full_agreement_is_not_certainty():
    """Ten of ten alike: kappa is 1, but much less is not excluded, and more data excludes more."""
    few, many = stats.kappa([[5, 0], [0, 5]]), stats.kappa([[500, 0], [0, 500]])

    assert few.estimate == many.estimate == 1.0
    assert few.low == pytest.approx(2 * stats.wilson(10, 10).low - 1)
    assert few.low < many.low < 1.0


@pytest.mark.parametrize("table", [[[1, 2]], [[1, -1], [0, 3]], [[1, 2], [3]]], ids=str)
def test_a_table_that_is_none_is_refused(table):
    """Not square, or less than nothing in a cell: a mistake of the caller."""
    with pytest.raises(ValueError, match="square"):
        stats.kappa(table)
